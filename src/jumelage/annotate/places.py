"""Where in a workbook a finding belongs: the cell that it speaks of, else its row, its column or its sheet."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from openpyxl.utils import get_column_letter

from jumelage.annotate.words import LIST, MOST_MARKED, UNREAD, unreadable
from jumelage.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from jumelage.reading.source import Document
    from jumelage.reading.workbook import Workbook
    from jumelage.rules import Finding


class Cell(NamedTuple):
    """A cell: its sheet, and its row and column from 1."""

    sheet: str
    row: int
    column: int

    @property
    def name(self) -> str:
        """What spreadsheet programs call it within its sheet: C5."""
        return f"{get_column_letter(self.column)}{self.row}"

    @property
    def link(self) -> str:
        """What a link to it says: 'l''été'!C5."""
        return f"'{self.sheet.replace(chr(39), chr(39) * 2)}'!{self.name}"


class Places:
    """The cells of all findings in a workbook."""

    def __init__(self, handed: Path, documents: Sequence[Document], findings: Sequence[Finding]) -> None:
        """Look at the workbook; OutputError if it cannot be read."""
        from jumelage.reading.workbook import open_workbook

        if any(finding.file == handed.name and finding.rule.name in UNREAD for finding in findings):
            raise unreadable(handed)
        try:
            with open_workbook(handed) as book:
                self._merged = {
                    sheet: book.marks(sheet).merged for sheet in book.sheets if sheet.casefold() != LIST.casefold()
                }
                self._names: dict[str | None, dict[str | None, int]] = {}
                for document in documents:  # of an export, several tables are read from one sheet
                    if document.sheet in self._merged:
                        self._names.setdefault(document.sheet, {}).update(_names(book, document))
        except UnreadableError:
            raise unreadable(handed) from None
        self._headers = {document.sheet: document.header for document in documents}
        self._findings = findings
        self.renamed: dict[str, str] = {}  # sheets that are called otherwise in the copy

    def __iter__(self) -> Iterator[tuple[Finding, Cell | None]]:
        """Give each finding with its cell; None if it has no sheet."""
        return ((finding, self.of(finding)) for finding in self._findings)

    def of(self, finding: Finding) -> Cell | None:
        """Find the cell of a finding: in its row or the headings, in its column or the first."""
        sheet = finding.sheet
        if sheet is None or sheet not in self._merged:
            return None
        row, column = finding.row or 1, 1
        names = self._names.get(sheet, {})
        if finding.column in names:
            row, column = finding.row or self._headers[sheet], names[finding.column]
        for top, left, bottom, right in self._merged[sheet]:
            if top <= row <= bottom and left <= column <= right:
                row, column = top, left
        return Cell(self.renamed.get(sheet, sheet), row, column)

    def by_sheet(self, note: Callable[[list[Finding]], object]) -> dict[str, dict[int, dict[int, object]]]:
        """Return what is noted of the findings of each cell, by sheet, row and column; of so many cells."""
        cells: dict[Cell, list[Finding]] = {}
        for finding, cell in self:
            if cell is not None and (cell in cells or len(cells) < MOST_MARKED):
                cells.setdefault(cell, []).append(finding)
        found: dict[str, dict[int, dict[int, object]]] = {}
        for cell, group in cells.items():
            found.setdefault(cell.sheet, {}).setdefault(cell.row, {})[cell.column] = note(group)
        return found


def _names(book: Workbook, document: Document) -> Mapping[str | None, int]:
    """Return the columns of a table by what findings call them: their codes, and the headings of the file."""
    rows: Iterable[tuple[int, list[str]]] = islice(book.rows(document.sheet or ""), document.header)
    headings = next((cells for number, cells in rows if number == document.header), [])
    names: dict[str | None, int] = {}
    for column, heading in enumerate(headings, 1):
        names.setdefault(heading.strip(), column)
    names.pop("", None)
    return names | {code: column for column, code in enumerate(document.columns, 1) if code is not None}
