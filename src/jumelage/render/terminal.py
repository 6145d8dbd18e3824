"""Tables for a terminal, or as wide as they need to be where there is none."""

from __future__ import annotations

import shutil
import sys
from io import StringIO
from itertools import chain
from typing import TYPE_CHECKING

from jumelage.render.grid import some_at_a_time
from jumelage.texts import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, RenderableType
    from rich.table import Table

    from jumelage.render.grid import Grid, Shown

_NARROW = 12  # characters; a longer heading above numbers goes on in the next line
_CROSS = "\u253c"


def render(grid: Grid) -> Iterator[str]:
    """Write a table with headings; totals stand out.

    The first ten thousand rows say how wide the columns are: a longer value after them goes on in the next line.
    """
    from rich.console import Console
    from rich.text import Text

    shown = grid.shown
    terminal = sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else 100_000
    console = Console(file=StringIO(), width=width, force_terminal=terminal, highlight=False, emoji=False, markup=False)
    if shown.title:
        yield _text(_drawn(console, Text(printable(shown.title), style="bold")))
    start = 0
    widths: tuple[int, ...] = ()
    blocks = some_at_a_time(shown.rows)
    for rows in chain([next(blocks, [])], blocks):
        lines = _drawn(console, _table(shown, rows, start, widths))
        if start:
            del lines[0]  # the upper edge
        else:
            widths = _widths(lines)
        yield _text(lines[:-1])
        start += len(rows)
    yield _text(["", *_drawn(console, *(Text(printable(note)) for note in shown.notes))])


def _table(shown: Shown, rows: Sequence[tuple[str, ...]], start: int, widths: Sequence[int]) -> Table:
    """Make a table of the rows that come after `start` others, whose columns are so wide, or as wide as they want."""
    from rich.box import SIMPLE_HEAD, Box
    from rich.table import Table
    from rich.text import Text

    crossed = Box(str(SIMPLE_HEAD).replace("\u2500\u2500", f"\u2500{_CROSS}"))
    table = Table(box=crossed, show_header=not start)
    for i, (heading, numeric) in enumerate(zip(shown.headings, shown.numeric, strict=True)):
        widest = max((len(row[i]) for row in rows), default=0)
        table.add_column(
            Text(printable(heading)),
            justify="right" if numeric else "left",
            overflow="fold",
            width=widths[i] if widths else None,
            max_width=max(_NARROW, widest, *map(len, heading.split(" "))) if numeric and not widths else None,
        )
    for i, row in enumerate(rows, start):
        table.add_row(*(Text(printable(value)) for value in row), style="bold" if i in shown.totals else None)
    return table


def _widths(lines: list[str]) -> tuple[int, ...]:
    """Return how wide the columns of a table are, by the line below its headings, and take the crosses out of that."""
    below = next(i for i, line in enumerate(lines) if line.strip() and not line.strip(f" \u2500{_CROSS}"))
    parts = lines[below].strip().split(_CROSS)
    lines[below] = lines[below].replace(_CROSS, "\u2500")
    return tuple(max(1, len(part) - 2) for part in parts)


def _drawn(console: Console, *things: RenderableType) -> list[str]:
    with console.capture() as drawn:
        for thing in things:
            console.print(thing)
    return [line.rstrip() for line in drawn.get().splitlines()]


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
