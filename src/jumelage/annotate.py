"""A copy of what was handed in, with each finding written where it belongs.

The cells and records of the original are never changed, but for what follows.
CSV: UTF-8 with its mark and CRLF; a last column holds the findings of each record. A record that is too short is
filled up and gets one field too many, so that it is refused as before. A single CSV has no list beside it: the first
record that is not blank also holds what belongs to no record (the file, its header), with the file's name before it.
Values in `findings.csv` are exact, also those that begin with = or @, as they are in the original.
Workbook: openpyxl drops charts, images, some extensions of validations and the computed values of formulas, which
stay formulas: a spreadsheet program computes them when it saves. A marked cell loses the fill it had.
Of an .xls or .ods, or an .xlsx that openpyxl cannot read, there are the values alone.
"""

from __future__ import annotations

import codecs
import copy
import csv
import operator
import os
import re
import shutil
import warnings
import zipfile
from collections import defaultdict
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from jumelage.content import Label
from jumelage.errors import OutputError, UnreadableError, UsageError
from jumelage.headings import column_of, folded
from jumelage.rules import ERROR, NOTICE, SEVERITIES, WARNING
from jumelage.source import DELIMITERS, SKIPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from jumelage.rules import Finding
    from jumelage.source import Document

LIST = "findings"
_OWN = "jumelage"
_COPIES = {".zip": ".zip", ".xlsx": ".xlsx", ".xls": ".xlsx", ".ods": ".xlsx", ".csv": ".csv"}
_COLUMN = Label("constats", "findings")
_COLON, _SEMICOLON = Label("\u00a0: ", ": "), Label("\u00a0; ", "; ")
_MORE = Label("… encore {}", "… {} more")
_FIELDS = ("file", "sheet", "row", "column", "value", "rule", "severity", "message", "suggestion")
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
_SIGNED, _EARLIER = f"— {_OWN} —\n", "\n\n————\n"
# What its reader did not open, for want of safety or memory, is not opened here.
_UNREAD = {"too_large", "not_a_workbook", "not_an_archive", "archive_encrypted", "archive_name_twice"}
_CHUNK = 1 << 20
_FIRST_YEAR = 1900  # of a date in a workbook
_LONGEST_CELL, _LONGEST_COMMENT = 32_767, 32_000
_MOST_ROWS, _MOST_LINKS = 1_048_574, 65_000  # of a sheet; what a spreadsheet program takes
_NOT_XML = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")


def annotate(
    handed: Path, documents: Mapping[str, Document], findings: Sequence[Finding], out: Path, lang: str
) -> None:
    """Write the annotated copy; it is there whole or not at all, and never in place of something.

    UsageError if `out` is no name for it, OutputError if it cannot be written.
    """
    check_out(handed, out)
    write = _write_folder if handed.is_dir() else _WRITERS[_COPIES.get(handed.suffix.lower(), ".csv")]
    work = None
    try:
        work = Path(mkdtemp(prefix=f".{_OWN}-", dir=out.absolute().parent))
        made = work / f"copy{out.suffix}"
        write(handed, tuple(documents.values()), findings, made, lang)
        check_out(handed, out)
        made.rename(out)
    except OSError as error:
        read = error.filename if str(error.filename).startswith(str(handed)) else ""
        why = ": ".join(filter(None, (read, error.strerror or str(error))))
        raise OutputError(f"{out} cannot be written: {why}") from error
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)


def check_out(handed: Path, out: Path) -> None:
    """Refuse a name that an annotated copy cannot have: UsageError says what is expected."""
    ending = out.suffix.lower()
    if handed.is_dir():
        if ending in _COPIES:
            raise UsageError(f"{out}: the copy of a folder is a folder; choose a name without {out.suffix}")
    elif ending != (wanted := _COPIES.get(handed.suffix.lower(), ".csv")):
        raise UsageError(f"{out}: the copy of {handed.name} must end in {wanted}; choose another name")
    if os.path.lexists(out):
        raise UsageError(f"{out} is there already; choose another name")
    if out.resolve().is_relative_to(handed.resolve()):
        raise UsageError(f"{out} is inside of {handed}; choose another name")


# Texts


def _text(finding: Finding, lang: str) -> str:
    said = _SEMICOLON.text(lang).join(filter(None, (finding.message(lang), finding.remedy(lang))))
    return f"{finding.column}{_COLON.text(lang)}{said}" if finding.column else said


def _joined(texts: Sequence[str], between: str, most: int, lang: str) -> str:
    """Join texts, as many as there is room for, and say how many more there are."""
    whole = between.join(texts)
    if len(whole) <= most:
        return whole
    room, kept = most - 50, 0
    while (room := room - len(texts[kept]) - len(between)) >= 0:
        kept += 1
    shown = [*texts[:kept]] or [f"{texts[0][: most - 50]}…"]
    if left := len(texts) - len(shown):
        shown.append(_MORE.text(lang).format(left))
    return between.join(shown)


