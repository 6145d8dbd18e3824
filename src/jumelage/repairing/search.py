"""The search for repairs: the least cost with its proof, all repairs of it and of the next ones, conflicting sets.

A row may grow by no more than there is room for. What costs no more than the room is found whatever it is, so that a
minimum within the room is the minimum; where it is more, there is a search with more room.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jumelage.errors import UsageError
from jumelage.repairing import cpsat
from jumelage.repairing.conflicts import NO_CONFLICTS, Conflicts, conflicts
from jumelage.repairing.counting import Wanted
from jumelage.repairing.derive import system_of
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Callable

    from jumelage.repairing.model import Repair, System
    from jumelage.repairing.publication import Publication

_ROOM = 3
_MOST_ROOM = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a search: what is fixed and weighs how much, sizes beyond the least, repairs that are told."""

    fixed: tuple[tuple[str, str], ...] = ()
    weights: tuple[tuple[str, str, int], ...] = ()
    slack: int = 0
    most: int = 1000
    seconds: float | None = None
    sets: bool = True


@dataclass(frozen=True, slots=True)
class Size:
    """The repairs of one cost; `complete` tells whether these are all."""

    cost: int
    repairs: tuple[Repair, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found: the system, the proved lower bound, the sizes from the least one, and conflicting sets.

    `best` is the cost of the best repair found, which is the minimum where it is `low`. `worlds` are those of the
    least cost.
    """

    system: System
    low: int
    best: int | None
    sizes: tuple[Size, ...] = ()
    conflicts: Conflicts = NO_CONFLICTS
    worlds: tuple[tuple[int, ...], ...] = ()
    ended: bool = True

    @property
    def minimum(self) -> int | None:
        """The least cost, where it is proved."""
        return self.best if self.best == self.low else None

    @property
    def finished(self) -> bool:
        """Whether all that was asked for was done in time; a stated bound on the list is no lack of time."""
        return self.minimum is not None and self.ended


def search(given: Publication, asked: Asked, told: Callable[[str, int], None] = lambda _what, _number: None) -> Search:
    """Search the repairs of a publication; UsageError if what is held fixed leaves none.

    `told` is given what is being done, with a number.
    """
    until = None if asked.seconds is None else time.monotonic() + asked.seconds
    found = minimum(given, asked, until, told)
    cost = found.minimum
    if cost is None:
        return found
    system = found.system
    if asked.slack:
        system = system_of(given, _wanted(asked, cost + asked.slack))
    sizes: list[Size] = []
    worlds: tuple[tuple[int, ...], ...] = ()
    for size in range(cost, cost + asked.slack + 1):
        made = cpsat.repairs(system, size, asked.most, until, lambda number: told("listing", number))
        smaller = [one for before in sizes for one in before.repairs]
        kept = tuple(one for one in made.repairs if not any(one.holds(other) for other in smaller))
        sizes.append(Size(size, kept, made.all_))
        worlds = worlds or made.worlds
        if until is not None and time.monotonic() > until:
            break
    ended = len(sizes) == asked.slack + 1 and all(one.complete or len(one.repairs) >= asked.most for one in sizes)
    sets = NO_CONFLICTS
    if cost and asked.sets and ended:
        told("conflicts", 0)
        consistent = any(not one.wrong for one in sizes[0].repairs)
        sets = conflicts(given, asked.fixed, until, consistent=consistent)
    return replace(
        found, system=system, sizes=tuple(sizes), worlds=worlds, conflicts=sets, ended=ended and sets.complete
    )


def minimum(
    given: Publication,
    asked: Asked,
    until: float | None,
    told: Callable[[str, int], None] = lambda _what, _number: None,
) -> Search:
    """Search the least cost of a repair, without a list; UsageError as for `search`."""
    room = _ROOM
    # To begin with: all rows as they are, and the figures that disagree with them changed. That is found at once.
    as_listed = system_of(given, _wanted(asked, 0))
    first = cpsat.least(as_listed, until)
    known = {one.name: value for one, value in zip(as_listed.unknowns, first.values, strict=False)}
    while True:
        system = system_of(given, _wanted(asked, room))
        told("minimum", room)
        found = cpsat.least(system, until, known, first.cost)
        # What costs more than the room was not looked at as a whole: of it nothing is proved.
        low = min(found.low, room + 1)
        if found.possible and found.cost is not None and found.cost <= room:
            return Search(system, found.low, found.cost)
        if until is not None and time.monotonic() > until:
            best = [cost for cost in (found.cost, first.cost) if cost is not None]
            return Search(system, low, min(best, default=None))
        if not found.possible and room >= _MOST_ROOM:
            raise UsageError(
                both(
                    "ce qui est tenu pour exact se contredit\u00a0: aucune correction de moins de {} accords par ligne "
                    "n’accorde le reste\u00a0; tenez-en moins par --fix",
                    "what is held fixed contradicts itself: no correction of fewer than {} agreements in a row makes "
                    "the rest agree; hold less with --fix",
                    room,
                )
            )
        room = found.cost if found.possible and found.cost is not None else min(_MOST_ROOM, room * 4)


def _wanted(asked: Asked, room: int) -> Wanted:
    return Wanted(room, asked.fixed, asked.weights)
