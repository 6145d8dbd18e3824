"""Annotated .xlsx and .xlsm: the package as it is, but for the marked cells, their comments and a list of findings."""

from __future__ import annotations

import posixpath
import re
import tempfile
import zipfile
from typing import TYPE_CHECKING, Any, BinaryIO

from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

from jumelage.annotate.comments import Comments
from jumelage.annotate.splice import (
    Element,
    Splices,
    descendants,
    escaped,
    measured,
    opened,
    tag_end,
    tree,
    walk,
    with_attribute,
)
from jumelage.annotate.styles import Styles
from jumelage.annotate.words import HEADINGS, LIST, MORE, MOST_MARKED, lines_of, listed, note_of
from jumelage.annotate.zipped import rewrite, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap
    from pathlib import Path

    from jumelage.annotate.places import Places
    from jumelage.annotate.words import Note
    from jumelage.annotate.zipped import Change

_WORKBOOK, _TYPES = "xl/workbook.xml", "[Content_Types].xml"
_STYLES = "xl/styles.xml"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_NO_RELATIONS = f'<?xml version="1.0" encoding="UTF-8"?>\n<Relationships xmlns="{_RELATIONS}"></Relationships>'
_MOST_ROWS = 1_048_574  # of a sheet; what a spreadsheet program takes
_LINE = 15  # points
_AFTER_DRAWING = {
    "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "AlternateContent", "webPublishItems",
    "tableParts", "extLst",
}  # fmt: skip
_TRUE = {"1", "true", "on"}


def write_xlsx(workbook: Path, places: Places, made: Path, lang: str) -> None:
    """Write the annotated copy of a workbook that is an .xlsx."""
    notes: dict[str, dict[int, dict[int, Any]]] = places.by_sheet(lambda group: note_of(group, lang))
    with zipfile.ZipFile(workbook) as source:
        package = _Package(source)
        styles = Styles(package.read(_STYLES))
        for name, part in package.sheets():
            if name.casefold() != LIST:
                _annotate_sheet(package, part, notes.get(name, {}), styles, lang)
        with tempfile.TemporaryFile(dir=made.parent) as content:
            _write_list(content, places, styles, package.prefix_of_relations, lang)
            package.add_list(content)
            if package.read(_STYLES) is None:
                package.relate(_WORKBOOK, "styles", "styles.xml")
                package.declare(_STYLES, _STYLES_TYPE)
            package.changed[package.name(_STYLES)] = styles.written()
            package.write(made)


