"""What is counted of a publication's rows: its unknowns, and sums of them by country, town, class and answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jumelage import table_spec
from jumelage.content import TOTAL
from jumelage.repairing.model import AGREEMENTS, ANSWERS, OPEN, Check, Computed, Linear, Printed, Unknown
from jumelage.repairing.publication import OPEN as UNTOLD
from jumelage.repairing.publication import RESPONDED, UNKNOWN_TOWN, Publication
from jumelage.table_spec import DISTRIBUTION, LIST, Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jumelage.report_file import Report

ANY = "*"
_YES, _NOT_ASKED = "yes", "not_asked"
_TOLD = {table_spec.TOWNS, table_spec.AGREEMENTS}  # that a list with gaps tells, too
_MAY_RESPOND = {RESPONDED, UNTOLD}
NO_TABLE = "its report says in no [table] what it counts"
NOT_COUNTED = "it is no count of rows: [table] counts does not name it"
NOT_COMPLETE = "the list of agreements is not claimed complete, so that towns may have more"
NO_TOWN = "an agreement whose town is not stated may be of any"
NO_NUMBER = "no class of numbers, or nothing that the rows have"


# What the rows make of a cell: a sum, by how much open answers may raise it, what it is divided by, and its scale.
Expression = tuple[Linear, Linear, Linear | None, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is held fixed and what a change costs: patterns of report and key, `*` for any part of a key.

    `room` is by how much a row may grow, and a town in all: a repair that costs no more than that is looked at. With
    `wide`, each row of a town may grow by it.
    """

    room: int
    fixed: tuple[tuple[str, str], ...] = ()
    weights: tuple[tuple[str, str, int], ...] = ()
    wide: bool = False

    def is_fixed(self, report: str, key: str) -> bool:
        """Tell whether a cell is held fixed."""
        return any(report == name and covers(pattern, key) for name, pattern in self.fixed)

    def weight(self, report: str, key: str) -> int:
        """Return what a change of a cell costs: the last weight that is given for it, else 1."""
        found = [weight for name, pattern, weight in self.weights if report == name and covers(pattern, key)]
        return found[-1] if found else 1


def covers(pattern: str, key: str) -> bool:
    """Tell whether a key matches a pattern: the empty one is any key, and `*` any part of one."""
    if not pattern:
        return True
    parts, own = pattern.split("/"), key.split("/")
    return len(parts) == len(own) and all(part in (ANY, given) for part, given in zip(parts, own, strict=True))


