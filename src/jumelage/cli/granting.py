"""The command that makes the roles of a database on a server and says who is one of them."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from jumelage.cli.options import WAITS, Db, Lang, Wait, url_of
from jumelage.cli.progress import patient
from jumelage.cli.streams import say, write
from jumelage.errors import UsageError
from jumelage.texts import Label, both, filled

_NOTHING = Label("{}\u00a0: rien à accorder, tout est comme il faut", "{}: nothing to grant, all is as it should be")
_Role = Literal["reader", "loader", "owner"]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(grant)


def grant(
    ctx: typer.Context,
    db: Db = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="LOGIN", help="A role that logs in, made a member; may come again."),
    ] = None,
    role: Annotated[_Role | None, typer.Option("--role", help="With --to: of which role. [default: reader]")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write the SQL to standard output, and do nothing.")
    ] = False,
    wait: Wait = WAITS,
    lang: Lang = "en",  # noqa: ARG001
) -> None:
    """Create the roles of a PostgreSQL database.

    Each may do what it needs and no more. DATABASE_reader asks, reports and publishes; DATABASE_loader loads and
    withdraws besides; DATABASE_owner owns the tables and migrates. Again it does what is missing. It takes a
    superuser, or a role with CREATEROLE that owns the database.
    See docs/postgresql.md.
    """
    from jumelage import database
    from jumelage.database.roles import give, planned

    if role is not None and not to:
        raise UsageError(
            both("--role va avec --to\u00a0: qui devient membre", "--role goes with --to: who becomes a member")
        )
    url = url_of(ctx, db)
    chosen = role or "reader"
    if dry_run:
        steps = planned(url, to or (), chosen)
        write([f"{step.sql};\n" for step in steps], None)
    else:
        with patient(wait):
            steps = give(url, to or (), chosen)
        for step in steps:
            if step.said.en:
                say(step.said)
    if not steps:
        say(filled(_NOTHING, database.shown(url)))
