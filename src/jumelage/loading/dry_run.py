"""A load tried out: what it would change, found in a transaction that is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage import database
from jumelage.content import TOTAL
from jumelage.database.models import OF_A_LOAD
from jumelage.errors import UsageError
from jumelage.loading.load import loading
from jumelage.reporting.diff import Change, agreements, cells, differing, figures, of_revision
from jumelage.reporting.ledger import Ledger, check
from jumelage.revisions.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from jumelage.loading.revision import Loaded, Request
    from jumelage.reporting.diff import Cell
    from jumelage.reporting.run import Sheet, Value


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
    new = Scope(((loaded.wave, loaded.revision),))
    old = None if loaded.before is None else Scope(((loaded.wave, loaded.before),))
    for table in OF_A_LOAD:
        before, after = (_count(connection, table, scope) for scope in (old, new))
        if before != after:
            yield Change("rows", table, "", "", before, after)
    if old is not None:
        yield from agreements(connection, old, new)
    earlier = _computed(connection, old)
    try:
        later = _computed(connection, new)
    except UsageError:
        # A query of the wave that fails ends the transaction, and with it the rows that were tried out.
        reason = "a query of the wave fails; after loading, `jumelage check` says which"
        yield Change("not compared", "totals", reason, "", None, None)
        return
    for cell, was, becomes in differing(earlier[1], later[1]):
        yield Change("total", *cell, was, becomes)
    if old is not None:
        yield from figures(earlier[0], later[0])


def _count(connection: Connection, table: str, scope: Scope | None) -> int | None:
    if scope is None:
        return None
    ((count,),) = database.query(connection, f"select count(*) from survey.{table} where {of_revision(scope)}")[1]
    return int(count)


def _computed(connection: Connection, scope: Scope | None) -> tuple[Ledger, dict[Cell, Value]]:
    """Return the published figures and the value of each computed total in a scope."""
    if scope is None:
        return Ledger((), ()), {}
    ledger, sheets = check(connection, scope)
    return ledger, {cell: value for sheet in sheets.values() for cell, value in _totals(sheet)}


def _totals(sheet: Sheet) -> Iterator[tuple[Cell, Value]]:
    """Yield the cells of the totals of a report, or all cells of one that has no totals."""
    every = cells(sheet)
    yield from ({cell: value for cell, value in every.items() if TOTAL in cell[1].split("/")} or every).items()
