"""A grid: named columns and rows, with codes for programs and, beside them, what people read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from jumelage.render.lines import lines, lists_of, totals, visible_columns
from jumelage.render.statuses import STATUS_NAMES
from jumelage.render.words import heading, kind, title, with_titles, words
from jumelage.reporting.entries import worst
from jumelage.reporting.sheet import Sheet, Value, number
from jumelage.rules import FIELDS, severity_name
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from jumelage.checking.partner_pairs import Pair
    from jumelage.checking.spellings import Suggestion
    from jumelage.database.register import Installed
    from jumelage.report_file import Column, Report
    from jumelage.reporting.diff import Change
    from jumelage.reporting.entries import Entry
    from jumelage.reporting.search import Found
    from jumelage.revisions.history import Entry as HistoryEntry
    from jumelage.rules import Finding


@dataclass(frozen=True, slots=True)
class Shown:
    """The same rows for people: headings, texts, which columns are numbers, which rows are totals.

    `widest` are the longest texts that may come in each column, where that is known of rows that are not all held.
    """

    title: str
    headings: tuple[str, ...]
    rows: Iterable[tuple[str, ...]]
    numeric: tuple[bool, ...]
    totals: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()
    widest: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grid:
    """Rows for programs (`names`, `rows`) and for people (`shown`), which are read once: of one or of the other.

    What is for people is laid out when it is first asked for: a report of a million rows for a program is not.
    What is made `for_people` is for them in a CSV file too: one that a French spreadsheet program opens as a table.
    `typed` are columns of texts that somebody typed; those in `numbers` have no texts, even where they have no value.
    """

    names: tuple[str, ...]
    rows: Iterable[tuple[Value, ...]]
    lay_out: Callable[[], Shown] = field(repr=False, compare=False)
    for_people: bool = False
    typed: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()

    @cached_property
    def shown(self) -> Shown:
        """The rows for people."""
        return self.lay_out()

    def showing(self, shown: Shown) -> Grid:
        """Return the same rows for programs, and these for people."""
        return replace(self, lay_out=lambda: shown)


_TYPED = frozenset({"added_by", "source", "loaded_by", "reason", "withdrawn_by", "withdrawn_why"})
_SEMICOLON = Label("\u00a0; ", "; ")
_SHOWING = Label(
    "{} changements sur {} sont montrés ({})\u00a0; tous\u00a0: --format csv -o FICHIER",
    "showing {} of {} {} changes; all of them: --format csv -o FILE",
)
_WITHDRAWN = Label("retirée le {} par {}\u00a0: {}", "withdrawn {} by {}: {}")
_WITHDRAWN_THEN = Label("retirée le {}", "withdrawn {}")
_MOVED = Label(
    "chargées sous d’autres listes de codes que celles d’aujourd’hui\u00a0: {}",
    "loaded under other code lists than those of now: {}",
)


def of_sheet(sheet: Sheet, lang: str, judged: Sequence[Entry] | None = None) -> Grid:
    """Make the grid of a report: every column for programs; labels, ranges and lists for people.

    With the entries of its printed figures, what is printed and its status come last.
    """
    names = tuple(column.name for column in sheet.report.columns)
    if judged is None:
        layout = _listed if sheet.report.listing else _tabled
        return Grid(names, sheet.rows, lambda: layout(sheet, lang), numbers=sheet.numbers)
    sheet = sheet.with_rows(entry.key for entry in judged)
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in judged:
        found.setdefault((entry.key, entry.measure), []).append(entry)
    measures = [name for name in sheet.report.measures if any(measure == name for _, measure in found)]
    printed = [
        tuple(value for measure in measures for value in _printed(found.get((key, measure), ()))) for key in sheet.cells
    ]
    w = words(lang)
    labels = [sheet.report.column(measure).label.text(lang) for measure in measures]
    told = [
        tuple(STATUS_NAMES[text].text(lang) if text in STATUS_NAMES else text or "" for text in row) for row in printed
    ]

    def people() -> Shown:
        shown = _tabled(sheet, lang)
        more = (f"{name} – {what}" for name in labels for what in (w["printed"], w["status"]))
        return replace(
            shown,
            headings=(*shown.headings, *more),
            rows=tuple((*row, *more) for row, more in zip(shown.rows, told, strict=True)),
            numeric=(*shown.numeric, *(True, False) * len(measures)),
        )

    return Grid(
        (*names, *(f"{measure}_{what}" for measure in measures for what in ("printed", "status"))),
        tuple((*row, *more) for row, more in zip(sheet.rows, printed, strict=True)),
        people,
        numbers=sheet.numbers,
    )


def _printed(entries: Sequence[Entry]) -> tuple[str | None, str | None]:
    """Return what is printed in a cell, in each place where it is, and its status; nothing if it is in none."""
    if not entries:
        return None, None
    return " | ".join(entry.printed for entry in entries), worst(entry.status for entry in entries)


def framed(sheet: Sheet, lang: str, columns: Sequence[Column]) -> Shown:
    """Return what stands around the rows of a table for people, without any row."""
    return Shown(
        title(sheet, lang),
        tuple(column.label.text(lang) for column in columns),
        (),
        tuple(not (column.codes or column.labels) for column in columns),
        notes=_notes(sheet, lang),
    )


def _tabled(sheet: Sheet, lang: str) -> Shown:
    columns = visible_columns(sheet)
    rows = [line.texts for line in lines(sheet, lang, columns)]
    return replace(framed(sheet, lang, columns), rows=rows, totals=totals(sheet))


def _notes(sheet: Sheet, lang: str) -> tuple[str, ...]:
    """Return what must stand under a table: the remarks on its waves, then the report's own note."""
    own = (sheet.report.note,) if sheet.report.note else ()
    return tuple(with_titles(text.text(lang), sheet.kind, lang) for text in (*sheet.remarks, *own))


