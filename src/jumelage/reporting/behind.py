"""The rows behind all cells of a report at once, by key, with the names of what their codes stand for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.reporting.own_reports import own_reports
from jumelage.reporting.run import detail_columns, details
from jumelage.revisions.scope import set_scope
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from jumelage.reporting.sheet import Sheet, Value
    from jumelage.revisions.scope import Scope

MOST = 20_000  # rows of a report that are listed
_NAMED = {
    "city": "select code, name, name from cities",
    "country": "select code, label_fr, label_en from countries",
}


@dataclass(frozen=True, slots=True)
class Behind:
    """The rows behind a sheet by the key of their cell, the totals of which are of all rows that they add up.

    `columns` are those of the rows; `names` are labels by column and code; `cut` tells that there are more than MOST.
    """

    sheet: Sheet
    columns: tuple[str, ...]
    rows: dict[str, list[tuple[Value, ...]]]
    names: dict[str, dict[str, Label]]
    cut: bool

    def first(self, most: int) -> Behind:
        """Return the first rows alone, with all keys that have any."""
        left, rows = most, {}
        for key, found in self.rows.items():
            rows[key] = found[: max(left, 0)]
            left -= len(found)
        return replace(self, rows=rows, cut=self.cut or left < 0)


def behind(connection: Connection, scope: Scope, sheets: Iterable[Sheet]) -> Iterator[Behind]:
    """Yield what is behind each sheet of a scope, one after the other; ReportError as for a report."""
    beside: dict[str, dict[str, Label]] = {}
    with own_reports(connection, scope):
        for sheet in sheets:
            set_scope(connection, replace(scope, kind=sheet.kind or scope.kind))
            columns = detail_columns(connection, sheet.report)
            listed = list(islice(details(connection, sheet.report, columns), MOST + 1))
            places = [columns.index(name) for name in sheet.report.key]
            by_key: dict[str, list[tuple[Value, ...]]] = {}
            for row in listed[:MOST]:
                by_key.setdefault("/".join(str(row[place]) for place in places), []).append(row)
            yield Behind(sheet, columns, by_key, names_of(connection, sheet, columns, beside), len(listed) > MOST)


def names_of(
    connection: Connection, sheet: Sheet, columns: tuple[str, ...], beside: dict[str, dict[str, Label]]
) -> dict[str, dict[str, Label]]:
    """Return the labels of the codes in these columns: those of the report, and of towns and countries `beside`.

    What is there already of these is not asked for again.
    """
    names = {}
    for column in sheet.report.columns:
        labels = {**sheet.labels.get(column.codes or "", {}), **(column.labels or {})}
        if column.name in columns and labels:
            names[column.name] = labels
    for name, sql in _NAMED.items():
        if name in columns and name not in names:
            if name not in beside:
                beside[name] = {code: Label(fr, en) for code, fr, en in database.query(connection, sql)[1]}
            names[name] = beside[name]
    return names
