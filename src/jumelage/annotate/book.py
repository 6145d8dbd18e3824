"""Annotated workbooks.

openpyxl drops charts, images, some extensions of validations and the computed values of formulas, which stay formulas:
a spreadsheet program computes them when it saves. A marked cell loses the fill it had. Of an .xls or .ods, or an .xlsx
that openpyxl cannot read, there are the values alone.
"""

from __future__ import annotations

import copy
import re
import warnings
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

from jumelage.annotate.words import LIST, LONGEST_CELL, MORE, OWN, UNREAD, joined, sentence, unreadable
from jumelage.rules import ERROR, FIELDS, NOTICE, SEVERITIES, WARNING
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from jumelage.reading.source import Document
    from jumelage.rules import Finding

_HEADINGS = {
    "cell": (Label("cellule", "cell"), 24),
    "file": (Label("fichier", "file"), 18),
    "sheet": (Label("feuille", "sheet"), 16),
    "row": (Label("ligne", "row"), 8),
    "column": (Label("colonne", "column"), 16),
    "value": (Label("valeur", "value"), 24),
    "rule": (Label("règle", "rule"), 24),
    "severity": (Label("gravité", "severity"), 15),
    "message": (Label("constat", "message"), 56),
    "suggestion": (Label("suggestion", "suggestion"), 56),
}
_SEVERITIES = {
    ERROR: Label("erreur", "error"),
    WARNING: Label("avertissement", "warning"),
    NOTICE: Label("remarque", "notice"),
}
_FILLS = {ERROR: "FFFFC7CE", WARNING: "FFFFD8A8", NOTICE: "FFCFE2F3"}
_FILL = "FFE7E6E6"  # of the headings of the list
# An annotation is told by the first line of its comment; under the second there is the comment that was there before.
_SIGNED, _EARLIER = f"— {OWN} —\n", "\n\n————\n"
_LINE = 15  # points
_FIRST_YEAR = 1900  # of a date in a workbook
_LONGEST_COMMENT = 32_000
_MOST_ROWS, _MOST_LINKS = 1_048_574, 65_000  # of a sheet; what a spreadsheet program takes
_NOT_XML = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")


def write_workbook(
    handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str
) -> None:
    """Write the annotated copy of a workbook; OutputError if it cannot be opened."""
    if any(finding.file == handed.name and finding.rule.name in UNREAD for finding in findings):
        raise unreadable(handed)
    with warnings.catch_warnings(action="ignore"):  # openpyxl says what it drops
        book, sheets = _opened(handed)
        read = {document.sheet: document for document in documents}
        placed = [(finding, _cell(finding, sheets, read)) for finding in findings]
        marks: dict[Any, list[Finding]] = defaultdict(list)
        for finding, cell in placed:
            if cell is not None:
                marks[cell].append(finding)
        for cell, group in marks.items():
            _mark(cell, group, lang)
        _add_list(book, placed, lang)
        book.save(made)


def _opened(path: Path) -> tuple[Any, dict[str, Any]]:
    """Open a workbook without what an earlier annotation added; its sheets by the names they had."""
    if path.suffix.lower() != ".xlsx":
        return _values(path)
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, rich_text=True)
    except OSError:
        raise
    except Exception:  # noqa: BLE001  # it stops at many small faults of a file that other readers pass over
        return _values(path)
    for sheet in book.worksheets:
        if sheet.title.casefold() == LIST:
            book.remove(sheet)
        else:
            sheet.sheet_view.tabSelected = False  # two selected sheets would be edited as one
            _unmark(sheet)
    book.calculation.fullCalcOnLoad = True
    return book, {sheet.title: sheet for sheet in book.worksheets}


def _values(path: Path) -> tuple[Any, dict[str, Any]]:
    """Make a workbook of the values in another."""
    from openpyxl import Workbook
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book, sheets = Workbook(), {}
    book.remove(book.active)
    try:
        with CalamineWorkbook.from_path(path) as source:
            for known in source.sheets_metadata:
                if known.typ != SheetTypeEnum.WorkSheet or known.name.casefold() == LIST:
                    continue
                sheet = sheets[known.name] = book.create_sheet(re.sub(r"[\[\]*?:/\\]", "_", known.name)[:31])
                sheet.sheet_state = "visible" if known.visible == SheetVisibleEnum.Visible else "hidden"
                rows = source.get_sheet_by_name(known.name).to_python(skip_empty_area=False)
                for row, values in enumerate(rows, 1):
                    for column, value in enumerate(values, 1):
                        if value != "":
                            _put(sheet.cell(row, column), value)
    except CalamineError:
        raise unreadable(path) from None
    return book, sheets


