"""The command that asks queries of one's own."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  # Typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from jumelage.cli.options import (
    AsOf,
    ClassifiedOn,
    Db,
    Kind,
    Lang,
    Output,
    Waves,
    WithoutInferred,
    say_remarks,
    scope_of,
    url_of,
)
from jumelage.cli.progress import COMPUTING, waiting
from jumelage.cli.streams import check_output, say, write
from jumelage.errors import UsageError
from jumelage.texts import NOT_READ, both, filled

if TYPE_CHECKING:
    from jumelage.database.statements import Statement
    from jumelage.querying.desk import Desk

SqlFormat = Literal["table", "csv", "json", "jsonl", "parquet", "arrow", "xlsx", "md"]
_SHOWN = 500  # rows on a terminal, unless more are asked for


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(sql)


def sql(
    ctx: typer.Context,
    query: Annotated[
        str | None,
        typer.Argument(metavar="QUERY", help="A query, such as 'select * from zones'; - reads standard input."),
    ] = None,
    file: Annotated[Path | None, typer.Option("-f", "--file", metavar="FILE", help="Read the queries from it.")] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", "--param", metavar="NAME=VALUE", help="Put a value in the place of $NAME; may come again."),
    ] = None,
    db: Db = None,
    wave: Waves = None,
    as_of: AsOf = None,
    classified_on: ClassifiedOn = None,
    kind: Kind = None,
    without_inferred: WithoutInferred = False,
    format_: Annotated[SqlFormat, typer.Option("--format", help="Form of the output.")] = "table",
    labels: Annotated[
        bool, typer.Option("--labels", help="Add what the codes of country, zone, action, difficulty, city are called.")
    ] = False,
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows",
            min=0,
            metavar="N",
            help=f"Show at most so many rows, 0 for all. [default: {_SHOWN} on a terminal]",
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Stop a query that takes longer.")
    ] = 60.0,
    memory: Annotated[
        int, typer.Option("--memory", min=100, metavar="MB", help="Stop a query that wants more memory (DuckDB only).")
    ] = 1000,
    lang: Lang = "en",
    output: Output = None,
) -> None:
    """Ask a query of one's own, which can only read.

    It sees the wave in scope, and ends within its limits. The plain names are the safe ones: `partnerships` has each
    agreement in force once. `jumelage schema` describes the tables. Exits with 2 if a query is wrong or may not be
    asked, with 4 if it takes too much time or memory.
    """
    from jumelage import database
    from jumelage.database.asking import Limits
    from jumelage.querying.desk import open_desk, read_values

    text, name = _text(query, file)
    values = read_values(parameter or ())
    url = url_of(ctx, db)
    check_output(output)
    with database.reading(url) as connection:
        scope = scope_of(connection, wave, as_of, classified_on, kind=kind, without_inferred=without_inferred)
        with open_desk(connection, scope, Limits(timeout, memory)) as desk:
            found = desk.read(text, values | _asked(desk, text, values), name)
            if labels:
                found = [desk.labelled(one, lang, name) for one in found]
            say_remarks(scope)
            _answer(desk, found, format_, rows, output, name)


def _text(query: str | None, file: Path | None) -> tuple[str, str]:
    """Return the queries, and the name of the file that they come from, if any."""
    from jumelage.content import read_text

    if query is not None and file is not None:
        raise UsageError(
            both("donnez une requête ou un fichier, pas les deux", "give a query or a file, not both"),
        )
    if file is not None:
        try:
            return read_text(file), str(file)
        except OSError as error:
            raise UsageError(filled(NOT_READ, str(file), error.strerror)) from error
    if query is not None and query != "-":
        return query, ""
    if sys.stdin is None or (query is None and sys.stdin.isatty()):
        raise UsageError(
            both(
                "donnez une requête\u00a0: jumelage sql 'select * from zones', ou -f FICHIER",
                "give a query: jumelage sql 'select * from zones', or -f FILE",
            )
        )
    data = sys.stdin.buffer.read()
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        raise UsageError(
            both(
                "l’entrée standard n’est pas en UTF-8 (octet {})",
                "standard input is not in UTF-8 (byte {})",
                error.start + 1,
            )
        ) from error


def _asked(desk: Desk, text: str, values: dict[str, str]) -> dict[str, str]:
    """Ask whoever sits at the terminal for the values that are missing."""
    missing = [name for name in desk.wanted(text) if name not in values]
    if not missing or sys.stdin is None or not sys.stdin.isatty() or sys.stderr is None or not sys.stderr.isatty():
        return {}
    return {name: typer.prompt(f"${name}", err=True, default="", show_default=False) for name in missing}


def _answer(desk: Desk, found: list[Statement], format_: str, rows: int | None, output: Path | None, name: str) -> None:
    from jumelage.querying import output as forms

    terminal = output is None and sys.stdout is not None and sys.stdout.isatty()
    if any(one.explain for one in found) and format_ not in forms.FOR_PEOPLE:
        raise UsageError(
            both("un plan se lit en table\u00a0: --format table", "a plan is read as a table: --format table")
        )
    if format_ in forms.FOR_PEOPLE:
        most = (_SHOWN if terminal else 0) if rows is None else rows
        texts = []
        for i, one in enumerate(found):
            with waiting(COMPUTING):
                answer = desk.rows(one, min(most or forms.MOST_SHOWN, forms.MOST_SHOWN), name)
            texts += ["\n"] if i else []
            texts += _plan(answer) if one.explain else forms.shown(answer, format_)
            if answer.more:
                say(forms.cut(len(answer.rows)))
        write(texts, output)
        return
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
        return
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


def _plan(answer: object) -> list[str]:
    """Return the lines of a plan as the engine draws it."""
    return [f"{row[-1]}\n" for row in answer.rows]  # type: ignore[attr-defined]
