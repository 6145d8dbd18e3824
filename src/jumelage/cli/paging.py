"""Long texts on a terminal go through a pager, as those of git and man do."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DEFAULT = "less"
_OPTIONS = "FRSX"  # of less: end where all is seen, let bold through, cut long lines, leave the text on the screen


def through_pager(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """Show pieces in a pager if there is one, and return those that are still to be written: all, or none.

    The pager is $JUMELAGE_PAGER, else $PAGER, else less; `cat` or nothing stands for none. It is started at the first
    piece. Who leaves it early has read enough.
    """
    command = _command()
    if not command:
        return pieces
    waiting = iter(pieces)
    first = next(waiting, None)  # an error, and what is asked meanwhile, come before the pager has the terminal
    if first is None:
        return ()
    try:
        pager = subprocess.Popen(  # noqa: S603  # what the user chose to read with
            command, stdin=subprocess.PIPE, env={"LESS": _OPTIONS, **os.environ}
        )
    except OSError:
        return _all(first, waiting)
    try:
        for piece in _all(first, waiting):  # Ctrl-C is for us while one is made, and for the pager while it reads
            with undisturbed():
                _put(pager, piece)
    except BrokenPipeError:
        pass
    finally:
        with undisturbed(), suppress(BrokenPipeError):
            pager.communicate()
    return ()


def _put(pager: subprocess.Popen[bytes], piece: bytes) -> None:
    if pager.stdin is not None:
        pager.stdin.write(piece)
        pager.stdin.flush()


def _all(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _command() -> list[str]:
    """Return the pager with its arguments; nothing if there is none, or the terminal cannot have one."""
    if sys.stdin is None or os.environ.get("TERM", "dumb") == "dumb":
        return []
    given = os.environ.get("JUMELAGE_PAGER", os.environ.get("PAGER", _DEFAULT))
    try:
        command = shlex.split(given)
    except ValueError:
        return []
    return command if command and command != ["cat"] and shutil.which(command[0]) else []


@contextmanager
def undisturbed() -> Iterator[None]:
    """Heed no Ctrl-C until this is over."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
