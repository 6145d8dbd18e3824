"""What a report finds, as a sentence: its numbers are the cells of the sheet, and a range is written as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.finding_text import NONE, ONE, SEVERAL, written
from jumelage.render.grid import span

if TYPE_CHECKING:
    from jumelage.reporting.sheet import Sheet


def finding_of(sheet: Sheet, lang: str) -> str | None:
    """Return what a sheet finds; None if its report says no such sentence, or a number of it has no value."""
    if sheet.report.finding is None:
        return None

    def number_of(measure: str, key: str) -> tuple[int, str] | None:
        low, high = sheet.known(key, measure)
        if low is None:
            return None
        exact = low == high or measure == sheet.report.column(measure).high
        form = NONE if exact and low == 0 else ONE if exact and low == 1 else SEVERAL
        return form, span(low, high, lang)

    return written(sheet.report.finding.text(lang), number_of)
