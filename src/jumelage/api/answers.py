"""The answer to a query of one's own: kept on disk as Parquet, so that it takes no memory until it is asked for."""

from __future__ import annotations

import weakref
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jumelage.api.results import MOST_SHOWN, Result
from jumelage.database.asking import Rows
from jumelage.database.sql import literal
from jumelage.querying.output import grid_of
from jumelage.temporary import temporary_folder
from jumelage.writing import in_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import duckdb

    from jumelage.database.statements import Statement
    from jumelage.querying.desk import Desk
    from jumelage.render.grid import Grid

_AT_ONCE = 10_000  # rows


class Answer(Result):
    """The answer to a query, whose rows are in a file of its own until it is not used any more.

    Iterating reads some rows at a time, however many there are; `rows`, and what is made for other libraries, holds
    them all. Values are what DuckDB gives: int, float, Decimal, str, bool, date, datetime; None for null.
    """

    def __init__(self, desk: Desk, statement: Statement, notes: Iterable[str], lang: str) -> None:
        """Ask a query, and keep all rows. UsageError for one that is wrong, LimitError as it takes too much."""
        with ExitStack() as stack:
            folder = stack.enter_context(temporary_folder())
            given = folder / "given.parquet"
            wide = [name for name, kind in desk.columns(statement) if kind == "HUGEINT"]
            with given.open("wb") as file:
                file.writelines(desk.copied(statement, "parquet"))
            self._path = _narrowed(given, wide) if wide else given
            self._forget = weakref.finalize(self, stack.pop_all().close)
        self._said = tuple(notes)
        with _opened() as connection:
            described = connection.execute("select * from read_parquet(?) limit 0", [str(self._path)]).description
        super().__init__((column[0] for column in described or ()), lang)
        self._types = tuple(str(column[1]) for column in described or ())

    @property
    def types(self) -> tuple[str, ...]:
        """The type of each column."""
        return self._types

    @cached_property
    def _length(self) -> int:
        with _opened() as connection:
            found = connection.execute("select count(*) from read_parquet(?)", [str(self._path)]).fetchone()
        return int(found[0]) if found else 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._length

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Give the rows, of which few are held at a time."""
        with _opened() as connection:
            found = connection.execute("select * from read_parquet(?)", [str(self._path)])
            while rows := found.fetchmany(_AT_ONCE):
                yield from rows

    def _grid(self) -> Grid:
        with _opened() as connection:
            sql = f"select * from read_parquet(?) limit {MOST_SHOWN + 1}"
            rows = connection.execute(sql, [str(self._path)]).fetchall()
        grid = grid_of(Rows(list(self.columns), list(self._types), rows, more=False))
        return grid.showing(replace(grid.shown, notes=self._said))

    def _parquet(self) -> Path:
        return self._path

    def _csv(self) -> Iterator[bytes]:
        with temporary_folder() as folder:
            made = folder / "rows.csv"
            with _opened() as connection:
                connection.execute(
                    f"copy (from read_parquet({literal(self._path)})) to {literal(made)} (format csv, header)"
                )
            with made.open("rb") as file:
                yield from in_pieces(file)


def _narrowed(given: Path, wide: Iterable[str]) -> Path:
    """Make BIGINT, which every library takes for whole numbers, of sums that came as DECIMAL, unless larger."""
    import duckdb

    made = given.with_name("rows.parquet")
    quoted = [name.replace('"', '""') for name in wide]
    cast = ", ".join(f'cast("{name}" as bigint) as "{name}"' for name in quoted)
    with _opened() as connection:
        try:
            connection.execute(
                f"copy (select * replace ({cast}) from read_parquet({literal(given)})) to {literal(made)} "
                "(format parquet, compression zstd)"
            )
        except duckdb.ConversionException:
            return given
    given.unlink()
    return made


def _opened() -> closing[duckdb.DuckDBPyConnection]:
    import duckdb

    return closing(duckdb.connect())
