"""One table as it was handed in, a CSV file or a sheet of a workbook: its header, and its records with their rows."""

from __future__ import annotations

import csv
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from jumelage.errors import UnreadableError
from jumelage.reading.delimiter import DELIMITERS, advice
from jumelage.reading.encoding import open_text
from jumelage.reading.headings import column_of
from jumelage.rules import Finding, near, rule
from jumelage.texts import Label, find_control, folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from jumelage.findings import Findings
    from jumelage.reading.encoding import TextFile
    from jumelage.reading.workbook import Workbook

LONGEST_FIELD = 131_072  # characters; the csv module's own limit
SKIPPED = ("findings", "constats")  # headings of what `load --annotate` adds
MOST_COLUMNS = 200
_LONGEST_HEADING = 500
_LONGEST_SHOWN = 60
_WORD = re.compile(r"\w+")
_SEARCHED = 20  # rows among which the header is looked for

_NO_FILE = Label("ce n’est pas un fichier", "it is not a file")

Record = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a table: those it must have, those it may have, and those of its own with their headings."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in order."""
        return self.required + self.optional + tuple(self.own)

    @property
    def names(self) -> tuple[str, ...]:
        """What all columns are called, in order."""
        return self.required + self.optional + tuple(names[0] for names in self.own.values())

    def column_of(self, heading: str) -> str | None:
        """Return the column that a heading names; None if none, or two. No more is read of it than a heading needs."""
        return column_of(heading[:_LONGEST_HEADING], self.required + self.optional, self.own)


@dataclass(frozen=True, slots=True)
class Document:
    """Where a table is found: `columns` says what each physical column stands for, None for one that is not read.

    `bare` are the physical columns, from 0, that have no heading; `marks` tells whether it may hold marks of several,
    `doubts` whether it may hold texts that are damaged or marked as doubtful. `delimiter` is that of a CSV file.
    """

    name: str
    file: str
    sheet: str | None
    path: Path
    header: int
    columns: tuple[str | None, ...]
    bare: tuple[int, ...] = ()
    marks: bool = True
    doubts: bool = True
    headings: tuple[str, ...] = ()
    delimiter: str = DELIMITERS[0]

    def heading(self, column: str | None) -> str | None:
        """Return how the file itself heads a column; None for one that it has not."""
        return _heading(self.columns, self.headings, column)

    def finding(
        self,
        name: str,
        row: int | None = None,
        column: str | None = None,
        value: str | None = None,
        /,
        **details: object,
    ) -> Finding:
        """Make a finding in this table."""
        return Finding(rule(name), self.file, row, column, value, self.sheet, details, self.heading(column))

    def wrong_width(self, row: int, found: int) -> Finding:
        """Make the finding of a record with too many or too few fields."""
        wanted = len(self.columns)
        return self.finding("wrong_number_of_fields", row, found=found, wanted=wanted, advice=advice(found, wanted))


@lru_cache
def _heading(columns: tuple[str | None, ...], headings: tuple[str, ...], column: str | None) -> str | None:
    if column is None or column not in columns or not headings:
        return None
    plain = " ".join(headings[columns.index(column)].split())
    return plain if plain and not find_control(plain) and len(plain) <= _LONGEST_SHOWN else None


class Source(ABC):
    """What a table is read from: a file or a sheet, called `file` by people."""

    def __init__(self, name: str, file: str, path: Path, sheet: str | None = None) -> None:
        """Read the table `name` from `path`."""
        self.name, self.file, self.path, self.sheet = name, file, path, sheet

    @abstractmethod
    def open(self) -> list[Finding]:
        """Look at it as a whole and return what is to be said of it; UnreadableError if it cannot be read."""

    def changed(self) -> bool:
        """Tell whether it is no longer what it was when it was opened."""
        return False

    @abstractmethod
    def heads(self) -> list[list[Record]]:
        """Return the first records, once for each way in which they can be read."""

    @abstractmethod
    def choose(self, way: int) -> None:
        """Read it in one of these ways from now on."""

    @abstractmethod
    def records(self) -> Iterator[Record]:
        """Yield every record with its row, blank ones too; UnreadableError where it ends being one."""

    @abstractmethod
    def marks(self, document: Document, *, of_header: bool = False) -> list[Finding]:
        """Return what else is to be said, once all records were read; `of_header`: why it may not be understood too."""


