"""CSV and JSON: codes, one header line, UTF-8, LF. CSV for people has semicolons and a mark, and no formulas."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING

from jumelage.render.grid import some_at_a_time
from jumelage.texts import neutral

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jumelage.render.grid import Grid
    from jumelage.reporting.sheet import Value


def render_csv(grid: Grid) -> Iterator[str]:
    """Write one header line and one line per row; a null is an empty field."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", delimiter=";" if grid.for_people else ",")
    writer.writerow(grid.names)
    yield ("\ufeff" if grid.for_people else "") + out.getvalue()
    typed = [grid.for_people or name in grid.typed for name in grid.names]
    for rows in some_at_a_time(grid.rows):
        out.seek(0)
        out.truncate()
        fields: Iterable[Iterable[Value]] = rows
        if Decimal in map(type, chain.from_iterable(rows)):
            fields = ([format(value, "f") if isinstance(value, Decimal) else value for value in row] for row in fields)
        if any(typed):
            fields = (
                [neutral(field) if said else field for field, said in zip(row, typed, strict=True)] for row in fields
            )
        writer.writerows(fields)
        yield out.getvalue()


def render_json(grid: Grid) -> Iterator[str]:
    """Write an array of objects, one per row."""
    before = "[\n"
    for rows in some_at_a_time(grid.rows):
        objects = [dict(zip(grid.names, row, strict=True)) for row in rows]
        # The encoder that indents is slow. A line end in a text is written otherwise, so those here are ours.
        text = json.dumps(objects, ensure_ascii=False, separators=(",\n  ", ": "), default=float)
        inner = text[2:-2].replace("},\n  {", "\n },\n {\n  ")
        yield f"{before} {{\n  {inner}\n }}"
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"
