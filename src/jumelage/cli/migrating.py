"""The command that creates a database or brings it up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jumelage.cli.options import Db, url_of
from jumelage.cli.streams import say

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


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
) -> None:
    """Create the database or bring it up to date.

    Goes through the migrations, then makes the views and the code lists those of this version. A way down that loses
    what was recorded says what, and asks for --accept-loss.
    """
    bring_up(url_of(ctx, db), to, dry_run=dry_run, accept_loss=accept_loss)


def bring_up(url: URL, to: str = "head", *, dry_run: bool = False, accept_loss: bool = False) -> None:
    """Bring a database to a migration and say what was done, or what would be."""
    from jumelage import database
    from jumelage.database import migrate as migration

    if dry_run and not database.exists(url):
        migration.find(to)
        say(f"would create {database.shown(url)}")
        return
    if dry_run:
        done = migration.rehearse(url, to)
    else:
        with database.creating(url) as connection:
            done = migration.migrate(connection, to, accept_loss=accept_loss)
    if done.empty:
        say(f"{database.shown(url)} is up to date, at migration {done.to}")
        return
    steps = [f"migrations {', '.join(done.revisions)}"] if done.revisions else []
    steps += [part.replace("_", " ") for part in done.parts]
    verb = "would go" if dry_run else "went"
    say(f"{database.shown(url)} {verb} from {done.at or 'base'} to {done.to}: {', '.join(steps)}")
    for what in done.lost:
        say(f"{'would be lost' if dry_run else 'lost'}: {what}")
    if done.unfit:
        say(f"the rows of {', '.join(done.unfit)} are not what was loaded (see jumelage check --rows)")
    if dry_run and (done.lost or done.unfit) and not accept_loss:
        say("it would be refused without --accept-loss")
