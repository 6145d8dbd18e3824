"""What a text of SQL may go on with where its writer stands: a text in, offers out; it knows no terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage.querying.orders import ORDERS, ends_at_once, is_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_KEYWORDS = (
    "all and any as asc between by case cast coalesce cross desc distinct else end except exists explain filter first "
    "following from full group having ilike in inner intersect is join last lateral left like limit natural not null "
    "nulls offset on or order outer over partition preceding range recursive right rows select some then true false "
    "unbounded union using values when where window with"
)
KEYWORDS = tuple(_KEYWORDS.split())
_BEGIN = re.compile(r"'|\"|--|/\*|\$(?:[A-Za-z_]\w*)?\$")
_END = {"--": "\n", "/*": "*/"}
_ITEM = r"[\w.\"]+(?:\s+(?:as\s+)?\w+)?"
_FROM = re.compile(rf"\b(?:from|join)\s+({_ITEM}(?:\s*,\s*{_ITEM})*)", re.IGNORECASE)
_WANTS_TABLE = re.compile(r"\b(?:from|join)\s+(?:[\w.]+(?:\s+(?:as\s+)?\w+)?\s*,\s*)*$", re.IGNORECASE)
# A column just before a text that it is held against: texts themselves are blanks here.
_HELD = re.compile(r"(\w+)\s*(?:=|<>|!=|(?:not\s+)?in\s*\([^()]*)\s*$", re.IGNORECASE)
_CODES_OF = {"countries": "country", "zones": "zone", "actions": "action", "difficulties": "difficulty"}


@dataclass(frozen=True, slots=True)
class Code:
    """A code, what it is called, and the column that holds such codes."""

    column: str
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Known:
    """What may be offered: tables with the types of their columns, functions, codes, reports, waves and forms."""

    tables: Mapping[str, Mapping[str, str]]
    functions: Sequence[str] = ()
    codes: Sequence[Code] = ()
    reports: Sequence[str] = ()
    waves: Sequence[str] = ()
    forms: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A text that may take the place of the last `replaces` characters, as it is shown, and what it is."""

    text: str
    replaces: int
    shown: str
    about: str = ""


def is_whole(text: str) -> bool:
    """Tell whether a text may be asked: an order, or SQL that ends with a semicolon outside of texts and comments.

    An order may stand in its last line, below a query that is not whole.
    """
    if is_order(text) or order_below(text)[1]:
        return True
    code, mark, _ = _taken(text)
    return mark in {"", "--"} and code.rstrip().endswith(";")


def order_below(text: str) -> tuple[str, str]:
    """Return a query that was begun and the order in the line below it; the whole text and nothing if there is none."""
    begun, end, line = text.rpartition("\n")
    if not end or is_order(begun) or not ends_at_once(line) or _taken(f"{begun}\n")[1]:
        return text, ""
    return f"{begun}\n", line.lstrip()


def _taken(text: str) -> tuple[str, str, int]:
    """Return a text with blanks for its texts and comments, what is open at its end, and where that begins."""
    made, at = "", 0
    while found := _BEGIN.search(text, at):
        mark = found[0]
        end = _END.get(mark, mark)
        made += text[at : found.start()]
        close = text.find(end, found.end())
        if close < 0:
            return made, mark, found.start()
        after = close + len(end)
        part = text[found.start() : after]
        made += part if mark == '"' else re.sub(r"[^\n]", " ", part)
        at = after
    return made + text[at:], "", len(text)


def offers(before: str, after: str, known: Known) -> list[Offer]:
    """Return what may stand at the cursor between two parts of a text, likeliest first, each once."""
    found: dict[str, Offer] = {}
    for offer in _offers(before, after, known):
        found.setdefault(offer.text.casefold(), offer)
    return list(found.values())


