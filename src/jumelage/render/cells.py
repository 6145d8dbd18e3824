"""Cells of reports as SDMX-CSV 2.0: a line for each, with what is printed of it and what the rows say of that."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from jumelage.render.grid import Grid, Shown, of_sheet
from jumelage.render.statuses import MISSING_IN_SDMX, STATUS_IN_SDMX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from jumelage.reporting.entries import Entry, Explanation
    from jumelage.reporting.sheet import Sheet, Value

_BEFORE = ("STRUCTURE", "STRUCTURE_ID", "ACTION", "REPORT", "KIND", "MEASURE")
_WAVE = "WAVE"
_BEHIND = (
    *("TIME_PERIOD", "OBS_VALUE", "OBS_STATUS"),
    *("LOW", "HIGH", "PRINTED", "JUMELAGE_STATUS", "COMMENT_OBS"),
)
_NOTHING = Shown("", (), (), ())


def dimension(column: str) -> str:
    """Return what a column of a key is called among cells: as in the report, in capitals."""
    name = column.upper()
    return f"KEY_{name}" if name in (*_BEFORE, *_BEHIND) else name


def dimensions(sheets: Iterable[Sheet]) -> dict[str, str]:
    """Return what the columns of all keys are called among cells, each with its name in its report."""
    names = dict.fromkeys(chain.from_iterable(sheet.report.key for sheet in sheets))
    return {dimension(name): name for name in names if dimension(name) != _WAVE}


def of_cells(
    sheets: Sequence[Sheet],
    judged: Mapping[str, Sequence[Entry]],
    explanations: Iterable[Explanation],
    lang: str,
) -> Grid:
    """Make the grid of all cells of sheets of one wave; `judged` are the entries of printed figures, by sheet.

    Every report is a dataflow of its own, whose dimensions are its key: those of others are blank. OBS_VALUE is what
    the rows say exactly, and blank where they leave a range, which stands in LOW and HIGH.
    """
    keys = dimensions(sheets)
    because = {(one.report, one.key, one.measure): one.because.text(lang) for one in explanations}
    rows = chain.from_iterable(_rows(sheet, judged.get(sheet.name, ()), keys, because) for sheet in sheets)
    return Grid((*_BEFORE, *keys, _WAVE, *_BEHIND), rows, lambda: _NOTHING)


def _rows(
    sheet: Sheet, judged: Sequence[Entry], keys: Mapping[str, str], because: Mapping[tuple[str, str, str], str]
) -> Iterator[tuple[Value, ...]]:
    report, grid = sheet.report, of_sheet(sheet, "en", judged)
    years = {facts.wave: facts.facts["reference_date"].year for facts in sheet.waves}
    structure = f"JUMELAGE:{report.name.upper()}(1.0.0)"
    for row in grid.rows:
        cell = dict(zip(grid.names, row, strict=True))
        key = "/".join(str(cell[name]) for name in report.key)
        parts = tuple(cell[name] if name in report.key else None for name in keys.values())
        wave = cell["wave"] if report.by_wave else sheet.wave.wave
        for measure in report.figures:
            low, high = cell[measure], cell[report.column(measure).high or measure]
            status = cell.get(f"{measure}_status")
            value = low if low == high else None
            yield (
                *("dataflow", structure, "I", report.name, sheet.kind, measure),
                *parts,
                wave,
                years.get(str(wave)),
                value,
                MISSING_IN_SDMX if value is None else STATUS_IN_SDMX[None if status is None else str(status)],
                *(low, high, cell.get(f"{measure}_printed"), status),
                because.get((report.name, key, measure)),
            )
