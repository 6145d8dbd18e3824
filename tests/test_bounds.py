"""What the rows leave open: questions that were not asked, lists that are not complete, numbers that a town says."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from jumelage import database, report_file
from jumelage.database.models import MANAGEMENT
from jumelage.render.lines import visible_columns
from jumelage.reporting.sheet import Value
from tests.conftest import Databases, WaveFolder, address, run, share
from tests.made_waves import Agreement, Made, codes, put, scope_of, sheet_of, wave
from tests.published import html_of

NA = Path(__file__).parent / "data" / "na"  # a wave whose questions were not asked
ANSWERS = ("yes", "no", "dont_know", "refused", "no_answer", "not_asked", "not_applicable", "not_published")
SHOWN = ("dont_know", "refused", "no_answer", "not_applicable")
TOWNS = ["Croix", "Roubaix", "Lille", "Arras", "Lens", "Douai", "Calais"]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A database on DuckDB that waves are put into, one after the other, and never committed."""
    url = Databases("duckdb", tmp_path_factory.mktemp("bounds"), None).migrated()
    with database.writing(url, dry_run=True) as connection:
        put(connection, BESIDE)
        yield connection


BESIDE = wave("beside", "2001-12-31", "responded: Lille", "")  # for reports that need two


def cells_of(
    connection: Connection, name: str, made: Made, *, with_inferred: bool = True
) -> Mapping[str, dict[str, Value]]:
    waves = (BESIDE, made) if report_file.report(name).waves > 1 else (made,)
    return sheet_of(connection, name, scope_of(*waves, with_inferred=with_inferred)).cells


# --- counted by hand ---------------------------------------------------------------------------------------------


def test_a_question_that_nobody_was_asked_has_no_numbers_and_says_so(migrated: URL, tmp_path: Path) -> None:
    db = ("--db", address(migrated))
    assert run("load", NA, *db).code == 0
    table = run("report", "actions", *db).out
    lines = [line for line in table.splitlines() if "Agenda 21" in line]
    assert [line.split("  ")[-1].strip() for line in lines] == ["1"]  # the town that was not asked
    assert "Not asked" in lines[0]
    assert "Non demandé" in run("report", "actions", "--lang", "fr", *db).out
    for row in csv.DictReader(run("report", "actions", "--format", "csv", *db).out.splitlines()):
        asked = {name: value for name, value in row.items() if not name.startswith("not_asked") and name != "action"}
        assert set(asked.values()) == {""}
        assert (row["not_asked"], row["not_asked_high"]) == ("1", "1")
    (elected, *others) = json.loads(run("report", "management", "--format", "json", *db).out)
    assert (elected["cities"], elected["base"], elected["not_asked"]) == (None, None, 1)
    assert [(one["cities"], one["base"], one["no_answer"]) for one in others] == [(0, 1, 1), (0, 1, 1)]
    assert run("publish", "--formats", "site,csv", "--out", tmp_path / "public", *db).code == 0
    page = html_of(tmp_path / "public", "en")
    assert page.count("Not asked") >= 13  # twelve actions and a delegate
    assert "not claimed complete" in page
    assert "In the printed survey" not in page  # this wave has none


def test_a_figure_printed_for_a_question_that_nobody_was_asked_is_contradicted(migrated: URL, tmp_path: Path) -> None:
    handed = WaveFolder(tmp_path / "na")
    for path in NA.iterdir():
        handed.path.mkdir(exist_ok=True)
        handed.write(path.name, path.read_text(encoding="utf-8"))
    handed.write("published/actions.csv", "action,measure,printed,place\nagenda_21,cities,0,page 1\n")
    assert run("load", handed.path, "--db", address(migrated)).code == 0
    done = run("check", "--db", address(migrated))
    assert done.code == 1
    assert "actions agenda_21 cities: printed 0, computed no number, since nobody was asked; not explained" in done.err


def test_an_answer_that_may_have_been_given_is_shown_where_nothing_else_says_so(crowded: Connection) -> None:
    made = wave("may", "2018-06-30", "responded: Lille Lens", "", complete=False)
    made = replace(made, answers={(town, "service"): "no_answer" for town in ("Lille", "Lens")})
    put(crowded, made)
    sheet = sheet_of(crowded, "management", scope_of(made))
    assert [column.name for column in visible_columns(sheet)] == ["arrangement", "cities", "base", "no_answer"]


