"""The one door for the queries that a wave brings: they only read, each as a subquery and within limits."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError

from jumelage.database.answering import Answering, broken, received
from jumelage.database.attempt import CANCELLED, NO_ROOM, QueryError, attempt, limited, said
from jumelage.database.connection import in_memory
from jumelage.database.engines import engine_of
from jumelage.database.sandbox_process import fault, told
from jumelage.database.sql import query
from jumelage.database.wave_queries import why_not

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from concurrent.futures import Executor

    from sqlalchemy import Connection

T = TypeVar("T")
Rows = tuple[list[str], list[tuple[Any, ...]]]  # the names of columns, and rows
SECONDS = 10.0  # for one query
ALL_SECONDS = 60.0  # for all queries of a check
MOST = 1000  # rows that are counted
MOST_ROWS = 100_000  # of a report
_GRACE = 3.0  # seconds after which a query that does not heed its interruption is ended with its process


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows that a query gave, at most one more than are counted, and the first of them; or why it gave none.

    `unchecked` tells that it could not be asked to the end, which says nothing about it.
    """

    rows: int = 0
    first: str = ""
    failed: str = ""
    unchecked: bool = False

    def told(self) -> str:
        """Say what the rows are; empty if there are none."""
        if not self.rows:
            return ""
        number = f"more than {MOST}" if self.rows > MOST else str(self.rows)
        verb = "row speaks" if self.rows == 1 else "rows speak"
        return f"{number} {verb} against it, the first: {self.first}"


class Door(Protocol):
    """Where queries that a wave brings are asked."""

    def ask(self, settings: Sequence[str], queries: Collection[str]) -> dict[str, Answer]:
        """Return the answer to each query, in the scope that the settings set."""

    def beside(self, queries: Collection[str], asking: Callable[[], T]) -> Callable[[], T]:
        """Begin to ask these queries beside what is done with the connection, if the door can; call for the result."""

    def rows(self, settings: Sequence[str], sql: str) -> Rows:
        """Return the columns and all rows of a query; QueryError if it is not run, fails, or gives too many."""


@contextmanager
def door(connection: Connection) -> Iterator[Door]:
    """Give the door for a database that is read: a process of its own on DuckDB, else limits of the server."""
    with ExitStack() as stack:
        bench = _Bench(connection, stack)
        engine, url = engine_of(connection), connection.engine.url
        if beside := engine.beside(url):
            process = Answering(engine.shown(url), beside, ALL_SECONDS)
            stack.callback(process.end)
            executor = stack.enter_context(ThreadPoolExecutor(1))
            stack.callback(process.close)  # whoever still asks gets an answer at once
            yield _OnDuckDB(bench, process, executor)
        else:
            yield _OnServer(connection, bench)


@contextmanager
def rehearsal(connection: Connection) -> Iterator[Door]:
    """Give the door for rows that are not committed, which no other process can see.

    What takes too long is unchecked. On DuckDB so is all that is asked after a query that ends the transaction.
    """
    with ExitStack() as stack:
        bench = _Bench(connection, stack)
        within = engine_of(connection).workbench(connection) is not None
        yield _WithinDuckDB(connection) if within else _OnServer(connection, bench, trying=True)


def columns_given(connection: Connection, sql: str) -> list[str]:
    """Return the columns that a query gives, without running it; QueryError if it cannot be understood.

    It uses nothing that it may not. A transaction that is open goes on, whatever is wrong with the query.
    """
    nothing = f"select * from (\n{sql}\n) as given limit 0"
    if engine_of(connection).workbench(connection) is None:
        with attempt(connection):
            return query(connection, nothing)[0]
    import duckdb

    beside = connection.connection.driver_connection.duplicate()  # type: ignore[union-attr]
    try:
        return [column[0] for column in beside.execute(nothing).description]
    except duckdb.Error as error:
        raise QueryError(fault(str(error))) from error
    finally:
        beside.close()


class _Bench:
    """A DuckDB that takes queries apart: that of the database, else one in memory, opened when it is needed."""

    def __init__(self, connection: Connection, stack: ExitStack) -> None:
        self._connection, self._stack = connection, stack
        self._bench = engine_of(connection).workbench(connection)

    def why_not(self, sql: str) -> str:
        """Say why a query is not run; empty if it may be."""
        if self._bench is None:
            self._bench = self._stack.enter_context(in_memory().connect())
        return why_not(self._bench, sql)


