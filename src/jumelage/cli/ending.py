"""What a command does when told to end: it undoes what it has not finished, and ends as the caller expects."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def heeding() -> Iterator[list[int]]:
    """Give the signals that came, each of which ends what is being done as Ctrl-C does.

    The drivers of the databases know Ctrl-C: they cancel what the server is at.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def end(number: int, _frame: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    ours = [number for number, handler in before.items() if handler in {signal.SIG_DFL, signal.default_int_handler}]
    for number in ours:  # what is ignored, as under nohup, stays ignored
        signal.signal(number, end)
    try:
        yield came
    finally:
        for number in ours:
            signal.signal(number, before[number])
