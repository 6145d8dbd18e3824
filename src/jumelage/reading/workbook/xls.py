"""What an .xls holds beside the values of its cells: hidden rows and columns, merged cells, errors.

The file is a small file system (sectors in chains) with a stream of records. In it a formula always has a value.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jumelage.errors import UnreadableError
from jumelage.reading.workbook import formats
from jumelage.reading.workbook.unseen import CELL_ERROR, Tally, check_areas, not_a_workbook
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what the file starts with
_SECTOR = 4096
_ENTRY = 128  # bytes of an entry of the directory
_MINI = 64  # bytes of a small sector
_STREAM, _ROOT = 2, 5  # kinds of entries
_IN_HEADER = 109  # sectors of the table of sectors that the header names
_TABLE, _END, _FREE = 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF
_LAST = 0xFFFFFFFA  # numbers from here on are no sectors
_DAMAGED = Label("le fichier est endommagé ou tronqué", "the file is damaged or cut off")
_NO_STREAM = Label("c’est un fichier d’Office, mais pas un classeur", "it is an Office file, but no workbook")
_OLD = Label("il est d’un Excel d’avant 1997", "it is of an Excel before 1997")
_DISORDER = Label("les cellules de la feuille {} ne sont pas en ordre", "the cells of the sheet {} are not in order")
_CHART = Label("la feuille {} porte un graphique", "the sheet {} carries a chart")
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
_BOF, _EOF, _BOUNDSHEET, _FILEPASS, _ROW, _COLINFO, _MERGECELLS = 0x809, 0x0A, 0x85, 0x2F, 0x208, 0x7D, 0xE5
_FORMULA, _BOOLERR, _MULRK = 0x06, 0x205, 0xBD
_STRING, _RSTRING, _DIMENSIONS, _SST = 0x207, 0xD6, 0x200, 0xFC
_VALUES = {_FORMULA, _BOOLERR, _MULRK, 0x203, 0x27E, 0xFD, 0x204, _RSTRING}  # NUMBER, RK, LABELSST, LABEL
_NUMBER, _RK, _LABELSST = 0x203, 0x27E, 0xFD
_FORMAT, _XF, _DATEMODE = 0x41E, 0xE0, 0x22
_BIFF8 = 0x600
_MOST_ROWS, _MOST_COLUMNS = 1 << 16, 1 << 8
_CELLS = 0  # a sheet of cells, not of a chart or of macros
_HIDDEN_ROW = 0x20
_NOT_NUMBER = b"\xff\xff"


def scan_xls(data: bytes) -> tuple[dict[str, Tally], bytes]:
    """Scan every sheet of cells, by name, and return the workbook anew, with nothing else in the file.

    UnreadableError for a workbook that is damaged, encrypted or too large.
    """
    tallies: dict[str, Tally] = {}
    try:
        stream = _workbook(data)
        book = _book(stream)
        for name, offset, of_cells in book.sheets:
            if name in tallies:
                raise not_a_workbook(_DAMAGED)
            tally = _Sheet(name, of_cells, book).scan(stream, offset)
            if of_cells:
                tallies[name] = tally
            check_areas(tallies.values())
    except (struct.error, IndexError):
        raise not_a_workbook(_DAMAGED) from None
    return tallies, _packed(stream)


def _packed(stream: bytes) -> bytes:
    """Write a file of this stream alone, in plain chains: what damaged ones make calamine do ends the process."""
    stream += bytes(-len(stream) % _SECTOR)
    count = len(stream) // _SECTOR
    tables = -(-(count + 2) // (_SECTOR // 4 - 1))
    if tables > _IN_HEADER:
        raise not_a_workbook(_DAMAGED)
    first = tables + 1
    following = [_TABLE] * tables + [_END] + list(range(first + 1, first + count)) + [_END]
    table = struct.pack(f"<{len(following)}I", *following).ljust(tables * _SECTOR, b"\xff")
    header = struct.pack("<8s16x5H6x", OLE, 0x3E, 3, 0xFFFE, 12, 6)
    header += struct.pack("<9I", 1, tables, tables, 0, _SECTOR, _END, 0, _END, 0)
    header += struct.pack(f"<{tables}I", *range(tables)).ljust(4 * _IN_HEADER, b"\xff")
    entries = _entry("Root Entry", _ROOT, _END, 0) + _entry("Workbook", _STREAM, first, len(stream))
    return b"".join((header.ljust(_SECTOR, b"\0"), table, entries.ljust(_SECTOR, b"\0"), stream))


def _entry(name: str, kind: int, start: int, length: int) -> bytes:
    text = name.encode("utf-16-le")
    return struct.pack("<64sHBB3I36xIQ", text, len(text) + 2, kind, 1, _FREE, _FREE, _FREE, start, length)


def _workbook(data: bytes) -> bytes:
    """Return the stream of the workbook's records."""
    size = 1 << struct.unpack_from("<H", data, 30)[0] % 16
    if size < _ENTRY:
        raise not_a_workbook(_DAMAGED)
    table = _table(data, size)
    first, cutoff, small = (struct.unpack_from("<I", data, offset)[0] for offset in (48, 56, 60))
    directory = _chain(data, table, first, size, size)
    root = b""
    found: dict[str, tuple[int, int]] = {}
    for offset in range(0, len(directory) - _ENTRY + 1, _ENTRY):
        kind = directory[offset + 66]
        start, length = struct.unpack_from("<II", directory, offset + 116)
        name = directory[offset : offset + 64].decode("utf-16-le", "replace").partition("\0")[0].casefold()
        if kind == _ROOT:
            root = _chain(data, table, start, size, size)
        elif kind == _STREAM:
            found.setdefault(name, (start, length))
    if "encryptedpackage" in found:
        raise UnreadableError("archive_encrypted")
    if "workbook" not in found:
        raise not_a_workbook(_OLD if "book" in found else _NO_STREAM)
    start, length = found["workbook"]
    if length >= cutoff:
        return _chain(data, table, start, size, size)[:length]
    small_table = _numbers(_chain(data, table, small, size, size))
    return _chain(root, small_table, start, _MINI, 0)[:length]


