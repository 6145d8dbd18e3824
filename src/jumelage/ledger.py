"""The ledger: every published figure held against the rows, each with a status.

Nothing is adjusted to make a total come out. A contradiction is shown, and needs an explanation in wave.toml.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from jumelage import content, database
from jumelage.content import TOTAL, Label
from jumelage.errors import ReportError
from jumelage.report import Sheet, Value, by_key, make_sheet, plain, run_cells, sources, wave_facts
from jumelage.scope import set_scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from jumelage.scope import Scope

STATUSES = (
    "source",
    "reproduced",
    "reproduced_with_inferred",
    "bounded",
    "published_only",
    "wording",
    "contradicted",
    "error",
)
CLAIMS = "claims"
STATEMENT = "statement"


@dataclass(frozen=True, slots=True)
class Entry:
    """A published figure and what the rows say of it: `low` and `high` are what can be computed, or None.

    `because` explains a contradiction; `statement` is what a claim says, in words of ours.
    """

    report: str
    key: str
    measure: str
    printed: str
    place: str
    low: Value
    high: Value
    status: str
    because: Label | None = None
    statement: Label | None = None

    @property
    def cell(self) -> tuple[str, str, str]:
        """The cell of a report that the figure is about."""
        return self.report, self.key, self.measure


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every published figure of a wave, and the problems that make `check` fail."""

    entries: tuple[Entry, ...]
    problems: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """Return the number of figures of each status, in the order of the statuses."""
        found = Counter(entry.status for entry in self.entries)
        return {status: found[status] for status in STATUSES if found[status]}


@dataclass(frozen=True, slots=True)
class _Figure:
    report: str
    key: str
    measure: str
    place: str
    position: int
    printed: str
    value: Decimal | None
    decimals: int | None
    code: str | None
    at_least: Decimal | None
    more_than_share: Decimal | None


