"""The lock of a file or folder, waited for until a time; the system takes it back when a process ends."""

from __future__ import annotations

import fcntl
import time
from typing import TYPE_CHECKING

from jumelage.errors import BusyError

if TYPE_CHECKING:
    from jumelage.texts import Label

_PAUSE = 0.05


def pause(until: float, busy: Label) -> None:
    """Wait a moment for somebody else; BusyError, with what `busy` says, at the time `until` of the monotonic clock."""
    if time.monotonic() >= until:
        raise BusyError(busy)
    time.sleep(_PAUSE)


def wait_for_lock(handle: int, until: float, busy: Label) -> bool:
    """Lock an open file or folder; tell whether that can be done at all, since some file systems know no locks.

    BusyError, as of `pause`, if somebody else holds it for too long. Closing the handle gives the lock back.
    """
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pause(until, busy)
        except OSError:
            return False
        else:
            return True
