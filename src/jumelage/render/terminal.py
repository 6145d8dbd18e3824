"""Tables for a terminal, or as wide as they need to be where there is none."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from io import StringIO
from itertools import chain
from typing import TYPE_CHECKING

from jumelage.render.grid import AT_ONCE, some_at_a_time
from jumelage.texts import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType
    from rich.table import Table

    from jumelage.render.grid import Grid, Shown

_NARROW = 12  # characters; a longer heading above numbers goes on in the next line
_CROSS = "\u253c"


def render(grid: Grid, *, plain: bool = False) -> Iterator[str]:
    """Write a table with headings; totals stand out, unless it is to be `plain` text wherever it goes.

    All rows say how wide the columns are, or the first ten thousand where rows are read as they are written: a longer
    value after them goes on in the next line.
    """
    from rich.console import Console
    from rich.text import Text

    shown = grid.shown
    terminal = not plain and sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else 100_000
    console = Console(file=StringIO(), width=width, force_terminal=terminal, highlight=False, emoji=False, markup=False)
    if shown.title:
        yield _text(_drawn(console, Text(printable(shown.title), style="bold")))
    blocks = some_at_a_time(shown.rows)
    first = next(blocks, [])
    more = [shown.widest] if shown.widest and len(first) == AT_ONCE else []
    widest = _widest(shown.rows if isinstance(shown.rows, Sequence) else [*first, *more], len(shown.headings))
    # A terminal may be too narrow for the columns, which then depends on every word.
    lines = _drawn(console, _table(shown, first if terminal else widest))
    widths = _widths(lines)
    yield _text(lines[:-1] if terminal else lines[: _height(lines)])
    start = len(first) if terminal else 0
    for rows in blocks if terminal else chain([first], blocks):
        drawn = []
        for i, row in enumerate(rows, start):
            line = None if terminal and i in shown.totals else _line(row, widths, shown.numeric)
            drawn += [line] if line is not None else _drawn(console, _table(shown, [row], widths, start=i))[1:-1]
        yield _text(drawn)
        start += len(rows)
    yield _text(["", *_drawn(console, *(Text(printable(note)) for note in shown.notes))])


def _widest(rows: Sequence[tuple[str, ...]], columns: int) -> list[tuple[str, ...]]:
    """Return, for each column, a row in which it is widest."""
    return [max(rows, key=lambda row: _cells(printable(row[i]))) for i in range(columns)] if rows else []


def _cells(text: str) -> int:
    """Return how many characters wide a text is shown: its longest line."""
    from rich.cells import cell_len

    return max(len(line) if line.isascii() else cell_len(line) for line in text.split("\n"))


def _line(row: tuple[str, ...], widths: Sequence[int], numeric: Sequence[bool]) -> str | None:
    """Return a row as one line, as a table has it; None if it needs more than one."""
    cells = []
    for value, width, right in zip(row, widths, numeric, strict=True):
        text = printable(value)
        if not text.isprintable():
            return None
        text = text.rstrip() if right else text
        room = width - _cells(text)
        if room < 0:
            return None
        cells.append(f" {' ' * room}{text} " if right else f" {text}{' ' * room} ")
    return f" {' '.join(cells)}".rstrip()


def _table(shown: Shown, rows: Sequence[tuple[str, ...]], widths: Sequence[int] = (), *, start: int = 0) -> Table:
    """Make a table of rows with headings; without, where columns are so wide. `start` is the place of the first."""
    from rich.box import SIMPLE_HEAD, Box
    from rich.table import Table
    from rich.text import Text

    crossed = Box(str(SIMPLE_HEAD).replace("\u2500\u2500", f"\u2500{_CROSS}"))
    table = Table(box=crossed, show_header=not widths)
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


def _height(lines: list[str]) -> int:
    """Return how many lines a table has up to that below its headings."""
    return next(i for i, line in enumerate(lines, 1) if line.strip() and not line.strip(f" \u2500{_CROSS}"))


def _widths(lines: list[str]) -> tuple[int, ...]:
    """Return how wide the columns of a table are, by the line below its headings, and take the crosses out of that."""
    below = _height(lines) - 1
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
