"""Rows by the million between workbench and target, and what PostgreSQL's foreign keys would have said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

from jumelage.database.sql import file_to_read, path_literal, query
from jumelage.temporary import temporary_folder


def append(workbench: Connection, sql: str, target: Connection, table: str, columns: Sequence[str]) -> int:
    """Append what a query of the workbench gives to a table of the target; return the number of rows.

    One INSERT … SELECT where the target is the workbench (DuckDB), else one COPY through a spooled file.
    """
    names = ", ".join(columns)
    if workbench is target:
        done = target.exec_driver_sql(f"insert into {table} ({names}) {sql}")
        return int(done.scalar() or 0)
    with temporary_folder() as folder:
        spool = folder / "rows.csv"
        workbench.exec_driver_sql(f"copy ({sql}) to {path_literal(spool)} (format csv, header false)")
        raw: Any = target.connection.driver_connection
        with raw.cursor() as cursor, spool.open("rb") as rows:
            with cursor.copy(f"copy {table} ({names}) from stdin (format csv)") as copy:
                while block := rows.read(1 << 20):
                    copy.write(block)
            return int(cursor.rowcount)


def fetch(source: Connection, sql: str, workbench: Connection, table: str, kinds: Mapping[str, str]) -> None:
    """Put what a query of the source gives into a new temporary table of the workbench: columns with their types.

    The reverse of `append`, by the same means.
    """
    if workbench is source:
        workbench.exec_driver_sql(f"create or replace temp table {table} as {sql}")
        return
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in kinds.items())
    with temporary_folder() as folder:
        spool = folder / "rows.csv"
        raw: Any = source.connection.driver_connection
        with (
            raw.cursor() as cursor,
            spool.open("wb") as rows,
            cursor.copy(f"copy ({sql}) to stdout (format csv, force_quote *)") as copy,
        ):
            for block in copy:
                rows.write(block)
        workbench.exec_driver_sql(
            f"create or replace temp table {table} as select * from read_csv({file_to_read(spool)}, header = false, "
            "auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, "
            f"columns = {{{listed}}})"
        )


def orphans(connection: Connection, tables: Collection[str] | None = None) -> list[str]:
    """Return a sentence for each foreign key of the models (of these tables alone) that rows of the database break."""
    from jumelage.database.models import foreign_keys

    keys = [(table, key) for table, key in foreign_keys() if tables is None or table.name in tables]
    queries = []
    for number, (table, key) in enumerate(keys):
        pairs = [(element.parent.name, element.column.name) for element in key.elements]
        parent = key.elements[0].column.table.fullname
        present = " and ".join(f"c.{child} is not null" for child, _ in pairs)
        same = " and ".join(f"p.{column} = c.{child}" for child, column in pairs)
        values = " || '/' || ".join(f"cast(c.{child} as varchar)" for child, _ in pairs)
        queries.append(
            f"select {number}, count(*), min({values}) from {table.fullname} c "
            f"where {present} and not exists (select 1 from {parent} p where {same}) having count(*) > 0"
        )
    # A load bounds its memory, so it asks one thing after the other; all at once is faster.
    asked = queries if tables is not None else [" union all ".join(queries)]
    found = []
    for number, lost, example in sorted(row for sql in asked for row in query(connection, sql)[1]):
        table, key = keys[number]
        columns = ", ".join(element.parent.name for element in key.elements)
        parent = key.elements[0].column.table.fullname
        found.append(f"{table.fullname}: {lost} rows refer to a {columns} that {parent} lacks: {example}")
    return found
