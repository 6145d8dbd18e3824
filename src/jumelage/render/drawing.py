"""A drawing: boxes, lines, dots, texts and countries at places that are known, made an SVG by Vega-Lite."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Collection

# What stands for the colour of the text around the drawing, until it is an SVG.
INK = "#010203"
# Each has a contrast of 3 or more with the white and with the dark paper of a page, and so has the ink upon it.
ACCENT, OTHER = "#3d85d6", "#c8741f"
COLOURS = (ACCENT, OTHER, "#2b9a80", "#8b8f96", "#b266c4", "#c76b7e", "#8f8f2a", "#6f86c9")
WIDTH = 440  # of every drawing; it is shown as wide as there is place
TEXT, SMALL = 14, 12
BOLD = 1.1  # bold letters need so much more place
LINE = 17  # from one line of text to the next
_EDGE, _DASH = 1.6, (3, 2)  # of what is inferred
_OF_COUNTRIES: dict[str, dict[str, Any]] = {
    "land": {"fill": INK, "fillOpacity": 0.06, "strokeOpacity": 0.25},
    "shaded": {"fill": ACCENT},
    "dashed": {"fill": None, "strokeWidth": _EDGE, "strokeOpacity": 1, "strokeDash": list(_DASH)},
}
_NARROW, _WIDE = frozenset("iljtfrI.,:;'’!|()[] \u00a0\u202f-"), frozenset("mwMW@%—…≥")
_WIDE_FROM = "\u2e80"  # from here on letters are as wide as high
_MOST_LINES = 3
_SVG = "http://www.w3.org/2000/svg"
_NUMBER = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
_OUTLINE = re.compile(r"(?:M[^A-Za-z]+(?:L[^A-Za-z]+)+Z)+")
_POINT = re.compile(r"([-\d.]+),([-\d.]+)")
_SEVERAL = 2
_LEFT_OUT = ("class", "pointer-events", "role", "version", "font-family", "stroke-miterlimit")
_PLACES = ("d", "transform", "x2", "y2")
_SAYS_NOTHING = {("transform", "translate(0,0)"), ("opacity", "1"), ("fill", "none")}


def text_width(text: str, size: int = TEXT) -> float:
    """Return how wide a text is at most in usual fonts: what a machine measures would differ from one to another."""
    return size * sum(map(_sign_width, text))


def _sign_width(sign: str) -> float:
    if sign in _NARROW:
        return 0.37
    if sign in _WIDE or sign >= _WIDE_FROM:
        return 1.0
    return 0.74 if sign.isupper() else 0.625


def wrapped(text: str, width: float, size: int = TEXT, most: int | None = _MOST_LINES) -> tuple[str, ...]:
    """Break a text into lines of at most this width; what does not fit into so many ends in an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, size) > width:
            lines.append(line)
            longer = word
        while text_width(longer, size) > width:
            cut = next(i for i in range(len(longer), 0, -1) if i == 1 or text_width(longer[:i], size) <= width)
            lines.append(longer[:cut])
            longer = longer[cut:]
        line = longer
    lines += [line] if line else []
    if most is None or len(lines) <= most:
        return tuple(lines)
    last = lines[most - 1]
    while text_width(last + "…", size) > width:
        last = last[:-1]
    return (*lines[: most - 1], last + "…")


