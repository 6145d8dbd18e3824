"""Connections to DuckDB and PostgreSQL, each one transaction."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from jumelage.errors import BusyError, DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

from jumelage.database.attempt import TRIED_OUT
from jumelage.database.sql import is_duckdb
from jumelage.database.state import check_migrated, current
from jumelage.database.urls import exists, secrets_in, shown

# What is set on every DuckDB, whoever opens it.
DUCKDB_SETTINGS = {
    "default_null_order": "nulls_last_on_asc_first_on_desc",
    "autoinstall_known_extensions": "false",
}
_LOCKED = "Could not set lock on file"
LOCK = 0x6A756D  # PostgreSQL's advisory lock of whoever changes the database


@contextmanager
def _translated(url: URL) -> Iterator[None]:
    """Turn an engine's refusal into an error of ours, with no secret in it."""
    try:
        yield
    except DBAPIError as error:
        text = str(error.orig).strip()
        for secret in secrets_in(url):
            text = text.replace(secret, "***")
        code = getattr(error.orig, "sqlstate", None)
        # DuckDB gives no code, and of PostgreSQL's messages none is to be searched: they hold names of users.
        conflict = text.startswith("TransactionContext Error") and "onflict" in text
        if code in {"55P03", "40001", "40P01"} or (code is None and (_LOCKED in text or conflict)):
            raise BusyError(f"{shown(url)} is busy: another process is writing; try again later") from error
        if isinstance(error, OperationalError) and code is None:
            text = text.splitlines()[0]
        raise DatabaseError(f"{shown(url)}: {text}") from error


def make_engine(url: URL, *, read_only: bool = False) -> Engine:
    """Make an engine without a pool: a pooled DuckDB connection would keep the file's lock."""
    # Without parameters a statement goes to the driver as it stands: psycopg would read % in it as a placeholder.
    options = {"no_parameters": True}
    if url.get_backend_name() == "duckdb":
        config = dict(DUCKDB_SETTINGS)
        if read_only:  # what reads runs queries of waves and reports: they have no business with files
            config["enable_external_access"] = "false"
        duckdb_arguments = {"read_only": read_only, "config": config}
        engine = create_engine(url, poolclass=NullPool, connect_args=duckdb_arguments, execution_options=options)
        return _connecting_once(engine)
    arguments: dict[str, Any] = {"connect_timeout": 10, "application_name": "jumelage"}
    if read_only:
        arguments["prepare_threshold"] = 0  # a prepared statement is one statement: no second one can end READ ONLY
    isolation = "REPEATABLE READ" if read_only else "READ COMMITTED"
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args=arguments,
        isolation_level=isolation,
        execution_options=options | {"postgresql_readonly": read_only},
    )
    return _connecting_once(engine)


def _connecting_once(engine: Engine) -> Engine:
    """Let an engine connect once: after a connection is lost, a second one would have another scope and snapshot."""
    connected = False

    @event.listens_for(engine, "do_connect")
    def _once(*_: object) -> None:
        nonlocal connected
        if connected:
            raise DatabaseError(f"{shown(engine.url)}: the connection was lost")
        connected = True

    return engine


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
    with opened(url, read_only=False) as connection:
        lock(connection, url)
        check_migrated(connection, url)
        yield connection
        if not dry_run:
            connection.commit()


@contextmanager
def creating(url: URL) -> Iterator[Connection]:
    """Open a database in one transaction, creating the file if it is missing: for migrate alone."""
    if url.get_backend_name() == "duckdb" and not Path(str(url.database)).absolute().parent.is_dir():
        raise DatabaseError(f"{shown(url)}: its folder does not exist")
    new = not exists(url)
    with _translated(url), make_engine(url).connect() as connection:
        try:
            lock(connection, url)
            yield connection
            empty = current(connection) is None
            connection.commit()
            new = new and empty
        finally:
            if new:  # the file is still locked by this connection, so it is nobody else's
                for file in (Path(str(url.database)), Path(f"{url.database}.wal")):
                    file.unlink(missing_ok=True)


@contextmanager
def opened(url: URL, *, read_only: bool) -> Iterator[Connection]:
    """Open a database that exists, migrated or not; DatabaseError if there is none."""
    if not exists(url):
        raise DatabaseError(f"there is no database at {shown(url)}; create it with: jumelage migrate")
    with _translated(url), make_engine(url, read_only=read_only).connect() as connection:
        yield connection


def lock(connection: Connection, url: URL) -> None:
    """Be the only one who changes the database until the transaction ends; BusyError if somebody else is.

    A DuckDB file that is open for writing is locked as a whole already.
    """
    if is_duckdb(connection):
        return
    if not connection.exec_driver_sql(f"select pg_try_advisory_xact_lock({LOCK})").scalar():
        raise BusyError(f"{shown(url)} is busy: another process is writing; try again later")


def only_read(connection: Connection) -> None:
    """Let the rest of a transaction only read, and no files: queries of a wave run in it next."""
    connection.info[TRIED_OUT] = True
    if is_duckdb(connection):
        connection.exec_driver_sql("set enable_external_access = false")
        return
    raw: Any = connection.connection.driver_connection
    raw.prepare_threshold = 0  # a prepared statement is one statement
    connection.exec_driver_sql("set transaction read only")
