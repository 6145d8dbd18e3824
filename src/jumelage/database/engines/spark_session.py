"""A session of Spark Connect as SQLAlchemy's driver, in which the views of a lake are temporary ones.

Queries run as they are translated; the few statements that set a scope are those of a lake, and are understood here.
"""

from __future__ import annotations

import logging
import re
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy.engine.default import DefaultDialect

from jumelage import content
from jumelage.database.engines.spark_sql import UntranslatableError, text_literal, translated, view_of
from jumelage.database.lake import by_revision, held

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import ModuleType

    from sqlalchemy import Table

    from jumelage.database.lake import Index

# How a session reads, whatever the server says.
_SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "false",
    "spark.sql.cteRecursionLevelLimit": "200",
}
_KINDS = {"TEXT": "string", "DATETIME": "timestamp_ntz"}  # the others are called alike
_INSTALLED = "survey.installed"
# Views with a row per revision, town or item, however many agreements there are: a query that reads them is planned
# and run many times faster if it finds their rows.
_FEW_ROWS = ("scope", "town_agreements", "respondents", "item_counts")
_VARIABLES = ("scope", "inferred", "classified_on", "kind")
_SET = re.compile(r"set variable jumelage_(\w+) = '(.*)'", re.DOTALL)
_SET_OF_FILES = "set variable jumelage_chosen = "  # Spark finds out by itself which files it reads
_FORGET = "drop table if exists temp."  # of all that was worked out: the scope changes
_KEEP = re.compile(r"create temp table (\w+) as select \* from main\.\1")

# What a driver says of itself.
apilevel, paramstyle, threadsafety = "2.0", "qmark", 1


class SparkError(Exception):
    """What went wrong; `of_the_query` tells that it is the query, not the server."""

    def __init__(self, message: str, *, of_the_query: bool = False) -> None:
        """Keep both."""
        super().__init__(message)
        self.of_the_query = of_the_query


Error = SparkError


