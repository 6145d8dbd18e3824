"""The least cost of a system and its repairs by HiGHS, which shares nothing with the search but the system itself."""

from __future__ import annotations

from typing import Any

import highspy

from jumelage.repairing.model import Linear, System


class Program:
    """A system as a mixed-integer program: what is additions and what removals are variables of their own."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.model: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self.model.silent()
        self.model.setOptionValue("mip_rel_gap", 0.0)
        self.model.setOptionValue("mip_abs_gap", 0.5)
        self.nodes: list[Any] = []
        self.bounds: list[tuple[int, int]] = []
        self.cost: list[tuple[int, Any]] = []
        self.added: dict[int, tuple[Any, Any]] = {}
        for place, one in enumerate(system.unknowns):
            value = self._integer(one.low, one.high)
            self.nodes.append(value)
            self.bounds.append((one.low, one.high))
            if one.start is not None and one.low < one.high:
                more, fewer = self._integer(0, one.high - one.start), self._integer(0, one.start - one.low)
                self.model.addConstr(value - more + fewer == one.start)
                self.added[place] = (more, fewer)
                self.cost += [(one.weight, more), (one.weight, fewer)]
        for computed in system.computed:
            low, high = self._range(computed.total)
            if not computed.test:
                node = self._integer(low, high)
                self.model.addConstr(node == self._sum(computed.total))
                self.bounds.append((low, high))
            else:
                node = self._test(computed.total, computed.least, computed.most)
                self.bounds.append((0, 1))
            self.nodes.append(node)
        for rule in system.rules:
            self._require(rule.total, rule.least, rule.most, None)
        self.wrong = []
        for figure in system.printed:
            wrong = None if figure.fixed else self._integer(0, 1)
            for check in figure.checks:
                self._require(check.total, check.least, check.most, wrong)
            self.wrong.append(wrong)
            if wrong is not None:
                self.cost.append((figure.weight, wrong))
        self.objective = sum((weight * one for weight, one in self.cost), start=0 * self.nodes[0])

    def _integer(self, low: int, high: int) -> Any:
        return self.model.addVariable(lb=low, ub=high, type=highspy.HighsVarType.kInteger)

    def _sum(self, total: Linear) -> Any:
        return (
            sum((factor * self.nodes[node] for factor, node in total.terms), start=0 * self.nodes[0]) + total.constant
        )

    def _range(self, total: Linear) -> tuple[int, int]:
        ends = [sorted(factor * end for end in self.bounds[node]) for factor, node in total.terms]
        return total.constant + sum(low for low, _ in ends), total.constant + sum(high for _, high in ends)

    def _require(self, total: Linear, least: int | None, most: int | None, unless: Any) -> None:
        low, high = self._range(total)
        slack = 0 * self.nodes[0] if unless is None else unless
        if least is not None and low < least:
            self.model.addConstr(self._sum(total) + (least - low) * slack >= least)
        if most is not None and high > most:
            self.model.addConstr(self._sum(total) - (high - most) * slack <= most)

    def _test(self, total: Linear, least: int | None, most: int | None) -> Any:
        """Make below + within + above = 1, each of which says where the sum lies."""
        low, high = self._range(total)
        least, most = low if least is None else least, high if most is None else most
        below, within, above = (self._integer(0, 1) for _ in range(3))
        self.model.addConstr(below + within + above == 1)
        self.model.addConstr(self._sum(total) >= low * below + max(low, least) * within + (most + 1) * above)
        self.model.addConstr(self._sum(total) <= (least - 1) * below + min(high, most) * within + high * above)
        return within

    def solve(self) -> int | None:
        """Return the least cost; None if there is no world, or no further one."""
        self.model.minimize(self.objective)
        if self.model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        found: float = self.model.getObjectiveValue()
        return round(found)

    def values(self) -> list[int]:
        """Return the world that was found."""
        chosen = [round(self.model.val(node)) for node in self.nodes[: len(self.system.unknowns)]]
        return self.system.values(chosen)

    def exclude(self, values: list[int]) -> None:
        """Let no other world have the edits of this one: some row must move less, or another one more."""
        moved, terms, size = self.system.moved(values), [], 0
        for place, (more, fewer) in self.added.items():
            by = moved.get(place, 0)
            if by:
                terms.append(more if by > 0 else fewer)
                size += abs(by)
        wrong = self.system.wrong(values)
        terms += [self.wrong[place] for place in wrong]
        size += len(wrong)
        self.model.addConstr(sum(terms, start=0 * self.nodes[0]) <= size - 1)
