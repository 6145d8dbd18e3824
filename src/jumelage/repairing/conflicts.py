"""Small sets of figures that cannot all be right: whatever the rest may be, one of them is wrong.

Each set is minimal: without any one of its figures, the others can be right. The printed list of agreements is looked
at by the lists of its towns and those of its countries. A figure that disagrees with the list as it is printed
contradicts some of these lists; figures may contradict one another, too. One member of a set after the other is found
by halving what is left (Hemery, Lecoutre, Sais and Boussemart, 2006, Extracting MUCs from constraint networks).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from jumelage.repairing import cpsat
from jumelage.repairing.counting import Wanted
from jumelage.repairing.derive import system_of
from jumelage.repairing.model import AGREEMENTS, ANSWERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jumelage.repairing.model import Printed, System
    from jumelage.repairing.publication import Publication

_One = TypeVar("_One")
FIGURE, TOWN, COUNTRY, ITEM = "figure", "town", "country", "item"
_LARGEST = 4  # lists of a set that a person can follow
_WIDE = 60  # agreements that a row may grow by before a set is called contradictory


@dataclass(frozen=True, slots=True)
class Part:
    """A figure, or the list of a town, of a country or of the answers to an item, which may be wrong.

    `name` is a cell, or a code of the list; `printed` is its text, or the number of agreements listed.
    """

    what: str
    name: tuple[str, ...]
    printed: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Figures that cannot all be right, none of which can be left out."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Conflicts:
    """The small sets, smallest first; `large` are the figures that contradict the list only as more of a whole.

    `complete` tells whether all figures that disagree were looked at in time.
    """

    sets: tuple[Conflict, ...] = ()
    large: tuple[Part, ...] = ()
    complete: bool = True


NO_CONFLICTS = Conflicts()


def conflicts(
    given: Publication, fixed: tuple[tuple[str, str], ...], until: float | None, *, consistent: bool
) -> Conflicts:
    """Return the conflicting sets of a publication; `consistent` tells that the figures alone can all be right."""
    narrow = cpsat.least(system_of(given, Wanted(0, fixed)), until)
    as_listed = system_of(given, Wanted(0, fixed))
    wide = system_of(given, Wanted(_WIDE, fixed, wide=True))
    lists = _lists(wide)
    by_cell = {(one.cell, one.text): one for one in wide.printed}
    sets: set[Conflict] = set()
    large: list[Part] = []
    if not consistent:
        figures = [one for one in wide.printed if not one.fixed]
        chosen = _smallest(figures, lambda some: _contradict(wide, some, ()), until)
        if chosen is not None:
            sets.add(Conflict(tuple(map(_figure, chosen))))
    if narrow.cost is None:
        return Conflicts(tuple(sets), complete=False)
    for place in as_listed.wrong(as_listed.values(narrow.values[: len(as_listed.unknowns)])):
        if until is not None and time.monotonic() > until:
            return Conflicts(_sorted(sets), tuple(large), complete=False)
        wrong = as_listed.printed[place]
        figure = by_cell.get((wrong.cell, wrong.text))
        found = figure and _against_lists(wide, figure, lists, until)
        if found:
            sets.add(found)
        else:
            large.append(_figure(wrong))
    return Conflicts(_sorted(sets), tuple(large))


def _sorted(sets: Iterable[Conflict]) -> tuple[Conflict, ...]:
    return tuple(sorted(sets, key=lambda one: (len(one.parts), [part.name for part in one.parts])))


def _figure(one: Printed) -> Part:
    return Part(FIGURE, one.cell, one.text)


def _against_lists(
    system: System, figure: Printed, lists: dict[str, list[tuple[Part, tuple[int, ...]]]], until: float | None
) -> Conflict | None:
    """Return the smallest set found of a figure and lists of one kind; None if it needs too many of them."""
    best: Conflict | None = None
    for some in lists.values():
        # Lists that are long are likelier to be the point: they come last, where they are taken first.
        ordered = sorted(some, key=lambda one: int(one[0].printed))
        chosen = _smallest(ordered, lambda part: _contradict(system, (figure,), [one for _, one in part]), until)
        if chosen is not None and (best is None or len(chosen) + 1 < len(best.parts)):
            best = Conflict((_figure(figure), *(part for part, _ in chosen)))
    return best


def _smallest(
    some: Sequence[_One], contradict: Callable[[Sequence[_One]], bool], until: float | None
) -> list[_One] | None:
    """Return a part of a sequence that contradicts and can lose none of it; None if all of it does not, or too many."""
    left = list(some)
    if not contradict(left):
        return None
    chosen: list[_One] = []
    while not contradict(chosen):
        if len(chosen) == _LARGEST or (until is not None and time.monotonic() > until):
            return None
        low, high = 0, len(left)  # the shortest beginning of what is left that contradicts with what is chosen
        while low < high - 1:
            middle = (low + high) // 2
            low, high = (low, middle) if contradict([*chosen, *left[:middle]]) else (middle, high)
        chosen.append(left[high - 1])
        left = left[: high - 1]
    return chosen


def _contradict(system: System, figures: Iterable[Printed], lists: Iterable[tuple[int, ...]]) -> bool:
    """Tell whether it is proved that these figures and lists cannot all be right."""
    held = {place for one in lists for place in one}
    unknowns = tuple(
        replace(one, low=one.start, high=one.start) if place in held and one.start is not None else one
        for place, one in enumerate(system.unknowns)
    )
    printed = tuple(replace(one, fixed=True) for one in figures)
    always = tuple(one for one in system.printed if one.fixed)
    return cpsat.impossible(replace(system, unknowns=unknowns, printed=(*printed, *always)))


def _lists(system: System) -> dict[str, list[tuple[Part, tuple[int, ...]]]]:
    """Return the lists of countries, towns and items, with the unknowns that each is made of."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(system.unknowns):
        if one.name[0] == AGREEMENTS:
            found.setdefault((COUNTRY, one.name[2]), []).append(place)
            found.setdefault((TOWN, one.name[1]), []).append(place)
        elif one.name[0] == ANSWERS:
            found.setdefault((ITEM, "/".join(one.name[1:])), []).append(place)
    lists: dict[str, list[tuple[Part, tuple[int, ...]]]] = {}
    for (what, code), places in found.items():
        number = sum(system.unknowns[place].start or 0 for place in places)
        lists.setdefault(what, []).append((Part(what, (code,), str(number)), tuple(places)))
    return lists
