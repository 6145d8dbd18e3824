"""A workbook of a publication: a cover, its contents, notes, and a sheet for each table, with real numbers.

What was computed, its upper end, what was printed and the status stand in columns of their own. A workbook is read by
programs for the blind, too: one table on a sheet, a heading above each column, nothing merged, no blank row within.
"""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from jumelage.content import TOTAL
from jumelage.render.grid import of_sheet
from jumelage.render.page import judged_of, key_label, printed_lines, together_of
from jumelage.render.rows import named, ordered, shown_columns
from jumelage.render.sentences import finding_of
from jumelage.render.statuses import (
    MISSING,
    MISSING_MEANING,
    MISSING_NAME,
    STATUS_MARKS,
    STATUS_MEANINGS,
    STATUS_NAMES,
)
from jumelage.render.words import raised, title, words
from jumelage.reporting.sheet import number, plain
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from jumelage.document import Part
    from jumelage.render.grid import Grid
    from jumelage.repairing.implications import Implications
    from jumelage.reporting.behind import Behind
    from jumelage.reporting.entries import Entry, Ledger
    from jumelage.reporting.sheet import Sheet, Value, WaveFacts

_MOST_ROWS = 1_048_576 - 10  # of a sheet, but for what stands above and below its table
_MOST_LINKS = 5_000  # rows whose cells lead to those behind them: a sheet takes 65,530 links
_LONGEST_NAME = 31  # characters of a sheet's name
_NARROWEST, _WIDEST = 8, 60  # characters
_LOOKED_AT = 500  # rows that tell how wide a column is
_MADE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # the same bytes on another day

