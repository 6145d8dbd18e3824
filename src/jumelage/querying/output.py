"""The answer to a query in the form that was asked for: a table for people, text for programs, files for others."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from jumelage.errors import UsageError
from jumelage.querying.desk import as_json
from jumelage.render import terminal
from jumelage.render.grid import Grid, Shown
from jumelage.temporary import temporary_folder
from jumelage.texts import Label, both, filled
from jumelage.writing import in_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jumelage.database.asking import Rows
    from jumelage.database.statements import Statement
    from jumelage.querying.desk import Desk

FOR_PEOPLE = ("table", "md")
STREAMED = ("csv", "json", "jsonl", "parquet")
FILES = ("arrow", "xlsx")
ALL = (*FOR_PEOPLE, *STREAMED, *FILES)
BINARY = frozenset({"parquet", *FILES})
MOST_SHOWN = 100_000  # rows of a table for people: whoever wants more wants a file
_SHEET = 1_048_575  # rows of a worksheet below its headings
_CELL = 32_767  # characters of a cell
_DATES = ("DATE", "TIMESTAMP")
_DAY, _FIRST_DAY = len("2006-03-31"), "1900-03-01"
_TOO_LONG = Label(
    "colonne {}, ligne {}\u00a0: un texte de {} caractères\u00a0; une cellule n’en tient que {}\u00a0; prenez "
    "--format csv ou parquet",
    "column {}, row {}: a text of {} characters; a cell holds but {}; take --format csv or parquet",
)
_NUMBERS = ("INT", "DECIMAL", "NUMERIC", "DOUBLE", "FLOAT", "REAL")
ALL_ROWS = Label("--rows 0, ou --format csv", "--rows 0, or --format csv")
_CUT = Label(
    "seules les {} premières lignes sont montrées\u00a0; toutes\u00a0: {}",
    "only the first {} rows are shown; all of them: {}",
)


def shown(rows: Rows, form: str, *, plain: bool = False) -> Iterator[str]:
    """Write rows for people: `table` as wide as the terminal, or `md` for Markdown; `plain` for no terminal."""
    if form == "table":
        yield from terminal.render(grid_of(rows), plain=plain)
        return
    texts = [tuple(map(read_by_people, row)) for row in rows.rows]
    yield _line(rows.names) + _line("---" for _ in rows.names)
    for row in texts:
        yield _line(row)


def grid_of(rows: Rows) -> Grid:
    """Make the grid of rows, whose headings are the names of the columns."""
    names = tuple(rows.names)
    texts = [tuple(map(read_by_people, row)) for row in rows.rows]
    return Grid(names, rows.rows, lambda: Shown("", names, texts, tuple(map(is_numeric, rows.types))))


def cut(most: int, how: Label = ALL_ROWS) -> Label:
    """Say that there are more rows than are shown, and how to see them."""
    return filled(_CUT, most, how)


def _line(cells: object) -> str:
    escaped = (str(cell).replace("\\", "\\\\").replace("|", "\\|").replace("\n", "<br>") for cell in cells)  # type: ignore[attr-defined]
    return f"| {' | '.join(escaped)} |\n"


def is_numeric(kind: str) -> bool:
    """Tell whether a type of a column, as its engine names it, is one of numbers."""
    return any(word in kind.upper() for word in _NUMBERS)


def read_by_people(value: object) -> str:
    """Return a value as a person reads it: nothing for null, and no exponent."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        return format(Decimal(str(value)), "f")
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def pieces(desk: Desk, statement: Statement, form: str, file: str) -> Iterator[bytes]:
    """Give all rows of a query in a form for programs, in pieces, the first once the query is known to be right."""
    if form == "json":
        return as_json(desk.copied(statement, "jsonl", file))
    if form in STREAMED:
        return desk.copied(statement, form, file)
    return _made(desk.copied(statement, "cells" if form == "xlsx" else "parquet", file), form)


def _made(parquet: Iterator[bytes], form: str) -> Iterator[bytes]:
    """Make a file of another form of a Parquet file, and give it in pieces."""
    with temporary_folder() as folder:
        source, made = folder / "rows.parquet", folder / f"rows.{form}"
        with source.open("wb") as opened:
            opened.writelines(parquet)
        _arrow(source, made) if form == "arrow" else _workbook(source, made)
        with made.open("rb") as opened:
            yield from in_pieces(opened)


