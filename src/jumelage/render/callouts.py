"""Where the numbers of a map stand: within a country that has room, else beside it, with its name and a line."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING

from jumelage.render.drawing import BOLD, INK, LINE, SMALL, WIDTH, Drawing, text_width, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LEAST = 14  # across, of a country within which a number stands
_NAME = 96  # how wide a line of a name is
_RINGS = (12, 18, 26, 36, 48, 62, 78, 96, 116, 138, 160, 190)  # how far a number may stand from its country
_TURNS = 24
_CROSSED = 60  # so much further rather stands a number than that its line crosses another
_COVERED = 6  # and than that it covers the middle of a country

_Point = tuple[float, float]
_Box = tuple[float, float, float, float]
_Line = tuple[_Point, _Point]


@dataclass(frozen=True, slots=True)
class Spot:
    """A country that has a number: its code, where it is, how wide, the number, its name."""

    code: str
    x: float
    y: float
    across: float
    text: str
    name: str


def place_numbers(
    drawing: Drawing, spots: Sequence[Spot], avoided: Sequence[_Point], top: float, height: float
) -> list[Spot]:
    """Add the numbers of a map from `top` on, none over another; return those for which there is no place at all.

    `avoided` are the middles of countries, of which none should be covered.
    """
    boxes: list[_Box] = []
    beside = []
    for spot in spots:
        half = text_width(spot.text, SMALL) * BOLD / 2
        box = (spot.x - half, spot.y - SMALL / 2, spot.x + half, spot.y + SMALL / 2)
        if spot.across < max(_LEAST, 2 * half) or any(_meet(box, other) for other in boxes):
            beside.append(spot)
            continue
        boxes.append(box)
        drawing.text(spot.x, top + spot.y, spot.text, align="center", size=SMALL, bold=True)
    boxes += [(spot.x - 3, spot.y - 3, spot.x + 3, spot.y + 3) for spot in beside]
    leaders: list[_Line] = []
    left_out = []
    for spot in beside:
        found = _free(spot, boxes, leaders, avoided, height)
        if found is None:
            left_out.append(spot)
            continue
        box, end = found
        boxes.append(box)
        leaders.append(((spot.x, spot.y), end))
        _beside(drawing, spot, box, end, top)
    return left_out


def _beside(drawing: Drawing, spot: Spot, box: _Box, end: _Point, top: float) -> None:
    """Add a number beside its country: a line from it, the number, and the name."""
    drawing.line((spot.x, top + spot.y), (end[0], top + end[1]), opacity=0.8)
    drawing.dot(spot.x, top + spot.y, size=10, colour=INK)
    # From the line on, so that nothing comes apart where letters are narrower.
    side, x, align = (1, box[0] + 2, "left") if end[0] == box[0] else (-1, box[2] - 2, "right")
    y, beyond = top + box[1] + LINE / 2 - 1, text_width(spot.text, SMALL) * BOLD + 4
    drawing.text(x, y, spot.text, align=align, size=SMALL, bold=True)
    drawing.text(x + side * beyond, y, wrapped(spot.name, _NAME, SMALL), align=align, size=SMALL)


def _free(
    spot: Spot, boxes: Sequence[_Box], leaders: Sequence[_Line], avoided: Iterable[_Point], height: float
) -> tuple[_Box, _Point] | None:
    """Return the nearest box that is free for a number and a name, and where the line to it ends; None if none is."""
    lines = wrapped(spot.name, _NAME, SMALL)
    wide = text_width(spot.text, SMALL) * BOLD + 8 + max(text_width(line, SMALL) for line in lines)
    high = LINE * len(lines) - 2
    best: tuple[float, _Box, _Point] | None = None
    for ring in _RINGS:
        if best and best[0] <= ring:
            break
        for turn in range(_TURNS):
            angle = 2 * pi * turn / _TURNS
            x, y = round(spot.x + ring * cos(angle), 1), round(spot.y + ring * sin(angle), 1)
            left, right = (x, x + wide) if x >= spot.x else (x - wide, x)
            box = (left, y - LINE / 2 + 1, right, y - LINE / 2 + 1 + high)
            if box[0] < 0 or box[2] > WIDTH or box[1] < 0 or box[3] > height or any(_meet(box, one) for one in boxes):
                continue
            leader = ((spot.x, spot.y), (x, y))
            if any(_cuts(other, box) for other in leaders):
                continue
            crossed = sum(_cross(leader, other) for other in leaders) + sum(_cuts(leader, one) for one in boxes) - 1
            covered = sum(box[0] <= a <= box[2] and box[1] <= b <= box[3] for a, b in avoided)
            cost = ring + _CROSSED * crossed + _COVERED * covered
            if best is None or cost < best[0]:
                best = cost, box, (x, y)
    return best[1:] if best else None


def _meet(one: _Box, other: _Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _cross(one: _Line, other: _Line) -> bool:
    """Tell whether two lines cross."""
    (a, b), (c, d) = one, other
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(start: _Point, end: _Point, at: _Point) -> float:
    return (end[0] - start[0]) * (at[1] - start[1]) - (end[1] - start[1]) * (at[0] - start[0])


def _cuts(line: _Line, box: _Box) -> bool:
    """Tell whether a line goes through a box."""
    (x, y), (x2, y2) = line
    steps = max(2, int(hypot(x2 - x, y2 - y)))
    points = ((x + (x2 - x) * i / steps, y + (y2 - y) * i / steps) for i in range(steps + 1))
    return any(box[0] < a < box[2] and box[1] < b < box[3] for a, b in points)