SAID = Made(
    "said",
    date(2018, 6, 30),
    dict.fromkeys(TOWNS, "responded"),
    tuple(Agreement(town, "DE", since=date(1990, 1, 1)) for town in TOWNS),
    answers={
        (town, item): answer
        for item in ("agenda_21", "service")
        for town, answer in zip(TOWNS, ANSWERS[:7], strict=True)
    },
)


@pytest.mark.parametrize(("report", "item"), [("actions", "agenda_21"), ("management", "service")])
def test_every_way_of_not_saying_yes_is_shown_on_its_own(crowded: Connection, report: str, item: str) -> None:
    """Seven towns with an answer each: the one that was not asked is no part of the base."""
    made = replace(SAID, wave=f"said-{report}")
    put(crowded, made)
    cell = cells_of(crowded, report, made)[item]
    found = {name: value for name, value in cell.items() if not name.endswith("_high")}
    assert found == {
        next(iter(cell)): item,
        "cities": 1,
        "base": 6,
        "not_asked": 1,
        **dict.fromkeys(SHOWN, 1),
    }


OPEN = wave(
    "open",
    "2018-06-30",
    "responded: Lille Lens Douai Arras\nnot_reached: Calais",
    "Lille DE Köln since=1960-01-01\nLille GB Leeds\nLens DE - since=2015-01-01\n? PL -",
    complete=False,
)


@pytest.mark.parametrize("declared", [{}, {"Arras": 0, "Lens": 1}])
def test_an_incomplete_list_is_a_bound_in_every_report(crowded: Connection, declared: dict[str, int]) -> None:
    """Lille lists 2, Lens 1, Douai and Arras none; who says its number has no more."""
    made = replace(OPEN, wave=f"open-{len(declared)}", declared=declared)
    put(crowded, made)
    for name, key in (("zones", "total"), ("countries", "eu/DE"), ("agreements_by_country", f"DE/{codes()['Lille']}")):
        cell = cells_of(crowded, name, made)[key]
        assert (cell["agreements"], cell["agreements_high"]) == ({"total": 4, "eu/DE": 2}.get(key, 1), None)
    participation = cells_of(crowded, "participation", made)
    engaged = (2, 3) if declared else (2, 4)
    assert (participation["engaged"]["value"], participation["engaged"]["value_high"]) == engaged
    assert (participation["agreements"]["value"], participation["agreements"]["value_high"]) == (4, None)
    assert (participation["mean_agreements"]["value"], participation["mean_agreements"]["value_high"]) == (1, None)
    evolution = cells_of(crowded, "evolution", made)[f"{made.wave}/all"]
    assert (evolution["engaged"], evolution["engaged_high"]) == engaged
    for name, key in (("actions", "agenda_21"), ("management", "service"), ("seniority", "no_data")):
        cell = cells_of(crowded, name, made)[key]
        assert (cell["base"], cell["base_high"]) == engaged, name
    found = {
        key: (cell["cities"], cell["cities_high"]) for key, cell in cells_of(crowded, "distribution", made).items()
    }
    if declared:  # Arras has 0 and Lens 1; Lille 2 or more, Douai any number
        assert found == {"0": (1, 2), "1": (1, 2), "2": (0, 2), "3": (0, 2), "total": (4, 4)}
    else:
        assert found == {"0": (0, 2), "1": (0, 3), "2": (0, 4), "3": (0, 4), "total": (4, 4)}
    seniority = {
        key: (cell["cities"], cell["cities_high"]) for key, cell in cells_of(crowded, "seniority", made).items()
    }
    if declared:  # Lens has one agreement, of 2015
        assert seniority == {"more_than_10_years": (1, 2), "up_to_10_years": (1, 2), "no_data": (0, 1)}
    else:
        assert seniority == {"more_than_10_years": (1, 4), "up_to_10_years": (0, 3), "no_data": (0, 2)}


