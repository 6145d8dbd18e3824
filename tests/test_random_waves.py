"""The reports across waves, on random waves: counted by brute force, in balance, and the same on both engines."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.reporting.sheet import Sheet, Value
from tests.conftest import ENGINES, ROOT, Databases, share
from tests.made_waves import ACROSS, JOINED, Agreement, Made, Pair, codes, put, put_changes, scope_of, sheet_of

DAYS = [date(year, 12, 31) for year in (2004, 2006, 2007, 2008, 2010, 2013, 2018)]
DAYS += [date(2008, 1, 1), date(2012, 1, 1), date(2016, 1, 1), date(2020, 6, 30)]
TOWNS = ["Croix", "Roubaix", "Tourcoing", "Loos", "Lille", "Lambersart", "Arras", "Lens"]
TOWNS += ["Dunkerque", "Saint-Pol-sur-Mer", "Calais"]
CHANGES = [
    *JOINED,
    ("Loos", "2007-01-01", "Lille"),
    ("Loos", "2013-01-01", "Lambersart"),
    ("Lambersart", "2016-01-01", "Lille"),
    ("Arras", "2009-01-01", "Lens"),
    ("Lens", "2014-01-01", "Arras"),
]
LISTED = [("Saint-Pol-sur-Mer", "2010-12-09", "Dunkerque")]  # the project's own code list


COUNTRIES = ["DE", "RO", "GB", "AQ"]
SPELLINGS = {"Saint\u00a0Ä": "sta", "S\u00adt—a": "sta", "\u200bB": "b"}  # of A, of B as one may copy them
PARTNERS = ["Sta", *SPELLINGS, "B", "C", "c", "D", "E"]
One = TypeVar("One")
Other = TypeVar("Other")


def random_waves(rng: random.Random, name: str, *, denials: bool = True) -> list[Made]:
    """Make waves of few towns and agreements, many of them alike; without denials a person only says what is the same."""
    made = []
    for day in sorted(rng.sample(DAYS, rng.randint(2, len(DAYS)))):
        towns = {
            town: rng.choice(["responded", "responded", "refused", "not_reached", "not_published"])
            for town in TOWNS
            if rng.randint(0, 4)
        }
        agreements = [
            Agreement(
                rng.choice([None, *towns, *towns]),
                rng.choice(COUNTRIES),
                rng.choice([None, *PARTNERS]),
                rng.choice([*[None] * 8, *DAYS]),
                rng.choice([*[None] * 15, *DAYS]),
                rng.randint(0, 5) == 0,
            )
            for _ in range(rng.randint(0, 40))
        ]
        pairs: dict[tuple[str, str, str, str], Pair] = {}
        for _ in range(rng.randint(0, 60) if towns else 0):
            pair = Pair(
                *(rng.choice(list(towns)), rng.choice(COUNTRIES), rng.choice(PARTNERS), rng.choice(PARTNERS)),
                same=rng.randint(0, 5) == 0,
            )
            place = (pair.city, pair.country, key_of(pair.before))
            if not (pair.same or denials):
                continue
            if not (pair.same and any(one.same and key[:3] == place for key, one in pairs.items())):
                pairs[*place, key_of(pair.partner)] = pair
        agreed = tuple(agreements)
        made.append(
            Made(
                *(f"{name}-{day:%Y%m}", day, towns, agreed, bool(rng.randint(0, 3))),
                declared=declared_numbers(rng, towns, agreements),
                pairs=tuple(pairs.values()),
            )
        )
    return made


def declared_numbers(rng: random.Random, towns: dict[str, str], agreements: list[Agreement]) -> dict[str, int]:
    """Let some of those that answered say how many agreements they have: no fewer than are listed, perhaps none."""
    declared = {}
    for town, response in towns.items():
        if response in {"responded", "not_published"} and not rng.randint(0, 2):
            listed = sum(one.city == town and one.until is None for one in agreements)
            declared[town] = listed + rng.choice([0, 0, 0, 1, 2])
    return declared


@cache
def zones_by_date() -> list[dict[str, str]]:
    with (ROOT / "schema" / "codes" / "country_zones.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def zone_of(country: str, day: date) -> str:
    at = day.isoformat()
    found = [
        row["zone"]
        for row in zones_by_date()
        if row["country"] == country and row["valid_from"] <= at < (row["valid_to"] or "9999")
    ]
    return found[0] if found else "unknown"


def follow(town: str, after: Made) -> str:
    """Return the town of the later frame that it is, or the one that it is part of on that day."""
    if town in after.towns:
        return town
    since = ""
    while later := [
        (day, to) for one, day, to in (*CHANGES, *LISTED) if one == town and since <= day <= after.day.isoformat()
    ]:
        since, town = max(later)
    return town


class Followed:
    """Two waves with the towns of the earlier one followed, by the words of the definitions alone."""

    def __init__(self, before: Made, after: Made, *, with_inferred: bool) -> None:
        self.before, self.after, self.with_inferred = before, after, with_inferred
        self.earlier = before.in_force(with_inferred=with_inferred)
        self.later = after.in_force(with_inferred=with_inferred)
        self.ended = [
            one
            for one in after.agreements
            if one.until and one.until > before.day and (with_inferred or not one.inferred)
        ]
        self.origins: dict[str, list[str]] = {}
        for town in before.towns:
            self.origins.setdefault(follow(town, after), []).append(town)

    def had_answered(self, town: str) -> str:
        told = {self._answered(self.before, self.earlier, one) for one in self.origins[town]}
        return told.pop() if len(told) == 1 else "unknown"

    def has_answered(self, town: str) -> str:
        return self._answered(self.after, self.later, town)

    def had_told(self, town: str) -> str:
        """Tell whether the town had answered with a list that is claimed complete."""
        told = {
            "unknown" if answered == "yes" and not told_all(self.before, self.earlier, one) else answered
            for one in self.origins[town]
            if (answered := self._answered(self.before, self.earlier, one))
        }
        return told.pop() if len(told) == 1 else "unknown"

    def has_told(self, town: str) -> str:
        answered = self.has_answered(town)
        return "unknown" if answered == "yes" and not told_all(self.after, self.later, town) else answered

    def _answered(self, made: Made, agreements: list[Agreement], town: str) -> str:
        if made.towns[town] == "responded" or town in made.declared or any(one.city == town for one in agreements):
            return "yes"
        if made.towns[town] != "not_published":
            return "no"
        listed = (one for one in made.agreements if self.with_inferred or not one.inferred)
        return "yes" if any(one.city == town for one in listed) else "unknown"

    def bridge(self) -> dict[str, Counter[str]]:
        """Return the parts by zone, each agreement in the first part that fits."""
        found: dict[str, Counter[str]] = {}

        def count(zone: str, part: str, number: int) -> None:
            found.setdefault(zone, Counter())[part] += number

        for one in self.earlier:
            count(zone_of(one.country, self.before.day), "agreements_before", 1)
        for one in self.later:
            count(zone_of(one.country, self.after.day), "agreements", 1)
        groups = {(one.city and follow(one.city, self.after), one.country) for one in (*self.earlier, *self.later)}
        for town, country in groups:
            old, new = zone_of(country, self.before.day), zone_of(country, self.after.day)
            lost, gained, still = self._parts(town, country)
            for zone, parts in ((old, lost), (new, gained)):
                for part, number in parts.items():
                    count(zone, part, number)
            if old != new:
                count(old, "reclassified", -still)
                count(new, "reclassified", still)
        return found

    def _parts(self, town: str | None, country: str) -> tuple[Counter[str], Counter[str], int]:
        """Return the parts of what is lost and of what is new, and how many are the same."""
        earlier = [
            one
            for one in self.earlier
            if one.country == country and (one.city and follow(one.city, self.after)) == town
        ]
        later = [one for one in self.later if one.country == country and one.city == town]
        begun = [one for one in later if one.since and one.since > self.before.day]
        old = [one for one in later if one not in begun]
        if town is None:
            return Counter(undetermined=-len(earlier)), Counter(undetermined=len(old), begun=len(begun)), 0
        if town not in self.after.towns:
            return Counter(frame_left=-len(earlier)), Counter(), 0
        if town not in self.origins:
            return Counter(), Counter(frame_entered=len(later)), 0
        said = [pair for pair in self.after.pairs if (pair.city, pair.country) == (town, country)]
        renamed = {key_of(pair.before): key_of(pair.partner) for pair in said if pair.same}
        denied = {
            (renamed.get(key_of(pair.before), key_of(pair.before)), key_of(pair.partner))
            for pair in said
            if not pair.same
        }
        once = merged(earlier, renamed)
        ended = [one for one in self.ended if one.country == country and one.city == town]
        in_force, listed = [named(one) for one in old], [named(one) for one in ended]
        still, gone = matched(once, in_force, listed)
        left = len(once) - still - gone
        in_both = least_left(once, in_force, listed)
        lost_maybe = matching(*in_both, lambda a, b: a is None or b is None or (a, b) not in denied)
        lost_maybe -= matching(*in_both, lambda a, b: a is None or b is None)
        # One that is listed as ended under its own name is none of those in force under another.
        ones, others = least_left(once, in_force, [])
        free = Counter(in_both[0])
        marked = []
        for name in ones:
            marked.append((name, free[name] > 0))
            free[name] -= 1
        come_maybe = matching(
            marked, others, lambda a, b: a[0] is None or b is None or (a[1] and (a[0], b) not in denied)
        ) - matching(ones, others, lambda a, b: a is None or b is None)
        silence = {"yes": "disappeared", "no": "silent", "unknown": "undetermined"}[self.has_told(town)]
        news = {"yes": "appeared", "no": "heard", "unknown": "undetermined"}[self.had_told(town)]
        lost, gained = Counter(mergers=len(once) - len(earlier), ended=-gone), Counter(begun=len(begun))
        gained["may_be_same"] = min(come_maybe, left)
        lost_maybe = lost_maybe if silence == "disappeared" else 0
        come_maybe = min(come_maybe, left) if news == "appeared" else 0
        lost.update({"undetermined": -lost_maybe})
        lost[silence] -= left - lost_maybe
        gained.update({"undetermined": come_maybe})
        gained[news] += len(old) - still - come_maybe
        return lost, gained, still

    def bridge_towns(self) -> dict[str, Counter[str]]:
        """Return the parts of the towns contacted, and of those that declare an agreement."""
        found = {"contacted": Counter[str](), "engaged": Counter[str]()}
        engaged = (
            {town for town in self.before.towns if 0 not in numbers(self.before, self.earlier, town)},
            {town for town in self.after.towns if 0 not in numbers(self.after, self.later, town)},
        )
        for town in {*self.origins, *self.after.towns}:
            origins = self.origins.get(town, [])
            of_engaged = [one for one in origins if one in engaged[0]]
            for indicator, earlier, later in (
                ("contacted", len(origins), town in self.after.towns),
                ("engaged", len(of_engaged), town in engaged[1]),
            ):
                counts = found[indicator]
                counts["towns_before"] += earlier
                counts["towns"] += later
                if town not in self.after.towns:
                    counts["frame_left"] -= earlier
                elif not origins:
                    counts["frame_entered"] += later
                else:
                    counts["mergers"] -= max(earlier - 1, 0)
                    if earlier and not later:
                        answered = self.has_told(town)
                        counts[{"yes": "ceased", "no": "silent", "unknown": "undetermined"}[answered]] -= 1
                    if later and not earlier:
                        answered = self.had_told(town)
                        counts[{"yes": "started", "no": "heard", "unknown": "undetermined"}[answered]] += 1
        return found

    def most(self, zone: str | None) -> tuple[int | None, int | None]:
        """Return how many agreements each wave may have at most in a zone, or in all."""
        sides = ((self.before, self.earlier), (self.after, self.later))
        return most(*sides[0], zone), most(*sides[1], zone)

    def most_engaged(self) -> tuple[int, int]:
        """Return how many towns of each wave may have an agreement."""
        sides = ((self.before, self.earlier), (self.after, self.later))
        before, after = (sum(numbers(*side, town) != {0} for town in side[0].towns) for side in sides)
        return before, after

    def panel(self) -> dict[str, tuple[int | None, ...]]:
        """Return towns, agreements before and after, and both at most, by code of the town."""
        found: dict[str, tuple[int | None, ...]] = {}
        for town, origins in self.origins.items():
            if town in self.after.towns and self.had_answered(town) == self.has_answered(town) == "yes":
                before = sum(one.city in origins for one in self.earlier)
                after = sum(one.city == town for one in self.later)
                highs = [largest(numbers(self.before, self.earlier, one)) for one in origins]
                high = None if None in highs else sum(one for one in highs if one)
                found[codes()[town]] = (
                    *(len(origins), before, after - before, after),
                    *(high, largest(numbers(self.after, self.later, town))),
                )
        return found


def numbers(made: Made, in_force: list[Agreement], town: str) -> set[int | None]:
    """Return how many agreements a town may have declared, None for any more: by its own word, else by the wave's."""
    listed = sum(one.city == town for one in in_force)
    if town in made.declared:
        return {max(made.declared[town], listed)}
    if made.complete or (not listed and made.towns[town] in {"refused", "not_reached"}):
        return {listed}
    return {listed, None}


