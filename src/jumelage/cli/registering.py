"""The commands on the register of authorities: add a list to it, say what is installed."""

from __future__ import annotations

from typing import Annotated

import typer

from jumelage.cli import showing
from jumelage.cli.options import WAITS, By, Db, Format, Lang, Output, Wait, url_of
from jumelage.cli.progress import patient
from jumelage.cli.streams import check_output, say, show
from jumelage.texts import Label, filled

_ADDED = Label(
    "{}\u00a0: {} autorités ajoutées, {} changées, {} déjà là", "{}: {} authorities added, {} changed, {} there already"
)
_WOULD_ADD = Label(
    "{}\u00a0: {} autorités seraient ajoutées, {} changées\u00a0; {} déjà là",
    "{}: {} authorities would be added, {} changed; {} there already",
)
_UNCHANGED = Label("{}\u00a0: inchangée, {} autorités", "{}: unchanged, {} authorities")

register_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="The authorities that a wave may ask.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(register_app, name="register")


@register_app.command()
def add(
    ctx: typer.Context,
    which: Annotated[
        str, typer.Argument(metavar="LIST", help="All authorities of France (fr), or a CSV file of authorities.")
    ],
    db: Db = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="TEXT", help="Where the list is from. [default: the file's name]")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Day on which the list was true, such as 2024-01-01.")
    ] = None,
    by: By = None,
    lang: Lang = "en",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the list and say what it would add.")] = False,
    wait: Wait = WAITS,
) -> None:
    """Add a list of authorities to the register.

    All of it, or nothing and all that is wrong is said. The same list again changes nothing, a newer edition of it what
    it says otherwise. A list that gives a code another meaning is refused.
    """
    from jumelage.loading.authorities import add as add_list
    from jumelage.loading.authorities import find_list
    from jumelage.revisions.scope import read_day

    wanted = find_list(which, source=source, as_of=read_day(as_of) if as_of is not None else None)
    url = url_of(ctx, db)
    how = showing.Showing(lang=lang)
    with showing.told(how), patient(wait):
        done = add_list(url, wanted, by=by, dry_run=dry_run)
    showing.show_findings(done.findings, how)
    if done.new or done.changed:
        say(filled(_WOULD_ADD if dry_run else _ADDED, done.list, done.new, done.changed, done.same))
    else:
        say(filled(_UNCHANGED, done.list, done.same))


@register_app.command("list")
def list_(
    ctx: typer.Context,
    db: Db = None,
    format_: Format = "table",
    lang: Lang = "en",
    output: Output = None,
) -> None:
    """List what the register has.

    By list and kind: how many, from where, as of when.
    """
    from jumelage import database
    from jumelage.database.register import installed
    from jumelage.render.grid import of_register

    url = url_of(ctx, db)
    check_output(output)
    with database.reading(url) as connection:
        found = installed(connection)
    show(of_register(found, lang), format_, output)
