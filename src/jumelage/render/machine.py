"""CSV and JSON: codes, one header line, UTF-8, LF. CSV for people has semicolons and a mark, and no formulas."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING

from jumelage.texts import neutral

if TYPE_CHECKING:
    from jumelage.render.grid import Grid


def render_csv(grid: Grid) -> str:
    """Write one header line and one line per row; a null is an empty field."""
    out = io.StringIO()
    if grid.for_people:
        out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\n", delimiter=";" if grid.for_people else ",")
    writer.writerow(grid.names)
    typed = [grid.for_people or name in grid.typed for name in grid.names]
    for row in grid.rows:
        fields = [format(value, "f") if isinstance(value, Decimal) else value for value in row]
        writer.writerow([neutral(field) if said else field for field, said in zip(fields, typed, strict=True)])
    return out.getvalue()


def render_json(grid: Grid) -> str:
    """Write an array of objects, one per row."""
    rows = [dict(zip(grid.names, row, strict=True)) for row in grid.rows]
    return json.dumps(rows, ensure_ascii=False, indent=1, default=float) + "\n"
