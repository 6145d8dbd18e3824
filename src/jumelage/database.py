"""Connections to DuckDB and PostgreSQL, whether a database fits this version, and bulk rows."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from jumelage import content
from jumelage.errors import BusyError, DatabaseError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Engine

ENVIRONMENT = "JUMELAGE_DATABASE_URL"
DEFAULT = "jumelage.duckdb"
_LOCKED = "Could not set lock on file"
_VERSION = "select version_num from alembic_version"
LOCK = 0x6A756D  # PostgreSQL's advisory lock of whoever changes the database
_RESERVED = {"survey", "main", "temp", "system", "information_schema", "pg_catalog"}


def resolve_url(option: str | None) -> URL:
    """Return the database's URL: of the option, else of the environment, else ./jumelage.duckdb.

    A plain path is a DuckDB file. UsageError for what is no URL of an engine that jumelage runs on.
    """
    given = option if option is not None else os.environ.get(ENVIRONMENT) or DEFAULT
    if not given.strip():
        raise UsageError("--db is empty; give a DuckDB file or an URL")
    if "://" not in given:
        if re.match(r"[a-z+]{2,}:|.*\b(host|dbname|password)=", given):
            raise UsageError("the database URL cannot be read; write engine://user@host/name")
        url = URL.create("duckdb", database=given)
    else:
        try:
            url = make_url(given)
        except (ArgumentError, ValueError):
            raise UsageError("the database URL cannot be read; write engine://user@host/name") from None
    engine = url.get_backend_name()
    if engine in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if engine != "duckdb":
        raise UsageError(f"{engine} databases are not supported; use duckdb:///file or postgresql://…")
    if not url.database or url.database == ":memory:":
        raise UsageError("a DuckDB database needs a file: duckdb:///jumelage.duckdb")
    if Path(url.database).stem.lower() in _RESERVED:
        raise UsageError(f"{url.database}: a DuckDB file of that name hides a schema; choose another name")
    return url


def shown(url: URL) -> str:
    """Return a URL as it may be printed: a file's path, or a server's address without any secret."""
    if url.get_backend_name() == "duckdb":
        return str(url.database)
    plain = url.set(drivername="postgresql", query={})
    return plain.render_as_string(hide_password=True)


def _secrets(url: URL) -> list[str]:
    values = [url.password, *(url.query.get(name) for name in ("password", "sslpassword", "passfile"))]
    return [str(value) for value in values if value]


@contextmanager
def _translated(url: URL) -> Iterator[None]:
    """Turn an engine's refusal into an error of ours, with no secret in it."""
    try:
        yield
    except DBAPIError as error:
        text = str(error.orig).strip()
        for secret in _secrets(url):
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
        config = {
            "default_null_order": "nulls_last_on_asc_first_on_desc",
            "autoinstall_known_extensions": "false",
        }
        if read_only:  # what reads runs queries of waves and reports: they have no business with files
            config["enable_external_access"] = "false"
        duckdb_arguments = {"read_only": read_only, "config": config}
        return create_engine(url, poolclass=NullPool, connect_args=duckdb_arguments, execution_options=options)
    arguments: dict[str, Any] = {"connect_timeout": 10, "application_name": "jumelage"}
    if read_only:
        arguments["prepare_threshold"] = 0  # a prepared statement is one statement: no second one can end READ ONLY
    isolation = "REPEATABLE READ" if read_only else "READ COMMITTED"
    return create_engine(
        url,
        poolclass=NullPool,
        connect_args=arguments,
        isolation_level=isolation,
        execution_options=options | {"postgresql_readonly": read_only},
    )


def in_memory() -> Engine:
    """Make an engine on a DuckDB in memory."""
    return make_engine(URL.create("duckdb", database=":memory:"))


def exists(url: URL) -> bool:
    """Tell whether there is a database; of a server's only its connection can tell."""
    return url.get_backend_name() != "duckdb" or Path(str(url.database)).exists()


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


def is_duckdb(connection: Connection) -> bool:
    """Tell whether the connection is to DuckDB rather than to PostgreSQL."""
    return connection.dialect.name == "duckdb"


def only_read(connection: Connection) -> None:
    """Let the rest of a transaction only read, and no files: queries of a wave run in it next."""
    if is_duckdb(connection):
        connection.exec_driver_sql("set enable_external_access = false")
        return
    raw: Any = connection.connection.driver_connection
    raw.prepare_threshold = 0  # a prepared statement is one statement
    connection.exec_driver_sql("set transaction read only")