def largest(found: set[int | None]) -> int | None:
    return None if None in found else max(one for one in found if one is not None)


def told_all(made: Made, in_force: list[Agreement], town: str) -> bool:
    """Tell whether a town can have no more agreements than are listed."""
    return numbers(made, in_force, town) == {sum(one.city == town for one in in_force)}


def most(made: Made, in_force: list[Agreement], zone: str | None) -> int | None:
    """Return how many agreements a wave may have at most in a zone, or in all: any town's more may be there."""
    there = [one for one in in_force if zone in {None, zone_of(one.country, made.day)}]
    found = len(there)
    if not made.complete and any(one.city is None for one in there):
        return None
    for town in made.towns:
        high = largest(numbers(made, in_force, town))
        if high is None:
            return None
        found += high - sum(one.city == town for one in in_force)
    return found


def key_of(partner: str) -> str:
    """Fold the few spellings that the random waves write."""
    return SPELLINGS.get(partner, partner).lower()


def named(one: Agreement) -> str | None:
    return one.partner and key_of(one.partner)


def merged(agreements: list[Agreement], renamed: dict[str, str]) -> list[str | None]:
    """Return the partners of agreements of one town, those named by several of the towns that it was once."""
    by_town: dict[str | None, Counter[str]] = {}
    for one in agreements:
        if (name := named(one)) is not None:
            by_town.setdefault(one.city, Counter())[renamed.get(name, name)] += 1
    once = Counter[str]()
    for counts in by_town.values():
        once |= counts
    return [*once.elements(), *(None for one in agreements if one.partner is None)]


