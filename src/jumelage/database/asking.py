"""Where the queries of analysts are asked: as a subquery, only to read, within limits of time and memory.

On DuckDB a process of its own answers (`sandbox_process`); on a server the session, in a transaction that only reads.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.exc import DBAPIError

from jumelage.database.answering import Answering, broken, received
from jumelage.database.attempt import CANCELLED, NO_ROOM, limited, said
from jumelage.database.connection import in_memory
from jumelage.database.engines import engine_of
from jumelage.database.fetched import BEFORE, fetching, keeping
from jumelage.database.free_queries import allowed, refused
from jumelage.database.parquet import parquet_of_spool
from jumelage.database.sandbox_process import in_brief
from jumelage.database.sql import literal
from jumelage.errors import LimitError
from jumelage.temporary import temporary_folder
from jumelage.texts import Label, both, filled
from jumelage.writing import in_pieces

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from jumelage.database.taken_apart import Refused

_GRACE = 2.0  # seconds after which a query that does not heed its interruption is ended with its process
# The types of DuckDB for those of PostgreSQL; a number without a limit of digits is one with fifteen that count.
_KINDS = {
    "int2": "smallint", "int4": "integer", "int8": "bigint", "bool": "boolean", "float4": "real", "float8": "double",
    "numeric": "double", "date": "date", "time": "time", "timestamp": "timestamp", "timestamptz": "timestamptz",
}  # fmt: skip
_AFTER = "\n) as given"
_HOW = {"csv": "format csv, header", "jsonl": "format json"}
_KILLED = Label(
    "le processus qui répondait a été arrêté de l’extérieur, peut-être parce que la machine n’avait plus de mémoire",
    "the process that answered was stopped from outside, perhaps because the machine had no memory left",
)
_DESCRIBE = "select column_name, column_type from (describe (\n"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may take: seconds, and megabytes of memory where a process of ours answers.

    `by` is how whoever asks sets the two, if they can.
    """

    seconds: float = 60.0
    megabytes: int = 1000
    by: tuple[str, str] | None = None


class FaultyError(Exception):
    """A query that is wrong, in the engine's words; `position` is where, in bytes of it, if that is known."""

    def __init__(self, why: str, position: int | None = None) -> None:
        """Keep both, of the words what is of use."""
        super().__init__(in_brief(why))
        self.position = position


@dataclass(frozen=True, slots=True)
class Rows:
    """Names and types of columns, and rows; `more` tells that there were more than were wanted."""

    names: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]
    more: bool


class Asking(Protocol):
    """One door on any engine. FaultyError for a query that is wrong, LimitError for one that takes too much."""

    def refused(self, sql: str) -> list[Refused]:
        """Return what a query uses and may not."""

    def functions(self) -> frozenset[str]:
        """Return the functions that a query may call."""

    def split_by(self) -> Any:  # noqa: ANN401
        """Return a connection of the driver duckdb, which splits texts into statements."""

    def columns(self, sql: str) -> list[tuple[str, str]]:
        """Return names and types of a query's columns, as it names them, without running it."""

    def rows(self, sql: str, most: int | None, columns: Sequence[tuple[str, str]], explain: str = "") -> Rows:
        """Return rows, at most so many; or the plan, which is rows of texts.

        `columns` are those that `columns` tells of the query: values of most types are fetched as texts.
        """

    def copied(self, sql: str, form: str, columns: Sequence[tuple[str, str]]) -> Iterator[bytes]:
        """Give all rows as `csv`, as `jsonl`, a JSON object in each line, or as `parquet`, in pieces.

        `cells` is Parquet, too, of what a worksheet may hold: numbers, dates, times of days, and texts for all else.
        `columns` are those that `columns` tells of the query.
        """

    def stop(self) -> None:
        """End what is being asked, from another thread: it fails, with whatever error; nothing is asked any more."""


@contextmanager
def answering(url: URL, limits: Limits) -> Iterator[Answering | None]:
    """Start the process that answers, if there is one for such a database; it starts while others open theirs."""
    engine = engine_of(url)
    beside = engine.beside(url)
    if beside is None:
        yield None
        return
    limit = {"megabytes": limits.megabytes, "threads": min(4, os.cpu_count() or 1)}
    process = Answering(engine.shown(url), beside, limits.seconds * 1000, pipe=True, **limit)
    try:
        process.start()
        yield process
    finally:
        process.close()
        process.end()


@contextmanager
def asking(
    connection: Connection, settings: Sequence[str], limits: Limits, process: Answering | None = None
) -> Iterator[Asking]:
    """Open the door for a database that is read, in the scope that the settings set.

    `process` is one of `answering` for the same database and limits; without it one is started.
    """
    with ExitStack() as stack:
        engine, url = engine_of(connection), connection.engine.url
        bench = engine.workbench(connection)
        if process is None or process.beside != engine.beside(url):  # another database was put there in between
            process = stack.enter_context(answering(url, limits))
        if process:
            bench = bench or stack.enter_context(in_memory().connect())
            yield _OnDuckDB(bench, process, settings, limits)
        else:
            yield _OnServer(connection, stack.enter_context(in_memory().connect()), settings, limits)