def _table(data: bytes, size: int) -> list[int]:
    """Return the table that says of each sector which one comes after it."""
    sectors = _numbers(data[76 : 76 + 4 * _IN_HEADER])
    following, seen = struct.unpack_from("<I", data, 68)[0], 0
    while following < _LAST and seen * size <= len(data):
        more = _numbers(data[(following + 1) * size : (following + 2) * size])
        sectors, following, seen = sectors + more[:-1], more[-1], seen + 1
    if following < _LAST:  # a ring
        raise not_a_workbook(_DAMAGED)
    used = [sector for sector in sectors if sector < _LAST]
    if len(used) * size > len(data):
        raise not_a_workbook(_DAMAGED)
    return _numbers(b"".join(data[(sector + 1) * size : (sector + 2) * size] for sector in used))


def _numbers(data: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))


def _chain(data: bytes, table: list[int], first: int, size: int, header: int) -> bytes:
    """Join the sectors of a chain."""
    parts: list[bytes] = []
    while first < _LAST:
        if len(parts) * size > len(data):  # a ring
            raise not_a_workbook(_DAMAGED)
        offset = header + first * size
        parts.append(data[offset : offset + size])
        first = table[first]
    return b"".join(parts)


def _records(stream: bytes, offset: int) -> Iterator[tuple[int, int, bytes]]:
    """Return depth, kind and content of each record up to the end of a sheet; charts within it are deeper."""
    depth = 0
    while True:
        kind, length = struct.unpack_from("<HH", stream, offset)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        yield depth, kind, stream[offset + 4 : offset + 4 + length]
        offset += 4 + length


@dataclass(slots=True)
class _Book:
    """What stands before the sheets: the name of each, where it starts, whether it is one of cells; and the formats."""

    sheets: list[tuple[str, int, bool]] = field(default_factory=list)
    zero: date = formats.SINCE_1900  # the day 0
    styles: list[int] = field(default_factory=list)  # the number of the format of each style
    written: dict[int, str] = field(default_factory=dict)  # formats by their numbers

    def form(self, style: int) -> str | None:
        """Return the format of a style; None if it shows everything."""
        number = self.styles[style] if style < len(self.styles) else 0
        form = self.written.get(number) or formats.BUILT_IN.get(number, formats.GENERAL)
        return None if formats.shows_all(form) else form


def _book(stream: bytes) -> _Book:
    kind, _, version = struct.unpack_from("<HHH", stream)
    if kind != _BOF or version != _BIFF8:
        raise not_a_workbook(_OLD if kind & 0xFF == _BOF & 0xFF else _DAMAGED)
    book = _Book()
    for _, kind, content in _records(stream, 0):
        if kind == _FILEPASS:
            raise UnreadableError("archive_encrypted")
        if kind == _SST and struct.unpack_from("<I", content, 4)[0] > len(stream) // 3:  # calamine makes room for all
            raise not_a_workbook(_DAMAGED)
        if kind == _BOUNDSHEET:
            offset, _, sheet_type, length = struct.unpack_from("<IBBB", content)
            book.sheets.append((_text(content, 7, length), offset, sheet_type == _CELLS))
        elif kind == _DATEMODE and struct.unpack_from("<H", content)[0]:
            book.zero = formats.SINCE_1904
        elif kind == _XF:
            book.styles.append(struct.unpack_from("<H", content, 2)[0])
        elif kind == _FORMAT:
            number, length = struct.unpack_from("<HH", content)
            book.written[number] = _text(content, 4, length)
    return book


def _text(content: bytes, place: int, length: int) -> str:
    """Return a text of so many characters, before which a byte says whether they are wide."""
    wide = content[place] % 2
    text = content[place + 1 : place + 1 + length * (1 + wide)]
    return text.decode("utf-16-le" if wide else "latin-1", "replace")


