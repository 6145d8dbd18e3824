"""What a publication of one language says, laid out for whatever shows it: sections, cells with marks, the ledger."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from jumelage.document import key_figures
from jumelage.render.grid import framed, of_sheet
from jumelage.render.implied import FIXED, HEADING, explained, mark, range_of
from jumelage.render.lines import computed, lines, span, visible_columns
from jumelage.render.sentences import finding_of
from jumelage.render.statuses import (
    LEADING,
    MISSING,
    MISSING_MEANING,
    MISSING_NAME,
    STATUS_MARKS,
    STATUS_MEANINGS,
    STATUS_NAMES,
)
from jumelage.render.words import quoted, raised, title, words
from jumelage.reporting.entries import CLAIMS, STATUSES, Entry, worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from jumelage.document import Part
    from jumelage.repairing.implications import Implications, Implied
    from jumelage.report_file import Column, Report
    from jumelage.reporting.entries import Ledger
    from jumelage.reporting.sheet import Sheet, WaveFacts

_BESIDE = {"contradicted", "wording"}  # where the printed value says more than the computed one, it stands beside
_MONTHS = (
    ("janvier", "January"), ("février", "February"), ("mars", "March"), ("avril", "April"), ("mai", "May"),
    ("juin", "June"), ("juillet", "July"), ("août", "August"), ("septembre", "September"),
    ("octobre", "October"), ("novembre", "November"), ("décembre", "December"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a published table: the text that leads, its status, and what stands beside, each with a word for it.

    `spaced` keeps the numbers of a column in line where other cells of it have a status. `key` is that of the cell,
    where it is computed from rows. `head` is one that names its row, and `span` the number of rows that it does so for:
    none where the one above does.
    """

    text: str
    numeric: bool = False
    status: str | None = None
    beside: tuple[tuple[str, str], ...] = ()
    spaced: bool = False
    key: str = ""
    head: bool = False
    span: int = 1


