"""A publication as a system of whole numbers: what is unknown, what is computed of it, what is printed of that.

No solver and no database is needed for it. A world is a value for each unknown; a world costs the edits that lead to
it from what is said, plus the printed cells that are wrong in it. A repair is a world that costs least, told by its
edits: two worlds with the same edits are one repair.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

AGREEMENTS, ANSWERS, OPEN = "agreements", "answers", "open"
Cell = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Linear:
    """A constant and a sum of nodes, each times a whole number."""

    constant: int = 0
    terms: tuple[tuple[int, int], ...] = ()

    def plus(self, other: Linear, times: int = 1) -> Linear:
        """Return this and another one, `times` over."""
        found = {node: factor for factor, node in self.terms}
        for factor, node in other.terms:
            found[node] = found.get(node, 0) + times * factor
        terms = tuple((factor, node) for node, factor in found.items() if factor)
        return Linear(self.constant + times * other.constant, terms)

    def times(self, factor: int) -> Linear:
        """Return it several times over."""
        return Linear(self.constant * factor, tuple((factor * one, node) for one, node in self.terms))

    def of(self, values: Sequence[int]) -> int:
        """Return its value where nodes have these values."""
        return self.constant + sum(factor * values[node] for factor, node in self.terms)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A whole number from `low` to `high`: agreements of a town with a country, or answers of an item.

    `start` is what is said of it; each unit away from it costs `weight`. None where nothing is said: then it costs
    nothing. `among` counts the towns that a change of answers may be of, where it goes up and where it goes down:
    towns that nothing published tells apart.
    """

    name: tuple[str, ...]
    low: int
    high: int
    start: int | None
    weight: int = 1
    among: tuple[Linear, Linear] | None = None


@dataclass(frozen=True, slots=True)
class Computed:
    """A number that follows from others: their sum, or with `least` or `most` one where the sum lies within, else 0."""

    total: Linear
    least: int | None = None
    most: int | None = None

    @property
    def test(self) -> bool:
        """Whether it is 1 or 0."""
        return self.least is not None or self.most is not None


@dataclass(frozen=True, slots=True)
class Check:
    """A sum that must lie within bounds; None is no bound."""

    total: Linear
    least: int | None
    most: int | None

    def holds(self, values: Sequence[int]) -> bool:
        """Tell whether it does where nodes have these values."""
        found = self.total.of(values)
        return (self.least is None or found >= self.least) and (self.most is None or found <= self.most)


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed figure: its cell, its text, and the checks that all hold where it is right.

    `says` is the number that the rows make of the cell and `spread` by how much answers that are open may raise it;
    of a quotient, `over` is what it is divided by and `scale` what it is multiplied by. `weight` is what it costs to
    call it wrong. One that is `blank` was left out of a table that is complete. A `fixed` one is not to be doubted.
    It states that the number lies from `least` to `most`, or is more than the `share` (numerator, denominator) of
    a whole.
    """

    cell: Cell
    text: str
    checks: tuple[Check, ...]
    says: Linear
    spread: Linear = Linear()
    over: Linear | None = None
    scale: int = 1
    weight: int = 1
    blank: bool = False
    fixed: bool = False
    least: int | None = None
    most: int | None = None
    share: tuple[int, int, Linear] | None = None

    def right(self, values: Sequence[int]) -> bool:
        """Tell whether it is right where nodes have these values."""
        return all(check.holds(values) for check in self.checks)

    def made(self, values: Sequence[int]) -> tuple[int, int] | None:
        """Return the least and most that the rows make of it, within what is printed where that can be.

        None for a quotient, which is no whole number.
        """
        if self.over is not None:
            return None
        low = self.says.of(values)
        high = low + self.spread.of(values)
        if not self.right(values):
            return low, high
        stated = [low] if self.least is None else [low, self.least]
        if self.share is not None:
            part, whole, of = self.share
            stated.append(part * of.of(values) // whole + 1)
        return max(stated), high if self.most is None else min(high, self.most)


@dataclass(frozen=True, slots=True)
class System:
    """All that a publication says: nodes are the unknowns, then what is computed of those before.

    `rules` hold in every world; `printed` figures may be wrong. `unexpressed` are cells that no sum of rows is, with
    why; `cells` are others that were asked for. `towns` and `countries` are those that rows may have.
    """

    unknowns: tuple[Unknown, ...]
    computed: tuple[Computed, ...]
    rules: tuple[Check, ...]
    printed: tuple[Printed, ...]
    unexpressed: tuple[tuple[str, str, str], ...] = ()
    towns: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    cells: tuple[Printed, ...] = ()

    def start(self) -> list[int]:
        """Return the value of each unknown that is said, and the least one of the others."""
        return [one.low if one.start is None else one.start for one in self.unknowns]

    def values(self, chosen: Iterable[int]) -> list[int]:
        """Return the value of each node where the unknowns have these."""
        values = list(chosen)
        for one in self.computed:
            total = one.total.of(values)
            if one.test:
                total = int((one.least is None or total >= one.least) and (one.most is None or total <= one.most))
            values.append(total)
        return values

    def possible(self, values: Sequence[int]) -> bool:
        """Tell whether nothing that must hold is broken: bounds, rules and fixed figures."""
        within = all(one.low <= value <= one.high for one, value in zip(self.unknowns, values, strict=False))
        return (
            within
            and all(rule.holds(values) for rule in self.rules)
            and all(one.right(values) for one in self.printed if one.fixed)
        )

    def wrong(self, values: Sequence[int]) -> tuple[int, ...]:
        """Return the places of the printed figures that are wrong where nodes have these values."""
        return tuple(i for i, one in enumerate(self.printed) if not one.right(values))

    def moved(self, values: Sequence[int]) -> dict[int, int]:
        """Return, by the place of the unknown, by how much it differs from what is said."""
        pairs = enumerate(zip(self.unknowns, values, strict=False))
        return {i: value - one.start for i, (one, value) in pairs if one.start is not None and value != one.start}

    def cost(self, values: Sequence[int]) -> int:
        """Return what a world costs: the edits that lead to it and the figures that are wrong in it."""
        edits = sum(abs(by) * self.unknowns[i].weight for i, by in self.moved(values).items())
        return edits + sum(self.printed[i].weight for i in self.wrong(values))

    def repair(self, values: Sequence[int]) -> Repair:
        """Return the repair that a world is of."""
        moved = self.moved(values)
        count = 1
        for i, by in moved.items():
            among = self.unknowns[i].among
            if among is not None:
                count *= comb(among[by < 0].of(values), abs(by))
        figures = {i: self.printed[i].made(values) for i in self.wrong(values)}
        return Repair(tuple(sorted(moved.items())), figures, self.cost(values), count)


@dataclass(frozen=True, slots=True)
class Repair:
    """Edits that make everything agree: by how much each unknown moves, and the figures that are wrong.

    `wrong` gives of each of these, by its place, what the rows then make of it at least and at most. `count` is the
    number of repairs that differ only by towns that nothing published tells apart.
    """

    moved: tuple[tuple[int, int], ...]
    wrong: Mapping[int, tuple[int, int] | None]
    cost: int
    count: int = 1

    @property
    def name(self) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...]]:
        """What tells it from others."""
        return self.moved, tuple(sorted(self.wrong))

    def holds(self, other: Repair) -> bool:
        """Tell whether another repair is a part of this one."""
        mine, wrong = dict(self.moved), set(self.wrong)
        return set(other.wrong) <= wrong and all(
            i in mine and mine[i] * by > 0 and abs(mine[i]) >= abs(by) for i, by in other.moved
        )