def test_a_declared_zero_is_an_answer_and_a_blank_is_not(migrated: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.replace("wave.toml", "agreements = true", "agreements = false")
    tiny_wave.replace("respondents.csv", "city,response,service", "city,response,service,declared_agreements")
    tiny_wave.replace("respondents.csv", "Lille,responded,yes", "Lille,responded,yes,")
    tiny_wave.replace("respondents.csv", "Douai,responded,", "Douai,responded,,0")
    tiny_wave.replace("partnerships.csv", "Douai,Pologne,1,,2005,,\n", "")
    tiny_wave.append("respondents.csv", "Lens,responded,,")
    db = ("--db", address(migrated))
    done = run("load", tiny_wave.path, *db)
    assert done.code == 0, done.err
    with database.reading(migrated) as connection:
        engaged = dict(database.query(connection, "select city, engaged from respondents")[1])
    assert [engaged[codes()[town]] for town in ("Lille", "Douai", "Lens")] == ["yes", "no", "not_published"]
    response = run("report", "response", "--format", "csv", *db).out
    # Douai, the only town of 30,000 to 49,999 that said 0; Lens, as large, left it blank.
    assert "\ntiny,30000_49999,2,2,2,100,100,0,0,0,0,1,0,\n" in response
    assert "≥\u00a04" in run("report", "participation", *db).out


# --- random waves against all that may be true -------------------------------------------------------------------


class Possible:
    """All that may be true of a wave: of each town whether it answered, and which agreements it has."""

    def __init__(self, made: Made, *, with_inferred: bool) -> None:
        self.made = made
        self.in_force = made.in_force(with_inferred=with_inferred)
        self.dated = not self.in_force or any(one.since for one in self.in_force)

    def listed(self, town: str) -> list[Agreement]:
        return [one for one in self.in_force if one.city == town]

    def is_open(self, town: str) -> bool:
        """Tell whether nothing bounds the agreements of a town."""
        silent = self.made.towns[town] in {"refused", "not_reached"} and not self.listed(town)
        return not (self.made.complete or silent or town in self.made.declared)

    def more(self, town: str) -> list[int]:
        """Return how many agreements a town may have beside those listed; of an open end, as many as matter here."""
        if self.is_open(town):
            return list(range(12))
        return [max(self.made.declared.get(town, 0) - len(self.listed(town)), 0)]

    def numbers(self, town: str) -> set[int | None]:
        """Return how many agreements a town that answered may have, and None if it may not have answered."""
        unanswered: set[int | None] = {None} if self.made.towns[town] != "responded" else set()
        if self.made.towns[town] in {"refused", "not_reached"}:
            return unanswered
        return unanswered | {len(self.listed(town)) + more for more in self.more(town)}

    def engaged(self, town: str) -> set[bool]:
        return {len(self.listed(town)) + more > 0 for more in self.more(town)}

    def seniorities(self, town: str) -> set[str | None]:
        """Return the classes that a town may be in; None where it may not be engaged."""
        found: set[str | None] = set()
        for more in self.more(town):
            days = [one.since for one in self.listed(town)]
            if not days and not more:
                found.add(None)
            for unlisted in (date(1950, 1, 1), self.made.day, None) if more else (None,):
                years = [self.made.day.year - day.year for day in (*days, unlisted) if day]
                if days or more:
                    old = max(years, default=-1)
                    found.add("no_data" if not years else "more_than_10_years" if old > 10 else "up_to_10_years")
        return found

    def asked_since(self, town: str) -> bool:
        return any(one.since for one in self.listed(town)) if self.listed(town) else self.dated

    def answers(self, town: str, item: str) -> set[str]:
        given = self.made.answer(town, item)
        return set(ANSWERS) - {"not_asked", "not_published"} if given == "not_published" else {given}


def ends(possible: list[set[bool]]) -> tuple[int, int]:
    """Return how many are true at least and at most."""
    return sum(one == {True} for one in possible), sum(True in one for one in possible)


def random_wave(rng: random.Random, name: str) -> Made:
    towns = {town: rng.choice(["responded"] * 3 + ["refused", "not_published"]) for town in TOWNS if rng.randint(0, 5)}
    towns = towns or {"Lille": "responded"}
    agreements = [
        Agreement(
            rng.choice([None, *towns]),
            rng.choice(["DE", "GB"]),
            since=rng.choice([None, None, date(1990, 5, 1), date(2016, 1, 1)]),
            inferred=rng.randint(0, 6) == 0,
        )
        for _ in range(rng.randint(0, 9))
    ]
    complete = bool(rng.randint(0, 1))
    declared = {}
    for town, response in towns.items():
        if response == "responded" and not rng.randint(0, 2):
            listed = sum(one.city == town for one in agreements)
            declared[town] = listed if complete else listed + rng.choice([0, 0, 1, 2])
    default = rng.choice(ANSWERS)
    answers = {
        (town, item): rng.choice(ANSWERS)
        for town in towns
        for item in ("interreg", "solidarity", *MANAGEMENT)
        if rng.randint(0, 1)
    }
    return Made(name, date(2018, 6, 30), towns, tuple(agreements), complete, declared, answers, default)


EXAMPLES = iter(range(10**9))


@given(rng=st.randoms(use_true_random=False), with_inferred=st.booleans())
@share(0.5)
def test_every_range_is_all_that_may_be_true(crowded: Connection, rng: random.Random, with_inferred: bool) -> None:
    made = random_wave(rng, f"b{next(EXAMPLES)}")
    put(crowded, made)
    possible = Possible(made, with_inferred=with_inferred)
    cells = {
        name: cells_of(crowded, name, made, with_inferred=with_inferred)
        for name in ("distribution", "participation", "evolution", "zones", "actions", "management", "seniority")
    }
    check_counts(cells, made, possible)
    check_answers(cells, made, possible)


def check_counts(cells: dict[str, Mapping[str, dict[str, Value]]], made: Made, possible: Possible) -> None:
    distribution = cells["distribution"]
    numbers = [possible.numbers(town) for town in made.towns]
    for number in range(8):
        low, high = ends([{one == number for one in of_town} for of_town in numbers])
        if str(number) in distribution:
            cell = distribution[str(number)]
            if number <= max((min(n for n in one if n is not None) for one in numbers if one != {None}), default=0):
                assert (cell["cities"], cell["cities_high"]) == (low, high), number
        else:
            assert low == 0, number
            assert not high or not made.complete, number
    total = distribution["total"]
    assert (total["cities"], total["cities_high"]) == ends(
        [{one is not None for one in of_town} for of_town in numbers]
    )
    engaged = ends([possible.engaged(town) for town in made.towns])
    participation = cells["participation"]
    assert (participation["engaged"]["value"], participation["engaged"]["value_high"]) == engaged
    most = None
    if not any(possible.is_open(town) for town in made.towns):
        most = len(possible.in_force) + sum(max(possible.more(town)) for town in made.towns)
    count = participation["agreements"]
    assert (count["value"], count["value_high"]) == (len(possible.in_force), most)
    whole = cells["evolution"][f"{made.wave}/all"]
    assert (whole["engaged"], whole["engaged_high"], whole["agreements"]) == (*engaged, len(possible.in_force))
    zones = cells["zones"]["total"]
    assert (zones["agreements"], zones["agreements_high"]) == (
        len(possible.in_force),
        len(possible.in_force) if made.complete else None,
    )


def check_answers(cells: dict[str, Mapping[str, dict[str, Value]]], made: Made, possible: Possible) -> None:
    for report, items in (("actions", ("interreg", "solidarity")), ("management", MANAGEMENT)):
        for item in items:
            cell = cells[report][item]
            asked = [town for town in made.towns if made.answer(town, item) != "not_asked"]
            left_out = [possible.engaged(town) for town in made.towns if town not in asked]
            assert (cell["not_asked"], cell["not_asked_high"]) == ends(left_out)
            nobody = ends([possible.engaged(town) for town in asked])[1] == 0 < ends(left_out)[1]
            for measure, answer in (("cities", "yes"), *((name, name) for name in SHOWN)):
                told = [
                    {a and e == answer for a in possible.engaged(town) for e in possible.answers(town, item)}
                    for town in asked
                ]
                found = (cell[measure], cell[f"{measure}_high"])
                assert found == ((None, None) if nobody else ends(told)), (item, measure)
            base = ends([possible.engaged(town) for town in asked])
            assert (cell["base"], cell["base_high"]) == ((None, None) if nobody else base)
    for name, cell in cells["seniority"].items():
        asked = [town for town in made.towns if possible.asked_since(town)]
        left_out = [possible.engaged(town) for town in made.towns if town not in asked]
        assert (cell["not_asked"], cell["not_asked_high"]) == ends(left_out)
        told = [{one == name for one in possible.seniorities(town)} for town in asked]
        nobody = ends([possible.engaged(town) for town in asked])[1] == 0 < ends(left_out)[1]
        assert (cell["cities"], cell["cities_high"]) == ((None, None) if nobody else ends(told)), name
