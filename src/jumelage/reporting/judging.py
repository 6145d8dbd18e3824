"""The status of a figure, from what is printed and what the rows leave open; no database is needed for it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from jumelage.content import TOTAL
from jumelage.reporting.run import Sheet, Value, plain
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterable


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
class Figure:
    """A printed figure: where it stands, its text, and the number or code that the text states."""

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
class Run:
    """A report run for the ledger: with and without inferred rows, and what its rows were made from."""

    sheet: Sheet
    all_rows: dict[str, dict[str, Value]]
    reported: dict[str, dict[str, Value]]
    sources: dict[tuple[str, str], set[str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a query that selects offenders found: none, some, or an error of its own."""

    holds: bool
    text: str
    failed: bool = False


def entry_of(figure: Figure, low: Value, high: Value, status: str, because: Label | None = None) -> Entry:
    """Make the entry of a figure."""
    return Entry(figure.report, figure.key, figure.measure, figure.printed, figure.place, low, high, status, because)


def range_of(found: Run, cells: dict[str, dict[str, Value]], key: str, measure: str) -> tuple[Value, Value]:
    """Return what the rows say of a cell, from low to high."""
    column = found.sheet.report.column(measure)
    cell = cells.get(key)
    if cell is None:
        cell = found.sheet.uncounted()
    return cell[measure], cell[column.high or measure]


def judge(figure: Figure, found: Run, against_print: dict[Figure, Label]) -> Entry:
    """Give a figure its status: the first that holds, as docs/ledger.md lists them."""
    low, high = range_of(found, found.all_rows, figure.key, figure.measure)
    reported = range_of(found, found.reported, figure.key, figure.measure)
    if figure in against_print:
        return entry_of(figure, low, high, "contradicted", against_print[figure])
    if _is_source(figure, found.sources):
        return entry_of(figure, low, high, "source")
    if is_equal(figure, *reported):
        return entry_of(figure, low, high, "reproduced")
    if is_equal(figure, low, high):
        return entry_of(figure, low, high, "reproduced_with_inferred")
    return entry_of(figure, low, high, status_of_open(figure, found, low, high))


def _is_source(figure: Figure, made_from: dict[tuple[str, str], set[str]]) -> bool:
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


def is_equal(figure: Figure, low: Value, high: Value) -> bool:
    """Tell whether what can be computed is exact and, rounded half up, what is printed."""
    if low != high or low is None:
        return False
    if figure.code is not None:
        return low == figure.code
    if figure.value is None or isinstance(low, str):
        return False
    return Decimal(low).quantize(_unit(figure), ROUND_HALF_UP) == figure.value


def _unit(figure: Figure) -> Decimal:
    """Return the unit of the last decimal printed."""
    return Decimal(1).scaleb(-(figure.decimals or 0))


def status_of_open(figure: Figure, found: Run, low: Value, high: Value) -> str:
    """Return the status of a figure that the rows do not settle: bounded, published_only, wording or contradicted.

    A null upper end is no bound; a printed number stands for all that rounds to it.
    """
    if not isinstance(low, int | Decimal) or isinstance(high, str):
        return "contradicted"
    most = Decimal("Infinity") if high is None else Decimal(high)
    column = found.sheet.report.column(figure.measure)
    cell = found.all_rows.get(figure.key, {})
    base = cell.get(column.base or "")
    most_of_base = cell.get(found.sheet.report.column(column.base).high or "", base) if column.base else base
    if figure.value is None:
        enough = most >= (figure.at_least or 0)
        if figure.more_than_share is not None:
            enough = enough and isinstance(base, int | Decimal) and most > figure.more_than_share * base
        return "wording" if enough else "contradicted"
    half = _unit(figure) / 2
    if not low <= figure.value + half or not figure.value - half <= most:
        return "contradicted"
    says_nothing = isinstance(most_of_base, int | Decimal) and low <= 0 and most >= most_of_base
    return "published_only" if says_nothing else "bounded"


def broken_totals(figures: list[Figure]) -> dict[Figure, Label]:
    """Find printed totals that their printed parts in the same place do not make.

    The parts of a grand total are the subtotals where there are any.
    """
    tables: dict[tuple[str, str, str], list[Figure]] = {}
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


def printed_otherwise(figures: list[Figure]) -> dict[Figure, Label]:
    """Find figures that are printed in another place with another value."""
    cells: dict[tuple[str, str, str], list[Figure]] = {}
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


def claim_entries(
    claims: list[dict[str, Any]], of_reported: dict[str, Verdict], of_all: dict[str, Verdict]
) -> Iterable[Entry]:
    """Yield an entry for each claim: by its query without inferred rows, else by the same with them."""
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
