"""A database that is open to be read: what is asked of it one after the other, whoever asks."""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from jumelage import database, report_file
from jumelage.api.results import MOST_SHOWN, Ledger, Table
from jumelage.errors import DatabaseError, JumelageError, UsageError
from jumelage.reporting.own_reports import came_with, own_reports
from jumelage.revisions.asked import scope_asked_for
from jumelage.revisions.scope import read_time
from jumelage.texts import LANGUAGES, Label, both, filled, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from jumelage.api.results import Result
    from jumelage.database.asking import Limits
    from jumelage.querying.desk import Desk
    from jumelage.reporting.entries import Entry
    from jumelage.reporting.sheet import Sheet

_CELL = Label("{} {} {}\u00a0: {}", "{} {} {}: {}")
_LEAST_MEMORY = 100  # megabytes


class Reader:
    """A database that is open to be read, in one state of it and one scope, as `jumelage.open` says.

    All methods answer from the state of the moment when it was opened; what is loaded later is seen by the next reader.

    Threads may share a reader: it has one connection, and whoever asks waits until the one before has the whole answer,
    so that no question ends another. What is returned holds its own rows, may be read by any thread at any time, and
    outlives the reader. Questions that are to run side by side need a reader each. A reader is not for a process that
    was forked from the one that opened it, and one whose question was interrupted by Ctrl-C, or ended by
    a DatabaseError, is closed.
    """

    def __init__(
        self,
        url_or_path: str | os.PathLike[str] | None = None,
        *,
        wave: str | int | Sequence[str] | None = None,
        as_of: str | date | datetime | None = None,
        classified_on: str | date | None = None,
        without_inferred: bool = False,
        kind: str | None = None,
        lang: str = "en",
    ) -> None:
        """Open a database; `jumelage.open` says what the arguments are, and what may go wrong."""
        self._lang = _language(lang)
        self._url = database.resolve_url(os.fspath(url_or_path) if url_or_path is not None else None)
        self._wave = str(wave) if isinstance(wave, str | int) else ",".join(wave) if wave is not None else None
        self._as_of = as_of.isoformat() if isinstance(as_of, date) else as_of
        day = classified_on.isoformat() if isinstance(classified_on, date) else classified_on
        self._lock = threading.RLock()
        self._desks = ExitStack()
        self._at_desk: tuple[Limits, Desk] | None = None
        with ExitStack() as stack:
            self._connection = stack.enter_context(database.reading(self._url))
            self._scope, notes = scope_asked_for(
                self._connection, self._wave, self._as_of, day, kind=kind, without_inferred=without_inferred
            )
            stack.callback(self._desks.close)
            self._finalizer = weakref.finalize(self, stack.pop_all().close)
        self._notes = (*notes, *self._scope.remarks)

    def __enter__(self) -> Self:
        """Return the reader."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the reader."""
        self.close()

    def __repr__(self) -> str:
        """Return where the database is, without any secret, and what is in scope."""
        state = "" if self._finalizer.alive else ", closed"
        return f"<jumelage reader of {database.shown(self._url)}: {', '.join(self.revisions)}{state}>"

    def close(self) -> None:
        """Let go of the database; results stay. It may be called again."""
        with self._lock:
            self._at_desk = None
            self._finalizer()

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revisions in scope, such as `2006@1`, by reference date."""
        return tuple(f"{wave}@{revision}" for wave, revision in self._scope.revisions)

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known of all figures: that a revision was withdrawn, that data are synthetic, and the like."""
        return tuple(note.text(self._lang) for note in self._notes)

    def report(self, name: str, *, printed: bool = False, lang: str | None = None) -> Table:
        """Compute a report: a row per cell of it, with codes, in the columns that `reports/NAME.sql` declares.

        `printed` adds `MEASURE_printed` and `MEASURE_status` for each measure that has printed figures. A notebook
        shows printed figures and their signs in any case. A report that compares waves needs several in scope, and one
        that does not tell them apart a single one. `lang` is the language of labels, that of the reader if not given.

        UsageError if there is no such report, or it is not for what is in scope; ReportError if its query fails.
        """
        from jumelage.render.fragment import sheet_fragment
        from jumelage.render.grid import of_sheet
        from jumelage.reporting.run import run

        lang = self._language(lang)
        with self._asked() as connection, own_reports(connection, self._scope):
            if printed:
                self._scope.check_single()
            sheet = run(connection, report_file.report(name), self._scope)
            judged = self._judged(connection, sheet)
        return Table(
            lambda: of_sheet(sheet, lang, judged if printed else None),
            lang,
            lambda: sheet_fragment(sheet, judged, lang, MOST_SHOWN),
        )

    def _judged(self, connection: Connection, sheet: Sheet) -> tuple[Entry, ...]:
        """Return the entries of what is printed of a report: a status is given with inferred rows and without."""
        from jumelage.reporting.ledger import of_report

        if len(self._scope.revisions) > 1:
            return ()
        scope = replace(self._scope, with_inferred=True, kind=sheet.kind)
        return of_report(connection, scope, sheet.report.name)

    def explain(self, report: str, key: str, measure: str, *, lang: str | None = None) -> Table:
        """List the rows behind a cell of a report: a row per thing counted, with its weight in each measure.

        `key` is that of the cell, its parts joined by `/`, such as `"eu/DE"` or `"total"`; `measure` is a column of the
        report. All rows are held in memory. UsageError for a report, key or measure that is not there.
        """
        from jumelage.render.detail import of_detail
        from jumelage.render.lines import computed
        from jumelage.reporting import run as reporting
        from jumelage.reporting.behind import names_of

        lang = self._language(lang)
        with self._asked() as connection, own_reports(connection, self._scope):
            found = report_file.report(report)
            sheet = reporting.run(connection, found, self._scope)
            names = names_of(connection, sheet, reporting.detail_columns(connection, found), {})
            detail = reporting.explain(connection, sheet, key, measure)
            rows = tuple(detail.rows)
        known = computed(sheet.report.column(measure), *sheet.known(key, measure), lang)
        title = filled(_CELL, report, key, measure, known).text(lang)
        return Table(
            lambda: replace(
                of_detail(replace(detail, rows=iter(rows)), title, lang, sheet.report, names), rows=iter(rows)
            ),
            lang,
        )

    def check(self, *, lang: str | None = None) -> Ledger:
        """Hold every printed figure of the wave against its rows: the ledger, a row per figure.

        It is that of the wave as a whole: `classified_on`, `without_inferred` and `kind` do not change it. `problems`
        of what is returned are what makes `jumelage check` fail. UsageError if several waves are in scope.
        """
        from jumelage.reporting import ledger

        lang = self._language(lang)
        with self._asked() as connection:
            whole, _ = scope_asked_for(connection, self._wave, self._as_of)
            found, sheets = ledger.check(connection, whole)
        return Ledger(found, sheets, lang)

    def waves(self, *, lang: str | None = None) -> Table:
        """List every revision of every wave, a row each: when it was loaded, by whom, why, and whether it stands."""
        from jumelage.render.grid import of_history
        from jumelage.revisions.history import history

        lang = self._language(lang)
        with self._asked() as connection:
            entries = history(connection, read_time(self._as_of) if self._as_of is not None else None)
        return Table(lambda: of_history(entries, lang), lang)

    def reports(self, *, lang: str | None = None) -> Table:
        """List the reports, a row each, with those that came with the waves in scope: name, title, where printed."""
        from jumelage.render.grid import of_reports

        lang = self._language(lang)
        with self._asked() as connection, report_file.with_brought(came_with(connection, self._scope)):
            found = [report_file.report(name) for name in report_file.report_names()]
        return Table(lambda: of_reports(found, lang), lang)

    def sql(
        self, text: str, /, *, labels: bool = False, timeout: float = 60.0, memory: int = 1000, **params: object
    ) -> Result:
        """Ask a query of one's own, which only reads, sees what is in scope, and ends within its limits.

        The plain names are the safe ones: `partnerships` has each agreement in force once. Each `$name` in the text
        stands for the value given as `name=…`, a text, number, date or truth, put in as a literal and never as SQL.
        With `labels` each column of codes is followed by one with what they are called, in the reader's language.
        `timeout` is in seconds; `memory`, in megabytes, holds on DuckDB alone. On DuckDB a process of its own answers.
        The rows are kept in a temporary file, so that memory is not used up however many there are; the answer to an
        EXPLAIN is the plan, a line each.

        UsageError says where a query is wrong, or what it may not use; LimitError that it takes too long, or too much.
        """
        from jumelage.api.answers import Answer
        from jumelage.database.asking import Limits

        if not (timeout > 0 and memory >= _LEAST_MEMORY):
            raise UsageError(
                both(
                    "timeout doit être positif, et memory d’au moins {} Mo",
                    "timeout must be above 0, and memory {} MB or more",
                    _LEAST_MEMORY,
                )
            )
        values = {name: _value(name, value) for name, value in params.items()}
        with self._asked(at_desk=True) as connection:
            desk = self._desk(connection, Limits(timeout, memory, ("timeout=", "memory=")))
            _check_given(desk.wanted(text), values)
            found = desk.read(text, values)
            if len(found) > 1:
                raise UsageError(
                    both("{} requêtes\u00a0: une seule à la fois", "{} queries: ask one at a time", len(found))
                )
            if found[0].explain:
                from jumelage.querying.output import grid_of

                plan = replace(desk.rows(found[0]), names=["plan"], types=["VARCHAR"])
                plan = replace(plan, rows=[(line,) for row in plan.rows for line in str(row[-1]).split("\n")])
                return Table(lambda: grid_of(plan), self._lang)
            remarks = (remark.text(self._lang) for remark in self._scope.remarks)
            asked = desk.labelled(found[0], self._lang) if labels else found[0]
            return Answer(desk, asked, remarks, self._lang)

    def _desk(self, connection: Connection, limits: Limits) -> Desk:
        """Return the desk that was asked last, if nothing else was asked since: opening one starts a process."""
        from jumelage.querying.desk import open_desk

        if self._at_desk is None or self._at_desk[0] != limits:
            self._leave_desk()
            self._at_desk = limits, self._desks.enter_context(open_desk(connection, self._scope, limits))
        return self._at_desk[1]

    def _leave_desk(self) -> None:
        self._at_desk = None
        self._desks.close()

    @contextmanager
    def _asked(self, *, at_desk: bool = False) -> Iterator[Connection]:
        """Give the connection to whoever asks, alone; what its engine refuses is said in our words."""
        with self._lock:
            if not self._finalizer.alive:
                raise UsageError(
                    both("ce lecteur est fermé\u00a0; ouvrez-en un autre", "this reader is closed; open another one")
                )
            if not at_desk:
                self._leave_desk()
            try:
                with database.translated(self._url):
                    yield self._connection
            except BaseException as error:
                if isinstance(error, DatabaseError) or not isinstance(error, JumelageError):
                    self._drop()
                raise

    def _drop(self) -> None:
        """Let go of a connection on which an answer may still be on its way, as after Ctrl-C."""
        with suppress(Exception):
            self._connection.invalidate()
        with suppress(Exception):
            self.close()

    def _language(self, lang: str | None) -> str:
        return self._lang if lang is None else _language(lang)