class CsvSource(Source):
    """A CSV file."""

    def __init__(self, name: str, file: str, path: Path, spool: Path) -> None:
        """Read `path`; its text is put in form in `spool` where it has to be."""
        super().__init__(name, file, path)
        self._spool = spool
        self.delimiter = DELIMITERS[0]
        self.text: TextFile
        self._state: tuple[int, ...] | None = None

    def open(self) -> list[Finding]:
        """Find the encoding."""
        if self.path.exists() and not self.path.is_file():
            raise UnreadableError("file_unreadable", why=_NO_FILE)
        self._state = _state(self.path)
        self.text = open_text(self.path, self._spool)
        if self.text.cp1252 is None:
            return []
        return [Finding(rule("read_as_cp1252"), self.file, details={"byte": self.text.cp1252})]

    def changed(self) -> bool:
        """Tell whether the file is another one, was written to, or is gone."""
        return _state(self.path) != self._state

    def heads(self) -> list[list[Record]]:
        """Read the first records with each delimiter."""
        found: list[list[Record]] = []
        first: UnreadableError | None = None
        for delimiter in DELIMITERS:
            self.delimiter = delimiter
            head: list[Record] = []
            try:
                head.extend(islice(self.records(), _SEARCHED))
            except UnreadableError as error:
                first = first or error
            found.append(head)
        if first is not None and not any(found):
            raise first
        return found

    def choose(self, way: int) -> None:
        """Choose the delimiter."""
        self.delimiter = DELIMITERS[way]

    def records(self) -> Iterator[Record]:
        """Yield the records with the line on which each begins."""
        end = 0
        with self.text.path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True, delimiter=self.delimiter)
            try:
                for record in reader:
                    yield end + 1, record
                    end = reader.line_num
            except csv.Error as error:
                if "field limit" in str(error):
                    raise UnreadableError("field_too_long", row=end + 1, most=f"{LONGEST_FIELD:,}") from None
                raise UnreadableError("not_csv", row=end + 1, why=error) from None

    def marks(self, document: Document, *, of_header: bool = False) -> list[Finding]:  # noqa: ARG002
        """Return nothing: a text holds nothing beside its records."""
        return []