class _Taken:
    """What takes queries apart, on any DuckDB."""

    _bench: Connection
    _by_a_process: bool

    def refused(self, sql: str) -> list[Refused]:
        """Return what a query uses and may not."""
        return refused(self._bench, sql, by_a_process=self._by_a_process)

    def functions(self) -> frozenset[str]:
        """Return the functions that a query may call."""
        return allowed(by_a_process=self._by_a_process).functions

    def split_by(self) -> Any:  # noqa: ANN401
        """Return the driver's connection."""
        return self._bench.connection.driver_connection


class _OnDuckDB(_Taken):
    """DuckDB: in a process that reads the file with us, and can be ended."""

    _by_a_process = True

    def __init__(self, bench: Connection, process: Answering, settings: Sequence[str], limits: Limits) -> None:
        self._bench, self._process, self._settings, self._limits = bench, process, list(settings), limits

    def columns(self, sql: str) -> list[tuple[str, str]]:
        """Return names and types of a query's columns."""
        answer = self._answer(_DESCRIBE, sql, "\n))", 1 << 14)
        return [(name, kind) for name, kind in answer["rows"]]

    def rows(self, sql: str, most: int | None, columns: Sequence[tuple[str, str]], explain: str = "") -> Rows:
        """Return rows, at most so many; or the plan."""
        before = f"{explain} {BEFORE}" if explain else fetching(columns)
        wanted = 1 << 30 if most is None else most + 1
        limit = "" if explain or most is None else f" limit {wanted}"
        answer = self._answer(before, sql, f"{_AFTER}{limit}", wanted)
        rows = [tuple(map(received, row)) for row in answer["rows"]]
        types = answer["types"] if explain else [kind for _, kind in columns]
        return Rows(answer["names"], types, rows[:most], most is not None and len(rows) > most)

    def copied(self, sql: str, form: str, columns: Sequence[tuple[str, str]]) -> Iterator[bytes]:
        """Give all rows as the engine writes them into the pipe."""
        how = _HOW.get(form, "format parquet, compression zstd")
        before = f"copy ({BEFORE if form in _HOW else keeping(columns, cells=form == 'cells')}"
        whole = f"{before}{sql}{_AFTER}) to {literal(self._process.path_of_pipe)} ({how})"
        answer = yield from self._process.pieces(self._question(whole, 1), self._limits.seconds + _GRACE)
        self._judged(answer, before, sql)

    def stop(self) -> None:
        """End the process."""
        self._process.close()

    def _question(self, sql: str, most: int) -> dict[str, Any]:
        seconds = self._limits.seconds
        return {
            "settings": self._settings, "sql": sql, "seconds": seconds, "most": most, "whole": True, "precise": True
        }  # fmt: skip

    def _answer(self, before: str, sql: str, after: str, most: int) -> dict[str, Any]:
        answer = self._process.ask(self._question(f"{before}{sql}{after}", most), self._limits.seconds + _GRACE)
        return self._judged(answer, before, sql)

    def _judged(self, answer: dict[str, Any] | None, before: str, sql: str) -> dict[str, Any]:
        if answer is None or answer.get("late"):
            raise _too_long(self._limits)
        if answer.get("broken"):
            raise broken(self._process.path, answer["broken"])
        if answer.get("killed"):
            raise LimitError(_KILLED)
        if answer.get("room"):
            raise _too_much(self._limits)
        if failed := answer.get("failed"):
            at = answer.get("position", -1) - len(before.encode())
            raise FaultyError(failed, at if 0 <= at < len(sql.encode()) else None)
        return answer


