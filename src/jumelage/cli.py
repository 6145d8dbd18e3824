"""The command line: options in, exit codes out; nothing is decided here."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from jumelage import desk
from jumelage.errors import JumelageError, OutputError, UsageError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from jumelage.ledger import Ledger
    from jumelage.load import Request

app = typer.Typer(
    name="jumelage",
    help="A relational database for survey waves; every printed number has its SQL, its rows and its status.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Db = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="URL",
        help="Database: a DuckDB file, or postgresql://… [default: $JUMELAGE_DATABASE_URL, else ./jumelage.duckdb]",
        show_default=False,
    ),
]
Wave = Annotated[
    str | None,
    typer.Option("--wave", metavar="WAVE", help="Wave, such as 2006. [default: the latest]", show_default=False),
]
Lang = Annotated[Literal["fr", "en"], typer.Option("--lang", help="Language of titles and labels.")]
WithoutInferred = Annotated[
    bool, typer.Option("--without-inferred", help="Leave out rows that were inferred from totals.")
]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write there instead of to standard output."),
]
Format = Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="Form of the output.")]
Handed = Annotated[
    Path,
    typer.Argument(
        metavar="HANDED", help="The wave: a folder such as waves/2006, a .zip of it, or a workbook (.xlsx, .xls, .ods)."
    ),
]
Table = Literal["frame", "respondents", "partnerships", "actions", "difficulties"]
Aliases = Annotated[
    Path | None,
    typer.Option(
        "--aliases", metavar="FILE", help="More accepted spellings, beside the wave's own (see `jumelage aliases`)."
    ),
]
Reason = Annotated[
    str | None,
    typer.Option("--reason", metavar="TEXT", help="Why the wave changes; needed from the second revision on."),
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who loads it. [default: the system's user]", show_default=False),
]
Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where to publish; swapped in whole.")]


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


def _url(ctx: typer.Context, db: str | None) -> URL:
    from jumelage.database import resolve_url

    return resolve_url(ctx.obj if db is None else db)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _write(text: str, output: Path | None) -> None:
    """Write to standard output, or to a file that is there whole or not at all."""
    try:
        if output is None:
            sys.stdout.buffer.write(text.encode("utf-8"))
            sys.stdout.buffer.flush()
        elif output.exists() and not output.is_file():  # a pipe or a device; a folder refuses
            output.write_bytes(text.encode("utf-8"))
        else:
            _write_whole(text, output.resolve())
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise OutputError(f"{output or 'standard output'} cannot be written: {why}") from error


def _write_whole(text: str, output: Path) -> None:
    beside = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        beside.write_bytes(text.encode("utf-8"))
        beside.replace(output)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


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
    _migrate(_url(ctx, db), to, dry_run=dry_run)


def _migrate(url: URL, to: str = "head", *, dry_run: bool = False) -> None:
    from jumelage import database
    from jumelage import migrate as migration

    if dry_run and not database.exists(url):
        migration.find(to)
        _say(f"would create {database.shown(url)}")
        return
    opened = database.opened(url, read_only=True) if dry_run else database.creating(url)
    with opened as connection:
        done = migration.plan(connection, to) if dry_run else migration.migrate(connection, to)
    if done.empty:
        _say(f"{database.shown(url)} is up to date, at migration {done.to}")
        return
    steps = [f"migrations {', '.join(done.revisions)}"] if done.revisions else []
    steps += [part.replace("_", " ") for part in done.parts]
    verb = "would go" if dry_run else "went"
    _say(f"{database.shown(url)} {verb} from {done.at or 'base'} to {done.to}: {', '.join(steps)}")


@app.command()
def load(
    ctx: typer.Context,
    handed: Handed,
    db: Db = None,
    table: Annotated[
        Table | None,
        typer.Option("--table", help="HANDED is one file or sheet for this table; the rest of --wave stays as it is."),
    ] = None,
    wave: Annotated[str | None, typer.Option("--wave", metavar="WAVE", help="With --table: the wave.")] = None,
    reason: Reason = None,
    by: By = None,
    aliases: Aliases = None,
    annotate: Annotated[
        Path | None,
        typer.Option("--annotate", metavar="OUT", help="Write a copy of HANDED with each finding where it belongs."),
    ] = None,
    format_: Annotated[
        Literal["table", "csv", "json"] | None,
        typer.Option("--format", help="Write all findings (and, with --dry-run, what would change) to standard output."),
    ] = None,
    lang: Annotated[Literal["fr", "en"], typer.Option("--lang", help="Language of the findings.")] = "en",
    output: Output = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and show what would change; load nothing.")
    ] = False,
) -> None:
    """Check a wave and load it as a revision.

    Everything is loaded, or nothing and all that is wrong is said. The same content again changes nothing.
    """
    if (table is None) != (wave is None):
        raise UsageError("--table and --wave go together: one file for one table of a wave that is loaded")
    request = _request(handed, reason, by, table=table, wave=wave, aliases=aliases, annotate=annotate, lang=lang)
    show = desk.Showing(format_, lang, output, _write)
    if dry_run:
        desk.rehearse(_url(ctx, db), request, show)
    else:
        desk.load(_url(ctx, db), request, show)


def _request(handed: Path, reason: str | None = None, by: str | None = None, **more: Any) -> Request:  # noqa: ANN401
    from jumelage import content
    from jumelage.load import Request

    if not handed.exists() and (packaged := content.root() / handed).is_dir():
        handed = packaged  # an installed jumelage carries waves/2006
        _say(f"loading {handed}")
    return Request(handed, reason, by, **more)


@app.command()
def template(
    ctx: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="The workbook to write.")],
    wave: Annotated[str, typer.Option("--wave", metavar="NEW", help="Code of the new wave, such as 2012.")],
    db: Db = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="WAVE", help="Take the sampling frame over from this wave of the database."),
    ] = None,
    lang: Annotated[Literal["fr", "en"], typer.Option("--lang", help="Language of the drop-downs.")] = "fr",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT.xlsx if it is there.")] = False,
) -> None:
    """Write a workbook to hand out for a new wave: a sheet per table, instructions, drop-downs.

    Filled in, it loads as it is.
    """
    from jumelage import database
    from jumelage.template import earlier_wave, write_template

    earlier = None
    if from_ is not None:
        with database.reading(_url(ctx, db)) as connection:
            earlier = earlier_wave(connection, database.find_scope(connection, from_))
    write_template(out, wave, lang, earlier, overwrite=overwrite)
    _say(f"wrote {out}")


aliases_app = typer.Typer(no_args_is_help=True, help="Spellings that no list knows: suggest codes, accept confirmed ones.")
app.add_typer(aliases_app, name="aliases")


@aliases_app.command()
def suggest(
    handed: Handed,
    aliases: Aliases = None,
    format_: Format = "table",
    output: Output = None,
) -> None:
    """List the names that no list knows, each with the codes that it may stand for.

    Write it as csv, put `yes` under `confirmed` where a suggestion is right, and hand it to `aliases accept`.
    """
    from jumelage.render import renderer
    from jumelage.render.grid import of_suggestions
    from jumelage.spellings import suggest as find

    _write(renderer(format_)(of_suggestions(find(handed, aliases))), output)


@aliases_app.command()
def accept(
    suggestions: Annotated[Path, typer.Argument(metavar="SUGGESTIONS", help="What `aliases suggest` wrote, confirmed.")],
    into: Annotated[
        Path, typer.Option("--into", metavar="FILE", help="File of accepted spellings: that of the wave, or any other.")
    ] = Path("aliases.csv"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be accepted; write nothing.")] = False,
) -> None:
    """Add the confirmed spellings to a file that `load` reads: aliases.csv in the wave's folder, or --aliases FILE."""
    from jumelage.spellings import accept as take

    text, added = take(suggestions, into)
    if added and not dry_run:
        _write(text, into)
    for line in added:
        _say(line)
    _say(f"{into}: {len(added)} spellings {'would be ' if dry_run else ''}added")


