"""Annotated .ods: content.xml as it is, but for the marked cells, their styles and a list of findings."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from jumelage.annotate.splice import Element, Splices, legal, measured, opened, tag_end, tree, walk, with_attribute
from jumelage.annotate.words import EARLIER, FILLS, HEADINGS, LIST, LONGEST_COMMENT, OWN, SIGNED, listed, note_of
from jumelage.annotate.zipped import rewrite, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap
    from pathlib import Path

    from jumelage.annotate.places import Places
    from jumelage.annotate.words import Note

_CONTENT = "content.xml"
_SPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xlink": "http://www.w3.org/1999/xlink",
}
_CELLS = ("table-cell", "covered-table-cell")
_ROWS, _COLUMNS = "table:number-rows-repeated", "table:number-columns-repeated"
_STYLE, _DEFAULT, _BACKGROUND = "table:style-name", "table:default-cell-style-name", "fo:background-color"
_PREFIX = "jumelage-"  # of the names of styles
_MOST_ROWS = 1_048_575
_CENTIMETRES = 0.22  # of a character

Wanted = dict[int, "Note | None"]  # by column; None takes an earlier mark away


def write_ods(handed: Path, places: Places, made: Path, lang: str) -> None:
    """Write the annotated copy of an .ods."""
    notes: dict[str, dict[int, dict[int, Any]]] = places.by_sheet(lambda group: note_of(group, lang))
    with zipfile.ZipFile(handed) as source, unpacked(source, _CONTENT) as data:
        content = _Content(data, notes, lang)
        content.finish("".join(_list(places, lang)).encode())
        rewrite(source, made, {_CONTENT: content.splices})


class _Styles:
    """The styles of cells that a document has of its own, and those that marked cells need."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}
        self.made: dict[tuple[str, str | None], tuple[str, bytes]] = {}

    def marked(self, style: str, severity: str | None) -> str:
        """Return the name of a copy of a style with the fill of a severity; None takes the fill away."""
        if (style, severity) not in self.made:
            name = next(
                name for number in range(1 << 20)
                if (name := f"{_PREFIX}{len(self.made) + 1 + number}") not in self.known
            )  # fmt: skip
            self.made[style, severity] = name, self._styled(name, style, FILLS.get(severity or ""))
        return self.made[style, severity][0]

    def _styled(self, name: str, style: str, color: str | None) -> bytes:
        fill = f"#{color.lower()}" if color else "transparent"
        if style not in self.known:
            parent = f" style:parent-style-name={quoteattr(style)}" if style else ""
            return (
                f'<style:style style:name="{name}" style:family="table-cell"{parent}>'
                f'<style:table-cell-properties fo:background-color="{fill}"/></style:style>'
            ).encode()
        raw = self.known[style]
        root = tree(raw)
        splices = Splices()
        first = with_attribute(raw[root.start : root.inside], "style:name", name)
        properties = next((child for child in root.children if child.name == "table-cell-properties"), None)
        if properties is None:
            new = f'<style:table-cell-properties fo:background-color="{fill}"/>'.encode()
            if root.empty:
                return opened(first) + new + b"</style:style>"
            splices.put(root.inside, new)
        else:
            tag = with_attribute(raw[properties.start : properties.inside], _BACKGROUND, fill)
            splices.put(properties.start, tag, properties.inside)
            if properties.attributes.get(_BACKGROUND, "transparent") != "transparent":  # its colour was for that fill
                for text in (child for child in root.children if child.name == "text-properties"):
                    black = with_attribute(raw[text.start : text.inside], "fo:color", "#000000")
                    splices.put(text.start, black, text.inside)
        splices.put(root.start, first, root.inside)
        return splices.applied(raw)


