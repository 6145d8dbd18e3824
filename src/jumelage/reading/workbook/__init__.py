"""Workbooks: the rows of .xlsx, .ods and .xls sheets as text, and what else is in them that a reader must know.

A file is what it holds, whatever its name ends in. Its bounds are looked at before its cells are. In .xls a formula
always has a value: whether it was computed cannot be told.
"""

from __future__ import annotations

import datetime as dt
import io
import os
from contextlib import contextmanager, suppress
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from jumelage.errors import UnreadableError
from jumelage.reading import zips as archive
from jumelage.reading.workbook import formats
from jumelage.reading.workbook.ods import scan_ods
from jumelage.reading.workbook.unseen import (
    CELL_ERROR,
    MOST_CELLS,
    MOST_ROWS,
    NUMBER_AS_DATE,
    TIME,
    Bad,
    Marks,
    Tally,
    letters,
    not_a_workbook,
)
from jumelage.reading.workbook.xls import OLE, scan_xls
from jumelage.reading.workbook.xlsx import WORKBOOK, scan_xlsx
from jumelage.reading.zips import GIB
from jumelage.texts import Label, readable_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from python_calamine import CalamineSheet, CalamineWorkbook

__all__ = ["MOST_CELLS", "MOST_ROWS", "Marks", "Workbook", "open_workbook"]

MOST_UNCOMPRESSED = GIB  # of all parts of a workbook: some are held in memory
MOST_BYTES = 200 * (1 << 20)  # of the file: it is held in memory
_ZIP, _PDF = b"PK", b"%pdf"
_PANIC = "PanicException"  # of calamine's language; no subclass of Exception, and its module cannot be imported
_EXACT = 1 << 53  # whole numbers from here on have more digits than were written
_MOST_DIGITS = 1e21
_ERRORS = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
    | {"#FIELD!", "#BLOCKED!", "#CONNECT!", "#BUSY!", "#UNKNOWN!"}
    | {"#NOM?", "#NUL!", "#NOMBRE!", "#VALEUR!", "#N/D", "#PROPAGATION!", "#CALCUL!"}  # as French programs show them
    | {"#NOM ?", "#NOM\u00a0?", "#NOM\u202f?"}
)
_NO_SHEETS = Label("il n’a pas de feuille de cellules", "it has no sheet of cells")
_EMPTY = Label("le fichier est vide", "the file is empty")
_PAGE = Label("c’est une page web (HTML)", "it is a web page (HTML)")
_XML = Label("c’est un fichier XML", "it is an XML file")
_IS_PDF = Label("c’est un PDF", "it is a PDF")
_TEXT = Label("c’est un fichier de texte, peut-être du CSV", "it is a text file, perhaps CSV")
_OTHER = Label("le contenu n’est pas d’un classeur", "the content is not of a workbook")
_BINARY = Label("c’est un .xlsb", "it is an .xlsb")
_REFUSED = Label("feuille ou contenu illisible ({})", "a sheet or its content is unreadable ({})")
_AS_CSV = Label("remettez les tables en CSV", "hand in the tables as CSV")