class _Package:
    """The parts of a workbook, and those of them that are changed or new."""

    def __init__(self, source: zipfile.ZipFile) -> None:
        self._source = source
        self._members = {name.casefold(): name for name in source.namelist()}
        self.changed: dict[str, Change] = {}
        kind = next(relation.attributes["Type"] for relation in self.relations(_WORKBOOK).values()
                    if relation.attributes.get("Type", "").endswith("/worksheet"))  # fmt: skip
        self.prefix_of_relations = kind.removesuffix("/worksheet")

    def name(self, part: str) -> str:
        """Return the name of a part as the archive spells it."""
        return self._members.get(part.casefold(), part)

    def read(self, part: str) -> bytes | None:
        """Return a part as it now is; None if there is none."""
        name = self.name(part)
        if isinstance(changed := self.changed.get(name), bytes):
            return changed
        return self._source.read(name) if name in self._source.NameToInfo else None

    def opened(self, part: str) -> mmap:
        """Return a part that may be large."""
        return unpacked(self._source, self.name(part))

    def sheets(self) -> Iterator[tuple[str, str]]:
        """Give the sheets of cells with their parts."""
        known = self.relations(_WORKBOOK)
        for sheet in descendants(tree(self.read(_WORKBOOK) or b""), "sheet"):
            found = known.get(_id_of(sheet) or "")
            if found is not None and found.attributes["Type"].endswith("/worksheet"):
                yield sheet.attributes["name"], self.target(_WORKBOOK, found)

    def relations(self, part: str) -> dict[str, Element]:
        """Return what a part refers to, by identifier."""
        data = self.read(_relations_of(part))
        return {one.attributes["Id"]: one for one in descendants(tree(data), "Relationship")} if data else {}

    def target(self, part: str, relation: Element) -> str:
        """Return the part that is referred to."""
        target = relation.attributes["Target"].replace("\\", "/")
        if target.startswith(("/", "xl/")):
            return self.name(target.removeprefix("/"))
        return self.name(posixpath.normpath(posixpath.join(posixpath.dirname(part), target)))

    def related(self, part: str, kind: str, identifier: str | None = None) -> str | None:
        """Return the part of a kind that is referred to; None if there is none."""
        for known, relation in self.relations(part).items():
            if relation.attributes.get("Type", "").endswith(f"/{kind}") and identifier in {None, known}:
                return self.target(part, relation)
        return None

    def relate(self, part: str, kind: str, target: str) -> str:
        """Refer to a new part, and return the identifier."""
        name = self.name(_relations_of(part))
        known = self.relations(part)
        new = next(f"rId{number}" for number in range(1, 1 << 20) if f"rId{number}" not in known)
        xml = f'Relationship Id="{new}" Type="{self.prefix_of_relations}/{kind}" Target="{target}"/>'
        self.changed[name] = _appended(self.read(name) or _NO_RELATIONS.encode(), xml)
        return new

    def declare(self, part: str, kind: str) -> None:
        """Say of what kind a new part is."""
        self._declare(f'Override PartName="/{part}" ContentType="{kind}"/>')

    def declare_ending(self, ending: str, kind: str) -> None:
        """Say of what kind parts of an ending are."""
        if not re.search(
            rb"Extension\s*=\s*[\"']" + ending.encode() + rb"[\"']", self.read(_TYPES) or b"", re.IGNORECASE
        ):
            self._declare(f'Default Extension="{ending}" ContentType="{kind}"/>')

    def _declare(self, xml: str) -> None:
        self.changed[self.name(_TYPES)] = _appended(self.read(_TYPES) or b"", xml)

    def new_name(self, before: str, after: str) -> str:
        """Return the name of a part that is not there yet."""
        names = (f"{before}{number}{after}" for number in range(1, 1 << 20))
        return next(name for name in names if name.casefold() not in self._members and name not in self.changed)

    def add_list(self, content: BinaryIO) -> None:
        """Make the list the first sheet, in the place of one of an earlier copy."""
        for name, part in self.sheets():
            if name.casefold() == LIST:
                for relation in self.relations(part).values():
                    if relation.attributes.get("TargetMode") != "External":
                        self._drop(self.target(part, relation))
                self._drop(_relations_of(part))
                self.changed[part] = content
                return
        part = self.new_name("xl/worksheets/findings", ".xml")
        identifier = self.relate(_WORKBOOK, "worksheet", part.removeprefix("xl/"))
        self.declare(part, _SHEET_TYPE)
        self.changed[part] = content
        book = self.read(_WORKBOOK) or b""
        self.changed[self.name(_WORKBOOK)] = _with_first_sheet(book, identifier, self.prefix_of_relations)

    def _drop(self, part: str) -> None:
        name = self.name(part)
        self.changed[name] = None
        types = self.read(_TYPES) or b""
        declared = rb"<(?:\w+:)?Override\b[^>]*PartName\s*=\s*[\"']/" + re.escape(name.encode()) + rb"[\"'][^>]*/>"
        self.changed[self.name(_TYPES)] = re.sub(declared, b"", types)

    def write(self, made: Path) -> None:
        """Write the package."""
        rewrite(self._source, made, self.changed)


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def _id_of(element: Element) -> str | None:
    """Return the identifier of the relation that an element names."""
    return next((value for key, value in element.attributes.items() if key.rpartition(":")[2] == "id"), None)


def _appended(data: bytes, xml: str) -> bytes:
    """Add a last element within the root of a part; `xml` begins with its name."""
    root = tree(data)
    new = f"<{root.prefix}{xml}".encode()
    if root.empty:
        tag = data[root.start : root.end]
        name = re.match(rb"<([^\s/>]+)", tag)
        return data[: root.start] + opened(tag) + new + b"</" + (name[1] if name else b"") + b">" + data[root.end :]
    return data[: root.close] + new + data[root.close :]


def _with_first_sheet(book: bytes, identifier: str, relations: str) -> bytes:
    """Put the list before the sheets of a workbook; what counts sheets counts one more."""
    root = tree(book)
    splices = Splices()
    sheets = next(descendants(root, "sheets"))
    number = max((int(sheet.attributes.get("sheetId", "0")) for sheet in sheets.children), default=0) + 1
    p = root.prefix
    new = f'<{p}sheet xmlns:r="{relations}" name="{LIST}" sheetId="{number}" r:id="{identifier}"/>'
    views = list(descendants(root, "workbookView"))
    if not views:
        shown = f'<{p}bookViews><{p}workbookView activeTab="1"/></{p}bookViews>'
        splices.put(sheets.start, shown.encode())
    splices.put(sheets.inside, new.encode())
    for view in views:
        tag = book[view.start : view.inside]
        active = int(view.attributes.get("activeTab", "0")) + 1
        splices.put(view.start, with_attribute(tag, "activeTab", str(active)), view.inside)
    for name in descendants(root, "definedName"):
        if (local := name.attributes.get("localSheetId")) is not None:
            tag = book[name.start : name.inside]
            splices.put(name.start, with_attribute(tag, "localSheetId", str(int(local) + 1)), name.inside)
    return splices.applied(book)


