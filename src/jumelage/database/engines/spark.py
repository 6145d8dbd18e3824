"""Apache Spark over a lake, by Spark Connect: queries are translated, or refused where that would change them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from sqlalchemy import create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from jumelage import content
from jumelage.database.engines import UNREADABLE_URL, Beside, Engine
from jumelage.database.engines.lake import Lake
from jumelage.database.models import SCHEMA, metadata
from jumelage.database.sql import stream
from jumelage.errors import BusyError, DatabaseError, UsageError
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection
    from sqlalchemy import Engine as Connections

    from jumelage.database.engines import Verdict
    from jumelage.database.engines.spark_session import Session

_SCHEME = "sparkconnect://"
_PORT = 15002
_WRITE = Label("écrivez sparkconnect://hôte:15002?lake=/données/lac", "write sparkconnect://host:15002?lake=/data/lake")
registry.register("sparkconnect", "jumelage.database.engines.spark_session", "SparkDialect")


class Spark(Engine):
    """A lake that a cluster reads; every machine of it must find the folder under the same path, and so must this one.

    Queries that are not ours, of analysts and of waves, are answered beside, by DuckDB in a process over the same lake.
    """

    name: ClassVar[str] = "sparkconnect"
    dialect: ClassVar[str] = "spark"
    schemes: ClassVar[tuple[str, ...]] = (_SCHEME,)
    has_savepoints: ClassVar[bool] = False
    fitted: ClassVar[Label] = Lake.fitted

    def __init__(self) -> None:
        """Read the index as a lake does."""
        self._lake = Lake()

    def read_url(self, given: str) -> URL:
        """Understand sparkconnect://host:port?lake=folder; UsageError for what names no server or no lake."""
        try:
            url = make_url(given)
        except (ArgumentError, ValueError):
            raise UsageError(filled(UNREADABLE_URL, _WRITE)) from None
        if not url.host or set(url.query) != {"lake"} or url.database or url.username or url.password:
            raise UsageError(filled(UNREADABLE_URL, _WRITE))
        folder = self._lake.read_url(f"lake:{url.query['lake']}")
        return url.set(port=url.port or _PORT, query={"lake": str(Path(str(folder.database)).absolute())})

    def shown(self, url: URL) -> str:
        """Return the address: it holds no secret."""
        return f"{_SCHEME}{url.host}:{url.port}?lake={url.query['lake']}"

    def exists(self, url: URL) -> bool:  # noqa: ARG002
        """Return true: the index and the connection tell."""
        return True

    def files(self, url: URL) -> tuple[Path, ...]:
        """Return the folder of the lake."""
        return self._lake.files(_lake_of(url))

    def now(self, url: URL) -> URL:
        """Return the address with the index that is there."""
        return _with_lake(url, self._lake.now(_lake_of(url)))

    def beside(self, url: URL) -> Beside:
        """Return how DuckDB reads the same lake."""
        return self._lake.beside(_lake_of(url))

    def check(self, url: URL) -> None:
        """Raise DatabaseError for a lake that cannot be read."""
        self._lake.check(_lake_of(url))

    def connections(self, url: URL, *, read_only: bool) -> Connections:  # noqa: ARG002
        """Make a source of sessions of the server, in each of which the views are temporary."""
        index = self._lake.index(_lake_of(url))
        made = create_engine(
            URL.create(self.name),
            poolclass=NullPool,
            connect_args={"remote": f"sc://{url.host}:{url.port}", "folder": self.files(url)[0], "index": index},
            execution_options={"no_parameters": True},
        )
        made.url = _with_lake(url, _lake_of(url).set(query={"index": index.digest}))
        return made

    def connect(self, connections: Connections) -> None:
        """Open a session."""
        event.listen(connections, "do_connect", _connect)

    def lock(self, connection: Connection, url: URL, seconds: float) -> None:
        """Refuse: nothing is written by this way."""
        self._lake.lock(connection, _lake_of(url), seconds)

    def only_read(self, connection: Connection) -> None:
        """Do nothing: nothing can be written."""

    def errors(self) -> tuple[type[Exception], ...]:
        """Return what a session raises."""
        from jumelage.database.engines.spark_session import SparkError

        return (SparkError,)

    def verdict(self, error: BaseException) -> Verdict:
        """Tell by what Spark says of it."""
        return "statement" if getattr(error, "of_the_query", False) else "failed"

    def told(self, error: BaseException, url: URL, seconds: float = 0) -> BusyError | DatabaseError:  # noqa: ARG002
        """Say what went wrong."""
        return DatabaseError(f"{self.shown(url)}: {str(error).strip()}")

    def version(self, connection: Connection) -> str | None:
        """Return the migration that the lake is at."""
        return str(_session(connection).index.migration)

    def views(self, connection: Connection) -> list[str]:  # noqa: ARG002
        """Return the views of a session."""
        return list(content.views(self.dialect))

    def view_columns(self, connection: Connection) -> list[tuple[str, str]]:
        """Return the columns of these views."""
        session = _session(connection)
        return [(view, column) for view in self.views(connection) for column in session.columns(view)]

    def drop_views(self, connection: Connection, names: Sequence[str]) -> None:
        """Do nothing: they end with the session."""

    def columns(self, connection: Connection, schema: str) -> dict[str, list[str]]:  # noqa: ARG002
        """Return the columns of each table."""
        return {
            table.name: [column.name for column in table.columns]
            for table in metadata.sorted_tables
            if schema == SCHEMA
        }

    def workbench(self, connection: Connection) -> Connection | None:  # noqa: ARG002
        """Return none."""
        return None

    def append(self, workbench: Connection, sql: str, target: Connection, table: str, columns: Sequence[str]) -> int:
        """Refuse: a lake is only read."""
        raise NotImplementedError

    def spool(self, source: Connection, sql: str, columns: Sequence[str], file: BinaryIO) -> None:
        """Write the lines that the query makes of its rows."""
        fields = (
            f"case when {name} is null then '' else '\"' || replace(cast({name} as varchar), '\"', '\"\"') || '\"' end"
            for name in columns
        )
        line = " || ',' || ".join(fields)
        file.writelines(
            "".join([f"{text}\n" for (text,) in rows]).encode()
            for rows in stream(source, f"select {line} as line from ({sql}) t")[1]
        )

    def check_copies(self, url: URL) -> None:
        """Refuse: files are copied as files."""
        self._lake.check_copies(_lake_of(url))

    def fingerprint(self, columns: Sequence[str]) -> str:
        """Return Spark's hash of the values as texts, each begun by a sign that a null has not; its sum may be long."""
        told = ", ".join(
            f"coalesce(concat('+', length(cast({name} as string)), ':', cast({name} as string)), '-')"
            for name in columns
        )
        return f"cast(xxhash64(concat({told})) as decimal(38, 0))"

    def orphans(self, connection: Connection, tables: Collection[str] | None) -> list[str]:
        """Look for them as DuckDB does, over the same lake."""
        from jumelage.database.engines.foreign_keys import orphans

        return orphans(connection, tables, "left anti join")

    def variables(self, values: Mapping[str, str], often: Sequence[str]) -> tuple[str, ...]:
        """Return the statements of a lake, which a session understands."""
        return self._lake.variables(values, often)

    def settle(self, connection: Connection, often: Sequence[str]) -> None:
        """Let the session keep the rows of these views."""
        self._lake.settle(connection, often)


def _connect(_dialect: object, _record: object, _given: object, options: dict[str, Any]) -> Session:
    """Open a session, and make its views."""
    from jumelage.database.engines.spark_session import Session

    return Session(options["remote"], options["folder"], options["index"])


def _session(connection: Connection) -> Session:
    found: Any = connection.connection.driver_connection
    session: Session = found
    return session


def _lake_of(url: URL) -> URL:
    """Return the address of the lake alone, with the index that is named."""
    index = {name: value for name, value in url.query.items() if name == "index"}
    return URL.create("lake", database=str(url.query["lake"]), query=index)


def _with_lake(url: URL, lake: URL) -> URL:
    return url.set(query={"lake": str(lake.database), **lake.query})
