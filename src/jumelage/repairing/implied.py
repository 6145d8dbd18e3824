"""What the printed figures imply: for each cell the range over all worlds that they leave, beside that of the rows.

Where they contradict themselves, these are the worlds of all smallest repairs. What is implied is no fact of a row.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from jumelage.errors import LimitError
from jumelage.repairing import cpsat
from jumelage.repairing.counting import Wanted
from jumelage.repairing.derive import system_of
from jumelage.repairing.search import Asked, minimum
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jumelage.repairing.model import Cell, Printed, System
    from jumelage.repairing.publication import Publication
    from jumelage.reporting.sheet import Value

ALL_YES, ALL_NO = "all yes", "all no"
_MOST = 5000  # repairs of the smallest size that are looked at
Range = tuple[int | Decimal, int | Decimal]


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


def implied(
    given: Publication, rows: Mapping[Cell, tuple[Value, Value]], seconds: float | None, report: str | None = None
) -> tuple[Implied, ...]:
    """Return what is implied of each cell, of all reports or one; `rows` are the ranges that the rows give.

    LimitError where time does not suffice, or there are too many smallest repairs to look at: no range is guessed.
    """
    until = None if seconds is None else time.monotonic() + seconds
    system, worlds = _worlds(given, until, rows)
    found: list[Implied] = []
    for cell, figures in _by_cell(system).items():
        if report is not None and cell[0] != report:
            continue
        alone = rows.get(cell, (0, 0))
        low, high = _range(figures, worlds)
        text = " | ".join(one.text for one in figures if one.text)
        stated = any(one.checks for one in figures)
        others = _others(given, system, cell, worlds, until, rows) if stated and alone[0] != alone[1] else None
        told = _told(system, figures[0], worlds)
        found.append(Implied(cell, text, alone, low, high, others, told))
    return tuple(found)


def _worlds(
    given: Publication, until: float | None, cells: Iterable[Cell]
) -> tuple[System, tuple[tuple[int, ...], ...]]:
    """Return the worlds of all smallest repairs, as values of the nodes of a system."""
    least = minimum(given, Asked(), until)
    if least.minimum is None:
        raise _limit()
    system = system_of(given, Wanted(max(least.minimum, 1)), cells)
    made = cpsat.repairs(system, least.minimum, _MOST, until)
    if not made.all_:
        raise _limit()
    return system, tuple(tuple(system.values(world)) for world in made.worlds)


def _limit() -> LimitError:
    return LimitError(
        both(
            "arrêté avant la fin\u00a0: toutes les plus petites réparations n’ont pu être vues, et aucun intervalle "
            "n’est donné\u00a0; --timeout donne plus de temps",
            "stopped before the end: not all smallest repairs could be looked at, and no range is given; --timeout "
            "gives more time",
        )
    )


def _by_cell(system: System) -> dict[Cell, list[Printed]]:
    found: dict[Cell, list[Printed]] = {}
    for one in (*system.printed, *system.cells):
        found.setdefault(one.cell, []).append(one)
    return found


def _range(figures: list[Printed], worlds: Iterable[tuple[int, ...]], *, own: bool = True) -> Range:
    """Return the least and most of a cell over all worlds; without its `own` figures, all that open answers leave."""
    chosen = figures if own else [_bare(figures[0])]
    ends = [_within(chosen, world) for world in worlds]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _bare(figure: Printed) -> Printed:
    return replace(figure, checks=(), least=None, most=None, share=None)


def _within(figures: list[Printed], values: tuple[int, ...]) -> Range:
    """Return the least and most of a cell in a world: what each of its figures leaves, where it is right."""
    if (over := figures[0].over) is not None:
        whole = over.of(values)
        part = Fraction(figures[0].says.of(values) * figures[0].scale, whole or 1)
        shown = (Decimal(part.numerator) / part.denominator).quantize(Decimal("0.1"), ROUND_HALF_UP)
        exact = int(shown) if shown == int(shown) else shown
        return exact, exact
    ranges = [made for one in figures if (made := one.made(values)) is not None]
    return max(low for low, _ in ranges), min(high for _, high in ranges)


def _others(
    given: Publication,
    system: System,
    cell: Cell,
    worlds: tuple[tuple[int, ...], ...],
    until: float | None,
    rows: Mapping[Cell, tuple[Value, Value]],
) -> Range:
    """Return the range that all figures but those of a cell leave.

    Answers that are open are those of one cell alone: its own figures narrow no other. Where that is not so, the
    worlds are looked for again without them.
    """
    figures = _by_cell(system)[cell]
    spread = figures[0].spread
    if spread.constant or spread.terms:
        return _range(figures, worlds, own=False)
    less = replace(given, figures=tuple(one for one in given.figures if (one.report, one.key, one.measure) != cell))
    other, found = _worlds(less, until, rows)
    return _range([_bare(one) for one in _by_cell(other)[cell]], found)


def _told(system: System, figure: Printed, worlds: Iterable[tuple[int, ...]]) -> str:
    """Say what can be told of open answers: that all are yes, or all no."""
    if not (figure.spread.constant or figure.spread.terms):
        return ""
    figures = _by_cell(system)[figure.cell]
    said = set()
    for world in worlds:
        low, high = _within(figures, world)
        least, untold = figure.says.of(world), figure.spread.of(world)
        said.add("" if not untold else ALL_YES if low == least + untold else ALL_NO if high == least else "")
    return said.pop() if len(said) == 1 else ""
