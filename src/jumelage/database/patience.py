"""How long whoever changes a database waits for somebody else who does, and who is told of it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage.database.engines import WAIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jumelage.errors import BusyError

_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Patience:
    """So many seconds; `tell` is told whom is waited for, once for each, with all the seconds."""

    seconds: float = WAIT
    tell: Callable[[BusyError, float], object] = lambda _busy, _seconds: None

    def pauses(self) -> Callable[[BusyError], None]:
        """Return what waits a moment for somebody else, and raises the error that it is given once the time is over."""
        until = time.monotonic() + self.seconds
        told: set[str] = set()

        def pause(busy: BusyError) -> None:
            if time.monotonic() >= until:
                raise busy
            if str(busy) not in told:
                told.add(str(busy))
                self.tell(busy, self.seconds)
            time.sleep(_PAUSE)

        return pause


_DEFAULT = Patience()
_now: ContextVar[Patience] = ContextVar("patience", default=_DEFAULT)


def patience() -> Patience:
    """Return how patient whoever writes is now."""
    return _now.get()


@contextmanager
def patient(seconds: float, tell: Callable[[BusyError, float], object]) -> Iterator[None]:
    """Let whoever writes meanwhile wait so many seconds."""
    mark = _now.set(Patience(seconds, tell))
    try:
        yield
    finally:
        _now.reset(mark)
