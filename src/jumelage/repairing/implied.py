"""What the printed figures imply: for each cell the range over all worlds that they leave, beside that of the rows.

Where they contradict themselves, these are the worlds of all smallest repairs. What is implied is no fact of a row.
"""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from jumelage.errors import LimitError
from jumelage.repairing import cpsat
from jumelage.repairing.counting import Wanted
from jumelage.repairing.derive import system_of
from jumelage.repairing.implications import ALL_NO, ALL_YES, Implications, Implied, Range
from jumelage.repairing.search import Asked, minimum
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jumelage.repairing.model import Cell, Printed, System
    from jumelage.repairing.publication import Publication
    from jumelage.reporting.sheet import Value

_MOST = 5000  # repairs of the smallest size that are looked at
_Worlds = tuple[tuple[int, ...], ...]


def implied(
    given: Publication,
    rows: Mapping[Cell, tuple[Value, Value]],
    seconds: float | None,
    about: Mapping[str, Any],
    report: str | None = None,
) -> Implications:
    """Return what is implied of each cell, of all reports or one; `rows` are the ranges that the rows give.

    `about` says what it is of. LimitError where time does not suffice, or there are too many smallest repairs to look
    at: no range is guessed.
    """
    until = None if seconds is None else time.monotonic() + seconds
    least = minimum(given, Asked(), until).minimum
    if least is None:
        raise _limit()
    system = system_of(given, Wanted(max(least, 1)), rows)
    worlds = _worlds(system, least, until)
    found: list[Implied] = []
    for cell, figures in _by_cell(system).items():
        if report is not None and cell[0] != report:
            continue
        alone = rows.get(cell, (0, 0))
        low, high = _range(figures, worlds)
        text = " | ".join(one.text for one in figures if one.text)
        stated = any(one.checks for one in figures)
        others = _others(system, figures, worlds, least, until) if stated and alone[0] != alone[1] else None
        found.append(Implied(cell, text, alone, low, high, others, _told(figures, worlds)))
    return Implications(about, report, least, tuple(found))


def _worlds(system: System, cost: int, until: float | None) -> _Worlds:
    """Return all worlds of a cost, as values of the nodes of a system."""
    made = cpsat.repairs(system, cost, _MOST, until)
    if not made.all_:
        raise _limit()
    return made.worlds


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


def _range(figures: list[Printed], worlds: _Worlds, *, own: bool = True) -> Range:
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


def _others(system: System, figures: list[Printed], worlds: _Worlds, least: int, until: float | None) -> Range:
    """Return the range that all figures but those of a cell leave.

    Answers that are open are those of one cell alone: its own figures narrow no other. Where that is not so, the
    worlds are looked for again without them. These cost no more than all smallest repairs do, and less by no more than
    it costs to call the figures of the cell wrong, so that no other cost needs to be looked at.
    """
    if _open(figures[0]):
        return _range(figures, worlds, own=False)
    own = sum(one.weight for one in figures if one.checks)
    less = replace(system, printed=tuple(one for one in system.printed if one.cell != figures[0].cell))
    for cost in range(max(0, least - own), least + 1):
        if found := _worlds(less, cost, until):
            return _range(figures, found, own=False)
    raise AssertionError("what is possible with a figure is not without it")


def _open(figure: Printed) -> bool:
    """Tell whether answers that are open may raise what the rows make of a cell."""
    return bool(figure.spread.constant or figure.spread.terms)


def _told(figures: list[Printed], worlds: _Worlds) -> str:
    """Say what can be told of open answers: that all are yes, or all no."""
    figure = figures[0]
    if not _open(figure):
        return ""
    said = set()
    for world in worlds:
        low, high = _within(figures, world)
        least, untold = figure.says.of(world), figure.spread.of(world)
        said.add("" if not untold else ALL_YES if low == least + untold else ALL_NO if high == least else "")
    return said.pop() if len(said) == 1 else ""
