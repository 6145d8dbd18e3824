"""The rows of a report as people read them: labels of codes, ranges, and what stands behind one part of the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage.content import ALL, TOTAL, UNKNOWN, answers
from jumelage.reporting.sheet import Sheet, Value, key_places, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from jumelage.report_file import Column, Listing

_WHOLE = frozenset({TOTAL, ALL})


def span(low: Value, high: Value, lang: str) -> str:
    """Write what is known of a value: one number, or a range, open where nothing bounds it above."""
    if low is None or isinstance(low, str):
        return low or ""
    if high is None:
        return f"≥\u00a0{number(low, lang)}"
    if isinstance(high, str) or low == high:
        return number(low, lang)
    return f"{number(low, lang)}–{number(high, lang)}"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a report as people read it: its key, whether it is a total, and a text for each visible column."""

    key: str
    total: bool
    texts: tuple[str, ...]


def visible_columns(sheet: Sheet, printed: Iterable[str] = ()) -> tuple[Column, ...]:
    """Return the columns that people see: no upper end of another, and a seldom one where it counts or was printed.

    It counts, too, where it may: unless the measure that leads is a range, which says already that not all is known.
    """
    columns = sheet.report.columns
    left_out = {column.high for column in columns}
    place = {column.name: i for i, column in enumerate(columns)}
    leading = sheet.report.column(sheet.report.figures[0]) if any(column.seldom for column in columns) else None
    for column in columns:
        if column.seldom and column.name not in printed and leading:
            low, high = place[leading.name], place[leading.high or leading.name]
            may = column.high and any(row[place[column.high]] for row in sheet.rows if row[low] == row[high])
            if not may and not any(row[place[column.name]] for row in sheet.rows):
                left_out.add(column.name)
    return tuple(column for column in columns if column.name not in left_out)


def computed(column: Column, low: Value, high: Value, lang: str) -> str:
    """Write what is known of a measure; where there is no value, the answer that says why."""
    if low is None and column.none:
        return answers("answers")[column.none].text(lang)
    return span(low, high, lang)


def lines(sheet: Sheet, lang: str, columns: Sequence[Column]) -> Iterator[Line]:
    """Lay out the rows of a report in some of its columns."""
    names, keys = [column.name for column in sheet.report.columns], key_places(sheet.report)
    written = [_writer(sheet, column, names, lang) for column in columns]
    for row in sheet.rows:
        key = "/".join([str(row[place]) for place in keys])
        yield Line(key, _is_total(row, keys), tuple([text(row) for text in written]))


def _writer(sheet: Sheet, column: Column, names: Sequence[str], lang: str) -> Callable[[tuple[Value, ...]], str]:
    """Return what writes a column of a row for people; what stands in many rows is looked up once."""
    place = names.index(column.name)
    if column.high:
        end = names.index(column.high)
        return lambda row: computed(column, row[place], row[end], lang)
    labels: dict[str, str] = {}

    def written(row: tuple[Value, ...]) -> str:
        value = row[place]
        if not isinstance(value, str):
            return sheet.shown(column.name, value, lang)
        if value not in labels:
            labels[value] = sheet.shown(column.name, value, lang)
        return labels[value]

    return written


def totals(sheet: Sheet) -> frozenset[int]:
    """Return the places of the rows that are totals."""
    keys = key_places(sheet.report)
    return frozenset(i for i, row in enumerate(sheet.rows) if _is_total(row, keys))


def _is_total(row: tuple[Value, ...], keys: Sequence[int]) -> bool:
    return any(row[place] in _WHOLE for place in keys)


def lists_of(sheet: Sheet, listing: Listing, lang: str) -> list[tuple[str, ...]]:
    """Return, for each first part of the key, the items that stand behind it."""
    names = [column.name for column in sheet.report.columns]
    head = sheet.report.key[0]
    lists: dict[str, list[str]] = {}
    for row in sheet.rows:
        cell = dict(zip(names, row, strict=True))
        count = cell[listing.count]
        text = sheet.shown(listing.item, cell[listing.item], lang)
        if cell[listing.item] == UNKNOWN:
            text = f"({text})"
        if count != 1:
            high = sheet.report.column(listing.count).high
            number_of = span(count, cell[high] if high else count, lang)
            mark = (sheet.wave.several_mark or "({n})").replace("{n}", number_of)
            text = f"{text}\u00a0{mark}"
        lists.setdefault(sheet.shown(head, cell[head], lang), []).append(text)
    return [(name, ", ".join(items)) for name, items in lists.items()]
