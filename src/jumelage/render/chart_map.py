"""A map: countries shaded by a measure, of Europe where most of them are there, and of the world for the others."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from math import asin, cos, pi, radians, sin, sqrt
from typing import TYPE_CHECKING, Any

from jumelage.content import root
from jumelage.render.callouts import Spot, place_numbers
from jumelage.render.drawing import LINE, SMALL, WIDTH, Drawing, text_width, wrapped

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from jumelage.render.chart_rows import Known

_SHADES = (0.28, 0.43, 0.58, 0.73, 0.88)
_CENTRE = (13.0, 52.5)  # of a map of Europe
_SPECK = 7  # a country that is less across is a dot
_MANY = 5  # where the largest is so many times the least, each class reaches further than the one before
_EQUAL_EARTH = (1.340264, -0.081106, 0.000893, 0.003796)
_HALF = 2.7066  # of a world so projected that has the radius 1, from its middle to its edge


@dataclass(frozen=True, slots=True)
class Panel:
    """A map of its own: which outlines, how high, how many units a radius of the Earth is, and where its middle is."""

    outlines: str
    height: float
    scale: float
    middle: float

    def projection(self, top: float) -> dict[str, Any]:
        """Return the projection as Vega-Lite has it, which `place` computes."""
        kind: dict[str, Any] = {"type": "equalEarth"}
        if self is EUROPE:
            kind = {"type": "azimuthalEqualArea", "rotate": [-_CENTRE[0], -_CENTRE[1]]}
        clip = [[0, top], [WIDTH, top + self.height]]
        return {**kind, "scale": self.scale, "translate": [WIDTH / 2, top + self.middle], "clipExtent": clip}

    def place(self, east: float, north: float) -> tuple[float, float]:
        """Return where a place is in the panel."""
        x, y = (_azimuthal if self is EUROPE else _equal_earth)(east, north)
        return WIDTH / 2 + self.scale * x, self.middle - self.scale * y

    def has(self, code: str) -> bool:
        """Tell whether the number of a country may stand in the panel."""
        east, north, _ = points()[code]
        x, y = self.place(east, north)
        return 0 < x < WIDTH and 0 < y < self.height


EUROPE = Panel("europe", 400, 640, 212)
WORLD = Panel("world", 196, WIDTH / 2 / _HALF, 112)


def _azimuthal(east: float, north: float) -> tuple[float, float]:
    """Project by Lambert's azimuthal equal-area projection (Snyder, Map Projections, 1987, p. 185)."""
    across, up, centre = radians(east - _CENTRE[0]), radians(north), radians(_CENTRE[1])
    near = sin(centre) * sin(up) + cos(centre) * cos(up) * cos(across)
    k = sqrt(2 / max(1 + near, 1e-9))
    return k * cos(up) * sin(across), k * (cos(centre) * sin(up) - sin(centre) * cos(up) * cos(across))


def _equal_earth(east: float, north: float) -> tuple[float, float]:
    """Project by Equal Earth (Šavrič, Patterson and Jenny, 2018)."""
    a, b, c, d = _EQUAL_EARTH
    t = asin(sqrt(3) / 2 * sin(radians(north)))
    x = radians(east) * cos(t) / (sqrt(3) / 2 * (a + 3 * b * t**2 + t**6 * (7 * c + 9 * d * t**2)))
    return x, t * (a + b * t**2 + t**6 * (c + d * t**2))


@cache
def _outlines() -> dict[str, Any]:
    path = root() / "schema" / "outlines" / "outlines.json.gz"
    return json.loads(gzip.decompress(path.read_bytes()))  # type: ignore[no-any-return]


def points() -> dict[str, tuple[float, float, float]]:
    """Return, by code, where the number of a country may stand, in degrees, and how many degrees it is across."""
    return _outlines()["points"]  # type: ignore[no-any-return]