def lacks(what: str, extra: str) -> UsageError:
    """Say that a library is not installed, and which extra brings it."""
    return UsageError(
        both(
            "{} n’est pas installé\u00a0; installez-le\u00a0: pip install 'jumelage[{}]'",
            "{} is not installed; install it: pip install 'jumelage[{}]'",
            what,
            extra,
        )
    )


def _arrow(source: Path, made: Path) -> None:
    """Write an Arrow IPC file, some rows at a time."""
    try:
        from pyarrow import ipc, parquet
    except ImportError as error:
        raise lacks("pyarrow", "arrow") from error
    with parquet.ParquetFile(source) as opened, ipc.new_file(str(made), opened.schema_arrow) as writer:
        for batch in opened.iter_batches():
            writer.write_batch(batch)


def _workbook(source: Path, made: Path) -> None:
    """Write a workbook of one sheet: numbers as numbers, dates as dates, texts as texts, never as formulas."""
    import duckdb

    try:
        import xlsxwriter
    except ImportError as error:
        raise lacks("xlsxwriter", "publish") from error
    with duckdb.connect() as connection:
        described = connection.execute("describe from read_parquet(?)", [str(source)]).fetchall()
        names, dates = [str(name) for name, *_ in described], [kind.startswith(_DATES) for _, kind, *_ in described]
        # Dates come as the engine writes them, which knows more of them than Python and worksheets do.
        columns = ", ".join(
            f"cast({one} as varchar)" if is_date else one
            for one, is_date in zip(map(_named, names), dates, strict=True)
        )
        found = connection.execute(f"select {columns} from read_parquet(?)", [str(source)])
        (count,) = connection.cursor().execute("select count(*) from read_parquet(?)", [str(source)]).fetchone() or (0,)
        if count > _SHEET:
            raise UsageError(
                both(
                    "{} lignes\u00a0: une feuille n’en tient que {}\u00a0; prenez --format parquet ou csv",
                    "{} rows: a sheet holds but {}; take --format parquet or csv",
                    f"{count:,}",
                    f"{_SHEET:,}",
                )
            )
        options = {"constant_memory": True, "strings_to_urls": False, "default_date_format": "yyyy-mm-dd"}
        with xlsxwriter.Workbook(str(made), options) as workbook:
            sheet = workbook.add_worksheet("result")
            heading = workbook.add_format({"bold": True})
            time_of_day = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
            for place, name in enumerate(names):
                sheet.write_string(0, place, name, heading)
            sheet.freeze_panes(1, 0)
            line = 0
            while rows := found.fetchmany(10_000):
                for row in rows:
                    line += 1
                    for place, (value, is_date) in enumerate(zip(row, dates, strict=True)):
                        if isinstance(value, str) and len(value) > _CELL:
                            raise UsageError(filled(_TOO_LONG, names[place], line, len(value), f"{_CELL:,}"))
                        _write(sheet, line, place, _date(value) if is_date else value, time_of_day)


def _named(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def _date(value: str | None) -> date | datetime | str | None:
    """Return a date that a worksheet counts right; as it is written if it is none of these.

    They count from 1900, of which they take the February for one of 29 days.
    """
    if value is None:
        return None
    try:
        found = date.fromisoformat(value) if len(value) == _DAY else datetime.fromisoformat(value).replace(tzinfo=None)
    except ValueError:  # infinity, one before Christ, one of five digits
        return value
    return found if found.isoformat() >= _FIRST_DAY else value


def _write(sheet: Any, line: int, place: int, value: object, time_of_day: object) -> None:  # noqa: ANN401
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, place, value)
    elif isinstance(value, int | float | Decimal):
        number = float(value)
        exact = abs(number) < 1 << 53 and number == number  # noqa: PLR0124  # which NaN is not
        if exact:
            sheet.write_number(line, place, number)
        else:
            sheet.write_string(line, place, str(Decimal(str(value))))
    elif isinstance(value, datetime):
        sheet.write_datetime(line, place, value, time_of_day)
    elif isinstance(value, date):
        sheet.write_datetime(line, place, value)
    else:
        sheet.write_string(line, place, str(value))
