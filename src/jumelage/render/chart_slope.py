"""A chart of a measure between waves: a line for each thing measured, its name and its values at both ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from jumelage.render.drawing import ACCENT, BOLD, INK, LINE, OTHER, SMALL, WIDTH, Drawing, text_width, wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jumelage.render.chart_rows import Known

_HEIGHT = 240  # of the lines alone
_NAMES = 185  # of the names at the right, at most
_AT_BOTH = 124  # of the names at either side, where they stand at both
_BETWEEN = 88  # what two waves are apart, at least, if names stand at the left, too
_GAP = 22  # for what leads from a text to its line
_APART = 4  # from one name to the next
_KEY = 26  # of a line in the legend
RISES, FALLS, STAYS, OPEN = "rises", "falls", "stays", "open"
# Colour, width and dashes of a line: colour alone tells nothing apart.
LOOKS: dict[str, tuple[str, float, tuple[float, ...]]] = {
    RISES: (ACCENT, 3, ()),
    FALLS: (OTHER, 2, (7, 3)),
    STAYS: (INK, 1.2, ()),
    OPEN: (INK, 1.2, (1.5, 3)),
}


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


@dataclass(frozen=True, slots=True)
class _End:
    """What stands at an end of a line: what its value is, and whose."""

    y: float
    value: str
    name: tuple[str, ...]

    @property
    def height(self) -> float:
        return LINE * max(1, len(self.name)) + _APART


def slope(series: Sequence[Series], waves: Sequence[str], measure: str, ways: Mapping[str, str]) -> Drawing:
    """Draw a line from wave to wave for each series, with a bar up to what may be beyond it; two waves at least.

    `ways` are the words for how a value may change.
    """
    first, last = ([end.text if (end := one.values[place]) else "" for one in series] for place in (0, -1))
    values = [max(map(text_width, texts)) + 8 for texts in (first, last)]
    names = [wrapped(one.name, _AT_BOTH) for one in series]
    widest = max(text_width(line) for lines in names for line in lines)
    both = WIDTH - sum(values) - 2 * (widest + _GAP) >= _BETWEEN * (len(waves) - 1)
    if not both:
        names = [wrapped(one.name, _NAMES) for one in series]
        widest = max(text_width(line) for lines in names for line in lines)
    left = values[0] - 8 + _GAP + (widest + 8) * both
    right = WIDTH - widest - values[1] - _GAP
    known = [one for line in series for one in line.values if one]
    ends = [0.0, *(end for one in known for end in (one.low, one.high) if end is not None)]
    drawing = Drawing()
    lines = wrapped(measure, WIDTH, SMALL)
    drawing.text(0, LINE / 2, lines, size=SMALL)
    top = _legend(
        drawing, LINE * len(lines) + 4, {_way(*pair) for one in series for pair in pairwise(one.values)}, ways
    )
    height = max(_HEIGHT, sum(LINE * len(lines) + _APART for lines in names))
    plot = _Plot(left, right, top, height, len(waves), min(ends), max(ends))
    plot = replace(plot, top=_waves(drawing, plot, waves, named=both))
    for one in series:
        _line(drawing, plot, one)
    here = _at(plot, series, 0, names if both else None)
    feet = [_ends(drawing, plot, here, 0), _ends(drawing, plot, _at(plot, series, -1, names), values[1])]
    drawing.height = max(plot.top + height + LINE, *feet)
    return drawing


def _way(before: Known | None, after: Known | None) -> str:
    """Tell how a value changes, as far as that is known for sure; of what is missing, nothing."""
    if before is None or after is None or before.low is None or after.low is None:
        return ""
    if before.high is not None and after.low > before.high:
        return RISES
    if after.high is not None and after.high < before.low:
        return FALLS
    return STAYS if before.exact and after.exact else OPEN


def _legend(drawing: Drawing, top: float, found: set[str], ways: Mapping[str, str]) -> float:
    """Add how the lines look, of those there are; return where the rest begins."""
    x, y = 0.0, top + LINE / 2
    for way in (way for way in LOOKS if way in found):
        if x and x + _KEY + text_width(ways[way], SMALL) > WIDTH:
            x, y = 0.0, y + LINE
        colour, width, dash = LOOKS[way]
        drawing.line((x, y), (x + _KEY - 5, y), colour=colour, width=width, dash=dash)
        drawing.text(x + _KEY, y, ways[way], size=SMALL)
        x += _KEY + text_width(ways[way], SMALL) + 14
    return y + LINE / 2 + 6 if x else top + 4


def _at(plot: _Plot, series: Sequence[Series], place: int, names: Sequence[tuple[str, ...]] | None) -> list[_End]:
    """Return what stands at the ends of the lines, from above; without names, each value once."""
    found = [
        (plot.y(end.low), -(other.low or 0) if other else 0.0, index, end.text)
        for index, one in enumerate(series)
        if (end := one.values[place]) is not None and end.low is not None
        for other in [one.values[0 if place else -1]]
    ]
    ends = [_End(y, text, names[index] if names else ()) for y, _, index, text in sorted(found)]
    return list(dict.fromkeys(ends))


def _ends(drawing: Drawing, plot: _Plot, ends: Sequence[_End], value: float) -> float:
    """Add what stands at the right, where values are so wide, or at the left; return how far it reaches down."""
    placed = _spread([end.y for end in ends], [end.height for end in ends], plot.top + plot.height)
    side, x, align = (1, plot.right, "left") if value else (-1, plot.left, "right")
    beside = value or max((text_width(end.value) for end in ends), default=0) + 8
    for end, middle in zip(ends, placed, strict=True):
        drawing.line((x + 7 * side, end.y), (x + (_GAP - 3) * side, middle), opacity=0.4)
        drawing.text(x + _GAP * side, middle, end.value, align=align, bold=True)
        y = middle - (end.height - _APART - LINE) / 2
        drawing.text(x + (_GAP + beside) * side, y, end.name, align=align)
    return max((middle + end.height / 2 + LINE / 2 for end, middle in zip(ends, placed, strict=True)), default=0)


def _waves(drawing: Drawing, plot: _Plot, waves: Sequence[str], *, named: bool) -> float:
    """Add the names of the waves, with a line for each; return where the numbers begin."""
    between = (plot.right - plot.left) / (len(waves) - 1) - 6
    rooms = [plot.left + (0 if named else between), *[between] * (len(waves) - 2), WIDTH - plot.right]
    said = [wrapped(wave, room / BOLD, SMALL) for wave, room in zip(waves, rooms, strict=True)]
    top = plot.top + LINE * max(map(len, said)) + 12
    for place, lines in enumerate(said):
        y = plot.top + LINE / 2
        if 0 < place < len(waves) - 1:
            drawing.text(plot.x(place), y, lines, align="center", size=SMALL, bold=True)
        else:
            x, align = (plot.right - 4, "left") if place else (plot.left + 4, "right") if named else (0, "left")
            drawing.text(x, y, lines, align=align, size=SMALL, bold=True)
        drawing.line((plot.x(place), top - 10), (plot.x(place), top + plot.height + 4), opacity=0.25)
    return top


def _line(drawing: Drawing, plot: _Plot, series: Series) -> None:
    for (place, before), (_, after) in pairwise(enumerate(series.values)):
        if before and after and before.low is not None and after.low is not None:
            colour, width, dash = LOOKS[_way(before, after)]
            start, end = (plot.x(place), plot.y(before.low)), (plot.x(place + 1), plot.y(after.low))
            drawing.line(start, end, colour=colour, width=width, dash=dash)
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