def least_left(
    earlier: list[str | None], in_force: list[str | None], ended: list[str | None]
) -> tuple[list[str | None], list[str | None]]:
    """Return what both sides have left where those of one name found each other."""
    ones, others = Counter(earlier), Counter([*in_force, *ended])
    met = ones & others
    met.pop(None, None)
    return [*(ones - met).elements()], [*(others - met).elements()]


def matching(ones: Sequence[One], others: Sequence[Other], may: Callable[[One, Other], bool]) -> int:
    """Return the most pairs that can be made, each used once, by augmenting paths."""
    partner_of: dict[int, int] = {}

    def augment(i: int, seen: set[int]) -> bool:
        for j, other in enumerate(others):
            if j not in seen and may(ones[i], other):
                seen.add(j)
                if j not in partner_of or augment(partner_of[j], seen):
                    partner_of[j] = i
                    return True
        return False

    return sum(augment(i, set()) for i in range(len(ones)))


def matched(earlier: list[str | None], in_force: list[str | None], ended: list[str | None]) -> tuple[int, int]:
    """Return how many find their own, by augmenting paths: first among those in force, then those that ended."""
    partner_of: dict[int, int] = {}  # the later one of each earlier one
    listed = [*in_force, *ended]

    def augment(number: int, seen: set[int]) -> bool:
        for i, name in enumerate(earlier):
            if i not in seen and (name == listed[number] or name is None or listed[number] is None):
                seen.add(i)
                if i not in partner_of or augment(partner_of[i], seen):
                    partner_of[i] = number
                    return True
        return False

    found = [augment(number, set()) for number in range(len(listed))]
    return sum(found[: len(in_force)]), sum(found[len(in_force) :])