def _annotate_sheet(package: _Package, part: str, notes: dict[int, dict[int, Note]], styles: Styles, lang: str) -> None:
    """Mark the cells of a sheet, and take away the marks of an earlier copy."""
    known = package.related(part, "comments")
    if not notes and known is None:
        return
    with package.opened(part) as data:
        drawing = _drawing(data)
        shapes = package.related(part, "vmlDrawing", drawing) if drawing else None
        comments = Comments(package.read(known) if known else None, package.read(shapes) if shapes else None, lang)
        if not notes and not comments.own:
            return
        changes: dict[int, dict[int, tuple[str | None, bool]]] = {}
        for row, column in comments.own:
            changes.setdefault(row, {})[column] = None, False
        for row, columns in notes.items():
            for column, note in columns.items():
                changes.setdefault(row, {})[column] = note.severity, True
        if shapes is None:
            shapes = package.new_name("xl/drawings/vmlDrawingFindings", ".vml")
            identifier = package.relate(part, "vmlDrawing", f"/{shapes}")
            package.declare_ending("vml", _VML_TYPE)
        else:
            identifier = None
        splices = _Sheet(data, changes, styles, identifier, package.prefix_of_relations).splices
    if known is None:
        known = package.new_name("xl/commentsFindings", ".xml")
        package.relate(part, "comments", f"/{known}")
        package.declare(known, _COMMENTS_TYPE)
    flat = {(row, column): note for row, columns in notes.items() for column, note in columns.items()}
    package.changed[known], package.changed[shapes] = comments.written(flat)
    package.changed[part] = splices


def _drawing(data: mmap) -> str | None:
    """Return the identifier of the shapes of a sheet's comments."""
    at = max(data.rfind(b"<legacyDrawing "), data.rfind(b":legacyDrawing "))
    found = re.search(rb":id\s*=\s*[\"']([^\"']+)", data[at : data.find(b">", at)]) if at >= 0 else None
    return found[1].decode() if found else None


class _Sheet:
    """The changes to a sheet: styles of cells, cells and rows that were not there, and the reference to the shapes."""

    def __init__(self, data: mmap, changes: dict[int, dict[int, Any]], styles: Styles, drawing: str | None,
                 relations: str) -> None:  # fmt: skip
        self.splices = Splices()
        self._data, self._styles = data, styles
        self._rows = sorted(changes.items(), reverse=True)
        self._cells: list[tuple[int, Any]] = []  # that are still to be found in the row, the last first
        self._row = self._column = 0
        self._row_style: int | None = None
        self._columns: list[tuple[int, int, int]] = []
        self._drawing, self._relations = drawing, relations
        self._past = False
        walk(data, self._start, self._end)

    def _start(self, element: Element) -> None:
        name = element.name
        if name == "row":
            self._start_row(element)
        elif name == "c" and self._cells:
            self._start_cell(element)
        elif name == "c":
            pass
        elif name == "col" and "style" in element.attributes:
            first, last, style = (int(element.attributes.get(key, "0")) for key in ("min", "max", "style"))
            self._columns.append((first, last, style))
        elif element.depth == 2 and self._past and self._drawing and name in _AFTER_DRAWING:  # noqa: PLR2004
            self._draw(element.start, element.prefix)

    def _end(self, element: Element) -> None:
        if element.name == "row":
            self._end_row(element)
        elif element.name == "sheetData":
            self._past = True
            left = "".join(self._whole_row(row, cells, element.prefix) for row, cells in reversed(self._rows))
            self._rows = []
            self._put_in(element, left)
        elif element.depth == 1 and self._drawing:
            self._draw(element.close, element.prefix)

    def _draw(self, at: int, prefix: str) -> None:
        tag = f'<{prefix}legacyDrawing xmlns:r="{self._relations}" r:id="{self._drawing}"/>'
        self.splices.put(at, tag.encode())
        self._drawing = None

    def _put_in(self, element: Element, xml: str) -> None:
        """Put something in at the end of an element."""
        if not xml:
            return
        measured(self._data, element)
        if element.empty:
            tag = opened(self._data[element.start : element.end])
            end = f"</{element.prefix}{element.name}>"
            self.splices.put(element.start, tag + xml.encode() + end.encode(), element.end)
        else:
            self.splices.put(element.close, xml.encode())

    def _start_row(self, element: Element) -> None:
        self._row = int(element.attributes.get("r", self._row + 1))
        self._column = 0
        formatted = element.attributes.get("customFormat", "0") in _TRUE
        self._row_style = int(element.attributes["s"]) if formatted and "s" in element.attributes else None
        while self._rows and self._rows[-1][0] < self._row:
            row, cells = self._rows.pop()
            self.splices.put(element.start, self._whole_row(row, cells, element.prefix).encode())
        self._cells = []
        if self._rows and self._rows[-1][0] == self._row:
            self._cells = sorted(self._rows.pop()[1].items(), reverse=True)

    def _start_cell(self, element: Element) -> None:
        self._column += 1
        if reference := element.attributes.get("r"):
            self._column = column_index_from_string(coordinate_from_string(reference)[0])
        while self._cells and self._cells[-1][0] < self._column:
            column, change = self._cells.pop()
            self.splices.put(element.start, self._blank(self._row, column, change, element.prefix).encode())
        if self._cells and self._cells[-1][0] == self._column:
            severity, _ = self._cells.pop()[1]
            style = self._styles.marked(int(element.attributes.get("s", "0")), severity)
            end = tag_end(self._data, element.start)
            tag = self._data[element.start : end]
            self.splices.put(element.start, with_attribute(tag, "s", str(style)), end)

    def _end_row(self, element: Element) -> None:
        cells = reversed(self._cells)
        left = "".join(self._blank(self._row, column, change, element.prefix) for column, change in cells)
        self._cells = []
        self._put_in(element, left)

    def _whole_row(self, row: int, cells: dict[int, Any], prefix: str) -> str:
        self._row_style = None
        within = "".join(self._blank(row, column, change, prefix) for column, change in sorted(cells.items()))
        return f'<{prefix}row r="{row}">{within}</{prefix}row>' if within else ""

    def _blank(self, row: int, column: int, change: tuple[str | None, bool], prefix: str) -> str:
        """Write a cell that was not there; with the style that it had by its row or column."""
        severity, wanted = change
        if not wanted:
            return ""
        of_column = next((style for first, last, style in self._columns if first <= column <= last), 0)
        style = self._styles.marked(of_column if self._row_style is None else self._row_style, severity)
        return f'<{prefix}c r="{get_column_letter(column)}{row}" s="{style}"/>'


