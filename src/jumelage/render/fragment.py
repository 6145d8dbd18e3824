"""Tables as pieces of HTML for a page of somebody else, such as a notebook: as the site shows them, all escaped."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from jumelage.render.html import render_template
from jumelage.render.page import Cell, groups_of, section_of, signs
from jumelage.render.words import words
from jumelage.reporting.entries import STATUSES
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jumelage.render.grid import Grid
    from jumelage.reporting.entries import Entry, Ledger
    from jumelage.reporting.sheet import Sheet
    from jumelage.texts import Label


def sheet_fragment(sheet: Sheet, judged: Sequence[Entry], lang: str, most: int) -> str:
    """Return a report with what is printed of it, its remarks, notes and the meaning of its signs.

    Of one that has more than so many rows, the first.
    """
    first = replace(sheet, rows=sheet.rows[:most]) if len(sheet.rows) > most else sheet
    section = section_of(first, [entry for entry in judged if first is sheet or entry.key in first.cells], lang)
    if len(sheet.rows) > most:
        section = replace(section, notes=(*section.notes, cut(most).text(lang)), finding=None)
    used = Counter(cell.status for _, row in section.rows for cell in row if cell.status)
    counts = {status: used[status] for status in STATUSES if used[status]}
    return _fragment(section, lang, counts, remarks=[remark.text(lang) for remark in sheet.remarks])


def ledger_fragment(ledger: Ledger, sheets: dict[str, Sheet], lang: str) -> str:
    """Return a ledger: every printed figure beside what the rows say, by report."""
    title = words(lang)["ledger"]
    groups = [(said, "", lines) for said, _, lines in groups_of(ledger, sheets.values(), lang)]
    return _fragment(_bare("ledger", title, ledger.problems), lang, ledger.counts(), ledger=groups)


def grid_fragment(grid: Grid, lang: str) -> str:
    """Return a grid as people read it."""
    shown = grid.shown
    section = _bare("table", shown.title, shown.notes) | {
        "headings": list(zip(shown.headings, shown.numeric, strict=True)),
        "rows": [
            (i in shown.totals, [Cell(text, numeric) for text, numeric in zip(row, shown.numeric, strict=True)])
            for i, row in enumerate(shown.rows)
        ],
    }
    return _fragment(section, lang, {})


def first_of(grid: Grid, lang: str, most: int) -> Grid:
    """Return a grid of which people see at most so many rows, and that there are more."""
    rows = list(islice(grid.shown.rows, most + 1))
    notes = (*grid.shown.notes, cut(most).text(lang)) if len(rows) > most else grid.shown.notes
    return grid.showing(replace(grid.shown, rows=rows[:most], notes=notes))


def cut(most: int) -> Label:
    """Say that there are more rows than are shown."""
    return both("Seules les {} premières lignes sont montrées.", "Only the first {} rows are shown.", most)


def _bare(name: str, title: str, notes: Sequence[str]) -> dict[str, Any]:
    return {"id": name, "title": title, "notes": notes, "explanations": (), "finding": None}


def _fragment(
    section: object, lang: str, counts: Mapping[str, int], *, remarks: Sequence[str] = (), ledger: object = None
) -> str:
    return render_template(
        "fragment",
        section=section,
        lang=lang,
        w=words(lang),
        **signs(counts, lang),
        remarks=remarks,
        ledger=ledger,
    )
