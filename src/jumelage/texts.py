"""Texts that people read, in both languages, and what is found in texts: near names, controls, sizes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal


# What no name or number holds, first to last: controls but tab and line ends, what turns the direction of text, and
# what is no character at all, which no workbook can hold.
CONTROLS = (
    *((0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F), (0x61C, 0x61C)),
    *((0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069), (0xFDD0, 0xFDEF)),
    *((plane << 16 | 0xFFFE, plane << 16 | 0xFFFF) for plane in range(0x11)),
)
_CONTROLS = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in CONTROLS) + "]")
CONTROLS_IN_SQL = "[" + "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in CONTROLS) + "]"  # for DuckDB


# What spreadsheets show for errors, in whatever language.
SPREADSHEET_ERROR = r"#[^#]*[!?]|#N/\w+|#NV|(Err|Error|Erreur|Fehler)\s*:\s*\d+"

ACCENTS = "[\u0300-\u036f]"  # that are characters of their own


def composed(text: str) -> str:
    """Return a text in which each letter and its accent are one character."""
    return text if text.isascii() or not re.search(ACCENTS, text) else unicodedata.normalize("NFC", text)


def find_control(text: str) -> str | None:
    """Return the code point of the first control character of a text, as `U+0007`; None if it holds none."""
    found = _CONTROLS.search(text)
    return f"U+{ord(found[0]):04X}" if found else None


# What is done to a text on its way from one program to another. The second bytes of UTF-8 as cp1252 shows them stand
# between no-break space and right guillemet, or are one of its signs; only letters of names are told by them.
_SECOND = (
    "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014"
    "\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
)
_DAMAGES = (
    ("\ufffd", "un caractère perdu (U+FFFD)", "a lost character (U+FFFD)"),
    (
        f"[\u00c2\u00c3\u00c5]{_SECOND}|\u00c4(?![\u201c\u201d\u2019\u00bb]){_SECOND}|\u00e2\u20ac|\u221a[^\\s\\d]|[\u2500-\u259f]",
        "des lettres lues dans un mauvais encodage («\u00a0Ã©\u00a0» pour «\u00a0é\u00a0»)",
        "letters read in a wrong encoding (“Ã©” for “é”)",
    ),
    (
        "(?i)&(?:#[0-9]+|#x[0-9a-f]+|[a-z][a-z0-9]+);|</?[a-z][^<>]*>",
        "du HTML («\u00a0&eacute;\u00a0»)",
        "HTML (“&eacute;”)",
    ),
    (
        "(?i)(?:%[0-9a-f]{2}){2}|_x[0-9a-f]{4}_|\\\\u[0-9a-f]{4}|\\\\x[0-9a-f]{2}",
        "un caractère écrit par son code",
        "a character written as its code",
    ),
    ("(?i)^=[\"'(]|^=[a-z]+[(]", "une formule de tableur", "a formula of a spreadsheet"),
    (
        "^'(?![stn](?:[- ]|$)|[=+@\t\r-])",
        "une apostrophe de tableur au début",
        "an apostrophe of a spreadsheet at its beginning",
    ),
)
_ALL_DAMAGES = tuple((re.compile(pattern), fr, en) for pattern, fr, en in _DAMAGES)


def find_damage(text: str) -> Label | None:
    """Say how a text was damaged before it was handed in; None if no damage is seen."""
    return next((Label(fr, en) for pattern, fr, en in _ALL_DAMAGES if pattern.search(text)), None)


# What a terminal takes for an order, or what turns or hides the text around it; not tabs and line ends.
_RAW = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff"
    "\\ufff9-\\ufffb\\ufffe\\uffff\\ud800-\\udfff\\U000e0000-\\U000e007f]"
)


def printable(text: str) -> str:
    """Return a text as a terminal may show it: control characters are replaced by their codes, U+001B by its escape."""
    return _RAW.sub(lambda found: ascii(found[0])[1:-1], text)


def one_line(text: str) -> str:
    """Return a text as it may stand within a line of a terminal."""
    return printable(text).replace("\n", "\\n").replace("\r", "\\r")


_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet program that opens a CSV file computes what begins so


def neutral(value: Any) -> Any:  # noqa: ANN401
    """Return a text so that a spreadsheet program takes it for one: with an apostrophe where it would compute it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def meant(text: str) -> str:
    """Return what `neutral` made neutral."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


_FEW = 20


def near_names(word: str, known: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the known names that are near a word, best first; and all of them where they are few."""
    names = sorted(known)
    few = tuple(names) if len(names) <= _FEW else ()
    return tuple(get_close_matches(word, names, n=3, cutoff=0.6)), few


LANGUAGES = ("fr", "en")


@dataclass(frozen=True, slots=True)
class Label:
    """A text that people read, in both languages."""

    fr: str
    en: str

    def text(self, lang: str) -> str:
        """Return the text in `fr` or `en`."""
        return self.fr if lang == "fr" else self.en


