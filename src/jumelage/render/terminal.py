"""Tables for a terminal, or as wide as they need to be where there is none."""

from __future__ import annotations

import io
import shutil
import sys
from typing import TYPE_CHECKING

from jumelage.texts import printable

if TYPE_CHECKING:
    from jumelage.render.grid import Grid

_NARROW = 12  # characters; a longer heading above numbers goes on in the next line


def render(grid: Grid) -> str:
    """Write a table with headings; totals stand out."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = grid.shown
    table = Table(box=box.SIMPLE_HEAD)
    for i, (heading, numeric) in enumerate(zip(shown.headings, shown.numeric, strict=True)):
        widest = max((len(row[i]) for row in shown.rows), default=0)
        narrow = max(_NARROW, widest, *map(len, heading.split(" "))) if numeric else None
        table.add_column(
            Text(printable(heading)), justify="right" if numeric else "left", overflow="fold", max_width=narrow
        )
    for i, row in enumerate(shown.rows):
        table.add_row(*(Text(printable(value)) for value in row), style="bold" if i in shown.totals else None)
    out = io.StringIO()
    terminal = sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else 100_000
    console = Console(file=out, width=width, force_terminal=terminal, highlight=False, emoji=False, markup=False)
    if shown.title:
        console.print(Text(printable(shown.title), style="bold"))
    console.print(table)
    for note in shown.notes:
        console.print(Text(printable(note)))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
