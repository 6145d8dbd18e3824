"""Commands that say what there is, and where: schema, search."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from jumelage.cli.options import AsOf, Db, Format, Lang, Output, Waves, scope_of, url_of
from jumelage.cli.streams import check_output, say, show, write
from jumelage.texts import MEANT, Label, either, filled

_NOTHING = Label("rien ne s’appelle «\u00a0{}\u00a0»", "nothing is called “{}”")
_NEAR = Label("{}\u00a0; {}", "{}; {}")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(schema)
    app.command()(search)


def schema(
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="TABLE",
            help="View or table, such as respondents or survey.respondents. [default: all of them]",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[Literal["md", "json", "dbml"], typer.Option("--format", help="Form of the output.")] = "md",
    lang: Lang = "en",  # noqa: ARG001  # the words of the dictionary are those in the database, in one language
    output: Output = None,
) -> None:
    """Describe the views and tables.

    What each column means, its unit, its code list, and which question of the survey it answers. Needs no database.
    """
    from jumelage.database.dictionary import relation, relations
    from jumelage.render.dictionary import FORMATS

    chosen = relations().values() if table is None else (relation(table),)
    write(FORMATS[format_](chosen), output)


def search(
    ctx: typer.Context,
    word: Annotated[
        str, typer.Argument(metavar="WORD", help="What to look for, such as Lettonie; accents do not count.")
    ],
    db: Db = None,
    wave: Waves = None,
    as_of: AsOf = None,
    format_: Format = "table",
    lang: Lang = "en",
    output: Output = None,
) -> None:
    """Find a word in names, codes, questions, reports, columns.

    Countries, zones, actions, difficulties, towns, questions and their items, reports, tables and their columns; each
    with a command that goes on from there. Whole names come first, then words, their beginnings, and parts of them.
    """
    from jumelage import database
    from jumelage.render.grid import of_found
    from jumelage.reporting.search import search as find
    from jumelage.revisions.scope import set_scope

    url = url_of(ctx, db)
    check_output(output)
    with database.reading(url) as connection:
        set_scope(connection, scope_of(connection, wave, as_of))
        found, near = find(connection, word, lang)
    if not found:
        nothing = filled(_NOTHING, word)
        say(filled(_NEAR, nothing, filled(MEANT, either(near))) if near else nothing)
    show(of_found(found, lang), format_, output)
