"""The answers: each question is asked in a look of its own at the database, within limits, and may be given up."""

from __future__ import annotations

import json
import math
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from jumelage import database
from jumelage.database.free_queries import readable
from jumelage.errors import LimitError, UsageError
from jumelage.querying import output
from jumelage.querying.desk import open_desk
from jumelage.revisions.asked import scope_asked_for
from jumelage.serving.problems import ProblemError
from jumelage.texts import both, readable_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import URL

    from jumelage.database.asking import Limits, Rows
    from jumelage.database.statements import Statement
    from jumelage.querying.desk import Desk
    from jumelage.revisions.scope import Scope
    from jumelage.serving.questions import Question

_IN_MEMORY = 1 << 20  # bytes of a file that wait in memory to be fetched
_LARGEST = 1 << 30  # bytes of a file


@dataclass(frozen=True, slots=True)
class Settings:
    """What questions may take, and how many are answered at once."""

    limits: Limits
    most_rows: int
    at_once: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question: rows, the lines of a plan, or a file that is whole."""

    scope: Scope
    seconds: float
    rows: Rows | None = None
    plan: tuple[str, ...] | None = None
    file: IO[bytes] | None = None


class GivenUpError(Exception):
    """Nobody waits for the answer any more."""


class Service:
    """Answers questions in threads of others, so many at once; beyond that ProblemError."""

    def __init__(self, url: URL, settings: Settings) -> None:
        """Answer from a database."""
        self._url, self.settings = url, settings
        self._places = threading.BoundedSemaphore(settings.at_once)
        self._jobs: set[Job] = set()
        self.closed = False
        self._tables: dict[str, list[tuple[str, str]]] | None = None

    def job(self, question: Question, most: int | None = None) -> Job:
        """Return what answers a question, with so many rows at most if they are fewer than the server's own limit."""
        return Job(self, question, min(most or self.settings.most_rows, self.settings.most_rows))

    @contextmanager
    def place(self, job: Job | None) -> Iterator[None]:
        """Take a place as long as something is asked."""
        if self.closed:
            raise ProblemError("stopping")
        if not self._places.acquire(blocking=False):
            raise ProblemError("busy")
        try:
            if job:
                self._jobs.add(job)
            yield
        finally:
            if job:
                self._jobs.discard(job)
            self._places.release()

    @contextmanager
    def desk(self, question: Question) -> Iterator[tuple[Scope, Desk]]:
        """Open a desk in the scope of a question: the file is held no longer than that, so that others can load."""
        with database.reading(self._there()) as connection:
            scope, _ = scope_asked_for(
                connection,
                question.wave,
                question.as_of,
                question.classified_on,
                kind=question.kind,
                without_inferred=question.without_inferred,
            )
            with open_desk(connection, scope, self.settings.limits) as desk:
                yield scope, desk

    def _there(self) -> URL:
        """Return the address of what is there now: all that answers a question reads the same."""
        return database.now(self._url)

    def tables(self, question: Question) -> dict[str, list[tuple[str, str]]]:
        """Return the tables that a query may read with names and types of their columns; they are looked up once."""
        if self._tables is None:
            with self.place(None), self.desk(question) as (_, desk):
                names = sorted(readable(), key=lambda name: ("." in name, name))
                self._tables = {name: desk.columns(desk.read(desk.whole(name))[0]) for name in names}
        return self._tables

    def close(self) -> None:
        """Give up what is being asked, and answer nothing any more."""
        self.closed = True
        for job in tuple(self._jobs):
            job.stop()


class Job:
    """One question, answered in one thread; another may give it up."""

    def __init__(self, service: Service, question: Question, most: int) -> None:
        """Prepare it."""
        self._service, self._question, self._most = service, question, most
        self._desk: Desk | None = None
        self._given_up = threading.Event()

    def stop(self) -> None:
        """Give it up: as far as it can be, the query ends at once."""
        self._given_up.set()
        if desk := self._desk:
            desk.stop()

    def run(self) -> Answer:
        """Answer the question; GivenUpError if nobody wants it any more, ProblemError if the server stops meanwhile."""
        began = time.monotonic()
        try:
            with self._service.place(self), self._service.desk(self._question) as (scope, desk):
                self._desk = desk
                return self._answered(scope, desk, began)
        except Exception as error:  # that of an engine which was stopped may be any
            if not self._given_up.is_set():
                raise
            if self._service.closed:  # whoever asked is still there, and is to know
                raise ProblemError("stopping") from error
            raise GivenUpError from error
        finally:
            self._desk = None

    def _answered(self, scope: Scope, desk: Desk, began: float) -> Answer:
        if self._given_up.is_set():  # before there was a desk that could be stopped
            raise GivenUpError
        found = desk.read(self._question.sql, self._question.parameters)
        if len(found) > 1:
            raise UsageError(both("une requête à la fois\u00a0: {}", "one query at a time: {}", len(found)))
        (statement,) = found
        if not self._question.whole:
            rows = desk.rows(statement, self._most)
            plan = tuple(str(row[-1]) for row in rows.rows) if statement.explain else None
            return Answer(scope, time.monotonic() - began, rows, plan)
        if statement.explain:
            raise UsageError(both("un plan n’est pas un fichier", "a plan is no file"))
        file = self._file(desk, statement)
        return Answer(scope, time.monotonic() - began, file=file)

    def _file(self, desk: Desk, statement: Statement) -> IO[bytes]:
        """Make the whole file first: whoever fetches it slowly holds no place, and none is cut off without a word."""
        file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - whoever sends it closes it
        try:
            for piece in output.pieces(desk, statement, self._question.format, ""):
                file.write(piece)
                _check_size(file.tell())
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file


def _check_size(size: int) -> None:
    if size > _LARGEST:
        raise LimitError(both("le fichier dépasse {}", "the file is larger than {}", readable_size(_LARGEST)))


def as_json(answer: Answer, lang: str) -> bytes:
    """Write rows as programs read them: numbers exactly as the database gives them, whatever their length."""
    rows = answer.rows
    if rows is None:
        raise TypeError("a file is no JSON")
    said = {
        "columns": [{"name": name, "type": kind} for name, kind in zip(rows.names, rows.types, strict=True)],
        "rows": [],
        "more": rows.more,
        "seconds": round(answer.seconds, 3),
        "scope": scope_said(answer.scope, lang),
    }
    lines = ",\n".join(f"[{', '.join(map(_cell, row))}]" for row in rows.rows)
    return json.dumps(said, ensure_ascii=False).replace('"rows": []', f'"rows": [{lines}]', 1).encode()


def _cell(value: object) -> str:
    if isinstance(value, Decimal | float):
        return format(Decimal(str(value)), "f") if math.isfinite(value) else json.dumps(str(Decimal(value)))
    if value is None or isinstance(value, bool | int | str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(output.read_by_people(value), ensure_ascii=False)


def scope_said(scope: Scope, lang: str) -> dict[str, Any]:
    """Return what a question was answered from, with what must stand beside its figures."""
    return {
        "revisions": [f"{wave}@{revision}" for wave, revision in scope.revisions],
        "with_inferred": scope.with_inferred,
        "classified_on": scope.classified_on and scope.classified_on.isoformat(),
        "kind": scope.kind,
        "remarks": [text.text(lang) for text in (*scope.remarks, *scope.withdrawn)],
    }
