"""The shell of `jumelage sql` on a terminal: it reads queries and orders line by line, and goes on after any error."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from jumelage.cli.ending import only_interrupted, say_why, told_to_end
from jumelage.cli.streams import say
from jumelage.errors import LimitError, UsageError
from jumelage.querying.completing import is_whole, offers, order_below
from jumelage.querying.orders import is_order
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import CompleteEvent, Completion
    from prompt_toolkit.document import Document
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    from jumelage.cli.shell_session import Session

_WELCOME = Label(
    "jumelage {}\u00a0; une requête finit par\u00a0; et Tab propose des noms\u00a0; \\? aide, \\q quitte",
    "jumelage {}; a query ends with ; and Tab offers names; \\? helps, \\q quits",
)
_STOPPED = Label("arrêté", "stopped")
_LIMITS = Label(
    "ici\u00a0: .timeout SECONDES\u00a0; la mémoire se donne au début, par --memory",
    "here: .timeout SECONDS; memory is given at the start, by --memory",
)
_NO_HISTORY = Label("l’historique n’est pas gardé\u00a0: {}", "no history is kept: {}")
_IDLE = 1.0  # seconds after which the database is let go: to open it again takes a quarter of one
_LONGEST_PROMPT = 32
_GOES_ON = "   ...> "


def open_shell(session: Session) -> None:
    """Read and answer until whoever sits at the terminal has enough.

    UsageError if what reads from a terminal is not installed; what is wrong with the database or its scope is an error
    of the command at the start, and one of an order later.
    """
    from jumelage import __version__

    read = _line_by_line if os.environ.get("TERM", "dumb") in {"", "dumb"} else _prompting(session)
    session.open()
    say(filled(_WELCOME, __version__))
    begun = ""  # a query below which an order was written: it goes on after that, as in psql
    try:
        while True:
            try:
                text = read(_prompt(session), begun)
            except KeyboardInterrupt:
                if told_to_end() and not only_interrupted():
                    raise
                begun = ""
                continue
            except EOFError:
                return
            begun, order = order_below(text)
            text, begun = (order, begun) if order else (text, "")
            if text.strip(" \t\n;") and not _go_on(session, text):
                return
    finally:
        session.rest()


def _prompt(session: Session) -> str:
    shown = session.shown
    return f"{shown if len(shown) <= _LONGEST_PROMPT else f'{shown[:_LONGEST_PROMPT]}…'}> "


def _go_on(session: Session, text: str) -> bool:
    """Answer a text; whatever goes wrong is told, and the shell goes on unless it was told to end."""
    try:
        if is_order(text):
            return session.obey(text)
        session.ask(text)
    except UsageError as error:
        say_why(error)
    except (typer.Exit, typer.Abort):
        pass
    except BaseException as error:
        stopped = only_interrupted()  # whatever a driver has made of it
        session.rest()  # what a query has left, such as the process that runs it, is begun anew
        if not stopped and (told_to_end() or not isinstance(error, Exception)):
            raise
        if stopped:
            say(_STOPPED)
        elif isinstance(error, Exception):
            say_why(error)
        if isinstance(error, LimitError):
            say(_LIMITS)
    return True


def _line_by_line(prompt: str, begun: str) -> str:
    """Read from a terminal that shows lines and nothing else."""
    text = f"{begun}{input(_GOES_ON if begun else prompt)}"
    while text.strip() and not is_whole(text):
        text = f"{text}\n{input(_GOES_ON)}"
    return text


def _prompting(session: Session) -> Callable[[str, str], str]:
    """Return what reads from a terminal on which the cursor moves."""
    try:
        import prompt_toolkit  # noqa: F401
    except ImportError as error:
        from jumelage.querying.output import lacks

        raise lacks("prompt_toolkit", "shell") from error
    asking = _made(session)

    def read(prompt: str, begun: str) -> str:
        text: str = asking.prompt(prompt, default=begun, pre_run=lambda: _rest_when_idle(session))
        return text

    return read


def _rest_when_idle(session: Session) -> None:
    """Let go of the database a while after the prompt has come, unless something is asked before."""
    import asyncio

    from prompt_toolkit.application import get_app

    async def rest() -> None:
        await asyncio.sleep(_IDLE)
        session.rest()

    get_app().create_background_task(rest())


def _made(session: Session) -> PromptSession[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.history import FileHistory, InMemoryHistory
    from prompt_toolkit.lexers import PygmentsLexer
    from prompt_toolkit.output import ColorDepth
    from pygments.lexers.sql import SqlLexer

    class Offering(Completer):
        """What the known names and codes make of a text."""

        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002
            for one in offers(document.text_before_cursor, document.text_after_cursor, session.known):
                yield Completion(one.text, -one.replaces, display=one.shown, display_meta=one.about)

    file = _history()
    return PromptSession(
        multiline=True,
        prompt_continuation=_GOES_ON,
        key_bindings=_keys(),
        history=FileHistory(file) if file else InMemoryHistory(),
        completer=Offering(),
        complete_while_typing=False,
        lexer=PygmentsLexer(SqlLexer),
        color_depth=ColorDepth.DEPTH_1_BIT if os.environ.get("NO_COLOR") else None,
        enable_open_in_editor=True,
    )


def _keys() -> KeyBindings:
    """Let Enter ask what is whole, and begin a line in what is not."""
    from prompt_toolkit.application import get_app
    from prompt_toolkit.enums import DEFAULT_BUFFER
    from prompt_toolkit.filters import Condition, has_focus
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()
    chosen = Condition(
        lambda: (state := get_app().current_buffer.complete_state) is not None and state.current_completion is not None
    )

    @keys.add("enter", filter=has_focus(DEFAULT_BUFFER) & ~chosen)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_whole(buffer.text) or not buffer.text.strip():
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    @keys.add("enter", filter=has_focus(DEFAULT_BUFFER) & chosen)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None

    return keys


def _history() -> Path | None:
    """Return the file of what was asked before, for its owner alone; None, and why, if there can be none."""
    state = os.environ.get("XDG_STATE_HOME", "")
    folder = (Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state") / "jumelage"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = os.open(folder / "sql_history", os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        os.fchmod(opened, 0o600)
        os.close(opened)
    except OSError as error:
        say(filled(_NO_HISTORY, str(error)))
        return None
    return folder / "sql_history"
