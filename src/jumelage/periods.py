"""Since when: what people write for a year, a day or a period, understood or refused."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

FIRST_YEAR = 1900  # Poix-du-Nord and Keighley, in 1920, are taken for the first twinned towns
EARLIEST = date(FIRST_YEAR, 1, 1)
_DAY = r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?"
_EXACT = re.compile(_DAY)
_BEFORE = re.compile(rf"(?:avant|before)\s+{_DAY}", re.IGNORECASE)
_AFTER = re.compile(rf"(?:après|apres|after)\s+{_DAY}", re.IGNORECASE)
_BETWEEN = re.compile(rf"(?:entre|between)\s+{_DAY}\s+(?:et|and)\s+{_DAY}", re.IGNORECASE)
_DECADE = re.compile(r"(?:les\s+)?ann[ée]es\s+(\d{3}0)|(?:the\s+)?(\d{3}0)s", re.IGNORECASE)
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")


@dataclass(frozen=True, slots=True)
class Period:
    """The first and the last day on which something can have begun."""

    first: date
    last: date


def understand(text: str, latest: date | None, *, day_first: bool) -> Period | str:
    """Return the period that a text states, or the name of the rule that it breaks.

    "Before" begins with the year 1900, of which twinnings are younger; "after" ends with `latest`, the last day of
    fieldwork. Days with slashes are read only where the wave declares that the day comes first.
    """
    plain = text.strip()
    if found := _EXACT.fullmatch(plain):
        return _period(found.groups()) or "not_a_date"
    if (found := _BEFORE.fullmatch(plain)) and (limit := _period(found.groups())):
        return _ordered(EARLIEST, limit.first.fromordinal(limit.first.toordinal() - 1))
    if (found := _AFTER.fullmatch(plain)) and (limit := _period(found.groups())) and latest:
        return _ordered(limit.last.fromordinal(min(limit.last.toordinal() + 1, date.max.toordinal())), latest)
    if found := _BETWEEN.fullmatch(plain):
        start, end = _period(found.groups()[:3]), _period(found.groups()[3:])
        return _ordered(start.first, end.last) if start and end else "not_a_date"
    if found := _DECADE.fullmatch(plain):
        year = int(found[1] or found[2])
        return Period(date(year, 1, 1), date(year + 9, 12, 31)) if 0 < year < 9990 else "not_a_date"  # noqa: PLR2004
    if found := _SLASHED.fullmatch(plain):
        if not day_first:
            return "date_ambiguous"
        return _period((found[3], found[2].zfill(2), found[1].zfill(2))) or "not_a_date"
    return "not_a_date"


def _ordered(first: date, last: date) -> Period | str:
    return Period(first, last) if first <= last else "not_a_date"


def _period(parts: tuple[str | None, ...]) -> Period | None:
    """Return the period of a year, a month or a day; None if there is none."""
    year, month, day = (None if part is None else int(part) for part in parts)
    try:
        if year is None or month is None:
            return Period(date(year or 0, 1, 1), date(year or 0, 12, 31))
        last = calendar.monthrange(year, month)[1]
        return Period(date(year, month, day or 1), date(year, month, day or last))
    except (ValueError, calendar.IllegalMonthError):
        return None