class _Content:
    """The changes to the content of a document."""

    def __init__(self, data: mmap, notes: dict[str, dict[int, Wanted]], lang: str) -> None:
        self.splices = Splices()
        self._data, self._notes, self._lang = data, notes, lang
        self._styles = _Styles()
        self._automatic: Element | None = None
        self._root: Element | None = None
        self._body = 0  # where the body begins
        self._first: int | None = None  # where the first sheet begins
        self._old: Element | None = None  # the list of an earlier copy
        self._table: str | None = None
        self._wanted: dict[int, Wanted] = {}
        self._defaults: list[tuple[int, str]] = []  # the last column of a run, and the style of its cells
        self._row = self._column = self._last_end = 0
        self._own: set[int] = set()
        self._in_cell = False
        walk(data, self._start, self._end)

    def finish(self, list_: bytes) -> None:
        """Put the list before the first sheet, or in the place of an earlier one; and add what styles are needed."""
        if self._old is not None:
            self.splices.put(self._old.start, list_, self._old.end)
        elif self._first is not None:
            self.splices.put(self._first, list_)
        made = b"".join(xml for _, xml in self._styles.made.values()) + _list_styles(set(self._styles.known))
        element = self._automatic
        if element is None:
            self.splices.put(self._body, b"<office:automatic-styles>" + made + b"</office:automatic-styles>")
        elif element.empty:
            whole = b"<office:automatic-styles>" + made + b"</office:automatic-styles>"
            self.splices.put(element.start, whole, element.end)
        else:
            self.splices.put(element.close, made)
        root = self._root
        if root is not None:
            end = tag_end(self._data, root.start)
            tag = self._data[root.start : end]
            for prefix, space in _SPACES.items():
                if f"xmlns:{prefix}" not in root.attributes:
                    tag = with_attribute(tag, f"xmlns:{prefix}", space)
            self.splices.put(root.start, tag, end)

    def _start(self, element: Element) -> None:
        name, prefix = element.name, element.prefix
        if element.depth == 1:
            self._root = element
        elif prefix == "office:" and name == "body":
            self._body = element.start
        elif prefix != "table:":
            pass
        elif name == "table" and self._table is None:
            self._start_table(element)
        elif name == "table-column":
            last = (self._defaults[-1][0] if self._defaults else 0) + _repeated(element, _COLUMNS)
            self._defaults.append((last, element.attributes.get(_DEFAULT, "")))
        elif name == "table-row":
            self._column, self._own = 0, set()
        elif name in _CELLS:
            self._column += _repeated(element, _COLUMNS)

    def _end(self, element: Element) -> None:
        name, prefix = element.name, element.prefix
        if prefix == "office:" and name == "annotation":
            measured(self._data, element)
            if _is_own(self._data[element.start : element.end]):
                self._own.add(self._column)
        elif prefix == "office:" and name == "automatic-styles":
            self._automatic = measured(self._data, element)
        elif prefix == "style:" and name == "style" and element.attributes.get("style:family") == "table-cell":
            measured(self._data, element)
            self._styles.known[element.attributes["style:name"]] = self._data[element.start : element.end]
        elif prefix != "table:":
            pass
        elif name == "table-row":
            self._end_row(element)
        elif name == "table":
            self._end_table(element)

    def _start_table(self, element: Element) -> None:
        if self._first is None:
            self._first = element.start
        self._table = element.attributes.get("table:name", "")
        self._wanted = dict(self._notes.get(self._table, {}))
        self._defaults, self._row, self._last_end = [], 0, 0

    def _end_table(self, element: Element) -> None:
        if self._table is not None and self._table.casefold() == LIST:
            self._old = measured(self._data, element)
        elif self._last_end:
            for row in sorted(row for row in self._wanted if row > self._row):
                gap = row - self._row - 1
                blank = f'<table:table-row {_ROWS}="{gap}"><table:table-cell/></table:table-row>' if gap else ""
                marked = self._marked_row(b"<table:table-row></table:table-row>", self._wanted[row], 1)
                self.splices.put(self._last_end, blank.encode() + marked)
                self._row = row
        self._table = None

    def _end_row(self, element: Element) -> None:
        first, self._row = self._row + 1, self._row + _repeated(element, _ROWS)
        self._last_end = measured(self._data, element).end
        if self._table is None or self._table.casefold() == LIST:
            return
        wanted = {row: self._wanted[row] for row in self._wanted if first <= row <= self._row} if self._wanted else {}
        if not wanted and not self._own:
            return
        gone: Wanted = dict.fromkeys(self._own)
        raw = self._data[element.start : element.end]
        made, at = [], first
        for row in [*sorted(wanted), self._row + 1]:
            if row > at:
                made.append(self._marked_row(raw, gone, row - at))
            if row <= self._row:
                made.append(self._marked_row(raw, gone | wanted[row], 1))
            at = row + 1
        self.splices.put(element.start, b"".join(made), element.end)

    def _marked_row(self, raw: bytes, wanted: Wanted, repeated: int) -> bytes:
        """Return a row with its marked cells, repeated this many times."""
        root = tree(raw)
        out = [_times(raw[root.start : root.inside], _ROWS, repeated)]
        if root.empty:
            out = [opened(out[0])]
        default = root.attributes.get(_DEFAULT, "")
        column, done = 0, root.inside
        for cell in root.children:
            if cell.name not in _CELLS:
                continue
            count = _repeated(cell, _COLUMNS)
            inside = sorted(place for place in wanted if column < place <= column + count)
            out.append(raw[done : cell.start])
            at = column + 1
            for place in [*inside, column + count + 1]:
                if place > at:
                    out.append(_repeat(raw, cell, place - at))
                if place <= column + count:
                    out.append(self._marked_cell(raw, cell, wanted[place], default or self._default_of(place)))
                at = place + 1
            column, done = column + count, cell.end
        for place in sorted(place for place in wanted if place > column):
            if place > column + 1:
                out.append(f'<table:table-cell {_COLUMNS}="{place - column - 1}"/>'.encode())
            blank = b"<table:table-cell/>"
            style = default or self._default_of(place)
            out.append(self._marked_cell(blank, tree(blank), wanted[place], style))
            column = place
        out.append(raw[done:] if not root.empty else b"</table:table-row>")
        return b"".join(out)

    def _default_of(self, column: int) -> str:
        return next((style for last, style in self._defaults if column <= last), "")

    def _marked_cell(self, raw: bytes, cell: Element, note: Note | None, default: str) -> bytes:
        style = self._styles.marked(cell.attributes.get(_STYLE, default), note.severity if note else None)
        tag = with_attribute(_times(raw[cell.start : cell.inside], _COLUMNS, 1), _STYLE, style)
        old = next((child for child in cell.children if child.name == "annotation"), None)
        within = b"" if cell.empty else raw[cell.inside : cell.close]
        if old is not None:
            before, after = raw[cell.inside : old.start], raw[old.end : cell.close]
            within = before + self._annotation(raw, old, note) + after
        elif note is not None:
            within = self._annotation(raw, None, note) + within
        if cell.empty and not within:
            return tag
        last = f"</{cell.prefix}{cell.name}>".encode() if cell.empty else raw[cell.close : cell.end]
        return (opened(tag) if cell.empty else tag) + within + last

    def _annotation(self, raw: bytes, old: Element | None, note: Note | None) -> bytes:
        """Return the annotation of a cell: what is to be said, above what somebody else said there."""
        head, others = f"<dc:creator>{OWN}</dc:creator>".encode(), list[bytes]()
        first = b'<office:annotation office:display="false">'
        if old is not None:
            texts = [child for child in old.children if child.prefix == "text:"]
            others = [raw[child.start : child.end] for child in texts]
            own = _is_own(raw[old.start : old.end])
            if own:
                ends = [number for number, xml in enumerate(others) if _plain(xml) == EARLIER]
                others = others[ends[0] + 1 :] if ends else []
            if not old.empty:
                first = raw[old.start : old.inside]
                head = raw[old.inside : texts[0].start if texts else old.close]
        if note is None:
            return first + head + b"".join(others) + b"</office:annotation>" if others else b""
        room = max(LONGEST_COMMENT - sum(map(len, others)), 200)
        said = f"{SIGNED}\n{note.said(self._lang, room)}".replace("\n\n", "\n")
        if others:
            said += f"\n{EARLIER}"
        return first + head + _paragraphs(said).encode() + b"".join(others) + b"</office:annotation>"


