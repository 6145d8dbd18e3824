"""Tables that come of questions: rows for programs, and how people read them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from jumelage.errors import OutputError
from jumelage.texts import NOT_WRITTEN, filled

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import BinaryIO

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from jumelage.render.grid import Grid
    from jumelage.reporting.entries import Ledger as Judged
    from jumelage.reporting.sheet import Sheet

MOST_SHOWN = 500  # rows of a table in a notebook
_FEW = 20  # rows of its text


class Result(ABC):
    """A table: named columns, and rows of values as programs read them, which are codes.

    Iterating gives the rows as tuples, one value per column, None where there is none; `len` is their number. What was
    returned does not change, and needs the reader that it came from no longer. A notebook shows it as people read it:
    with headings, names for codes, ranges, and notes below; its text, in a console, is a short form of that.
    """

    def __init__(self, columns: Iterable[str], lang: str) -> None:
        """Keep the names of the columns, and the language in which it is shown."""
        self.columns = tuple(columns)
        self._lang = lang

    @property
    @abstractmethod
    def types(self) -> tuple[str, ...]:
        """The type of each column as DuckDB names it, such as BIGINT, DECIMAL(18,1), VARCHAR, on any engine."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of rows."""

    @abstractmethod
    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Give the rows, each a tuple of one value per column."""

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """All rows, each a tuple of one value per column."""
        return list(self)

    @property
    def title(self) -> str:
        """What people read above the table; empty if it has no title."""
        return self._grid().shown.title

    @property
    def notes(self) -> tuple[str, ...]:
        """What must stand beside the rows: remarks on the waves, how the report counts."""
        return self._grid().shown.notes

    def to_arrow(self) -> pa.Table:
        """Return a table of pyarrow, of one row per row; UsageError if pyarrow is not installed.

        Whole numbers are int64, others decimal, as exact as they were computed, or double where the query gave that.
        """
        from jumelage.api.frames import arrow_of

        return arrow_of(self._parquet())

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame of pandas, of one row per row; UsageError if pandas or pyarrow is not installed.

        Whole numbers are Int64, in which a missing one is missing and the others stay whole; other numbers are float64.
        """
        from jumelage.api.frames import pandas_of

        return pandas_of(self._parquet())

    def to_polars(self) -> pl.DataFrame:
        """Return a data frame of polars, of one row per row; UsageError if polars is not installed."""
        from jumelage.api.frames import polars_of

        return polars_of(self._parquet())

    @overload
    def to_csv(self, path: None = None) -> str: ...

    @overload
    def to_csv(self, path: str | os.PathLike[str]) -> None: ...

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Return the rows as CSV, in UTF-8 with commas and one line of headings, as `--format csv` prints a report.

        With a path they are written there instead, whole or not at all, in place of a file of that name; OutputError if
        it cannot be written.
        """
        if path is None:
            return b"".join(self._csv()).decode()
        from jumelage.writing import write_whole

        try:
            write_whole(self._csv(), Path(path).resolve())
        except OSError as error:
            raise OutputError(filled(NOT_WRITTEN, path, error.strerror)) from error
        return None

    def __repr__(self) -> str:
        """Return the first rows as people read them."""
        from jumelage.render import terminal
        from jumelage.render.fragment import first_of

        return "".join(terminal.render(first_of(self._grid(), self._lang, _FEW), plain=True)).rstrip("\n")

    def _repr_html_(self) -> str:
        """Return the table for a notebook: every text escaped, of a long one the first 500 rows."""
        from jumelage.render.fragment import first_of, grid_fragment

        return grid_fragment(first_of(self._grid(), self._lang, MOST_SHOWN), self._lang)

    @abstractmethod
    def _grid(self) -> Grid:
        """Return the rows for people; they may be read once, and only the first be there."""

    @abstractmethod
    def _parquet(self) -> Path | BinaryIO:
        """Return a Parquet file of the rows."""

    @abstractmethod
    def _csv(self) -> Iterator[bytes]:
        """Give the rows as CSV, in pieces."""


class Table(Result):
    """A table that holds its rows in memory."""

    def __init__(
        self, made: Callable[[], Grid], lang: str, html: Callable[[], str] | None = None, title: str = ""
    ) -> None:
        """Keep how its grid is made, and how a notebook shows it if not as a grid."""
        self._made, self._title, self._html = made, title, html
        grid = made()
        self._rows = tuple(grid.rows)
        super().__init__(grid.names, lang)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The type of each column, found by its values; VARCHAR for a column of texts, or without any value."""
        from jumelage.render.parquet import types_of

        return tuple(types_of(self._grid()).values())

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Give the rows: whole numbers are int, others Decimal, all else is text; None where there is nothing."""
        return iter(self._rows)

    def _repr_html_(self) -> str:
        return self._html() if self._html else super()._repr_html_()

    def _grid(self) -> Grid:
        grid = replace(self._made(), rows=self._rows)
        return grid.showing(replace(grid.shown, title=self._title)) if self._title else grid

    def _parquet(self) -> BinaryIO:
        from jumelage.render.parquet import render_parquet

        return BytesIO(render_parquet(self._grid()))

    def _csv(self) -> Iterator[bytes]:
        from jumelage.render import renderer

        return (piece.encode() for piece in renderer("csv")(self._grid()))


class Ledger(Table):
    """Every printed figure of a wave, a row each, with what the rows say of it and its status."""

    def __init__(self, found: Judged, sheets: Mapping[str, Sheet], lang: str) -> None:
        """Keep a ledger, and the sheets whose words it is shown with."""
        from jumelage.render.fragment import ledger_fragment
        from jumelage.render.ledger import of_ledger
        from jumelage.render.words import words

        self._judged = found
        super().__init__(
            lambda: of_ledger(found, lang),
            lang,
            lambda: ledger_fragment(found, dict(sheets), lang),
            words(lang)["ledger"],
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """What makes `jumelage check` fail, a sentence each, in English; nothing if all is well."""
        return self._judged.problems

    def counts(self) -> dict[str, int]:
        """Return the number of printed figures of each status that there is, such as `reproduced`."""
        return self._judged.counts()
