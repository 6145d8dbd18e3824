"""Rows that refer to nothing, found by queries: for engines that keep no foreign keys, or not all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.database.sql import query

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection


def _that_hold_rows(connection: Connection, tables: Collection[str]) -> set[str]:
    """Return which of these tables are not empty: a part of the time that planning a search through one takes."""
    each = " union all ".join(f"select '{name}' where exists (select 1 from {name})" for name in tables)
    return {name for (name,) in query(connection, each)[1]} if each else set()


def orphans(connection: Connection, tables: Collection[str] | None, anti_join: str) -> list[str]:
    """Say which rows refer to none of another table; `anti_join` is how the engine writes a join that keeps these."""
    from jumelage.database.models import foreign_keys

    keys = [(table, key) for table, key in foreign_keys() if tables is None or table.name in tables]
    held = _that_hold_rows(connection, dict.fromkeys(table.fullname for table, _ in keys))
    keys = [(table, key) for table, key in keys if table.fullname in held]
    queries = []
    for number, (table, key) in enumerate(keys):
        pairs = [(element.parent.name, element.column.name) for element in key.elements]
        parent = key.elements[0].column.table.fullname
        present = " and ".join(f"c.{child} is not null" for child, _ in pairs)
        same = " and ".join(f"p.{column} = c.{child}" for child, column in pairs)
        values = " || '/' || ".join(f"cast(c.{child} as varchar)" for child, _ in pairs)
        queries.append(
            # Half of the time of a `not exists`, nearly all of which is planning.
            f"select {number}, count(*), min({values}) from {table.fullname} c {anti_join} {parent} p on {same} "
            f"where {present} having count(*) > 0"
        )
    # A load bounds its memory, so it asks one thing after the other; all at once is faster.
    asked = queries if tables is not None else [" union all ".join(queries)] if queries else []
    found = []
    for number, lost, example in sorted(row for sql in asked for row in query(connection, sql)[1]):
        table, key = keys[number]
        columns = ", ".join(element.parent.name for element in key.elements)
        parent = key.elements[0].column.table.fullname
        found.append(f"{table.fullname}: {lost} rows refer to a {columns} that {parent} lacks: {example}")
    return found
