"""A load tried out: what it would change, found in a transaction that is undone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.content import TOTAL
from jumelage.database.attempt import LostError
from jumelage.database.models import LISTED, OF_A_LOAD
from jumelage.database.sandbox import rehearsal
from jumelage.loading.load import loading
from jumelage.reporting.diff import Change, agreements, cells, differing, figures, of_revision
from jumelage.reporting.judging import judge
from jumelage.reporting.ledger import compute, hear, read, settings
from jumelage.reporting.own_reports import came_with
from jumelage.revisions.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from jumelage.loading.revision import Loaded, Request
    from jumelage.reporting.diff import Cell
    from jumelage.reporting.entries import Told
    from jumelage.reporting.sheet import Sheet, Value


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
    for table in (*OF_A_LOAD, LISTED):
        before, after = (_count(connection, table, scope) for scope in (old, new))
        if before != after:
            yield Change("rows", table, "", "", before, after)
    if old is not None:
        yield from agreements(connection, old, new)
    scopes = [new] if old is None else [new, old]
    own = {name for scope in scopes for name in came_with(connection, scope)}
    for name in sorted(own):  # a query of a wave that fails would end the transaction with all rows
        yield Change("unchecked", name, "", "", None, None)
    try:
        told = {scope: _without(own, read(connection, scope)) for scope in scopes}
        computed = {scope: compute(connection, scope, told[scope]) for scope in scopes}
    except LostError as error:
        yield Change("not compared", "totals", f"a report fails: {error}", "", None, None)
        return
    totals = {scope: {c: v for sheet in computed[scope].sheets.values() for c, v in _totals(sheet)} for scope in scopes}
    for cell, was, becomes in differing(totals[old] if old else {}, totals[new]):
        yield Change("total", *cell, was, becomes)
    # The wave's own queries come last: on DuckDB one that fails ends the transaction, and with it the rows.
    with rehearsal(connection) as asked:
        heard = {scope: hear(asked, settings(connection, scope), told[scope]) for scope in scopes}
    ledgers = {
        scope: judge(told[scope], computed[scope].runs, computed[scope].errors, heard[scope]) for scope in scopes
    }
    for cell in dict.fromkeys(cell for scope in scopes for cell in ledgers[scope].unchecked):
        yield Change("unchecked", *cell, None, None)
    if old is not None:
        yield from figures(ledgers[old], ledgers[new])


def _without(own: Collection[str], told: Told) -> Told:
    """Leave out what is printed of reports that come with the wave."""
    return replace(
        told,
        figures=tuple(one for one in told.figures if one.report not in own),
        complete=tuple(name for name in told.complete if name not in own),
        explanations=tuple(one for one in told.explanations if one.report not in own),
    )


def _count(connection: Connection, table: str, scope: Scope | None) -> int | None:
    if scope is None:
        return None
    ((count,),) = database.query(connection, f"select count(*) from survey.{table} where {of_revision(scope)}")[1]
    return int(count)


def _totals(sheet: Sheet) -> Iterator[tuple[Cell, Value]]:
    """Yield the cells of the totals of a report, or all cells of one that has no totals."""
    every = cells(sheet)
    yield from ({cell: value for cell, value in every.items() if TOTAL in cell[1].split("/")} or every).items()
