"""How a command ends: with a message and an exit code; told to end, it undoes what it has not finished."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jumelage.cli.streams import say
from jumelage.errors import JumelageError
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Iterator

_ERROR = Label("erreur\u00a0: {}", "error: {}")
_BUG = Label(
    "erreur\u00a0: c’est un défaut de jumelage\u00a0; merci de le signaler",
    "error: this is a bug of jumelage; please report it",
)
_came: list[int] = []
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def heeding() -> Iterator[list[int]]:
    """Give the signals that came, each of which ends what is being done as Ctrl-C does.

    The drivers of the databases know Ctrl-C: they cancel what the server is at.
    """
    came = _came
    came.clear()
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


def told_to_end() -> bool:
    """Tell whether a signal came, whatever error a driver has made of it since."""
    return bool(_came)


def only_interrupted() -> bool:
    """Tell whether Ctrl-C came and nothing that is to end us, and forget it: for what goes on after it."""
    found = set(_came) == {signal.SIGINT}
    if found:
        _came.clear()
    return found


def say_why(error: Exception) -> int:
    """Say what went wrong, and return the exit code of it; what is no error of a user is a bug, with its traceback."""
    if isinstance(error, JumelageError):
        say(filled(_ERROR, Label(error.text("fr"), error.text("en"))))
        return error.exit_code
    import traceback

    say("".join(traceback.format_exception(error)))
    say(_BUG)
    return JumelageError.exit_code
