"""Who did something and why, as far as the session may read it: what it may not is null, and no error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.database.engines import engine_of
from jumelage.database.models import SCHEMA, metadata

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection


def hidden(connection: Connection) -> frozenset[str]:
    """Return the columns of people that the session may not read, as `survey.table.column`."""
    return engine_of(connection).hidden(connection)


def unguarded(connection: Connection) -> str | None:
    """Return the role that would ask queries with rights to write, since there is no reader's role to take instead."""
    return engine_of(connection).unguarded(connection)


def readable(connection: Connection) -> Callable[[str, str], str]:
    """Return what gives the SQL of columns of people: of an alias or the name of a table, and `table.column`."""
    unseen = hidden(connection)

    def column(alias: str, of: str) -> str:
        name = of.partition(".")[2]
        return f"cast(null as varchar) as {name}" if f"{SCHEMA}.{of}" in unseen else f"{alias}.{name}"

    return column


def columns_to_read(connection: Connection, table: str) -> list[str]:
    """Return the names of the columns of a table that the session may read."""
    unseen = hidden(connection)
    names = [column.name for column in metadata.tables[f"{SCHEMA}.{table}"].columns]
    return [name for name in names if f"{SCHEMA}.{table}.{name}" not in unseen]
