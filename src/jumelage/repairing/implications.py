"""What is implied of the cells of a wave, as it is told, kept and read again: no solver and no database is needed.

It is of the content of a wave, whose hash it holds, and no fact of a row.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from jumelage.errors import UsageError
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jumelage.repairing.model import Cell
    from jumelage.reporting.sheet import Value

ALL_YES, ALL_NO = "all yes", "all no"
Range = tuple[int | Decimal, int | Decimal]
_FORMAT = 1
_LARGEST = 10**15  # whatever is printed of a survey is less


@dataclass(frozen=True, slots=True)
class Implied:
    """A cell: what is printed, the range that the rows give, and that which all printed figures leave.

    `others` is the range that all other figures leave, where the rows leave it open and it is printed; `fixed` tells
    that these others leave one number. `told` says of the answers that are open, ALL_YES or ALL_NO, where that can be
    told.
    """

    cell: Cell
    printed: str
    rows: tuple[Value, Value]
    low: int | Decimal
    high: int | Decimal
    others: Range | None = None
    told: str = ""

    @property
    def fixed(self) -> bool:
        """Whether a figure that the rows leave open is fixed by the others."""
        return self.others is not None and self.others[0] == self.others[1]


@dataclass(frozen=True, slots=True)
class Implications:
    """What is implied of the cells of a wave, or of one `report` of it.

    `minimum` is the size of the smallest repairs, over all of which the ranges are; 0 where all that is printed agrees.
    `about` gives wave, revision and content_hash.
    """

    about: Mapping[str, Any]
    report: str | None
    minimum: int
    cells: tuple[Implied, ...]

    def by_cell(self) -> dict[Cell, Implied]:
        """Return what is implied of each cell, by it."""
        return {one.cell: one for one in self.cells}


def written(found: Implications) -> str:
    """Return the text of what is implied as it is kept."""
    cells = [
        {
            **dict(zip(("report", "key", "measure"), one.cell, strict=True)),
            "printed": one.printed,
            "rows": one.rows,
            "implied": (one.low, one.high),
            "others": one.others,
            "fixed": one.fixed,
            "told": one.told,
        }
        for one in found.cells
    ]
    lines = ",\n  ".join(json.dumps(one, ensure_ascii=False, default=float) for one in cells)
    head = {"format": _FORMAT, **found.about, "report": found.report, "minimum": found.minimum}
    return f'{json.dumps(head, ensure_ascii=False, indent=1)[:-2]},\n "cells": [\n  {lines}\n ]\n}}\n'


def read_implications(text: str, name: str) -> Implications:
    """Return what was kept; UsageError names the file if it is none, is damaged, or is of another version."""
    try:
        return _made(json.loads(text, parse_float=Decimal))
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError) as error:
        raise UsageError(
            both(
                "{} n’est pas un résultat de `jumelage implied -o`\u00a0; refaites-le",
                "{} is no result of `jumelage implied -o`; make it again",
                name,
            )
        ) from error


def _made(kept: Any) -> Implications:  # noqa: ANN401
    """Return what a file says; ValueError, TypeError or KeyError where it cannot be meant."""
    if kept["format"] != _FORMAT:
        raise ValueError(kept["format"])
    about = {"wave": _text(kept["wave"]), "revision": _whole(kept["revision"]), "content_hash": kept["content_hash"]}
    _text(about["content_hash"])
    report = None if kept["report"] is None else _text(kept["report"])
    return Implications(about, report, _whole(kept["minimum"]), tuple(map(_cell, _list(kept["cells"]))))


def _cell(kept: Any) -> Implied:  # noqa: ANN401
    cell = (_text(kept["report"]), _text(kept["key"]), _text(kept["measure"]))
    low, high = _list(kept["rows"])
    rows = (None if low is None else _number(low), None if high is None else _number(high))
    others = None if kept["others"] is None else _range(kept["others"])
    found = Implied(cell, _text(kept["printed"]), rows, *_range(kept["implied"]), others, kept["told"])
    if kept["fixed"] is not found.fixed or found.told not in {"", ALL_YES, ALL_NO}:
        raise ValueError(cell)
    return found


def _range(kept: Any) -> Range:  # noqa: ANN401
    low, high = map(_number, _list(kept))
    if low > high:
        raise ValueError(kept)
    return low, high


def _list(kept: Any) -> list[Any]:  # noqa: ANN401
    if not isinstance(kept, list):
        raise TypeError(kept)
    return kept


def _text(kept: Any) -> str:  # noqa: ANN401
    if not isinstance(kept, str):
        raise TypeError(kept)
    return kept


def _whole(kept: Any) -> int:  # noqa: ANN401
    if not isinstance(kept, int) or isinstance(kept, bool) or not 0 <= kept <= _LARGEST:
        raise TypeError(kept)
    return kept


def _number(kept: Any) -> int | Decimal:  # noqa: ANN401
    if isinstance(kept, bool) or not isinstance(kept, int | Decimal) or not -_LARGEST <= kept <= _LARGEST:
        raise TypeError(kept)
    return kept
