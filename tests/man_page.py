"""The page that `man jumelage` shows, made of what the commands say in their --help and errors of their exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer.main

from jumelage import __version__, errors
from jumelage.cli import app
from jumelage.database import DEFAULT, ENVIRONMENT

_ENVIRONMENT = {
    ENVIRONMENT: f"The database, unless --db names one; without both it is ./{DEFAULT}.",
    "JUMELAGE_PAGER, PAGER": "What long tables on a terminal are read with; cat for none. [default: less]",
    "NO_COLOR": "Nothing is coloured if it is set.",
    "XDG_STATE_HOME": "Where the shell keeps what was asked, in jumelage/sql_history. [default: ~/.local/state]",
}
_CODE = re.compile(r"^\W*\w+Error +(\d) +(.+)$", re.MULTILINE)
_ENDS = {
    "0": "all was done",
    "70": "a bug of jumelage",
    "128 and more": "it was told to end by a signal; what was not finished is undone",
}


def man_page() -> str:
    """Return the page, as roff."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("jumelage", [], resilient_parsing=True)
    about = command.help.removesuffix(".")
    lines = [
        ".\\\" Generated from the commands' help by `make docs`; change that, not this.",
        f'.TH JUMELAGE 1 "" "jumelage {__version__}" "jumelage"',
        ".nh",
        ".ad l",
        ".SH NAME",
        f"jumelage \\- {_roff(about[0].lower() + about[1:])}",
        ".SH SYNOPSIS",
        *_usage("jumelage", command, context),
        ".SH OPTIONS",
        *_options(command, context),
        ".SH COMMANDS",
        *_commands("jumelage", command, context),
        ".SH ENVIRONMENT",
        *(line for name, text in _ENVIRONMENT.items() for line in _item(name, text)),
        ".SH EXIT STATUS",
        *(line for code, text in sorted(_codes().items(), key=_by_number) for line in _item(code, f"{text}.")),
    ]
    return "\n".join(lines) + "\n"


def _codes() -> dict[str, str]:
    found: dict[str, str] = dict(_ENDS)
    for code, text in _CODE.findall(errors.__doc__ or ""):
        found[code] = f"{found[code]}; or {text}" if code in found else text
    return {code: text[0].upper() + text[1:] for code, text in found.items()}


def _by_number(item: tuple[str, str]) -> int:
    return int(item[0].split()[0])


def _commands(name: str, command: Any, context: Any) -> Iterator[str]:
    for word in command.list_commands(context):
        below = command.get_command(context, word)
        inner = below.make_context(word, [], parent=context, resilient_parsing=True)
        yield f".SS {_roff(f'{name} {word}')}"
        yield from _usage(f"{name} {word}", below, inner)
        for text in (below.help or "").split("\n\n"):
            yield ".PP"
            yield _roff(" ".join(text.split()))
        yield from _options(below, inner)
        if hasattr(below, "commands"):
            yield from _commands(f"{name} {word}", below, inner)


def _usage(name: str, command: Any, context: Any) -> Iterator[str]:
    yield f".B {_roff(name)}"
    yield _roff(" ".join(command.collect_usage_pieces(context)))


def _options(command: Any, context: Any) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and "--help" not in parameter.opts:
            yield from _item(*record)


def _item(name: str, text: str) -> Iterator[str]:
    yield from (".TP", f".B {_roff(name)}", _roff(" ".join(text.split())))


def _roff(text: str) -> str:
    """Return a text as roff reads it: what is a hyphen for it is a minus for whoever copies an option."""
    text = text.replace("\\", "\\(rs").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return f"\\&{text}" if text.startswith(".") else text