@app.command()
def reports(lang: Lang = "en", format_: Format = "table", output: Output = None) -> None:
    """List the reports."""
    from jumelage import content
    from jumelage.render import renderer
    from jumelage.render.grid import Grid, Shown

    found = [content.report(name) for name in content.report_names()]
    rows = tuple((r.name, r.title.text(lang), r.source.text(lang)) for r in found)
    names = ("report", "title", "source")
    _write(renderer(format_)(Grid(names, rows, Shown("", names, rows, (False,) * 3))), output)


@app.command()
def report(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the report; `jumelage reports` lists them.")],
    db: Db = None,
    wave: Wave = None,
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
    with database.reading(_url(ctx, db)) as connection:
        scope = database.find_scope(connection, wave, with_inferred=not without_inferred)
        sheet = run(connection, found, scope)
    _write(renderer(format_)(of_sheet(sheet, lang)), output)


@app.command()
def explain(
    ctx: typer.Context,
    report: Annotated[str, typer.Argument(help="Name of the report.")],
    key: Annotated[str, typer.Argument(help="Key of the cell, its parts joined by /, such as eu/DE or eu/total.")],
    measure: Annotated[str, typer.Argument(help="Column of the report, such as agreements.")],
    db: Db = None,
    wave: Wave = None,
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
    with database.reading(_url(ctx, db)) as connection:
        scope = database.find_scope(connection, wave, with_inferred=not without_inferred)
        sheet = reporting.run(connection, found, scope)
        detail = reporting.explain(connection, sheet, key, measure)
    value = sheet.cells().get(key, {}).get(measure, 0)  # printed, and no row computes it: zero
    title = f"{report} {key} {measure}: {span(value, value, 'en')}"
    _write(renderer(format_)(of_detail(detail, title)), output)


@app.command()
def check(
    ctx: typer.Context,
    db: Db = None,
    wave: Wave = None,
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

    with database.reading(_url(ctx, db)) as connection:
        found, _ = ledger.check(connection, database.find_scope(connection, wave))
    _write(renderer(format_)(of_ledger(found, lang)), output)
    for problem in found.problems:
        _say(f"problem: {problem}")
    _say_counts(found)
    if found.problems:
        raise typer.Exit(1)


@app.command()
def publish(ctx: typer.Context, out: Out = Path("public"), db: Db = None, wave: Wave = None) -> None:
    """Publish a wave as web pages.

    All its tables and their ledger, in French and English, swapped in whole.
    """
    _publish(_url(ctx, db), out, wave)


def _publish(url: URL, out: Path, wave: str | None) -> None:
    from jumelage.publish import publish as publish_wave

    done = publish_wave(url, out, wave)
    _say_counts(done.ledger)
    _say(f"published: {', '.join(str(page) for page in done.pages)}")


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
    url = _url(ctx, db)
    _migrate(url)
    done = desk.load(url, _request(handed, reason, by), desk.Showing())
    _publish(url, out, done.wave)


def _say_counts(ledger: Ledger) -> None:
    for status, number in ledger.counts().items():
        _say(f"{status}: {number}")


def _fail(message: str, code: int) -> NoReturn:
    _say(message)
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
