"""SQL as text: literals, and queries run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection


def is_duckdb(connection: Connection) -> bool:
    """Tell whether the connection is to DuckDB rather than to PostgreSQL."""
    return connection.dialect.name == "duckdb"


def query(connection: Connection, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run a query as it stands, colons and percent signs included: the column names, and the rows."""
    result = connection.exec_driver_sql(sql)
    return list(result.keys()), [tuple(row) for row in result.fetchall()]


def path_literal(path: Path) -> str:
    """Return a path as an SQL text."""
    return "'" + str(path).replace("'", "''") + "'"


def file_to_read(path: Path) -> str:
    """Return a path as DuckDB's readers take it: to them, [ * ? and key=value in a name would have a meaning."""
    return (
        path_literal(Path(re.sub(r"([\[*?])", r"[\1]", str(path))))
        + ", hive_partitioning = false, compression = 'none'"
    )
