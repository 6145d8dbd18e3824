"""DuckDB: a file, locked as a whole by whoever writes; the workbench of a load is the target itself."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from jumelage.database.engines import AGAIN, OURS, UNREADABLE_URL, WAIT, Beside, Engine
from jumelage.database.engines.duckdb_copy import (
    SMALLEST,
    USUAL,
    copy,
    drop_log_of_replaced,
    is_log_damaged,
    put_in_place,
    seen,
)
from jumelage.database.engines.duckdb_damage import beginning_lost, damage, log_damaged, unwritable
from jumelage.database.engines.duckdb_file import created, start_of, tidy
from jumelage.database.engines.foreign_keys import orphans
from jumelage.database.sql import literal, query, stream
from jumelage.errors import BusyError, DatabaseError, UsageError
from jumelage.texts import NOT_READ, Label, both, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from duckdb_engine import ConnectionWrapper
    from sqlalchemy import Connection
    from sqlalchemy import Engine as Connections

    from jumelage.database.engines import Verdict

PLUGIN = "jumelage.duckdb"  # the comparison that needs no reflection, which duckdb-engine has not
_RESERVED = {"survey", "main", "temp", "system", "information_schema", "pg_catalog"}
MEMORY = "350MB"  # of a load; the interpreter and the text being read come on top
# Whatever the URL says, these are ours: they change what is read or how it is ordered.
SETTINGS = {
    "default_null_order": "nulls_last_on_asc_first_on_desc",
    "default_order": "asc",
    "default_collation": "",
    "ieee_floating_point_ops": "true",
    "integer_division": "false",
    "old_implicit_casting": "false",
    "errors_as_json": "false",
    "autoinstall_known_extensions": "false",
}
# Of a file that is handed on: the smallest blocks, with which one of few rows is a tenth as large, and a format that
# people's own DuckDB reads, too, which may be older than ours.
_HANDED_ON = {"default_block_size": "16384", "storage_compatibility_version": "v1.2.0"}
_LOCKED = "Could not set lock on file"
_READER = "in read-only mode"  # what DuckDB adds where the other one only reads
_MAGIC = b"DUCK"  # from the ninth byte on
_MADE_BY = re.compile(rb"v\d+\.\d+")  # from byte 52 on
# What stands in a message of an error that is not the statement's own.
_FAILURES = (
    "IOException",
    "FatalException",
    "InternalException",
    "OutOfMemoryException",
    "InterruptException",
    "TransactionException",
    "ConnectionException",
    "SerializationException",
    "Error",  # of a block whose checksum is not that of what is in it; the others have a name of their own
)
_OUR_VIEWS = (
    "from duckdb_views() where not internal and database_name = current_database() "
    f"and schema_name = current_schema() and comment like '{OURS}%'"
)


class DuckDB(Engine):
    """A DuckDB file, or a database in memory."""

    name: ClassVar[str] = "duckdb"
    dialect: ClassVar[str] = "duckdb"
    schemes: ClassVar[tuple[str, ...]] = ("duckdb://",)
    has_savepoints: ClassVar[bool] = False
    alembic_plugins: ClassVar[tuple[str, ...]] = (PLUGIN,)

    def read_url(self, given: str) -> URL:
        """Understand duckdb:///file, or a path; UsageError for what is no file."""
        try:
            url = make_url(given) if "://" in given else URL.create("duckdb", database=given)
        except (ArgumentError, ValueError):
            raise UsageError(
                filled(UNREADABLE_URL, Label("écrivez duckdb:///fichier", "write duckdb:///file"))
            ) from None
        if not url.database or url.database == ":memory:":
            raise UsageError(
                both(
                    "une base DuckDB a besoin d’un fichier\u00a0: duckdb:///jumelage.duckdb",
                    "a DuckDB database needs a file: duckdb:///jumelage.duckdb",
                )
            )
        if url.host or url.query:
            raise UsageError(
                both(
                    "une URL DuckDB est un fichier seul, sans hôte ni paramètres\u00a0: duckdb:///jumelage.duckdb",
                    "a DuckDB URL is a file alone, without a host or parameters: duckdb:///jumelage.duckdb",
                )
            )
        if Path(url.database).stem.lower() in _RESERVED:
            raise UsageError(
                both(
                    "{}\u00a0: un fichier DuckDB de ce nom cache un schéma\u00a0; choisissez un autre nom",
                    "{}: a DuckDB file of that name hides a schema; choose another name",
                    url.database,
                )
            )
        return url

    def shown(self, url: URL) -> str:
        """Return the path of the file."""
        return str(url.database)

    def exists(self, url: URL) -> bool:
        """Tell whether the file is there."""
        return Path(str(url.database)).exists()

    def files(self, url: URL) -> tuple[Path, ...]:
        """Return the file and its log."""
        return Path(str(url.database)), Path(f"{url.database}.wal")

    def now(self, url: URL) -> URL:
        """Return the file that a link leads to now; as it was named, if there is no link on the way."""
        path = Path(str(url.database))
        return url if path.resolve() == path.absolute() else url.set(database=str(path.resolve()))

    def beside(self, url: URL) -> Beside | None:
        """Return the file."""
        return Beside(str(Path(str(url.database)).absolute()))

    def check(self, url: URL) -> None:
        """Raise DatabaseError for a file that cannot be read or is of another kind."""
        path = Path(str(url.database))
        drop_log_of_replaced(path)
        try:
            start = start_of(path, 64)
        except OSError as error:
            raise DatabaseError(filled(NOT_READ, path, error.strerror)) from error
        if start[8:12] == _MAGIC:
            if is_log_damaged(path):
                raise log_damaged(self.shown(url))
            return
        if _MADE_BY.match(start, 52):
            raise beginning_lost(self.shown(url))
        if not start:
            what = Label(
                "il est vide\u00a0; supprimez-le et lancez\u00a0: jumelage migrate",
                "it is empty; remove it, and run: jumelage migrate",
            )
        elif start.startswith(b"SQLite format 3"):
            what = Label(
                "c’est une base SQLite\u00a0; nommez un autre fichier", "it is an SQLite database; name another file"
            )
        else:
            what = Label(
                "c’est un fichier d’une autre sorte\u00a0; nommez-en un autre",
                "it is a file of another kind; name another one",
            )
        raise DatabaseError(
            both("{} n’est pas une base DuckDB\u00a0: {}", "{} is not a DuckDB database: {}", path, what)
        )

    def connections(self, url: URL, *, read_only: bool) -> Connections:
        """Make a source of connections: a pooled one would keep the file's lock."""
        config = SETTINGS | {name: str(value) for name, value in url.query.items()}  # none but what `created` gives
        if read_only:  # what reads runs queries of waves and reports: they have no business with files
            config["enable_external_access"] = "false"
        return create_engine(
            url.set(query={}),
            poolclass=NullPool,
            connect_args={"read_only": read_only, "config": config},
            # Without parameters a statement goes to the driver as it stands.
            execution_options={"no_parameters": True},
        )

    def connect(self, connections: Connections) -> None:
        """Connect as the dialect would, which opens a database of its own first to tell a URL's parameters apart."""
        event.listen(connections, "do_connect", _connect)

    @contextmanager
    def created(self, url: URL, *, instead: bool = False) -> Iterator[tuple[URL, Callable[[], None]]]:
        """Give a file in a folder beside, and move it into place when it is whole.

        A folder whose lock nobody holds was left by a process that is gone: the next one takes it over.
        """
        mode = 0o444 if instead else None
        with created(Path(str(url.database)).resolve(), self.shown(url), instead=instead, mode=mode) as (beside, keep):
            yield url.set(database=str(beside), query=_HANDED_ON if instead else {}), keep

    @contextmanager
    def copied(self, url: URL, to: URL, *, compact: bool) -> Iterator[tuple[URL, Callable[[], Path | None]]]:
        """Let DuckDB make a copy in a folder beside its place, and move it there."""
        source, place, shown = Path(str(url.database)).resolve(), Path(str(to.database)).resolve(), self.shown(to)
        before = seen(place)
        # Who may read the database may read its backup, and nobody else.
        mode = source.stat().st_mode & 0o444 if compact else None
        kept: list[Path | None] = []

        def move(beside: Path) -> None:
            kept.append(put_in_place(beside, place, shown, before))

        with created(place, shown, instead=True, mode=mode, move=None if compact else move) as (beside, keep):
            copy(source, beside, SMALLEST if compact else USUAL, SETTINGS)

            def put() -> Path | None:
                keep()
                return kept[0] if kept else None

            yield to.set(database=str(beside)), put

    def tidy(self, url: URL) -> None:
        """Remove the folder in which a process that is gone created a database."""
        tidy(Path(str(url.database)).resolve(), self.shown(url))

    def lock(self, connection: Connection, url: URL, seconds: float) -> None:
        """Do nothing: a file that is open for writing is locked as a whole already."""

    def only_read(self, connection: Connection) -> None:
        """Shut files out; that nothing is written, the wrapped queries see to."""
        connection.exec_driver_sql("set enable_external_access = false")

    def errors(self) -> tuple[type[Exception], ...]:
        """Return the errors of duckdb."""
        import duckdb

        return (duckdb.Error,)

    def verdict(self, error: BaseException) -> Verdict:
        """Tell by the kind of the exception."""
        text = str(error)
        if _LOCKED in text or (type(error).__name__ == "TransactionException" and "onflict" in text):
            return "busy"
        return "failed" if type(error).__name__ in _FAILURES else "statement"

    def told(self, error: BaseException, url: URL, seconds: float = WAIT) -> BusyError | DatabaseError:  # noqa: ARG002
        """Say who holds the file: a reader is not called a writer."""
        text, where = str(error).strip(), self.shown(url)
        if self.verdict(error) != "busy":
            return damage(text, where) or unwritable(text) or DatabaseError(f"{where}: {_first(text)}")
        found = re.search(r"\(PID (\d+)\)", text)
        who = f" (PID {found[1]})" if found else ""
        reads = Label("l’a ouvert en lecture", "has it open to read")
        does = reads if _READER in text else Label("est en train d’écrire", "is writing")
        state = both(
            "{} est occupé\u00a0: un autre processus{} {}", "{} is busy: another process{} {}", where, who, does
        )
        return BusyError(filled(AGAIN, state), state)

    def version(self, connection: Connection) -> str | None:
        """Return the migration; DuckDB reads every table to list them, so the table is asked right away."""
        try:
            found: str | None = connection.exec_driver_sql("select version_num from main.alembic_version").scalar()
        except DBAPIError as error:
            if self.verdict(error.orig or error) != "statement":
                raise
            connection.rollback()
            return None
        return found

    def views(self, connection: Connection) -> list[str]:
        """Return the views of the default schema with a comment of ours."""
        return [name for (name,) in query(connection, f"select view_name {_OUR_VIEWS}")[1]]

    def view_columns(self, connection: Connection) -> list[tuple[str, str]]:
        """Return the columns of these views."""
        sql = (
            "select c.table_name, c.column_name from duckdb_columns() c where c.database_name = current_database() "
            f"and c.schema_name = current_schema() and c.table_name in (select view_name {_OUR_VIEWS}) "
            "order by c.table_name, c.column_index"
        )
        return [(view, column) for view, column in query(connection, sql)[1]]

    def drop_views(self, connection: Connection, names: Sequence[str]) -> None:
        """Drop views one after the other: none is bound to another."""
        for name in names:
            connection.exec_driver_sql(f'drop view "{name}"')

    def columns(self, connection: Connection, schema: str) -> dict[str, list[str]]:
        """Return the columns of each table of a schema."""
        sql = (
            "select table_name, column_name from duckdb_columns() where database_name = current_database() "
            f"and schema_name = '{schema}' order by table_name, column_index"
        )
        found: dict[str, list[str]] = {}
        for table, column in query(connection, sql)[1]:
            found.setdefault(table, []).append(column)
        return found

    def workbench(self, connection: Connection) -> Connection | None:
        """Return the connection: rows are checked in temporary tables of the target."""
        return connection

    def append(self, workbench: Connection, sql: str, target: Connection, table: str, columns: Sequence[str]) -> int:
        """Append by one INSERT … SELECT."""
        if workbench is not target:
            raise NotImplementedError
        done = target.exec_driver_sql(f"insert into {table} ({', '.join(columns)}) {sql}")
        return int(done.scalar() or 0)

    def fetch(
        self,
        source: Connection,
        sql: str,
        workbench: Connection,
        table: str,
        kinds: Mapping[str, str],
    ) -> None:
        """Fetch by one CREATE TABLE … AS within a database; the columns then have the types that they have."""
        if workbench is source:
            workbench.exec_driver_sql(f"create or replace temp table {table} as {sql}")
        else:
            super().fetch(source, sql, workbench, table, kinds)

    def spool(self, source: Connection, sql: str, columns: Sequence[str], file: BinaryIO) -> None:
        """Write the lines that the query makes of its rows: who only reads may not write files by COPY."""
        fields = (
            f"case when {name} is null then '' else '\"' || replace(cast({name} as varchar), '\"', '\"\"') || '\"' end"
            for name in columns
        )
        line = " || ',' || ".join(fields)
        _, pieces = stream(source, f"select {line} from ({sql}) t")
        file.writelines("".join([f"{line}\n" for (line,) in rows]).encode() for rows in pieces)

    def fingerprint(self, columns: Sequence[str]) -> str:
        """Return DuckDB's hash of the values as they are."""
        return f"hash({', '.join(columns)})"

    def orphans(self, connection: Connection, tables: Collection[str] | None) -> list[str]:
        """Look for what PostgreSQL's foreign keys would have said: here they would block ALTER."""
        return orphans(connection, tables, "anti join")

    def variables(self, values: Mapping[str, str], often: Sequence[str]) -> tuple[str, ...]:
        """Return statements for variables of the session, and one that works the view `scope` out once.

        Views find a temporary table of that name before the view, and a third of the time of a report on few rows is
        planning what is in scope.
        """
        return (
            # As long as the table is there, main.scope is it, too: temporary tables have a schema main of their own.
            *(f"drop table if exists temp.{name}" for name in (*often, "scope")),
            *(f"set variable jumelage_{name} = {literal(value)}" for name, value in values.items()),
            "create temp table scope as select * from main.scope",
        )

    def settle(self, connection: Connection, often: Sequence[str]) -> None:
        """Make a temporary table of each view, which is found before it."""
        for name in often:
            connection.exec_driver_sql(f"create temp table {name} as select * from main.{name}")

    def room(self, connection: Connection, scratch: Path) -> None:
        """Bound the memory that a load takes."""
        connection.exec_driver_sql(f"set temp_directory = {literal(scratch)}")
        connection.exec_driver_sql(f"set memory_limit = '{MEMORY}'")


def _connect(_dialect: object, _record: object, _given: object, options: dict[str, Any]) -> ConnectionWrapper:
    """Open the database that SQLAlchemy asks for."""
    import duckdb
    from duckdb_engine import ConnectionWrapper

    return ConnectionWrapper(
        duckdb.connect(options["database"], read_only=options["read_only"], config=options["config"])
    )


def _first(text: str) -> str:
    """Return what DuckDB says without the trace of its own calls, which it adds where it fails."""
    return re.split(r"\n+(?:Stack Trace|This error signals)", text)[0].strip()