_WORDS = {
    "cover": Label("couverture", "cover"),
    "contents": Label("sommaire", "contents"),
    "notes": Label("notes", "notes"),
    "ledger": Label("registre", "ledger"),
    "one_table": Label("Cette feuille contient un tableau.", "This worksheet contains one table."),
    "sheet": Label("Feuille", "Worksheet"),
    "table": Label("Tableau", "Table"),
    "rows": Label("Lignes", "Rows"),
    "cut": Label(
        "{} lignes sur {}\u00a0: la suite est dans les fichiers de données",
        "{} of {} rows: the data files have the rest",
    ),
    "behind_cut": Label(
        "Les {} premières lignes\u00a0; les pages web en ont plus, et `jumelage explain` les donne toutes.",
        "The first {} rows; the web pages have more, and `jumelage explain` gives all of them.",
    ),
    "sign": Label("Dans ce classeur", "In this workbook"),
    "on_paper": Label("Signe des pages et du PDF", "Sign on pages and in the PDF"),
    "blank": Label("La publication n’imprime rien à cet endroit.", "The publication prints nothing there."),
    "least": Label("au moins", "at least"),
    "most": Label("au plus", "at most"),
    "meaning": Label("Sens", "Meaning"),
    "follows": Label("Ce qui en résulte", "What follows"),
    "wave": Label("Vague", "Wave"),
    "revision": Label("révision", "revision"),
    "source": Label("Publication", "Publication"),
}


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the workbook: its sheet's name, what stands above it, its headings and rows, and its notes.

    `links` lead from a cell, by row and column, to a row of the table `behind` it.
    """

    name: str
    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    notes: tuple[str, ...] = ()
    behind: str = ""
    links: Mapping[tuple[int, int], int] = field(default_factory=dict)


def render_workbook(
    parts: Sequence[tuple[Part, Sequence[Sheet]]],
    ledger: Ledger | None,
    lang: str,
    found: Mapping[str, Behind],
    implied: Implications | None = None,
) -> bytes:
    """Return the workbook of a publication, the same bytes each time.

    `found` are the rows behind its reports, `implied` is what the ledger has in columns of its own.
    """
    from xlsxwriter.workbook import Workbook as New

    sheets = [sheet for _, listed in parts for sheet in listed]
    tables = [_table(sheet, ledger, lang, found.get(sheet.name)) for sheet in sheets]
    if ledger is not None:
        tables.append(_ledger_table(ledger, sheets, lang, implied))
    tables += [_rows_table(one, lang) for one in found.values()]
    tables = list(_named(tables, {_say(name, lang) for name in ("cover", "contents", "notes")}))
    out = io.BytesIO()
    book = New(out, {"in_memory": True})  # every cell is written by its type, so that no text becomes a formula
    book.set_properties({"title": sheets[-1].wave.title.text(lang), "created": _MADE, "author": "jumelage"})
    _cover(book, sheets, lang)
    _contents(book, tables, lang)
    _notes(book, tables, ledger, lang)
    for table in tables:
        _write(book, table, lang)
    book.close()
    return out.getvalue()


def _table(sheet: Sheet, ledger: Ledger | None, lang: str, found: Behind | None) -> _Table:
    """Lay out a report: labels for codes, numbers as numbers, what was printed and its status."""
    judged = judged_of(ledger, sheet)
    grid = of_sheet(sheet, lang, ledger.of(sheet.report.name, sheet.kind) if ledger else None)
    of_cells: dict[tuple[str, str], list[Entry]] = {}
    for entry in judged:
        of_cells.setdefault((entry.key, f"{entry.measure}_printed"), []).append(entry)
    printed = {cell: _printed(found) for cell, found in of_cells.items()}
    keys = [grid.names.index(name) for name in sheet.report.key]
    rows = tuple(
        tuple(_values(sheet, grid, row, "/".join(str(row[place]) for place in keys), printed, lang))
        for row in grid.rows
    )
    finding = finding_of(sheet, lang, judged)
    notes = (*((finding,) if finding else ()), *grid.shown.notes)
    links: dict[tuple[int, int], int] = {}
    behind = ""
    if found and found.rows:
        behind, places = _behind(sheet.name), _first_rows(found)
        measures = [grid.names.index(name) for name in sheet.report.measures if name in grid.names]
        for row, values in enumerate(islice(grid.rows, _MOST_LINKS)):
            key = "/".join(str(values[place]) for place in keys)
            if (first := places.get(key, 0 if TOTAL in key.split("/") else None)) is not None:
                links |= dict.fromkeys(((row, column) for column in measures), first)
    return _Table(
        sheet.name, title(sheet, lang), tuple(_once(_headings(sheet, grid, lang))), rows, notes, behind, links
    )


def _ledger_table(ledger: Ledger, sheets: Sequence[Sheet], lang: str, implied: Implications | None) -> _Table:
    """Lay out the ledger as on the page, both ends of what can be computed, or is implied, in columns of their own."""
    w = words(lang)
    rows: list[tuple[Value, ...]] = []
    together = together_of(implied, sheets, lang) if implied else None
    by_cell = implied.by_cell() if implied else {}
    for said, _, listed in printed_lines(ledger, sheets, lang, implied):
        for entry, line in listed:
            exact = isinstance(entry.low, int | Decimal)
            low = entry.low if exact else line["computed"]
            high = "" if not exact else MISSING.text(lang) if entry.high is None else entry.high
            printed = _printed([entry]) or line["printed"] or w["blank"]
            one = by_cell.get(entry.cell)
            added = (*((one.low, one.high) if one else ("", "")), line["mark"]) if together else ()
            status = STATUS_NAMES[entry.status].text(lang)
            rows.append((said, line["figure"], printed, low, high, *added, status, line["place"]))
    ends = [f" ({_say(end, lang)})" for end in ("least", "most")]
    more = (*(together["heading"] + end for end in ends), _say("follows", lang)) if together else ()
    computed = (w["computed"] + end for end in ends)
    headings = (_say("table", lang), w["figure"], w["Printed"], *computed, *more, w["status"], w["place"])
    return _Table(
        _say("ledger", lang), w["ledger"], headings, tuple(rows), tuple(together["notes"]) if together else ()
    )


def _printed(entries: Iterable[Entry]) -> Value:
    """Return the number that is printed in a cell; None where there is none, or another in another place."""
    values = {plain(one.value) if one.printed else None for one in entries}
    return values.pop() if len(values) == 1 else None


def _behind(name: str) -> str:
    """Return the name of the table of the rows behind one."""
    return f"{name}*"


def _first_rows(found: Behind) -> dict[str, int]:
    """Return the first row of each key in the table of the rows behind a report."""
    keys = [key for key in ordered(found) if found.rows[key]]
    return dict(zip(keys, accumulate((len(found.rows[key]) for key in keys), initial=0), strict=False))


def _rows_table(found: Behind, lang: str) -> _Table:
    """Lay out the rows behind a report, each with the cell that it counts in."""
    sheet, columns, w = found.sheet, shown_columns(found, lang), words(lang)
    rows = tuple(
        (key_label(sheet, key, lang), *(named(found, place, row[place], lang) for place, _ in columns))
        for key in ordered(found)
        for row in found.rows[key]
    )
    headings = tuple(_once([w["figure"], *(heading for _, heading in columns)]))
    notes = (_say("behind_cut", lang).format(number(len(rows), lang)),) if found.cut else ()
    return _Table(_behind(sheet.name), f"{w['rows_of']}{w['colon']} {title(sheet, lang)}", headings, rows, notes)


def _values(
    sheet: Sheet,
    grid: Grid,
    row: tuple[Value, ...],
    key: str,
    printed: Mapping[tuple[str, str], Value],
    lang: str,
) -> Iterator[Value]:
    known = {column.name: column for column in sheet.report.columns}
    for name, value in zip(grid.names, row, strict=True):
        column = known.get(name)
        if column is None:  # what is printed, and its status
            number_of = printed.get((key, name))
            yield _told(value, lang) if number_of is None else number_of
        elif value is None:
            yield MISSING.text(lang)
        elif isinstance(value, int | Decimal):
            yield value
        else:  # a number may stand as a text, where others of its column are words
            counted = value.isdecimal() and not (column.codes or column.labels)
            yield int(value) if counted else sheet.shown(name, value, lang).strip()


def _told(value: Value, lang: str) -> Value:
    """Return what is printed, in words if that is nothing, or a status; nothing where no figure is of the cell."""
    if isinstance(value, str) and value in STATUS_NAMES:
        return STATUS_NAMES[value].text(lang)
    return words(lang)["blank"] if value == "" else value or ""


def _headings(sheet: Sheet, grid: Grid, lang: str) -> Iterator[str]:
    """Yield a heading for each column; that of a range says that its first column is the low end."""
    w, known = words(lang), {column.name: column for column in sheet.report.columns}
    for name in grid.names:
        if name in known:
            label = known[name].label.text(lang)
            yield f"{label} ({_say('least', lang)})" if known[name].high else label
        else:
            measure, _, what = name.rpartition("_")
            yield f"{known[measure].label.text(lang)} – {w[what].casefold()}"


def _once(headings: Iterable[str]) -> Iterator[str]:
    """Yield each heading once: a table of a workbook must tell its columns apart."""
    seen = Counter[str]()
    for text in headings:
        seen[text.casefold()] += 1
        yield text if seen[text.casefold()] == 1 else f"{text} ({seen[text.casefold()]})"


def _named(tables: Sequence[_Table], taken: set[str]) -> Iterator[_Table]:
    """Give each table a name that a sheet can have, and no other has."""
    names = {}
    for table in tables:
        plain = table.name.replace("*", "_rows")
        name, number = plain[:_LONGEST_NAME], 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain[: _LONGEST_NAME - 4]}-{number}"
        taken.add(name.casefold())
        names[table.name] = name
    for table in tables:
        yield replace(table, name=names[table.name], behind=names.get(table.behind, ""))


def _cover(book: Workbook, sheets: Sequence[Sheet], lang: str) -> None:
    page = book.add_worksheet(_say("cover", lang))
    waves: dict[str, WaveFacts] = {wave.wave: wave for sheet in sheets for wave in sheet.waves}
    page.write_string(0, 0, " – ".join(wave.title.text(lang) for wave in waves.values()), _bold(book, 16))
    row = 1
    for remark in dict.fromkeys(remark.text(lang) for sheet in sheets for remark in sheet.remarks):
        page.write_string(row, 0, remark, _bold(book))
        row += 1
    for wave in waves.values():
        for text in (
            f"{_say('wave', lang)} {wave.wave}, {_say('revision', lang)} {wave.revision}",
            wave.frame_rule.text(lang),
            f"{_say('source', lang)}{words(lang)['colon']} {raised(wave.source)}",
        ):
            page.write_string(row, 0, text)
            row += 1
    page.set_column(0, 0, 110)


def _contents(book: Workbook, tables: Sequence[_Table], lang: str) -> None:
    page = book.add_worksheet(_say("contents", lang))
    rows = []
    for table in tables:
        number = len(table.rows)
        cut = _say("cut", lang).format(_MOST_ROWS, number) if number > _MOST_ROWS else ""
        rows.append((table.name, table.title, cut or number))
    headings = tuple(_say(name, lang) for name in ("sheet", "table", "rows"))
    _lay_out(book, page, words(lang)["contents"], headings, rows, lang)
    for row, table in enumerate(tables, _FIRST):
        page.write_url(row, 0, f"internal:'{table.name}'!A1", string=table.name)


def _notes(book: Workbook, tables: Sequence[_Table], ledger: Ledger | None, lang: str) -> None:
    """Explain the signs that the workbook uses, and no other."""
    used = {value for table in tables for row in table.rows for value in row if isinstance(value, str)}
    statuses = ledger.counts() if ledger else ()
    rows = [tuple(of[name].text(lang) for of in (STATUS_NAMES, STATUS_MARKS, STATUS_MEANINGS)) for name in statuses]
    missing = MISSING.text(lang)
    if missing in used:
        rows.append((missing, missing, f"{MISSING_NAME.text(lang).capitalize()}. {MISSING_MEANING.text(lang)}"))
    if words(lang)["blank"] in used:
        rows.append((words(lang)["blank"], "", _say("blank", lang)))
    headings = tuple(_say(name, lang) for name in ("sign", "on_paper", "meaning"))
    page = book.add_worksheet(_say("notes", lang))
    _lay_out(book, page, _say("notes", lang).capitalize(), headings, rows, lang)


def _write(book: Workbook, table: _Table, lang: str) -> None:
    page = book.add_worksheet(table.name)
    below = _lay_out(book, page, table.title, table.headings, table.rows[:_MOST_ROWS], lang, table)
    if table.behind:
        page.write_url(1, 1, f"internal:'{table.behind}'!A1", string=words(lang)["rows_of"])
    for row, note in enumerate(table.notes, below + 1):
        page.write_string(row, 0, note)


_HEAD, _FIRST = 2, 3  # the row of the headings, and the first row below


def _lay_out(
    book: Workbook,
    page: Worksheet,
    above: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[Value]],
    lang: str,
    linked: _Table | None = None,
) -> int:
    """Write a table below its title, and return the row below it."""
    page.write_string(0, 0, above, _bold(book, 14))
    page.write_string(1, 0, _say("one_table", lang))
    whole, decimals = book.add_format({"num_format": "#,##0"}), book.add_format({"num_format": "#,##0.0#####"})
    for row, values in enumerate(rows, _FIRST):
        for column, value in enumerate(values):
            if linked and (to := linked.links.get((row - _FIRST, column))) is not None:  # what is written next stays
                page.write_url(row, column, f"internal:'{linked.behind}'!A{to + _FIRST + 1}")
            if isinstance(value, int):
                page.write_number(row, column, value, whole)
            elif isinstance(value, Decimal):
                page.write_number(row, column, float(value), whole if value == value.to_integral_value() else decimals)
            else:
                page.write_string(row, column, value or "")
    below = _FIRST + max(len(rows), 1)  # a table has a row, if a blank one
    look = {"columns": [{"header": one} for one in headings], "style": "Table Style Light 1", "autofilter": False}
    page.add_table(_HEAD, 0, below - 1, len(headings) - 1, look)
    page.freeze_panes(_FIRST, 0)
    for column, heading in enumerate(headings):
        longest = max([len(heading), *(len(str(row[column])) for row in rows[:_LOOKED_AT])])
        page.set_column(column, column, min(max(longest + 2, _NARROWEST), _WIDEST))
    return below


def _bold(book: Workbook, size: int = 11) -> Format:
    return book.add_format({"bold": True, "font_size": size})


def _say(name: str, lang: str) -> str:
    return _WORDS[name].text(lang)