def _state(path: Path) -> tuple[int, ...] | None:
    """Return what identifies a file in its present state, which writing to it changes; None if there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class SheetSource(Source):
    """A sheet of a workbook."""

    def __init__(
        self, name: str, file: str, path: Path, workbook: Workbook, sheet: str, *, as_printed: bool = False
    ) -> None:
        """Read a sheet of an open workbook; `as_printed` keeps the decimals that numbers are shown with."""
        super().__init__(name, file, path, sheet)
        self._as_printed = as_printed
        self._workbook, self._sheet = workbook, sheet
        self._bad: list[tuple[int, int, str, str, dict[str, Any]]] = []

    def open(self) -> list[Finding]:
        """Refuse a hidden sheet."""
        hidden = self._workbook.marks(self._sheet).hidden
        return [Finding(rule("sheet_hidden"), self.file, sheet=self.sheet)] if hidden else []

    def heads(self) -> list[list[Record]]:
        """Read the first rows."""
        return [list(islice(self.records(), _SEARCHED))]

    def choose(self, way: int) -> None:
        """There is one way."""

    def records(self) -> Iterator[Record]:
        """Yield the rows, all of one width."""
        self._bad.clear()

        def bad(row: int, column: int, broken: str, value: str, /, **details: Any) -> None:  # noqa: ANN401
            self._bad.append((row, column, broken, value, details))

        yield from self._workbook.rows(self._sheet, bad, padded=self._as_printed)

    def marks(self, document: Document, *, of_header: bool = False) -> list[Finding]:
        """Find what is hidden or merged, and cells without a value; to be called when all rows were read."""
        marks, names = self._workbook.marks(self._sheet), document.columns

        def name(column: int) -> str | None:
            return names[column - 1] if column <= len(names) else None

        found = [
            document.finding("rows_hidden", first, first=first, last=last)
            for first, last in marks.hidden_rows
            if last > document.header
        ]
        found += [
            document.finding("column_hidden", document.header, name(column))
            for column in sorted(marks.hidden_columns)
            if name(column)
        ]
        found += [
            document.finding("cells_merged", first, name(left), cells=f"{_cell(first, left)}:{_cell(last, right)}")
            for first, left, last, right in marks.merged
            if last >= document.header
            and (
                any(name(column) for column in range(left, right + 1))
                or (of_header and first <= document.header + 1)  # a header of two rows
            )
        ]
        found += [
            document.finding(broken, row, name(column), value, **details)
            for row, column, broken, value, details in self._bad
            if row >= document.header and name(column)
        ]
        return found


def _cell(row: int, column: int) -> str:
    """Write a cell as spreadsheets do: C5."""
    from jumelage.reading.workbook.unseen import letters

    return f"{letters(column)}{row}"


def read_header(source: Source, shape: Shape, findings: Findings) -> Document | None:
    """Find the header of a table: the first row that names all columns that must be there, else its first row.

    What is wrong with it is added to the findings; None if there is no row at all.
    """
    best: tuple[int, int, Record] | None = None
    heads = source.heads()
    for way, head in enumerate(heads):
        rows = [record for record in head if any(field.strip() for field in record[1])]
        whole = (row for row in rows if set(shape.required) <= _named(row[1], shape))
        if (row := next(whole, rows[0] if rows else None)) is not None:
            score = len(_named(row[1], shape))
            if best is None or score > best[0]:
                best = score, way, row
    if best is None:
        columns = ",".join(shape.required)
        findings.append(Finding(rule("file_empty"), source.file, sheet=source.sheet, details={"columns": columns}))
        return None
    _, way, (header, fields) = best
    source.choose(way)
    if len(fields) > MOST_COLUMNS:
        raise UnreadableError("too_many_columns", row=header, found=f"{len(fields):,}", most=f"{MOST_COLUMNS:,}")
    named = tuple(shape.column_of(field) for field in fields)
    bare = tuple(i for i, field in enumerate(fields) if not field.strip())
    document = Document(
        source.name, source.file, source.sheet, source.path, header, named, bare, headings=tuple(fields)
    )
    if isinstance(source, CsvSource):
        features = source.text.features
        document = replace(document, marks=features.marks, doubts=features.doubts, delimiter=source.delimiter)
    first = next(number for number, record in heads[way] if any(field.strip() for field in record))
    if first < header:
        findings.append(document.finding("rows_above_header", first, row=header))
    heading = ",".join(fields)[:_LONGEST_HEADING]
    said = {"columns": ",".join(shape.required)}
    if not any(named) and set(shape.required) <= _named(_WORD.findall(heading), shape):
        findings.append(document.finding("delimiter_unknown", header, None, heading, **said))
    elif any(named) or any(near(field[:_LONGEST_HEADING], shape.names).near for field in fields):
        findings += _wrong_headings(document, fields, shape)
    else:
        findings.append(document.finding("header_missing", header, None, heading, **said))
    return document


def _named(fields: list[str], shape: Shape) -> set[str]:
    return {column for field in fields[:MOST_COLUMNS] if (column := shape.column_of(field))}


def _wrong_headings(document: Document, fields: list[str], shape: Shape) -> Iterator[Finding]:
    named = [column for column in document.columns if column]
    listed = ",".join(shape.names)
    for column in shape.required:
        if column not in named:
            yield document.finding("column_missing", document.header, name=column, columns=listed)
    for column in dict.fromkeys(named):
        if named.count(column) > 1:
            yield document.finding("column_twice", document.header, column)
    for heading, meaning in zip((text.strip() for text in fields), document.columns, strict=True):
        if meaning or not heading or folded(heading) in SKIPPED:
            continue
        if code := find_control(heading):
            yield document.finding("control_character", document.header, None, heading, code=code)
        else:
            yield document.finding(
                "column_unknown", document.header, heading, near=near(heading[:_LONGEST_HEADING], shape.names)
            )
