"""The system of a publication: unknowns of its rows, checks of its printed figures, as its reports say what they count.

A row and the printed cell that it was made from are one unknown. Open answers of an item, and towns of which it is not
told whether they responded, are interchangeable: only their number is an unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from jumelage import table_spec
from jumelage.content import TOTAL
from jumelage.repairing.model import (
    AGREEMENTS,
    ANSWERS,
    OPEN,
    Check,
    Computed,
    Linear,
    Printed,
    System,
    Unknown,
)
from jumelage.repairing.publication import OPEN as UNTOLD
from jumelage.repairing.publication import RESPONDED, UNKNOWN_TOWN, Publication
from jumelage.table_spec import DISTRIBUTION, LIST, Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jumelage.report_file import Report
    from jumelage.reporting.entries import Figure

ANY = "*"
_YES, _NOT_ASKED = "yes", "not_asked"
_MAY_RESPOND = {RESPONDED, UNTOLD}
NO_TABLE = "its report says in no [table] what it counts"
NOT_COUNTED = "it is no count of rows: [table] counts does not name it"
NOT_COMPLETE = "the list of agreements is not claimed complete, so that towns may have more"
NO_TOWN = "an agreement whose town is not stated may be of any"
NO_NUMBER = "no class of numbers, or nothing that the rows have"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is held fixed and what a change costs: patterns of report and key, `*` for any part of a key.

    `room` is by how much a row may grow: a repair that costs no more than that is looked at.
    """

    room: int
    fixed: tuple[tuple[str, str], ...] = ()
    weights: tuple[tuple[str, str, int], ...] = ()

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


def system_of(given: Publication, wanted: Wanted) -> System:
    """Return the system of a publication."""
    return _Deriving(given, wanted).system()


