"""Systems solved by OR-Tools CP-SAT, an extra: the least cost with its proof, all repairs of a cost, ranges.

An edit has one name in a world: additions and removals follow from the value of a row, and a figure is called wrong
exactly where it is, so that each world is one solution. Whatever a solver says of a world is computed again from the
system before it is told.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jumelage.errors import UsageError
from jumelage.repairing.model import AGREEMENTS, Repair
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jumelage.repairing.model import Check, Linear, Printed, System

_WORKERS = 2


def solver_module() -> Any:  # noqa: ANN401
    """Return OR-Tools' CP-SAT; UsageError says how it is installed."""
    try:
        from ortools.sat.python import cp_model
    except ImportError as error:
        raise UsageError(
            both(
                "cela demande un solveur\u00a0: pip install 'jumelage[repair]'",
                "this needs a solver: pip install 'jumelage[repair]'",
            )
        ) from error
    return cp_model


@dataclass(frozen=True, slots=True)
class Least:
    """How far the search for the least cost got: `low` is proved, `cost` is that of a world found, if any was.

    The minimum is known where both are equal. `possible` is false where it is proved that there is no world at all.
    """

    low: int
    cost: int | None
    values: tuple[int, ...] = ()
    possible: bool = True

    @property
    def proved(self) -> bool:
        """Whether the cost is proved to be the least."""
        return self.cost == self.low


@dataclass(slots=True)
class _Built:
    """A system as a model of CP-SAT: a variable or number for each node, and what the costs are made of."""

    system: System
    cp: Any
    model: Any
    nodes: list[Any] = field(default_factory=list)
    wrong: list[Any] = field(default_factory=list)
    costs: list[tuple[int, Any]] = field(default_factory=list)
    moves: dict[int, Any] = field(default_factory=dict)

    def sum_of(self, linear: Linear) -> Any:  # noqa: ANN401
        """Return a sum of nodes as an expression."""
        nodes = [self.nodes[node] for _, node in linear.terms]
        factors = [factor for factor, _ in linear.terms]
        return self.cp.LinearExpr.weighted_sum(nodes, factors) + linear.constant

    def cost(self) -> Any:  # noqa: ANN401
        """Return the cost of a world as an expression."""
        return self.cp.LinearExpr.weighted_sum([one for _, one in self.costs], [weight for weight, _ in self.costs])

    def require(self, check: Check, where: Any = None) -> None:  # noqa: ANN401
        """Let a check hold, or only where a literal is true."""
        domain = self._domain(check.least, check.most)
        found = self.model.add_linear_expression_in_domain(self.sum_of(check.total), domain)
        if where is not None:
            found.only_enforce_if(where)

    def refute(self, check: Check, where: Any) -> None:  # noqa: ANN401
        """Let a check fail where a literal is true."""
        domain = self._domain(check.least, check.most).complement()
        self.model.add_linear_expression_in_domain(self.sum_of(check.total), domain).only_enforce_if(where)

    def _domain(self, least: int | None, most: int | None) -> Any:  # noqa: ANN401
        far = 1 << 40
        return self.cp.Domain(-far if least is None else least, far if most is None else most)


def _build(system: System, *, exact: bool) -> _Built:
    """Make the model of a system; with `exact`, a figure is called wrong only where it is."""
    cp = solver_module()
    built = _Built(system, cp, cp.CpModel())
    model = built.model
    for place, one in enumerate(system.unknowns):
        value = model.new_int_var(one.low, one.high, "")
        built.nodes.append(value)
        if one.start is not None and one.low < one.high:
            _add_edits(built, place, value)
    bounds, needed = _bounds(system), _needed(system)
    for place, computed in enumerate(system.computed, len(system.unknowns)):
        if place not in needed:
            built.nodes.append(None)
            continue
        if not computed.test:
            node = model.new_int_var(*bounds[place], "")
            model.add(node == built.sum_of(computed.total))
        else:
            node = model.new_bool_var("")
            within = built._domain(computed.least, computed.most)  # noqa: SLF001
            total = built.sum_of(computed.total)
            model.add_linear_expression_in_domain(total, within).only_enforce_if(node)
            model.add_linear_expression_in_domain(total, within.complement()).only_enforce_if(~node)
        built.nodes.append(node)
    for rule in system.rules:
        built.require(rule)
    for figure in system.printed:
        _add_figure(built, figure, exact=exact)
    return built


