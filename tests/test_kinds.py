"""A wave that asked authorities of several kinds: a sheet for each of them, and no number that adds kinds up."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from jumelage import database, report_file
from jumelage.content import views
from tests.conftest import TINY, Databases, WaveFolder, address, run

COMMUNES = ("Lille", "Lens", "Douai", "Calais", "Roubaix")
EPCI = ("CC de Desvres-Samer", "CA du Caudrésis et du Catésis", "CC des 7 Vallées")
DEPARTEMENTS = ("Nord", "Pas-de-Calais")
AUTHORITIES = (*COMMUNES, *EPCI, *DEPARTEMENTS)
# Agreements by kind: 4 of communes, 3 of EPCI, 1 of départements.
AGREEMENTS = """\
city,country,agreements,partner,since,inferred,source
Lille,DE,2,,1990,,
Douai,PL,1,,2005,,
Calais,ML,1,,,,
CC de Desvres-Samer,DE,1,,1960,,
CA du Caudrésis et du Catésis,DE,1,,,,
CA du Caudrésis et du Catésis,PL,1,,,,
Nord,ML,1,,,,
"""
PRINTED = "zone,measure,printed,place\n{}\n"


def write(folder: Path, code: str = "mixed") -> WaveFolder:
    handed = WaveFolder(folder / code)
    for name, text in TINY.items():
        handed.write(name, text)
    handed.replace("wave.toml", 'wave = "tiny"', f'wave = "{code}"')
    handed.replace("wave.toml", 'response = "not_reached"', 'response = "responded"')
    handed.write("frame.csv", "city,population\n" + "".join(f"{town},30000\n" for town in AUTHORITIES))
    handed.write("respondents.csv", "city,response\nLens,refused\n")
    handed.write("partnerships.csv", AGREEMENTS)
    handed.write(
        "actions.csv", "city,action,answer\nLille,agenda_21,yes\nCA du Caudrésis et du Catésis,agenda_21,yes\n"
    )
    handed.write("difficulties.csv", "city,difficulty,answer\nCC de Desvres-Samer,languages,yes\n")
    return handed


def load(databases: Databases, *waves: WaveFolder) -> URL:
    url = databases.migrated()
    for handed in waves:
        done = run("load", handed.path, "--db", address(url))
        assert done.code == 0, done.err
    return url


@pytest.fixture(scope="module")
def mixed(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> URL:
    """Five communes, three EPCI and two départements, to read only; and before them a wave of communes alone."""
    folder = tmp_path_factory.mktemp("mixed")
    before = write(folder, "before")
    before.replace("wave.toml", "reference_date = 2010-12-31", "reference_date = 2005-12-31")
    before.replace("wave.toml", "from = 2010-10-01\nto = 2010-12-31", "from = 2005-10-01\nto = 2005-12-31")
    before.write("frame.csv", "city,population\nLille,225784\nDouai,42461\n")
    before.write("respondents.csv", "city,response\n")
    before.write("partnerships.csv", "city,country,agreements,partner,since,inferred,source\nLille,DE,1,,1990,,\n")
    before.write("actions.csv", "city,action,answer\n")
    before.write("difficulties.csv", "city,difficulty,answer\n")
    return load(databases, before, write(folder))


def cells(url: URL, report: str, kind: str, *more: str) -> dict[str, dict[str, str]]:
    done = run("report", report, "--kind", kind, "--format", "csv", "--db", address(url), *more)
    assert done.code == 0, done.err
    return {next(iter(row.values())): row for row in csv.DictReader(io.StringIO(done.out))}


@pytest.mark.parametrize(
    ("kind", "asked", "answered", "agreements", "agenda_21"),
    [("commune", 5, 4, 4, 1), ("epci", 3, 3, 3, 1), ("departement", 2, 2, 1, 0)],
)
def test_each_sheet_counts_one_kind(
    mixed: URL, kind: str, asked: int, answered: int, agreements: int, agenda_21: int
) -> None:
    for inferred in ((), ("--without-inferred",), ("--wave", "mixed@1")):
        assert cells(mixed, "zones", kind, *inferred)["total"]["agreements"] == str(agreements)
    found = {name: cell["value"] for name, cell in cells(mixed, "participation", kind).items()}
    assert [found[name] for name in ("contacted", "responded", "agreements")] == [
        *map(str, (asked, answered, agreements))
    ]
    assert cells(mixed, "actions", kind)["agenda_21"]["cities"] == str(agenda_21)
    done = run("explain", "zones", "total", "agreements", "--kind", kind, "--format", "csv", "--db", address(mixed))
    assert len(done.out.splitlines()) == 1 + agreements


def test_a_table_is_shown_for_each_kind_and_csv_json_and_explain_ask_for_one(mixed: URL) -> None:
    db = ("--db", address(mixed))
    for name in report_file.reports_of_a_wave():
        done = run("report", name, *db)
        assert done.code == 0, done.err
        title = report_file.report(name).title.en
        for kind in ("communes", "intercommunal bodies (EPCI)", "départements"):
            assert done.out.count(f"{title} – {kind}\n") == 1
        for form in ("csv", "json"):
            for lang, why in (
                ("en", "several kinds of authority were asked, and their numbers are not to be added up: "),
                (
                    "fr",
                    "plusieurs sortes d’autorités ont été interrogées, et leurs nombres ne s’additionnent pas\u00a0: ",
                ),
            ):
                done = run("report", name, "--format", form, "--lang", lang, *db)
                assert (done.code, done.out) == (2, "")
                assert f"{why}commune, epci, departement" in done.err
    done = run("explain", "zones", "total", "agreements", *db)
    assert (done.code, "commune, epci, departement" in done.err) == (2, True)
    done = run("report", "zones", "--kind", "region", *db)
    assert (done.code, "no authority of that kind was asked" in done.err) == (2, True)


def test_a_wave_of_one_kind_is_shown_as_if_there_were_no_kinds(mixed: URL) -> None:
    for form in ("table", "csv"):
        arguments = ("report", "zones", "--wave", "before", "--format", form, "--db", address(mixed))
        plain = run(*arguments)
        assert run(*arguments, "--kind", "commune") == plain
        assert (plain.code, "communes" in plain.out) == (0, False)


def test_waves_are_compared_kind_by_kind_among_those_that_asked_it(mixed: URL) -> None:
    waves = ("--wave", "before,mixed", "--db", address(mixed))
    shown = run("report", "bridge", *waves)
    assert (shown.code, shown.out.count("communes"), shown.out.count("EPCI")) == (0, 1, 0)
    total = cells(mixed, "bridge", "commune", "--wave", "before,mixed")["before"]
    assert (total["zone"], total["agreements_before"], total["agreements"]) == ("total", "1", "4")
    found = cells(mixed, "response", "epci", "--wave", "before,mixed")
    assert list(found) == ["mixed"]
    done = run("report", "bridge", "--kind", "epci", *waves)
    assert (done.code, "compares waves and needs 2" in done.err) == (2, True)


def test_agreements_without_a_town_are_in_no_kind_and_leave_its_number_open(
    databases: Databases, tmp_path: Path
) -> None:
    handed = write(tmp_path)
    handed.append("partnerships.csv", ",PL,1,,,,")
    url = load(databases, handed)
    total = cells(url, "zones", "epci")["total"]
    assert (total["agreements"], total["agreements_high"]) == ("3", "")
    shown = run("report", "zones", "--db", address(url))
    assert shown.out.count("counted in no kind: mixed (1)") == 3
    assert "≥\u00a03" in shown.out


@pytest.mark.parametrize(
    ("kind", "status"),
    [("commune", "contradicted"), ("epci", "reproduced"), (None, "error"), ("region", "error")],
)
def test_printed_figures_are_held_against_the_kind_that_the_wave_says(
    databases: Databases, tmp_path: Path, kind: str | None, status: str
) -> None:
    handed = write(tmp_path)
    handed.write("published/zones.csv", PRINTED.format("total,agreements,3,p. 1"))
    if kind:
        handed.append("wave.toml", f'[printed]\nkind = "{kind}"')
    url = load(databases, handed)
    done = run("check", "--format", "json", "--db", address(url))
    assert [one["status"] for one in json.loads(done.out)] == [status]
    assert done.code == (0 if status == "reproduced" else 1)
    assert ("(commune, epci, departement)" in done.err) is (status == "error")
    if status == "reproduced":
        assert run("publish", "--out", tmp_path / "public", "--db", address(url)).code == 0
        page = (tmp_path / "public" / "en.html").read_text(encoding="utf-8")
        for one in ("commune", "epci", "departement"):
            section = page.split(f'<section id="zones-{one}">')[1].split("</section>")[0]
            assert ("badge" in section) is (one == "epci")
        printed = ("report", "zones", "--printed", "--db", address(url))
        assert run(*printed).out.count("reproduced") == 1
        assert run("diff", "mixed", "mixed", "--db", address(url)).code == 0


def test_every_view_of_a_wave_that_names_an_authority_tells_its_kind(mixed: URL) -> None:
    lean = {"listed_agreements", "agreements_in_force"}  # read by the million: nothing is looked up for each
    with database.reading(mixed) as connection:
        for name in views(connection.dialect.name):
            columns = set(database.query(connection, f"select * from {name} limit 0")[0])
            if {"wave", "city"} <= columns and name not in lean:
                assert "kind" in columns, name
