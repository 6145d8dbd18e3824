"""A grid: named columns and rows, with codes for programs and, beside them, what people read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jumelage.content import ALL, TOTAL, UNKNOWN
from jumelage.reporting.sheet import Detail, Sheet, Value, number
from jumelage.rules import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jumelage.checking.spellings import Suggestion
    from jumelage.report_file import Column, Report
    from jumelage.reporting.diff import Change
    from jumelage.reporting.judging import Ledger
    from jumelage.revisions.history import Entry
    from jumelage.rules import Finding


@dataclass(frozen=True, slots=True)
class Shown:
    """The same rows for people: headings, texts, which columns are numbers, which rows are totals."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    totals: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows for programs (`names`, `rows`) and for people (`shown`)."""

    names: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    shown: Shown = field(repr=False)


def of_sheet(sheet: Sheet, lang: str) -> Grid:
    """Make the grid of a report: every column for programs; labels, ranges and lists for people."""
    names = tuple(column.name for column in sheet.report.columns)
    return Grid(names, sheet.rows, _listed(sheet, lang) if sheet.report.listing else _tabled(sheet, lang))


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


def visible_columns(report: Report) -> tuple[Column, ...]:
    """Return the columns that people see: not those that hold the upper end of another."""
    ends = {column.high for column in report.columns}
    return tuple(column for column in report.columns if column.name not in ends)


def lines(sheet: Sheet, lang: str) -> Iterator[Line]:
    """Lay out the rows of a report."""
    report = sheet.report
    for key, cell in sheet.cells().items():
        texts = (
            span(cell[column.name], cell[column.high], lang)
            if column.high
            else sheet.shown(column.name, cell[column.name], lang)
            for column in visible_columns(report)
        )
        yield Line(key, not {TOTAL, ALL}.isdisjoint(key.split("/")), tuple(texts))


def _tabled(sheet: Sheet, lang: str) -> Shown:
    columns = visible_columns(sheet.report)
    laid_out = tuple(lines(sheet, lang))
    return Shown(
        sheet.report.title.text(lang),
        tuple(column.label.text(lang) for column in columns),
        tuple(line.texts for line in laid_out),
        tuple(not (column.codes or column.labels) for column in columns),
        frozenset(i for i, line in enumerate(laid_out) if line.total),
        _notes(sheet, lang),
    )


def _notes(sheet: Sheet, lang: str) -> tuple[str, ...]:
    """Return what must stand under a table: the remarks on its waves, then the report's own note."""
    own = (sheet.report.note,) if sheet.report.note else ()
    return tuple(text.text(lang) for text in (*sheet.remarks, *own))


def _listed(sheet: Sheet, lang: str) -> Shown:
    listing = sheet.report.listing
    if listing is None:
        raise ValueError(sheet.report.name)
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
            mark = (sheet.wave.several_mark or "({n})").replace("{n}", str(count))
            text = f"{text}\u00a0{mark}"
        lists.setdefault(sheet.shown(head, cell[head], lang), []).append(text)
    return Shown(
        sheet.report.title.text(lang),
        tuple(sheet.report.column(name).label.text(lang) for name in (head, listing.item)),
        tuple((name, ", ".join(items)) for name, items in lists.items()),
        (False, False),
        notes=(*_notes(sheet, lang), listing.mark.text(lang)),
    )


def of_detail(detail: Detail, title: str) -> Grid:
    """Make the grid of the rows behind a cell."""
    texts = tuple(tuple("" if value is None else str(value) for value in row) for row in detail.rows)
    numeric = tuple(
        any(not isinstance(value, str) for value in column if value is not None)
        for column in (zip(*detail.rows, strict=True) if detail.rows else [()] * len(detail.columns))
    )
    notes = () if detail.additive else ("not_additive: the cell is not the sum of these rows",)
    return Grid(detail.columns, detail.rows, Shown(title, detail.columns, texts, numeric, notes=notes))


LEDGER = ("report", "key", "measure", "printed", "place", "low", "high", "status", "because")


