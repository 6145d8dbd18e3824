"""The command line: options in, exit codes out; nothing is decided here."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from jumelage.cli import desk, history, loading
from jumelage.cli.options import (
    AsOf,
    By,
    ClassifiedOn,
    Db,
    Format,
    Handed,
    Lang,
    Out,
    Output,
    Reason,
    Wave,
    Waves,
    WithoutInferred,
    say,
    say_remarks,
    scope_of,
    url_of,
    write,
)
from jumelage.errors import JumelageError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from jumelage.ledger import Ledger

app = typer.Typer(
    name="jumelage",
    help="A relational database for survey waves; every printed number has its SQL, its rows and its status.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from jumelage import __version__

        typer.echo(f"jumelage {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    db: Db = None,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    ctx.obj = db


@app.command()
def migrate(
    ctx: typer.Context,
    db: Db = None,
    to: Annotated[
        str, typer.Option(metavar="REVISION", help="Migration to go to: head, base, or its number.")
    ] = "head",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
) -> None:
    """Create the database or bring it up to date.

    Goes through the migrations, then makes the views and the code lists those of this version.
    """
    _migrate(url_of(ctx, db), to, dry_run=dry_run)


def _migrate(url: URL, to: str = "head", *, dry_run: bool = False) -> None:
    from jumelage import database
    from jumelage import migrate as migration

    if dry_run and not database.exists(url):
        migration.find(to)
        say(f"would create {database.shown(url)}")
        return
    opened = database.opened(url, read_only=True) if dry_run else database.creating(url)
    with opened as connection:
        done = migration.plan(connection, to) if dry_run else migration.migrate(connection, to)
    if done.empty:
        say(f"{database.shown(url)} is up to date, at migration {done.to}")
        return
    steps = [f"migrations {', '.join(done.revisions)}"] if done.revisions else []
    steps += [part.replace("_", " ") for part in done.parts]
    verb = "would go" if dry_run else "went"
    say(f"{database.shown(url)} {verb} from {done.at or 'base'} to {done.to}: {', '.join(steps)}")


loading.add_to(app)
history.add_to(app)


@app.command()
def reports(lang: Lang = "en", format_: Format = "table", output: Output = None) -> None:
    """List the reports."""
    from jumelage import content
    from jumelage.render import renderer
    from jumelage.render.grid import Grid, Shown

    found = [content.report(name) for name in content.report_names()]
    rows = tuple((r.name, r.title.text(lang), r.source.text(lang) if r.source else "") for r in found)
    names = ("report", "title", "source")
    write(renderer(format_)(Grid(names, rows, Shown("", names, rows, (False,) * 3))), output)


@app.command()
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
    from jumelage import content, database
    from jumelage.render import renderer
    from jumelage.render.grid import of_sheet
    from jumelage.report import run

    found = content.report(name)
    with database.reading(url_of(ctx, db)) as connection:
        scope = scope_of(connection, wave, as_of, classified_on, without_inferred=without_inferred)
        sheet = run(connection, found, scope)
    if format_ != "table":
        say_remarks(scope, lang)
    write(renderer(format_)(of_sheet(sheet, lang)), output)


@app.command()
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
    from jumelage import content, database
    from jumelage import report as reporting
    from jumelage.render import renderer
    from jumelage.render.grid import of_detail, span

    found = content.report(report)
    with database.reading(url_of(ctx, db)) as connection:
        scope = scope_of(connection, wave, as_of, classified_on, without_inferred=without_inferred)
        sheet = reporting.run(connection, found, scope)
        detail = reporting.explain(connection, sheet, key, measure)
    say_remarks(scope, "en")
    value = sheet.cells().get(key, {}).get(measure, 0)  # printed, and no row computes it: zero
    title = f"{report} {key} {measure}: {span(value, value, 'en')}"
    write(renderer(format_)(of_detail(detail, title)), output)


@app.command()
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
    from jumelage import database, ledger
    from jumelage.render import renderer
    from jumelage.render.grid import of_ledger

    with database.reading(url_of(ctx, db)) as connection:
        scope = scope_of(connection, wave, as_of)
        found, _ = ledger.check(connection, scope)
    say_remarks(scope, lang)
    write(renderer(format_)(of_ledger(found, lang)), output)
    if not found.entries:
        say(f"wave {scope.single[0]} has no publication: there is no figure to hold against its rows")
    for problem in found.problems:
        say(f"problem: {problem}")
    _say_counts(found)
    if found.problems:
        raise typer.Exit(1)


@app.command()
def publish(
    ctx: typer.Context, out: Out = Path("public"), db: Db = None, wave: Waves = None, as_of: AsOf = None
) -> None:
    """Publish a wave as web pages.

    All its tables and their ledger; of several waves, the reports that compare them. In French and English, swapped in
    whole.
    """
    _publish(url_of(ctx, db), out, wave, as_of)


def _publish(url: URL, out: Path, wave: str | None, as_of: str | None = None) -> None:
    from jumelage import database
    from jumelage.publish import check_out
    from jumelage.publish import publish as publish_scope

    check_out(out)
    with database.reading(url) as connection:
        scope = scope_of(connection, wave, as_of)
        done = publish_scope(connection, scope, out)
    say_remarks(scope, "en")
    if done.ledger:
        _say_counts(done.ledger)
    say(f"published: {', '.join(str(page) for page in done.pages)}")


@app.command()
def reproduce(
    ctx: typer.Context,
    handed: Handed,
    out: Out = Path("public"),
    db: Db = None,
    reason: Reason = None,
    by: By = None,
) -> None:
    """Migrate, load, check and publish in one go.

    For scheduled jobs: what is up to date already is left as it is.
    """
    url = url_of(ctx, db)
    _migrate(url)
    done = desk.load(url, loading.request_of(handed, reason, by), desk.Showing())
    _publish(url, out, done.wave)


def _say_counts(ledger: Ledger) -> None:
    for status, number in ledger.counts().items():
        say(f"{status}: {number}")


def _fail(message: str, code: int) -> NoReturn:
    say(message)
    raise SystemExit(code)


def main() -> None:
    """Run the command line; errors that a user can cause end in a message and an exit code, never a traceback."""
    try:
        app()
    except JumelageError as error:
        _fail(f"error: {error}", error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except Exception:  # noqa: BLE001
        import traceback

        _fail(f"{traceback.format_exc()}error: this is a bug of jumelage; please report it", JumelageError.exit_code)
