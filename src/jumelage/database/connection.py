"""Connections, each one transaction, on whatever engine."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, StatementError

from jumelage.database.attempt import TRIED_OUT
from jumelage.database.engines import WAIT, engine_of
from jumelage.database.patience import patience
from jumelage.database.state import check_migrated, current
from jumelage.database.urls import exists, shown, where_named
from jumelage.errors import BusyError, DatabaseError
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine


@contextmanager
def translated(url: URL, seconds: float = WAIT) -> Iterator[None]:
    """Turn an engine's refusal into an error of ours, with no secret in it; so long was waited for a lock."""
    engine = engine_of(url)
    try:
        yield
    except DBAPIError as error:
        raise engine.told(error.orig or error, url, seconds) from error
    except StatementError as error:  # what SQLAlchemy wraps around errors of ours
        if isinstance(error.orig, DatabaseError):
            raise error.orig from error
        raise
    except engine.errors() as error:  # of a COPY, which goes past SQLAlchemy
        raise engine.told(error, url, seconds) from error


def make_engine(url: URL, *, read_only: bool = False) -> Engine:
    """Make a source of one connection, without a pool, on which every setting that matters is ours."""
    ours = engine_of(url)
    made = ours.connections(url, read_only=read_only)
    _connect_once(made, url)
    ours.connect(made)
    return made


def _connect_once(engine: Engine, url: URL) -> None:
    """Let an engine connect once: after a connection is lost, a second one would have another scope and snapshot."""
    connected = False

    @event.listens_for(engine, "do_connect")
    def _once(*_: object) -> None:
        nonlocal connected
        if connected:
            raise DatabaseError(both("{}\u00a0: la connexion est perdue", "{}: the connection was lost", shown(url)))
        connected = True


def in_memory() -> Engine:
    """Make an engine on a DuckDB in memory."""
    return make_engine(URL.create("duckdb", database=":memory:"))


@contextmanager
def reading(url: URL) -> Iterator[Connection]:
    """Open a migrated database for one consistent, read-only look."""
    with opened(url, read_only=True) as connection:
        check_migrated(connection, url)
        yield connection


@contextmanager
def writing(url: URL, *, dry_run: bool = False) -> Iterator[Connection]:
    """Open a migrated database in one transaction: committed at the end, undone on any error or in a dry run."""
    engine_of(url).tidy(url)
    with holding(url) as connection:
        check_migrated(connection, url)
        yield connection
        if not dry_run:
            connection.commit()


@contextmanager
def creating(url: URL) -> Iterator[Connection]:
    """Open a database in one transaction, making it if it is missing: for migrate alone.

    A new file is there whole or not at all, whenever the process ends.
    """
    engine_of(url).tidy(url)
    if exists(url):
        with holding(url) as connection:
            engine_of(url).become(connection, "owner")
            yield connection
            connection.commit()
        return
    with engine_of(url).created(url) as (beside, keep):
        with translated(url), make_engine(beside).connect() as connection:
            yield connection
            empty = current(connection) is None
            connection.commit()
        if not empty:
            keep()


@contextmanager
def replacing(url: URL) -> Iterator[Connection]:
    """Make a database in one transaction, which takes the place of what is there once it is whole, only to be read."""
    with engine_of(url).created(url, instead=True) as (beside, keep):
        with translated(url), make_engine(beside).connect() as connection:
            yield connection
            connection.commit()
        keep()


@contextmanager
def copied(url: URL, to: URL, *, compact: bool) -> Iterator[tuple[URL, Callable[[], Path | None]]]:
    """Give a whole copy of a database, and what puts it into its place `to`; see the engine's own.

    UsageError where an engine leaves copies to its own tools.
    """
    ours = engine_of(to)
    ours.check_copies(to)
    _check_there(url)
    with translated(url), ours.copied(url, to, compact=compact) as found:
        yield found


@contextmanager
def opened(url: URL, *, read_only: bool) -> Iterator[Connection]:
    """Open a database that exists, migrated or not; DatabaseError if there is none."""
    _check_there(url)
    waits = WAIT if read_only else patience().seconds
    with translated(url, waits), make_engine(url, read_only=read_only).connect() as connection:
        yield connection


def _check_there(url: URL) -> None:
    """Raise DatabaseError if there is no database, or plainly none of its engine."""
    if not exists(url):
        raise DatabaseError(
            both(
                "il n’y a pas de base de données {}{}\u00a0; créez-la\u00a0: jumelage migrate",
                "there is no database at {}{}; create it with: jumelage migrate",
                shown(url),
                where_named(url),
            )
        )
    engine_of(url).check(url)


@contextmanager
def holding(url: URL) -> Iterator[Connection]:
    """Open a database that exists and be the only one who changes it, until the transaction ends.

    Whoever else does is waited for, as `patience` has it; then BusyError.
    """
    connection, held = _held(url)
    with held:
        yield connection


def _held(url: URL) -> tuple[Connection, ExitStack]:
    pause = patience().pauses()
    while True:
        try:
            with ExitStack() as stack:
                connection = stack.enter_context(opened(url, read_only=False))
                engine_of(url).lock(connection, url, patience().seconds)
                return connection, stack.pop_all()
        except BusyError as busy:
            pause(busy)


def only_read(connection: Connection) -> None:
    """Let the rest of a transaction only read, and no files: queries of a wave run in it next."""
    connection.info[TRIED_OUT] = True
    engine_of(connection).only_read(connection)
