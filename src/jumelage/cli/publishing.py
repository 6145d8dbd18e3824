"""The command that publishes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer  # Typer reads annotations at run time

from jumelage.cli.options import (
    AsOf,
    Db,
    Lang,
    Out,
    Waves,
    say_counts,
    say_remarks,
    scope_of,
    url_of,
)
from jumelage.cli.progress import PUBLISHING, waiting
from jumelage.cli.streams import say
from jumelage.errors import UsageError
from jumelage.texts import Label, both, filled, nearest

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import URL

    from jumelage.publication.site import Published
    from jumelage.revisions.scope import Scope

_CARRIED = Label("note\u00a0: repris de la publication d’avant\u00a0: {}", "note: carried over from before: {}")
_KEPT = Label(
    "note\u00a0: {} est gardé\u00a0: des fichiers que publish y a faits ont été changés",
    "note: {} is kept: files that publish made there have been changed",
)
_ROLLED_BACK = Label("de nouveau publié\u00a0: {}", "published again: {}")
_PUBLISHED = Label("publié\u00a0: {}", "published: {}")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(publish)


def publish(
    ctx: typer.Context,
    out: Out = Path("public"),
    db: Db = None,
    wave: Waves = None,
    as_of: AsOf = None,
    formats: Annotated[
        str,
        typer.Option("--formats", metavar="LIST", help="What to publish: site, rows, pdf, xlsx, csv, json."),
    ] = "site,rows,pdf,xlsx,csv,json",
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Publish again what was published before; the last three are kept.")
    ] = False,
    lang: Lang = "en",  # noqa: ARG001  # it sets the language of all that is said
) -> None:
    """Publish a wave as web pages, with the data of each report.

    All its tables and their ledger; of several waves, the reports that compare them. In French and English, swapped in
    whole.
    """
    if rollback:
        from jumelage.publication.swap import roll_back

        say(filled(_ROLLED_BACK, roll_back(out)))
        return
    publish_into(url_of(ctx, db), out, wave, as_of, _formats(formats))


def _formats(listed: str) -> tuple[str, ...]:
    """Return the formats that a list names; UsageError for one that there is not."""
    from jumelage.publication.site import FORMATS

    found = tuple(dict.fromkeys(name.strip() for name in listed.split(",")))
    for name in found:
        if name not in FORMATS:
            near = nearest(name, FORMATS)
            raise UsageError(
                both("--formats\u00a0: {!r} n’en est pas un\u00a0; {}", "--formats: {!r} is none; {}", name, near)
            )
    return found


def publish_into(
    url: URL, out: Path, wave: str | None, as_of: str | None = None, formats: Collection[str] = ("site", "csv")
) -> tuple[Scope, Published]:
    """Publish what is asked for, and say what was done."""
    from jumelage import database
    from jumelage.publication.site import publish as publish_scope
    from jumelage.publication.swap import check_out

    check_out(out)
    with database.reading(url) as connection:
        scope = scope_of(connection, wave, as_of)
        with waiting(PUBLISHING):
            done = publish_scope(connection, scope, out, formats)
    say_remarks(scope)
    if done.ledger:
        say_counts(done.ledger)
    if done.swapped.carried:
        say(filled(_CARRIED, ", ".join(done.swapped.carried)))
    if done.swapped.kept:
        say(filled(_KEPT, done.swapped.kept))
    say(filled(_PUBLISHED, ", ".join(str(page) for page in done.pages)))
    return scope, done
