"""The command that exports."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # Typer reads annotations at run time
from typing import Annotated, Literal

import typer

from jumelage.cli.options import AsOf, Db, Lang, Waves, say_remarks, scope_of, url_of
from jumelage.cli.progress import EXPORTING, waiting
from jumelage.cli.streams import check_output, say
from jumelage.content import ALL
from jumelage.errors import UsageError
from jumelage.texts import Label, filled

_EXPORTED = Label("exporté\u00a0: {}", "exported: {}")
_TO_LAKE = Label(
    "{}\u00a0: révisions ajoutées\u00a0: {}\u00a0; {} fichiers écrits, {} octets",
    "{}: revisions added: {}; {} files written, {} bytes",
)
_UP_TO_DATE = Label("{}\u00a0: rien de nouveau à écrire", "{}: nothing new to write")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(export)


def export(
    ctx: typer.Context,
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="The folder to make.", show_default=False)] = None,
    db: Db = None,
    wave: Waves = None,
    as_of: AsOf = None,
    format_: Annotated[
        Literal["csv", "parquet"] | None,
        typer.Option(
            "--format",
            help="Form of the tables: csv, which `load` takes again, or parquet. [default: csv]",
            show_default=False,
        ),
    ] = None,
    lang: Lang = "en",
    force: Annotated[
        bool, typer.Option("--force", help="Replace an earlier export, if nothing else is in the folder.")
    ] = False,
    lake: Annotated[
        Path | None,
        typer.Option(
            "--lake",
            metavar="FOLDER",
            help="Instead of OUT: bring a lake to what the database says, by files of Parquet that `--db lake:FOLDER` "
            "reads; only what is new is written.",
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", help="How long to wait for another export to a lake.", min=0)
    ] = 30.0,
) -> None:
    """Export a wave as a Data Package that `load` takes again.

    With its tables, code lists, printed figures and the cells of its reports. Of several waves, each in a folder of its
    own there. With --lake all that the database holds, for more readers or more rows than one file is good for.
    """
    if lake is not None:
        _export_lake(ctx, db, lake, wait, alone=not (out or wave or as_of or format_ or force))
        return
    if out is None:
        raise UsageError(
            Label(
                "rien ne dit où exporter\u00a0; nommez un dossier OUT, ou --lake et un dossier",
                "nothing says where to export to; name a folder OUT, or --lake and a folder",
            )
        )
    from jumelage import database
    from jumelage.exporting.export import Wanted
    from jumelage.exporting.export import export as export_scopes
    from jumelage.exporting.place import check_out
    from jumelage.revisions.scope import find_scope

    url = url_of(ctx, db)
    check_output(out)
    check_out(out, force=force)
    with database.reading(url) as connection:
        chosen = scope_of(connection, wave, as_of)
        apart = wave is not None and (wave.strip() == ALL or "," in wave)
        scopes = [find_scope(connection, f"{name}@{revision}") for name, revision in chosen.revisions]
        with waiting(EXPORTING):
            export_scopes(connection, scopes, out, Wanted(format_ or "csv", lang), apart=apart)
    for scope in scopes:
        say_remarks(scope)
    folders = [out / name for name, _ in chosen.revisions] if apart else [out]
    say(filled(_EXPORTED, ", ".join(map(str, folders))))


def _export_lake(ctx: typer.Context, db: str | None, lake: Path, wait: float, *, alone: bool) -> None:
    from jumelage.exporting.lake import export_lake

    if not alone:
        raise UsageError(
            Label(
                "--lake ne va pas avec OUT, --wave, --as-of, --format ni --force\u00a0: un lac a tout de la base",
                "--lake does not go with OUT, --wave, --as-of, --format or --force: a lake has all of the database",
            )
        )
    url = url_of(ctx, db)
    check_output(lake)
    with waiting(EXPORTING):
        done = export_lake(url, lake, wait)
    if done.files:
        new = ", ".join(done.revisions) or "–"
        say(filled(_TO_LAKE, lake, new, done.files, done.bytes))
    else:
        say(filled(_UP_TO_DATE, lake))
