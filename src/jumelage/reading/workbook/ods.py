"""What an .ods holds beside the values of its cells: hidden rows and columns, merged cells, formulas, errors."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from typing import TYPE_CHECKING

from jumelage.errors import UnreadableError
from jumelage.reading.workbook import formats
from jumelage.reading.workbook import unseen as marks
from jumelage.reading.workbook.markup import MOST_DEPTH, Part, scan, too_deep
from jumelage.reading.workbook.unseen import (
    CELL_ERROR,
    MOST_COLUMNS,
    NO_VALUE,
    TIME,
    Tally,
    check_areas,
    letters,
    not_a_workbook,
    too_many_cells,
)
from jumelage.texts import Label

if TYPE_CHECKING:
    import zipfile

CONTENT = "content.xml"
_MANIFEST = "META-INF/manifest.xml"
_EXTERNAL = "ta_extref"  # the style of LibreOffice for what it remembers of other workbooks
_CELLS = {"table:table-cell", "table:covered-table-cell"}
_TYPE, _FORMULA = "office:value-type", "table:formula"
_ROWS, _COLUMNS = "table:number-rows-repeated", "table:number-columns-repeated"
_DOWN, _RIGHT = "table:number-rows-spanned", "table:number-columns-spanned"
_NUMBERS = {"float", "percentage", "currency"}
_HELD = {None, "date", *_NUMBERS}  # kinds of which what is shown is held against the value
_VALUE, _VALUE_TEXT, _VALUE_DAY = "office:value", "office:string-value", "office:date-value"
_MOST_SPACES = 1000
_HIDDEN = {"collapse", "filter"}
_LOST = {"text:tab", "text:line-break"}  # calamine leaves them out
_NOT_SHEETS = Label("l’archive ne contient pas de classeur", "the archive holds no workbook")
_NESTED = Label("la feuille {} contient une table dans une table", "the sheet {} holds a table within a table")
_TWO_NAMES = Label("deux feuilles s’appellent {}", "two sheets are called {}")
_REPEAT = Label("un nombre de répétitions est {}", "a number of repetitions is {}")
_UNTYPED = Label(
    "la cellule {} de la feuille {} a un texte sans type", "the cell {} of the sheet {} has an untyped text"
)
_BREAK = Label(
    "la cellule {} de la feuille {} a une tabulation ou un saut de ligne qui ne peut pas être lu",
    "the cell {} of the sheet {} has a tab or a line break that cannot be read",
)
_DRAWING = Label(
    "la cellule {} de la feuille {} porte un dessin avec un texte",
    "the cell {} of the sheet {} carries a drawing with a text",
)


def scan_ods(archive: zipfile.ZipFile) -> dict[str, Tally]:
    """Scan every sheet, by name; UnreadableError for a workbook that is broken, encrypted or too large."""
    names = set(archive.namelist())
    if _MANIFEST in names:
        scan(archive, _MANIFEST, _Manifest())
    if CONTENT not in names:
        raise not_a_workbook(_NOT_SHEETS)
    content = _Content()
    scan(archive, CONTENT, content)
    if not content.spreadsheet:
        raise not_a_workbook(_NOT_SHEETS)
    check_areas(content.tallies.values())
    return content.tallies


class _Manifest(Part):
    """The list of what is in the archive, which says what is encrypted."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name.rpartition(":")[2] == "encryption-data":
            raise UnreadableError("archive_encrypted")


