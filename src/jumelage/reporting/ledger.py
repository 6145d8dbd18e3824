"""The ledger: every published figure held against the rows, each with a status.

Nothing is adjusted to make a total come out. A contradiction is shown, and needs an explanation in wave.toml.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from jumelage import database, report_file
from jumelage.content import TOTAL
from jumelage.errors import ReportError
from jumelage.reporting.run import Sheet, Value, by_key, make_sheet, run_cells, sources, wave_facts
from jumelage.revisions.scope import set_scope
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from jumelage.revisions.scope import Scope

from jumelage.reporting.judging import (
    STATUSES,
    Entry,
    Figure,
    Run,
    Verdict,
    broken_totals,
    claim_entries,
    entry_of,
    is_equal,
    judge,
    printed_otherwise,
    range_of,
    status_of_open,
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every published figure of a wave, and the problems that make `check` fail."""

    entries: tuple[Entry, ...]
    problems: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """Return the number of figures of each status, in the order of the statuses."""
        found = Counter(entry.status for entry in self.entries)
        return {status: found[status] for status in STATUSES if found[status]}


def check(connection: Connection, scope: Scope) -> tuple[Ledger, dict[str, Sheet]]:
    """Hold every published figure of the wave in scope against the rows.

    Returns the ledger, and the sheets of all reports that could be run.
    """
    scope.single  # noqa: B018 - the publication of one wave
    errors: dict[str, str] = {}
    # Everything without inferred rows first, then everything with them: the scope changes once.
    narrow = replace(scope, with_inferred=False)
    set_scope(connection, narrow)
    figures = _figures(connection)
    names = report_file.reports_of_a_wave()
    published = dict.fromkeys(figure.report for figure in figures)
    reported = {}
    for name in published:
        if name not in names:
            errors[name] = f"there is no report {name} of a wave, and figures of it are published"
            continue
        report = report_file.report(name)
        try:
            reported[name] = by_key(report, run_cells(connection, report))
        except ReportError as error:
            errors[name] = str(error)
            set_scope(connection, narrow)
    claims = _rows(connection, "select * from claims order by position, claim, place")
    of_reported = _try(connection, narrow, {claim["offenders"] for claim in claims})
    set_scope(connection, scope)
    facts = wave_facts(connection, scope)
    runs: dict[str, Run] = {}
    for name in names:
        if name in errors:
            continue
        try:
            sheet = make_sheet(connection, report_file.report(name), facts, scope.remarks)
            made_from = sources(connection, sheet.report) if name in published else {}
            runs[name] = Run(sheet, sheet.cells(), reported.get(name, {}), made_from)
        except ReportError as error:
            errors[name] = str(error)
            set_scope(connection, scope)
    of_all = _try(connection, scope, {sql for sql, verdict in of_reported.items() if not verdict.holds})
    problems = list(errors.values())
    against_print = broken_totals(figures) | printed_otherwise(figures)
    entries = []
    for figure in figures:
        if figure.report in errors:
            because = Label(errors[figure.report], errors[figure.report])
            entries.append(entry_of(figure, None, None, "error", because))
        else:
            entries.append(judge(figure, runs[figure.report], against_print))
    entries += _unprinted(connection, figures, runs)
    entries += claim_entries(claims, of_reported, of_all)
    problems += [
        f"claims.csv: {e.key}: {e.because.en}" for e in entries if e.status == "error" and e.because and e.statement
    ]
    explained, more = _explain(connection, scope, entries)
    problems += more
    if database.is_duckdb(connection):
        problems += database.orphans(connection)
    return Ledger(tuple(explained), tuple(problems)), {name: found.sheet for name, found in runs.items()}


def _rows(connection: Connection, sql: str) -> list[dict[str, Any]]:
    names, rows = database.query(connection, sql)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _figures(connection: Connection) -> list[Figure]:
    sql = (
        "select report, key, measure, place, position, printed, value, decimals, code, at_least, more_than_share "
        "from published_figures order by report, position, key, measure, place"
    )
    return [Figure(*row) for row in database.query(connection, sql)[1]]


def _unprinted(connection: Connection, figures: list[Figure], runs: dict[str, Run]) -> Iterable[Entry]:
    """Yield an entry for each computed cell that a complete printed table lacks: printed blank, zero."""
    for (name,) in database.query(connection, "select report from published_tables order by report")[1]:
        printed = [figure for figure in figures if figure.report == name]
        if name not in runs or not printed:
            continue
        keys = {(figure.key, figure.measure) for figure in printed}
        for key in runs[name].all_rows:
            if TOTAL in key.split("/"):
                continue
            for measure in dict.fromkeys(figure.measure for figure in printed):
                if (key, measure) in keys:
                    continue
                low, high = range_of(runs[name], runs[name].all_rows, key, measure)
                if low is None:  # nobody was asked, and nothing is printed
                    continue
                blank = Figure(name, key, measure, printed[0].place, 0, "", Decimal(0), 0, None, None, None)
                status = "reproduced" if is_equal(blank, low, high) else status_of_open(blank, runs[name], low, high)
                yield entry_of(blank, low, high, status)


def _try(connection: Connection, scope: Scope, queries: set[str | None]) -> dict[str, Verdict]:
    """Run queries that select offenders, in a scope that is set already."""
    found = {}
    for sql in sorted(filter(None, queries)):
        try:
            rows = database.query(connection, sql)[1]
            against = f"{len(rows)} rows speak against it, the first: {rows[0]}" if rows else ""
            found[sql] = Verdict(holds=not rows, text=against)
        except SQLAlchemyError as error:
            connection.rollback()
            set_scope(connection, scope)
            text = str(error.orig if isinstance(error, DBAPIError) else error).strip()
            found[sql] = Verdict(holds=False, text=text, failed=True)
    return found


def _in_words(low: Value, high: Value) -> str:
    if low is None:
        return "no number, since nobody was asked"
    return f"{low} or more" if high is None else "–".join(dict.fromkeys(str(value) for value in (low, high)))


def _explain(connection: Connection, scope: Scope, entries: list[Entry]) -> tuple[list[Entry], list[str]]:
    """Give contradictions their explanation; return the problems: unexplained, stale, or refuted by evidence."""
    rows = _rows(connection, "select * from explanations order by report, key, measure")
    given = {(row["report"], row["key"], row["measure"]): row for row in rows}
    problems: list[str] = []
    contradicted = {entry.cell for entry in entries if entry.status == "contradicted"}
    for cell in given:
        if cell not in contradicted:
            name = "{} {} {}".format(*cell)
            problems.append(f"{name}: explained, but nothing printed there disagrees; remove the explanation")
    evidence = _try(connection, scope, {row["evidence"] for cell, row in given.items() if cell in contradicted})
    explained = []
    for entry in entries:
        row = given.get(entry.cell)
        name = f"{entry.report} {entry.key} {entry.measure}"
        if entry.status != "contradicted":
            explained.append(entry)
            continue
        if row is None:
            seen = f"; {entry.because.en}" if entry.because else ""
            shown = _in_words(entry.low, entry.high)
            problems.append(f"{name}: printed {entry.printed or 'blank'}, computed {shown}{seen}; not explained")
            explained.append(entry)
            continue
        verdict = evidence.get(row["evidence"])
        if verdict and not verdict.holds:
            problems.append(f"{name}: the evidence of its explanation fails: {verdict.text}")
        explained.append(replace(entry, because=Label(row["because_fr"].strip(), row["because_en"].strip())))
    return explained, problems
