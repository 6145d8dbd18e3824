"""What the queries of an analyst give, written where and as it is wanted, for the command and for its shell."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TextIO

import typer

from jumelage.cli.progress import COMPUTING, waiting
from jumelage.cli.streams import say, write
from jumelage.errors import UsageError
from jumelage.texts import Label, both

if TYPE_CHECKING:
    from pathlib import Path

    from jumelage.database.statements import Statement
    from jumelage.querying.desk import Desk

SHOWN = 500  # rows on a terminal, unless more are asked for


def at_a_terminal(*streams: TextIO | None) -> bool:
    """Tell whether a person is at the other end of all these streams."""
    return all(stream is not None and stream.isatty() for stream in streams)


def asked(desk: Desk, text: str, values: dict[str, str]) -> dict[str, str]:
    """Ask whoever sits at the terminal for the values that are missing."""
    missing = [name for name in desk.wanted(text) if name not in values]
    if not missing or not at_a_terminal(sys.stdin, sys.stderr):
        return {}
    return {name: typer.prompt(f"${name}", err=True, default="", show_default=False) for name in missing}


def answer(
    desk: Desk,
    found: list[Statement],
    format_: str,
    rows: int | None,
    output: Path | None,
    name: str = "",
    how: Label | None = None,
) -> float:
    """Write what queries give, and return how many seconds they took; `how` says how all rows are seen."""
    from jumelage.querying import output as forms

    terminal = output is None and at_a_terminal(sys.stdout)
    if any(one.explain for one in found) and format_ not in forms.FOR_PEOPLE:
        raise UsageError(
            both("un plan se lit en table\u00a0: --format table", "a plan is read as a table: --format table")
        )
    since = time.monotonic()
    if format_ in forms.FOR_PEOPLE:
        most = (SHOWN if terminal else 0) if rows is None else rows
        texts = []
        for i, one in enumerate(found):
            with waiting(COMPUTING):
                given = desk.rows(one, min(most or forms.MOST_SHOWN, forms.MOST_SHOWN), name)
            texts += ["\n"] if i else []
            texts += _plan(given) if one.explain else forms.shown(given, format_)
            if given.more:
                say(forms.cut(len(given.rows), how or forms.ALL_ROWS))
        took = time.monotonic() - since  # and a pager waits for its reader
        write(texts, output, paged=format_ == "table")
        return took
    if rows is not None:
        raise UsageError(
            both("--rows ne vaut que pour table et md\u00a0; écrivez limit", "--rows is for table and md; write limit")
        )
    if terminal and format_ in forms.BINARY:
        raise UsageError(
            both("{} n’est pas pour un terminal\u00a0: -o FICHIER", "{} is not for a terminal: -o FILE", format_)
        )
    if len(found) == 1:
        write(forms.pieces(desk, found[0], format_, name), output)
        return time.monotonic() - since
    if output is None or not output.is_dir():
        raise UsageError(
            both(
                "{} requêtes donnent autant de fichiers\u00a0: -o DOSSIER, un dossier qui existe",
                "{} queries give as many files: -o FOLDER, a folder that exists",
                len(found),
            )
        )
    for number, one in enumerate(found, 1):
        write(forms.pieces(desk, one, format_, name), output / f"{number}.{format_}")
    return time.monotonic() - since


def _plan(answer: object) -> list[str]:
    """Return the lines of a plan as the engine draws it."""
    return [f"{row[-1]}\n" for row in answer.rows]  # type: ignore[attr-defined]
