"""What an .xlsx holds beside the values of its cells: hidden rows and columns, merged cells, formulas, errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jumelage.reading.workbook import formats
from jumelage.reading.workbook import unseen as marks
from jumelage.reading.workbook.markup import MOST_DEPTH, Part, scan, too_deep
from jumelage.reading.workbook.unseen import (
    CELL_ERROR,
    NO_VALUE,
    Tally,
    check_areas,
    column_number,
    not_a_workbook,
    too_many_cells,
)
from jumelage.texts import Label

if TYPE_CHECKING:
    import zipfile

WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
# Where calamine looks for them, whatever the relations say.
_FIXED = {"sharedStrings": "xl/sharedstrings.xml", "styles": "xl/styles.xml"}
_DIGITS_MOST = 10
_DIGITS = "0123456789"
_TRUE = {"1", "true", "on"}
_TEXTS = {"str", "inlineStr", "s"}
_MERGED = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6}):([A-Z]{1,3})([1-9]\d{0,6})")
_MISSING = Label("la partie {} manque", "the part {} is missing")
_ELSEWHERE = Label("la partie {} n’est pas à sa place habituelle", "the part {} is not in its usual place")
_DISORDER = Label("les cellules de la feuille {} ne sont pas en ordre", "the cells of the sheet {} are not in order")
_TWO_DATA = Label("la feuille {} a deux blocs de cellules", "the sheet {} has two blocks of cells")
_BAD_MERGE = Label(
    "la feuille {} a une fusion illisible\u00a0: {}",
    "the sheet {} has merged cells that make no sense: {}",
)
_BAD_COUNT = Label("la partie {} annonce {} textes", "the part {} announces {} texts")
_TWO_NAMES = Label("deux feuilles s’appellent {}", "two sheets are called {}")


class _Locals(dict[str, str]):
    """Names of elements without their prefix."""

    def __missing__(self, name: str) -> str:
        self[name] = name.rpartition(":")[2]
        return self[name]


def scan_xlsx(archive: zipfile.ZipFile) -> dict[str, Tally]:
    """Scan every sheet of cells, by name; UnreadableError for a workbook that is broken or too large."""
    members = {name.casefold(): name for name in archive.namelist()}
    workbook, relations = _Names(), _Relations()
    scan(archive, _member(members, WORKBOOK), workbook)
    scan(archive, _member(members, _RELATIONS), relations)
    for kind, target in relations.targets.values():
        if kind in _FIXED and target.casefold() != _FIXED[kind]:
            raise not_a_workbook(_ELSEWHERE, target)
    styles = _Styles()
    for kind, fixed in _FIXED.items():
        if fixed in members:  # calamine reads them even if nothing refers to them
            size = archive.getinfo(members[fixed]).file_size
            scan(archive, members[fixed], styles if kind == "styles" else _Strings(members[fixed], size))
    zero = formats.SINCE_1904 if workbook.since_1904 else formats.SINCE_1900
    tallies: dict[str, Tally] = {}
    seen = 0
    for name, identifier in workbook.sheets:
        kind, target = relations.targets.get(identifier, ("", ""))
        if name in tallies:
            raise not_a_workbook(_TWO_NAMES, name)
        if kind == "worksheet":
            sheet = _Sheet(Tally(name, zero, leap=not workbook.since_1904), styles.formats, seen)
            scan(archive, _member(members, target), sheet)
            tallies[name], seen = sheet.tally, sheet.seen
            check_areas(tallies.values())
    return tallies


def _member(members: dict[str, str], name: str) -> str:
    if name.casefold() not in members:
        raise not_a_workbook(_MISSING, name)
    return members[name.casefold()]


class _Names(Part):
    """The sheets of the workbook: names and identifiers of their relations; and from when its days are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str]] = []
        self.since_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        tag = name.rpartition(":")[2]
        if tag == "workbookPr":
            self.since_1904 = attributes.get("date1904", "0") in _TRUE
        elif tag == "sheet" and "name" in attributes:
            identifiers = [value for key, value in attributes.items() if key.rpartition(":")[2] == "id"]
            self.sheets.append((attributes["name"], identifiers[0] if identifiers else ""))


class _Relations(Part):
    """The parts that the workbook refers to: kinds and names by identifier."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, tuple[str, str]] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name.rpartition(":")[2] == "Relationship":
            target = attributes.get("Target", "").replace("\\", "/")
            target = target.removeprefix("/") if target.startswith(("/", "xl/")) else f"xl/{target}"
            kind = attributes.get("Type", "").rpartition("/")[2]
            self.targets[attributes.get("Id", "")] = kind, target


class _Strings(Part):
    """The texts that cells refer to."""

    def __init__(self, name: str, size: int) -> None:
        super().__init__()
        self._name, self._size = name, size

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if self.depth == 1:
            count = attributes.get("uniqueCount", "0")  # calamine makes room for so many, and may end the process
            if not count.isdecimal() or len(count) > _DIGITS_MOST or int(count) > self._size // len("<si/>"):
                raise not_a_workbook(_BAD_COUNT, self._name, count)


class _Styles(Part):
    """The formats of numbers that cells refer to by the number of their style; those that show all are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.formats: dict[str, str] = {}
        self._written: dict[str, str] = {}  # formats by their numbers
        self._count = 0
        self._in_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        tag = name.rpartition(":")[2]
        if tag == "numFmt":
            self._written.setdefault(attributes.get("numFmtId", ""), attributes.get("formatCode", ""))
        elif tag == "cellXfs":
            self._in_cells = True
        elif tag == "xf" and self._in_cells:
            number = attributes.get("numFmtId", "0")
            built_in = formats.BUILT_IN.get(int(number)) if number.isdecimal() and len(number) < _DIGITS_MOST else None
            form = self._written.get(number, built_in or formats.GENERAL)
            if not formats.shows_all(form):
                self.formats[str(self._count)] = form
            self._count += 1

    def end(self, name: str) -> None:
        super().end(name)
        if name.rpartition(":")[2] == "cellXfs":
            self._in_cells = False