@dataclass(slots=True)
class Drawing:
    """What is drawn so far, from the back to the front: countries, boxes, lines, dots, texts."""

    height: float = 0
    countries: list[dict[str, Any]] = field(default_factory=list)
    boxes: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    dots: list[dict[str, Any]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)

    def box(self, x: float, x2: float, y: float, height: float, *, colour: str = ACCENT, opacity: float = 1) -> None:
        """Add a box from x to x2, y being its upper edge."""
        left, right = sorted((x, x2))
        self.boxes.append({"x": left, "x2": right, "y": y, "y2": y + height, "colour": colour, "opacity": opacity})

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        colour: str = INK,
        opacity: float = 1,
        width: float = 1,
        dash: tuple[float, ...] = (),
    ) -> None:
        """Add a line; `dash` is how long a dash is, and what is between two."""
        (x, y), (x2, y2) = start, end
        look = {"colour": colour, "opacity": opacity, "width": width, "dash": dash}
        self.lines.append({"x": x, "x2": x2, "y": y, "y2": y2, **look})

    def frame(self, x: float, x2: float, y: float, height: float) -> None:
        """Add a dashed edge, as of what is inferred, around a box."""
        corners = ((x, y), (x2, y), (x2, y + height), (x, y + height), (x, y))
        for start, end in pairwise(corners):
            self.line(start, end, width=_EDGE, dash=_DASH)

    def dot(
        self, x: float, y: float, *, shape: str = "circle", size: float = 60, colour: str = ACCENT, opacity: float = 1
    ) -> None:
        """Add a dot; `size` is its area."""
        self.dots.append({"x": x, "y": y, "shape": shape, "size": size, "colour": colour, "opacity": opacity})

    def text(
        self,
        x: float,
        y: float,
        lines: str | tuple[str, ...],
        *,
        align: str = "left",
        size: int = TEXT,
        bold: bool = False,
    ) -> None:
        """Add a text, or the lines of one, of which the first is centred upon y."""
        if not lines:
            return
        said = list(lines) if isinstance(lines, tuple) else lines
        self.texts.append({"x": x, "y": y, "text": said, "align": align, "size": size, "bold": bold})

    def note(self, text: str) -> None:
        """Add a text below all that is drawn."""
        lines = wrapped(text, WIDTH, SMALL, None)
        self.text(0, self.height + LINE, lines, size=SMALL)
        self.height += LINE * (len(lines) + 1)

    def map(
        self,
        topology: dict[str, Any],
        shades: dict[str, float],
        projection: dict[str, Any],
        dashed: Collection[str] = (),
    ) -> None:
        """Add the countries of a topology; `shades` are how much of the accent a country has, by code.

        Those `dashed` have such an edge.
        """
        found = topology["objects"]["countries"]["geometries"]
        shaded = [{**one, "properties": {"shade": shades[one["id"]]}} for one in found if one.get("id") in shades]
        objects = {
            "land": [one for one in found if one.get("id") not in shades],
            "shaded": shaded,
            "dashed": [one for one in found if one.get("id") in dashed],
        }
        for name, geometries in objects.items():
            if not geometries:
                continue
            values = {**topology, "objects": {name: {"type": "GeometryCollection", "geometries": geometries}}}
            edge = {"stroke": INK, "strokeWidth": 0.6, "strokeOpacity": 0.45}
            mark = {"type": "geoshape", "clip": False, **edge, **_OF_COUNTRIES[name]}
            layer = {
                "data": {"values": values, "format": {"type": "topojson", "feature": name}},
                "projection": projection,
                "mark": mark,
            }
            if name == "shaded":
                layer["encoding"] = {"fillOpacity": _raw("properties.shade")}
            self.countries.append(layer)


def svg_of(drawing: Drawing, said: str) -> str:
    """Return a drawing as an SVG that runs nothing, asks for nothing and has no style; `said` is what it shows."""
    import vl_convert

    made = vl_convert.vegalite_to_svg(_spec(drawing), vl_version="6.4", allowed_base_urls=[])
    root = _cleaned(ET.fromstring(made))  # noqa: S314  # made here, of texts that are escaped
    root.attrib.clear()
    root.attrib |= {
        "viewBox": f"0 0 {WIDTH} {drawing.height:g}",
        "width": "100%",
        "role": "img",
        "aria-label": said,
        "fill": "none",
    }
    ET.register_namespace("", _SVG)
    return ET.tostring(root, encoding="unicode")


def _raw(name: str) -> dict[str, Any]:
    return {"field": name, "type": "quantitative", "scale": None}


