"""What a publication is made of: sections in order, with their words and reports, as reports/publication.toml says."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jumelage.content import read_text, root
from jumelage.errors import UsageError
from jumelage.report_file import shipped
from jumelage.texts import Label, both, label, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = "publication.toml"
_KINDS = ("wave", "compared")
_FIGURES = "key_figures"
PAGES = ("ledger", "az")  # of the site, beside those of its parts


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the document: the reports that stand in it, in order, and what introduces them."""

    name: str
    title: Label
    text: Label
    reports: tuple[str, ...]


def parts_of(*, compared: bool) -> tuple[Part, ...]:
    """Return the sections of a publication of one wave, or of several that are compared.

    UsageError names what is wrong with the file: an unknown key, a report that there is not, or that stands twice, or a
    name that the site has for a page of its own.
    """
    try:
        table = _table()
        _check_keys(table, (*_KINDS, _FIGURES), "")
        parts = tuple(_part(entry) for entry in table[_KINDS[compared]])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(both("reports/{}\u00a0: {}", "reports/{}: {}", FILE, str(error))) from None
    named: set[str] = set()
    for part in parts:
        for report in part.reports:
            if report not in shipped() or report in named:
                raise UsageError(
                    both(
                        "reports/{}\u00a0: {}\u00a0: {!r} n’est pas un rapport, ou s’y trouve deux fois\u00a0; {}",
                        "reports/{}: {}: {!r} is no report, or stands there twice; {}",
                        FILE,
                        part.name,
                        report,
                        nearest(report, shipped()),
                    )
                )
            named.add(report)
    return parts


def key_figures() -> str:
    """Return the report of which the start of a publication of one wave shows the cells in large."""
    return str(_table().get(_FIGURES, ""))


def _table() -> dict[str, Any]:
    return tomllib.loads(read_text(root() / "reports" / FILE))


def _part(entry: dict[str, Any]) -> Part:
    _check_keys(entry, ("name", "title", "text", "reports"), entry["name"])
    if not is_page(entry["name"]):
        raise ValueError(f"name = {entry['name']!r}: [a-z][a-z0-9_-]*, not {', '.join(PAGES)}")
    return part_of(entry)


def part_of(entry: dict[str, Any]) -> Part:
    """Return a section as it is written; ValueError, KeyError or TypeError where it is not whole."""
    return Part(entry["name"], label(entry["title"], "title"), label(entry["text"], "text"), tuple(entry["reports"]))


def is_page(name: str) -> bool:
    """Tell whether a section may have this name, which is that of its page."""
    return re.fullmatch("[a-z][a-z0-9_-]*", name) is not None and name not in PAGES


def _check_keys(table: dict[str, Any], allowed: Iterable[str], where: str) -> None:
    for key in table:
        if key not in allowed:
            raise ValueError(f"{where}: {key}: {', '.join(allowed)}")
