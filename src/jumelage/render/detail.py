"""The rows behind a cell as a grid: codes for programs, names beside them for people."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from jumelage.render.grid import Grid, Shown, plain_text, some_at_a_time
from jumelage.render.words import heading
from jumelage.texts import Label

if TYPE_CHECKING:
    from jumelage.reporting.sheet import Detail

_NOT_ADDITIVE = Label(
    "not_additive\u00a0: la cellule n’est pas la somme de ces lignes",
    "not_additive: the cell is not the sum of these rows",
)


def of_detail(detail: Detail, title: str, lang: str) -> Grid:
    """Make the grid of the rows behind a cell, which are read as they are rendered."""
    blocks = some_at_a_time(detail.rows)
    first = next(blocks, [])
    numeric = tuple(
        any(not isinstance(value, str) for value in column if value is not None)
        for column in (zip(*first, strict=True) if first else [()] * len(detail.columns))
    )
    rows = chain(first, chain.from_iterable(blocks))
    texts = (tuple(plain_text(value, lang) for value in row) for row in rows)
    notes = () if detail.additive else (_NOT_ADDITIVE.text(lang),)
    headings = tuple(heading(name, lang) for name in detail.columns)
    return Grid(detail.columns, rows, Shown(title, headings, texts, numeric, notes=notes))
