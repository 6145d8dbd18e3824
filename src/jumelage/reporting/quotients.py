"""What printed figures count, by the [table] of their reports: counts, and quotients with what they are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage.content import TOTAL
from jumelage.reporting.possible import MOST, Range, Rounded, ends_of
from jumelage.table_spec import AGREEMENTS, ANSWERS, ASKED, DISTRIBUTION, ENGAGED, RESPONDED, TOWNS, Share
from jumelage.texts import Label, both

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jumelage.report_file import Report
    from jumelage.reporting.entries import Figure

# What is counted, and of which rows: the parts of a key that say so, each with the list that it is of.
Counted = tuple[str, frozenset[tuple[str, str]]]

_OF_TOWNS = {TOWNS, RESPONDED, ENGAGED, ASKED, ANSWERS}  # no more than were contacted
_WITHIN = {(part, TOWNS) for part in _OF_TOWNS} | {(ANSWERS, ASKED), (ANSWERS, ENGAGED), (ASKED, ENGAGED)}
_WORDS = {
    TOWNS: Label("de collectivités contactées", "authorities contacted"),
    RESPONDED: Label("de collectivités ayant répondu", "authorities that responded"),
    ENGAGED: Label("de collectivités engagées", "engaged authorities"),
    AGREEMENTS: Label("d’accords", "agreements"),
    ANSWERS: Label("de réponses «\u00a0oui\u00a0»", "answers that are yes"),
    ASKED: Label("de collectivités interrogées", "authorities asked"),
}


@dataclass(frozen=True, slots=True)
class Quotient:
    """A printed quotient: what it is of, and in words.

    `parted` tells that the classes of its table share out the whole; `among` is the column that tells these apart.
    """

    figure: Figure
    rounded: Rounded
    part: Counted
    whole: Counted
    words: Label
    parted: bool
    among: str

    @property
    def table(self) -> tuple[object, ...]:
        """What figures have in common that are printed side by side, over the same base."""
        one = self.figure
        return one.report, one.measure, one.place, self.whole, self.rounded.scale, self.parted

    @property
    def all_of_it(self) -> bool:
        """Whether it is the total of a table that shares out a whole."""
        return self.parted and self.part == self.whole


def named_share(report: Report, key: str, measure: str) -> Share | None:
    """Return the quotient that a cell is, by its report's [table]; None if it is none."""
    table = report.table
    if table is None:
        return None
    parts = dict(zip(report.key, key.split("/"), strict=True))
    found = table.quotients.get(measure) or table.counts.get(parts[table.by] if table.by else measure)
    return found if isinstance(found, Share) else None


def quotients(figures: Iterable[Figure], reports: Mapping[str, Report]) -> tuple[Quotient, ...]:
    """Return the printed quotients whose reports say what they are of."""
    return tuple(one for figure in figures if (one := _quotient(figure, reports.get(figure.report))))


def _quotient(figure: Figure, report: Report | None) -> Quotient | None:
    share = named_share(report, figure.key, figure.measure) if report else None
    if report is None or report.table is None or share is None or figure.value is None:
        return None
    parted = share.part == share.whole
    part_of, whole_of = (_meant(report, word) for word in (share.part, share.whole))
    part = _rows(report, figure.key, part_of, classed=True)
    whole = _rows(report, figure.key, whole_of, classed=True)
    among = ""
    if parted:  # of two different counts both are those of the row
        part = {of: one for of, one in part.items() if one != TOTAL}
        if len(part) > 1:  # shares of what: of all, or of those with the same first part of the key?
            return None
        whole, among = {}, next((column for column in _classes(report) if part), "")
    within = parted or (part_of, whole_of) in _WITHIN
    rounded = Rounded(ends_of(figure.value, figure.decimals or 0), share.scale, within)
    words = _WORDS.get(part_of)
    if words is None:
        shown = report.column(share.part).label
        words = both("de «\u00a0{}\u00a0»", "“{}”", shown)
    of = (part_of, frozenset(part.items())), (whole_of, frozenset(whole.items()))
    return Quotient(figure, rounded, *of, words, parted, among)


