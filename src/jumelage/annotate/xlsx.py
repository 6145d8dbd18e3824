"""Annotated .xlsx and .xlsm: the package as it is, but for the marked cells, their comments and a list of findings."""

from __future__ import annotations

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
    escaped,
    measured,
    opened,
    tag_end,
    walk,
    with_attribute,
)
from jumelage.annotate.styles import Styles
from jumelage.annotate.words import HEADINGS, LIST, MORE, MOST_MARKED, lines_of, listed, note_of
from jumelage.annotate.xlsx_parts import WORKBOOK, Package

if TYPE_CHECKING:
    from mmap import mmap
    from pathlib import Path

    from jumelage.annotate.places import Places
    from jumelage.annotate.words import Note

_STYLES = "xl/styles.xml"
_STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
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
        package = Package(source)
        styles = Styles(package.read(_STYLES))
        for name, part in package.sheets():
            if name.casefold() != LIST:
                _annotate_sheet(package, part, notes.get(name, {}), styles, lang)
        with tempfile.TemporaryFile(dir=made.parent) as content:
            _write_list(content, places, styles, package.prefix_of_relations, lang)
            package.add_list(content)
            if package.read(_STYLES) is None:
                package.relate(WORKBOOK, "styles", "styles.xml")
                package.declare(_STYLES, _STYLES_TYPE)
            package.changed[package.name(_STYLES)] = styles.written()
            package.write(made)


def _annotate_sheet(package: Package, part: str, notes: dict[int, dict[int, Note]], styles: Styles, lang: str) -> None:
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