def _offers(before: str, after: str, known: Known) -> Iterator[Offer]:
    if order := before.lstrip() if is_order(before) else order_below(before)[1]:
        yield from _of_orders(order, known)
        return
    code, mark, start = _taken(before)
    if mark == "'":
        yield from _of_codes(before[start + 1 :], code, known)
    if mark:
        return
    word = re.search(r"[\w.]*$", code)
    written = word[0] if word else ""
    ahead = code[: len(code) - len(written)]
    named = _named(f"{code}{_taken(after)[0]}")
    qualifier, dot, part = written.rpartition(".")
    if dot:
        table = named.get(qualifier.casefold(), qualifier.casefold())
        columns = known.tables.get(table, {})
        yield from _starting(part, columns, about=columns)
        yield from _starting(written, known.tables)
        return
    if _WANTS_TABLE.search(ahead):
        yield from _starting(written, known.tables)
        return
    for table in dict.fromkeys(named.values()):
        columns = known.tables.get(table, {})
        yield from _starting(written, columns, about={name: f"{table}: {kind}" for name, kind in columns.items()})
    if written:
        yield from _of_words(written, known, columns_first=not named)


def _of_words(written: str, known: Known, *, columns_first: bool) -> Iterator[Offer]:
    """Offer what begins as a word: columns before all else where no table is named yet, which they would be of."""
    if columns_first:
        for table, columns in known.tables.items():
            yield from _starting(written, columns, about=dict.fromkeys(columns, table))
    words = [word.upper() for word in KEYWORDS] if written.isupper() else KEYWORDS
    yield from _starting(written, words)
    yield from _starting(written, known.tables, about=dict.fromkeys(known.tables, "table"))
    yield from _starting(written, known.functions, about=dict.fromkeys(known.functions, "function"))
    for table, columns in known.tables.items():
        yield from _starting(written, columns, about=dict.fromkeys(columns, table))


def _named(code: str) -> dict[str, str]:
    """Return the tables that a text reads, by the names that it has for them."""
    found = {}
    for items in _FROM.findall(code):
        for item in items.split(","):
            table, *rest = item.replace('"', "").casefold().split()
            alias = rest[-1] if rest and rest[-1] not in KEYWORDS else table.rpartition(".")[2]
            found[alias] = table
    return found


def _starting(
    written: str, words: Iterable[str], *, replaces: int | None = None, about: Mapping[str, str] | None = None
) -> Iterator[Offer]:
    length = len(written) if replaces is None else replaces
    for word in words:
        if word.casefold().startswith(written.casefold()):
            yield Offer(word, length, word, (about or {}).get(word, ""))


def _of_codes(written: str, code: str, known: Known) -> Iterator[Offer]:
    """Offer codes within a text, by themselves or by what they are called."""
    held = _HELD.search(code)
    column = held[1].casefold() if held else ""
    columns = {column}
    if column == "code":
        columns = {_CODES_OF[table] for table in _named(code).values() if table in _CODES_OF}
    fitting = [one for one in known.codes if one.column in columns] or ([] if column in _CODES_OF else known.codes)
    wanted = written.casefold()
    for by_code in (True, False):
        for one in fitting:
            label = one.label.casefold()
            if one.code.casefold().startswith(wanted) == by_code and (
                by_code or label.startswith(wanted) or any(part.startswith(wanted) for part in label.split())
            ):
                yield Offer(one.code, len(written), f"{one.code} — {one.label}", one.column)


def _of_orders(text: str, known: Known) -> Iterator[Offer]:
    name, blank, argument = text.partition(" ")
    if not blank:
        for order in ORDERS.values():
            if order.name.startswith(name):
                yield Offer(order.name, len(name), order.name, order.argument)
        return
    possible: dict[str, Iterable[str]] = {
        "\\d": known.tables,
        "\\report": known.reports,
        "\\wave": (*known.waves, "all"),
        ".mode": known.forms,
        ".labels": ("on", "off"),
        ".timing": ("on", "off"),
        ".lang": ("fr", "en"),
    }
    yield from _starting(argument.lstrip(), possible.get(name, ()))
