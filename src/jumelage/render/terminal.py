"""Tables for a terminal; as wide as they need where there is none."""

from __future__ import annotations

import io
import shutil
import sys
from itertools import chain, islice
from typing import TYPE_CHECKING

from jumelage.render.grid import AT_ONCE
from jumelage.texts import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.table import Table

    from jumelage.render.grid import Grid, Shown

_NARROW = 12  # characters; a longer heading above numbers goes on in the next line


def render(grid: Grid) -> Iterator[str]:
    """Write a table with headings; totals stand out.

    The first ten thousand rows say how wide the columns are: a longer value after them goes on in the next line.
    """
    from rich.console import Console
    from rich.text import Text

    shown = grid.shown
    left = iter(shown.rows)
    first = list(islice(left, AT_ONCE))
    out = io.StringIO()
    terminal = sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else 100_000
    console = Console(file=out, width=width, force_terminal=terminal, highlight=False, emoji=False, markup=False)
    if shown.title:
        console.print(Text(printable(shown.title), style="bold"))
    widths = _widths(console, shown, first)
    console.print(_table(shown, widths))
    written = [line.rstrip() for line in out.getvalue().splitlines()[:-1]]  # the last one is the lower edge
    for i, row in enumerate(chain(first, left)):
        lines = _lines(console, [printable(text) for text in row], widths, shown.numeric)
        written += (_bold(console, out, line) for line in lines) if i in shown.totals else lines
        if len(written) >= AT_ONCE:
            yield "\n".join(written) + "\n"
            written.clear()
    out.seek(0)
    out.truncate()
    for note in shown.notes:
        console.print(Text(printable(note)))
    yield "\n".join([*written, "", *(line.rstrip() for line in out.getvalue().splitlines())]) + "\n"


def _table(shown: Shown, widths: Sequence[int] = (), first: Sequence[tuple[str, ...]] = ()) -> Table:
    """Make an empty table, of columns so wide, or as wide as the first rows and the screen want them."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD if widths else box.ASCII2)
    for i, (heading, numeric) in enumerate(zip(shown.headings, shown.numeric, strict=True)):
        widest = max((len(row[i]) for row in first), default=0)
        table.add_column(
            Text(printable(heading)),
            justify="right" if numeric else "left",
            overflow="fold",
            width=widths[i] if widths else None,
            max_width=max(_NARROW, widest, *map(len, heading.split(" "))) if numeric and not widths else None,
        )
    return table


def _widths(console: Console, shown: Shown, first: Sequence[tuple[str, ...]]) -> list[int]:
    """Return how wide each column is, read off the upper edge of a table of its longest line and its longest word."""
    from rich.cells import cell_len
    from rich.text import Text

    table = _table(shown, first=first)
    columns = [[printable(text) for text in column] for column in zip(*first, strict=True)]
    for parts in ("\n", None):
        table.add_row(
            *(
                Text(max((part for text in column for part in text.split(parts)), key=cell_len, default=""))
                for column in columns
            )
        )
    with console.capture() as drawn:
        console.print(table)
    edge = drawn.get().splitlines()[0]
    return [max(1, len(part) - 2) for part in edge.strip().strip("+").split("+")]


def _lines(console: Console, texts: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> Iterator[str]:
    """Lay out a row: a text that is too long goes on in the next line."""
    from rich.cells import cell_len
    from rich.text import Text

    cells = [
        [text]
        if cell_len(text) <= width and text.isprintable()
        else [line.plain.rstrip() for line in Text(text).wrap(console, width, overflow="fold")]
        for text, width in zip(texts, widths, strict=True)
    ]
    for i in range(max(map(len, cells))):
        line = ""
        for cell, width, right in zip(cells, widths, numeric, strict=True):
            text = cell[i] if i < len(cell) else ""
            blank = " " * (width - cell_len(text))
            line += f"  {blank}{text} " if right else f"  {text}{blank} "
        yield line.rstrip()


def _bold(console: Console, out: io.StringIO, line: str) -> str:
    from rich.text import Text

    out.seek(0)
    out.truncate()
    console.print(Text(line, style="bold"), soft_wrap=True)
    return out.getvalue().rstrip("\n")
