"""SQL as text: literals, and queries run as they stand."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection, CursorResult


# Rows of a driver are tuples. Those of SQLAlchemy are made of them one by one, which takes longer than to fetch them;
# its strategies fetch what the driver gives, and tell errors as SQLAlchemy does.


def query(connection: Connection, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run a query as it stands, colons and percent signs included: the column names, and the rows."""
    result = connection.exec_driver_sql(sql)
    return list(result.keys()), result.cursor_strategy.fetchall(result, result.cursor)


_AT_ONCE = 10_000  # rows


def stream(connection: Connection, sql: str) -> tuple[list[str], Iterator[list[tuple[Any, ...]]]]:
    """Run a query as it stands: the column names, and the rows some at a time; what was given is held no longer.

    It runs at once; errors of the engine come from here and from fetching.
    """
    result = connection.exec_driver_sql(sql, execution_options={"yield_per": _AT_ONCE})
    return list(result.keys()), _pieces(result)


def _pieces(result: CursorResult[Any]) -> Iterator[list[tuple[Any, ...]]]:
    with closing(result):  # the cursor of a connection that is lost is closed by nobody else
        while rows := result.cursor_strategy.fetchmany(result, result.cursor, _AT_ONCE):
            yield rows


def literal(value: str | Path) -> str:
    """Return a text or a path as an SQL literal, which every engine takes for that text."""
    return "'" + str(value).replace("'", "''") + "'"


def value_literal(value: object) -> str:
    """Return a value as an SQL literal of its own type, alike on every engine; a text is a text, whatever is in it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return f"({value:f})" if isinstance(value, Decimal) else f"({value})"
    for kind, name in ((float, "float8"), (datetime, "timestamp"), (date, "date")):
        if isinstance(value, kind):
            return f"cast({literal(str(value))} as {name})"
    return literal(str(value))


def file_to_read(path: Path) -> str:
    """Return a path as DuckDB's readers take it: to them, [ * ? and key=value in a name would have a meaning."""
    return literal(re.sub(r"([\[*?])", r"[\1]", str(path))) + ", hive_partitioning = false, compression = 'none'"


def from_spool(path: Path, kinds: Mapping[str, str]) -> str:
    """Return the query of DuckDB for the rows of a file that an engine spooled: columns with their types."""
    listed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in kinds.items())
    return (
        f"select * from read_csv({file_to_read(path)}, header = false, auto_detect = false, delim = ',', "
        "quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, "
        f"columns = {{{listed}}})"
    )
