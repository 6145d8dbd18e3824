"""A chart of a measure between waves: a line for each thing measured, its name and its last value at the right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from jumelage.render.drawing import ACCENT, LINE, SMALL, WIDTH, Drawing, text_width, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jumelage.render.chart_rows import Known

_HEIGHT = 240  # of the lines alone
_NAMES = 185  # of the names at the right, at most
_GAP = 22  # for what leads from a text to its line


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name, and what is known at each wave, None where nothing is."""

    name: str
    values: tuple[Known | None, ...]


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where waves and numbers are."""

    left: float
    right: float
    top: float
    height: float
    waves: int
    least: float
    most: float

    def x(self, wave: int) -> float:
        return self.left + (self.right - self.left) * wave / (self.waves - 1)

    def y(self, value: float) -> float:
        return self.top + self.height * (1 - (value - self.least) / ((self.most - self.least) or 1))


def slope(series: Sequence[Series], waves: Sequence[str], measure: str) -> Drawing:
    """Draw a line from wave to wave for each series, with a bar up to what may be beyond it; two waves at least."""
    names = [wrapped(one.name, _NAMES) for one in series]
    first, last = ([end.text if (end := one.values[place]) else "" for one in series] for place in (0, -1))
    value = max(map(text_width, last)) + 8
    left = max(map(text_width, first)) + _GAP
    right = WIDTH - max(text_width(line) for lines in names for line in lines) - value - _GAP
    known = [one for line in series for one in line.values if one]
    ends = [0.0, *(end for one in known for end in (one.low, one.high) if end is not None)]
    drawing = Drawing()
    lines = wrapped(measure, WIDTH, SMALL)
    drawing.text(0, LINE / 2, lines, size=SMALL)
    height = max(_HEIGHT, LINE * sum(map(len, names)))
    plot = _Plot(left, right, LINE * len(lines) + 8, height, len(waves), min(ends), max(ends))
    plot = replace(plot, top=_waves(drawing, plot, waves))
    for one in series:
        _line(drawing, plot, one)
    _firsts(
        drawing, plot, [(one.values[0].low, text) for one, text in zip(series, first, strict=True) if one.values[0]]
    )
    order = sorted(
        (plot.y(end.low), index)
        for index, one in enumerate(series)
        if (end := one.values[-1]) is not None and end.low is not None
    )
    placed = _spread([at for at, _ in order], [len(names[index]) * LINE for _, index in order], plot.top + height)
    for (at, index), middle in zip(order, placed, strict=True):
        drawing.line((right + 7, at), (right + _GAP - 3, middle), opacity=0.4)
        drawing.text(right + _GAP, middle, last[index], bold=True)
        drawing.text(right + _GAP + value, middle - LINE * (len(names[index]) - 1) / 2, names[index])
    drawing.height = max([plot.top + height + LINE, *(middle + LINE for middle in placed)])
    return drawing


def _waves(drawing: Drawing, plot: _Plot, waves: Sequence[str]) -> float:
    """Add the names of the waves, with a line for each; return where the numbers begin."""
    between = (plot.right - plot.left) / (len(waves) - 1) - 6
    rooms = [plot.left + between, *[between] * (len(waves) - 2), WIDTH - plot.right]
    said = [wrapped(wave, room, SMALL) for wave, room in zip(waves, rooms, strict=True)]
    top = plot.top + LINE * max(map(len, said)) + 12
    for place, lines in enumerate(said):
        y = plot.top + LINE / 2
        if 0 < place < len(waves) - 1:
            drawing.text(plot.x(place), y, lines, align="center", size=SMALL, bold=True)
        else:
            drawing.text(plot.right - 4 if place else 0, y, lines, size=SMALL, bold=True)
        drawing.line((plot.x(place), top - 10), (plot.x(place), top + plot.height + 4), opacity=0.25)
    return top


def _line(drawing: Drawing, plot: _Plot, series: Series) -> None:
    for (place, before), (_, after) in pairwise(enumerate(series.values)):
        if before and after and before.low is not None and after.low is not None:
            start, end = (plot.x(place), plot.y(before.low)), (plot.x(place + 1), plot.y(after.low))
            drawing.line(start, end, colour=ACCENT, width=2)
    for place, known in enumerate(series.values):
        if known is None or known.low is None:
            continue
        x, y = plot.x(place), plot.y(known.low)
        drawing.dot(x, y, size=45)
        if known.high is None:
            drawing.dot(x, y - 8, shape="triangle-up", size=45)
        elif not known.exact:
            drawing.box(x - 3, x + 3, plot.y(known.high), y - plot.y(known.high), opacity=0.35)
            drawing.dot(x, plot.y(known.high), size=45)


def _firsts(drawing: Drawing, plot: _Plot, values: Sequence[tuple[float | None, str]]) -> None:
    """Add the first values, each once where several are the same."""
    said = sorted({(plot.y(low), text) for low, text in values if low is not None})
    placed = _spread([at for at, _ in said], [LINE] * len(said), plot.top + plot.height)
    for (at, text), middle in zip(said, placed, strict=True):
        drawing.line((plot.left - _GAP + 3, middle), (plot.left - 7, at), opacity=0.4)
        drawing.text(plot.left - _GAP, middle, text, align="right", bold=True)


def _spread(wanted: Sequence[float], heights: Sequence[float], floor: float) -> list[float]:
    """Move sorted places apart, so that texts of these heights do not overlap and none is below the floor."""
    placed = list(wanted)
    limit = floor + LINE / 2
    for i in reversed(range(len(placed))):
        placed[i] = min(placed[i], limit - heights[i] / 2)
        limit = placed[i] - heights[i] / 2
    edge = 0.0
    for i in range(len(placed)):
        placed[i] = max(placed[i], edge + heights[i] / 2)
        edge = placed[i] + heights[i] / 2
    return placed