def _spec(drawing: Drawing) -> dict[str, Any]:
    at = {axis: {**_raw(axis), "axis": None} for axis in ("x", "y")}
    ends = {f"{axis}2": {"field": f"{axis}2"} for axis in ("x", "y")}
    colour: dict[str, Any] = {"field": "colour", "type": "nominal", "scale": None}
    look = {"opacity": _raw("opacity")}
    shape = {"field": "shape", "type": "nominal", "scale": None}
    layers = [
        *drawing.countries,
        _layer(drawing.boxes, {"type": "rect"}, {**at, **ends, **look, "fill": colour}),
        *_rules(drawing.lines, {**at, **ends, **look, "stroke": colour, "strokeWidth": _raw("width")}),
        _layer(drawing.dots, {"type": "point"}, {**at, **look, "fill": colour, "size": _raw("size"), "shape": shape}),
    ]
    kinds = sorted({(one["align"], one["size"], one["bold"]) for one in drawing.texts})
    for align, size, bold in kinds:
        mark = {"type": "text", "align": align, "baseline": "middle", "fontSize": size, "lineHeight": LINE, "fill": INK}
        values = [one for one in drawing.texts if (one["align"], one["size"], one["bold"]) == (align, size, bold)]
        said = {"text": {"field": "text", "type": "nominal"}}
        layers.append(_layer(values, mark | ({"fontWeight": 600} if bold else {}), {**at, **said}))
    return {
        "width": WIDTH,
        "height": drawing.height,
        "autosize": "none",
        "padding": 0,
        "background": None,
        "config": {"aria": False, "view": {"stroke": None, "fill": None}, "point": {"strokeWidth": 0}},
        "layer": [layer for layer in layers if layer],
    }


def _rules(lines: list[dict[str, Any]], encoding: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a layer of lines for each way in which they are dashed."""
    return [
        _layer(
            [{name: said for name, said in one.items() if name != "dash"} for one in lines if one["dash"] == dash],
            {"type": "rule"} | ({"strokeDash": list(dash)} if dash else {}),
            encoding,
        )
        for dash in sorted({one["dash"] for one in lines})
    ]


def _layer(values: list[dict[str, Any]], mark: dict[str, Any], encoding: dict[str, Any]) -> dict[str, Any]:
    """Return a layer of marks, none where nothing is to be marked."""
    return {"data": {"values": values}, "mark": mark, "encoding": encoding} if values else {}


def _cleaned(element: ET.Element) -> ET.Element:
    """Return an element without what only a program needs that runs it, its numbers to a tenth."""
    said = dict(element.attrib)
    for rule in said.pop("style", "").split(";"):
        name, _, value = rule.partition(":")
        if value:
            said[name.strip()] = value.strip()
    kept = {
        name: _short(value) if name in _PLACES else "currentColor" if value == INK else value
        for name, value in said.items()
        if name not in _LEFT_OUT and not name.startswith("aria-") and (name, value) not in _SAYS_NOTHING
    }
    made = ET.Element(element.tag, kept)
    made.text = element.text
    for child in element:
        if child.get("class") in {"background", "foreground"}:
            continue
        clean = _cleaned(child)
        if clean.tag == f"{{{_SVG}}}g" and not clean.attrib:
            made.extend(clean)
        else:
            made.append(clean)
    _shared(made)
    return made


def _shared(group: ET.Element) -> None:
    """Say once, on a group, what all of several children look like."""
    if group.tag != f"{{{_SVG}}}g" or len(group) < _SEVERAL:
        return
    first, *others = group
    for name, value in list(first.items()):
        inherited = name.startswith(("fill", "stroke", "font")) or name == "text-anchor"
        if inherited and all(other.get(name) == value for other in others):
            group.set(name, value)
            for child in group:
                del child.attrib[name]


def _short(text: str) -> str:
    """Return a path or a movement to the tenth; one of straight lines with each point from the one before it."""
    if _OUTLINE.fullmatch(text) is None:
        return _NUMBER.sub(lambda found: f"{round(float(found[0]), 1) + 0.0:g}", text)
    said, at = [], (0, 0)
    for ring in text.removesuffix("Z").split("Z"):
        points = [(round(float(x) * 10), round(float(y) * 10)) for x, y in _POINT.findall(ring)]
        turns = [point for before, point in zip((None, *points), points, strict=False) if point != before]
        if len(turns) <= _SEVERAL:  # it has no area
            continue
        for command, (x, y) in zip(("m", "l", *[""] * len(turns)), turns, strict=False):
            said.append(f"{command or ' '}{_tenths(x - at[0])},{_tenths(y - at[1])}")
            at = x, y
        at = turns[0]
        said.append("z")
    return "".join(said)


def _tenths(number: int) -> str:
    return f"{number / 10:g}"