def _listed(sheet: Sheet, lang: str) -> Shown:
    listing = sheet.report.listing
    if listing is None:
        raise ValueError(sheet.report.name)
    return Shown(
        title(sheet, lang),
        tuple(sheet.report.column(name).label.text(lang) for name in (sheet.report.key[0], listing.item)),
        lists_of(sheet, listing, lang),
        (False, False),
        notes=(*_notes(sheet, lang), listing.mark.text(lang)),
    )


_Row = TypeVar("_Row")
AT_ONCE = 10_000  # rows that are held; the first so many say how a table is laid out


def some_at_a_time(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    """Give rows in lists of as many as are held."""
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        yield some


def plain_text(value: Value, lang: str) -> str:
    """Write a value as it is, a number in the typography of French."""
    if value is None:
        return ""
    return str(value) if isinstance(value, str) or lang == "en" else number(value, lang)


def of_reports(reports: Sequence[Report], lang: str) -> Grid:
    """Make the grid that lists the reports."""
    rows = tuple((r.name, r.title.text(lang), r.source.text(lang) if r.source else "") for r in reports)
    return _plain_grid(("report", "title", "source"), rows, lang)


def of_findings(findings: Iterable[Finding], lang: str) -> Grid:
    """Make the grid of findings, for people: one row per finding, its texts in the language asked for."""
    rows = tuple(finding.fields(lang) for finding in findings)
    place = FIELDS.index("severity")
    grid = _plain_grid(FIELDS, rows, lang)
    texts = tuple(
        (*text[:place], severity_name(str(row[place])).text(lang), *text[place + 1 :])
        for text, row in zip(grid.shown.rows, rows, strict=True)
    )
    return replace(grid.showing(replace(grid.shown, rows=texts)), for_people=True)


_WIDEST = 80  # characters of a value in a table of changes; csv and json have all of them


def of_changes(changes: Sequence[Change], lang: str, most: int | None = None) -> Grid:
    """Make the grid of what a load would change; with `most`, of so many of each kind, and a note of how many more."""
    shown: list[tuple[Value, ...]] = []
    notes = []
    for what in dict.fromkeys(change.what for change in changes):
        found = [change for change in changes if change.what == what]
        shown += [(c.what, c.name, c.key, c.measure, c.before, c.after) for c in found[:most]]
        if len(found) > len(found[:most]):
            notes.append(filled(_SHOWING, most, len(found), kind(what, lang)).text(lang))
    names = ("what", "name", "key", "measure", "before", "after")
    grid = _plain_grid(names, tuple(shown), lang, tuple(notes))
    texts = tuple(
        tuple(text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…" for text in row)
        for row in (
            (kind(what, lang), name, kind(key, lang) if what == "not compared" else key, *rest)
            for what, name, key, *rest in grid.shown.rows
        )
    )
    return grid.showing(replace(grid.shown, rows=texts))


def of_history(entries: Sequence[HistoryEntry], lang: str) -> Grid:
    """Make the grid of a history: one row per revision; people see who and why, and the beginning of the hash."""
    from jumelage.revisions.history import Entry

    names = tuple(Entry.__slots__)
    rows = tuple(tuple(_scalar(getattr(entry, name)) for name in names) for entry in entries)
    shown = tuple(
        (
            f"{entry.wave} ({words(lang)['made_up']})" if entry.synthetic else entry.wave,
            str(entry.revision),
            kind(entry.status, lang),
            str(entry.loaded_at),
            entry.loaded_by or "",
            plain_text(entry.rows, lang),
            entry.content_hash[:12],
            _SEMICOLON.text(lang).join(filter(None, (entry.reason, _withdrawn(entry, lang)))),
        )
        for entry in entries
    )
    columns = ("wave", "revision", "status", "loaded (UTC)", "by", "rows", "hash", "why")
    numeric = (False, True, False, False, False, True, False, False)
    moved = [f"{entry.wave}@{entry.revision}" for entry in entries if entry.code_lists != "as now"]
    notes = (filled(_MOVED, ", ".join(moved)).text(lang),) if moved else ()
    headings = tuple(heading(name, lang) for name in columns)
    return Grid(names, rows, lambda: Shown("", headings, shown, numeric, notes=notes), typed=_TYPED)


def _withdrawn(entry: HistoryEntry, lang: str) -> str:
    if entry.withdrawn_at is None:
        return ""
    said = _WITHDRAWN if entry.withdrawn_by else _WITHDRAWN_THEN
    return filled(said, entry.withdrawn_at, entry.withdrawn_by, entry.withdrawn_why).text(lang)


def _scalar(value: object) -> Value:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if value is None or isinstance(value, int) else str(value)


REGISTER = ("list", "kind", "authorities", "present", "as_of", "source", "added_at", "added_by")
SUGGESTIONS = ("list", "spelling", "rows", "code", "name", "score", "confirmed")


def of_suggestions(suggestions: Sequence[Suggestion], lang: str) -> Grid:
    """Make the grid of suggested spellings, with a column for a person's confirmation."""
    rows = tuple((s.code_list, s.spelling, s.rows, s.code, s.name, s.score, None) for s in suggestions)
    return replace(_plain_grid(SUGGESTIONS, rows, lang), for_people=True)


def of_register(installed: Sequence[Installed], lang: str) -> Grid:
    """Make the grid of what the register has, by list and kind."""
    rows = tuple(tuple(_scalar(getattr(one, name)) for name in REGISTER) for one in installed)
    return replace(_plain_grid(REGISTER, rows, lang), typed=_TYPED)


def of_found(found: Sequence[Found], lang: str) -> Grid:
    """Make the grid of what a word stands for."""
    names = ("kind", "code", "label", "command")
    rows = tuple(tuple(getattr(one, name) for name in names) for one in found)
    return _plain_grid(names, rows, lang)


def of_pairs(pairs: Sequence[Pair], lang: str) -> Grid:
    """Make the grid of partners that may be one, as a wave takes it, with a column for what a person says."""
    rows = tuple((p.city, p.country, p.partner_before, p.partner, None, p.likeness) for p in pairs)
    names = ("city", "country", "partner_before", "partner", "same", "likeness")
    return replace(_plain_grid(names, rows, lang), for_people=True)


def _plain_grid(
    names: tuple[str, ...], rows: tuple[tuple[Value, ...], ...], lang: str, notes: tuple[str, ...] = ()
) -> Grid:
    """Make a grid whose values are shown as they are."""
    texts = tuple(tuple("" if value is None else str(value) for value in row) for row in rows)
    numeric = tuple(any(isinstance(row[i], int) for row in rows) for i in range(len(names)))
    headings = tuple(heading(name, lang) for name in names)
    return Grid(names, rows, lambda: Shown("", headings, texts, numeric, notes=notes))
