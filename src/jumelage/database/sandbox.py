"""The one door for the queries that a wave brings: they only read, each as a subquery and within limits."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError

from jumelage.database import sandbox_process
from jumelage.database.attempt import QueryError, attempt, said
from jumelage.database.connection import in_memory
from jumelage.database.engines import engine_of
from jumelage.database.engines.duckdb import SETTINGS
from jumelage.database.sandbox_process import fault, told
from jumelage.database.sql import query
from jumelage.database.wave_queries import why_not
from jumelage.errors import DatabaseError
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from concurrent.futures import Executor

    from sqlalchemy import Connection

T = TypeVar("T")
SECONDS = 10.0  # for one query
ALL_SECONDS = 60.0  # for all queries of a check
START_SECONDS = 60.0
MEMORY = 2 << 30  # bytes of the process: what no limit of the engine's own covers
MOST = 1000  # rows that are counted
_GRACE = 3.0  # seconds after which a query that does not heed its interruption is ended with its process
_CONFIG = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "allow_persistent_secrets": "false",
    "memory_limit": "600MB",
    "temp_directory": "",
    "threads": "1",
}
# What PostgreSQL says of a query that was cancelled, or for which there was no room.
_CANCELLED, _NO_ROOM = "57014", "53"


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


@contextmanager
def door(connection: Connection) -> Iterator[Door]:
    """Give the door for a database that is read: a process of its own on DuckDB, else limits of the server."""
    with ExitStack() as stack:
        bench = _Bench(connection, stack)
        if files := engine_of(connection).files(connection.engine.url):
            process = _Process(str(files[0]))
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


_NOT_RUN = Label(
    "{}\u00a0: les requêtes de la vague ne peuvent être lancées\u00a0: {}",
    "{}: the queries of the wave cannot be run: {}",
)
_SPENT = "the queries of the wave took too long together, and this one was not run"


def _too_long(seconds: float) -> str:
    return f"took more than {seconds:.3g} seconds, and was stopped"


def _wrapped(sql: str) -> str:
    """Return a query as a subquery: there, an engine refuses what does more than read."""
    return f"select * from (\n{sql}\n) as offenders limit {MOST + 1}"  # the line ends a comment at its end


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
            with attempt(self._connection), self._connection.begin_nested() as savepoint:
                self._connection.exec_driver_sql(f"set local statement_timeout = {max(1, int(seconds * 1000))}")
                names, rows = query(self._connection, _wrapped(sql))
                savepoint.rollback()  # and with it the limit of time
        except QueryError as error:
            return Answer(failed=fault(str(error)))
        except DBAPIError as error:
            code = getattr(error.orig, "sqlstate", None) or ""
            if self._connection.invalidated or not (code == _CANCELLED or code.startswith(_NO_ROOM)):
                raise
            late = code == _CANCELLED and time.monotonic() - since >= seconds
            return Answer(failed=_too_long(seconds) if late else fault(said(error)), unchecked=self._trying and late)
        finally:
            self._clock.spend(since)
        return Answer(len(rows), told(names, rows[0]) if rows else "")


class _OnDuckDB:
    """DuckDB: in a process that reads the file with us, and can be ended."""

    def __init__(self, bench: _Bench, process: _Process, executor: Executor) -> None:
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

    def _ask(self, settings: Sequence[str], sql: str) -> Answer:
        if reason := self._bench.why_not(sql):
            return Answer(failed=reason)
        seconds, since = self._clock.limit(), time.monotonic()
        if seconds <= 0:
            return Answer(failed=_SPENT)
        question = {"settings": list(settings), "sql": _wrapped(sql), "seconds": seconds, "most": MOST + 1}
        answer = self._process.ask(question, seconds + _GRACE)
        self._clock.spend(since)
        if answer is None or answer.get("late"):
            return Answer(failed=_too_long(seconds))
        if answer.get("broken"):
            raise DatabaseError(f"{self._process.path}: {answer['broken']}")
        return Answer(answer.get("rows", 0), answer.get("first", ""), answer.get("failed", ""))


class _Process:
    """The process that answers: started once, and again only after a query that ended it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = self._closed = False

    def start(self) -> None:
        """Start it, unless it runs, and return at once."""
        if self._process is not None:
            return
        import duckdb

        asked = {
            "database": str(Path(self.path).absolute()),
            "library": str(Path(duckdb.__file__).parents[1]),
            "config": SETTINGS | _CONFIG,
            "memory": MEMORY,
            "cpu_seconds": int(ALL_SECONDS + START_SECONDS),
        }
        command = [sys.executable, "-I", "-S", sandbox_process.__file__, json.dumps(asked)]
        libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own program, and nothing of a wave in its arguments
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=libraries,  # and no address of a database
            start_new_session=True,  # Ctrl-C is for us, who end it
        )
        self._ready = False

    def ask(self, question: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        """Return an answer; None if it took too long. DatabaseError if the process cannot be started."""
        if self._closed:
            return None
        self.start()
        if not self._ready:
            said_ = self._read(START_SECONDS)
            if said_ is None or said_.get("failed"):
                why = (said_ or {}).get("failed") or Label(
                    "leur processus n’a pas démarré", "their process did not start"
                )
                raise DatabaseError(filled(_NOT_RUN, self.path, why))
            self._ready = True
        line = f"{json.dumps(question)}\n".encode()
        try:
            self._pipe("stdin").write(line)
            self._pipe("stdin").flush()
        except OSError:
            return self._ended()
        return self._read(seconds)

    def _read(self, seconds: float) -> dict[str, Any] | None:
        """Read a line of the process; None, and its end, if there is none in time."""
        out = self._pipe("stdout")
        if not select.select([out], [], [], seconds)[0]:
            self.end()
            return None
        line = out.readline(100_000)
        if not line.endswith(b"\n"):
            return self._ended()
        found: dict[str, Any] = json.loads(line)
        return found

    def _ended(self) -> dict[str, Any]:
        self.end()
        return {"failed": "took more memory or time than a query of a wave may have, and was stopped"}

    def _pipe(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._process, name)

    def close(self) -> None:
        """Stop the process, and start none any more."""
        self._closed = True
        if self._process is not None:
            self._process.kill()

    def end(self) -> None:
        """End the process, if it runs."""
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None


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
            if type(getattr(error, "orig", error)).__name__ in {"IOException", "FatalException"}:
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

    def _cannot_be_bound(self, sql: str) -> str:
        """Say why a query cannot be understood, found out in another transaction so that this one survives."""
        import duckdb

        beside = self._raw().duplicate()
        try:
            beside.execute(f"explain {_wrapped(sql)}")
        except duckdb.Error as error:
            return fault(str(error))
        finally:
            beside.close()
        return ""

    def _raw(self) -> Any:  # noqa: ANN401
        return self._connection.connection.driver_connection
