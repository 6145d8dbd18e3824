"""Folders for what is kept on disk during a run, locked while it lives; the next run removes what was left behind."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
import threading
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jumelage.errors import OutputError
from jumelage.texts import Label, both

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "jumelage-"
_LOCK = ".lock"
_TRIES = 100
_LITTLE = 1 << 20  # bytes
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder that is removed afterwards; OutputError if there is no room.

    What runs that were killed left behind is removed first. All of a process stand in one, so that a kill leaves one.
    """
    above = Path(tempfile.gettempdir())
    sweep_once(above)
    ours = True  # to make it is
    try:
        with _ours.within(above) as folder:
            ours = False
            try:
                yield folder
            except OSError as error:
                ours = _failed_in(folder, error)  # now: what fills it goes with it
                raise
    except OSError as error:
        if not ours:
            raise
        raise _no_room(above, error) from None


def _failed_in(folder: Path, error: OSError) -> bool:
    """Tell whether an error is of a folder, and not of another place that was written to meanwhile.

    Whoever writes to an open file is not told which one is meant.
    """
    if error.filename is not None:
        return str(error.filename).startswith(str(folder))
    return is_full(error) and (error.errno != errno.ENOSPC or not has_room(folder))


def has_room(folder: Path) -> bool:
    """Tell whether there is room for another file, of a megabyte, where a folder is."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize > _LITTLE and (found.f_favail > 0 or found.f_files == 0)


class _Shared:
    """The one folder of this process, there as long as anybody has a folder in it."""

    def __init__(self) -> None:
        self._changing = threading.RLock()  # a result that nobody needs any more may let go of its own within
        self._users = 0
        self._kept = ExitStack()
        self._folder = Path()

    @contextmanager
    def within(self, above: Path) -> Iterator[Path]:
        """Give a folder in it."""
        with self._changing:
            if not self._users:
                self._folder = self._kept.enter_context(_folder(above, PREFIX))
            self._users += 1
        folder = None
        try:
            folder = Path(tempfile.mkdtemp(dir=self._folder))
            yield folder
        finally:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            with self._changing:
                self._users -= 1
                if not self._users:
                    self._kept.close()


_ours = _Shared()


@contextmanager
def folder_in(above: Path, prefix: str) -> Iterator[Path]:
    """Give a folder in another that is removed afterwards; what runs that were killed left there is removed first.

    OSError if it cannot be made.
    """
    sweep(above, prefix)
    with _folder(above, prefix) as folder:
        yield folder


@contextmanager
def _folder(above: Path, prefix: str) -> Iterator[Path]:
    folder, lock = _locked(above, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def is_full(error: OSError) -> bool:
    """Tell whether there is no room left to write, which is not the fault of what is being read."""
    return error.errno in _FULL


def sweep(above: Path, prefix: str = PREFIX) -> None:
    """Remove the folders left behind by runs whose process is gone: those whose lock nobody holds."""
    with suppress(OSError):
        for folder in above.glob(f"{prefix}*"):
            with suppress(OSError):
                _remove_if_left(folder)


@cache
def sweep_once(above: Path) -> None:
    """Remove them when called for the first time."""
    sweep(above)


def _remove_if_left(folder: Path) -> None:
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != os.geteuid():
        return
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        folder.rmdir()  # if it is empty: whoever makes one this moment makes another
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def _locked(above: Path, prefix: str) -> tuple[Path, int]:
    """Make a folder with a lock in it that is held as long as this process lives."""
    for _ in range(_TRIES):
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=above))
        with suppress(FileNotFoundError, BlockingIOError):  # another run has just taken it for one left behind
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock).st_ino == (folder / _LOCK).stat().st_ino:
                    return folder, lock
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(above))


def _no_room(above: Path, error: OSError) -> OutputError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    what = (
        Label("est plein", "is full")
        if full
        else both("est fermé à l’écriture\u00a0: {}", "cannot be written: {}", error.strerror)
    )
    return OutputError(
        both(
            "le dossier temporaire {} {}\u00a0; faites de la place, ou nommez-en un autre par TMPDIR",
            "the temporary folder {} {}; make room, or name another in TMPDIR",
            above,
            what,
        )
    )
