"""DuckDB files as files: created beside their place and moved there when whole, and looked into without a harm."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from jumelage.errors import BusyError, DatabaseError
from jumelage.texts import Label, both, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LOCK = "lock"
# Files that were looked into, by device and inode. To close one would drop the lock that DuckDB, elsewhere in this
# process, has on the same file: POSIX locks belong to a process and end with the first descriptor that is closed.
_looked_into: dict[tuple[int, int], int] = {}
_looking = threading.Lock()
_NOT_CREATED = Label("{} ne peut être créé\u00a0: {}", "{} cannot be created: {}")


def start_of(path: Path, size: int) -> bytes:
    """Return the first bytes of a file, without closing it; OSError if it cannot be read."""
    with _looking:
        _let_go()
        there = path.stat()
        descriptor = _looked_into.get((there.st_dev, there.st_ino))
        if descriptor is None:
            descriptor = os.open(path, os.O_RDONLY)
            opened = os.fstat(descriptor)
            _looked_into[opened.st_dev, opened.st_ino] = descriptor
        return os.pread(descriptor, size, 0)


def _let_go() -> None:
    """Close files that have no name any more: nobody can open them to write."""
    for key, descriptor in list(_looked_into.items()):
        if not os.fstat(descriptor).st_nlink:
            os.close(_looked_into.pop(key))


@contextmanager
def created(
    place: Path,
    shown: str,
    *,
    instead: bool = False,
    mode: int | None = None,
    move: Callable[[Path], object] | None = None,
) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Give a file in a folder beside its place, and what moves it there when it is whole.

    With `instead` it may take the place of another one; with `mode` it has these rights there; `move` does more than
    rename it. A folder whose lock nobody holds was left by a process that is gone: the next one takes it over.
    """
    if not place.parent.is_dir():
        raise DatabaseError(both("{}\u00a0: son dossier n’existe pas", "{}: its folder does not exist", shown))
    folder = _beside(place)
    with _held(folder, shown):
        if place.exists() and not instead:
            raise BusyError(
                both(
                    "{} vient d’être créé par un autre processus\u00a0; réessayez",
                    "{} was created by another process just now; try again",
                    shown,
                )
            )
        beside = folder / place.name
        for left in folder.iterdir():
            if left.name != _LOCK:
                left.unlink()

        def keep() -> None:
            _whole(beside, shown)
            try:
                if mode is not None:
                    beside.chmod(mode)
                _keep(beside)
                if move is None:
                    beside.rename(place)
                else:
                    move(beside)
                _keep(place.parent)
            except OSError as error:
                raise DatabaseError(filled(_NOT_CREATED, shown, error.strerror)) from error

        yield beside, keep


def tidy(place: Path, shown: str) -> None:
    """Remove the folder in which a process that is gone created a database."""
    if (folder := _beside(place)).is_dir():
        with suppress(BusyError, DatabaseError), _held(folder, shown):
            pass


def _whole(file: Path, shown: str) -> None:
    """See to it that a closed database stands in its file alone: DuckDB is silent if it could not write it all."""
    import duckdb

    log = file.with_name(f"{file.name}.wal")
    if not log.exists():
        return
    try:
        with duckdb.connect(str(file)) as again:
            again.execute("checkpoint")
    except duckdb.Error as error:
        raise DatabaseError(filled(_NOT_CREATED, shown, str(error))) from error
    if log.exists():
        raise DatabaseError(
            filled(_NOT_CREATED, shown, Label("il n’a pu être écrit en entier", "it could not be written as a whole"))
        )


def _beside(place: Path) -> Path:
    return place.with_name(f".{place.name}.new")


@contextmanager
def _held(folder: Path, shown: str) -> Iterator[None]:
    """Hold a folder for this process alone, and remove it at the end; BusyError if another process has it."""
    import fcntl

    try:
        while True:
            folder.mkdir(exist_ok=True)
            try:
                lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            except FileNotFoundError:
                continue  # its holder is done and removed it
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                raise BusyError(
                    both(
                        "{} est occupé\u00a0: un autre processus le crée\u00a0; réessayez plus tard",
                        "{} is busy: another process is creating it; try again later",
                        shown,
                    )
                ) from None
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(lock), (folder / _LOCK).stat()):
                    break
            os.close(lock)  # its holder removed it in between
    except OSError as error:
        raise DatabaseError(filled(_NOT_CREATED, shown, error.strerror)) from error
    try:
        yield
    finally:
        with suppress(OSError):
            for left in folder.iterdir():
                if left.name != _LOCK:
                    left.unlink()
        shutil.rmtree(folder, ignore_errors=True)  # the lock goes last
        os.close(lock)


def _keep(path: Path) -> None:
    """Have the system write down what is in a file or a folder, before anything relies on it."""
    opened: Any = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
