"""What a sheet holds that a reader of its values does not see, and how large a sheet may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from jumelage.errors import UnreadableError
from jumelage.reading.workbook import formats
from jumelage.texts import Label, filled, readable_count

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

MOST_ROWS = 200_000  # down to the last row of a sheet that holds anything
MOST_CELLS = 5_000_000  # rows by columns of the used areas of all sheets: so many are held in memory
MOST_COLUMNS = 16_384
_AS_CSV = Label(
    "remettez cette table en CSV, ou supprimez ce qui est loin sous les données ou loin à leur droite",
    "hand in this table as CSV, or delete what stands far below the data or far to their right",
)
# Rules of single cells.
NO_VALUE, CELL_ERROR, TIME = "formula_without_value", "cell_error", "time_of_day"
NUMBER_AS_DATE = "number_as_date"


class Bad(Protocol):
    """Takes a cell that is not to be taken as it is: row, column, rule, what it holds or shows, details."""

    def __call__(self, row: int, column: int, rule: str, shown: str, /, **details: Any) -> None:  # noqa: ANN401
        """Take the cell."""


class Note(NamedTuple):
    """A cell that is not to be taken as it is: where, the rule that it breaks, what it holds or shows, details."""

    row: int
    column: int
    rule: str
    shown: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Marks:
    """What a sheet holds that a reader must know; rows and columns from 1.

    Of hidden rows and columns only those that hold anything: `hidden_rows` are runs, first to last. `merged` are first
    row, first column, last row, last column. The last three are cells, the errors and times with what they show.
    """

    hidden: bool = False
    hidden_rows: tuple[tuple[int, int], ...] = ()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()
    empty_formulas: tuple[tuple[int, int], ...] = ()
    errors: tuple[tuple[int, int, str], ...] = ()
    times: tuple[tuple[int, int, str], ...] = ()


class Tally:
    """What a scan of a sheet counts and notes, row by row from the top."""

    def __init__(self, sheet: str, zero: date, *, leap: bool = False) -> None:
        """Start with an empty sheet; `leap`: its year 1900 has a 29 February."""
        self.sheet = sheet
        self.last_row = self.last_column = 0
        self.columns: set[int] = set()  # that hold anything
        self.hidden_columns: list[tuple[int, int]] = []
        self.merged: list[tuple[int, int, int, int]] = []
        self.zero, self.leap = zero, leap  # the day 0 of its dates
        self.bad: list[Note] = []  # in order
        self.padded: dict[tuple[int, int], int] = {}  # numbers that show more decimals than they need: how many
        self._hidden_rows: list[tuple[int, int]] = []

    @property
    def area(self) -> int:
        """The cells from A1 to the last row and column that hold anything."""
        return self.last_row * self.last_column

    def note(self, row: int, column: int, rule: str, shown: str, /, **details: Any) -> None:  # noqa: ANN401
        """Note a cell that is not to be taken as it is."""
        self.bad.append(Note(row, column, rule, shown, details))

    def shown_by(self, row: int, column: int, form: str, text: str) -> None:
        """Hold what a format shows of a number against the number."""
        if found := formats.number_differs(form, text):
            self.note(row, column, found[0], text, shown=found[1])
        elif places := formats.decimals(form):
            self.padded[row, column] = places

    def filled_row(self, first: int, last: int, column: int, hidden: bool) -> None:
        """Note rows that hold something up to a column; UnreadableError if they are too far down or too many."""
        self.last_row, self.last_column = last, max(column, self.last_column)
        if last > MOST_ROWS:
            raise UnreadableError(
                "too_large",
                sheet=self.sheet,
                size=readable_count(last, "lignes", "rows"),
                limit=Label("des lignes d’une feuille", "of the rows of a sheet"),
                most=readable_count(MOST_ROWS, "lignes", "rows"),
                advice=_AS_CSV,
            )
        if self.area > MOST_CELLS:
            raise too_many_cells(self.area, self.sheet)
        if hidden and self._hidden_rows and self._hidden_rows[-1][1] == first - 1:
            first = self._hidden_rows.pop()[0]
        if hidden:
            self._hidden_rows.append((first, last))

    def marks(self, hidden: bool) -> Marks:
        """Return what was noted, and whether the sheet itself is hidden."""
        columns = {column for column in self.columns if any(low <= column <= high for low, high in self.hidden_columns)}
        return Marks(
            hidden=hidden,
            hidden_rows=tuple(self._hidden_rows),
            hidden_columns=frozenset(columns),
            merged=tuple(self.merged),
            empty_formulas=tuple((note.row, note.column) for note in self.bad if note.rule == NO_VALUE),
            errors=tuple((*note[:2], note.shown) for note in self.bad if note.rule == CELL_ERROR),
            times=tuple((*note[:2], note.shown) for note in self.bad if note.rule == TIME),
        )


def check_areas(tallies: Iterable[Tally]) -> None:
    """UnreadableError if the sheets together would take too much memory; it names the largest."""
    tallies = list(tallies)
    total = sum(tally.area for tally in tallies)
    if total > MOST_CELLS:
        raise too_many_cells(total, max(tallies, key=lambda tally: tally.area).sheet)


def too_many_cells(count: int, sheet: str) -> UnreadableError:
    """Return the error of a workbook of so many cells."""
    return UnreadableError(
        "too_large",
        sheet=sheet,
        size=readable_count(count, "cellules", "cells"),
        limit=Label("des lignes par colonnes d’un classeur", "of the rows by columns of a workbook"),
        most=readable_count(MOST_CELLS, "cellules", "cells"),
        advice=_AS_CSV,
    )


def not_a_workbook(why: Label, *values: object) -> UnreadableError:
    """Return the error of a file that is no workbook, or a broken one."""
    return UnreadableError("not_a_workbook", why=filled(why, *values) if values else why)


def letters(column: int) -> str:
    """Return the letters of a column: 28 is AB."""
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column))


def column_number(text: str) -> int:
    """Return the number of a column from its letters; 0 if they are none, or too many."""
    from openpyxl.utils import column_index_from_string

    try:
        number = column_index_from_string(text)
    except ValueError:
        return 0
    return number if number <= MOST_COLUMNS else 0
