"""The command that exports."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # Typer reads annotations at run time
from typing import Annotated, Literal

import typer

from jumelage.cli.options import AsOf, Db, Lang, Waves, say_remarks, scope_of, url_of
from jumelage.cli.progress import EXPORTING, waiting
from jumelage.cli.streams import check_output, say
from jumelage.content import ALL
from jumelage.texts import Label, filled

_EXPORTED = Label("exporté\u00a0: {}", "exported: {}")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(export)


def export(
    ctx: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to make.")],
    db: Db = None,
    wave: Waves = None,
    as_of: AsOf = None,
    format_: Annotated[
        Literal["csv", "parquet"],
        typer.Option("--format", help="Form of the tables: csv, which `load` takes again, or parquet."),
    ] = "csv",
    lang: Lang = "en",
    force: Annotated[
        bool, typer.Option("--force", help="Replace an earlier export, if nothing else is in the folder.")
    ] = False,
) -> None:
    """Export a wave as a Data Package that `load` takes again.

    With its tables, code lists, printed figures and the cells of its reports. Of several waves, each in a folder of its
    own there.
    """
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
            export_scopes(connection, scopes, out, Wanted(format_, lang), apart=apart)
    for scope in scopes:
        say_remarks(scope)
    folders = [out / name for name, _ in chosen.revisions] if apart else [out]
    say(filled(_EXPORTED, ", ".join(map(str, folders))))
