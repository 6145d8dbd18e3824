"""Commands that compute: reports, the rows behind a cell, the ledger."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path  # noqa: TC003  # Typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated

import typer

from jumelage.cli.options import (
    AsOf,
    ClassifiedOn,
    Db,
    Format,
    Kind,
    Lang,
    Output,
    Wave,
    Waves,
    WithoutInferred,
    say_counts,
    say_remarks,
    scope_of,
    stored,
    url_of,
)
from jumelage.cli.progress import CHECKING, COMPUTING, waiting
from jumelage.cli.streams import check_output, say, show, show_all
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from jumelage.reporting.entries import Entry
    from jumelage.revisions.scope import Scope

_NO_PUBLICATION = Label(
    "la vague {} n’a pas de publication\u00a0: il n’y a aucun chiffre à confronter à ses lignes",
    "wave {} has no publication: there is no figure to hold against its rows",
)
_PROBLEM = Label("problème\u00a0: {}", "problem: {}")
_ROWS = {
    True: Label("{}\u00a0: les lignes sont celles qui ont été chargées", "{}: its rows are those that were loaded"),
    False: Label(
        "{}\u00a0: les lignes ne sont pas celles qui ont été chargées", "{}: its rows are not those that were loaded"
    ),
    None: Label(
        "{}\u00a0: on ne peut le dire, son wave.toml n’ayant pas été gardé",
        "{}: it cannot be told, since its wave.toml was not kept",
    ),
}
_CELL = Label("{} {} {}\u00a0: {}", "{} {} {}: {}")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(reports)
    app.command()(report)
    app.command()(explain)
    app.command()(check)


def reports(
    ctx: typer.Context,
    db: Db = None,
    wave: Waves = None,
    lang: Lang = "en",
    format_: Format = "table",
    output: Output = None,
) -> None:
    """List the reports; with --wave, those that came with it, too."""
    from jumelage import database, report_file
    from jumelage.render.grid import of_reports
    from jumelage.reporting.own_reports import came_with

    brought = {}
    if wave is not None:
        with database.reading(url_of(ctx, db)) as connection:
            brought = came_with(connection, scope_of(connection, wave, None))
    with report_file.with_brought(brought):
        found = [report_file.report(name) for name in report_file.report_names()]
    show(of_reports(found, lang), format_, output)


def report(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the report; `jumelage reports` lists them.")],
    db: Db = None,
    wave: Waves = None,
    as_of: AsOf = None,
    classified_on: ClassifiedOn = None,
    kind: Kind = None,
    format_: Format = "table",
    lang: Lang = "en",
    without_inferred: WithoutInferred = False,
    printed: Annotated[
        bool, typer.Option("--printed", help="Add what the wave's publication prints in each cell, and its status.")
    ] = False,
    output: Output = None,
) -> None:
    """Compute a report. Programs get codes (csv, json), people get labels (table).

    Of a wave that asked several kinds of authority, a table for each; csv and json need --kind.
    """
    from jumelage import database, report_file
    from jumelage.render.grid import of_sheet
    from jumelage.reporting.own_reports import own_reports
    from jumelage.reporting.run import each_kind, run_part
    from jumelage.revisions.kinds import check_one_kind

    url = url_of(ctx, db)
    check_output(output)
    with database.reading(url) as connection, ExitStack() as kept:
        scope = scope_of(connection, wave, as_of, classified_on, kind=kind, without_inferred=without_inferred)
        kept.enter_context(own_reports(connection, scope))
        found = report_file.report(name)
        parts = each_kind(connection, found, scope)
        if format_ != "table":
            check_one_kind(parts)
        grids = []
        for part in parts:
            with waiting(COMPUTING):
                sheet = run_part(connection, found, part)
            grids.append(of_sheet(sheet, lang, _judged(connection, part, name) if printed else None))
    if format_ != "table":
        say_remarks(parts[0])
    show_all(grids, format_, output, paged=True)


def _judged(connection: Connection, scope: Scope, name: str) -> tuple[Entry, ...]:
    """Return the entries of what is printed of a report: a status is given with inferred rows and without."""
    from jumelage.reporting.ledger import of_report

    return of_report(connection, replace(scope, with_inferred=True), name)


def explain(
    ctx: typer.Context,
    report: Annotated[str, typer.Argument(help="Name of the report.")],
    key: Annotated[str, typer.Argument(help="Key of the cell, its parts joined by /, such as eu/DE or eu/total.")],
    measure: Annotated[str, typer.Argument(help="Column of the report, such as agreements.")],
    db: Db = None,
    wave: Waves = None,
    as_of: AsOf = None,
    classified_on: ClassifiedOn = None,
    kind: Kind = None,
    format_: Format = "table",
    lang: Lang = "en",
    without_inferred: WithoutInferred = False,
    output: Output = None,
) -> None:
    """List the rows behind a cell of a report. Programs get codes (csv, json), people names before them (table)."""
    from jumelage import database, report_file
    from jumelage.render.detail import of_detail
    from jumelage.render.lines import computed
    from jumelage.reporting import run as reporting
    from jumelage.reporting.behind import names_of
    from jumelage.reporting.own_reports import own_reports

    url = url_of(ctx, db)
    check_output(output)
    with database.reading(url) as connection, ExitStack() as kept:
        scope = scope_of(connection, wave, as_of, classified_on, kind=kind, without_inferred=without_inferred)
        kept.enter_context(own_reports(connection, scope))
        found = report_file.report(report)
        with waiting(COMPUTING):
            sheet = reporting.run(connection, found, scope)
            names = {}
            if format_ == "table":  # before the rows: on DuckDB, a query ends those that still come of another one
                names = names_of(connection, sheet, reporting.detail_columns(connection, found), {})
            detail = reporting.explain(connection, sheet, key, measure)
        say_remarks(scope)
        known = computed(sheet.report.column(measure), *sheet.known(key, measure), lang)
        title = filled(_CELL, report, key, measure, known).text(lang)
        show(of_detail(detail, title, lang, sheet.report, names), format_, output, paged=True)


def check(
    ctx: typer.Context,
    db: Db = None,
    wave: Wave = None,
    as_of: AsOf = None,
    format_: Format = "table",
    lang: Lang = "en",
    output: Output = None,
    rows: Annotated[
        bool, typer.Option("--rows", help="Instead: whether the rows of every revision are those that were loaded.")
    ] = False,
    implied: Annotated[
        Path | None,
        typer.Option(
            "--implied", metavar="FILE", help="Add a column with what `jumelage implied -o FILE` found of each figure."
        ),
    ] = None,
) -> None:
    """Hold every printed figure against the rows.

    Exits with 1 on a contradiction that is not explained, a stale explanation or an error. With --rows, on rows that
    do not make the hash that was recorded when they were loaded.
    """
    if rows:
        _check_rows(url_of(ctx, db))
        return
    from jumelage import database
    from jumelage.render.ledger import of_ledger
    from jumelage.repairing.implications import read_implications
    from jumelage.repairing.publication import about, check_content
    from jumelage.reporting import ledger

    url = url_of(ctx, db)
    together = None if implied is None else stored(implied, read_implications)
    check_output(output)
    with database.reading(url) as connection:
        scope = scope_of(connection, wave, as_of)
        if together is not None:
            check_content("implied", together.about, {about(connection, scope)["content_hash"]})
        with waiting(CHECKING):
            found = ledger.ledger_of(connection, scope)
    say_remarks(scope)
    show(of_ledger(found, lang, together), format_, output, paged=True)
    if not found.entries:
        say(filled(_NO_PUBLICATION, scope.single[0]))
    for problem in found.problems:
        say(filled(_PROBLEM, problem))
    say_counts(found.counts())
    if found.problems:
        raise typer.Exit(1)


def _check_rows(url: URL) -> None:
    from jumelage import database
    from jumelage.loading.recorded import check_rows

    with database.reading(url) as connection:
        found = check_rows(connection)
    for one in found:
        say(filled(_ROWS[one.fits], one.name))
    if any(one.fits is False for one in found):
        raise typer.Exit(1)
