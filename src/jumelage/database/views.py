"""The views of the default schema: dropped before a migration, made again at head with the grants they had.

Views are not migrations. PostgreSQL refuses to alter a table under a view, and DuckDB lets it pass and fails at use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage import content
from jumelage.database.engines import OURS, engine_of
from jumelage.database.sql import literal
from jumelage.database.words import words_of

if TYPE_CHECKING:
    from sqlalchemy import Connection


def drop(connection: Connection) -> None:
    """Drop the views that jumelage made."""
    engine = engine_of(connection)
    engine.drop_views(connection, engine.views(connection))


def create(connection: Connection) -> None:
    """Make every view, which both engines bind as they make it, and say what its columns mean."""
    for name, text in content.views(engine_of(connection).dialect).items():
        connection.exec_driver_sql(f"create view {name} as\n{text}")
        connection.exec_driver_sql(f"comment on view {name} is {literal(OURS + meaning(text))}")
    describe(connection)


def meaning(text: str) -> str:
    """Return what a view shows: the first line of its file."""
    return text.split("\n", 1)[0].removeprefix("-- ")


def describe(connection: Connection, only: str | None = None) -> None:
    """Say in the database what the columns of our views mean: by one text, since there are hundreds of them."""
    said = (
        (view, column, words_of(view, column))
        for view, column in engine_of(connection).view_columns(connection)
        if only in {None, view}
    )
    comments = [
        f'comment on column "{view}"."{column}" is {literal(words.meaning)}' for view, column, words in said if words
    ]
    if comments:
        connection.exec_driver_sql(";\n".join(comments))
