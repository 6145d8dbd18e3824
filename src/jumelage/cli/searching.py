"""Commands that say what there is, and where: schema, search."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from jumelage.cli.options import Lang, Output  # noqa: TC001  # Typer reads annotations at run time
from jumelage.cli.streams import write


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(schema)


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