def _add_figure(built: _Built, figure: Printed, *, exact: bool) -> None:
    """Add a figure that holds, or else is called wrong and costs what it weighs."""
    if figure.fixed:
        for check in figure.checks:
            built.require(check)
        built.wrong.append(None)
        return
    wrong = built.model.new_bool_var("")
    for check in figure.checks:
        built.require(check, ~wrong)
    if exact:
        _add_wrong(built, figure.checks, wrong)
    built.wrong.append(wrong)
    built.costs.append((figure.weight, wrong))


def _needed(system: System) -> set[int]:
    """Return the nodes that rules and printed figures are about, and those that these are made of."""
    checks = (*system.rules, *(check for figure in system.printed for check in figure.checks))
    left = [node for check in checks for _, node in check.total.terms]
    found: set[int] = set()
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            if node >= len(system.unknowns):
                left += [below for _, below in system.computed[node - len(system.unknowns)].total.terms]
    return found


def _bounds(system: System) -> list[tuple[int, int]]:
    """Return the least and most of each node."""
    found = [(one.low, one.high) for one in system.unknowns]
    for computed in system.computed:
        if computed.test:
            found.append((0, 1))
            continue
        ends = [sorted((factor * found[node][0], factor * found[node][1])) for factor, node in computed.total.terms]
        constant = computed.total.constant
        found.append((constant + sum(low for low, _ in ends), constant + sum(high for _, high in ends)))
    return found


def _add_edits(built: _Built, place: int, value: Any) -> None:  # noqa: ANN401
    """Make the number of edits of an unknown: what is added and what is removed follow from its value."""
    one, model = built.system.unknowns[place], built.model
    start = one.start or 0
    if start == one.low:
        edits = value - start
    else:
        edits = model.new_int_var(0, max(one.high - start, start - one.low), "")
        model.add_abs_equality(edits, value - start)
    built.moves[place] = value
    built.costs.append((one.weight, edits))


def _add_wrong(built: _Built, checks: Sequence[Check], wrong: Any) -> None:  # noqa: ANN401
    """Let one of the checks fail where a figure is called wrong; which ones follows from the world."""
    if len(checks) == 1:
        built.refute(checks[0], wrong)
        return
    fails = [built.model.new_bool_var("") for _ in checks]
    for check, failing in zip(checks, fails, strict=True):
        built.refute(check, failing)
        built.require(check, ~failing)
    built.model.add_bool_or(fails).only_enforce_if(wrong)


def _limit_towns(built: _Built, cost: int) -> None:
    """Say what follows for towns from a cost: together they move by no more than it leaves. Most of the search goes.

    A town that has n agreements more or fewer than are said costs n edits at least.
    """
    model, system = built.model, built.system
    moved = [weight * wrong for weight, wrong in built.costs[len(built.moves) :]]
    towns: dict[str, list[int]] = {}
    for place in built.moves:
        kind, *name = system.unknowns[place].name
        if kind == AGREEMENTS:
            towns.setdefault(name[0], []).append(place)
    for places in towns.values():
        start = sum(system.unknowns[place].start or 0 for place in places)
        weight = min(system.unknowns[place].weight for place in places)
        far = cost // weight
        signed = model.new_int_var(-far, far, "")
        model.add(signed == sum(built.nodes[place] for place in places) - start)
        by = model.new_int_var(0, far, "")
        model.add_abs_equality(by, signed)
        moved.append(weight * by)
    model.add(sum(moved) <= cost)


def _seconds(until: float | None) -> float:
    return 1e9 if until is None else max(0.05, until - time.monotonic())