def of_ledger(ledger: Ledger, lang: str) -> Grid:
    """Make the grid of a ledger: one row per published figure."""
    rows = tuple(
        (
            entry.report,
            entry.key,
            entry.measure,
            entry.printed,
            entry.place,
            entry.low,
            entry.high,
            entry.status,
            entry.because.text(lang) if entry.because else "",
        )
        for entry in ledger.entries
    )
    shown = tuple(
        (*row[:5], span(row[5], row[6], lang), row[7])
        for row in rows
    )  # fmt: skip
    headings = ("report", "key", "measure", "printed", "place", "computed", "status")
    texts = tuple(tuple(str(value) for value in row) for row in shown)
    because: dict[str, list[str]] = {}
    for entry in ledger.entries:
        if entry.because:
            because.setdefault(entry.because.text(lang), []).append(f"{entry.report} {entry.key} {entry.measure}")
    notes = tuple(f"{', '.join(dict.fromkeys(cells))}: {text}" for text, cells in because.items())
    numeric = (False, False, False, True, False, True, False)
    return Grid(LEDGER, rows, Shown("", headings, texts, numeric, notes=notes))


def of_findings(findings: Sequence[Finding], lang: str) -> Grid:
    """Make the grid of findings: one row per finding, its texts in the language asked for."""
    return _plain_grid(FIELDS, tuple(finding.fields(lang) for finding in findings))


_WIDEST = 80  # characters of a value in a table of changes; csv and json have all of them


def of_changes(changes: Sequence[Change], most: int | None = None) -> Grid:
    """Make the grid of what a load would change; with `most`, of so many of each kind, and a note of how many more."""
    shown: list[tuple[Value, ...]] = []
    notes = []
    for what in dict.fromkeys(change.what for change in changes):
        found = [change for change in changes if change.what == what]
        shown += [(c.what, c.name, c.key, c.measure, c.before, c.after) for c in found[:most]]
        if len(found) > len(found[:most]):
            notes.append(f"showing {most} of {len(found)} {what} changes; all of them: --format csv -o FILE")
    names = ("what", "name", "key", "measure", "before", "after")
    grid = _plain_grid(names, tuple(shown), tuple(notes))
    texts = tuple(
        tuple(text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…" for text in row) for row in grid.shown.rows
    )
    return replace(grid, shown=replace(grid.shown, rows=texts))


def of_history(entries: Sequence[Entry]) -> Grid:
    """Make the grid of a history: one row per revision; people see who and why, and the beginning of the hash."""
    from jumelage.revisions.history import Entry

    names = tuple(Entry.__slots__)
    rows = tuple(tuple(_scalar(getattr(entry, name)) for name in names) for entry in entries)
    shown = tuple(
        (
            f"{entry.wave} (synthetic)" if entry.synthetic else entry.wave,
            str(entry.revision),
            entry.status,
            str(entry.loaded_at),
            entry.loaded_by,
            str(entry.rows),
            entry.content_hash[:12],
            "; ".join(filter(None, (entry.reason, _withdrawn(entry)))),
        )
        for entry in entries
    )
    headings = ("wave", "revision", "status", "loaded (UTC)", "by", "rows", "hash", "why")
    numeric = (False, True, False, False, False, True, False, False)
    moved = [f"{entry.wave}@{entry.revision}" for entry in entries if entry.code_lists != "as now"]
    notes = (f"loaded under other code lists than those of now: {', '.join(moved)}",) if moved else ()
    return Grid(names, rows, Shown("", headings, shown, numeric, notes=notes))


def _withdrawn(entry: Entry) -> str:
    if entry.withdrawn_at is None:
        return ""
    return f"withdrawn {entry.withdrawn_at} by {entry.withdrawn_by}: {entry.withdrawn_why}"


def _scalar(value: object) -> Value:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if value is None or isinstance(value, int) else str(value)


SUGGESTIONS = ("list", "spelling", "rows", "code", "name", "score", "confirmed")


def of_suggestions(suggestions: Sequence[Suggestion]) -> Grid:
    """Make the grid of suggested spellings, with a column for a person's confirmation."""
    rows = tuple((s.code_list, s.spelling, s.rows, s.code, s.name, s.score, None) for s in suggestions)
    return _plain_grid(SUGGESTIONS, rows)


def _plain_grid(names: tuple[str, ...], rows: tuple[tuple[Value, ...], ...], notes: tuple[str, ...] = ()) -> Grid:
    """Make a grid whose names are its headings and whose values are shown as they are."""
    texts = tuple(tuple("" if value is None else str(value) for value in row) for row in rows)
    numeric = tuple(any(isinstance(row[i], int) for row in rows) for i in range(len(names)))
    return Grid(names, rows, Shown("", names, texts, numeric, notes=notes))
