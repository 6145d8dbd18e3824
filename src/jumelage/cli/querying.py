"""The command that asks queries of one's own."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path  # noqa: TC003  # Typer reads annotations at run time
from typing import Annotated, Literal

import typer

from jumelage.cli.answers import SHOWN, answer, asked, at_a_terminal, labelled
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
    say_unguarded,
    scope_of,
    url_of,
)
from jumelage.cli.streams import check_output
from jumelage.errors import UsageError
from jumelage.texts import NOT_READ, both, filled

SqlFormat = Literal["table", "csv", "json", "jsonl", "parquet", "arrow", "xlsx", "md"]


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
            help=f"Show at most so many rows, 0 for all. [default: {SHOWN} on a terminal]",
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

    It sees the wave in scope, and ends within its limits. Without a query, on a terminal, it opens a shell: queries
    that end with a semicolon, Tab for names. The plain names are the safe ones: `partnerships` has each agreement in
    force once. `jumelage schema` describes the tables.

    Exits with 2 if a query is wrong or may not be asked, with 3 if the database is missing or refuses, or the output
    cannot be written, with 4 if a query takes too much time or memory or somebody is writing to the database.
    """
    from jumelage import database
    from jumelage.database.asking import Limits, answering
    from jumelage.querying.desk import open_desk, read_values

    values = read_values(parameter or ())
    limits = Limits(timeout, memory, ("--timeout", "--memory"))
    if query is None and file is None and at_a_terminal(sys.stdin, sys.stdout):
        from jumelage.cli.shell import open_shell
        from jumelage.cli.shell_session import Seen, Session

        seen = Seen(wave, as_of, classified_on, kind, without_inferred=without_inferred)
        limits = replace(limits, by=(".timeout", "--memory"))
        open_shell(Session(ctx, db, seen, limits, values, format_, rows, lang, output, labels=labels))
        return
    text, name = _text(query, file)
    url = database.now(url_of(ctx, db))  # one lake for all that is asked of it
    check_output(output)
    with answering(url, limits) as process, database.reading(url) as connection:
        scope = scope_of(connection, wave, as_of, classified_on, kind=kind, without_inferred=without_inferred)
        if sys.stderr is not None and sys.stderr.isatty():
            say_unguarded(connection)
        with open_desk(connection, scope, limits, process) as desk:
            found = desk.read(text, values | asked(desk, text, values), name)
            if labels:
                found = [labelled(desk, one, lang, name) for one in found]
            say_remarks(scope)
            answer(desk, found, format_, rows, output, name)


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