def _repeated(element: Element, name: str) -> int:
    return int(element.attributes.get(name, "1"))


def _times(tag: bytes, name: str, count: int) -> bytes:
    """Return a tag that is repeated this many times."""
    if count > 1:
        return with_attribute(tag, name, str(count))
    return re.sub(rb"\s" + name.encode() + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')", b"", tag)


def _repeat(raw: bytes, cell: Element, count: int) -> bytes:
    return _times(raw[cell.start : cell.inside], _COLUMNS, count) + (b"" if cell.empty else raw[cell.inside : cell.end])


def _plain(xml: bytes) -> str:
    return re.sub(rb"<[^>]*>", b"", xml).decode()


def _is_own(annotation: bytes) -> bool:
    found = re.search(rb"<text:p\b[^>]*>(.*?)</text:p>", annotation, re.DOTALL)
    return found is not None and _plain(found[1]) == SIGNED


def _paragraphs(text: str) -> str:
    """Write a text as paragraphs, with all its blanks."""

    def line(text: str) -> str:
        shown = quoteattr(legal(text).replace("\t", " "), {'"': "&quot;"})[1:-1]
        return re.sub(r"(?<= ) |^ | $", "<text:s/>", shown)

    return "".join(f"<text:p>{line(part)}</text:p>" for part in re.split(r"\r\n|\r|\n", text))


def _list_styles(known: set[str]) -> bytes:
    if f"{_PREFIX}heading" in known:
        return b""
    columns = "".join(
        f'<style:style style:name="{_PREFIX}column-{name}" style:family="table-column">'
        f'<style:table-column-properties style:column-width="{width * _CENTIMETRES:.2f}cm"/></style:style>'
        for name, (_, width) in HEADINGS.items()
    )
    return (
        f'<style:style style:name="{_PREFIX}heading" style:family="table-cell">'
        '<style:table-cell-properties fo:background-color="#e7e6e6"/><style:text-properties fo:font-weight="bold"/>'
        f'</style:style><style:style style:name="{_PREFIX}text" style:family="table-cell">'
        '<style:table-cell-properties fo:wrap-option="wrap" style:vertical-align="top"/></style:style>' + columns
    ).encode()


def _list(places: Places, lang: str) -> Iterator[str]:
    """Write the sheet that lists all findings, with links to their cells."""
    yield f'<table:table table:name="{LIST}">'
    for name in HEADINGS:
        yield f'<table:table-column table:style-name="{_PREFIX}column-{name}"/>'
    heads = "".join(_cell(_paragraphs(name.text(lang)), "heading") for name, _ in HEADINGS.values())
    yield f"<table:table-header-rows><table:table-row>{heads}</table:table-row></table:table-header-rows>"
    for number, (finding, cell) in enumerate(places, 2):
        if number > _MOST_ROWS:
            break
        first = "<table:table-cell/>"
        if cell is not None:
            target = quoteattr(legal(f"#{cell.link.replace('!' + cell.name, '.' + cell.name)}"))
            shown = _paragraphs(f"{cell.sheet}!{cell.name}")
            link = f'<text:a xlink:type="simple" xlink:href={target}>'
            first = _cell(
                shown.replace("<text:p>", f"<text:p>{link}").replace("</text:p>", "</text:a></text:p>"), "text"
            )
        values = "".join(_value(value) for value in listed(finding, lang))
        yield f"<table:table-row>{first}{values}</table:table-row>"
    yield "</table:table>"


def _value(value: str | int | None) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, int):
        style = f'table:style-name="{_PREFIX}text"'
        return (
            f'<table:table-cell {style} office:value-type="float" office:value="{value}">'
            f"<text:p>{value}</text:p></table:table-cell>"
        )
    return _cell(_paragraphs(value), "text")


def _cell(paragraphs: str, style: str) -> str:
    return (
        f'<table:table-cell table:style-name="{_PREFIX}{style}" office:value-type="string">'
        f"{paragraphs}</table:table-cell>"
    )
