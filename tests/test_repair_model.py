"""The model of a publication, and its repairs against those found by trying everything, and by another solver."""

from __future__ import annotations

import pytest

from jumelage import report_file
from jumelage.errors import UsageError
from jumelage.repairing import cpsat
from jumelage.repairing.counting import Wanted, covers
from jumelage.repairing.derive import system_of
from jumelage.repairing.implications import Implied
from jumelage.repairing.implied import implied
from jumelage.repairing.model import Cell
from jumelage.repairing.publication import Publication
from jumelage.repairing.search import Asked, search
from jumelage.reporting.sheet import Value
from jumelage.table_spec import Share, table_spec
from tests.mip_check import Program
from tests.small_surveys import by_trying, figure, printed_of, spoilt, survey

TOWNS = {"A": "responded", "B": "responded"}
ROWS = {("A", "DE"): 2, ("B", "DE"): 1, ("B", "ML"): 1}


def test_every_report_says_in_its_header_what_kind_of_table_it_is() -> None:
    assert [name for name in report_file.shipped() if report_file.report(name).table is None] == []
    found = {name: table for name in report_file.shipped() if (table := report_file.report(name).table)}
    kinds = {name: table.kind for name, table in found.items()}
    assert kinds["countries"] == "margin"
    assert kinds["distribution"] == "distribution"
    assert kinds["agreements_by_country"] == "list"
    assert found["participation"].counts["mean_agreements"] == Share("agreements", "responded")
    assert found["response"].counts["response_rate"] == Share("responded", "towns", 100)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"kind": "margins"}, "kind 'margins' is no kind; did you mean margin?"),
        ({"kind": "margin", "count": {}}, "unknown key 'count'; did you mean counts?"),
        ({"kind": "margin", "counts": {"agrements": "agreements"}}, "unknown measure 'agrements'"),
        ({"kind": "margin", "counts": {"agreements": "accords"}}, "'accords' cannot be counted"),
        ({"kind": "margin", "by": "zon"}, "by 'zon' is no column of the key"),
        ({"kind": "share", "counts": {"agreements": "agreements"}}, "a table of shares has quotients alone"),
        ({"kind": "margin", "counts": {"agreements": "answers"}}, "what counts answers says of what"),
        ("margin", "it must be a table"),
    ],
)
def test_a_wrong_table_names_what_is_wrong(table: object, said: str) -> None:
    with pytest.raises(UsageError, match=r"zones\.sql: header: \[table\]") as error:
        table_spec(table, ["zone"], {"agreements"}, "zones")
    assert said in str(error.value)


def test_a_pattern_of_keys_may_leave_parts_open() -> None:
    assert covers("", "eu/DE")
    assert covers("eu/*", "eu/DE")
    assert not covers("eu/*", "eu")
    assert not covers("eu", "europe_non_eu")


def test_what_agrees_needs_no_repair() -> None:
    found = search(survey(ROWS, printed_of(ROWS, TOWNS), TOWNS), Asked())
    assert (found.minimum, [one.moved for one in found.sizes[0].repairs]) == (0, [()])


@pytest.mark.parametrize("seed", range(30))
def test_the_search_finds_what_trying_everything_finds(seed: int) -> None:
    """Each of these has three towns, and up to three errors."""
    given = spoilt(seed)
    found = search(given, Asked(sets=False))
    assert found.minimum is not None
    system = system_of(given, Wanted(max(1, found.minimum)))
    best, names = by_trying(system)
    assert best is not None
    made = cpsat.repairs(system, best, 10_000)
    assert found.minimum == best == Program(system).solve()
    assert {one.name for one in made.repairs} == names
    assert len(found.sizes[0].repairs) == len(names)
    assert made.all_


def test_a_mean_and_a_percentage_are_held_within_their_rounding() -> None:
    figures = [
        figure("participation", "mean_agreements", "value", "2.0", 1),
        figure("participation", "agreements", "value", 5),
    ]
    found = search(survey(ROWS, figures, TOWNS), Asked(sets=False))
    assert found.minimum == 1  # 5 of 2 towns are 2.5, so one of the two figures is wrong, and the rows say which
    assert [found.system.printed[i].cell[1] for i in found.sizes[0].repairs[0].wrong] == ["agreements"]


def test_answers_that_nothing_tells_apart_are_one_repair_with_their_number() -> None:
    towns = dict.fromkeys("ABCD", "responded")
    rows = {(name, "DE"): 1 for name in "ABCD"}
    answers = {("actions", "interreg"): {"A": "yes", "B": "no", "C": "no", "D": "no"}}
    figures = [figure("actions", "interreg", "cities", 2)]
    found = search(survey(rows, figures, towns, answers=answers), Asked(sets=False))
    assert found.minimum == 1
    assert sorted((bool(one.wrong), one.count) for one in found.sizes[0].repairs) == [(False, 3), (True, 1)]


def test_an_open_answer_leaves_room_and_costs_nothing() -> None:
    answers = {("actions", "interreg"): {"A": "yes", "B": "not_published"}}
    for value, cost in ((1, 0), (2, 0), (0, 1), (3, 1)):
        given = survey(ROWS, [figure("actions", "interreg", "cities", value)], TOWNS, answers=answers)
        assert search(given, Asked(sets=False)).minimum == cost, value


