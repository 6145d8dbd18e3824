"""What the rows of a report must keep to: the columns of its header, keys of their own, balances that add up."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from jumelage.errors import ReportError
from jumelage.reporting.sheet import Cells, Value, key_places
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jumelage.report_file import Report


def check(report: Report, names: Sequence[str], cells: Sequence[tuple[Value, ...]]) -> None:
    """Raise ReportError unless the query of a report, which gave these columns and rows, keeps to its header."""
    wanted = [column.name for column in report.columns]
    if names != wanted:
        raise ReportError(
            both(
                "reports/{}.sql\u00a0: la requête donne {}\u00a0; [columns] dit {}",
                "reports/{}.sql: the query gives {}; [columns] says {}",
                report.name,
                ", ".join(names),
                ", ".join(wanted),
            )
        )
    _check_keys(report, cells)
    if report.balance:
        _check_balance(report, cells)


def _check_keys(report: Report, cells: Sequence[tuple[Value, ...]]) -> None:
    """Raise ReportError unless each row has a key of its own, of which no part has what sets parts apart."""
    places = key_places(report)
    if _keys_are_good(cells, places):
        return
    slashes, seen = len(places) - 1, set()
    for row in cells:
        key = "/".join(str(row[place]) for place in places)
        if key.count("/") != slashes:
            raise ReportError(
                both(
                    "reports/{}.sql\u00a0: la clé {} a une partie avec /, qui sépare les parties d’une clé",
                    "reports/{}.sql: the key {} has a part with /, which sets the parts of a key apart",
                    report.name,
                    key,
                )
            )
        if None in map(row.__getitem__, places) or key in seen:
            raise ReportError(
                both(
                    "reports/{}.sql\u00a0: la clé {} est nulle ou paraît deux fois",
                    "reports/{}.sql: the key {} is null or appears twice",
                    report.name,
                    key,
                )
            )
        seen.add(key)


def _keys_are_good(cells: Sequence[tuple[Value, ...]], places: Sequence[int]) -> bool:
    """Tell that no part of a key is null or has a slash, and that no key comes twice; False where it is not sure.

    Rows of the same first part stand together, mostly, so that not all keys of a large report are held at a time.
    """
    for place in places:
        parts = set(map(itemgetter(place), cells))
        if None in parts or any("/" in part for part in map(str, parts)):
            return False
    first, rest = itemgetter(places[0]), itemgetter(*(places[1:] or places))
    heads = set()
    for head, rows in groupby(cells, first):
        keys = list(map(rest, rows))
        if head in heads or len(set(keys)) < len(keys):
            return False
        heads.add(head)
    return True


def _check_balance(report: Report, cells: Sequence[tuple[Value, ...]]) -> None:
    """Raise ReportError for a row whose start and parts do not make its end."""
    balance = report.balance
    for key, cell in Cells(report, cells).items():
        if balance is None:
            continue
        values = [cell[name] or 0 for name in (balance.start, *balance.parts)]
        if any(isinstance(value, str) for value in values) or sum(map(Decimal, values)) != cell[balance.end]:
            raise ReportError(
                both(
                    "reports/{}.sql\u00a0: {}\u00a0: {} et les parts ne font pas {}",
                    "reports/{}.sql: {}: {} and the parts do not make {}",
                    report.name,
                    key,
                    balance.start,
                    balance.end,
                )
            )
