"""Annotated copies by values alone: an .xlsx of the values in a workbook whose own form cannot be written.

Formulas are there by their values, and of formats only those of dates.
"""

from __future__ import annotations

import re
import warnings
from datetime import date
from typing import TYPE_CHECKING, Any

from jumelage.annotate.splice import legal
from jumelage.annotate.words import LIST, LONGEST_CELL, unreadable

if TYPE_CHECKING:
    from pathlib import Path

_FIRST_YEAR = 1900  # of a date in a workbook
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def write_values(path: Path, made: Path) -> dict[str, str]:
    """Write a workbook of the values in another; return what its sheets are called there by the names they had."""
    from openpyxl import Workbook
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book, names = Workbook(), {}
    book.remove(book.active)
    try:
        with CalamineWorkbook.from_path(path) as source:
            for known in source.sheets_metadata:
                if known.typ != SheetTypeEnum.WorkSheet or known.name.casefold() == LIST:
                    continue
                sheet = book.create_sheet(re.sub(r"[\[\]*?:/\\]", "_", known.name)[:31])
                names[known.name] = sheet.title
                sheet.sheet_state = "visible" if known.visible == SheetVisibleEnum.Visible else "hidden"
                rows = source.get_sheet_by_name(known.name).to_python(skip_empty_area=False)
                for row, values in enumerate(rows, 1):
                    for column, value in enumerate(values, 1):
                        if value != "":
                            _put(sheet.cell(row, column), value)
    except CalamineError:
        raise unreadable(path) from None
    with warnings.catch_warnings(action="ignore"):
        book.save(made)
    return names


def _put(cell: Any, value: Any) -> None:  # noqa: ANN401
    """Put a value into a cell: a text as a text, whatever it begins with."""
    if isinstance(value, date) and value.year < _FIRST_YEAR:
        value = value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        value = _LOOKS_ESCAPED.sub("_x005F_", legal(value)[:LONGEST_CELL])
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