def _meant(report: Report, word: str) -> str:
    """Return what a word of a quotient counts: a measure of the table is what `counts` says, or counts on its own."""
    table = report.table
    if table is None or word not in report.measures:
        return word
    counted = table.counts.get(word)
    return counted if isinstance(counted, str) else f"{report.name}.{word}"


def _classes(report: Report) -> tuple[str, ...]:
    """Return the columns of the key that tell the rows of a table apart."""
    by = report.table.by if report.table else ""
    return tuple(name for name in report.key if name != by and report.column(name).codes != "waves")


def _rows(report: Report, key: str, what: str, *, classed: bool) -> dict[str, str]:
    """Return the parts of a key that say of which rows something is counted, each by the list that it is of.

    Towns have no country. In a distribution the class says it of what is `classed`, and not of the whole.
    """
    table = report.table
    found: dict[str, str] = {}
    if table is None:
        return found
    parts = dict(zip(report.key, key.split("/"), strict=True))
    at = table.classes or next(iter(_classes(report)), "")
    for column in _classes(report):
        part, codes = parts[column], report.column(column).codes
        if part == TOTAL and column != table.items:
            continue
        if table.kind == DISTRIBUTION and column == at:
            if classed:
                found[f"{report.name}.{column}"] = part
        elif column == table.items:
            if what not in {TOWNS, RESPONDED, ENGAGED, AGREEMENTS}:
                found[table.question] = part
        elif what not in _OF_TOWNS or codes not in {"zones", "countries"}:
            found[codes or f"{report.name}.{column}"] = part
    if "countries" in found:
        found.pop("zones", None)
    return found


@dataclass(frozen=True, slots=True)
class Printed:
    """The printed counts of a wave, and how many authorities it asked, which bounds those that are not printed."""

    counts: Mapping[Counted, tuple[tuple[Range, str], ...]]
    frame: int | None

    def of(self, counted: Counted) -> tuple[tuple[Range, str], ...]:
        """Return what is printed of a count, each with its text: of an item, else of its whole table."""
        what, rows = counted
        of_table = frozenset((question, TOTAL) for question, _ in rows) if what == ASKED else rows
        return self.counts.get(counted) or self.counts.get((what, of_table), ())

    def most(self, what: str) -> int | None:
        """Return how many there may be of what is counted, at most; None if nothing bounds it."""
        return self.frame if what in _OF_TOWNS and self.frame and self.frame <= MOST else None


def printed_counts(figures: Iterable[Figure], reports: Mapping[str, Report], frame: int | None) -> Printed:
    """Collect the printed counts by what they count: numbers, and words that say at least how many."""
    found: dict[Counted, dict[tuple[Range, str], None]] = {}
    for figure in figures:
        report = reports.get(figure.report)
        if report is None or report.table is None or named_share(report, figure.key, figure.measure):
            continue
        table = report.table
        parts = dict(zip(report.key, figure.key.split("/"), strict=True))
        counted = table.counts.get(parts[table.by] if table.by else figure.measure)
        what = counted if isinstance(counted, str) else f"{report.name}.{figure.measure}"
        stated = _stated(figure, frame if what in _OF_TOWNS else None)
        if stated is None:
            continue
        classed = figure.measure not in {column.base for column in report.columns}
        rows = _rows(report, figure.key, what, classed=classed)
        found.setdefault((what, frozenset(rows.items())), {})[stated, figure.printed] = None
        if what == TOWNS and not rows and frame is not None:
            frame = max(frame, stated[0])
    return Printed({counted: tuple(stated) for counted, stated in found.items()}, frame)


def _stated(figure: Figure, most: int | None) -> Range | None:
    """Return which whole numbers a printed count may be; None if it is none."""
    if figure.value is not None:
        number = int(figure.value)
        return (number, number) if number == figure.value and number >= 0 else None
    if figure.code is not None:
        return None
    least = -int(-(figure.at_least or 0) // 1)
    return (least, most) if most is None or least <= most else None