class _Clock:
    """The time that all queries of a check have together."""

    def __init__(self) -> None:
        self._left = ALL_SECONDS

    def limit(self) -> float:
        """Return the seconds that the next query has; none when all is spent."""
        return min(SECONDS, self._left)

    def spend(self, since: float) -> None:
        """Take off what a query took."""
        self._left -= time.monotonic() - since


_SPENT = "the queries of the wave took too long together, and this one was not run"


def _too_long(seconds: float) -> str:
    return f"took more than {seconds:.3g} seconds, and was stopped"


_NOT_YET = "is run once the wave is loaded"
_TOO_MANY = f"gives more than {MOST_ROWS} rows"


def _wrapped(sql: str, most: int = MOST) -> str:
    """Return a query as a subquery: there, an engine refuses what does more than read."""
    return f"select * from (\n{sql}\n) as offenders limit {most + 1}"  # the line ends a comment at its end


def _within(names: list[str], rows: list[tuple[Any, ...]]) -> Rows:
    if len(rows) > MOST_ROWS:
        raise QueryError(_TOO_MANY)
    return names, rows


class _InTransaction:
    """The door of a transaction that is open already: queries are asked one by one."""

    _connection: Connection

    def ask(self, settings: Sequence[str], queries: Collection[str]) -> dict[str, Answer]:
        """Return the answer to each query, in the scope that the settings set."""
        for statement in settings:
            self._connection.exec_driver_sql(statement)
        return {sql: self._ask(sql) for sql in sorted(queries)}

    def beside(self, queries: Collection[str], asking: Callable[[], T]) -> Callable[[], T]:  # noqa: ARG002
        """Return a call that asks them: this connection can only do one thing after the other."""
        return asking

    def _ask(self, sql: str) -> Answer:
        raise NotImplementedError


class _OnServer(_InTransaction):
    """PostgreSQL: within a transaction that only reads, each in a savepoint with a limit of time."""

    def __init__(self, connection: Connection, bench: _Bench, *, trying: bool = False) -> None:
        self._connection, self._bench, self._trying, self._clock = connection, bench, trying, _Clock()

    def _ask(self, sql: str) -> Answer:
        if reason := self._bench.why_not(sql):
            return Answer(failed=reason)
        seconds, since = self._clock.limit(), time.monotonic()
        if seconds <= 0:
            return Answer(failed=_SPENT, unchecked=self._trying)
        try:
            names, rows = self._limited(sql, MOST, seconds)
        except QueryError as error:
            return Answer(failed=fault(str(error)))
        except DBAPIError as error:
            code = getattr(error.orig, "sqlstate", None) or ""
            if self._connection.invalidated or not (code == CANCELLED or code.startswith(NO_ROOM)):
                raise
            late = code == CANCELLED and time.monotonic() - since >= seconds
            return Answer(failed=_too_long(seconds) if late else fault(said(error)), unchecked=self._trying and late)
        finally:
            self._clock.spend(since)
        return Answer(len(rows), told(names, rows[0]) if rows else "")

    def rows(self, settings: Sequence[str], sql: str) -> Rows:
        """Return the columns and all rows of a query; QueryError if it is not run, fails, or gives too many."""
        if reason := self._bench.why_not(sql):
            raise QueryError(reason)
        for statement in settings:
            self._connection.exec_driver_sql(statement)
        try:
            found = self._limited(sql, MOST_ROWS, SECONDS)
        except QueryError as error:
            raise QueryError(fault(str(error))) from error
        except DBAPIError as error:
            if self._connection.invalidated or getattr(error.orig, "sqlstate", None) != CANCELLED:
                raise
            raise QueryError(_too_long(SECONDS)) from error
        return _within(*found)

    def _limited(self, sql: str, most: int, seconds: float) -> Rows:
        """Return the columns and rows of a query, at most one row more than are wanted, within a limit of time."""
        with attempt(self._connection), limited(self._connection, seconds):
            return query(self._connection, _wrapped(sql, most))