class _Sheet(Part):
    """The cells of a sheet."""

    def __init__(self, tally: Tally, styles: dict[str, str], seen: int) -> None:
        super().__init__()
        self.tally = tally
        self._styles = styles
        self._form: str | None = None  # of the cell, where it may not show all
        self.seen = seen  # cells, even blank ones, of this and earlier sheets
        self._row = self._column = self._last = 0
        self._hidden = self._row_filled = self._in_cell = self._had_data = False
        self._numbers: dict[str, int] = {}
        self._locals = _Locals()
        self._digits = ""
        self._kind: str | None = None
        self._formula = self._value = False
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        tag = self._locals[name]
        if tag == "c":
            self._start_cell(attributes)
        elif self._in_cell:
            self._start_within(tag)
        elif tag == "row":
            self._start_row(attributes)
        else:
            self._start_around(tag, attributes)
        if self.depth > MOST_DEPTH:
            raise too_deep()

    def _start_within(self, tag: str) -> None:
        if tag == "f":
            self._formula = True
        elif tag in {"v", "is"}:
            self._value = True
            if tag == "v" and (self._formula or self._kind == "e" or self._form):
                self.parser.CharacterDataHandler = self._text.append

    def _start_around(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "col":
            self._take_columns(attributes)
        elif tag == "mergeCell":
            self._take_merged(attributes.get("ref", ""))
        elif tag == "sheetData":
            if self._had_data:
                raise not_a_workbook(_TWO_DATA, self.tally.sheet)
            self._had_data = True

    def end(self, name: str) -> None:
        self.depth -= 1
        tag = self._locals[name]
        if tag == "c":
            self._end_cell()
        elif tag == "v":
            self.parser.CharacterDataHandler = None
        elif tag == "row" and self._row_filled:
            self.tally.filled_row(self._row, self._row, self._last, self._hidden)

    def _start_row(self, attributes: dict[str, str]) -> None:
        row = attributes.get("r")
        number = self._row + 1 if row is None else int(row) if row.isascii() and row.isdigit() else 0
        if number <= self._row:
            raise self._disorder()
        self._row, self._column, self._digits = number, 0, str(number)
        self._hidden = attributes.get("hidden", "0") in _TRUE
        self._row_filled = False

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self.seen += 1
        if self.seen > marks.MOST_CELLS:
            raise too_many_cells(self.seen, self.tally.sheet)
        column = self._column + 1
        if reference := attributes.get("r"):
            text = reference.rstrip(_DIGITS)
            column = self._numbers.get(text) or self._numbers.setdefault(text, column_number(text))
            if reference[len(text) :] != self._digits or column <= self._column:
                raise self._disorder()
        self._column = column
        self._kind = attributes.get("t")
        self._form = self._styles.get(attributes.get("s", "0"))
        self._formula = self._value = False
        self._in_cell = True

    def _end_cell(self) -> None:
        self._in_cell = False
        if not (self._value or self._formula):
            return
        self._row_filled = True
        self._last = self._column
        self.tally.columns.add(self._column)
        if self._kind == "e":
            self.tally.note(self._row, self._column, CELL_ERROR, "".join(self._text))
        elif self._formula and not self._text and not (self._value and self._kind in _TEXTS):
            self.tally.note(self._row, self._column, NO_VALUE, "")
        elif self._form:
            self._take_format(self._form, "".join(self._text))
        self._text.clear()

    def _take_format(self, form: str, text: str) -> None:
        """Hold what the cell shows against what it holds."""
        if self._kind in _TEXTS:
            if formats.hides_text(form):
                self.tally.note(self._row, self._column, formats.SHOWN_OTHERWISE, "", shown="")
        elif self._kind in {None, "n"}:
            self.tally.shown_by(self._row, self._column, form, text)

    def _take_columns(self, attributes: dict[str, str]) -> None:
        low, high = attributes.get("min", ""), attributes.get("max", "")
        if attributes.get("hidden", "0") in _TRUE and low.isdecimal() and high.isdecimal():
            self.tally.hidden_columns.append((int(low), int(high)))

    def _take_merged(self, reference: str) -> None:
        found = _MERGED.fullmatch(reference)
        if found is None:
            if reference and ":" not in reference:  # one cell
                return
            raise not_a_workbook(_BAD_MERGE, self.tally.sheet, reference)
        first, top, last, bottom = found.groups()
        self.tally.merged.append((int(top), column_number(first), int(bottom), column_number(last)))

    def _disorder(self) -> Exception:
        return not_a_workbook(_DISORDER, self.tally.sheet)