def test_what_no_sum_of_rows_is_is_named() -> None:
    figures = [figure("cities_alphabetical", "1", "population", 3), *printed_of(ROWS, TOWNS)]
    assert [one[:2] for one in system_of(survey(ROWS, figures, TOWNS), Wanted(1)).unexpressed] == [
        ("cities_alphabetical", "population")
    ]
    open_list = survey(ROWS, printed_of(ROWS, TOWNS), TOWNS, complete=False)
    assert {one[0] for one in system_of(open_list, Wanted(1)).unexpressed} == {"distribution", "participation"}


def test_what_is_held_fixed_is_not_called_wrong() -> None:
    figures = [*printed_of(ROWS, TOWNS), figure("participation", "agreements", "value", 5)]
    free = search(survey(ROWS, figures, TOWNS), Asked(sets=False))
    assert free.minimum == 1
    held = search(survey(ROWS, figures, TOWNS), Asked((("participation", ""),), sets=False))
    assert (held.minimum or 0) > 1
    assert all(held.system.printed[i].cell[0] != "participation" for one in held.sizes[0].repairs for i in one.wrong)


def test_what_is_held_fixed_may_leave_no_repair() -> None:
    figures = [figure("zones", "total", "agreements", 5), figure("participation", "agreements", "value", 4)]
    with pytest.raises(UsageError, match="what is held fixed contradicts itself"):
        search(survey(ROWS, figures, TOWNS), Asked((("zones", ""), ("participation", "")), sets=False))


def test_a_weight_says_what_a_change_costs() -> None:
    figures = [*printed_of(ROWS, TOWNS), figure("participation", "agreements", "value", 5)]
    found = search(survey(ROWS, figures, TOWNS), Asked(weights=(("participation", "", 2),), sets=False))
    assert found.minimum == 2


def test_the_next_sizes_hold_no_repair_of_which_a_part_is_enough() -> None:
    figures = [*printed_of(ROWS, TOWNS), figure("participation", "agreements", "value", 5)]
    found = search(survey(ROWS, figures, TOWNS), Asked(slack=3, sets=False))
    assert [one.cost for one in found.sizes] == [1, 2, 3, 4]
    system = found.system
    for size in found.sizes[1:]:
        for one in size.repairs:
            assert not any(
                one.holds(less) for before in found.sizes if before.cost < size.cost for less in before.repairs
            )
            assert one.cost == size.cost <= len(system.printed)


def test_figures_that_contradict_one_another_are_a_small_set() -> None:
    figures = [figure("zones", "total", "agreements", 5), figure("participation", "agreements", "value", 4)]
    sets = search(survey(ROWS, figures, TOWNS), Asked()).conflicts.sets
    assert sorted(part.name[0] for part in sets[0].parts) == ["participation", "zones"]


def test_without_time_nothing_is_called_a_minimum() -> None:
    found = search(spoilt(3), Asked(seconds=1e-9))
    assert found.minimum is None or found.minimum == found.low


def _implied(given: Publication, rows: dict[Cell, tuple[Value, Value]]) -> dict[Cell, Implied]:
    return {one.cell: one for one in implied(given, rows, None, {}).cells}


def test_what_the_rows_leave_open_may_be_fixed_by_the_other_figures() -> None:
    """Of two towns it is not told whether they responded; another figure tells how many did."""
    towns = TOWNS | {"C": "not_published", "D": "not_published"}
    figures = [
        figure("participation", "responded", "value", 3),
        figure("distribution", "total", "cities", 3),
        figure("distribution", "0", "cities", 1),
        figure("distribution", "2", "cities", 2),
    ]
    responded, none = ("participation", "responded", "value"), ("distribution", "0", "cities")
    found = _implied(survey(ROWS, figures, towns), {responded: (2, 4), none: (0, 2)})
    assert (found[responded].low, found[responded].high, found[responded].fixed) == (3, 3, True)
    assert (found[none].others, found[none].fixed) == ((1, 1), True)
    alone = _implied(survey(ROWS, figures[:1], towns), {responded: (2, 4)})
    assert (alone[responded].others, alone[responded].fixed) == ((2, 4), False)


def test_open_answers_can_be_told_where_the_figure_leaves_one_way() -> None:
    cell = ("actions", "interreg", "cities")
    answers = {("actions", "interreg"): {"A": "yes", "B": "not_published"}}
    for value, told in ((1, "all no"), (2, "all yes")):
        given = survey(ROWS, [figure("actions", "interreg", "cities", value)], TOWNS, answers=answers)
        found = _implied(given, {cell: (1, 2)})[cell]
        assert (found.told, found.others, found.low, found.high) == (told, (1, 2), value, value)


def test_where_print_contradicts_itself_all_smallest_repairs_are_looked_at() -> None:
    figures = [figure("zones", "total", "agreements", 5), figure("participation", "agreements", "value", 4)]
    found = _implied(survey(ROWS, figures, TOWNS), {})
    assert (found["zones", "total", "agreements"].low, found["zones", "total", "agreements"].high) == (4, 4)
