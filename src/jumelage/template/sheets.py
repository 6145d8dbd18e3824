"""The sheets of the workbook that is handed out for a new wave, as schema/template.toml describes them."""

from __future__ import annotations

import textwrap
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from jumelage import content
from jumelage.texts import LANGUAGES, Label, label, plain

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

    from jumelage.reading.shapes import Rows

INSTRUCTIONS, LISTS = "instructions", "lists"
_DARK, _YELLOW, _BLUE = "1F3864", "FFF2CC", "DDEBF7"
_DAY, _TEXT = "yyyy-mm-dd", "@"
_FONT = "Calibri"
_LINE = 15


@dataclass(frozen=True, slots=True)
class Filling:
    """What is filled into the sheets.

    `labels` are the drop-down lists, by name and code. `towns` and `facts` are taken over from an earlier wave, which
    `taken` says. `asked` are the wave's own questions with their items, `columns` those of respondents for them.
    """

    wave: str
    labels: dict[str, dict[str, str]]
    towns: tuple[tuple[str, str, int], ...]
    facts: dict[str, str]
    taken: Label
    asked: dict[str, Rows]
    columns: list[dict[str, Any]]

    def cells(self, name: str) -> str:
        """Return the formula for the values of a drop-down list."""
        if name == "frame":  # no further than the last town: a list would open at the first blank cell
            rows = _spec("frame")["rows"] + 1
            return f"OFFSET(frame!$A$2,0,0,MAX(1,COUNTA(frame!$A$2:$A${rows})),1)"
        column = _letter(list(self.labels).index(name) + 1)
        return f"{LISTS}!${column}$2:${column}${len(self.labels[name]) + 1}"


@cache
def texts() -> dict[str, Any]:
    """Return what schema/template.toml says."""
    return tomllib.loads(content.read_text(content.root() / "schema" / "template.toml"))


def _spec(name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(sheet for sheet in texts()["sheets"] if sheet["name"] == name)
    return found


def _letter(column: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column))


def workbook(filling: Filling) -> Workbook:
    """Make the workbook."""
    from openpyxl import Workbook

    book = Workbook()
    book.properties.creator = "jumelage"
    sheet = book.active
    sheet.title = INSTRUCTIONS
    _instruct(sheet, filling)
    for spec in texts()["sheets"]:
        own = filling.columns if spec["name"] == "respondents" else []
        _lay_out(book.create_sheet(spec["name"]), spec, [*spec["columns"], *own], filling)
    _fill_wave(book["wave"], filling)
    for name, rows in filling.asked.items():
        _fill_asked(book[name], rows, filling)
    for row, (name, code, population) in enumerate(filling.towns, 2):
        for column, value in enumerate((name, code, population), 1):
            _put(book["frame"].cell(row, column), value, _spec("frame")["columns"][column - 1].get("format"))
        _put(book["respondents"].cell(row, 1), name)
    _write_lists(book.create_sheet(LISTS), filling)
    for sheet in book.worksheets:
        _set_printing(sheet)
    return book


def _put(cell: Cell, value: object, form: str | None = None, *, wrap: bool = True) -> None:
    """Write a value; a text always as text, even if it begins like a formula."""
    from openpyxl.styles import Alignment

    cell.value = value
    cell.alignment = Alignment(vertical="top", wrap_text=wrap and isinstance(value, str))
    if isinstance(value, str):
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@", "'"))
    if form:
        cell.number_format = form


def _fit(sheet: Worksheet, row: int, spare: int = 0) -> None:
    """Make a row as high as its longest text needs when wrapped: not every program does so by itself.

    `spare` is the room, in characters, that a cell cannot use, such as for the button of a filter.
    """
    most = 1
    for cell in sheet[row]:
        room = sheet.column_dimensions[cell.column_letter].width - spare
        most = max(most, len(textwrap.wrap(str(cell.value or ""), max(8, int(room)))))
    sheet.row_dimensions[row].height = most * _LINE + 2


def _lay_out(sheet: Worksheet, spec: dict[str, Any], columns: list[dict[str, Any]], filling: Filling) -> None:
    """Write the headings of a sheet; give its columns their width, form and drop-down lists."""
    rows = spec["rows"] or len(texts()["keys"])
    for number, column in enumerate(columns, 1):
        letter = _letter(number)
        _head(sheet.cell(1, number), column)
        sheet.column_dimensions[letter].width = column["width"]
        if "format" in column:
            sheet.column_dimensions[letter].number_format = column["format"]
        validation = _validation(column, filling)
        if validation:
            validation.add(f"{letter}2:{letter}{rows + 1}")
            sheet.add_data_validation(validation)
    _fit(sheet, 1, 4)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{_letter(len(columns))}{rows + 1}"
    sheet.print_title_rows = "1:1"