def _number_of(packed: int) -> float:
    """Return the number that four bytes stand for."""
    if packed & 2:
        value = float((packed - (1 << 32) if packed >> 31 else packed) >> 2)
    else:
        value = float(struct.unpack("<d", struct.pack("<Q", (packed & 0xFFFFFFFC) << 32))[0])
    return value / 100 if packed & 1 else value


def _error(kind: int, content: bytes) -> int | None:
    """Return the number of the error that a cell holds, if it holds one."""
    if kind == _BOOLERR and content[7]:
        return content[6]
    if kind == _FORMULA and content[12:14] == _NOT_NUMBER and content[6] == 2:  # noqa: PLR2004
        return content[8]
    return None


def _numbers_in(kind: int, content: bytes) -> list[tuple[int, float]]:
    """Return the numbers of a record of cells, each with its style."""
    if kind == _MULRK:
        pairs = struct.iter_unpack("<HI", content[4 : len(content) - 2])
        return [(style, _number_of(packed)) for style, packed in pairs]
    if kind == _RK:
        style, packed = struct.unpack_from("<HI", content, 4)
        return [(style, _number_of(packed))]
    if kind == _NUMBER or (kind == _FORMULA and content[12:14] != _NOT_NUMBER):
        return [struct.unpack_from("<Hd", content, 4)]
    return []


class _Sheet:
    """The records of a sheet."""

    def __init__(self, name: str, of_cells: bool, book: _Book) -> None:
        self.tally = Tally(name, book.zero, leap=book.zero == formats.SINCE_1900)
        self._book = book
        self._of_cells = of_cells
        self._hidden: set[int] = set()
        self._widths: dict[int, int] = {}  # of each row that holds anything, its last column
        self._first = self._row = 0  # of the cells so far

    def scan(self, stream: bytes, offset: int) -> Tally:
        """Go through the records."""
        chart = False
        for depth, kind, content in _records(stream, offset):
            chart = chart or depth > 1
            if kind in _VALUES or kind == _STRING:
                if chart or kind == _RSTRING:  # calamine takes those of a chart for the sheet's, and ends with it
                    raise not_a_workbook(_CHART if chart else _OLD, self.tally.sheet)
                self._take_cell(kind, content)
            elif kind == _DIMENSIONS:
                self._check_dimensions(content)
            elif depth == 1:
                self._take_other(kind, content)
        for row, column in sorted(self._widths.items()):
            self.tally.filled_row(row, row, column, row in self._hidden)
        return self.tally

    def _take_cell(self, kind: int, content: bytes) -> None:
        if kind == _STRING:  # the text of the formula before it
            if not self._row:
                raise self._disorder()
            return
        row, first = (number + 1 for number in struct.unpack_from("<HH", content))
        last = struct.unpack_from("<H", content, len(content) - 2)[0] + 1 if kind == _MULRK else first
        self._first = self._first or row
        # Calamine takes the first and the last cell for the first and the last row.
        if row < (self._row if self._of_cells else self._first) or not first <= last <= _MOST_COLUMNS:
            raise self._disorder()
        self._row = row
        self.tally.columns.update(range(first, last + 1))
        self._widths[row] = max(last, self._widths.get(row, 0))
        if (error := _error(kind, content)) is not None:
            self.tally.note(row, first, CELL_ERROR, _ERRORS.get(error, "#?"))
        else:
            self._take_formats(kind, content, row, first)

    def _take_formats(self, kind: int, content: bytes, row: int, first: int) -> None:
        """Hold what the cells of a record show against what they hold."""
        if kind == _LABELSST:
            form = self._book.form(struct.unpack_from("<H", content, 4)[0])
            if form and formats.hides_text(form):
                self.tally.note(row, first, formats.SHOWN_OTHERWISE, "", shown="")
        for column, (style, value) in enumerate(_numbers_in(kind, content), first):
            if form := self._book.form(style):
                self.tally.shown_by(row, column, form, repr(value))

    def _take_other(self, kind: int, content: bytes) -> None:
        if kind == _ROW:
            if content[12] & _HIDDEN_ROW:
                self._hidden.add(struct.unpack_from("<H", content)[0] + 1)
        elif kind == _COLINFO:
            first, last, _, _, flags = struct.unpack_from("<5H", content)
            if flags & 1:
                self.tally.hidden_columns.append((first + 1, last + 1))
        elif kind == _MERGECELLS:
            for place in range(2, 2 + 8 * struct.unpack_from("<H", content)[0], 8):
                top, bottom, left, right = struct.unpack_from("<4H", content, place)
                self.tally.merged.append((top + 1, left + 1, bottom + 1, right + 1))

    def _check_dimensions(self, content: bytes) -> None:
        """UnreadableError if they are not of a sheet: calamine makes room for all its cells."""
        top, bottom, left, right = struct.unpack_from("<IIHH", content)
        if not (top <= bottom <= _MOST_ROWS and left <= right <= _MOST_COLUMNS):
            raise not_a_workbook(_DAMAGED)

    def _disorder(self) -> UnreadableError:
        return not_a_workbook(_DISORDER, self.tally.sheet)