@dataclass(frozen=True, slots=True)
class Section:
    """A report on the page: `columns` say what each of them is, by name, heading and words."""

    id: str
    title: str
    source: str
    headings: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[bool, tuple[Cell, ...]], ...]
    notes: tuple[str, ...]
    explanations: tuple[tuple[str, str], ...]
    sql: str
    finding: str | None
    columns: tuple[tuple[str, str, str], ...]
    statuses: frozenset[str]
    report: str
    kind: str | None


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the document in one language, with its reports."""

    name: str
    title: str
    text: str
    sections: tuple[Section, ...]


def page_of(
    parts: Sequence[tuple[Part, Sequence[Sheet]]],
    ledger: Ledger | None,
    lang: str,
    implied: Implications | None = None,
) -> dict[str, Any]:
    """Lay out a wave, or several without a ledger, in one language: its sections with their sheets.

    `parts` are Chapters, `findings` are name, sentence and title of a report; `facts` say what it was made from (name,
    text, language if it is always the same); `ledger` are its groups (title, report, lines), None where waves are
    compared; `together` says what the column of what is `implied` is, None without it. Whoever draws charts puts them
    into `charts`, by section, and whoever has pages of rows their addresses into `links`, by section and key.
    """
    sheets = {sheet.name: sheet for _, found in parts for sheet in found}
    chapters = [
        Chapter(
            part.name,
            part.title.text(lang),
            part.text.text(lang),
            tuple(section_of(sheet, judged_of(ledger, sheet), lang) for sheet in found),
        )
        for part, found in parts
    ]
    waves = waves_of(sheets.values())
    return {
        "lang": lang,
        "w": words(lang),
        "waves": waves,
        "remarks": remarks_of(sheets.values(), lang),
        "title": page_title(waves, lang),
        "facts": tuple(_facts(waves, lang) if ledger is None else _facts_of_one(waves[-1], lang)),
        "parts": chapters,
        "findings": [(one.id, one.finding, one.title) for part in chapters for one in part.sections if one.finding],
        **signs(ledger.counts() if ledger else {}, lang),
        "ledger": groups_of(ledger, sheets.values(), lang, implied) if ledger else None,
        "together": together_of(implied, sheets.values(), lang) if implied else None,
        "total": len(ledger.entries) if ledger else 0,
        "key_figures": key_figures() if ledger else "",
        "charts": {},
        "links": {},
    }


def judged_of(ledger: Ledger | None, sheet: Sheet) -> tuple[Entry, ...]:
    """Return the entries of the printed figures of a sheet; none where none was held against it."""
    return (ledger and ledger.of(sheet.report.name, sheet.kind)) or ()


def signs(counts: Mapping[str, int], lang: str) -> dict[str, Any]:
    """Return what statuses are called, by what sign they are shown, and of those that are counted what they mean."""
    return {
        "statuses": [
            (
                name,
                STATUS_MARKS[name].text(lang),
                STATUS_NAMES[name].text(lang),
                STATUS_MEANINGS[name].text(lang),
                number,
            )
            for name, number in counts.items()
        ],
        "marks": {name: STATUS_MARKS[name].text(lang) for name in STATUSES},
        "names": {name: STATUS_NAMES[name].text(lang) for name in STATUSES},
    }


def _facts_of_one(wave: WaveFacts, lang: str) -> Iterator[tuple[str, str, str]]:
    w, facts = words(lang), wave.facts
    yield w["frame"], wave.frame_rule.text(lang), ""
    yield w["fieldwork"], period(facts["fieldwork_from"], facts["fieldwork_to"], lang), ""
    yield w["reference"], _day(facts["reference_date"], lang), ""
    yield w["publication"], raised(wave.source), "fr"
    yield w["revision"], f"{wave.wave}, {wave.revision}", ""


def _facts(waves: Iterable[WaveFacts], lang: str) -> Iterator[tuple[str, str, str]]:
    w = words(lang)
    for one in waves:
        text = f"{one.title.text(lang)}. {w['frame']}{w['colon']} {one.frame_rule.text(lang)}."
        yield f"{w['wave']} {one.wave}, {w['number']} {one.revision}", text, ""


def remarks_of(sheets: Iterable[Sheet], lang: str) -> list[str]:
    """Return what must stand beside all figures, each once."""
    return [one.text(lang) for one in dict.fromkeys(remark for sheet in sheets for remark in sheet.remarks)]


def waves_of(sheets: Iterable[Sheet]) -> tuple[WaveFacts, ...]:
    """Return the waves of sheets, by reference date: not each need show all of them."""
    found = {wave.wave: wave for sheet in sheets for wave in sheet.waves}
    return tuple(sorted(found.values(), key=lambda wave: (wave.facts["reference_date"], wave.wave)))


def page_title(waves: Sequence[WaveFacts], lang: str) -> str:
    """Return the title of the page: that of the wave, or the waves that are compared."""
    if len(waves) == 1:
        return waves[0].title.text(lang)
    w = words(lang)
    named = (f"{wave.wave} ({w['made_up']})" if wave.synthetic else wave.wave for wave in waves)
    return f"{w['compared']}{w['colon']} {', '.join(named)}"


def _day(day: date, lang: str) -> str:
    month = _MONTHS[day.month - 1][lang == "en"]
    number = "1ᵉʳ" if day.day == 1 and lang == "fr" else str(day.day)
    return f"{number}\u00a0{month}\u00a0{day.year}"


def period(first: date, last: date, lang: str) -> str:
    """Write a period: in years or months where it is made of whole ones, since days would be invented precision."""
    if first == last:
        return _day(first, lang)
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return str(first.year) if first.year == last.year else f"{first.year} – {last.year}"
    if first.day == 1 and (last + timedelta(days=1)).day == 1:
        names = [_MONTHS[day.month - 1][lang == "en"] for day in (first, last)]
        year = f" {first.year}" if first.year != last.year else ""
        whole = f"{names[0]}{year} {words(lang)['to']} {names[1]} {last.year}"
        return whole if (first.year, first.month) != (last.year, last.month) else f"{names[1]} {last.year}"
    return f"{_day(first, lang)} – {_day(last, lang)}"


def section_of(sheet: Sheet, judged: Sequence[Entry], lang: str) -> Section:
    """Lay out a report with the entries of what is printed of it."""
    report = sheet.report
    entries: dict[tuple[str, str], list[Entry]] = {}
    for entry in judged:
        entries.setdefault((entry.key, entry.measure), []).append(entry)
    if report.listing:
        shown = of_sheet(sheet, lang).shown
        rows: list[tuple[bool, tuple[Cell, ...]]] = [(False, tuple(map(Cell, row))) for row in shown.rows]
    else:
        shown, rows = framed(sheet, lang, visible_columns(sheet)), _rows(sheet, entries, lang)
    notes = shown.notes[len(sheet.remarks) :]  # the page says the remarks once
    if any(cell.text == MISSING.text(lang) for _, row in rows for cell in row):
        missing = f"{MISSING.text(lang)}{words(lang)['colon']} {MISSING_NAME.text(lang)}. {MISSING_MEANING.text(lang)}"
        notes = (*notes, missing)
    because: dict[str, list[str]] = {}
    for (key, measure), found in entries.items():
        for entry in found:
            if entry.because:
                name = key_label(sheet, key, lang)
                because.setdefault(entry.because.text(lang), []).append(
                    name if measure == report.figures[0] else f"{name}, {report.column(measure).label.text(lang)}"
                )
    return Section(
        sheet.name,
        title(sheet, lang),
        report.source.text(lang) if report.source and entries else "",  # a wave may have no printed survey
        tuple(zip(shown.headings, shown.numeric, strict=True)),
        tuple(rows),
        notes,
        tuple((", ".join(dict.fromkeys(keys)), text) for text, keys in because.items()),
        report.sql,
        finding_of(sheet, lang, judged),
        tuple((column.name, column.label.text(lang), _what(report, column, lang)) for column in report.columns),
        frozenset(cell.status for _, row in rows for cell in row if cell.status),
        report.name,
        sheet.kind,
    )


def _what(report: Report, column: Column, lang: str) -> str:
    """Say what a column is: part of the key, a measure, or the upper end of one."""
    w = words(lang)
    lower = next((one for one in report.columns if one.high == column.name), None)
    if column.name in report.key:
        return w["code_list"].format(quoted(column.codes, lang)) if column.codes else w["key_column"]
    return w["upper_end"].format(quoted(lower.label.text(lang), lang)) if lower else w["measure"]


def key_label(sheet: Sheet, key: str, lang: str) -> str:
    """Return what people read for a key: the labels of its parts."""
    parts = zip(sheet.report.key, key.split("/"), strict=True)
    return " / ".join(sheet.shown(column, part, lang).strip() for column, part in parts)


def _rows(sheet: Sheet, entries: dict[tuple[str, str], list[Entry]], lang: str) -> list[tuple[bool, tuple[Cell, ...]]]:
    """Lay out the computed rows, and among them those that were printed and have no computed row."""
    judged = {measure for _, measure in entries}
    columns, measures, missing = visible_columns(sheet, judged), set(sheet.report.measures), MISSING.text(lang)
    known = [
        (
            column.name,
            not (column.codes or column.labels),
            column.name in judged,
            column.name in measures,
            column.name in sheet.report.key,
        )
        for column in columns
    ]
    rows = []
    for line in lines(sheet.with_rows(key for key, _ in entries), lang, columns):
        row = []
        for (name, numeric, spaced, measure, head), text in zip(known, line.texts, strict=True):
            said = missing if measure and not text else text
            key = line.key if measure else ""
            if found := entries.get((line.key, name)):
                row.append(replace(_cell(said, numeric, found, lang), spaced=spaced, key=key, head=head))
            else:
                row.append(Cell(said, numeric, spaced=spaced, key=key, head=head))
        rows.append((line.total, tuple(row)))
    return _grouped(rows, [head for *_, head in known])


def _grouped(
    rows: Sequence[tuple[bool, tuple[Cell, ...]]], keys: Sequence[bool]
) -> list[tuple[bool, tuple[Cell, ...]]]:
    """Let a cell of the key name all the rows that it belongs to, but in the last column of the key.

    Columns of the key stand first.
    """
    leading = next((place for place, key in enumerate(keys) if not key), len(keys))
    laid = [list(cells) for _, cells in rows]
    begins = [0] * len(rows)  # the row in which the group of each row begins
    for place in range(leading - 1):
        column, found = [cells[place] for cells in laid], list[int]()
        for row, cell in enumerate(column):
            goes_on = row > 0 and begins[row] == begins[row - 1] and cell.text == column[row - 1].text
            found.append(found[-1] if goes_on and not (cell.status or column[row - 1].status) else row)
        begins, spans = found, Counter(found)
        for row, cells in enumerate(laid):
            cells[place] = replace(cells[place], span=spans[row])
    return [(total, tuple(cells)) for (total, _), cells in zip(rows, laid, strict=True)]


def _cell(text: str, numeric: bool, entries: list[Entry], lang: str) -> Cell:
    """Return a cell with what is printed of it."""
    w = words(lang)
    status = worst(entry.status for entry in entries)
    leading = _texts([entry for entry in entries if entry.status in LEADING], lang) if status in LEADING else ""
    beside = _texts(
        [entry for entry in entries if entry.status in _BESIDE or (not numeric and entry.printed != text)], lang
    )
    known = ((w["rows"], text),) if leading else ()
    return Cell(leading or text, numeric, status, (*known, *(((w["printed"], beside),) if beside else ())))


def _texts(entries: list[Entry], lang: str) -> str:
    """Write what is printed in one cell, each text once."""
    return ", ".join(dict.fromkeys(entry.printed or words(lang)["blank"] for entry in entries))


def groups_of(
    ledger: Ledger, sheets: Iterable[Sheet], lang: str, implied: Implications | None = None
) -> list[tuple[str, str, list[dict[str, str]]]]:
    """Return the lines of the ledger as `printed_lines` does, without the entries."""
    found = printed_lines(ledger, sheets, lang, implied)
    return [(said, name, [line for _, line in listed]) for said, name, listed in found]


def together_of(implied: Implications, sheets: Iterable[Sheet], lang: str) -> dict[str, Any]:
    """Return what the column of what is implied is called, the word for a fixed figure, and what both mean."""
    table = next((title(sheet, lang) for sheet in sheets if sheet.report.name == implied.report), implied.report or "")
    return {
        "heading": HEADING.text(lang),
        "fixed": FIXED.text(lang),
        "notes": list(explained(implied, lang, table)),
    }


def printed_lines(
    ledger: Ledger, sheets: Iterable[Sheet], lang: str, implied: Implications | None = None
) -> list[tuple[str, str, list[tuple[Entry, dict[str, str]]]]]:
    """Return the entries of the ledger with their lines, by report in the order of the page: title, report, lines.

    A line has what is implied of its cell, where that is given.
    """
    by_cell = implied.by_cell() if implied else {}
    judged = {sheet.report.name: sheet for sheet in sheets if sheet.kind == ledger.kind}
    titles = {name: title(sheet, lang) for name, sheet in judged.items()}
    titles[CLAIMS] = words(lang)["claims"]
    by_report: dict[str, list[tuple[Entry, dict[str, str]]]] = {name: [] for name in titles}
    for entry in ledger.entries:
        by_report.setdefault(entry.report, []).append((entry, _line(entry, judged, by_cell.get(entry.cell), lang)))
    return [
        (titles.get(name, name), judged[name].name if name in judged else "", lines)
        for name, lines in by_report.items()
        if lines
    ]


def _line(entry: Entry, sheets: dict[str, Sheet], one: Implied | None, lang: str) -> dict[str, str]:
    sheet = sheets.get(entry.report)
    if entry.statement:
        figure = entry.statement.text(lang)
    elif sheet:
        figure = key_label(sheet, entry.key, lang)
        if entry.measure != sheet.report.figures[0]:
            figure += f" – {sheet.report.column(entry.measure).label.text(lang)}"
    else:
        figure = f"{entry.key} – {entry.measure}"
    shown = span(entry.low, entry.high, lang)
    if sheet and entry.low is None and not entry.statement:
        shown = computed(sheet.report.column(entry.measure), entry.low, entry.high, lang)
    if sheet and isinstance(entry.low, str):
        shown = sheet.shown(entry.measure, entry.low, lang)
    return {
        "figure": figure,
        "printed": raised(entry.printed),
        "place": raised(entry.place),
        "computed": shown,
        "status": entry.status,
        "together": range_of(one, lang),
        "mark": mark(one, lang),
        "fixed": "fixed" if one and one.fixed else "",
    }
