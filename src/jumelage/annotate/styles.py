"""The styles of an .xlsx: those that it has, and those that marked cells and the list of findings need in addition."""

from __future__ import annotations

import re

from jumelage.annotate.splice import Splices, tree, with_attribute
from jumelage.annotate.words import FILLS

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_NONE = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill>\
<fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>\
<cellXfs count="1"><xf/></cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>""".encode()
_ORDER = [
    "numFmts",
    "fonts",
    "fills",
    "borders",
    "cellStyleXfs",
    "cellXfs",
    "cellStyles",
    "dxfs",
    "tableStyles",
    "colors",
    "extLst",
]
_LEAST = {
    "fonts": b"<font/>",
    "fills": b'<fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>',
    "cellXfs": b"<xf/>",
}
_COLOR = re.compile(rb"<(?:\w+:)?color\b[^>]*/>|<(?:\w+:)?color\b[^>]*>.*?</(?:\w+:)?color>", re.DOTALL)
_GREY = "E7E6E6"


class Styles:
    """The styles of a workbook, to which some are added at the end of each list."""

    def __init__(self, data: bytes | None) -> None:
        """Read styles.xml; None where the workbook has none."""
        self._data = data or _NONE
        root = tree(self._data)
        self._prefix = root.prefix.encode()
        self._lists = {child.name: child for child in root.children}
        self._root = root
        self._items: dict[str, list[bytes]] = {}
        self._had: dict[str, int] = {}
        for name, least in _LEAST.items():
            found = self._lists.get(name)
            items = [self._data[item.start : item.end] for item in found.children] if found else []
            self._had[name] = len(items)
            self._items[name] = items or [self._named(xml) for xml in re.findall(rb"<fill>.*?</fill>|<\w+/>", least)]
        self._marked: dict[tuple[int, str | None], int] = {}
        self._fills = {severity: self._add("fills", _fill(color)) for severity, color in FILLS.items()}

    def marked(self, style: int, severity: str | None) -> int:
        """Return a copy of a style with the fill of a severity; None takes the fill away.

        Where there was a fill, the text becomes black: its colour was chosen for that fill.
        """
        key = style, severity
        if key not in self._marked:
            base = self._items["cellXfs"][style if style < len(self._items["cellXfs"]) else 0]
            end = base.index(b">") + 1
            tag, rest = base[:end], base[end:]
            if severity is not None and _number(tag, b"fillId") not in {0, *self._fills.values()}:
                fonts = self._items["fonts"]
                font = fonts[min(_number(tag, b"fontId"), len(fonts) - 1)]
                black = self._add("fonts", _COLOR.sub(self._named(b'<color rgb="FF000000"/>'), font))
                tag = with_attribute(with_attribute(tag, "applyFont", "1"), "fontId", str(black))
            fill = 0 if severity is None else self._fills[severity]
            tag = with_attribute(with_attribute(tag, "applyFill", "1"), "fillId", str(fill))
            self._items["cellXfs"].append(tag + rest)
            self._marked[key] = len(self._items["cellXfs"]) - 1
        return self._marked[key]

    def of_list(self) -> tuple[int, int, int]:
        """Return the styles of the list of findings: of its headings, its texts and its links."""
        bold = self._add("fonts", b'<font><b/><sz val="11"/><color rgb="FF000000"/><name val="Calibri"/></font>')
        blue = self._add("fonts", b'<font><u/><sz val="11"/><color rgb="FF0563C1"/><name val="Calibri"/></font>')
        grey = self._add("fills", _fill(_GREY))
        top = b'<alignment vertical="top" wrapText="1"/></xf>'
        return (
            self._add("cellXfs", b'<xf fontId="%d" fillId="%d" applyFont="1" applyFill="1"/>' % (bold, grey)),
            self._add("cellXfs", b'<xf applyAlignment="1">' + top),
            self._add("cellXfs", b'<xf fontId="%d" applyFont="1" applyAlignment="1">' % blue + top),
        )

    def _add(self, name: str, xml: bytes) -> int:
        """Add an item to a list unless it is there already, and return its number."""
        xml = self._named(xml) if not self._prefix or not xml.startswith(b"<" + self._prefix) else xml
        if xml not in self._items[name]:
            self._items[name].append(xml)
        return self._items[name].index(xml)

    def _named(self, xml: bytes) -> bytes:
        """Give the elements the prefix that those of the part have."""
        return re.sub(rb"<(/?)(\w)", rb"<\1" + self._prefix + rb"\2", xml) if self._prefix else xml

    def written(self) -> bytes:
        """Return the part with what was added."""
        splices = Splices()
        for name, items in self._items.items():
            found = self._lists.get(name)
            if found is None or found.empty:
                first = self._named(f'<{name} count="{len(items)}">'.encode())
                whole = first + b"".join(items) + self._named(f"</{name}>".encode())
                splices.put(found.start if found else self._place(name), whole, found.end if found else None)
            else:
                tag = self._data[found.start : found.inside]
                splices.put(found.start, with_attribute(tag, "count", str(len(items))), found.inside)
                splices.put(found.close, b"".join(items[self._had[name] :]))
        return splices.applied(self._data)

    def _place(self, name: str) -> int:
        later = _ORDER[_ORDER.index(name) + 1 :]
        return next((found.start for found in self._root.children if found.name in later), self._root.close)


def _fill(color: str) -> bytes:
    return f'<fill><patternFill patternType="solid"><fgColor rgb="FF{color}"/></patternFill></fill>'.encode()


def _number(tag: bytes, name: bytes) -> int:
    found = re.search(rb"\s" + name + rb"\s*=\s*[\"'](\d+)[\"']", tag)
    return int(found[1]) if found else 0