class Workbook:
    """An open workbook; close it, or use it as a context manager."""

    def __init__(self, calamine: CalamineWorkbook, file: BinaryIO, sheets: dict[str, tuple[Tally, bool]]) -> None:
        """Keep what calamine opened, and what was scanned of each sheet: its tally, and whether it is hidden."""
        self.sheets: tuple[str, ...] = tuple(sheets)
        self._calamine, self._file, self._scanned = calamine, file, sheets

    def __enter__(self) -> Self:
        """Return the workbook itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the workbook."""
        self.close()

    def close(self) -> None:
        """Let go of the file and what was read of it."""
        with suppress(Exception):  # closed before
            self._calamine.close()
        self._file.close()

    def marks(self, sheet: str) -> Marks:
        """Return what a sheet holds that its rows do not show; KeyError if there is no such sheet."""
        tally, hidden = self._scanned[sheet]
        return tally.marks(hidden)

    def rows(self, sheet: str, bad: Bad | None = None, *, padded: bool = False) -> Iterator[tuple[int, list[str]]]:
        """Return each row with its number, from 1, as texts from column A on; '' for a blank cell.

        `bad` is called for each cell that is not to be taken as it is, before its row comes: with row, column, rule
        (as `cell_error`, `time_of_day`, `number_as_date`), what it holds or shows, and details by name. All rows are
        of one length. Numbers that are shown with more decimals than they need have them where they are `padded`.
        """
        tally, _ = self._scanned[sheet]
        return _rows(tally, self._sheet(sheet, tally), bad or _ignore, padded=padded)

    def _sheet(self, sheet: str, tally: Tally) -> CalamineSheet:
        try:
            with _calamine():
                return self._calamine.get_sheet_by_name(sheet)
        except UnreadableError:
            # Of errors newer than calamine the whole sheet suffers.
            for row, column, rule, shown, _ in tally.bad:
                if rule == CELL_ERROR:
                    details = {"sheet": sheet, "value": shown}
                    raise UnreadableError(CELL_ERROR, row=row, column=letters(column), **details) from None
            raise


def open_workbook(path: Path) -> Workbook:
    """Open a workbook; UnreadableError if it is none, is damaged, encrypted or too large."""
    try:
        file = path.open("rb")
    except OSError as error:
        why = error.strerror or str(error)
        raise not_a_workbook(Label(why, why)) from None
    try:
        return _open(*_scan_unchanged(path, file))
    except UnreadableError as error:
        file.close()
        if error.rule == "not_an_archive":
            error.rule = "not_a_workbook"
        raise
    except BaseException:
        file.close()
        raise


def _scan_unchanged(path: Path, file: BinaryIO) -> tuple[BinaryIO, dict[str, Tally]]:
    """Scan the sheets, and see to it that what was scanned is what will be read."""
    before = os.fstat(file.fileno())
    scanned = _scan(path, file)
    after = path.stat()
    if (before.st_ino, before.st_size, before.st_mtime_ns) != (after.st_ino, after.st_size, after.st_mtime_ns):
        raise UnreadableError("file_changed")
    return scanned


def _scan(path: Path, file: BinaryIO) -> tuple[BinaryIO, dict[str, Tally]]:
    """Scan the sheets of cells, by name; and return what calamine can open without harm."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise UnreadableError(
            "too_large",
            size=readable_size(size),
            limit=Label("d’un classeur", "of a workbook"),
            most=readable_size(MOST_BYTES),
            advice=_AS_CSV,
        )
    head = file.read(4096)
    file.seek(0)
    if head.startswith(OLE):
        tallies, clean = scan_xls(file.read())
        file.close()
        return io.BytesIO(clean), tallies
    if not head.startswith(_ZIP):
        raise not_a_workbook(_kind(head))
    with archive.bounded(path, MOST_UNCOMPRESSED) as parts:
        names = {name.casefold() for name in parts.namelist()}
        if "xl/workbook.bin" in names:
            raise not_a_workbook(_BINARY)
        return file, scan_xlsx(parts) if WORKBOOK in names else scan_ods(parts)


def _kind(head: bytes) -> Label:
    """Say what a file is that is no workbook."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        return _EMPTY
    if start.startswith(_PDF):
        return _IS_PDF
    if start.startswith((b"<!doctype html", b"<html", b"<table")):
        return _PAGE
    if start.startswith(b"<?xml"):
        return _PAGE if b"<html" in start else _XML
    return _OTHER if b"\0" in head else _TEXT


def _open(file: BinaryIO, scanned: dict[str, Tally]) -> Workbook:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum, load_workbook

    with _calamine():
        opened = load_workbook(file)
        sheets = {
            one.name: (scanned[one.name], one.visible != SheetVisibleEnum.Visible)
            for one in opened.sheets_metadata
            if one.name in scanned and one.typ == SheetTypeEnum.WorkSheet
        }
    if not sheets:
        raise not_a_workbook(_NO_SHEETS)
    return Workbook(opened, file, sheets)


