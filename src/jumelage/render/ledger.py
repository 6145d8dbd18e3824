"""The ledger as a grid: a row for each printed figure, beside it what the rows say and what print implies, if asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.render.grid import Grid, Shown
from jumelage.render.implied import COLUMNS, HEADING, NUMBERS, explained, mark, range_of, values
from jumelage.render.lines import span
from jumelage.render.statuses import STATUS_NAMES
from jumelage.render.words import heading, words

if TYPE_CHECKING:
    from jumelage.repairing.implications import Implications
    from jumelage.reporting.entries import Ledger

LEDGER = ("report", "key", "measure", "printed", "place", "low", "high", "status", "because")


def of_ledger(ledger: Ledger, lang: str, implied: Implications | None = None) -> Grid:
    """Make the grid of a ledger: one row per published figure, with what is implied of it where that is given."""
    by_cell = implied.by_cell() if implied else {}
    rows, texts = [], []
    because: dict[str, list[str]] = {}
    for entry in ledger.entries:
        one = by_cell.get(entry.cell)
        why = entry.because.text(lang) if entry.because else ""
        row = (*entry.cell, entry.printed, entry.place, entry.low, entry.high, entry.status, why)
        rows.append((*row, *values(one)) if implied else row)
        status = entry.status if lang == "en" else STATUS_NAMES[entry.status].text(lang)
        together = (" ".join(filter(None, (range_of(one, lang), _bracketed(mark(one, lang))))),) if implied else ()
        texts.append((*entry.cell, entry.printed, entry.place, span(entry.low, entry.high, lang), *together, status))
        if why:
            because.setdefault(why, []).append(" ".join(entry.cell))
    columns = ("report", "key", "measure", "printed", "place", "computed", "status")
    headings = [heading(name, lang) for name in columns]
    numeric = [False, False, False, True, False, True, False]
    colon = words(lang)["colon"]
    notes = [f"{', '.join(dict.fromkeys(cells))}{colon} {text}" for text, cells in because.items()]
    if implied:
        headings.insert(-1, HEADING.text(lang))
        numeric.insert(-1, True)
        notes += explained(implied, lang, implied.report or "")
    shown = Shown("", tuple(headings), tuple(texts), tuple(numeric), notes=tuple(notes))
    return Grid((*LEDGER, *(COLUMNS if implied else ())), tuple(rows), lambda: shown, numbers=NUMBERS)


def _bracketed(text: str) -> str:
    return f"({text})" if text else ""
