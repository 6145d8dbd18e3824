"""A query tried: one that fails is undone alone, and a failure of the database is never taken for one of the query."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DataError, DBAPIError, NotSupportedError, ProgrammingError

from jumelage.database.sql import is_duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

TRIED_OUT = "jumelage_tried_out"  # in the `info` of a connection whose rows are undone in the end
_NO_RIGHT, _READ_ONLY, _TOO_MUCH = "42501", "25006", "54"


class QueryError(Exception):
    """A query that is wrong, or does what it may not, in the engine's words."""


class LostError(Exception):
    """A query was wrong, and DuckDB ended the transaction that held rows still to be looked at."""


@contextmanager
def attempt(connection: Connection) -> Iterator[None]:
    """Try queries; QueryError if one is wrong.

    Scope and snapshot are then what they were: a savepoint keeps them on PostgreSQL. DuckDB has none, but its scope is
    the connection's and its file is held against every writer; what was tried out and not committed goes, and that is
    a LostError. Anything else that goes wrong, such as a connection that is lost, is no fault of the query and goes on
    as it came.
    """
    try:
        if is_duckdb(connection):
            yield
        else:
            with connection.begin_nested():
                yield
    except DBAPIError as error:
        if connection.invalidated or not _is_of_the_query(error):
            raise
        if is_duckdb(connection):
            connection.rollback()
            if connection.info.get(TRIED_OUT):
                raise LostError(said(error)) from error
        raise QueryError(said(error)) from error


def said(error: DBAPIError) -> str:
    """Return what the engine said."""
    return str(error.orig).strip()


def _is_of_the_query(error: DBAPIError) -> bool:
    """Tell whether a query is to blame, rather than the database, its connection or the rights in it."""
    code = getattr(error.orig, "sqlstate", None) or ""
    if code == _NO_RIGHT:
        return False
    wrong = isinstance(error, ProgrammingError | DataError | NotSupportedError)
    return wrong or code == _READ_ONLY or code.startswith(_TOO_MUCH)