class _OnDuckDB:
    """DuckDB: in a process that reads the file with us, and can be ended."""

    def __init__(self, bench: _Bench, process: Answering, executor: Executor) -> None:
        self._bench, self._process, self._executor, self._clock = bench, process, executor, _Clock()

    def beside(self, queries: Collection[str], asking: Callable[[], T]) -> Callable[[], T]:
        """Let the process answer while the connection is at work."""
        if not queries:
            return asking
        self._process.start()
        for sql in queries:
            self._bench.why_not(sql)  # which may ask the connection, so now: it is remembered
        return self._executor.submit(asking).result

    def ask(self, settings: Sequence[str], queries: Collection[str]) -> dict[str, Answer]:
        """Return the answer to each query, in the scope that the settings set."""
        return {sql: self._ask(settings, sql) for sql in sorted(queries)}

    def rows(self, settings: Sequence[str], sql: str) -> Rows:
        """Return the columns and all rows of a query; QueryError if it is not run, fails, or gives too many."""
        if reason := self._bench.why_not(sql):
            raise QueryError(reason)
        answer = self._answer(settings, sql, MOST_ROWS, SECONDS, whole=True)
        if answer is None:
            raise QueryError(_too_long(SECONDS))
        if answer.get("failed"):
            raise QueryError(answer["failed"])
        return _within(answer["names"], [tuple(map(received, row)) for row in answer["rows"]])

    def _ask(self, settings: Sequence[str], sql: str) -> Answer:
        if reason := self._bench.why_not(sql):
            return Answer(failed=reason)
        seconds, since = self._clock.limit(), time.monotonic()
        if seconds <= 0:
            return Answer(failed=_SPENT)
        answer = self._answer(settings, sql, MOST, seconds)
        self._clock.spend(since)
        if answer is None:
            return Answer(failed=_too_long(seconds))
        return Answer(answer.get("rows", 0), answer.get("first", ""), answer.get("failed", ""))

    def _answer(
        self, settings: Sequence[str], sql: str, most: int, seconds: float, *, whole: bool = False
    ) -> dict[str, Any] | None:
        """Return what the process says of a query, with its rows if it is asked for them; None if it took too long."""
        question = {"settings": list(settings), "sql": _wrapped(sql, most), "seconds": seconds, "most": most + 1}
        answer = self._process.ask({**question, "whole": whole}, seconds + _GRACE)
        if answer is None or answer.get("late"):
            return None
        if answer.get("broken"):
            raise broken(self._process.path, answer["broken"])
        return answer


class _WithinDuckDB(_InTransaction):
    """DuckDB before a commit: in the transaction itself, where a query that fails ends it with all its rows."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._clock, self._lost = connection, _Clock(), ""

    def _ask(self, sql: str) -> Answer:
        if self._lost:
            return Answer(failed=self._lost, unchecked=True)
        if reason := why_not(self._connection, sql) or self._cannot_be_bound(sql):
            return Answer(failed=reason)
        seconds, since = self._clock.limit(), time.monotonic()
        if seconds <= 0:
            return Answer(failed=_SPENT, unchecked=True)
        timer = threading.Timer(seconds, self._raw().interrupt)
        timer.start()
        try:
            names, rows = query(self._connection, _wrapped(sql))
        except (DBAPIError, MemoryError) as error:
            if type(getattr(error, "orig", error)).__name__ in {"IOException", "FatalException", "Error"}:
                raise  # the file, not the query
            self._connection.rollback()
            late = time.monotonic() - since >= seconds
            self._lost = "another query of the wave failed before it, and with that the rows were gone"
            why = said(error) if isinstance(error, DBAPIError) else "not enough memory"
            return Answer(failed=_too_long(seconds) if late else fault(why), unchecked=late)
        finally:
            timer.cancel()
            self._clock.spend(since)
        return Answer(len(rows), told(names, rows[0]) if rows else "")

    def rows(self, settings: Sequence[str], sql: str) -> Rows:  # noqa: ARG002
        """Refuse: a query that fails would end the transaction, and rows that are not committed with it."""
        raise QueryError(_NOT_YET)

    def _cannot_be_bound(self, sql: str) -> str:
        """Say why a query cannot be understood, found out in another transaction so that this one survives."""
        try:
            columns_given(self._connection, sql)
        except QueryError as error:
            return str(error)
        return ""

    def _raw(self) -> Any:  # noqa: ANN401
        return self._connection.connection.driver_connection