def _write_list(file: BinaryIO, places: Places, styles: Styles, relations: str, lang: str) -> None:
    """Write the sheet that lists all findings, with links to their cells."""
    main = _main_of(relations)
    heading, text, link = styles.of_list()
    widths = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, (_, width) in enumerate(HEADINGS.values(), 1)
    )
    heads = "".join(
        _inline(1, number, name.text(lang), heading) for number, (name, _) in enumerate(HEADINGS.values(), 1)
    )
    file.write(
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{main}">'
        '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols>{widths}</cols><sheetData><row r="1">{heads}</row>'.encode()
    )
    links: list[str] = []
    number = 1
    for number, (finding, cell) in enumerate(places, 2):
        if number > _MOST_ROWS:
            continue
        values = listed(finding, lang)
        first = _inline(number, 1, f"{cell.sheet}!{cell.name}", link) if cell else ""
        if cell and len(links) < MOST_MARKED:
            links.append(f'<hyperlink ref="A{number}" location="{escaped(cell.link).replace(chr(34), "&quot;")}"/>')
        rest = "".join(_inline(number, column, value, text) for column, value in enumerate(values, 2))
        height = _LINE * lines_of(values)
        file.write(f'<row r="{number}" ht="{height}" customHeight="1">{first}{rest}</row>'.encode())
    if number > _MOST_ROWS:
        file.write(f'<row r="{_MOST_ROWS + 1}">'.encode())
        file.write(_inline(_MOST_ROWS + 1, 1, MORE.text(lang).format(number - _MOST_ROWS), text).encode() + b"</row>")
    last = f"{get_column_letter(len(HEADINGS))}{max(2, min(number, _MOST_ROWS))}"
    linked = f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else ""
    file.write(
        f'</sheetData><autoFilter ref="A1:{last}"/>{linked}'
        '<pageSetup orientation="landscape" fitToHeight="0"/></worksheet>'.encode()
    )


def _main_of(relations: str) -> str:
    """Return the namespace of sheets that goes with that of relations: workbooks may be `strict`."""
    if "purl.oclc.org" in relations:
        return "http://purl.oclc.org/ooxml/spreadsheetml/main"
    return "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def _inline(row: int, column: int, value: str | int | None, style: int) -> str:
    """Write a cell: a text as a text, whatever it begins with."""
    name = f'r="{get_column_letter(column)}{row}" s="{style}"'
    if value is None or value == "":
        return f"<c {name}/>"
    if isinstance(value, int):
        return f"<c {name}><v>{value}</v></c>"
    text = escaped(_LOOKS_ESCAPED.sub("_x005F_", value))
    return f'<c {name} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
