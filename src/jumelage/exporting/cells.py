"""The cells of all reports of a wave, with the status of what is printed in each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jumelage.exporting.words import field
from jumelage.render.cells import dimensions, of_cells
from jumelage.reporting.entries import Heard
from jumelage.reporting.judging import judge
from jumelage.reporting.ledger import compute, read

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Connection

    from jumelage.render.grid import Grid
    from jumelage.revisions.scope import Scope


def cells_of(connection: Connection, scope: Scope, lang: str) -> tuple[Grid, list[dict[str, Any]]]:
    """Return the cells of the wave in scope, and the fields of their Table Schema.

    The queries of the wave's own are not run: they speak of sentences, and not of cells.
    """
    told = read(connection, scope)
    found = compute(connection, scope, told)
    ledger = judge(replace(told, claims=(), explanations=()), found.runs, found.errors, Heard())
    sheets = list(found.sheets.values())
    judged = {
        sheet.name: tuple(entry for entry in ledger.entries if entry.report == sheet.report.name)
        for sheet in sheets
        if sheet.kind == found.printed
    }
    titles = {
        name: next(sheet.report.column(column).label for sheet in sheets if column in sheet.report.key)
        for name, column in dimensions(sheets).items()
    }
    grid = of_cells(sheets, judged, told.explanations, lang)
    fields = [
        {"name": name, "title": titles[name].text(lang), "type": "string"}
        if name in titles
        else field("cells", name, lang)
        for name in grid.names
    ]
    return grid, fields