@dataclass(frozen=True, slots=True)
class _Run:
    """A report run for the ledger: with and without inferred rows, and what its rows were made from."""

    sheet: Sheet
    all_rows: dict[str, dict[str, Value]]
    reported: dict[str, dict[str, Value]]
    sources: dict[tuple[str, str], set[str]]


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a query that selects offenders found: none, some, or an error of its own."""

    holds: bool
    text: str
    failed: bool = False


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
    names = content.reports_of_a_wave()
    published = dict.fromkeys(figure.report for figure in figures)
    reported = {}
    for name in published:
        if name not in names:
            errors[name] = f"there is no report {name} of a wave, and figures of it are published"
            continue
        report = content.report(name)
        try:
            reported[name] = by_key(report, run_cells(connection, report))
        except ReportError as error:
            errors[name] = str(error)
            set_scope(connection, narrow)
    claims = _rows(connection, "select * from claims order by position, claim, place")
    of_reported = _try(connection, narrow, {claim["offenders"] for claim in claims})
    set_scope(connection, scope)
    facts = wave_facts(connection, scope)
    runs: dict[str, _Run] = {}
    for name in names:
        if name in errors:
            continue
        try:
            sheet = make_sheet(connection, content.report(name), facts, scope.remarks)
            made_from = sources(connection, sheet.report) if name in published else {}
            runs[name] = _Run(sheet, sheet.cells(), reported.get(name, {}), made_from)
        except ReportError as error:
            errors[name] = str(error)
            set_scope(connection, scope)
    of_all = _try(connection, scope, {sql for sql, verdict in of_reported.items() if not verdict.holds})
    problems = list(errors.values())
    against_print = _broken_totals(figures) | _printed_otherwise(figures)
    entries = []
    for figure in figures:
        if figure.report in errors:
            because = Label(errors[figure.report], errors[figure.report])
            entries.append(_entry(figure, None, None, "error", because))
        else:
            entries.append(_judge(figure, runs[figure.report], against_print))
    entries += _unprinted(connection, figures, runs)
    entries += _claims(claims, of_reported, of_all)
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


def _figures(connection: Connection) -> list[_Figure]:
    sql = (
        "select report, key, measure, place, position, printed, value, decimals, code, at_least, more_than_share "
        "from published_figures order by report, position, key, measure, place"
    )
    return [_Figure(*row) for row in database.query(connection, sql)[1]]


def _entry(figure: _Figure, low: Value, high: Value, status: str, because: Label | None = None) -> Entry:
    return Entry(figure.report, figure.key, figure.measure, figure.printed, figure.place, low, high, status, because)


def _range(found: _Run, cells: dict[str, dict[str, Value]], key: str, measure: str) -> tuple[Value, Value]:
    """Return what the rows say of a cell, from low to high; a count that has no computed row is zero."""
    column = found.sheet.report.column(measure)
    cell = cells.get(key)
    if cell is None:
        return (None, None) if column.codes else (0, 0)
    return cell[measure], cell[column.high or measure]


def _judge(figure: _Figure, found: _Run, against_print: dict[_Figure, Label]) -> Entry:
    low, high = _range(found, found.all_rows, figure.key, figure.measure)
    reported = _range(found, found.reported, figure.key, figure.measure)
    if figure in against_print:
        return _entry(figure, low, high, "contradicted", against_print[figure])
    if _is_source(figure, found.sources):
        return _entry(figure, low, high, "source")
    if _equal(figure, *reported):
        return _entry(figure, low, high, "reproduced")
    if _equal(figure, low, high):
        return _entry(figure, low, high, "reproduced_with_inferred")
    return _entry(figure, low, high, _open(figure, found, low, high))


def _is_source(figure: _Figure, made_from: dict[tuple[str, str], set[str]]) -> bool:
    """Tell whether all rows behind a figure were made from it: no evidence either way."""
    pattern = figure.key.split("/")
    behind: set[str] = set()
    for (key, measure), found in made_from.items():
        if measure == figure.measure and _covers(pattern, key.split("/")):
            behind |= found
    return bool(behind) and behind <= {figure.report, f"{figure.report}/{figure.key}"}


def _covers(pattern: list[str], key: list[str]) -> bool:
    """Tell whether a key is that of a pattern, in which `total` stands for anything."""
    return all(part in (TOTAL, own) for part, own in zip(pattern, key, strict=True))


def _equal(figure: _Figure, low: Value, high: Value) -> bool:
    if low != high or low is None:
        return False
    if figure.code is not None:
        return low == figure.code
    if figure.value is None or isinstance(low, str):
        return False
    return Decimal(low).quantize(_unit(figure), ROUND_HALF_UP) == figure.value


def _unit(figure: _Figure) -> Decimal:
    """Return the unit of the last decimal printed."""
    return Decimal(1).scaleb(-(figure.decimals or 0))


def _open(figure: _Figure, found: _Run, low: Value, high: Value) -> str:
    """Return the status of a figure that the rows do not settle: bounded, published_only, wording or contradicted.

    A null upper end is no bound; a printed number stands for all that rounds to it.
    """
    if not isinstance(low, int | Decimal) or isinstance(high, str):
        return "contradicted"
    most = Decimal("Infinity") if high is None else Decimal(high)
    column = found.sheet.report.column(figure.measure)
    base = found.all_rows.get(figure.key, {}).get(column.base or "")
    if figure.value is None:
        enough = most >= (figure.at_least or 0)
        if figure.more_than_share is not None:
            enough = enough and isinstance(base, int | Decimal) and most > figure.more_than_share * base
        return "wording" if enough else "contradicted"
    half = _unit(figure) / 2
    if not low <= figure.value + half or not figure.value - half <= most:
        return "contradicted"
    says_nothing = isinstance(base, int | Decimal) and low <= 0 and most >= base
    return "published_only" if says_nothing else "bounded"


def _broken_totals(figures: list[_Figure]) -> dict[_Figure, Label]:
    """Find printed totals that their printed parts in the same place do not make.

    The parts of a grand total are the subtotals where there are any.
    """
    tables: dict[tuple[str, str, str], list[_Figure]] = {}
    for figure in figures:
        if figure.value is not None:
            tables.setdefault((figure.report, figure.measure, figure.place), []).append(figure)
    broken = {}
    for table in tables.values():
        for figure in table:
            pattern = figure.key.split("/")
            below = [other for other in table if other.key.split("/").count(TOTAL) < pattern.count(TOTAL)]
            below = [other for other in below if _covers(pattern, other.key.split("/"))]
            level = max((other.key.split("/").count(TOTAL) for other in below), default=0)
            parts = [other.value or 0 for other in below if other.key.split("/").count(TOTAL) == level]
            if parts and sum(parts) != figure.value:
                made = plain(Decimal(sum(parts)))
                broken[figure] = Label(f"ses parties imprimées font {made}", f"its printed parts add up to {made}")
    return broken


def _printed_otherwise(figures: list[_Figure]) -> dict[_Figure, Label]:
    """Find figures that are printed in another place with another value."""
    cells: dict[tuple[str, str, str], list[_Figure]] = {}
    for figure in figures:
        if figure.value is not None or figure.code is not None:
            cells.setdefault((figure.report, figure.key, figure.measure), []).append(figure)
    found = {}
    for printed in cells.values():
        for figure in printed:
            others = {o.printed for o in printed if (o.value, o.code) != (figure.value, figure.code)}
            if others:
                shown = ", ".join(sorted(others))
                found[figure] = Label(f"imprimé ailleurs\u00a0: {shown}", f"printed elsewhere: {shown}")
    return found


def _unprinted(connection: Connection, figures: list[_Figure], runs: dict[str, _Run]) -> Iterable[Entry]:
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
                low, high = _range(runs[name], runs[name].all_rows, key, measure)
                blank = _Figure(name, key, measure, printed[0].place, 0, "", Decimal(0), 0, None, None, None)
                status = "reproduced" if _equal(blank, low, high) else _open(blank, runs[name], low, high)
                yield _entry(blank, low, high, status)


def _try(connection: Connection, scope: Scope, queries: set[str | None]) -> dict[str, _Verdict]:
    """Run queries that select offenders, in a scope that is set already."""
    found = {}
    for sql in sorted(filter(None, queries)):
        try:
            rows = database.query(connection, sql)[1]
            against = f"{len(rows)} rows speak against it, the first: {rows[0]}" if rows else ""
            found[sql] = _Verdict(holds=not rows, text=against)
        except SQLAlchemyError as error:
            connection.rollback()
            set_scope(connection, scope)
            text = str(error.orig if isinstance(error, DBAPIError) else error).strip()
            found[sql] = _Verdict(holds=False, text=text, failed=True)
    return found


def _claims(
    claims: list[dict[str, Any]], of_reported: dict[str, _Verdict], of_all: dict[str, _Verdict]
) -> Iterable[Entry]:
    for claim in claims:
        verdict = of_reported.get(claim["offenders"])
        if verdict is None:
            status = {"source": "source", "wording": "wording"}.get(claim["kind"], "published_only")
        elif verdict.holds:
            status = "reproduced"
        else:
            verdict = of_all[claim["offenders"]]
            status = "reproduced_with_inferred" if verdict.holds else "error" if verdict.failed else "contradicted"
        if claim["kind"] == "consistency" and verdict and verdict.holds:
            continue  # print agrees with print: no figure of its own, and no evidence about the rows
        because = Label(verdict.text, verdict.text) if verdict and verdict.text else None
        statement = Label(claim["statement_fr"], claim["statement_en"])
        yield Entry(
            CLAIMS, claim["claim"], STATEMENT, claim["printed"], claim["place"], None, None, status, because, statement
        )


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
            shown = "–".join(dict.fromkeys(str(value) for value in (entry.low, entry.high)))
            problems.append(f"{name}: printed {entry.printed or 'blank'}, computed {shown}{seen}; not explained")
            explained.append(entry)
            continue
        verdict = evidence.get(row["evidence"])
        if verdict and not verdict.holds:
            problems.append(f"{name}: the evidence of its explanation fails: {verdict.text}")
        explained.append(replace(entry, because=Label(row["because_fr"].strip(), row["because_en"].strip())))
    return explained, problems