def _language(lang: str) -> str:
    if lang not in LANGUAGES:
        raise UsageError(
            both(
                "il n’y a pas de langue {!r}\u00a0; {}", "there is no language {!r}; {}", lang, nearest(lang, LANGUAGES)
            )
        )
    return lang


def _value(name: str, value: object) -> object:
    """Return a value that can be a literal; UsageError for what has none."""
    if isinstance(value, str | int | float | Decimal | date):
        return value
    raise UsageError(
        both(
            "${}\u00a0: une valeur est un texte, un nombre, une date ou un booléen, et non {}",
            "${}: a value is a text, a number, a date or a truth, and not {}",
            name,
            type(value).__name__,
        )
    )


def _check_given(wanted: Sequence[str], given: Mapping[str, object]) -> None:
    """Raise UsageError for a parameter without a value, or a value that no parameter takes."""
    if missing := [name for name in wanted if name not in given]:
        raise UsageError(
            both("aucune valeur pour ${0}\u00a0: {0}=…", "no value is given for ${0}: give it as {0}=…", missing[0])
        )
    if spare := [name for name in given if name not in wanted]:
        raise UsageError(
            both("la requête n’a pas de ${}\u00a0; {}", "the query has no ${}; {}", spare[0], nearest(spare[0], wanted))
        )
