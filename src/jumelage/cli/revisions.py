"""Commands on what was recorded: list revisions, compare two of them, withdraw one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jumelage.cli.options import (
    WAITS,
    AsOf,
    By,
    ClassifiedOn,
    Db,
    Format,
    Lang,
    Output,
    Wait,
    say_remarks,
    scope_of,
    url_of,
)
from jumelage.cli.progress import COMPARING, patient, waiting
from jumelage.cli.streams import check_output, say, show
from jumelage.texts import Label, both, filled

if TYPE_CHECKING:
    from jumelage.revisions.scope import Scope

_NO_DIFFERENCE = Label("{} et {}\u00a0: aucune différence", "{} and {}: no differences")
_DIFFERENCES = Label("{0} et {1}\u00a0: {2} différence{2:s}", "{0} and {1}: {2} difference{2:s}")
_WITHDRAWN = Label("{} est retirée\u00a0; {}", "{} is withdrawn; {}")
_WOULD_BE_WITHDRAWN = Label("{} serait retirée\u00a0; {}", "{} would be withdrawn; {}")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(waves)
    app.command()(diff)
    app.command()(withdraw)


def waves(
    ctx: typer.Context,
    db: Db = None,
    as_of: AsOf = None,
    format_: Format = "table",
    lang: Lang = "en",
    output: Output = None,
) -> None:
    """List the waves with all their revisions.

    When they were loaded, by whom and why, their rows and hash, and which were withdrawn.
    """
    from jumelage import database
    from jumelage.render.grid import of_history
    from jumelage.revisions.history import history
    from jumelage.revisions.scope import read_time

    time = read_time(as_of) if as_of is not None else None
    url = url_of(ctx, db)
    check_output(output)
    with database.reading(url) as connection:
        entries = history(connection, time)
    show(of_history(entries, lang), format_, output)


def diff(
    ctx: typer.Context,
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A revision, such as 2006@1, or a wave.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The one to compare it with, such as 2006@2.")],
    db: Db = None,
    as_of: AsOf = None,
    classified_on: ClassifiedOn = None,
    format_: Format = "table",
    lang: Lang = "en",
    output: Output = None,
) -> None:
    """Compare two revisions, and exit with 1 if they differ.

    In what the wave says of itself, rows, cells of reports and statuses of printed figures.
    """
    from jumelage import database
    from jumelage.render.grid import of_changes
    from jumelage.reporting.diff import differences

    def scope(text: str) -> Scope:
        found = scope_of(connection, text, as_of, classified_on)
        say_remarks(found)
        return found

    url = url_of(ctx, db)
    check_output(output)
    with database.reading(url) as connection:
        first, second = scope(before), scope(after)
        with waiting(COMPARING):
            found = tuple(differences(connection, first, second))
    if found or format_ != "table" or output is not None:
        show(of_changes(found, lang), format_, output)
    say(filled(_DIFFERENCES if found else _NO_DIFFERENCE, before, after, len(found)))
    if found:
        raise typer.Exit(1)


def withdraw(
    ctx: typer.Context,
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="The revision, such as 2006@2.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is recorded.")],
    db: Db = None,
    by: By = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be current then; record nothing.")] = False,
    wait: Wait = WAITS,
    lang: Lang = "en",  # noqa: ARG001
) -> None:
    """Record that a revision no longer stands.

    Nothing is deleted: --wave 2006@2 still shows it. The wave's highest revision that is not withdrawn is then the
    current one.
    """
    from jumelage import database
    from jumelage.revisions.history import withdraw as record

    with patient(wait), database.writing(url_of(ctx, db), dry_run=dry_run) as connection:
        done = record(connection, revision, reason=reason, by=by)
    wave = revision.partition("@")[0]
    left = (
        both("{} est la révision en vigueur", "{} is the current revision", done.current)
        if done.current
        else both("la vague {} n’a plus de révision en vigueur", "wave {} has no revision left that stands", wave)
    )
    say(filled(_WOULD_BE_WITHDRAWN if dry_run else _WITHDRAWN, revision, left))