def _put(cell: Any, value: Any) -> None:  # noqa: ANN401
    """Put a value into a cell: a text as a text, whatever it begins with."""
    if isinstance(value, date) and value.year < _FIRST_YEAR:
        value = value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        value = _cut(_NOT_XML.sub("\ufffd", value), LONGEST_CELL)
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _cell(finding: Finding, sheets: Mapping[str, Any], read: Mapping[str | None, Document]) -> Any:  # noqa: ANN401
    """Find the cell of a finding: in its row or the headings, in its column or the first; None if it has no sheet."""
    from openpyxl.cell import MergedCell

    sheet = sheets.get(finding.sheet or "")
    if sheet is None:
        return None
    row, column = finding.row or 1, 1
    document = read.get(finding.sheet)
    if document is not None and finding.column:
        headings = [cell.value for cell in sheet[document.header]] if finding.row == document.header else []
        names = document.columns if finding.column in document.columns else [str(name).strip() for name in headings]
        if finding.column in names:
            row, column = finding.row or document.header, names.index(finding.column) + 1
    cell = sheet.cell(row, column)
    if not isinstance(cell, MergedCell):
        return cell
    merged = next(cells for cells in sheet.merged_cells.ranges if cell.coordinate in cells)
    return sheet.cell(merged.min_row, merged.min_col)


def _mark(cell: Any, findings: Sequence[Finding], lang: str) -> None:  # noqa: ANN401
    """Fill a cell after its worst finding, and comment on all; a comment of somebody else is kept below."""
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    if cell.fill.fill_type:  # the colour of its text was chosen for that fill
        _set_font(cell, color="FF000000")
    worst = min((finding.severity for finding in findings), key=SEVERITIES.index)
    cell.fill = PatternFill("solid", start_color=_FILLS[worst])
    earlier = _cut(f"{_EARLIER}{cell.comment.text}", _LONGEST_COMMENT // 2) if cell.comment else ""
    texts = [sentence(finding, lang) for finding in findings]
    said = joined(texts, "\n\n", _LONGEST_COMMENT - len(_SIGNED) - len(earlier), lang)
    text = _NOT_XML.sub("\ufffd", f"{_SIGNED}{said}{earlier}")
    lines = sum(1 + len(line) // 45 for line in text.split("\n"))
    cell.comment = Comment(text, OWN, width=320, height=min(20 + 18 * lines, 500))


def _set_font(cell: Any, **changed: object) -> None:  # noqa: ANN401
    font = copy.copy(cell.font)
    for name, value in changed.items():
        setattr(font, name, value)
    cell.font = font


def _unmark(sheet: Any) -> None:  # noqa: ANN401
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    for cell in list(sheet._cells.values()):  # noqa: SLF001  # iter_rows would make every cell up to the last
        if cell.comment is not None and cell.comment.text.startswith(_SIGNED):
            earlier = cell.comment.text.partition(_EARLIER)[2]
            cell.comment = Comment(earlier, cell.comment.author) if earlier else None
            cell.fill = PatternFill()


def _add_list(book: Any, placed: Sequence[tuple[Finding, Any]], lang: str) -> None:  # noqa: ANN401
    """Add a first sheet that lists all findings, as a table with links to their cells."""
    from openpyxl.styles import Alignment, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.table import Table, TableStyleInfo

    sheet = book.create_sheet(LIST, 0)
    book.active, sheet.sheet_view.tabSelected = 0, True
    sheet.freeze_panes, sheet.print_title_rows = "A2", "1:1"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.append([heading.text(lang) for heading, _ in _HEADINGS.values()])
    for cell in sheet[1]:  # not every program shows the style of a table
        _set_font(cell, b=True)
        cell.fill = PatternFill("solid", start_color=_FILL)
    top = Alignment(vertical="top", wrap_text=True)
    for row, (finding, cell) in enumerate(placed[:_MOST_ROWS], 2):
        shown = dict(zip(FIELDS, finding.fields(lang), strict=True))
        shown["severity"] = _SEVERITIES[finding.severity].text(lang)
        for column, value in enumerate(shown.values(), 2):
            _put(sheet.cell(row, column), value)
            sheet.cell(row, column).alignment = top
        sheet.row_dimensions[row].height = _LINE * _lines(shown.values())
        if cell is not None:
            _link(sheet.cell(row, 1), cell, linked=row < _MOST_LINKS)
    table = Table(displayName=f"{OWN}_{LIST}", ref=f"A1:{get_column_letter(len(_HEADINGS))}{max(2, sheet.max_row)}")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
    sheet.add_table(table)
    for column, (_, width) in enumerate(_HEADINGS.values(), 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    if (left := len(placed) - _MOST_ROWS) > 0:
        sheet.cell(_MOST_ROWS + 2, 1).value = MORE.text(lang).format(left)


def _lines(values: Iterable[object]) -> int:
    """Return how many lines a row of wrapped texts takes: spreadsheets do not make room by themselves."""
    widths = (width for _, width in list(_HEADINGS.values())[1:])
    return min(20, max(1 + len(str(value or "")) // width for value, width in zip(values, widths, strict=True)))


def _link(link: Any, cell: Any, *, linked: bool) -> None:  # noqa: ANN401
    from openpyxl.styles import Alignment
    from openpyxl.utils import quote_sheetname
    from openpyxl.worksheet.hyperlink import Hyperlink

    _put(link, f"{cell.parent.title}!{cell.coordinate}")
    link.alignment = Alignment(vertical="top")
    if linked:
        link.hyperlink = Hyperlink(ref="", location=f"{quote_sheetname(cell.parent.title)}!{cell.coordinate}")
        _set_font(link, color="FF0563C1", u="single")
