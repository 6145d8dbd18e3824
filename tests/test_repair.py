"""What the tables of 2006 say together: the command `repair`, and its results applied."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.repairing.counting import Wanted
from jumelage.repairing.derive import system_of
from jumelage.repairing.publication import Publication, read
from jumelage.revisions.asked import scope_asked_for
from tests.applied import apply
from tests.conftest import WAVE_2006, Databases, address, run
from tests.mip_check import Program

Story = dict[str, Any]
pytestmark = pytest.mark.on_duckdb
VALENCIENNES, CALAIS, DOUAI, MARCQ, WATTRELOS = "59606", "62193", "59178", "59378", "59650"


@pytest.fixture(scope="module")
def story(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Story:
    return _story(address(databases.loaded()), tmp_path_factory.mktemp("repair"))


@cache
def _story(url: str, folder: Path) -> Story:
    result = run("--db", url, "repair", "-o", folder / "repairs.json")
    assert result.code == 0, result.err
    return dict(json.loads((folder / "repairs.json").read_text(encoding="utf-8")))


def _given(url: URL) -> Publication:
    with database.reading(url) as connection:
        return read(connection, scope_asked_for(connection, None, None, None, kind=None, without_inferred=False)[0])


def test_the_smallest_repair_of_2006_has_three_edits_and_there_are_72(story: Story) -> None:
    assert (story["minimum"], story["lower_bound"], story["solutions"], story["complete"]) == (3, 3, 72, True)
    assert sum(one["count"] for one in story["repairs"]) == 72
    assert len({json.dumps(one["edits"]) for one in story["repairs"]}) == 72
    for one in story["repairs"]:
        assert [one["cost"], len(one["edits"])] == [3, 3]
        assert {edit["table"] for edit in one["edits"]} == {"partnerships"}


def test_the_repairs_of_2006_have_four_net_effects_by_town(story: Story) -> None:
    assert Counter(json.dumps(one["net"], sort_keys=True) for one in story["repairs"]) == Counter(
        {
            json.dumps({VALENCIENNES: -1, one: 1, other: 1}, sort_keys=True): 18
            for one in (CALAIS, DOUAI)
            for other in (MARCQ, WATTRELOS)
        }
    )
    assert sorted(group["count"] for group in story["groups"]) == [18, 18, 18, 18]


def test_every_repair_of_2006_takes_an_agreement_from_valenciennes_and_no_edit_is_common(story: Story) -> None:
    assert story["common"] == {"edits": [], "towns": {VALENCIENNES: -1}, "countries": {"LV": 1}}
    for one in story["repairs"]:
        assert any(e["action"] == "remove" and e["key"].endswith(VALENCIENNES) for e in one["edits"])
    assert story["touched"]["reports"] == []


def test_the_smallest_conflicting_sets_of_2006_are_named(story: Story) -> None:
    sets = [
        [(part.get("report"), part.get("key"), part.get("code"), part["printed"]) for part in one]
        for one in story["conflicts"]
    ]
    assert sets == [
        [("countries", "eu/LV", None, "1"), (None, None, "LV", "0")],
        [("distribution", "10", None, ""), (None, None, VALENCIENNES, "10")],
        [("distribution", "4", None, "1"), (None, None, WATTRELOS, "4"), (None, None, MARCQ, "4")],
        [("distribution", "6", None, "1"), (None, None, CALAIS, "6"), (None, None, DOUAI, "6")],
    ]


def test_what_cannot_be_expressed_and_what_is_left_out_are_named(story: Story) -> None:
    assert {(one["report"], one["measure"]) for one in story["unexpressed"]} == {
        (f"cities_{order}", measure)
        for order in ("alphabetical", "by_population")
        for measure in ("city", "population")
    }
    assert story["left_out"] == [{"city": "unknown", "country": "LV", "agreements": 1}]


def test_people_are_told_in_both_languages(loaded: URL) -> None:
    url = address(loaded)
    english = run("--db", url, "repair", "--most", "80").out
    assert (
        "3 corrections are needed, and that is proved: there is no smaller repair. Repairs of that size: 72." in english
    )
    assert "No single correction is common to all." in english
    assert "in the list, Valenciennes: 10 agreements" in english
    french = run("--db", url, "repair", "--lang", "fr", "--format", "table").out
    assert "Il faut 3 corrections, et c’est prouvé\u00a0: aucune réparation plus petite n’existe." in french
    assert "Valenciennes (\u22121)" in french


def test_a_bound_on_the_list_is_stated(loaded: URL) -> None:
    told = json.loads(run("--db", address(loaded), "repair", "--most", "5", "--format", "json").out)
    assert (told["minimum"], told["complete"], len(told["repairs"])) == (3, False, 5)
    rows = list(
        csv.DictReader(io.StringIO(run("--db", address(loaded), "repair", "--most", "5", "--format", "csv").out))
    )
    assert [row["repair"] for row in rows] == [str(n) for n in (1, 2, 3, 4, 5) for _ in range(3)]


def test_no_repair_changes_what_is_held_fixed(loaded: URL, tmp_path: Path) -> None:
    url = address(loaded)
    lists = json.loads(run("--db", url, "repair", "--fix", "agreements_by_country", "--format", "json").out)
    assert (lists["minimum"], lists["solutions"]) == (11, 1)
    assert all("report" in edit for one in lists["repairs"] for edit in one["edits"])
    weights = tmp_path / "weights.csv"
    weights.write_text("report,key,weight\nagreements_by_country,*/59606,5\n", encoding="utf-8")
    told = json.loads(run("--db", url, "repair", "--weights", weights, "--format", "json", "--most", "20").out)
    assert told["minimum"] > 3


def test_wrong_options_are_told(loaded: URL, tmp_path: Path) -> None:
    url = address(loaded)
    wrong = run("--db", url, "repair", "--fix", "distributions")
    assert (wrong.code, "did you mean distribution?" in wrong.err) == (2, True)
    weights = tmp_path / "weights.csv"
    weights.write_text("report,key,weight\ndistribution,,0\n", encoding="utf-8")
    assert "line 2: it must be report,key,weight" in run("--db", url, "repair", "--weights", weights).err


def test_a_limit_that_is_reached_is_told(loaded: URL) -> None:
    result = run("--db", address(loaded), "repair", "--timeout", "0.1", "--format", "json")
    told = json.loads(result.out)
    assert result.code == 4
    assert "stopped after 0.1 s" in result.err
    assert told["minimum"] is None or not told["finished"]


def _check_applied(story: Story, number: int, folder: Path) -> None:
    shutil.copytree(WAVE_2006, folder / "2006")
    apply(folder / "2006", story, story["repairs"][number])
    url = folder / "applied.duckdb"
    assert run("--db", url, "migrate").code == 0
    load = run("--db", url, "load", folder / "2006")
    assert load.code == 0, load.err
    check = run("--db", url, "check")
    assert check.code == 0, check.err


@pytest.mark.parametrize("group", range(4))
def test_a_repair_of_each_net_effect_makes_check_pass_when_it_is_applied(
    story: Story, group: int, tmp_path: Path
) -> None:
    _check_applied(story, story["groups"][group]["repairs"][0] - 1, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("number", range(72))
def test_each_repair_makes_check_pass_when_it_is_applied(story: Story, number: int, tmp_path: Path) -> None:
    _check_applied(story, number, tmp_path)


def test_another_solver_proves_the_minimum_of_2006(loaded: URL) -> None:
    assert Program(system_of(_given(loaded), Wanted(3))).solve() == 3


@pytest.mark.long
def test_another_solver_finds_the_same_72(loaded: URL) -> None:
    program = Program(system_of(_given(loaded), Wanted(3)))
    found = set()
    while program.solve() == 3:
        values = program.values()
        assert program.system.possible(values)
        found.add(program.system.repair(values).name)
        program.exclude(values)
    assert len(found) == 72


def test_what_2006_implies_fixes_four_figures_that_the_rows_leave_open(loaded: URL) -> None:
    found = run("--db", address(loaded), "implied", "participation", "--format", "csv")
    cells = {row["key"]: row for row in csv.DictReader(io.StringIO(found.out))}
    assert [key for key, row in cells.items() if row["fixed"] == "yes"] == ["responded", "mean_agreements"]
    assert [cells["responded"][name] for name in ("rows_low", "rows_high", "implied_low", "implied_high")] == [
        *("21", "29", "25", "25")
    ]


def test_a_draft_of_an_explanation_is_marked_as_a_proposal(loaded: URL) -> None:
    text = run("--db", address(loaded), "repair", "--explain", "3").out
    assert text.startswith("# PROPOSITION / PROPOSAL: repair 3 of 72, of the smallest size, 3.")
    drafted = tomllib.loads(text)["explanations"]
    assert sorted((one["report"], sorted(one["keys"])) for one in drafted) == [
        ("agreements_by_country", ["LV/unknown"]),
        ("distribution", sorted(["4", "5", "6", "7", "9", "10"])),
    ]
    assert all(one["because"]["fr"].startswith("PROPOSITION\u00a0:") for one in drafted)


def test_a_stored_result_is_shown_with_the_content_that_it_is_of(story: Story, loaded: URL, tmp_path: Path) -> None:
    stored = tmp_path / "repairs.json"
    stored.write_text(json.dumps(story), encoding="utf-8")
    options = ("publish", "--out", tmp_path / "public", "--formats", "site", "--repairs", stored)
    assert run("--db", address(loaded), *options).code == 0
    for lang, said in (("fr", "aucune réparation plus petite"), ("en", "there is no smaller repair")):
        page = (tmp_path / "public" / lang / "repairs.html").read_text(encoding="utf-8")
        assert said in page
        assert f'href="{lang}/repairs.html"' in (tmp_path / "public" / f"{lang}.html").read_text(encoding="utf-8")
        assert "<script" not in page
    assert json.loads((tmp_path / "public" / "repairs.json").read_text(encoding="utf-8"))["solutions"] == 72
    stored.write_text(json.dumps(story | {"content_hash": "0"}), encoding="utf-8")
    refused = run("--db", address(loaded), *options)
    assert (refused.code, "of another content" in refused.err) == (2, True)
    stored.write_text("[]", encoding="utf-8")
    assert "no result of `jumelage repair -o`" in run("--db", address(loaded), *options).err
