"""What a cell shows, held against what it holds: formats of numbers, and texts as they are shown.

A number with a percentage shows another number; one that is rounded, divided or hidden does so too; a date may show
its year alone. None of this is to be taken for what stands there.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from dataclasses import dataclass
from functools import cache, lru_cache

from jumelage.texts import SPREADSHEET_ERROR

DATE_IN_PART, SHOWN_OTHERWISE = "date_in_part", "shown_otherwise"  # rules
SINCE_1900 = dt.date(1899, 12, 30)  # the day 0 of spreadsheets
SINCE_1904 = dt.date(1904, 1, 1)
GENERAL = "General"
_DAY_FIRST, _TIME = "d/m/yyyy", "h:mm:ss"
# Formats that workbooks refer to by number alone; those of East Asia are dates in full.
BUILT_IN = {
    0: GENERAL, 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: _DAY_FIRST, 15: _DAY_FIRST, 16: "d-mmm", 17: "mmm-yy", 18: _TIME, 19: _TIME, 20: _TIME,
    21: _TIME, 22: f"{_DAY_FIRST} h:mm", **dict.fromkeys((*range(27, 37), *range(50, 59)), _DAY_FIRST),
    37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)",
    41: '#,##0;(#,##0);"-";@', 42: '#,##0;(#,##0);"-";@', 43: '#,##0.00;(#,##0.00);"-";@',
    44: '#,##0.00;(#,##0.00);"-";@', 45: _TIME, 46: _TIME, 47: _TIME, 48: "##0.0E+0", 49: "@",
}  # fmt: skip
_FEBRUARY_1900 = 60
_LAST_YEAR = 2199  # whole numbers up to here may be years that somebody wrote, in whatever system of dates
_CODES = frozenset({7777, 8888, 9997, 9998, 9999})  # for an answer that is missing
_PIECE = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]?|;|[^"\\_*\[;]+')
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)\]")
_HOLDS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne}
_ELAPSED = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_MINUTES = re.compile(r"h+[^a-z]*m+|m+[^a-z]*s", re.IGNORECASE)
_DECIMALS = re.compile(r"\.([0#?]+)")
_SCALED = re.compile(r"[0#?](,+)(?=[^0#?,]*$|\.)")
_NUMBER = re.compile(r"\d[\d.,]*(?:[eE][+-]?\d+)?")
_TEXT_SECTION = 3
_MOST_FORMAT = 255

Difference = tuple[str, str]  # the rule that a cell breaks, and what it shows


@dataclass(frozen=True, slots=True)
class _Section:
    """A part of a format: its literal text, its signs for digits and dates, and the condition on numbers."""

    literal: str
    signs: str
    condition: str = ""


def typed_number(day: dt.date, zero: dt.date, *, leap: bool) -> int | None:
    """Return the number that somebody typed into a cell with the format of a date; None if it seems to be a date.

    A year, a code or a small number becomes a day of the years in which no town had a partner yet. With `leap`, the
    year 1900 has a 29 February, as Excel has it.
    """
    number = (day - zero).days
    number -= leap and 0 < number <= _FEBRUARY_1900
    return number if number <= _LAST_YEAR or number in _CODES else None


def is_error(text: str) -> bool:
    """Tell whether a text is what a spreadsheet shows for an error, in whatever language."""
    return re.fullmatch(SPREADSHEET_ERROR, text.strip(), re.IGNORECASE) is not None


def rounded(value: float) -> float:
    """Return a number without what lies beyond its 15th digit, which no spreadsheet shows."""
    return float(f"{value:.15g}")


@cache
def shows_all(form: str) -> bool:
    """Tell whether a format shows every number and every text as it is."""
    return form.lower() == GENERAL.lower() or form == "@"


@lru_cache(maxsize=10_000)
def number_differs(form: str, text: str) -> Difference | None:
    """Return how what is shown of a number, by a format, differs from it; None if it does not."""
    try:
        value = float(text)
    except ValueError:
        return None
    section = _section(form, value)
    signs = section.signs
    if re.search("general", signs, re.IGNORECASE) or "@" in signs:
        return None
    if re.search(r"[dmyhs]", _without_exponent(signs), re.IGNORECASE):
        return _date_differs(signs)
    shown = _shown(section, value)
    return None if shown is None else (SHOWN_OTHERWISE, shown)


@cache
def hides_text(form: str) -> bool:
    """Tell whether a format shows nothing of a text."""
    sections = _sections(form)
    return len(sections) > _TEXT_SECTION and "@" not in sections[_TEXT_SECTION].signs


@cache
def decimals(form: str) -> int:
    """Return how many decimals a format always shows."""
    signs = _sections(form)[0].signs
    found = _DECIMALS.search(signs)
    return found[1].count("0") if found and "%" not in signs else 0


@lru_cache(maxsize=10_000)
def text_differs(value: str, shown: str) -> Difference | None:
    """Return how the text that is shown of a number differs from it; None if it does not."""
    try:
        number = rounded(abs(float(value)))
    except ValueError:
        return None
    plain = re.sub(r"[\s'’]", "", shown)
    found = _NUMBER.findall(plain)
    if "%" not in plain and len(found) == 1 and number in _readings(found[0]):
        return None
    return SHOWN_OTHERWISE, shown


@lru_cache(maxsize=10_000)
def day_differs(value: str, shown: str) -> Difference | None:
    """Return how the text that is shown of a date, in ISO form, differs from it; None if it does not."""
    try:
        day = dt.date.fromisoformat(value[:10])
    except ValueError:
        return None
    numbers = [int(number) for number in re.findall(r"\d+", shown)]
    named = re.search(r"[^\W\d]{3,}", shown) is not None
    if len(numbers) + named < 3:  # noqa: PLR2004  # year, month and day
        return DATE_IN_PART, shown
    if day.day in numbers and (day.year in numbers or day.year % 100 in numbers) and (named or day.month in numbers):
        return None
    return SHOWN_OTHERWISE, shown


def _readings(number: str) -> set[float]:
    """Return the numbers that digits with commas and points may be."""
    found = set()
    for thousands, point in ((",", "."), (".", ",")):
        try:
            found.add(rounded(float(number.strip(".,").replace(thousands, "").replace(point, "."))))
        except ValueError:
            continue
    return found


@cache
def _sections(form: str) -> tuple[_Section, ...]:
    """Take a format apart."""
    found = [["", "", ""]]
    for piece in _PIECE.findall(form[:_MOST_FORMAT]):
        if piece == ";":
            found.append(["", "", ""])
        elif piece.startswith('"'):
            found[-1][0] += piece.strip('"')
        elif piece.startswith("\\"):
            found[-1][0] += piece[1:]
        elif piece.startswith("["):
            found[-1][1] += piece if _ELAPSED.fullmatch(piece) else ""
            found[-1][2] += piece if _CONDITION.fullmatch(piece) else ""
        elif piece[0] not in "_*":
            found[-1][1] += piece
    return tuple(_Section(*section) for section in found)


def _section(form: str, value: float) -> _Section:
    """Return the part of a format that a number is shown by."""
    sections = _sections(form)[:_TEXT_SECTION]
    if any(section.condition for section in sections):
        fitting = (section for section in sections if not section.condition or _fits(section.condition, value))
        return next(fitting, sections[-1])
    place = 0 if value > 0 else 1 if value < 0 else 2
    return sections[place] if place < len(sections) else sections[0]


def _fits(condition: str, value: float) -> bool:
    found = _CONDITION.fullmatch(condition)
    return found is not None and bool(_HOLDS[found[1]](value, float(found[2])))


def _without_exponent(signs: str) -> str:
    return re.sub(r"E[+-]", "", signs, flags=re.IGNORECASE)


def _date_differs(signs: str) -> Difference | None:
    """Return how a date is shown in part; times are another matter."""
    days = _MINUTES.sub("", _ELAPSED.sub("", signs)).lower()
    there = {sign for sign in "ymd" if sign in days}
    return (DATE_IN_PART, "") if there and len(there) < 3 else None  # noqa: PLR2004


def _shown(section: _Section, value: float) -> str | None:
    """Return what is shown of a number; None if it is the number."""
    signs, value = section.signs, rounded(value)
    if not re.search(r"[0#?]", signs) or (not value and "0" not in signs and "?" not in signs):
        return section.literal
    if "%" in signs:
        return f"{100 * value:.15g} %" if value else None
    if re.search(r"\d", section.literal):
        return f"{value:.15g} {section.literal}"
    found = _DECIMALS.search(signs)
    places = len(found[1]) if found else 0
    if re.search(r"E[+-]", signs, re.IGNORECASE):
        shown = float(f"{value:.{places}e}")
    elif "/" in signs:
        return None if value.is_integer() else f"{value:.15g} ({signs.strip()})"
    else:
        scaled = _SCALED.search(signs)
        shown = rounded(round(value / 1000 ** (len(scaled[1]) if scaled else 0), places))
    return None if shown == value else f"{shown:.15g}"
