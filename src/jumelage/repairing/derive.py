"""The system of a publication: unknowns of its rows, checks of its printed figures, as its reports say what they count.

A row and the printed cell that it was made from are one unknown. Open answers of an item, and towns of which it is not
told whether they responded, are interchangeable: only their number is an unknown.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from jumelage.content import TOTAL
from jumelage.repairing.counting import NO_NUMBER, NO_TABLE, Counting, Expression, Wanted
from jumelage.repairing.model import Check, Linear, Printed, System
from jumelage.table_spec import DISTRIBUTION, LIST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jumelage.repairing.publication import Publication
    from jumelage.report_file import Report
    from jumelage.reporting.entries import Figure


def system_of(given: Publication, wanted: Wanted, cells: Iterable[tuple[str, str, str]] = ()) -> System:
    """Return the system of a publication; `cells` are others whose number is asked for, where rows have it."""
    return _Deriving(given, wanted).system(cells)


class _Deriving(Counting):
    """The printed figures of a system, added to what is counted."""

    __slots__ = ()

    def system(self, cells: Iterable[tuple[str, str, str]]) -> System:
        """Return the system."""
        given = self.given
        towns = tuple(given.towns)
        self._rows()
        first = len(self.unknowns)
        self._answers()
        last = len(self.unknowns)
        self._silent()
        for report in given.reports.values():
            self._partition(report)
        self.base = len(self.unknowns)  # what is computed comes after all unknowns
        self._numbers()
        self._bound_silent()
        for i in range(first, last):
            self._bound_answers(i)
        for report in given.reports.values():
            self._report(report)
        unexpressed = tuple(self.unexpressed)
        asked = tuple(self._asked(cells))
        return System(
            tuple(self.unknowns),
            tuple(self.later),
            tuple(self.rules),
            tuple(self.printed),
            unexpressed,
            towns,
            self.countries,
            asked,
        )

    def _asked(self, cells: Iterable[tuple[str, str, str]]) -> Iterable[Printed]:
        """Yield what the rows make of cells that are not printed."""
        printed = {one.cell for one in self.printed}
        for report, key, measure in cells:
            if (report, key, measure) not in printed and report in self.given.reports:
                found = self._expression(self.given.reports[report], key, measure)
                if not isinstance(found, str):
                    yield Printed((report, key, measure), "", (), *found)

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
        expression: Expression,
    ) -> None:
        says, spread, over, scale = expression
        half = Decimal(1).scaleb(-decimals) / 2
        if over is None:
            least = int((value - half).to_integral_value(ROUND_CEILING))
            most = int((value + half).to_integral_value(ROUND_FLOOR))
            most -= value + half == most  # half up: what lies at the upper end rounds to the next one
            row = report.table is not None and report.table.kind == LIST and TOTAL not in key.split("/")
            if row and self._started(says) == value:  # the row was made of it: they are one unknown
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

    def _started(self, says: Linear) -> int:
        """Return what a sum of rows is as they are listed."""
        own = [(factor, self.unknowns[place]) for factor, place in says.terms]
        return says.constant + sum(factor * (one.low if one.start is None else one.start) for factor, one in own)

    @staticmethod
    def _within(says: Linear, spread: Linear, least: int | None, most: int | None) -> tuple[Check, ...]:
        if not spread.constant and not spread.terms:
            return (Check(says, least, most),)
        checks = [] if most is None else [Check(says, None, most)]
        return (*checks, *(() if least is None else (Check(says.plus(spread), least, None),)))

    def _words(self, report: Report, figure: Figure, expression: Expression) -> None:
        """Add a figure that a word states: at least so many, or more than a share of the base."""
        says, spread, _, _ = expression
        checks: list[Check] = []
        least, stated = None, None
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
                stated = (share.numerator, share.denominator, whole[0])
        if checks:
            self._add(report, figure.key, figure.measure, figure.printed, tuple(checks), expression, least, None)
            self.printed[-1] = replace(self.printed[-1], share=stated)

    def _add(
        self,
        report: Report,
        key: str,
        measure: str,
        text: str,
        checks: tuple[Check, ...],
        expression: Expression,
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
            keys = [f"{self.given.zones.get(country, '')}/{country}" for country in self.countries]
        elif [report.column(name).codes for name in report.key] == ["zones"]:
            keys = sorted({self.given.zones.get(country, "") for country in self.countries})
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
