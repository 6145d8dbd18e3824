"""What a report finds, as a sentence: its numbers are the cells of the sheet, and a range is written as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.finding_text import NONE, ONE, SEVERAL, written
from jumelage.render.lines import span
from jumelage.render.statuses import LEADING
from jumelage.render.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jumelage.reporting.entries import Entry
    from jumelage.reporting.sheet import Sheet


def finding_of(sheet: Sheet, lang: str, judged: Sequence[Entry] = ()) -> str | None:
    """Return what a sheet finds; None if its report says no such sentence, or a number of it has no value.

    Of the entries of its printed figures, those that lead on the page stand beside their range here.
    """
    if sheet.report.finding is None:
        return None

    def number_of(measure: str, key: str) -> tuple[int, str] | None:
        low, high = sheet.known(key, measure)
        if low is None:
            return None
        exact = low == high or measure == sheet.report.column(measure).high
        form = NONE if exact and low == 0 else ONE if exact and low == 1 else SEVERAL
        there = [one for one in judged if (one.key, one.measure) == (key, measure) and one.status in LEADING]
        printed = ", ".join(dict.fromkeys(one.printed for one in there if one.printed))
        w = words(lang)
        beside = f" ({w['printed']}{w['colon']} {printed})" if printed else ""
        return form, span(low, high, lang) + beside

    return written(sheet.report.finding.text(lang), number_of)