def _solver(built: _Built, until: float | None, workers: int = _WORKERS) -> Any:  # noqa: ANN401
    solver = built.cp.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.max_time_in_seconds = _seconds(until)
    solver.parameters.random_seed = 1
    return solver


def least(
    system: System,
    until: float | None = None,
    known: Mapping[tuple[str, ...], int] | None = None,
    most: int | None = None,
) -> Least:
    """Return the least cost of a world, as far as it is found by a time of the monotonic clock; None is no limit.

    `known` is a world to begin with, by the names of unknowns, and `most` what it costs.
    """
    built = _build(system, exact=False)
    cost = built.cost()
    built.model.minimize(cost)
    if most is not None:
        built.model.add(cost <= most)
    for node, one, start in zip(built.nodes, system.unknowns, system.start(), strict=False):
        built.model.add_hint(node, (known or {}).get(one.name, start))
    solver = _solver(built, until)
    status = solver.solve(built.model)
    cp = built.cp
    if status == cp.INFEASIBLE:
        return Least(0, None, possible=False)
    low = _whole(solver.best_objective_bound)
    if status == cp.UNKNOWN:
        return Least(low, None)
    values = system.values([solver.value(node) for node in built.nodes[: len(system.unknowns)]])
    found = _told(system, values)
    return Least(found if status == cp.OPTIMAL else min(low, found), found, tuple(values))


def impossible(system: System) -> bool:
    """Tell whether a system has no world at all."""
    built = _build(system, exact=False)
    return bool(_solver(built, None, workers=1).solve(built.model) == built.cp.INFEASIBLE)


def _whole(bound: float) -> int:
    """Return the least whole cost that a proved bound leaves."""
    from math import ceil, isfinite

    return max(0, ceil(bound - 1e-6)) if isfinite(bound) else 0


def _told(system: System, values: Sequence[int]) -> int:
    """Return the cost of a world that a solver found, computed from the system; a broken rule is a bug."""
    if not system.possible(values):
        raise AssertionError("the solver's world breaks a rule of the system")
    return system.cost(values)


@dataclass(frozen=True, slots=True)
class Found:
    """The worlds of a cost, one for each repair and each value of what is open; `all_` tells whether that is all."""

    repairs: tuple[Repair, ...]
    worlds: tuple[tuple[int, ...], ...]
    all_: bool


def repairs(
    system: System, cost: int, most: int, until: float | None = None, told: Callable[[int], None] | None = None
) -> Found:
    """Return all repairs of exactly a cost, or so many of them; `told` is given their number as they are found."""
    built = _build(system, exact=True)
    cp = built.cp
    built.model.add(built.cost() == cost)
    _limit_towns(built, cost)
    size = len(system.unknowns)

    class Listening(cp.CpSolverSolutionCallback):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.found: dict[object, Repair] = {}
            self.worlds: list[tuple[int, ...]] = []
            self.full = False

        def on_solution_callback(self) -> None:
            values = system.values([self.value(node) for node in built.nodes[:size]])
            if _told(system, values) != cost:
                return
            one = system.repair(values)
            if one.name not in self.found and len(self.found) == most:
                self.full = True
                self.stop_search()
                return
            self.found.setdefault(one.name, one)
            self.worlds.append(tuple(values))
            if told is not None:
                told(len(self.found))
            if len(self.worlds) > _SAME * most:
                self.full = True
                self.stop_search()

    listening = Listening()
    solver = _solver(built, until, workers=1)
    solver.parameters.enumerate_all_solutions = True
    solver.parameters.symmetry_level = 0
    solver.parameters.linearization_level = 0  # what is bound is bound by the towns: a fifth of the time
    solver.parameters.cp_model_probing_level = 0
    status = solver.solve(built.model, listening)
    found = tuple(sorted(listening.found.values(), key=lambda one: one.name))
    done = status in {cp.OPTIMAL, cp.INFEASIBLE} and not listening.full
    return Found(found, tuple(listening.worlds), done)


_SAME = 10  # worlds that are looked at for each repair: they may differ in what is open