@contextmanager
def _calamine() -> Iterator[None]:
    """Turn whatever calamine raises into an UnreadableError, even its panics."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        if type(error).__name__ == "PasswordError":
            raise UnreadableError("archive_encrypted") from None
        raise not_a_workbook(_REFUSED, str(error)) from None


def _rows(tally: Tally, sheet: CalamineSheet, bad: Bad, *, padded: bool) -> Iterator[tuple[int, list[str]]]:
    with _calamine():
        before = [""] * (sheet.start[1] if sheet.start else 0)  # rows come from row 1, but not from column A
        rows = sheet.iter_rows()
    noted = iter(tally.bad)
    note = next(noted, None)
    number = 0
    while True:
        number += 1
        with _calamine():
            values = next(rows, None)
        if values is None and number > tally.last_row:  # rows of nothing but formulas without a value do not come
            return
        cells = before + [value if value.__class__ is str else _TEXTS[value.__class__](value) for value in values or ()]
        cells += [""] * (tally.last_column - len(cells))
        cells = [_one_end(cell) if "\r" in cell else cell for cell in cells]
        wrong = _wrong(before, values or (), cells, tally)
        while note is not None and note.row <= number:
            _, column, rule, shown, details = note
            if rule in _STAYS:
                shown = cells[column - 1]
            else:
                cells[column - 1] = shown
            if wrong.get(column, ("",))[0] != NUMBER_AS_DATE:
                wrong[column] = rule, shown, details
            note = next(noted, None)
        for column, (rule, shown, details) in sorted(wrong.items(), key=itemgetter(0)):
            bad(number, column, rule, shown, **details)
        if padded and tally.padded:
            cells = [_padded(cell, tally.padded.get((number, column), 0)) for column, cell in enumerate(cells, 1)]
        yield number, cells


def _wrong(
    before: list[str], values: Sequence[object], cells: list[str], tally: Tally
) -> dict[int, tuple[str, str, dict[str, Any]]]:
    """Return the cells of a row that are times or the texts of errors, or days that a number makes."""
    if _ERRORS.isdisjoint(cells) and _ANY_TIME.isdisjoint(map(type, values)):
        return {}
    found: dict[int, tuple[str, str, dict[str, Any]]] = {}
    for column, value in enumerate(values, len(before) + 1):
        text = cells[column - 1]
        if type(value) in _TIMES:
            found[column] = TIME, text, {}
        elif text in _ERRORS:
            found[column] = CELL_ERROR, text, {}
        elif isinstance(value, dt.date):
            day = value.date() if isinstance(value, dt.datetime) else value
            if (typed := formats.typed_number(day, tally.zero, leap=tally.leap)) is not None:
                found[column] = NUMBER_AS_DATE, text, {"number": typed}
    return found


def _one_end(text: str) -> str:
    """Return a text whose lines end in one way, whatever ended them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _padded(number: str, places: int) -> str:
    whole, _, decimals = number.partition(".")
    return f"{whole}.{decimals.ljust(places, '0')}" if places > len(decimals) else number


def _ignore(*_: object, **_details: object) -> None:
    """Pass over what is not to be taken."""


def _number(value: float) -> str:
    if not value.is_integer() and abs(value) < _MOST_DIGITS:
        value = formats.rounded(value)
    if not value.is_integer() or abs(value) >= _MOST_DIGITS:
        return repr(value)
    return str(int(value)) if abs(value) < _EXACT else format(Decimal(repr(value)), "f")


def _moment(value: dt.datetime) -> str:
    return value.isoformat() if value.time() != dt.time.min else value.date().isoformat()


_TIMES = frozenset({dt.time, dt.timedelta})
_ANY_TIME = _TIMES | {dt.date, dt.datetime}
_STAYS = {TIME, formats.DATE_IN_PART, formats.SHOWN_OTHERWISE}  # what is held is told as well
_TEXTS: dict[type, Callable[[Any], str]] = {
    float: _number,
    int: str,
    bool: lambda value: "yes" if value else "no",
    dt.date: dt.date.isoformat,
    dt.datetime: _moment,
    dt.time: str,
    dt.timedelta: str,
}
