"""A chart of a measure between waves: a line for each thing measured, its name and its last value at the right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from jumelage.render.drawing import ACCENT, INK, LINE, SMALL, WIDTH, Drawing, text_width, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jumelage.render.chart_rows import Known

_HEIGHT = 240  # of the lines alone
_NAMES = 210  # of the names at the right, at most
_GAP = 22  # for what leads from a text to its line


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name, and what is known at each wave, None where nothing is."""

    name: str
    values: tuple[Known | None, ...]


def slope(series: Sequence[Series], waves: Sequence[str], measure: str) -> Drawing:
    """Draw a line from wave to wave for each series, and what may be beyond it as a bar upwards."""
    drawing = Drawing(height=0)
    names = [wrapped(f"{one.name}", _NAMES) for one in series]
    lasts = [one.values[-1].text if one.values[-1] else "" for one in series]
    firsts = [one.values[0].text if one.values[0] else "" for one in series]
    value = max(text_width(text) for text in [*lasts, *firsts]) + 6
    left = max(text_width(text) for text in firsts) + _GAP
    right = WIDTH - min(_NAMES, max(text_width(line) for lines in names for line in lines)) - value - _GAP
    ends = [end for one in series for known in one.values if known for end in (known.low, known.high) if end is not None]
    least, most = min(0, *ends, 0), max(0, *ends, 0)
    drawing.text(0, LINE / 2, wrapped(measure, WIDTH, SMALL), size=SMALL)
    top = LINE * (len(wrapped(measure, WIDTH, SMALL)) + 1) + 14
    room = max(_HEIGHT, LINE * sum(map(len, names)))

    def x(place: int) -> float:
        return left + (right - left) * (place / (len(waves) - 1) if len(waves) > 1 else 0)

    def y(number: float) -> float:
        return top + room * (1 - ((number - least) / (most - least) if most > least else 0))

    for place, wave in enumerate(waves):
        drawing.line((x(place), top - 6), (x(place), top + room + 4), opacity=0.25)
        align = "left" if place == 0 else "right" if place == len(waves) - 1 else "center"
        drawing.text(x(place) + (-left if place == 0 else 0), top - 18, wave, align=align, size=SMALL, bold=True)
    for one in series:
        for (place, before), (_, after) in pairwise(enumerate(one.values)):
            if before and after and before.low is not None and after.low is not None:
                drawing.line((x(place), y(before.low)), (x(place + 1), y(after.low)), colour=ACCENT, width=2)
        for place, known in enumerate(one.values):
            if known and known.low is not None:
                drawing.dot(x(place), y(known.low), size=45)
                if known.high is None:
                    drawing.dot(x(place), y(known.low) - 8, shape="triangle-up", size=45)
                elif not known.exact:
                    drawing.box(x(place) - 3, x(place) + 3, y(known.high), y(known.low) - y(known.high), opacity=0.35)
                    drawing.dot(x(place), y(known.high), size=45)
    _left(drawing, [(y(one.values[0].low), one.values[0].text) for one in series if one.values[0] and one.values[0].low is not None], left)
    wanted = [
        (y(known.low), index) for index, one in enumerate(series) if (known := one.values[-1]) and known.low is not None
    ]
    wanted.sort()
    placed = _spread([at for at, _ in wanted], [len(names[index]) * LINE for _, index in wanted], top + room)
    for (at, index), (middle, lines) in zip(wanted, ((p, names[i]) for p, (_, i) in zip(placed, wanted, strict=True)), strict=True):
        drawing.line((right + 6, at), (right + _GAP - 4, middle), opacity=0.4)
        drawing.text(right + _GAP, middle, lasts[index], bold=True)
        drawing.text(right + _GAP + value, middle - LINE * (len(lines) - 1) / 2, lines)
    drawing.height = max([top + room + 12, *(p + LINE for p in placed)])
    return drawing


def _left(drawing: Drawing, values: list[tuple[float, str]], left: float) -> None:
    """Add the first values, each once where several are the same."""
    said = sorted(set(values))
    placed = _spread([at for at, _ in said], [LINE] * len(said), float("inf"))
    for (at, text), middle in zip(said, placed, strict=True):
        drawing.line((left - _GAP + 4, middle), (left - 6, at), opacity=0.4)
        drawing.text(left - _GAP, middle, text, align="right", bold=True)


def _spread(wanted: Sequence[float], heights: Sequence[float], floor: float) -> list[float]:
    """Move sorted places apart, so that texts of these heights do not overlap: up from the lowest that may be, then down."""
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