def world_map(
    values: Mapping[str, Known], names: Mapping[str, str], measure: str, inferred: Collection[str] = (), told: str = ""
) -> tuple[Drawing, list[str]]:
    """Draw countries by code, each in the shade of what is at least known of it, with its number.

    Those of which something is inferred have a dashed edge, of which the legend says what is `told`. A country of which
    there is no outline is not drawn. Returned, too, are the codes of those whose number has no place.
    """
    drawn = {code: known for code, known in values.items() if known.low and code in points()}
    classes = _classes(drawn)
    shades = {code: _SHADES[len(_SHADES) - len(classes) + _class_of(known, classes)] for code, known in drawn.items()}
    dashed = frozenset(inferred) & drawn.keys()
    drawing = Drawing()
    _legend(drawing, drawn, shades, classes, measure)
    if dashed:
        _told(drawing, told)
    near = {code for code in drawn if EUROPE.has(code)}
    panels = {WORLD: set(drawn)}
    if 2 * len(near) >= len(drawn):
        panels = {EUROPE: near, WORLD: drawn.keys() - near}
    left_out: list[str] = []
    for place, (panel, numbered) in enumerate(panel for panel in panels.items() if panel[1]):
        drawing.height += 10 if place else 0
        left_out += _panel(
            drawing, panel, {code: drawn[code].text for code in numbered}, names, shades, dashed & numbered
        )
    return drawing, left_out


def _panel(
    drawing: Drawing,
    panel: Panel,
    numbers: Mapping[str, str],
    names: Mapping[str, str],
    shades: dict[str, float],
    dashed: Collection[str],
) -> list[str]:
    """Add a map below what is drawn, with the numbers of some countries; return what has no place on it."""
    top = drawing.height
    drawing.map(_outlines()[panel.outlines], shades, panel.projection(top), dashed)
    degree = panel.scale * pi / 180
    spots = []
    for code in sorted(numbers, key=lambda one: (-shades[one], one)):
        east, north, across = points()[code]
        x, y = panel.place(east, north)
        spots.append(Spot(code, x, y, across * degree, numbers[code], names[code]))
        if across * degree < _SPECK:
            drawing.dot(x, top + y, size=40, opacity=shades[code])
            if code in dashed:
                drawing.frame(x - 5, x + 5, top + y - 5, 10)
    middles = [panel.place(east, north) for east, north, _ in points().values()]
    left_out = place_numbers(drawing, spots, middles, top, panel.height)
    drawing.height += panel.height
    return [spot.code for spot in left_out]


def _told(drawing: Drawing, told: str) -> None:
    """Add to the legend what a dashed edge says."""
    lines = wrapped(told, WIDTH - 27, SMALL, None)
    drawing.frame(1, 22, drawing.height, 12)
    drawing.text(27, drawing.height + 6, lines, size=SMALL)
    drawing.height += LINE * len(lines) + 2


def _classes(drawn: Mapping[str, Known]) -> tuple[float, ...]:
    """Return the least value of each class: five at most, none of them empty."""
    lows = sorted({known.low for known in drawn.values() if known.low})
    if len(lows) <= len(_SHADES):
        return tuple(lows)
    least, most, count = lows[0], lows[-1], len(_SHADES)
    if least > 0 and most / least >= _MANY:
        edges = [least * (most / least) ** (i / count) for i in range(count)]
    else:
        edges = [least + (most - least) * i / count for i in range(count)]
    firsts = [next((low for low in lows if low >= edge - 1e-9), most) for edge in edges]
    return tuple(dict.fromkeys(firsts))


def _class_of(known: Known, classes: tuple[float, ...]) -> int:
    return sum(1 for first in classes if (known.low or 0) >= first) - 1


def _legend(
    drawing: Drawing,
    drawn: Mapping[str, Known],
    shades: Mapping[str, float],
    classes: tuple[float, ...],
    measure: str,
) -> None:
    """Add what the shades are: the least and the largest number of each class."""
    lines = wrapped(measure, WIDTH, SMALL)
    drawing.text(0, LINE / 2, lines, size=SMALL)
    drawing.height = LINE * len(lines) + LINE / 2
    x = 0.0
    for place in range(len(classes)):
        of_class = sorted(
            (known.low or 0, known.at_least, shades[code])
            for code, known in drawn.items()
            if _class_of(known, classes) == place
        )
        (_, first, shade), (_, last, _) = of_class[0], of_class[-1]
        said = first if first == last else f"{first}–{last}"
        drawing.box(x, x + 22, drawing.height - 6, 12, opacity=shade)
        drawing.text(x + 27, drawing.height, said, size=SMALL)
        x += 27 + text_width(said, SMALL) + 14
    drawing.height += LINE / 2 + 6
