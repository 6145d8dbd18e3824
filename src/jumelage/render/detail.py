"""The rows behind a cell as a grid: codes for programs, names beside them for people."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from jumelage.content import answers
from jumelage.render.grid import Grid, Shown, plain_text, some_at_a_time
from jumelage.render.words import heading_behind
from jumelage.reporting.sheet import SPECIAL
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jumelage.report_file import Report
    from jumelage.reporting.sheet import Detail, Value

    Names = Mapping[str, Mapping[str, Label]]

_NOT_ADDITIVE = Label(
    "not_additive\u00a0: la cellule n’est pas la somme de ces lignes",
    "not_additive: the cell is not the sum of these rows",
)
_SPARE = 4  # characters that a text may be longer than those of the first rows, and a number too


def of_detail(detail: Detail, title: str, lang: str, report: Report, names: Names) -> Grid:
    """Make the grid of the rows behind a cell of a report, which are read as they are rendered.

    `names` are labels by column and code, which people read before the code. Programs get the rows as they are.
    """
    names = dict.fromkeys(("answer", "answered"), answers("answers")) | dict(names)
    blocks = some_at_a_time(detail.rows)
    first = next(blocks, [])
    numeric = tuple(
        any(not isinstance(value, str) for value in column if value is not None) and name not in names
        for name, column in zip(
            detail.columns, zip(*first, strict=True) if first else [()] * len(detail.columns), strict=True
        )
    )
    rows = chain(first, chain.from_iterable(blocks))
    told = [_told(names.get(name, {}), lang) for name in detail.columns]
    texts = [_texts(of, lang) for of in told]
    longest = [max(len(str(value)) for value in column) for column in zip(*first, strict=True)]
    widest = tuple(
        max(of.values(), key=len, default="-" * (longest[place] + _SPARE))
        for place, of in enumerate(told if first else ())
    )
    shown = (tuple([text(value) for text, value in zip(texts, row, strict=True)]) for row in rows)
    notes = () if detail.additive else (_NOT_ADDITIVE.text(lang),)
    headings = tuple(heading_behind(report, name, lang) for name in detail.columns)
    people = Shown(title, headings, shown, numeric, notes=notes, widest=widest)
    return Grid(detail.columns, rows, lambda: people)


def _told(labels: Mapping[str, Label], lang: str) -> dict[str, str]:
    """Return what people read for the codes of a column: the label, and the code in brackets where it is another."""
    if not labels:
        return {}
    said = {code: label.text(lang) for code, label in {**SPECIAL, **labels}.items()}
    return {code: label if label.casefold() == code.casefold() else f"{label} ({code})" for code, label in said.items()}


def _texts(told: Mapping[str, str], lang: str) -> Callable[[Value], str]:
    """Return what writes a value of a column."""

    def text(value: Value) -> str:
        return (told.get(value) if isinstance(value, str) else None) or plain_text(value, lang)

    return text
