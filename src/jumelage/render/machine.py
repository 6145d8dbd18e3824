"""CSV and JSON: codes, one header line, UTF-8, LF."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jumelage.render.grid import Grid


def render_csv(grid: Grid) -> str:
    """Write one header line and one line per row; a null is an empty field."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(grid.names)
    writer.writerows(
        [format(value, "f") if isinstance(value, Decimal) else value for value in row] for row in grid.rows
    )
    return out.getvalue()


def render_json(grid: Grid) -> str:
    """Write an array of objects, one per row."""
    rows = [dict(zip(grid.names, row, strict=True)) for row in grid.rows]
    return json.dumps(rows, ensure_ascii=False, indent=1, default=float) + "\n"