def _head(cell: Cell, column: dict[str, Any]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill

    _put(cell, column["heading"])
    cell.font = Font(_FONT, bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", start_color=_DARK)
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    if "note" in column:
        text = f"{column['note']['fr']}\n\n{column['note']['en']}"
        cell.comment = Comment(text, "jumelage", width=340, height=50 + len(text) // 2)


def _validation(column: dict[str, Any], filling: Filling) -> DataValidation | None:
    """Return what a column or a key of the wave accepts; None where that is anything."""
    from openpyxl.worksheet.datavalidation import DataValidation

    asks = column.get("asks", False)
    if "choices" in column:
        made = DataValidation(type="list", formula1=filling.cells(column["choices"]), allow_blank=True)
        said = "open" if asks else "list"
    elif "bounds" in column:
        ends = [column[end] for end in ("least", "most") if end in column]
        how = "between" if len(ends) > 1 else "greaterThanOrEqual" if "least" in column else "lessThanOrEqual"
        made = DataValidation("decimal", *map(plain, ends), operator=how, allow_blank=True)
        said = "number"
    elif "most" in column:
        made = DataValidation("whole", column["least"], column["most"], operator="between", allow_blank=True)
        said = "between"
    elif "least" in column:
        made = DataValidation("whole", column["least"], operator="greaterThanOrEqual", allow_blank=True)
        said = "at_least"
    elif column.get("kind") == "date":
        made = DataValidation("date", 1, operator="greaterThanOrEqual", allow_blank=True)
        said = "date"
    else:
        return None
    refusal = texts()["refusals"][said]
    made.errorStyle = "warning" if asks else "stop"
    made.errorTitle = refusal["title"]
    made.error = "\n".join(
        refusal[lang].format(**column | {"bounds": column["bounds"].text(lang)} if "bounds" in column else column)
        for lang in LANGUAGES
    )
    made.showErrorMessage = True
    return made


def _fill_wave(sheet: Worksheet, filling: Filling) -> None:
    """Write a row per key: its value where it is known, coloured where a person must look."""
    from openpyxl.formatting.rule import FormulaRule
    from openpyxl.styles import PatternFill

    for row, key in enumerate(texts()["keys"], 2):
        said, cell = label({"fr": key["fr"], "en": key["en"]}, key["name"]), sheet.cell(row, 2)
        if key["name"] in filling.facts:
            said = Label(f"{said.fr} {filling.taken.fr}", f"{said.en} {filling.taken.en}")
            cell.fill = PatternFill("solid", start_color=_BLUE)
        _put(cell, _value(key, filling), _DAY if key.get("kind") == "date" else _TEXT)
        for column, text in ((1, key["name"]), (3, said.fr), (4, said.en)):
            _put(sheet.cell(row, column), text)
        _fit(sheet, row)
        if validation := _validation(key, filling):
            validation.add(cell)
            sheet.add_data_validation(validation)
    cells = f"B2:B{len(texts()['keys']) + 1}"
    yellow = PatternFill("solid", start_color=_YELLOW, end_color=_YELLOW)
    sheet.conditional_formatting.add(cells, FormulaRule(formula=["LEN(TRIM(B2))=0"], fill=yellow))


def _fill_asked(sheet: Worksheet, rows: Rows, filling: Filling) -> None:
    """Write what a wave asks on its own, as it was given: so the workbook loads by itself."""
    for row, (_, record) in enumerate(rows.records(), 2):
        for number, column in enumerate(_spec(sheet.title)["columns"], 1):
            value: object = record[column["name"]]
            if value is not None and "choices" in column:
                value = filling.labels[column["choices"]][str(value)]
            elif value is not None and column.get("kind") == "number":
                value = Decimal(plain(Decimal(str(value))))
            _put(sheet.cell(row, number), value, column.get("format"))


def _value(key: dict[str, Any], filling: Filling) -> str | None:
    if key["name"] == "wave":
        return filling.wave
    value: str | None = filling.facts.get(key["name"], key.get("value", key.get("code")))
    return filling.labels[key["choices"]][value] if value and "choices" in key else value


def _write_lists(sheet: Worksheet, filling: Filling) -> None:
    for column, (name, labels) in enumerate(filling.labels.items(), 1):
        for row, text in enumerate((name, *labels.values()), 1):
            _put(sheet.cell(row, column), text)
        sheet.column_dimensions[_letter(column)].width = 30
    sheet.sheet_state = "veryHidden"


def _instruct(sheet: Worksheet, filling: Filling) -> None:
    """Write what people need to know, a page in French and then one in English."""
    from openpyxl.worksheet.pagebreak import Break

    known = {"wave": filling.wave, "not_reached": filling.labels["responses"]["not_reached"]}
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 26, 108
    sheet.sheet_view.showGridLines = False
    row = 1
    for language in LANGUAGES:
        if row > 1:
            sheet.row_breaks.append(Break(id=row - 1))
        row = _instruct_in(sheet, row, texts()["instructions"][language], known) + 1


def _instruct_in(sheet: Worksheet, row: int, said: dict[str, Any], known: dict[str, str]) -> int:
    """Write the instructions in one language from a row on; return the row after them."""
    from openpyxl.styles import Font, PatternFill

    _put(sheet.cell(row, 1), said["title"].format(**known), wrap=False)
    sheet.cell(row, 1).font = Font(_FONT, bold=True, size=16, color=_DARK)
    sheet.row_dimensions[row].height = 2 * _LINE
    for line in said["intro"]:
        row += 1
        _put(sheet.cell(row, 1), line.format(**known), wrap=False)
    row += 2
    for part in said["parts"]:
        _put(sheet.cell(row, 1), part["heading"], wrap=False)
        for column in (1, 2):
            sheet.cell(row, column).font = Font(_FONT, bold=True, color="FFFFFF")
            sheet.cell(row, column).fill = PatternFill("solid", start_color=_DARK)
        for term, text in part["lines"]:
            row += 1
            _put(sheet.cell(row, 1), term)
            sheet.cell(row, 1).font = Font(_FONT, bold=True)
            _put(sheet.cell(row, 2), text.format(**known))
            _fit(sheet, row)
        row += 2
    return row


def _set_printing(sheet: Worksheet) -> None:
    """Landscape A4, as wide as the page."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    margins = sheet.page_margins
    margins.left = margins.right = margins.top = margins.header = margins.footer = 0.4
    margins.bottom = 0.7
    sheet.print_options.gridLines = sheet.title != INSTRUCTIONS
    sheet.oddFooter.center.text = "&A – &P / &N"
