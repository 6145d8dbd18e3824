"""What the rows of a report must keep to: the columns of its header, keys of their own, balances that add up."""

from __future__ import annotations

from decimal import Decimal
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

from jumelage.errors import ReportError
from jumelage.reporting.sheet import Value, by_key, key_places
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jumelage.report_file import Report


def check(report: Report, names: Sequence[str], cells: tuple[tuple[Value, ...], ...]) -> None:
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
    parts = [list(map(itemgetter(place), cells)) for place in places]
    shown = list(map("/".join, zip(*(map(str, part) for part in parts), strict=True)))
    slashes = len(places) - 1
    if all(key.count("/") == slashes for key in shown) and len(set(shown)) == len(shown) and None not in chain(*parts):
        return
    seen = set()
    for row, key in zip(cells, shown, strict=True):
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


def _check_balance(report: Report, cells: tuple[tuple[Value, ...], ...]) -> None:
    """Raise ReportError for a row whose start and parts do not make its end."""
    balance = report.balance
    for key, cell in by_key(report, cells).items():
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
