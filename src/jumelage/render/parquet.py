"""Parquet: the codes and columns of the CSV, each column of one type, so that a program need not guess any."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

from jumelage.database.parquet import write_parquet
from jumelage.render.grid import some_at_a_time
from jumelage.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import BinaryIO

    from jumelage.render.grid import Grid
    from jumelage.reporting.sheet import Value

_LARGEST = 2**63 - 1
_MOST_DIGITS = (18, 38)  # of a DECIMAL that is kept as a BIGINT, and of any


def render_parquet(grid: Grid) -> bytes:
    """Return a Parquet file of the rows of a grid; the same rows give the same bytes.

    Whole numbers are BIGINT; others DECIMAL, which is exact as the CSV is and as DOUBLE is not, with as many decimals
    as the column needs. All else is VARCHAR, numbers too in a column that has texts. A column without any value is
    VARCHAR, unless it can only have numbers. Nothing is null, and an empty text is one.
    """
    with temporary_folder() as folder:
        rows, out = folder / "rows.json", folder / "rows.parquet"
        with rows.open("wb") as file:
            seen = _spool(grid, file)
        write_parquet(rows, _kinds(grid, seen), out)
        return out.read_bytes()


def types_of(grid: Grid) -> dict[str, str]:
    """Return the type that each column of a grid has in its Parquet file."""
    seen = [_Seen() for _ in grid.names]
    for rows in some_at_a_time(grid.rows):
        _see(seen, rows)
    return _kinds(grid, seen)


def _kinds(grid: Grid, seen: Sequence[_Seen]) -> dict[str, str]:
    return {name: of.kind(number=name in grid.numbers) for name, of in zip(grid.names, seen, strict=True)}


def _see(seen: Sequence[_Seen], rows: Sequence[tuple[Value, ...]]) -> None:
    for of, values in zip(seen, zip(*rows, strict=True), strict=True):
        of.see(values)


class _Seen:
    """What was seen of the values of a column."""

    def __init__(self) -> None:
        self.types: set[type] = set()
        self.largest = 0
        self.whole = self.decimals = 0  # digits before and behind the point

    def see(self, values: Iterable[Value]) -> None:
        found = set(map(type, values))
        self.types |= found
        if str in self.types:
            return
        if int in found:
            self.largest = max(self.largest, *(abs(value) for value in values if isinstance(value, int)))
        if Decimal in found:
            for value in values:
                if isinstance(value, Decimal):
                    _, digits, exponent = value.as_tuple()
                    self.decimals = max(self.decimals, -int(exponent))
                    self.whole = max(self.whole, len(digits) + int(exponent))

    def kind(self, *, number: bool) -> str:
        """Return the type of the column."""
        types = self.types - {type(None)}
        if not types:
            return "BIGINT" if number else "VARCHAR"
        if str in types:
            return "VARCHAR"
        if Decimal not in types and self.largest <= _LARGEST:
            return "BIGINT"
        digits = max(self.whole, len(str(self.largest))) + self.decimals
        width = next((most for most in _MOST_DIGITS if digits <= most), None)
        return f"DECIMAL({width}, {self.decimals})" if width else "VARCHAR"


_encode: Callable[[object], str] = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=lambda value: format(value, "f")
).encode


def _spool(grid: Grid, file: BinaryIO) -> list[_Seen]:
    """Write rows as one JSON array, exact numbers as texts, and return what was seen of each column."""
    seen = [_Seen() for _ in grid.names]
    before = "["
    for rows in some_at_a_time(grid.rows):
        _see(seen, rows)
        objects = [dict(zip(grid.names, row, strict=True)) for row in rows]
        file.write(f"{before}{_encode(objects)[1:-1]}".encode())
        before = ","
    file.write(b"[]" if before == "[" else b"]")
    return seen