class _Content(Part):
    """The sheets of the workbook."""

    def __init__(self) -> None:
        super().__init__()
        self.tallies: dict[str, Tally] = {}
        self.spreadsheet = False
        self._tally: Tally | None = None  # of the sheet that the scan is in
        self._seen = 0
        self._row = self._column = self._below = self._right = 0
        self._last = 0  # the last column of the row that holds anything
        self._hidden = self._drawing = False
        self._cell: dict[str, str] | None = None
        self._shown: list[str] = []  # of the cell
        self._zero = formats.SINCE_1900
        self._has_text = False
        self._aside = 0  # within a note or drawing, at this depth

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise too_deep()
        if name in _CELLS:
            self._start_cell(attributes)
        elif self._cell is not None:
            self._start_within(name, attributes, self._cell)
        elif name == "table:table-row":
            self._start_row(attributes)
        elif name == "table:table":
            self._start_table(attributes)
        elif name == "table:table-column":
            self._take_columns(attributes)
        elif name == "table:null-date":
            self._zero = _day(attributes.get("table:date-value", "")) or self._zero
        elif name == "office:spreadsheet":
            self.spreadsheet = True

    def end(self, name: str) -> None:
        if self._aside == self.depth:
            self._aside = 0
        self.depth -= 1
        if name in _CELLS:
            self._end_cell()
        elif name == "text:p":
            self.parser.CharacterDataHandler = None
        elif name == "table:table-row":
            self._end_row()
        elif name == "table:table":
            self._tally = None

    def _start_table(self, attributes: dict[str, str]) -> None:
        if self._tally is not None:
            raise not_a_workbook(_NESTED, self._tally.sheet)
        name = attributes.get("table:name", "")
        if name in self.tallies:
            raise not_a_workbook(_TWO_NAMES, name)
        self._tally = Tally(name, self._zero)
        if name and attributes.get("table:style-name") != _EXTERNAL:  # what is linked to has no name
            self.tallies[name] = self._tally
        self._row = self._column = 0

    def _take_columns(self, attributes: dict[str, str]) -> None:
        first = self._column + 1
        self._column += _number(attributes.get(_COLUMNS, "1"))
        if self._tally is not None and attributes.get("table:visibility") in _HIDDEN:
            self._tally.hidden_columns.append((first, self._column))

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._below = _number(attributes.get(_ROWS, "1"))
        self._column = 0
        self._hidden = attributes.get("table:visibility") in _HIDDEN
        self._last = 0

    def _end_row(self) -> None:
        first, self._row = self._row + 1, self._row + self._below
        if self._tally is None or not self._last:
            return
        self._tally.filled_row(first, self._row, self._last, self._hidden)
        bad = self._tally.bad
        if self._below > 1:
            of_first = bad[bisect_left(bad, (first,)) :]
            bad += [note._replace(row=row) for row in range(first + 1, self._row + 1) for note in of_first]

    def _start_cell(self, attributes: dict[str, str]) -> None:
        if self._cell is not None:
            raise not_a_workbook(_NESTED, self._sheet)
        self._seen += 1
        if self._seen > marks.MOST_CELLS:
            raise too_many_cells(self._seen, self._sheet)
        self._right = _number(attributes.get(_COLUMNS, "1"))
        self._cell = attributes
        self._has_text = False

    def _start_within(self, name: str, attributes: dict[str, str], cell: dict[str, str]) -> None:
        kind = cell.get(_TYPE)
        if self._aside:
            if name == "text:p" and self._drawing and kind == "string":  # calamine takes it for the cell's own
                raise self._at(_DRAWING)
        elif name == "text:p":
            self._has_text = True
            if kind in _HELD or _VALUE_TEXT in cell or _is_error(cell):
                self.parser.CharacterDataHandler = self._shown.append
        elif name == "text:s":
            if _number(attributes.get("text:c", "1")) > _MOST_SPACES:
                raise not_a_workbook(_REPEAT, attributes["text:c"])
        elif name in _LOST:
            raise self._at(_BREAK)
        elif name == "table:table":
            raise not_a_workbook(_NESTED, self._sheet)
        elif name == "office:annotation" or name.startswith(("draw:", "dr3d:")):
            self._aside, self._drawing = self.depth, name != "office:annotation"

    def _end_cell(self) -> None:
        cell, self._cell = self._cell or {}, None
        shown = "".join(self._shown)
        self._shown.clear()
        row, first, self._column = self._row + 1, self._column + 1, self._column + self._right
        if self._tally is None:
            return
        if _RIGHT in cell or _DOWN in cell:
            self._take_merged(self._tally, cell, row, first)
        if _TYPE not in cell and _FORMULA not in cell and not shown:
            return
        if self._column > MOST_COLUMNS:
            raise not_a_workbook(_REPEAT, self._right)
        if _TYPE not in cell and shown.strip():
            raise self._at(_UNTYPED, first)
        columns = range(first, self._column + 1)
        self._tally.columns.update(columns)
        self._last = self._column
        if found := _wrong(cell, shown, self._has_text):
            rule, said, details = found
            for column in columns:
                self._tally.note(row, column, rule, said, **details)

    def _take_merged(self, tally: Tally, cell: dict[str, str], row: int, column: int) -> None:
        down, right = _number(cell.get(_DOWN, "1")), _number(cell.get(_RIGHT, "1"))
        if down > 1 or right > 1:
            tally.merged.append((row, column, row + down - 1, column + right - 1))

    @property
    def _sheet(self) -> str:
        return self._tally.sheet if self._tally else ""

    def _at(self, why: Label, column: int | None = None) -> UnreadableError:
        cell = f"{letters(column or self._column + 1)}{self._row + 1}"
        return not_a_workbook(why, cell, self._sheet)


def _wrong(cell: dict[str, str], shown: str, has_text: bool) -> tuple[str, str, dict[str, str]] | None:
    """Return the rule that a cell breaks, what it holds or shows, and details."""
    kind = cell.get(_TYPE)
    if _is_error(cell):
        return CELL_ERROR, shown, {}
    if kind == "time":
        return TIME, cell.get("office:time-value", ""), {}
    # LibreOffice writes an empty text as a result without a type, but with an empty paragraph.
    if _FORMULA in cell and (not has_text if kind is None else kind in _NUMBERS and _VALUE not in cell):
        return NO_VALUE, "", {}
    held = cell.get(_VALUES.get(kind or "", _VALUE_TEXT))
    if not has_text or held is None:  # some programs write down the value alone
        return None
    differs = _differs(kind, held, shown)
    if differs and formats.is_error(shown):  # other programs have no sign of their own for an error
        return CELL_ERROR, shown.strip(), {}
    return (differs[0], held, {"shown": shown}) if differs else None


_VALUES = {"date": _VALUE_DAY, **dict.fromkeys(_NUMBERS, _VALUE)}


def _differs(kind: str | None, held: str, shown: str) -> formats.Difference | None:
    if kind in _NUMBERS:
        return formats.text_differs(held, shown)
    if kind == "date":
        return formats.day_differs(held, shown)
    same = "".join(held.split()) == "".join(shown.split())  # spaces have elements of their own
    return None if same else (formats.SHOWN_OTHERWISE, shown)


def _is_error(cell: dict[str, str]) -> bool:
    return cell.get("calcext:value-type") == "error"


def _number(text: str) -> int:
    if text == "1":
        return 1
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):  # noqa: PLR2004
        raise not_a_workbook(_REPEAT, text)
    return int(text)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