class _OnServer(_Taken):
    """PostgreSQL: within a transaction that only reads, each query in a savepoint with a limit of time."""

    _by_a_process = False

    def __init__(self, connection: Connection, bench: Connection, settings: Sequence[str], limits: Limits) -> None:
        self._connection, self._bench, self._limits = connection, bench, limits
        self._driver: Any = connection.connection.driver_connection
        self._stopped = False
        engine_of(connection).become(connection, "reader")  # who could write reads no more than readers do
        for statement in settings:
            connection.exec_driver_sql(statement)

    def columns(self, sql: str) -> list[tuple[str, str]]:
        """Return names and types of a query's columns."""
        return self._described(BEFORE, sql, " limit 0")[0]

    def rows(self, sql: str, most: int | None, columns: Sequence[tuple[str, str]], explain: str = "") -> Rows:
        """Return rows, at most so many; or the plan."""
        before = f"{explain} {BEFORE}" if explain else fetching(columns)
        limit = "" if explain or most is None else f" limit {most + 1}"
        described, rows = self._described(before, sql, limit)
        names, types = map(list, zip(*(described if explain else columns), strict=True))
        return Rows(names, types, rows[:most], most is not None and len(rows) > most)

    def _described(self, before: str, sql: str, limit: str) -> tuple[list[tuple[str, str]], list[Any]]:
        with self._limited(before, sql):
            result = self._connection.exec_driver_sql(f"{before}{sql}{_AFTER}{limit}")
            described: Any = result.cursor.description if result.cursor is not None else ()
            columns = [(column.name, column.type_display) for column in described]
            return columns, [tuple(row) for row in result.fetchall()]

    def copied(self, sql: str, form: str, columns: Sequence[tuple[str, str]]) -> Iterator[bytes]:
        """Give all rows by COPY, as the JSON that the server makes of each, or as Parquet that is made of the CSV."""
        if form in {"parquet", "cells"}:
            yield from self._parquet(sql, columns)
            return
        if form == "csv":
            yield from self._copy(f"copy ({BEFORE}", sql, f"{_AFTER}) to stdout with (format csv, header)")
            return
        # COPY escapes backslashes in a text: with a quote that no JSON holds, csv does not
        before = "copy (select row_to_json(given)::text from (\n"
        how = "format csv, delimiter e'\\x01', quote e'\\x02'"
        yield from self._copy(before, sql, f"{_AFTER}) to stdout with ({how})")

    def _parquet(self, sql: str, columns: Sequence[tuple[str, str]]) -> Iterator[bytes]:
        kinds = {name: kind if kind.startswith("numeric(") else _KINDS.get(kind, "varchar") for name, kind in columns}
        with temporary_folder() as folder:
            spool, made = folder / "rows.csv", folder / "rows.parquet"
            with spool.open("wb") as file:
                file.writelines(self._copy(f"copy ({BEFORE}", sql, f"{_AFTER}) to stdout with (format csv)"))
            parquet_of_spool(spool, kinds, made)
            with made.open("rb") as file:
                yield from in_pieces(file)

    def _copy(self, before: str, sql: str, after: str) -> Generator[bytes, None, None]:
        with (
            self._limited(before, sql),
            self._driver.cursor() as cursor,
            cursor.copy(f"{before}{sql}{after}") as copied,
        ):
            for piece in copied:
                yield bytes(piece)

    def stop(self) -> None:
        """Let the server cancel it."""
        self._stopped = True
        self._driver.cancel_safe(timeout=_GRACE)

    @contextmanager
    def _limited(self, before: str, sql: str) -> Iterator[None]:
        import psycopg

        since = time.monotonic()
        try:
            if self._stopped:
                raise _too_long(self._limits)
            with limited(self._connection, self._limits.seconds):
                yield
        except (DBAPIError, psycopg.Error) as error:
            orig = error.orig if isinstance(error, DBAPIError) else error
            code = getattr(orig, "sqlstate", None) or ""
            if code == CANCELLED and time.monotonic() - since >= self._limits.seconds * 0.9:
                raise _too_long(self._limits) from error
            if code.startswith(NO_ROOM):
                raise _too_much(self._limits) from error
            if engine_of(self._connection).verdict(orig or error) != "statement":
                raise
            raise _told(orig, before, sql, error) from error


def _told(orig: Any, before: str, sql: str, error: Exception) -> FaultyError:  # noqa: ANN401
    """Return what PostgreSQL says is wrong, with its advice; it counts places in characters, from 1."""
    diagnosis = getattr(orig, "diag", None)
    if diagnosis is None or not diagnosis.message_primary:
        return FaultyError(said(error) if isinstance(error, DBAPIError) else str(error))
    text = "\n".join(filter(None, (diagnosis.message_primary, diagnosis.message_hint)))
    place = diagnosis.statement_position
    at = int(place) - 1 - len(before) if place else -1
    return FaultyError(text, len(sql[:at].encode()) if 0 <= at < len(sql) else None)


def _too_long(limits: Limits) -> LimitError:
    why = Label(
        "la requête a pris plus de {} secondes et a été arrêtée", "the query took more than {} seconds and was stopped"
    )
    return _over(filled(why, f"{limits.seconds:g}"), limits.by and limits.by[0])


def _too_much(limits: Limits) -> LimitError:
    why = Label(
        "la requête a demandé plus de {} Mo de mémoire et a été arrêtée",
        "the query asked for more than {} MB of memory and was stopped",
    )
    return _over(filled(why, limits.megabytes), limits.by and limits.by[1])


def _over(why: Label, by: str | None) -> LimitError:
    return LimitError(both("{}\u00a0; {} en donne davantage", "{}; {} gives it more", why, by) if by else why)
