"""Since when: what people write for a year, a day or a period, understood or refused."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

FIRST_YEAR = 1900  # Poix-du-Nord and Keighley, in 1920, are taken for the first twinned towns
EARLIEST = date(FIRST_YEAR, 1, 1)
_MONTHS = 12
_DAY = r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?"
_EXACT = re.compile(_DAY)
_PLAIN = "^[1-9][0-9]{3}(-[0-9]{2}){0,2}$"  # in SQL
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

    "Before" begins with the year 1900, of which twinnings are younger; "after" and decades end with `latest`, the last
    day of fieldwork. Days with slashes are read where only one reading is a date, or where the wave declares that the
    day comes first.
    """
    plain = text.strip()
    if found := _SLASHED.fullmatch(plain):
        day, month = int(found[1]), int(found[2])
        if not day_first and day != month and max(day, month) <= _MONTHS:
            return "date_ambiguous"
        if not day_first and month > _MONTHS:
            day, month = month, day
        plain = f"{found[3]}-{month:02}-{day:02}"
    try:
        first, last = _bounds(plain, latest)
    except OverflowError:  # no day before the first or after the last of the calendar
        return "not_a_date"
    if not first or not last:
        return "not_a_date"
    return Period(first, last) if first <= last else "no_such_period"


def plain_days(text: str) -> tuple[str, str]:
    """Return the expressions of the first and the last day of a text that is a year, a month or a day; else null.

    They say what `understand` says of such a text, for a whole column at once.
    """
    day = f"try_cast({text} || case length({text}) when 4 then '-01-01' when 7 then '-01' else '' end as date)"
    first = f"case when regexp_matches({text}, '{_PLAIN}') then {day} end"
    last = f"case length({text}) when 4 then make_date(year({first}), 12, 31) when 7 then last_day({first})"
    return first, f"{last} else {first} end"


def _bounds(text: str, latest: date | None) -> tuple[date | None, date | None]:
    """Return the first and the last day that a text allows; None for what it does not tell."""
    if found := _EXACT.fullmatch(text):
        return _extent(*found.groups())
    if found := _BEFORE.fullmatch(text):
        first, _ = _extent(*found.groups())
        return EARLIEST, first and first - timedelta(1)
    if found := _AFTER.fullmatch(text):
        _, last = _extent(*found.groups())
        return last and last + timedelta(1), latest
    if found := _BETWEEN.fullmatch(text):
        return _extent(*found.groups()[:3])[0], _extent(*found.groups()[3:])[1]
    if found := _DECADE.fullmatch(text):
        year = found[1] or found[2]
        first, last = _extent(year)[0], _extent(f"{year[:3]}9")[1]
        return first, min(last, latest) if first and last and latest and first <= latest else last
    return None, None


def _extent(year: str, month: str | None = None, day: str | None = None) -> tuple[date | None, date | None]:
    """Return the first and the last day of a year, a month or a day; None twice if there is no such."""
    try:
        first = date(int(year), int(month or 1), int(day or 1))
        last_month = int(month or 12)
        return first, date(first.year, last_month, int(day or calendar.monthrange(first.year, last_month)[1]))
    except (ValueError, calendar.IllegalMonthError):
        return None, None
