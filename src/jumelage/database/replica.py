"""A database of some of the rows of another one: its tables and views made at once, and a hash of what it holds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import DateTime

from jumelage.database import views
from jumelage.database.engines import engine_of
from jumelage.database.models import SCHEMA, metadata
from jumelage.database.sql import literal, query
from jumelage.database.state import content_hash, head

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlalchemy import Connection, Table


def make_tables(connection: Connection, scratch: Path | None = None) -> None:
    """Make the tables as the migrations do; what does not fit into memory goes to a folder `scratch`."""
    if scratch is not None:
        engine_of(connection).room(connection, scratch)
    connection.exec_driver_sql(f"create schema {SCHEMA}")
    metadata.create_all(connection, checkfirst=False)
    connection.exec_driver_sql("create table alembic_version (version_num varchar(32) not null primary key)")
    connection.exec_driver_sql(f"insert into alembic_version values ({literal(head())})")


def make_views(connection: Connection) -> None:
    """Make the views, once the code lists are there; both are said to be those of this version."""
    views.create(connection)
    for part in ("code_lists", "views"):
        found = content_hash(connection, part)
        connection.exec_driver_sql(f"insert into survey.installed (part, hash) values ({literal(part)}, '{found}')")


def digest(connection: Connection, tables: Iterable[Table]) -> str:
    """Return a hash of the rows of tables of a DuckDB, in any order: not of who recorded them, when and by what."""
    found = hashlib.sha256()
    for table in sorted(tables, key=lambda one: one.name):
        fields = (
            f"coalesce(strlen(cast({column.name} as varchar)) || ':' || cast({column.name} as varchar), '-')"
            for column in table.columns
            if not (column.info.get("private") or isinstance(column.type, DateTime) or column.name == "software")
        )
        (sums,) = query(
            connection,
            "select count(*), sum(cast(m >> 64 as ubigint)), sum(cast(m & 18446744073709551615 as ubigint)) "
            f"from (select md5_number(concat({', '.join(fields)})) as m from {table.fullname})",
        )[1]
        found.update(f"{table.name} {' '.join(map(str, sums))}\n".encode())
    return found.hexdigest()
