"""Commands that compute: reports, the rows behind a cell, the ledger."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from jumelage.cli.options import (
    AsOf,
    ClassifiedOn,
    Db,
    Format,
    Lang,
    Output,
    Wave,
    Waves,
    WithoutInferred,
    say,
    say_counts,
    say_remarks,
    scope_of,
    url_of,
    write,
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(reports)
    app.command()(report)
    app.command()(explain)
    app.command()(check)


def reports(lang: Lang = "en", format_: Format = "table", output: Output = None) -> None:
    """List the reports."""
    from jumelage import report_file
    from jumelage.render import renderer
    from jumelage.render.grid import Grid, Shown

    found = [report_file.report(name) for name in report_file.report_names()]
    rows = tuple((r.name, r.title.text(lang), r.source.text(lang) if r.source else "") for r in found)
    names = ("report", "title", "source")
    write(renderer(format_)(Grid(names, rows, Shown("", names, rows, (False,) * 3))), output)


def report(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the report; `jumelage reports` lists them.")],
    db: Db = None,
    wave: Waves = None,
    as_of: AsOf = None,
    classified_on: ClassifiedOn = None,
    format_: Format = "table",
    lang: Lang = "en",
    without_inferred: WithoutInferred = False,
    output: Output = None,
) -> None:
    """Compute a report. Programs get codes (csv, json), people get labels (table)."""
    from jumelage import database, report_file
    from jumelage.render import renderer
    from jumelage.render.grid import of_sheet
    from jumelage.reporting.run import run

    found = report_file.report(name)
    with database.reading(url_of(ctx, db)) as connection:
        scope = scope_of(connection, wave, as_of, classified_on, without_inferred=without_inferred)
        sheet = run(connection, found, scope)
    if format_ != "table":
        say_remarks(scope, lang)
    write(renderer(format_)(of_sheet(sheet, lang)), output)


def explain(
    ctx: typer.Context,
    report: Annotated[str, typer.Argument(help="Name of the report.")],
    key: Annotated[str, typer.Argument(help="Key of the cell, its parts joined by /, such as eu/DE or eu/total.")],
    measure: Annotated[str, typer.Argument(help="Column of the report, such as agreements.")],
    db: Db = None,
    wave: Waves = None,
    as_of: AsOf = None,
    classified_on: ClassifiedOn = None,
    format_: Format = "table",
    without_inferred: WithoutInferred = False,
    output: Output = None,
) -> None:
    """List the rows behind a cell of a report."""
    from jumelage import database, report_file
    from jumelage.render import renderer
    from jumelage.render.grid import of_detail, span
    from jumelage.reporting import run as reporting

    found = report_file.report(report)
    with database.reading(url_of(ctx, db)) as connection:
        scope = scope_of(connection, wave, as_of, classified_on, without_inferred=without_inferred)
        sheet = reporting.run(connection, found, scope)
        detail = reporting.explain(connection, sheet, key, measure)
    say_remarks(scope, "en")
    low, _ = sheet.known(key, measure)
    title = f"{report} {key} {measure}: {span(low, low, 'en')}"
    write(renderer(format_)(of_detail(detail, title)), output)


def check(
    ctx: typer.Context,
    db: Db = None,
    wave: Wave = None,
    as_of: AsOf = None,
    format_: Annotated[Literal["table", "json"], typer.Option("--format", help="Form of the output.")] = "table",
    lang: Lang = "en",
    output: Output = None,
) -> None:
    """Hold every printed figure against the rows.

    Exits with 1 on a contradiction that is not explained, a stale explanation or an error.
    """
    from jumelage import database
    from jumelage.render import renderer
    from jumelage.render.grid import of_ledger
    from jumelage.reporting import ledger

    with database.reading(url_of(ctx, db)) as connection:
        scope = scope_of(connection, wave, as_of)
        found, _ = ledger.check(connection, scope)
    say_remarks(scope, lang)
    write(renderer(format_)(of_ledger(found, lang)), output)
    if not found.entries:
        say(f"wave {scope.single[0]} has no publication: there is no figure to hold against its rows")
    for problem in found.problems:
        say(f"problem: {problem}")
    say_counts(found)
    if found.problems:
        raise typer.Exit(1)
