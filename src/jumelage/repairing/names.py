"""What people call the towns, countries and printed cells of a publication."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.reporting.run import labels_of
from jumelage.reporting.sheet import SPECIAL
from jumelage.texts import AND, Label, both, filled, listed, same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from jumelage.repairing.publication import Publication
    from jumelage.report_file import Report


@dataclass(frozen=True, slots=True)
class Names:
    """The names of towns and countries by code, and the labels of all lists that the reports show."""

    towns: Mapping[str, str]
    countries: Mapping[str, Label]
    reports: Mapping[str, Report]
    lists: Mapping[str, Mapping[str, Label]]

    def town(self, code: str) -> Label:
        """Return the name of a town."""
        return same(self.towns[code]) if code in self.towns else SPECIAL.get(code, same(code))

    def country(self, code: str) -> Label:
        """Return the name of a country."""
        return self.countries.get(code, same(code))

    def cell(self, report: str, key: str, measure: str) -> Label:
        """Return what a printed cell is called: its table, its line and, unless it is the first, its column."""
        found = self.reports.get(report)
        if found is None:
            return same(f"{report} {key} {measure}")
        named = []
        for name, part in zip(found.key, key.split("/"), strict=True):
            column = found.column(name)
            own = (column.labels or {}).get(part) or self.lists.get(column.codes or "", {}).get(part)
            plain = own or SPECIAL.get(part) or same(part)
            number = found.table is not None and found.table.classes == name and part.isdigit()
            named.append(filled(_AGREEMENTS, int(part)) if number else plain)
        line = both("«\u00a0{}\u00a0», {}", "“{}”, {}", found.title, listed(named, _COMMA))
        if measure == found.figures[0]:
            return line
        return both("{} ({})", "{} ({})", line, found.column(measure).label)


_COMMA = Label(", ", ", ")
_AGREEMENTS = Label("{0} accord{0:s}", "{0} agreement{0:s}")


def named(texts: list[Label]) -> Label:
    """Say several names: A, B and C."""
    if len(texts) < 2:  # noqa: PLR2004
        return listed(texts)
    return listed([listed(texts[:-1], _COMMA), texts[-1]], AND)


def read_names(connection: Connection, given: Publication) -> Names:
    """Read the names of all that a publication is about; the scope is that in which it was read."""
    towns = dict(database.query(connection, "select code, name from cities")[1])
    rows = database.query(connection, "select code, label_fr, label_en from countries")[1]
    lists: dict[str, dict[str, Label]] = {}
    for report in given.reports.values():
        lists |= labels_of(connection, report)[0]
    return Names(towns, {code: Label(fr, en) for code, fr, en in rows}, given.reports, lists)
