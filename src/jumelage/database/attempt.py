"""Queries that may fail: only the failed one is undone, and a failure of the database is never taken for its fault."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from jumelage.database.engines import engine_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

# What PostgreSQL says of a query that was cancelled, or for which there was no room.
CANCELLED, NO_ROOM = "57014", "53"
TRIED_OUT = "jumelage_tried_out"  # in the `info` of a connection whose rows are undone in the end


class QueryError(Exception):
    """A query that is wrong, or does what it may not, in the engine's words."""


class LostError(Exception):
    """A query was wrong, and DuckDB ended the transaction that held rows still to be looked at."""


@contextmanager
def limited(connection: Connection, seconds: float) -> Iterator[None]:
    """Let PostgreSQL cancel queries that take longer, and undo what they did, that limit included."""
    with connection.begin_nested() as savepoint:
        connection.exec_driver_sql(f"set local statement_timeout = {max(1, int(seconds * 1000))}")
        yield
        savepoint.rollback()


@contextmanager
def attempt(connection: Connection) -> Iterator[None]:
    """Try queries; QueryError if one is wrong.

    Scope and snapshot are then what they were: a savepoint keeps them on PostgreSQL. DuckDB has none, but its scope is
    the connection's and its file is held against every writer; what was tried out and not committed goes, and that is
    a LostError. Anything else that goes wrong, such as a connection that is lost, is no fault of the query and goes on
    as it came.
    """
    with judged(connection):
        if engine_of(connection).has_savepoints:
            with connection.begin_nested():
                yield
        else:
            yield


@contextmanager
def judged(connection: Connection) -> Iterator[None]:
    """Go on with a query that was tried, such as fetch more of its rows; what goes wrong is told as in `attempt`.

    On PostgreSQL the transaction cannot be used after that.
    """
    engine = engine_of(connection)
    try:
        yield
    except DBAPIError as error:
        if connection.invalidated or engine.verdict(error.orig or error) != "statement":
            raise
        if not engine.has_savepoints:
            connection.rollback()
            if connection.info.get(TRIED_OUT):
                raise LostError(said(error)) from error
        raise QueryError(said(error)) from error


def said(error: DBAPIError) -> str:
    """Return what the engine said."""
    return str(error.orig).strip()
