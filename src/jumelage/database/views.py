"""The views of the default schema: dropped before a migration, made again at head with the grants they had.

Views are not migrations. PostgreSQL refuses to alter a table under a view, and DuckDB lets it pass and fails at use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage import content
from jumelage.database.engines import OURS, engine_of
from jumelage.database.sql import literal

if TYPE_CHECKING:
    from sqlalchemy import Connection


def drop(connection: Connection) -> None:
    """Drop the views that jumelage made."""
    engine = engine_of(connection)
    engine.drop_views(connection, engine.views(connection))


def create(connection: Connection) -> None:
    """Make every view, which both engines bind as they make it."""
    for name, text in content.views(engine_of(connection).name).items():
        comment = text.split("\n", 1)[0].removeprefix("-- ")
        connection.exec_driver_sql(f"create view {name} as\n{text}")
        connection.exec_driver_sql(f"comment on view {name} is {literal(OURS + comment)}")