class Session:
    """One session of a server: every query in it sees the same files."""

    def __init__(self, remote: str, folder: Path, index: Index) -> None:
        """Connect, and make the views."""
        self.index = index
        self._remote, self._folder = remote, folder
        logging.getLogger("SQLQueryContextLogger").disabled = True  # errors are told by us
        self._spark: Any = _tried(self._open)
        self._views = content.views(SparkDialect.views)
        self._tables = {table.fullname: table for table in held()}
        self._made: set[str] = set()
        self._kept: set[str] = set()

    def _open(self) -> Any:  # noqa: ANN401
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.remote(self._remote).create()
        for name, value in _SETTINGS.items():
            spark.conf.set(name, value)
        for name in _VARIABLES:
            spark.sql(f"declare or replace variable jumelage_{name} string default null")
        return spark

    def _need(self, read: frozenset[str]) -> None:
        """Make the views that a query reads, and those that these read: each takes the server some time."""
        wanted, left = set(), set(read)
        while left:
            wanted.add(name := left.pop())
            if name in self._views and name not in self._kept:
                left |= translated(self._views[name])[1] - wanted
        for name in sorted(wanted - self._made):
            if name in self._tables:
                self._read(self._tables[name])
                self._made.add(name)
            elif name == _INSTALLED:
                self._make_installed()
                self._made.add(name)
        for name in self._views:
            if name in wanted and name not in self._kept:
                self._make(name)
                if name in _FEW_ROWS:
                    self._keep(name)

    def _make_installed(self) -> None:
        installed = {"code_lists": self.index.code_lists, "views": content.hash_of("views", SparkDialect.views)}
        rows = ", ".join(f"('{part}', '{found}')" for part, found in installed.items())
        self._spark.sql(
            f"create or replace temporary view {view_of('installed')} as select * from values {rows} as t (part, hash)"
        )

    def _make(self, name: str) -> None:
        if name not in self._made:
            self._spark.sql(f"create or replace temporary view {name} as {translated(self._views[name])[0]}")
            self._made.add(name)

    def _keep(self, name: str) -> None:
        """Let a view be its rows, as they are now, until it is forgotten."""
        rows = self._spark.table(name).toArrow()
        self._spark.createDataFrame(rows).createOrReplaceTempView(name)
        self._kept.add(name)

    def _read(self, table: Table) -> None:
        """Make the view of a table: of just those files that the index names."""
        kinds = {column.name: _KINDS.get(str(column.type), str(column.type)) for column in table.columns}
        schema = ", ".join(f"`{name}` {kind}" for name, kind in kinds.items())
        files = [str(self._folder / file.path) for file in self.index.tables.get(table.name, ())]
        if not files:
            frame = self._spark.createDataFrame([], schema)
        elif table.name in by_revision():
            reader = self._spark.read.schema(schema).option("basePath", str(self._folder / table.name))
            frame = reader.parquet(*files).select(*(f"`{name}`" for name in kinds))
        else:  # few rows, which go with each query: to read them from a file is a task of its own
            from pyarrow import parquet

            frame = self._spark.createDataFrame(parquet.read_table(files, partitioning=None), schema)
        frame.createOrReplaceTempView(view_of(table.name))

    def run(self, sql: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """Run a query, or a statement that sets the scope: what its columns are, as a driver tells it, and its rows."""
        found: tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]] = _tried(partial(self._run, sql))
        return found

    def _run(self, sql: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        if sql.startswith(_SET_OF_FILES):
            return [], []
        if found := _SET.fullmatch(sql):
            self._spark.sql(
                f"set variable jumelage_{found[1]} = {text_literal(found[2].replace(chr(39) * 2, chr(39)))}"
            )
            return [], []
        if sql.startswith(_FORGET):
            self._made -= self._kept
            self._kept.clear()
            return [], []
        if found := _KEEP.fullmatch(sql):
            self._need(frozenset([found[1]]))
            if found[1] not in self._kept:
                self._keep(found[1])
            return [], []
        text, read = translated(sql)
        self._need(read)
        table = self._spark.sql(text).toArrow()
        rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
        return [(field.name, str(field.type), *[None] * 5) for field in table.schema], rows

    def columns(self, view: str) -> list[str]:
        """Return the columns of a view."""
        return [str(name) for name, *_ in self.run(f"select * from {view} limit 0")[0]]

    def cursor(self) -> Cursor:
        """Return a cursor."""
        return Cursor(self)

    def commit(self) -> None:
        """Do nothing: nothing is written."""

    def rollback(self) -> None:
        """Do nothing: nothing is written, and what is read does not change."""

    def close(self) -> None:
        """End the session on the server."""
        spark, self._spark = self._spark, None
        if spark is not None:
            _tried(spark.stop)


class Cursor:
    """A query's columns and rows, which are all fetched when it is run."""

    arraysize = 1

    def __init__(self, session: Session) -> None:
        """Ask a session."""
        self._session = session
        self.description: list[tuple[Any, ...]] | None = None
        self._rows: list[tuple[Any, ...]] = []
        self._at = 0
        self.rowcount = -1

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Run a query."""
        if parameters:
            raise SparkError("a query has no parameters", of_the_query=True)
        columns, self._rows = self._session.run(sql)
        self.description, self._at, self.rowcount = columns or None, 0, len(self._rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""
        return next(iter(self.fetchmany(1)), None)

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """Return so many of the next rows."""
        start, self._at = self._at, self._at + size
        return self._rows[start : self._at]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows that are left."""
        return self.fetchmany(len(self._rows))

    def close(self) -> None:
        """Forget the rows."""
        self._rows = []


class SparkDialect(DefaultDialect):
    """What SQLAlchemy needs to know: queries go to the driver as they stand."""

    name = "sparkconnect"
    driver = "sparkconnect"
    supports_statement_cache = False
    views: ClassVar[str] = "spark"

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        """Return this module."""
        import sys

        return sys.modules[__name__]


def _tried(call: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Call what may fail on a server, and tell whether that is the query's fault."""
    try:
        from grpc import RpcError
        from pyspark.errors import AnalysisException, ArithmeticException, ParseException, PySparkException

        of_the_query = (AnalysisException, ParseException, ArithmeticException)
    except ImportError as error:
        raise SparkError(f"{error.name} is missing; install jumelage with the extra spark") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of libraries, about each other
            return call()
    except UntranslatableError as error:
        raise SparkError(f"this is not translated for Spark: {error}", of_the_query=True) from error
    except PySparkException as error:
        text = str(error).split("\n\nJVM stacktrace:")[0].strip()
        raise SparkError(text, of_the_query=isinstance(error, of_the_query)) from error
    except (RpcError, OSError, ValueError) as error:
        raise SparkError(f"the server does not answer: {error}") from error