def _listed(finding: Finding, lang: str) -> dict[str, str | int | None]:
    place = (finding.file, finding.sheet, finding.row, finding.column, finding.value)
    said = (finding.rule.name, finding.severity, finding.message(lang), finding.remedy(lang))
    return dict(zip(_FIELDS, (*place, *said), strict=True))


def _write_list(findings: Iterable[Finding], target: Path, lang: str) -> None:
    with target.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(_FIELDS)
        writer.writerows(_listed(finding, lang).values() for finding in findings)


# Folders, archives and CSV files


def _write_folder(
    handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str
) -> None:
    marks = _Marks(findings, lang)
    read = {document.path.resolve(): document for document in documents}
    made.mkdir()
    for path in _paths(handed, frozenset({handed.resolve()})):
        target = made / path.relative_to(handed)
        if path.is_dir():
            target.mkdir()
        elif path.is_file() and target != made / f"{LIST}.csv":
            document = read.get(path.resolve())
            if document is None or not marks.write(path, document, target):
                shutil.copy2(path, target)
    _write_list(findings, made / f"{LIST}.csv", lang)


def _paths(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    """Give all that is in a folder, folders before their content; a link to a folder above is left out."""
    for path in sorted(folder.iterdir()):
        if not path.is_dir():
            yield path
        elif (real := path.resolve()) not in above:
            yield path
            yield from _paths(path, above | {real})


def _write_archive(
    handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str
) -> None:
    from jumelage.archive import bounded

    marks = _Marks(findings, lang)
    unpacked, marked = made.with_name("unpacked"), made.with_name("marked")
    try:
        with bounded(handed) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
            read = _entries(source.namelist(), documents)
            inside = next((name[: -len(document.file)] for name, document in read.items()), "")
            for info in source.infolist():
                if info.filename == f"{inside}{LIST}.csv":
                    continue
                _unpack(source, info, unpacked)
                document = read.get(info.filename)
                done = document is not None and marks.write(unpacked, document, marked)
                _add_entry(target, info, marked if done else unpacked)
            _write_list(findings, marked, lang)
            target.write(marked, f"{inside}{LIST}.csv")
    except UnreadableError:
        raise _unreadable(handed) from None


def _unreadable(handed: Path) -> OutputError:
    return OutputError(f"there is no annotated copy of {handed}: it cannot be read")


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    from jumelage.archive import reading

    with reading():
        entry = archive.open(info)
    with entry, path.open("wb") as file:
        chunk = b"-"
        while chunk:
            with reading():  # and not the writing: a full disk is no damaged archive
                chunk = entry.read(_CHUNK)
            file.write(chunk)


def _add_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    named = copy.copy(info)
    named.file_size = path.stat().st_size
    with path.open("rb") as file, archive.open(named, "w") as entry:
        shutil.copyfileobj(file, entry)


def _entries(names: Sequence[str], documents: Sequence[Document]) -> dict[str, Document]:
    """Find the entries that documents were read from, also within a folder: the uppermost of that name."""
    found = {}
    for document in documents:
        end = f"/{document.file}".casefold()
        fitting = [name for name in names if f"/{name}".replace("\\", "/").casefold().endswith(end)]
        if fitting:
            found[min(fitting, key=lambda name: (name.count("/"), name))] = document
    return found


def _write_file(
    handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str
) -> None:
    document = next(iter(documents), None)
    if document is not None:
        file, header = document.file, document.header
        of_none = [found for found in findings if found.row is None or found.row <= header or found.file != file]
        first = [found.text(lang) for found in of_none]
    if document is None or not _Marks(findings, lang).write(handed, document, made, first):
        shutil.copy2(handed, made)


class _Marks:
    """The texts that stand in the records of CSV files."""

    def __init__(self, findings: Iterable[Finding], lang: str) -> None:
        self._lang = lang
        self._texts: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        for finding in findings:
            if finding.row is not None and finding.sheet is None:
                self._texts[finding.file][finding.row].append(_text(finding, lang))

    def write(self, path: Path, document: Document, target: Path, first: Sequence[str] = ()) -> bool:
        """Write a file with the texts of its records; False if there is nothing to write, or it is no CSV file."""
        texts = {row: said for row, said in self._texts[document.file].items() if row > document.header}
        if document.name == "wave" or not (texts or first or None in document.columns):
            return False
        try:
            records = _Records(path, _encoding(path, target), document)
            with target.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
                writer = csv.writer(file, delimiter=records.delimiter)
                return self._write_records(records, texts, list(first), writer.writerow)
        except (UnreadableError, UnicodeDecodeError, csv.Error):
            return False

    def _write_records(
        self, records: _Records, texts: dict[int, list[str]], first: list[str], write: Callable[[list[str]], object]
    ) -> bool:
        rows, heading = iter(records), list[str]()
        for _, end, heading in rows:
            if end >= records.document.header:
                break
            write(heading)
        old = [place for place, name in enumerate(heading) if folded(name) in SKIPPED]
        width, marked = len(heading) - len(old), bool(texts or first)
        if not marked and not old:
            return False
        write(_with(_without(heading, old), width, _COLUMN.text(self._lang) if marked else None))
        for start, end, record in rows:
            fields = _without(record, old)
            said = [text for line in range(start, end + 1) for text in texts.get(line, ())]
            if first and any(field.strip() for field in fields):
                said, first = [*first, *said], []
            write(_with(fields, width, _joined(said, " | ", _LONGEST_CELL, self._lang) if marked else None))
        return True


def _encoding(path: Path, spool: Path) -> str:
    """Find the encoding of a file; UnreadableError if it has none."""
    from jumelage.textfile import open_text

    # The text in form is not used: it has other line ends and blanks within fields.
    if open_text(path, spool).cp1252 is not None:
        return "cp1252"
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in {codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE} else "utf-8-sig"


class _Records:
    """The records of a CSV file, each with its first and last line."""

    def __init__(self, path: Path, encoding: str, document: Document) -> None:
        self.document, self._path, self._encoding = document, path, encoding
        self.delimiter = max(DELIMITERS, key=self._fits)

    def __iter__(self) -> Iterator[tuple[int, int, list[str]]]:
        return self._read(self.delimiter)

    def _read(self, delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
        with self._path.open(encoding=self._encoding, newline="") as file:
            reader = csv.reader(file, strict=True, delimiter=delimiter)
            end = 0
            for record in reader:
                start, end = end + 1, reader.line_num
                yield start, end, record

    def _fits(self, delimiter: str) -> tuple[bool, int]:
        """Tell how well the header has the columns that were read."""
        columns = self.document.columns
        names = [name for name in columns if name]
        try:
            heading = next(record for _, end, record in self._read(delimiter) if end >= self.document.header)
        except (csv.Error, StopIteration):
            return False, 0
        named = [column_of(field, names) for field in heading]
        return len(heading) == len(columns), sum(map(operator.eq, named, columns))


def _without(record: list[str], places: Sequence[int]) -> list[str]:
    return [field for place, field in enumerate(record) if place not in places] if places else record


def _with(fields: list[str], width: int, text: str | None) -> list[str]:
    """Put a text in the column after the last."""
    if text is None or (not text and len(fields) < width):
        return fields
    if len(fields) < width:
        return [*fields, *[""] * (width - len(fields)), text, ""]
    return [*fields[:width], text, *fields[width:]]


# Workbooks


def _write_workbook(
    handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str
) -> None:
    if any(finding.file == handed.name and finding.rule.name in _UNREAD for finding in findings):
        raise _unreadable(handed)
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
        raise _unreadable(path) from None
    return book, sheets


def _put(cell: Any, value: Any) -> None:  # noqa: ANN401
    """Put a value into a cell: a text as a text, whatever it begins with."""
    if isinstance(value, date) and value.year < _FIRST_YEAR:
        value = value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        value = _cut(_NOT_XML.sub("\ufffd", value), _LONGEST_CELL)
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
    texts = [_text(finding, lang) for finding in findings]
    said = _joined(texts, "\n\n", _LONGEST_COMMENT - len(_SIGNED) - len(earlier), lang)
    text = _NOT_XML.sub("\ufffd", f"{_SIGNED}{said}{earlier}")
    lines = sum(1 + len(line) // 45 for line in text.split("\n"))
    cell.comment = Comment(text, _OWN, width=320, height=min(20 + 18 * lines, 500))


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
        listed = _listed(finding, lang) | {"severity": _SEVERITIES[finding.severity].text(lang)}
        for column, value in enumerate(listed.values(), 2):
            _put(sheet.cell(row, column), value)
            sheet.cell(row, column).alignment = top
        if cell is not None:
            _link(sheet.cell(row, 1), cell, linked=row < _MOST_LINKS)
    table = Table(displayName=f"{_OWN}_{LIST}", ref=f"A1:{get_column_letter(len(_HEADINGS))}{max(2, sheet.max_row)}")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
    sheet.add_table(table)
    for column, (_, width) in enumerate(_HEADINGS.values(), 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    if (left := len(placed) - _MOST_ROWS) > 0:
        sheet.cell(_MOST_ROWS + 2, 1).value = _MORE.text(lang).format(left)


def _link(link: Any, cell: Any, *, linked: bool) -> None:  # noqa: ANN401
    from openpyxl.styles import Alignment
    from openpyxl.utils import quote_sheetname
    from openpyxl.worksheet.hyperlink import Hyperlink

    _put(link, f"{cell.parent.title}!{cell.coordinate}")
    link.alignment = Alignment(vertical="top")
    if linked:
        link.hyperlink = Hyperlink(ref="", location=f"{quote_sheetname(cell.parent.title)}!{cell.coordinate}")
        _set_font(link, color="FF0563C1", u="single")


_WRITERS = {".zip": _write_archive, ".xlsx": _write_workbook, ".csv": _write_file}