_COMMA, _OR, AND = Label(", ", ", "), Label(" ou ", " or "), Label(" et ", " and ")
MEANT = Label("vouliez-vous dire {}\u00a0?", "did you mean {}?")
# What is said of a file, with the system's reason.
NOT_READ = Label("{} est illisible\u00a0: {}", "{} cannot be read: {}")
NOT_WRITTEN = Label("{} ne peut être écrit\u00a0: {}", "{} cannot be written: {}")


def label(value: Any, what: str) -> Label:  # noqa: ANN401
    """Make a label of a table with `fr` and `en`; ValueError if a language is missing or another is there."""
    if not isinstance(value, dict) or set(value) != set(LANGUAGES):
        raise ValueError(f"{what} must give fr and en, each once")
    if not all(isinstance(text, str) and text.strip() for text in value.values()):
        raise ValueError(f"{what}: fr and en must be texts")
    return Label(value["fr"], value["en"])


def unaccented(text: str) -> str:
    """Return a text without case and accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def folded(text: str) -> str:
    """Return the letters and digits of a text, without case and accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


_UNITS = (("o", "B"), ("ko", "kB"), ("Mo", "MB"), ("Go", "GB"), ("To", "TB"), ("Po", "PB"), ("Eo", "EB"))
_THOUSAND, _TEN = 1000, 10


def readable_size(count: int) -> Label:
    """Write a number of bytes as people do: 3.1 GB."""
    size, unit = float(count), 0
    while size >= _THOUSAND and unit < len(_UNITS) - 1:
        size, unit = size / _THOUSAND, unit + 1
    text = f"{size:.1f}".removesuffix(".0") if size < _TEN else f"{size:.0f}"
    fr, en = _UNITS[unit]
    return Label(f"{text.replace('.', ',')}\u00a0{fr}", f"{text} {en}")


def readable_count(count: int, fr: str, en: str) -> Label:
    """Write a number with what it counts: 200,000 rows."""
    number = f"{count:,}"
    return Label(f"{number.replace(',', chr(0x202F))}\u00a0{fr}", f"{number} {en}")


def filled(text: Label, *values: object) -> Label:
    """Fill values into a text: labels in its language, controls as they are shown, numbers with `{0} row{0:s}`."""
    fr, en = ([worded(value, lang) for value in values] for lang in LANGUAGES)
    return Label(text.fr.format(*fr), text.en.format(*en))


def both(fr: str, en: str, *values: object) -> Label:
    """Make a text in both languages, with values filled in."""
    return filled(Label(fr, en), *values)


def nearest(word: str, known: Iterable[str]) -> Label:
    """Say which known names are near a word, or list them all where they are few."""
    near, few = near_names(word, known)
    if near:
        return filled(MEANT, either(near))
    if few:
        return both("possibles\u00a0: {}", "known: {}", ", ".join(few))
    return Label("aucun n’en est proche", "none is near")


def same(text: str) -> Label:
    """Make a text that is the same in both languages, such as what a program said, with its lines as they are."""
    return Label(text, text)


def listed(texts: Iterable[Label], between: Label = _COMMA) -> Label:
    """Say one text after the other."""
    several = tuple(texts)
    return Label(*(between.text(lang).join(text.text(lang) for text in several) for lang in LANGUAGES))


def bounded(least: Decimal | None, most: Decimal | None, unit: str | None) -> Label:
    """Say between which bounds a number is, in which unit; empty if it has no bounds."""
    in_unit = f"\u00a0{unit}" if unit else ""
    ends = ((least, "au moins {}{}", "at least {}{}"), (most, "au plus {}{}", "at most {}{}"))
    written = [(Label(plain(end).replace(".", ","), plain(end)), fr, en) for end, fr, en in ends if end is not None]
    return listed((both(fr, en, end, in_unit) for end, fr, en in written), AND)


def plain(number: Decimal) -> str:
    """Write a number without an exponent and without zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").removesuffix(".") if "." in text else text


def either(names: Iterable[str]) -> Label:
    """Say that it is one of these names or another."""
    return listed(map(same, names), _OR)


def worded(value: object, lang: str) -> object:
    """Return a value as it is to be filled into a text of a language."""
    if isinstance(value, Label):
        return value.text(lang)
    if type(value) is int:
        return (_French if lang == "fr" else _English)(value)
    return _Shown(value) if isinstance(value, str | PurePath) else value


class _Shown(str):
    """A text of somebody else's within one of ours: its controls are shown, once, between quotes (`!r`) or not."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return format(one_line(str(self)), spec)


class _English(int):
    """A number; as `{:s}` it is the ending of what it counts: none for one, s for any other."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return ("" if self.one else "s") if spec == "s" else super().__format__(spec)

    @property
    def one(self) -> bool:
        """Whether what it counts is in the singular."""
        return self == 1


class _French(_English):
    """The same in French, where zero is in the singular too."""

    __slots__ = ()

    @property
    def one(self) -> bool:
        return abs(self) <= 1