def without_zeros(counts: dict[str, Counter[str]]) -> dict[str, dict[str, int]]:
    kept = {key: {part: number for part, number in row.items() if number} for key, row in counts.items()}
    return {key: row for key, row in kept.items() if row}


def found_counts(sheet: Sheet, pair: str, key: str) -> dict[str, dict[str, int]]:
    """Return what is not zero in the cells of a pair, but for its total."""
    cells = [cell for cell in sheet.cells.values() if f"{cell['wave_before']}/{cell['wave']}" == pair]
    return without_zeros(
        {
            str(cell[key]): Counter(
                {name: value for name in sheet.report.figures if isinstance(value := cell[name], int)}
            )
            for cell in cells
            if cell[key] != "total"
        }
    )


@pytest.fixture(scope="module")
def copies(postgres: URL, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Databases]:
    """Both engines side by side."""
    folder = tmp_path_factory.mktemp("waves")
    return {engine: Databases(engine, folder, server) for engine, server in zip(ENGINES, (None, postgres), strict=True)}


@pytest.fixture(scope="module")
def crowded(copies: dict[str, Databases]) -> Iterator[Connection]:
    """A database on DuckDB that random waves are put into, one after the other."""
    with database.writing(copies["duckdb"].migrated(), dry_run=True) as connection:
        put_changes(connection, CHANGES)
        yield connection


