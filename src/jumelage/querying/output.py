"""The answer to a query in the form that was asked for: a table for people, text for programs, files for others."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

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
BINARY = frozenset({"parquet", *FILES})
MOST_SHOWN = 100_000  # rows of a table for people: whoever wants more wants a file
_SHEET = 1_048_575  # rows of a worksheet below its headings
_NUMBERS = ("INT", "DECIMAL", "NUMERIC", "DOUBLE", "FLOAT", "REAL")
ALL_ROWS = Label("--rows 0, ou --format csv", "--rows 0, or --format csv")
_CUT = Label(
    "seules les {} premières lignes sont montrées\u00a0; toutes\u00a0: {}",
    "only the first {} rows are shown; all of them: {}",
)


def shown(rows: Rows, form: str) -> Iterator[str]:
    """Write rows for people: `table` as wide as the terminal, or `md` for Markdown."""
    if form == "table":
        yield from terminal.render(grid_of(rows))
        return
    texts = [tuple(map(read_by_people, row)) for row in rows.rows]
    yield _line(rows.names) + _line("---" for _ in rows.names)
    for row in texts:
        yield _line(row)


def grid_of(rows: Rows) -> Grid:
    """Make the grid of rows, whose headings are the names of the columns."""
    names = tuple(rows.names)
    texts = [tuple(map(read_by_people, row)) for row in rows.rows]
    return Grid(names, rows.rows, Shown("", names, texts, tuple(map(is_numeric, rows.types))))


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
    return _made(desk.copied(statement, "parquet", file), form)


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
        found = connection.execute("select * from read_parquet(?)", [str(source)])
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
            for place, (name, *_) in enumerate(found.description or ()):
                sheet.write_string(0, place, name, heading)
            sheet.freeze_panes(1, 0)
            line = 0
            while rows := found.fetchmany(10_000):
                for row in rows:
                    line += 1
                    for place, value in enumerate(row):
                        _write(sheet, line, place, value)


def _write(sheet: object, line: int, place: int, value: object) -> None:
    write = sheet.write_string  # type: ignore[attr-defined]
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, place, value)  # type: ignore[attr-defined]
    elif isinstance(value, int | float | Decimal):
        number = float(value)
        exact = abs(number) < 1 << 53 and number == number  # noqa: PLR0124  # which NaN is not
        (sheet.write_number if exact else write)(line, place, number if exact else str(value))  # type: ignore[attr-defined]
    elif isinstance(value, date | datetime):
        sheet.write_datetime(line, place, value.replace(tzinfo=None) if isinstance(value, datetime) else value)  # type: ignore[attr-defined]
    else:
        write(line, place, str(value)[:32_767])
