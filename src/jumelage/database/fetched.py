"""How columns of a query are fetched: as they are where all that reads them knows their type, else as texts.

A text is the engine's own, so that it can be written back into a query; a driver makes things of Python of the same
value, which show as such: `datetime.timedelta` for an interval, and thirty days for its month.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BEFORE = "select * from (\n"
# The types that are fetched as they are, by their names on either engine: numbers, truth, texts. No date is among
# them: `infinity` is one, which is none in Python.
_PLAIN = re.compile(
    r"u?(?:tiny|small|big|huge)int|u?integer|float|double|real|decimal|numeric|int[248]|float[48]|oid|bool(?:ean)?|"
    r"varchar|text|bpchar|name",
    re.IGNORECASE,
)
_OF_CELLS = re.compile(r"date|timestamp\w*(?: with time zone)?", re.IGNORECASE)  # which a worksheet has besides
_WIDE = {"HUGEINT", "UHUGEINT"}  # Parquet has none, and DOUBLE is not exact


def fetching(columns: Sequence[tuple[str, str]]) -> str:
    """Return how a query begins around another one, with these columns of these types, whose rows are fetched."""
    return _beginning(columns, {name: "varchar" for name, kind in columns if not _is(_PLAIN, kind)})


def keeping(columns: Sequence[tuple[str, str]], *, cells: bool) -> str:
    """Return how one begins whose rows DuckDB writes to a Parquet file; for `cells` of a worksheet with fewer types."""
    casts = {name: "decimal(38, 0)" for name, kind in columns if kind in _WIDE}
    if cells:
        known = (_PLAIN, _OF_CELLS)
        casts |= {name: "varchar" for name, kind in columns if not any(_is(types, kind) for types in known)}
    return _beginning(columns, casts)


def _is(types: re.Pattern[str], kind: str) -> bool:
    return types.fullmatch(re.sub(r"\([\d, ]+\)$", "", kind)) is not None


def _beginning(columns: Sequence[tuple[str, str]], casts: dict[str, str]) -> str:
    if not casts:
        return BEFORE
    names = [(name, '"{}"'.format(name.replace('"', '""'))) for name, _ in columns]
    listed = (f"cast({quoted} as {casts[name]}) as {quoted}" if name in casts else quoted for name, quoted in names)
    return f"select {', '.join(listed)} from (\n"
