"""The command that creates a database or brings it up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jumelage.cli.options import WAITS, Db, Lang, Wait, url_of
from jumelage.cli.progress import patient
from jumelage.cli.streams import say
from jumelage.texts import Label, both, filled, listed, same

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_WENT = Label("{} est passée de {} à {}\u00a0: {}", "{} went from {} to {}: {}")
_WOULD_GO = Label("{} passerait de {} à {}\u00a0: {}", "{} would go from {} to {}: {}")
_LOST = Label("perdu\u00a0: {}", "lost: {}")
_WOULD_BE_LOST = Label("serait perdu\u00a0: {}", "would be lost: {}")
_WOULD_BE_REFUSED = Label("serait refusé sans --accept-loss", "it would be refused without --accept-loss")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(migrate)


def migrate(
    ctx: typer.Context,
    db: Db = None,
    to: Annotated[
        str, typer.Option(metavar="REVISION", help="Migration to go to: head, base, or its number.")
    ] = "head",
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Go down even if that loses what was recorded.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    wait: Wait = WAITS,
    lang: Lang = "en",  # noqa: ARG001
) -> None:
    """Create the database or bring it up to date.

    Goes through the migrations, then makes the views and the code lists those of this version. A way down that loses
    what was recorded says what, and asks for --accept-loss.
    """
    with patient(wait):
        bring_up(url_of(ctx, db), to, dry_run=dry_run, accept_loss=accept_loss)


def bring_up(url: URL, to: str = "head", *, dry_run: bool = False, accept_loss: bool = False) -> bool:
    """Bring a database to a migration and say what was done, or what would be; tell whether it was there already."""
    from jumelage import database
    from jumelage.database import migrate as migration
    from jumelage.database.state import PARTS
    from jumelage.database.way_down import UNFIT

    if dry_run and not database.exists(url):
        migration.find(to)
        say(both("créerait {}", "would create {}", database.shown(url)))
        return False
    if dry_run:
        done = migration.rehearse(url, to)
    else:
        with database.creating(url) as connection:
            done = migration.migrate(connection, to, accept_loss=accept_loss)
    if done.empty:
        say(both("{} est à jour, à la migration {}", "{} is up to date, at migration {}", database.shown(url), done.to))
        return True
    steps = [same(f"migrations {', '.join(done.revisions)}")] if done.revisions else []
    steps += [PARTS[part] for part in done.parts]
    said = _WOULD_GO if dry_run else _WENT
    say(filled(said, database.shown(url), done.at or "base", done.to, listed(steps)))
    for what in done.lost:
        say(filled(_WOULD_BE_LOST if dry_run else _LOST, what))
    if done.unfit:
        say(filled(UNFIT, ", ".join(done.unfit)))
    if dry_run and (done.lost or done.unfit) and not accept_loss:
        say(_WOULD_BE_REFUSED)
    return False