@dataclass(slots=True)
class _Deriving:
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
    silent: int = -1
    base: int = 0
    places: dict[str, list[int]] = field(default_factory=dict)

    def system(self) -> System:
        given = self.given
        countries = self._countries()
        towns = tuple(given.towns)
        self._rows(countries)
        first = len(self.unknowns)
        self._answers()
        untold = [town for town in towns if given.towns[town] == UNTOLD]
        self.silent = self._unknown(Unknown((OPEN, "responded"), 0, len(untold), None))
        for report in given.reports.values():
            self._partition(report)
        self.base = len(self.unknowns)  # what is computed comes after all unknowns
        for town in towns:
            own = tuple((1, self.rows[town, country]) for country in countries if (town, country) in self.rows)
            self.numbers[town] = self._computed(Computed(Linear(0, own)))
        engaged_untold = self._sum(self._engaged(town) for town in untold)
        self.rules.append(Check(engaged_untold.plus(Linear(0, ((1, self.silent),))), None, len(untold)))
        for i in range(first, self.silent):
            self._bound_answers(i)
        for report in given.reports.values():
            self._report(report)
        unexpressed = tuple(self.unexpressed)
        return System(
            tuple(self.unknowns),
            tuple(self.later),
            tuple(self.rules),
            tuple(self.printed),
            unexpressed,
            towns,
            countries,
        )

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

    def _rows(self, countries: Sequence[str]) -> None:
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

    @staticmethod
    def _sum(parts: Iterable[Linear]) -> Linear:
        constant, terms = 0, []
        for part in parts:
            constant += part.constant
            terms += part.terms
        return Linear(constant, tuple(terms))

    def _test(self, town: str, least: int, most: int | None) -> Linear:
        """Return 1 where a town has that many agreements, else 0."""
        node = self.numbers[town]
        own = [self.unknowns[place] for _, place in self.later[node - self.base].total.terms]
        low, high = sum(one.low for one in own), sum(one.high for one in own)
        if high < least or (most is not None and low > most):
            return Linear()
        if low >= least and (most is None or high <= most):
            return Linear(1)
        if (town, least, most) not in self.tests:
            self.tests[town, least, most] = self._computed(Computed(Linear(0, ((1, node),)), least, most))
        return Linear(0, ((1, self.tests[town, least, most]),))

    def _engaged(self, town: str) -> Linear:
        return self._test(town, 1, None)

    def _responded(self, towns: Iterable[str] | None = None) -> Linear:
        """Return how many towns responded: those that did, and of those untold the engaged and some without."""
        chosen = list(self.given.towns if towns is None else towns)
        told = sum(self.given.towns[town] == RESPONDED for town in chosen)
        untold = [town for town in chosen if self.given.towns[town] == UNTOLD]
        found = self._sum(self._engaged(town) for town in untold).plus(Linear(told))
        return found.plus(Linear(0, ((1, self.silent),))) if untold else found

    def _report(self, report: Report) -> None:
        figures = [figure for figure in self.given.figures if figure.report == report.name]
        table = report.table
        if table is None:
            self.unexpressed |= dict.fromkeys((report.name, figure.measure, NO_TABLE) for figure in figures)
            return
        if report.name in self.places and figures:
            parts = Linear(0, tuple((1, place) for place in self.places[report.name]))
            whole = self._count(report, str(next(iter(table.counts.values()))), {report.key[0]: TOTAL}, "")
            if whole is not None:
                self.rules.append(Check(parts.plus(whole[0], -1), 0, 0))
        seen: dict[tuple[str, str], set[tuple[object, ...]]] = {}
        for figure in figures:
            stated = (figure.value, figure.decimals, figure.at_least, figure.more_than_share)
            before = seen.setdefault((figure.key, figure.measure), set())
            if stated not in before:  # printed in several places with one value, it is one figure
                before.add(stated)
                self._figure(report, figure)
        if report.name in self.given.tables and figures:
            for measure in dict.fromkeys(figure.measure for figure in figures):
                self._blanks(report, measure, {key for key, name in seen if name == measure})

    def _figure(self, report: Report, figure: Figure) -> None:
        expression = self._expression(report, figure.key, figure.measure)
        if isinstance(expression, str):
            self.unexpressed[report.name, figure.measure, expression] = None
            return
        if figure.code is not None:
            return
        if figure.value is None:
            self._words(report, figure, expression)
            return
        self._number(report, figure.key, figure.measure, figure.printed, figure.value, figure.decimals or 0, expression)

    def _number(
        self,
        report: Report,
        key: str,
        measure: str,
        text: str,
        value: Decimal,
        decimals: int,
        expression: tuple[Linear, Linear, Linear | None, int],
    ) -> None:
        says, spread, over, scale = expression
        half = Decimal(1).scaleb(-decimals) / 2
        if over is None:
            least = int((value - half).to_integral_value(ROUND_CEILING))
            most = int((value + half).to_integral_value(ROUND_FLOOR))
            most -= value + half == most  # half up: what lies at the upper end rounds to the next one
            if report.table and report.table.kind == LIST and TOTAL not in key.split("/"):
                if says.of(self._started()) == value:  # the row was made of it: they are one unknown
                    return
            checks = self._within(says, spread, least, most)
            self._add(report, key, measure, text, checks, expression, least, most)
            return
        low, high = Fraction(value - half), Fraction(value + half)
        common = 2 * 10**decimals
        a, b = int(low * common), int(high * common)
        scaled = says.times(scale * common)
        if spread.constant or spread.terms:
            self.unexpressed[report.name, measure, NO_NUMBER] = None
            return
        checks = (Check(scaled.plus(over, -a), 0, None), Check(scaled.plus(over, -b), None, -1))
        self._add(report, key, measure, text, checks, expression, None, None)

    def _started(self) -> list[int]:
        return [one.low if one.start is None else one.start for one in self.unknowns] + [0] * len(self.later)

    @staticmethod
    def _within(says: Linear, spread: Linear, least: int | None, most: int | None) -> tuple[Check, ...]:
        if not spread.constant and not spread.terms:
            return (Check(says, least, most),)
        checks = [] if most is None else [Check(says, None, most)]
        return (*checks, *(() if least is None else (Check(says.plus(spread), least, None),)))

    def _words(self, report: Report, figure: Figure, expression: tuple[Linear, Linear, Linear | None, int]) -> None:
        """Add a figure that a word states: at least so many, or more than a share of the base."""
        says, spread, _, _ = expression
        checks: list[Check] = []
        least = None
        if figure.at_least is not None:
            least = int(figure.at_least.to_integral_value(ROUND_CEILING))
            checks += self._within(says, spread, least, None)
        base = report.column(figure.measure).base
        if figure.more_than_share is not None and base:
            whole = self._expression(report, figure.key, base)
            if not isinstance(whole, str):
                share = Fraction(figure.more_than_share)
                most = says.plus(spread).times(share.denominator)
                checks.append(Check(most.plus(whole[0], -share.numerator), 1, None))
        if checks:
            self._add(report, figure.key, figure.measure, figure.printed, tuple(checks), expression, least, None)

    def _add(
        self,
        report: Report,
        key: str,
        measure: str,
        text: str,
        checks: tuple[Check, ...],
        expression: tuple[Linear, Linear, Linear | None, int],
        least: int | None,
        most: int | None,
    ) -> None:
        says, spread, over, scale = expression
        self.printed.append(
            Printed(
                (report.name, key, measure),
                text,
                checks,
                says,
                spread,
                over,
                scale,
                self.wanted.weight(report.name, key),
                blank=not text,
                fixed=self.wanted.is_fixed(report.name, key),
                least=least,
                most=most,
            )
        )

    def _blanks(self, report: Report, measure: str, printed: set[str]) -> None:
        """Add the cells that a complete table lacks: printed blank, zero."""
        table = report.table
        if table is None or measure not in table.counts:
            return
        keys: Iterable[str]
        if table.kind == DISTRIBUTION and table.classes:
            keys = map(str, range(self._most_agreements() + 1))
        elif table.kind == LIST:
            keys = [f"{country}/{town}" for (town, country), number in self.given.rows.items() if number]
        elif [report.column(name).codes for name in report.key] == ["zones", "countries"]:
            keys = [f"{self.given.zones.get(country, '')}/{country}" for country in self._countries()]
        elif [report.column(name).codes for name in report.key] == ["zones"]:
            keys = sorted({self.given.zones.get(country, "") for country in self._countries()})
        else:
            keys = ()
        for key in keys:
            if key in printed:
                continue
            expression = self._expression(report, key, measure)
            if not isinstance(expression, str) and expression[0] != Linear():
                self._number(report, key, measure, "", Decimal(0), 0, expression)

    def _most_agreements(self) -> int:
        places = (self.later[node - self.base].total.terms for node in self.numbers.values())
        start = max((sum(self.unknowns[place].start or 0 for _, place in terms) for terms in places), default=0)
        return start + self.wanted.room

    def _expression(self, report: Report, key: str, measure: str) -> tuple[Linear, Linear, Linear | None, int] | str:
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
        return NO_TOWN if any(town == UNKNOWN_TOWN for town, _ in self.rows) else NO_NUMBER

    def _count(self, report: Report, what: str, parts: dict[str, str], measure: str) -> tuple[Linear, Linear] | None:
        """Return the sum that a count is, and by how much open answers may raise it; None if the rows do not tell."""
        table = report.table
        chosen = self._chosen(report, parts)
        if table is None or chosen is None:
            return None
        country_of, town_of = chosen
        towns = [town for town in self.given.towns if town_of(town)]
        told = self.given.complete and not any(town == UNKNOWN_TOWN for town, _ in self.rows)
        if table.kind == DISTRIBUTION and TOTAL not in parts.values():
            if table.classes:
                return (self._class(parts[table.classes]), Linear()) if told else None
            if report.name in self.places and measure not in {column.base for column in report.columns}:
                names = [self.unknowns[place].name[-1] for place in self.places[report.name]]
                at = parts[report.key[0]]
                if at not in names:
                    return None
                return Linear(0, ((1, self.places[report.name][names.index(at)]),)), Linear()
        match what:
            case table_spec.TOWNS:
                return Linear(len(towns)), Linear()
            case table_spec.RESPONDED:
                return (
                    (self._responded(None if len(towns) == len(self.given.towns) else towns), Linear())
                    if told
                    else None
                )
            case table_spec.ENGAGED:
                return (self._sum(map(self._engaged, towns)), Linear()) if told else None
            case table_spec.AGREEMENTS:
                return self._agreements(country_of, town_of), Linear()
            case _:
                return self._answered(what, table.question, parts.get(table.items, "")) if told else None

    def _agreements(self, country_of: Callable[[str], bool], town_of: Callable[[str], bool]) -> Linear:
        terms = [(1, place) for (town, country), place in self.rows.items() if country_of(country) and town_of(town)]
        terms += [(1, place) for country, place in self.more.items() if country_of(country)]
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
            return self._responded()
        number = int(text)
        towns = [town for town, response in self.given.towns.items() if response in _MAY_RESPOND]
        if number:
            return self._sum(self._test(town, number, number) for town in towns)
        told = [town for town in towns if self.given.towns[town] == RESPONDED]
        return self._sum(self._test(town, 0, 0) for town in told).plus(Linear(0, ((1, self.silent),)))

    def _chosen(
        self, report: Report, parts: dict[str, str]
    ) -> tuple[Callable[[str], bool], Callable[[str], bool]] | None:
        """Return which countries and towns a key is of; None where a part of it is of neither."""
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
        return (
            lambda one: country.get("zones", zones.get(one)) == zones.get(one) and country.get("countries", one) == one,
            lambda one: (
                town.get("cities", one) == one and town.get("size_classes", classes.get(one)) == classes.get(one)
            ),
        )
