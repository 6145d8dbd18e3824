"""A wave that asked authorities of several kinds: a sheet for each of them, and no number that adds kinds up."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

import jumelage
from jumelage import database, report_file
from jumelage.content import views
from tests.conftest import TINY, Databases, WaveFolder, address, run
from tests.published import section

COMMUNES = ("Lille", "Lens", "Douai", "Calais", "Roubaix")
EPCI = ("CC de Desvres-Samer", "CA du Caudrésis et du Catésis", "CC des 7 Vallées")
DEPARTEMENTS = ("Nord", "Pas-de-Calais")
KINDS = {"commune": "communes", "epci": "intercommunal bodies (EPCI)", "departement": "départements"}
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
        for kind, said in KINDS.items():
            title = report_file.report(name).of_kind(kind).title.en
            told = title if said.partition(" (")[0] in title.casefold() else f"{title} – {said}"
            assert done.out.splitlines().count(told) == 1
            assert "{" not in title
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


def test_headings_say_what_was_asked_and_french_agrees_with_it(mixed: URL) -> None:
    def shown(report: str, kind: str, lang: str) -> str:
        return run("report", report, "--kind", kind, "--lang", lang, "--db", address(mixed)).out

    whole = run("report", "distribution", "--db", address(mixed)).out.splitlines()
    assert "Towns by number of agreements – communes" in whole
    assert "Intercommunal bodies by number of agreements" in whole
    assert "Départements contactés" in shown("participation", "departement", "fr")
    assert "Intercommunalités contactées" in shown("participation", "epci", "fr")
    assert "Villes contactées" in shown("participation", "commune", "fr")
    assert "Départements that responded" in shown("participation", "departement", "en")
    assert " Intercommunal body " in shown("cities_alphabetical", "epci", "en")
    assert " Département " in shown("cities_alphabetical", "departement", "fr")
    for name in report_file.report_names():
        for kind in (*KINDS, "Stadt", None):
            of_kind = report_file.report(name).of_kind(kind)
            texts = [of_kind.title, *(column.label for column in of_kind.columns)]
            texts += [text for column in of_kind.columns for text in (column.labels or {}).values()]
            for text in texts:
                assert not {"{", "}"} & set(text.fr + text.en), (name, kind, text)
                words = f"{text.fr} {text.en}".casefold()
                assert kind in {"commune", None} or not {"ville", "villes", "town", "towns"} & set(words.split())


def test_kinds_of_which_nobody_said_more_are_authorities(migrated: URL, tmp_path: Path) -> None:
    assert report_file.report("distribution").of_kind("Stadt").title.fr == "Collectivités selon le nombre d’accords"
    title = report_file.report("bridge_towns").of_kind("epci").title.fr
    assert title.endswith("la différence du nombre d’intercommunalités")
    listed = tmp_path / "list.csv"
    listed.write_text("code,kind,name,country\nDE:1,Stadt,Köln,DE\nDE:2,Stadt,Bonn,DE\n", encoding="utf-8")
    assert run("register", "add", listed, "--db", address(migrated)).code == 0
    handed = write(tmp_path, "stadt")
    handed.write("frame.csv", "city,population\nDE:1,900000\nDE:2,300000\n")
    for name in ("respondents.csv", "actions.csv", "difficulties.csv", "partnerships.csv"):
        head = (handed.path / name).read_text(encoding="utf-8").splitlines()[0]
        handed.write(name, head + "\n")
    done = run("load", handed.path, "--db", address(migrated))
    assert done.code == 0, done.err
    assert "Authorities contacted" in run("report", "participation", "--db", address(migrated)).out


def test_size_classes_are_those_of_the_kind(migrated: URL, tmp_path: Path) -> None:
    handed = write(tmp_path, "sizes")
    people = {"Lille": 230000, "Lens": 19999, "Douai": 20000, "CC des 7 Vallées": 14999, "Nord": 2600000}
    handed.write("frame.csv", "city,population\n" + "".join(f"{name},{count}\n" for name, count in people.items()))
    handed.write("respondents.csv", "city,response\n")
    for name in ("actions.csv", "difficulties.csv", "partnerships.csv"):
        handed.write(name, (handed.path / name).read_text(encoding="utf-8").splitlines()[0] + "\n")
    assert run("load", handed.path, "--db", address(migrated)).code == 0
    found = {}
    for kind in ("commune", "epci", "departement"):
        done = run("report", "response", "--kind", kind, "--format", "csv", "--db", address(migrated))
        found[kind] = [(row["size_class"], row["contacted"]) for row in csv.DictReader(io.StringIO(done.out))]
    assert found == {
        "commune": [("10000_19999", "1"), ("20000_29999", "1"), ("100000_and_over", "1"), ("total", "3")],
        "epci": [("epci_under_15000", "1"), ("total", "1")],
        "departement": [("any", "1"), ("total", "1")],
    }
    shown = run("report", "response", "--kind", "epci", "--lang", "fr", "--db", address(migrated)).out
    assert "moins de 15\u202f000" in shown


def test_every_size_class_follows_the_one_before(migrated: URL) -> None:
    with database.reading(migrated) as connection:
        _, rows = database.query(connection, "select kind, least, below from size_classes order by position")
    for kind in {row[0] for row in rows}:
        bounds = [(least, below) for of, least, below in rows if of == kind]
        assert bounds[0][0] == 0
        assert [least for least, _ in bounds[1:]] == [below for _, below in bounds[:-1]]
        assert bounds[-1][1] is None


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
        assert run("publish", "--formats", "site,csv", "--out", tmp_path / "public", "--db", address(url)).code == 0
        for one in ("commune", "epci", "departement"):
            assert ("badge" in section(tmp_path / "public", "en", f"zones-{one}")) is (one == "epci")
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


def test_python_gives_one_kind_too_and_asks_for_it(mixed: URL) -> None:
    with (
        jumelage.open(address(mixed), wave="mixed") as found,
        pytest.raises(jumelage.UsageError, match="several kinds of authority"),
    ):
        found.report("zones")
    with jumelage.open(address(mixed), wave="mixed", kind="epci") as found:
        printed = run("report", "zones", "--wave", "mixed", "--kind", "epci", "--format", "csv", "--db", address(mixed))
        assert found.report("zones").to_csv() == printed.out
        assert found.sql("select count(*) as n from partnerships").rows == [(3,)]
        assert "intercommunal bodies" in found.report("zones")._repr_html_()
