"""Reports that came with a wave: found by name while it is in scope, and run by the door of the wave's own queries."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.database.sandbox import door
from jumelage.reading.own_reports import parsed
from jumelage.report_file import with_brought
from jumelage.revisions.scope import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from jumelage.database.sandbox import Rows
    from jumelage.report_file import Report
    from jumelage.revisions.scope import Scope

_DOOR = "jumelage_door"  # in the `info` of a connection


@contextmanager
def own_reports(connection: Connection, scope: Scope) -> Iterator[None]:
    """Let the reports that came with the waves in scope be found and run while this lasts.

    Of several waves only those that tell waves apart; of one that came with several, the text of the latest wave.
    """
    reports = came_with(connection, scope)
    if not reports:
        yield
        return
    with with_brought(reports), door(connection) as asked:
        before = connection.info.get(_DOOR)
        connection.info[_DOOR] = asked
        try:
            yield
        finally:
            connection.info[_DOOR] = before


def came_with(connection: Connection, scope: Scope) -> dict[str, Report]:
    """Return the reports that came with the waves in scope, by name."""
    chosen = " or ".join(f"(r.wave = '{wave}' and r.revision = {revision})" for wave, revision in scope.revisions)
    _, rows = database.query(
        connection,
        "select w.report, w.file from survey.wave_reports w join survey.revisions r "
        f"on r.wave = w.wave and r.revision = w.revision where {chosen} order by r.reference_date, r.wave",
    )
    found = parsed(dict(map(tuple, rows))) if rows else {}
    return {name: report for name, report in found.items() if len(scope.revisions) == 1 or report.by_wave}


def rows_of(connection: Connection, sql: str) -> Rows:
    """Return the columns and rows of a query of such a report in the scope that is set; QueryError if it fails."""
    return connection.info[_DOOR].rows(connection.info[SETTINGS], sql)  # type: ignore[no-any-return]
