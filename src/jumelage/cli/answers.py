"""What the queries of an analyst give, written where and as it is wanted, for the command and for its shell."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TextIO

import typer

from jumelage.cli.progress import COMPUTING, waiting
from jumelage.cli.streams import say, say_other_form, write
from jumelage.errors import UsageError
from jumelage.texts import Label, both, filled

if TYPE_CHECKING:
    from pathlib import Path

    from jumelage.database.statements import Statement
    from jumelage.querying.desk import Desk

_NO_ROWS = Label("0 ligne", "0 rows")
_TAKEN = Label(
    "une colonne s’appelle déjà {}\u00a0: elle reste telle quelle, et aucune n’est ajoutée",
    "a column is called {} already: it stays as it is, and none is added",
)
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


def labelled(desk: Desk, statement: Statement, lang: str, name: str = "") -> Statement:
    """Add what codes are called, and say where that is left out."""
    for taken in desk.labels_taken(statement, name):
        say(filled(_TAKEN, taken))
    return desk.labelled(statement, lang, name)


def answer(
    desk: Desk,
    found: list[Statement],
    format_: str,
    rows: int | None,
    output: Path | None,
    name: str = "",
    how: Label | None = None,
    by: str = "--format",
) -> float:
    """Write what queries give, and return how many seconds they took.

    `how` says how all rows are seen, `by` what sets another form.
    """
    from jumelage.querying import output as forms

    terminal = output is None and at_a_terminal(sys.stdout)
    if any(one.explain for one in found) and format_ not in forms.FOR_PEOPLE:
        raise UsageError(
            both("un plan se lit en table\u00a0: --format table", "a plan is read as a table: --format table")
        )
    since = time.monotonic()
    if format_ in forms.FOR_PEOPLE:
        most = (SHOWN if terminal else 0) if rows is None else rows
        texts, empty = _texts(desk, found, format_, most, output, name, how or forms.ALL_ROWS)
        took = time.monotonic() - since  # and a pager waits for its reader
        write(texts, output, paged=format_ == "table")
        if empty:
            say(_NO_ROWS)
        say_other_form(output, format_, forms.ALL, by)
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
        say_other_form(output, format_, forms.ALL, by)
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


def _texts(
    desk: Desk, found: list[Statement], form: str, most: int, output: Path | None, name: str, how: Label
) -> tuple[list[str], bool]:
    """Return what queries give as people read it, and whether one of them gives no rows."""
    from jumelage.querying import output as forms

    texts: list[str] = []
    empty = False
    for i, one in enumerate(found):
        with waiting(COMPUTING):
            given = desk.rows(one, min(most or forms.MOST_SHOWN, forms.MOST_SHOWN), name)
        texts += ["\n"] if i else []
        texts += _plan(given) if one.explain else forms.shown(given, form, plain=output is not None)
        empty = empty or not given.rows
        if given.more:
            say(forms.cut(len(given.rows), how))
    return texts, empty


def _plan(answer: object) -> list[str]:
    """Return the lines of a plan as the engine draws it."""
    return [f"{row[-1]}\n" for row in answer.rows]  # type: ignore[attr-defined]