NEGATIVE = {"frame_left", "mergers", "silent", "ended", "disappeared", "ceased"}
POSITIVE = {"frame_entered", "heard", "begun", "appeared", "started"}
EXAMPLES = iter(range(10**9))


@given(rng=st.randoms(use_true_random=False), with_inferred=st.booleans(), denials=st.booleans())
@share(0.25)
def test_random_waves_are_counted_as_by_brute_force(
    crowded: Connection, rng: random.Random, with_inferred: bool, denials: bool
) -> None:
    waves = random_waves(rng, f"r{next(EXAMPLES)}", denials=denials)
    put(crowded, *waves)
    scope = scope_of(*waves, with_inferred=with_inferred)
    bridge, towns, panel = (sheet_of(crowded, name, scope) for name in ("bridge", "bridge_towns", "panel"))
    for before, after in pairwise(waves):
        pair, expected = f"{before.wave}/{after.wave}", Followed(before, after, with_inferred=with_inferred)
        assert found_counts(bridge, pair, "zone") == without_zeros(expected.bridge())
        assert found_counts(towns, pair, "indicator") == without_zeros(expected.bridge_towns())
        in_panel = {row[2]: row[3:] for row in panel.rows if f"{row[0]}/{row[1]}" == pair and row[2] != "total"}
        assert in_panel == expected.panel()
        check_highs(bridge, towns, pair, expected)
        if total := bridge.cells.get(f"{pair}/total"):
            assert total["reclassified"] == 0
    for sheet in (bridge, towns):
        for cell in sheet.cells.values():
            assert all(int(str(value)) <= 0 for name, value in cell.items() if name in NEGATIVE)
            assert all(int(str(value)) >= 0 for name, value in cell.items() if name in POSITIVE)
            assert balanced(sheet, cell)
    for made in waves:
        check_against_zones(crowded, made, bridge, with_inferred=with_inferred)


def check_highs(bridge: Sheet, towns: Sheet, pair: str, expected: Followed) -> None:
    """Hold the upper ends against what towns say and lists leave open."""
    for key, cell in bridge.cells.items():
        if key.startswith(f"{pair}/"):
            zone = None if cell["zone"] == "total" else str(cell["zone"])
            assert (cell["agreements_before_high"], cell["agreements_high"]) == expected.most(zone), key
    for indicator, high in (("contacted", None), ("engaged", expected.most_engaged())):
        if cell := towns.cells.get(f"{pair}/{indicator}", {}):
            assert (cell["towns_before_high"], cell["towns_high"]) == (high or (cell["towns_before"], cell["towns"]))


def balanced(sheet: Sheet, cell: dict[str, Value]) -> bool:
    balance = sheet.report.balance
    assert balance is not None
    start, end, *parts = (int(str(cell[name])) for name in (balance.start, balance.end, *balance.parts))
    return start + sum(parts) == end


def check_against_zones(connection: Connection, made: Made, bridge: Sheet, *, with_inferred: bool) -> None:
    """Hold what the bridge says of a wave, earlier or later, against what `zones` says of it alone."""
    alone = sheet_of(connection, "zones", scope_of(made, with_inferred=with_inferred)).cells
    for column, measure in (("wave_before", "agreements_before"), ("wave", "agreements")):
        of_wave = [cell for cell in bridge.cells.values() if cell[column] == made.wave]
        if of_wave:
            told = {str(cell["zone"]): cell[measure] for cell in of_wave if cell[measure]}
            assert told == {zone: cell["agreements"] for zone, cell in alone.items() if cell["agreements"]}


@pytest.mark.long
def test_random_waves_give_the_same_cells_on_both_engines(copies: dict[str, Databases]) -> None:
    rng = random.Random(2006)  # noqa: S311 - to be the same on both
    batches = [random_waves(rng, f"batch{i}") for i in range(2)]
    found = []
    for one in copies.values():
        with database.writing(one.migrated(), dry_run=True) as connection:
            put_changes(connection, CHANGES)
            put(connection, *(made for batch in batches for made in batch))
            found.append([sheet_of(connection, name, scope_of(*batch)).rows for batch in batches for name in ACROSS])
    assert found[0] == found[1]
    assert all(found[0][: len(ACROSS)])
