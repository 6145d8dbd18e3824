"""An edition: what is computed of one wave, or of several that are compared, in the order of the document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jumelage import report_file
from jumelage.document import part_of, parts_of
from jumelage.render.page import waves_of
from jumelage.reporting.ledger import check
from jumelage.reporting.own_reports import own_reports
from jumelage.reporting.run import run_each
from jumelage.revisions.declared import declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from jumelage.document import Part
    from jumelage.repairing.implications import Implications
    from jumelage.reporting.entries import Ledger
    from jumelage.reporting.sheet import Sheet, WaveFacts
    from jumelage.revisions.scope import Scope


@dataclass(frozen=True, slots=True)
class Edition:
    """Reports run, in the order of the document; `ledger` is None where waves are compared.

    `folder` is where its files stand in the publication, "" or such as "2006/". `repairs` is a stored result of
    `jumelage repair` on the content that it is of, `implied` one of `jumelage implied`.
    """

    scope: Scope
    folder: str
    parts: tuple[tuple[Part, tuple[Sheet, ...]], ...]
    ledger: Ledger | None
    repairs: dict[str, Any] | None = None
    implied: Implications | None = None

    @property
    def sheets(self) -> Iterator[Sheet]:
        """All its sheets, in order."""
        return (sheet for _, sheets in self.parts for sheet in sheets)

    @property
    def waves(self) -> tuple[WaveFacts, ...]:
        """Its waves, by reference date."""
        return waves_of(self.sheets)

    @property
    def problems(self) -> tuple[str, ...]:
        """What the check found."""
        return self.ledger.problems if self.ledger else ()


def compute(connection: Connection, scope: Scope, folder: str = "") -> Edition:
    """Run the reports of a scope, and hold the printed figures of a single wave against the rows.

    They stand where the wave says, if it does, and otherwise where the project does.
    """
    if len(scope.revisions) > 1:
        with own_reports(connection, scope):
            reports = [report for report in map(report_file.report, report_file.report_names()) if report.by_wave]
            enough = [report for report in reports if report.waves <= len(scope.revisions)]
            each = (sheet for report in enough for sheet in run_each(connection, report, scope))
            sheets: dict[str, Sheet] = {sheet.name: sheet for sheet in each}
        return Edition(scope, folder, _arranged(sheets, parts_of(compared=True)), None)
    ledger, sheets = check(connection, scope)
    own = tuple(part_of(entry) for entry in declared(connection, scope).get("publication", ()))
    return Edition(scope, folder, _arranged(sheets, own or parts_of(compared=False)), ledger)


def _arranged(sheets: dict[str, Sheet], parts: tuple[Part, ...]) -> tuple[tuple[Part, tuple[Sheet, ...]], ...]:
    """Return the sections of the publication with the sheets that stand in each; what none names is in the last."""
    shown = [sheet for _, sheet in sorted(sheets.items()) if sheet.rows or not sheet.report.asks]
    named = {report for part in parts for report in part.reports}
    arranged = [
        (part, [sheet for report in part.reports for sheet in shown if sheet.report.name == report]) for part in parts
    ]
    arranged[-1][1].extend(sheet for sheet in shown if sheet.report.name not in named)
    return tuple((part, tuple(found)) for part, found in arranged if found)
