"""A load tried out: what it would change, found in a transaction that is undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from jumelage import database
from jumelage.content import TOTAL
from jumelage.errors import UsageError
from jumelage.ledger import check
from jumelage.load import loading
from jumelage.restore import STAGED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from jumelage.database import Scope
    from jumelage.ledger import Ledger
    from jumelage.load import Loaded, Request
    from jumelage.report import Sheet, Value


_Cell = tuple[str, str, str]
_Figure = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a load would change; None where there was or will be nothing.

    `what` is rows, agreements, total or figure, or "not compared".
    `name` is a table, the city of an agreement, or a report; `key` its country, partner and date, or the cell.
    """

    what: str
    name: str
    key: str
    measure: str
    before: Value
    after: Value


def rehearse(url: URL, request: Request, step: Callable[[str], None]) -> tuple[Loaded, tuple[Change, ...]]:
    """Do all that a load does, compare with the current revision, and undo it.

    DataError as for a load. Without an earlier revision nothing is said of single agreements.
    """
    with loading(url, request, dry_run=True, step=step) as (connection, loaded):
        if not loaded.new:
            return loaded, ()
        step("comparing")
        database.only_read(connection)
        return loaded, tuple(_changes(connection, loaded))


def _changes(connection: Connection, loaded: Loaded) -> Iterator[Change]:
    new = database.Scope(((loaded.wave, loaded.revision),))
    old = None if loaded.before is None else database.Scope(((loaded.wave, loaded.before),))
    for table in STAGED:
        before, after = (_count(connection, table, scope) for scope in (old, new))
        if before != after:
            yield Change("rows", table, "", "", before, after)
    if old is not None:
        yield from _agreements(connection, old, new)
    earlier = _computed(connection, old)
    try:
        later = _computed(connection, new)
    except UsageError:
        # A query of the wave that fails ends the transaction, and with it the rows that were tried out.
        reason = "a query of the wave fails; after loading, `jumelage check` says which"
        yield Change("not compared", "totals", reason, "", None, None)
        return
    yield from _moved_totals(earlier[1], later[1])
    if old is not None:
        for (report, key, measure, printed, place), was, becomes in _differing(earlier[0], later[0]):
            yield Change("figure", report, key, f"{measure}, printed {printed} ({place})", was, becomes)


def _moved_totals(before: dict[_Cell, Value], after: dict[_Cell, Value]) -> Iterator[Change]:
    for (report, key, measure), was, becomes in _differing(before, after):
        yield Change("total", report, key, measure, was, becomes)


_Key = TypeVar("_Key")
_Of = TypeVar("_Of")


def _differing(before: dict[_Key, _Of], after: dict[_Key, _Of]) -> Iterator[tuple[_Key, _Of | None, _Of | None]]:
    """Yield what one has and the other has not, or otherwise."""
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield key, before.get(key), after.get(key)


def _count(connection: Connection, table: str, scope: Scope | None) -> int | None:
    if scope is None:
        return None
    ((wave, revision),) = scope.revisions
    sql = f"select count(*) from survey.{table} where wave = '{wave}' and revision = {revision}"
    return int(database.query(connection, sql)[1][0][0])


def _agreements(connection: Connection, old: Scope, new: Scope) -> Iterator[Change]:
    """Yield the agreements of which one revision has more than the other."""
    ((wave, before),), ((_, after),) = old.revisions, new.revisions
    told = "city, country, partner, since_from, since_to, since_missing, until_from, until_to, inferred"
    sql = (
        f"select {told}, sum(case when revision = {before} then 1 else 0 end), "
        f"sum(case when revision = {after} then 1 else 0 end) from survey.partnerships "
        f"where wave = '{wave}' and revision in ({before}, {after}) group by {told} "
        f"having sum(case when revision = {before} then 1 else -1 end) <> 0 order by {told}"
    )
    names = {code: name for code, name in database.query(connection, "select code, name from survey.cities")[1]}  # noqa: C416
    for city, country, partner, *dates, missing, ended, over, inferred, was, becomes in database.query(connection, sql)[
        1
    ]:
        since = missing or _period(*dates)
        until = f"until {_period(ended, over)}" if ended else ""
        key = " · ".join(filter(None, (country, partner, since, until, "inferred" if inferred else "")))
        yield Change("agreements", names.get(city, city) or "", key, "", int(was), int(becomes))


def _period(first: object, last: object) -> str:
    return f"{first}" if first == last else f"{first}/{last}"


def _computed(connection: Connection, scope: Scope | None) -> tuple[dict[_Figure, str], dict[_Cell, Value]]:
    """Return the status of each published figure and the value of each computed total in a scope."""
    if scope is None:
        return {}, {}
    ledger, sheets = check(connection, scope)
    return _statuses(ledger), {cell: value for sheet in sheets.values() for cell, value in _totals(sheet)}


def _statuses(ledger: Ledger) -> dict[_Figure, str]:
    return {(*entry.cell, entry.printed, entry.place): entry.status for entry in ledger.entries}


def _totals(sheet: Sheet) -> Iterator[tuple[_Cell, Value]]:
    """Yield the cells of the totals of a report, or all cells of one that has no totals."""
    cells = sheet.cells()
    totals = {key: cell for key, cell in cells.items() if TOTAL in key.split("/")} or cells
    for key, cell in totals.items():
        for measure in sheet.report.measures:
            yield (sheet.report.name, key, measure), cell[measure]