@dataclass(slots=True)
class Counting:
    """A system on its way: what was made of each row, town and item so far."""

    given: Publication
    wanted: Wanted
    unknowns: list[Unknown] = field(default_factory=list)
    later: list[Computed] = field(default_factory=list)
    rules: list[Check] = field(default_factory=list)
    printed: list[Printed] = field(default_factory=list)
    unexpressed: dict[tuple[str, str, str], None] = field(default_factory=dict)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    more: dict[str, int] = field(default_factory=dict)
    items: dict[tuple[str, str], int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    tests: dict[tuple[str, int, int | None], int] = field(default_factory=dict)
    silent: dict[str, int] = field(default_factory=dict)
    base: int = 0
    places: dict[str, list[int]] = field(default_factory=dict)
    countries: tuple[str, ...] = ()
    told: bool = True
    untold: dict[str, list[str]] = field(default_factory=dict)
    reach: dict[str, tuple[int, int]] = field(default_factory=dict)
    chosen: dict[tuple[str | None, ...], tuple[str, ...]] = field(default_factory=dict)

    def _unknown(self, one: Unknown) -> int:
        self.unknowns.append(one)
        return len(self.unknowns) - 1

    def _computed(self, one: Computed) -> int:
        self.later.append(one)
        return self.base + len(self.later) - 1

    def _countries(self) -> tuple[str, ...]:
        """Return the countries that rows or printed tables name."""
        found = {country for _, country in self.given.rows}
        for figure in self.given.figures:
            report = self.given.reports[figure.report]
            for column, part in zip(report.key, figure.key.split("/"), strict=True):
                if report.column(column).codes == "countries" and part != TOTAL:
                    found.add(part)
        return tuple(sorted(found))

    def _rows(self) -> None:
        countries = self.countries = self._countries()
        # An agreement without a town may be of any: then no town can be told from the rows.
        self.told = self.given.complete and not any(self.given.rows.get((UNKNOWN_TOWN, one)) for one in countries)
        lists = [report for report in self.given.reports.values() if report.table and report.table.kind == LIST]
        source = next((one for one in lists if one.key == ("country", "city")), None)
        for town in self.given.towns:
            for country in countries:
                start, key = self.given.rows.get((town, country), 0), f"{country}/{town}"
                fixed = source is not None and self.wanted.is_fixed(source.name, key)
                weight = self.wanted.weight(source.name, key) if source else 1
                high = start if fixed else start + self.wanted.room // weight
                low = start if fixed else max(0, start - self.wanted.room // weight)
                if high or start:
                    one = Unknown((AGREEMENTS, town, country), low, high, start, weight)
                    self.rows[town, country] = self._unknown(one)
        for country in countries:
            start = self.given.rows.get((UNKNOWN_TOWN, country), 0)
            if start:
                one = Unknown((AGREEMENTS, UNKNOWN_TOWN, country), 0, start + self.wanted.room, start)
                self.rows[UNKNOWN_TOWN, country] = self._unknown(one)
            if not self.given.complete:
                most = max((int(figure.value or 0) for figure in self.given.figures), default=0)
                self.more[country] = self._unknown(Unknown((OPEN, "agreements", country), 0, most, None))

    def _answers(self) -> None:
        for (question, item), answers in self.given.answers.items():
            told = [town for town, answer in answers.items() if answer not in {UNTOLD, _NOT_ASKED}]
            yes = sum(answers[town] == _YES for town in told)
            report = next(
                (one.name for one in self.given.reports.values() if one.table and one.table.question == question), ""
            )
            weight = self.wanted.weight(report, item)
            room = 0 if self.wanted.is_fixed(report, item) else self.wanted.room // weight
            low, high = -min(yes, room), min(len(told) - yes, room)
            self.items[question, item] = self._unknown(Unknown((ANSWERS, question, item), low, high, 0, weight))

    def _bound_answers(self, place: int) -> None:
        """Say that only towns that are engaged have answers to change."""
        one = self.unknowns[place]
        _, question, item = one.name
        answers = self.given.answers[question, item]
        told = [town for town, answer in answers.items() if answer not in {UNTOLD, _NOT_ASKED}]
        yes = self._sum(self._engaged(town) for town in told if answers[town] == _YES)
        no = self._sum(self._engaged(town) for town in told if answers[town] != _YES)
        among = (no, yes)
        self.unknowns[place] = Unknown(one.name, one.low, one.high, 0, one.weight, among)
        own = Linear(0, ((1, place),))
        self.rules += [Check(no.plus(own, -1), 0, None), Check(yes.plus(own), 0, None)]

    def _silent(self) -> None:
        """Make an unknown of how many towns responded of those of which it is not told and that have no agreement.

        There is one for each size class only where a table counts by these who responded: else they are one.
        """
        tables = [report for report in self.given.reports.values() if report.table]
        split = any(
            report.column(name).codes == "size_classes" and table_spec.counted(report.table) & {table_spec.RESPONDED}
            for report in tables
            for name in report.key
        )
        for town, said in self.given.towns.items():
            if said == UNTOLD:
                self.untold.setdefault(self.given.classes.get(town, "") if split else "", []).append(town)
        for class_, towns in self.untold.items():
            name = (OPEN, RESPONDED, class_) if split else (OPEN, RESPONDED)
            self.silent[class_] = self._unknown(Unknown(name, 0, len(towns), None))

    def _bound_silent(self) -> None:
        """Say that those that responded without an agreement are no more than there are without one."""
        for class_, towns in self.untold.items():
            engaged = self._sum(map(self._engaged, towns))
            self.rules.append(Check(engaged.plus(Linear(0, ((1, self.silent[class_]),))), None, len(towns)))

    def _partition(self, report: Report) -> None:
        """Make an unknown of each class of a distribution that the rows do not tell: together they are the whole."""
        table = report.table
        if table is None or table.kind != DISTRIBUTION or table.classes:
            return
        labels = report.column(report.key[0]).labels or {}
        most = len(self.given.towns)
        self.places[report.name] = [
            self._unknown(Unknown((OPEN, report.name, code), 0, most, None)) for code in labels if code != TOTAL
        ]

    def _numbers(self) -> None:
        """Make the number of agreements of each town, and say how far it may be from what is listed."""
        for town in self.given.towns:
            places = [place for one in self.countries if (place := self.rows.get((town, one))) is not None]
            node = self._computed(Computed(Linear(0, tuple((1, place) for place in places))))
            self.numbers[town] = node
            own = [self.unknowns[place] for place in places]
            low, high = sum(one.low for one in own), sum(one.high for one in own)
            start = sum(one.start or 0 for one in own)
            by = self.wanted.room // min((one.weight for one in own), default=1)
            if not self.wanted.wide and (low < start - by or start + by < high):
                low, high = max(low, start - by), min(high, start + by)
                self.rules.append(Check(Linear(0, ((1, node),)), low, high))
            self.reach[town] = low, high

    @staticmethod
    def _sum(parts: Iterable[Linear]) -> Linear:
        constant = 0
        terms: list[tuple[int, int]] = []
        for part in parts:
            constant += part.constant
            terms += part.terms
        return Linear(constant, tuple(terms))

    def _test(self, town: str, least: int, most: int | None) -> Linear:
        """Return 1 where a town has that many agreements, else 0."""
        node = self.numbers[town]
        low, high = self.reach[town]
        if high < least or (most is not None and low > most):
            return Linear()
        if low >= least and (most is None or high <= most):
            return Linear(1)
        if (town, least, most) not in self.tests:
            self.tests[town, least, most] = self._computed(Computed(Linear(0, ((1, node),)), least, most))
        return Linear(0, ((1, self.tests[town, least, most]),))

    def _engaged(self, town: str) -> Linear:
        return self._test(town, 1, None)

    def _responded(self, towns: Iterable[str] | None = None) -> Linear | None:
        """Return how many towns responded: those that did, and of those untold the engaged and some without.

        None where only some are chosen of those that nothing tells apart.
        """
        chosen = self.given.towns.keys() if towns is None else set(towns)
        told = sum(self.given.towns[town] == RESPONDED for town in chosen)
        found = Linear(told)
        for class_, untold in self.untold.items():
            some = chosen & set(untold)
            if some and len(some) < len(untold):
                return None
            if some:
                found = found.plus(self._sum(map(self._engaged, untold))).plus(Linear(0, ((1, self.silent[class_]),)))
        return found

    def _expression(self, report: Report, key: str, measure: str) -> Expression | str:
        """Return what the rows make of a cell: a sum, its spread, what it is divided by and its scale; or why not."""
        table = report.table
        if table is None:
            return NO_TABLE
        parts = dict(zip(report.key, key.split("/"), strict=True))
        counted = table.counts.get(parts[table.by] if table.by else measure)
        if counted is None:
            return NOT_COUNTED
        if isinstance(counted, Share):
            part = self._count(report, counted.part, parts, measure)
            whole = self._count(report, counted.whole, parts, measure)
            if part is None or whole is None:
                return self._why()
            return part[0], part[1], whole[0], counted.scale
        found = self._count(report, counted, parts, measure)
        return self._why() if found is None else (*found, None, 1)

    def _why(self) -> str:
        if not self.given.complete:
            return NOT_COMPLETE
        return NO_NUMBER if self.told else NO_TOWN

    def _count(self, report: Report, what: str, parts: dict[str, str], measure: str) -> tuple[Linear, Linear] | None:
        """Return the sum that a count is, and by how much open answers may raise it; None if the rows do not tell."""
        table, chosen = report.table, self._chosen(report, parts)
        if table is None or chosen is None or (not self.told and (what not in _TOLD or table.kind == DISTRIBUTION)):
            return None
        countries, everywhere = chosen
        if table.kind == DISTRIBUTION and TOTAL not in parts.values():
            whole = measure in {column.base for column in report.columns}
            if table.classes or (report.name in self.places and not whole):
                return self._classed(report, parts)
        if what in {table_spec.ANSWERS, table_spec.ASKED}:
            return self._answered(what, table.question, parts.get(table.items, ""))
        towns = [town for town in everywhere if town != UNKNOWN_TOWN]
        if what == table_spec.AGREEMENTS:
            found = self._agreements(countries, everywhere)
        elif what == table_spec.ENGAGED:
            found = self._sum(map(self._engaged, towns))
        elif what == table_spec.RESPONDED:
            responded = self._responded(towns)
            if responded is None:
                return None
            found = responded
        else:
            found = Linear(len(towns))
        return found, Linear()

    def _classed(self, report: Report, parts: dict[str, str]) -> tuple[Linear, Linear] | None:
        """Return how many units are in a class of a distribution; None if it has no such class."""
        if report.table is not None and report.table.classes:
            return self._class(parts[report.table.classes]), Linear()
        places = self.places[report.name]
        names = [self.unknowns[place].name[-1] for place in places]
        at = parts[report.key[0]]
        return (Linear(0, ((1, places[names.index(at)]),)), Linear()) if at in names else None

    def _agreements(self, countries: Sequence[str], towns: Sequence[str]) -> Linear:
        terms = [(1, place) for town in towns for one in countries if (place := self.rows.get((town, one))) is not None]
        terms += [(1, self.more[one]) for one in countries if one in self.more]
        return Linear(0, tuple(terms))

    def _answered(self, what: str, question: str, item: str) -> tuple[Linear, Linear] | None:
        """Return how many engaged towns answer yes, or were asked."""
        answers = self.given.answers.get((question, item))
        if answers is None:
            return None
        if what == table_spec.ASKED:
            return self._sum(self._engaged(town) for town, said in answers.items() if said != _NOT_ASKED), Linear()
        yes = self._sum(self._engaged(town) for town, said in answers.items() if said == _YES)
        untold = self._sum(self._engaged(town) for town, said in answers.items() if said == UNTOLD)
        return yes.plus(Linear(0, ((1, self.items[question, item]),))), untold

    def _class(self, text: str) -> Linear:
        """Return how many towns that responded have a number of agreements."""
        if not text.isdigit():
            return self._responded() or Linear()
        number = int(text)
        towns = [town for town, response in self.given.towns.items() if response in _MAY_RESPOND]
        if number:
            return self._sum(self._test(town, number, number) for town in towns)
        told = [town for town in towns if self.given.towns[town] == RESPONDED]
        silent = Linear(0, tuple((1, place) for place in self.silent.values()))
        return self._sum(self._test(town, 0, 0) for town in told).plus(silent)

    def _chosen(self, report: Report, parts: dict[str, str]) -> tuple[Sequence[str], Sequence[str]] | None:
        """Return the countries and towns that a key is of; None where a part of it is of neither."""
        country: dict[str, str] = {}
        town: dict[str, str] = {}
        for column, part in parts.items():
            codes = report.column(column).codes
            if part == TOTAL or codes in {"waves", "actions", "difficulties", None}:
                continue
            if codes in {"zones", "countries"}:
                country[codes] = part
            elif codes in {"cities", "size_classes"}:
                town[codes] = part
            else:
                return None
        zones, classes = self.given.zones, self.given.classes
        towns = (*self.given.towns, UNKNOWN_TOWN)
        return (
            self._those(self.countries, "countries", country.get("countries"), zones, country.get("zones")),
            self._those(towns, "cities", town.get("cities"), classes, town.get("size_classes")),
        )

    def _those(
        self, all_: tuple[str, ...], what: str, code: str | None, classes: Mapping[str, str], class_: str | None
    ) -> tuple[str, ...]:
        """Return those with a code and in a class; None is any. It is asked again for every printed cell."""
        asked = (what, code, class_)
        if asked not in self.chosen:
            some = all_ if code is None else tuple(one for one in all_ if one == code)
            self.chosen[asked] = tuple(one for one in some if class_ in (None, classes.get(one)))
        return self.chosen[asked]
