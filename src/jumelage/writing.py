"""How a file comes to be: written beside, brought to the disk, renamed; so it is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import IO, BinaryIO

_PART = ".jumelage-part-"
_PIECE = 1 << 20  # bytes


def in_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Give what is left of an open file, some of it at a time."""
    while piece := file.read(_PIECE):
        yield piece


def write_whole(pieces: Iterable[bytes], path: Path) -> None:
    """Write a file in place of what is there, with the rights that it had; OSError if it cannot be written.

    Whatever goes wrong, in the making of the pieces too, what was there stays. What a run that was killed left beside
    is removed.
    """
    _remove_left(path)
    beside = path.with_name(f".{path.name}{_PART}{os.getpid()}")
    try:
        with beside.open("wb") as file, _held(file):
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, beside)
            beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def exchanged(one: Path, other: Path) -> bool:
    """Let two files or folders take each other's place at once; False where the system cannot do that.

    At no moment is there nothing at either place, whenever the process ends.
    """
    import ctypes

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)


@contextmanager
def _held(file: BinaryIO) -> Iterator[bool]:
    """Lock a file while this process writes it; tell whether nobody else has it."""
    try:
        import fcntl
    except ImportError:  # a system without such locks: nothing is removed there
        yield False
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True


def _remove_left(path: Path) -> None:
    """Remove parts of this file whose process is gone: those that nobody has locked."""
    with suppress(OSError, ValueError):
        for part in path.parent.iterdir():
            if part.name.startswith(f".{path.name}{_PART}") and part.is_file() and not part.is_symlink():
                with part.open("rb") as file, _held(file) as free:
                    if free:
                        part.unlink()