def query(connection: Connection, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run a query as it stands, colons and percent signs included: the column names, and the rows."""
    result = connection.exec_driver_sql(sql)
    return list(result.keys()), [tuple(row) for row in result.fetchall()]


# --- the state of the schema -------------------------------------------------------------------------------


def migrations() -> dict[str, str | None]:
    """Return each migration's revision with the one before it, read without importing Alembic."""
    found = {}
    for path in sorted((content.root() / "alembic" / "versions").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        marks = dict(re.findall(r'^(revision|down_revision)\s*=\s*"?([^"\n]+)"?$', text, re.MULTILINE))
        before = marks["down_revision"]
        found[marks["revision"]] = None if before == "None" else before
    return found


def head() -> str:
    """Return the newest migration."""
    known = migrations()
    (newest,) = set(known) - set(known.values())
    return newest


def current(connection: Connection) -> str | None:
    """Return the migration that the database is at; None before the first."""
    tables = (
        "select count(*) from information_schema.tables "
        "where table_name = 'alembic_version' and table_schema = current_schema()"
    )
    if not connection.exec_driver_sql(tables).scalar():
        return None
    return connection.exec_driver_sql(_VERSION).scalar()


def _first_look(connection: Connection) -> str | None:
    """Return the migration as `current` does, as the first thing that is asked.

    DuckDB reads every table to list them, so a database that is migrated is asked without.
    """
    if not is_duckdb(connection):
        return current(connection)
    try:
        return connection.exec_driver_sql(_VERSION).scalar()
    except DBAPIError:
        connection.rollback()
        return current(connection)


def content_hash(part: str, dialect: str) -> str:
    """Return the SHA-256 of the `code_lists` or the `views` of this version of the project."""
    digest = hashlib.sha256()
    if part == "views":
        texts = {name: text.encode() for name, text in content.views(dialect).items()}
    else:
        texts = {name: path.read_bytes() for name, path in content.code_lists().items()}
    for name, text in texts.items():
        digest.update(f"{name}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()


def outdated(connection: Connection) -> list[str]:
    """Return which of `code_lists` and `views` in the database are not those of this version."""
    rows = dict(query(connection, "select part, hash from survey.installed")[1])
    parts = ("code_lists", "views")
    return [part for part in parts if rows.get(part) != content_hash(part, connection.dialect.name)]


def check_migrated(connection: Connection, url: URL) -> None:
    """Raise DatabaseError, with the remedy, unless the database is as this version's migrate leaves it."""
    at, newest = _first_look(connection), head()
    if at is None:
        raise DatabaseError(f"{shown(url)} has no tables of jumelage yet; run: jumelage migrate")
    if at not in migrations():
        raise DatabaseError(f"{shown(url)} is at migration {at}, newer than this jumelage; upgrade jumelage")
    if at != newest:
        raise DatabaseError(f"{shown(url)} is at migration {at}, older than {newest}; run: jumelage migrate")
    if parts := outdated(connection):
        what = " and ".join(part.replace("_", " ") for part in parts)
        raise DatabaseError(f"{shown(url)}: its {what} are not those of this jumelage; run: jumelage migrate")


# --- bulk rows, and what PostgreSQL's foreign keys would have said -------------------------------------------


def path_literal(path: Path) -> str:
    """Return a path as an SQL text."""
    return "'" + str(path).replace("'", "''") + "'"


def file_to_read(path: Path) -> str:
    """Return a path as DuckDB's readers take it: to them, [ * ? and key=value in a name would have a meaning."""
    return (
        path_literal(Path(re.sub(r"([\[*?])", r"[\1]", str(path))))
        + ", hive_partitioning = false, compression = 'none'"
    )


def append(workbench: Connection, sql: str, target: Connection, table: str, columns: Sequence[str]) -> int:
    """Append what a query of the workbench gives to a table of the target; return the number of rows.

    One INSERT … SELECT where the target is the workbench (DuckDB), else one COPY through a spooled file.
    """
    names = ", ".join(columns)
    if workbench is target:
        done = target.exec_driver_sql(f"insert into {table} ({names}) {sql}")
        return int(done.scalar() or 0)
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        spool = Path(folder) / "rows.csv"
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
    from tempfile import TemporaryDirectory

    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in kinds.items())
    with TemporaryDirectory() as folder:
        spool = Path(folder) / "rows.csv"
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
    from jumelage.models import foreign_keys

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
