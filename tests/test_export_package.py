"""A wave as it is exported: a Data Package that others can read, and that loads as the content that it was."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shlex
import shutil
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.exporting.toml import as_toml
from jumelage.findings import Findings
from jumelage.reading.wave_fields import Origin, nested
from jumelage.reading.wave_toml import canonical, typed, wave_of
from jumelage.render.statuses import MISSING_IN_SDMX, STATUS_IN_SDMX
from jumelage.reporting.entries import STATUSES
from tests import made_associations
from tests.conftest import ROOT, Databases, WaveFolder, address, run
from tests.test_questions import asking

SAME = (  # what tells that two revisions say the same; the current one is the first here
    "select content_hash from survey.revisions where wave = '{}' and revision = 1",
    "select question, item from survey.listed_items where wave = '{}' and revision = 1 order by question, item",
    "select question, default_answer, position from survey.questions where wave = '{}' and revision = 1 order by question",
)
WIDE = """\
city,country,agreements,partner,since,until,inferred,source
Lille,Allemagne,1,"Köln ""Rhein"" Süd, Nord",1958,,,
Lille,GB,1,Leeds,before 1970,2008-05,,
Lille,DE,2,,NSP,,,
Douai,France,1,Meaux,,,,
Douai,Pologne,1,,2005,,yes,
"""
PAIRS = "city,country,partner_before,partner,same\nLille,GB,Ledes,Leeds,yes\n"


def told(url: URL, wave: str) -> list[Any]:
    with database.reading(url) as connection:
        return [database.query(connection, sql.format(wave))[1] for sql in SAME]


def exported(url: URL, out: Path, *more: str) -> Path:
    done = run("export", out, "--db", address(url), *more)
    assert done.code == 0, done.err
    return out


def comes_back(databases: Databases, url: URL, wave: str, out: Path) -> None:
    """Load an export where it is from, which changes nothing, and elsewhere, which gives the same hash."""
    exported(url, out, "--wave", wave)
    again = run("load", out, "--db", address(url))
    assert again.code == 0
    assert again.err.strip().endswith("unchanged"), again.err
    elsewhere = databases.migrated()
    register = out / "codes" / "authorities.csv"
    if wave == "associations":
        assert run("register", "add", register, "--db", address(elsewhere)).code == 0
    there = run("load", out, "--db", address(elsewhere))
    assert there.code == 0, there.err
    assert told(elsewhere, wave) == told(url, wave)
    assert told(url, wave)[0]


@pytest.mark.parametrize("wave", ["2006", pytest.param("2012-demo", marks=pytest.mark.long)])
def test_a_wave_comes_back_as_the_content_that_it_was(
    databases: Databases, shown: URL, tmp_path: Path, wave: str
) -> None:
    comes_back(databases, shown, wave, tmp_path / "out")


def test_questions_of_every_kind_come_back(databases: Databases, tiny_wave: WaveFolder, tmp_path: Path) -> None:
    asking(tiny_wave)
    tiny_wave.write("partnerships.csv", WIDE)
    tiny_wave.write("partner_pairs.csv", PAIRS)
    tiny_wave.replace(
        "wave.toml",
        "[defaults]",
        '[missing.since]\nNSP = "dont_know"\n[home]\napart = true\n[printed.words]\n"de plus en plus" = {}\n[defaults]',
    )
    tiny_wave.write(
        "published/zones.csv",
        "zone,measure,printed,place\neu,agreements,3,p. 1\ntotal,agreements,de plus en plus,p. 1\n",
    )
    url = databases.migrated()
    done = run("load", tiny_wave.path, "--db", address(url))
    assert done.code == 0, done.err
    comes_back(databases, url, "tiny", tmp_path / "out")
    check_package(tmp_path / "out")
    kinds = {row["kind"] for row in rows(tmp_path / "out" / "questions.csv")}
    assert kinds == {"yes_no", "choice", "choices", "number", "date", "text"}
    since = {row["since"] for row in rows(tmp_path / "out" / "partnerships.csv")}
    assert "dont_know" in since


def test_authorities_and_reports_of_its_own_come_along(databases: Databases, tmp_path: Path) -> None:
    url, folder = databases.migrated(), tmp_path / "wave"
    assert run("register", "add", made_associations.write(folder), "--db", address(url)).code == 0
    assert run("load", folder, "--db", address(url)).code == 0
    comes_back(databases, url, "associations", tmp_path / "out")
    check_package(tmp_path / "out")
    assert (tmp_path / "out" / "reports" / "members_by_activity.sql").read_text(encoding="utf-8") == (
        made_associations.MEMBERS_BY_ACTIVITY
    )
    cells = [row for row in rows(tmp_path / "out" / "cells.csv") if row["JUMELAGE_STATUS"] == "contradicted"]
    assert {(row["REPORT"], row["ACTIVITY"], row["PARTNER"]) for row in cells} == {
        ("members_by_activity", "charity", ""),
        ("partners_by_activity", "school", "abroad"),
    }


@pytest.mark.long
def test_a_spelling_that_a_person_confirmed_comes_along(
    databases: Databases, folder_2006: WaveFolder, tmp_path: Path
) -> None:
    folder_2006.replace(
        "published/agreements_by_country.csv",
        "Algérie,Roubaix,agreements,Roubaix,",
        "Algérie,Roubaix,agreements,Robaais,",
    )
    folder_2006.write("aliases.csv", "list,spelling,code\ncities,Robaais,59512\n")
    url = databases.migrated()
    assert run("load", folder_2006.path, "--db", address(url)).code == 0
    comes_back(databases, url, "2006", tmp_path / "out")
    assert rows(tmp_path / "out" / "aliases.csv") == [{"list": "cities", "spelling": "Robaais", "code": "59512"}]


@pytest.fixture(scope="module")
def package(shown: URL, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both waves of the examples, exported in French."""
    return exported(shown, tmp_path_factory.mktemp("packages") / "out", "--wave", "all", "--lang", "fr")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_package(folder: Path) -> dict[str, Any]:
    """Hold a package against what it says of itself: files, headers, types, keys, and what refers to what."""
    said: dict[str, Any] = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    resources = {one["name"]: one for one in said["resources"]}
    assert len(resources) == len(said["resources"])
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {one["path"] for one in resources.values()} | {"datapackage.json"} == files
    tables = {name: rows(folder / one["path"]) for name, one in resources.items() if one["format"] == "csv"}
    for name, one in resources.items():
        data = (folder / one["path"]).read_bytes()
        assert (one["bytes"], one["hash"]) == (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
        assert re.fullmatch("[a-z0-9._-]+", name)
        if name in tables:
            check_table(data.decode().split("\n", 1)[0], one["schema"], tables, tables[name])
    return said


def check_table(
    header: str, schema: dict[str, Any], tables: dict[str, list[dict[str, str]]], found: list[dict[str, str]]
) -> None:
    assert header.split(",") == [field["name"] for field in schema["fields"]]
    for key in (schema.get("primaryKey"), *schema.get("uniqueKeys", ())):
        keys = [tuple(row[name] for name in key or ()) for row in found]
        assert not key or len(set(keys)) == len(keys)
    for key in schema.get("foreignKeys", ()):
        there = {row[key["reference"]["fields"][0]] for row in tables[key["reference"]["resource"]]}
        assert {row[key["fields"][0]] for row in found} - {""} <= there
    for field in schema["fields"]:
        assert field["title"]
        assert isinstance(field.get("example", ""), str), "as the profile of version 2 has it, of numbers too"
        missing = {one["value"] for one in field.get("missingValues", [{"value": "", "label": "-"}])}
        assert all(one["label"] for one in (*field.get("missingValues", ()), *field.get("categories", ())))
        values = {row[field["name"]] for row in found} - missing
        if field.get("constraints", {}).get("required"):
            assert "" not in {row[field["name"]] for row in found}
        if "categories" in field:
            assert values <= {one["value"] for one in field["categories"]}
        pattern = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?", "boolean": "yes|no", "date": r"\d{4}-\d\d-\d\d"}
        assert all(re.fullmatch(pattern.get(field["type"], "(?s).*"), value) for value in values), field["name"]


@pytest.mark.on_duckdb
@pytest.mark.parametrize("wave", ["2006", "2012-demo"])
def test_a_package_is_what_it_says(package: Path, wave: str) -> None:
    said = check_package(package / wave)
    assert said["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert ("inventées" in said["description"]) == (wave == "2012-demo")
    by_name = {one["name"]: one["schema"] for one in said["resources"] if "schema" in one}
    assert by_name["partnerships"]["foreignKeys"][0]["reference"] == {"resource": "frame", "fields": ["city"]}
    (since,) = [field for field in by_name["partnerships"]["fields"] if field["name"] == "since"]
    assert {"value": "not_published", "label": "Non publié"} in since["missingValues"]
    assert {"value": "", "label": "non renseigné"} in since["missingValues"]
    assert "tests" not in "".join(path.read_text(encoding="utf-8") for path in (package / wave).glob("*.csv")), (
        "who loaded it is nobody's business"
    )


@pytest.mark.on_duckdb
@pytest.mark.parametrize("wave", ["2006", "2012-demo"])
def test_agreements_are_as_the_schema_for_others_says(package: Path, wave: str) -> None:
    path = package / wave / "partnerships.csv"
    said = json.loads((ROOT / "schema" / "partnerships.schema.json").read_text(encoding="utf-8"))
    check_table(path.read_text(encoding="utf-8").split("\n", 1)[0], said, {}, rows(path))
    assert all(field["example"] and field["description"] for field in said["fields"])
    assert [field["name"] for field in said["fields"] if field["constraints"]["required"]] == ["country"]


@pytest.mark.on_duckdb
def test_a_record_for_catalogues_has_every_file(package: Path) -> None:
    record = json.loads((package / "2006" / "dcat.jsonld").read_text(encoding="utf-8"))
    assert {one["@language"] for one in record["dct:title"]} == {"fr", "en"}
    assert record["dct:temporal"]["dcat:endDate"]["@value"] == "2006-03-31"
    assert [place["skos:prefLabel"] for place in record["dct:spatial"]] == ["Nord", "Pas-de-Calais"]
    found = {one["dcat:downloadURL"]["@id"]: one for one in record["dcat:distribution"]}
    assert set(found) == {
        path.relative_to(package / "2006").as_posix()
        for path in (package / "2006").rglob("*")
        if path.is_file() and path.name not in {"datapackage.json", "dcat.jsonld"}
    }
    for path, one in found.items():
        digest = hashlib.sha256((package / "2006" / path).read_bytes()).hexdigest()
        assert one["spdx:checksum"]["spdx:checksumValue"]["@value"] == digest
    assert found["frame.csv"]["dcat:mediaType"]["@id"].endswith("/text/csv")


@pytest.mark.on_duckdb
def test_cells_are_those_of_the_reports(package: Path, shown: URL) -> None:
    cells = rows(package / "2006" / "cells.csv")
    assert list(cells[0])[:3] == ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    reports = {row["REPORT"] for row in cells}
    assert len(reports) >= 11
    for name in reports:
        found: dict[tuple[str, ...], dict[str, str]] = {}
        of_report = [row for row in cells if row["REPORT"] == name]
        done = run("report", name, "--wave", "2006", "--printed", "--format", "csv", "--db", address(shown))
        expected = list(csv.DictReader(done.out.splitlines()))
        columns = [name for name in expected[0] if not name.endswith(("_printed", "_status"))]
        measures = list(dict.fromkeys(row["MEASURE"] for row in of_report))
        keys = [name for name in columns if name not in {*measures, *(f"{one}_high" for one in measures)}]
        in_cells = [next(one for one in (f"KEY_{key.upper()}", key.upper()) if one in cells[0]) for key in keys]
        for row in of_report:
            assert row["STRUCTURE_ID"] == f"JUMELAGE:{name.upper()}(1.0.0)"
            found[*(row[column] for column in in_cells), row["MEASURE"]] = row
        assert len(found) == len(of_report) == len(expected) * len(measures)
        for row in expected:
            for measure in measures:
                cell = found[*(row[key] for key in keys), measure]
                low, high = row[measure], row.get(f"{measure}_high", row[measure])
                assert (cell["LOW"], cell["HIGH"]) == (low, high)
                assert cell["OBS_VALUE"] == (low if low == high else "")
                assert cell["PRINTED"] == row.get(f"{measure}_printed", "")
                assert cell["JUMELAGE_STATUS"] == row.get(f"{measure}_status", "")


@pytest.mark.on_duckdb
def test_a_cell_without_a_value_is_missing_and_no_other_is(package: Path) -> None:
    assert set(STATUS_IN_SDMX) == {None, *STATUSES}
    for wave in ("2006", "2012-demo"):
        cells = rows(package / wave / "cells.csv")
        assert {(row["OBS_VALUE"] == "") for row in cells if row["OBS_STATUS"] == MISSING_IN_SDMX} == {True}
        assert {(row["OBS_VALUE"] == "") for row in cells if row["OBS_STATUS"] != MISSING_IN_SDMX} == {False}
        assert {row["TIME_PERIOD"] for row in cells} == {wave[:4]}
    wrong = [row for row in rows(package / "2006" / "cells.csv") if row["OBS_STATUS"] == "U"]
    assert {row["JUMELAGE_STATUS"] for row in wrong} == {"contradicted"}
    assert all("annexe 2" in row["COMMENT_OBS"] for row in wrong)


@pytest.mark.long
@pytest.mark.on_duckdb
def test_cells_tell_kinds_of_authority_apart(databases: Databases, tiny_wave: WaveFolder, tmp_path: Path) -> None:
    tiny_wave.replace("wave.toml", "[sources]", '[sources]\n[printed]\nkind = "epci"')
    tiny_wave.append("frame.csv", "200093201,1130000")
    tiny_wave.append("respondents.csv", "200093201,responded,")
    tiny_wave.append("partnerships.csv", "200093201,Pologne,1,,2005,,")
    tiny_wave.write("published/zones.csv", "zone,measure,printed,place\neu,agreements,2,p. 1\n")
    url = databases.migrated()
    done = run("load", tiny_wave.path, "--db", address(url))
    assert done.code == 0, done.err
    comes_back(databases, url, "tiny", tmp_path / "out")
    cells = [row for row in rows(tmp_path / "out" / "cells.csv") if row["ZONE"] == "eu" and row["REPORT"] == "zones"]
    assert {
        row["KIND"]: (row["OBS_VALUE"], row["PRINTED"], row["JUMELAGE_STATUS"])
        for row in cells
        if row["MEASURE"] == "agreements"
    } == {"commune": ("5", "", ""), "epci": ("1", "2", "contradicted")}


@pytest.mark.on_duckdb
def test_any_revision_is_exported_and_a_zip_of_it_loads(shown: URL, loaded: URL, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("export", out, "--wave", "2006@2", "--db", address(shown))
    assert done.err.count("was withdrawn") == 1
    said = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))["jumelage"]
    assert said["revision"] == "2006@2"
    archive = shutil.make_archive(str(tmp_path / "zipped"), "zip", out)
    assert run("load", archive, "--reason", "as it was", "--db", address(loaded)).code == 0
    with database.reading(loaded) as connection:
        _, found = database.query(connection, "select content_hash from survey.revisions where revision = 2")
    assert found == [(said["content_hash"],)]


@pytest.mark.on_duckdb
def test_a_package_is_the_same_each_time_and_on_both_engines(both: dict[str, URL], tmp_path: Path) -> None:
    found = []
    for name, url in (*both.items(), ("again", both["duckdb"])):
        out = exported(url, tmp_path / name)
        found.append({path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()})
        for path in ("datapackage.json", "dcat.jsonld"):  # with the time of the load
            found[-1][path] = re.sub(rb"20\d\d-[\d-]+T[\d:]+Z|[0-9a-f]{64}", b"", found[-1][path])
    assert found[0] == found[2]
    assert {path for path in found[0] if found[0][path] != found[1][path]} == set()


@pytest.mark.on_duckdb
def test_parquet_has_the_same_rows(package: Path, shown: URL, tmp_path: Path) -> None:
    out = exported(shown, tmp_path / "out", "--wave", "2012-demo", "--format", "parquet")
    for path in sorted((package / "2012-demo").rglob("*.csv")):
        other = out / path.relative_to(package / "2012-demo").with_suffix(".parquet")
        relation = duckdb.read_parquet(str(other))
        text = [["" if value is None else str(value) for value in row] for row in relation.fetchall()]
        assert text == [list(row.values()) for row in rows(path)], path.name
    assert duckdb.read_parquet(str(out / "frame.parquet")).types == ["VARCHAR", "BIGINT"]
    assert run("load", out, "--db", address(shown)).code == 1


@pytest.mark.on_duckdb
def test_nothing_but_an_earlier_export_is_replaced(shown: URL, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    asked = ("export", out, "--wave", "2012-demo", "--db", address(shown))
    assert run(*asked).code == 0, "an empty folder holds nothing"
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert run(*asked).code == 2
    assert run(*asked, "--force").code == 0
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    (out / "codes" / "mine.txt").write_text("mine", encoding="utf-8")
    refused = run(*asked, "--force", "--lang", "fr")
    assert refused.code == 2
    assert "mine.txt n’est pas d’un export" in refused.err
    (out / "codes" / "mine.txt").unlink()
    (out / "frame.csv").write_text("changed", encoding="utf-8")
    assert run(*asked, "--force").code == 2
    assert (out / "frame.csv").read_text(encoding="utf-8") == "changed"
    (tmp_path / "link").symlink_to(out)
    (tmp_path / "file").write_text("", encoding="utf-8")
    for name in ("link", "file"):
        for force in ((), ("--force",)):
            assert run("export", tmp_path / name, "--wave", "2012-demo", "--db", address(shown), *force).code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link", "out"]


@pytest.mark.on_duckdb
def test_a_package_of_several_waves_is_replaced_as_a_whole(package: Path, shown: URL) -> None:
    asked = ("export", package, "--wave", "all", "--lang", "fr", "--db", address(shown), "--force")
    assert run(*asked).code == 0
    (package / "notes").mkdir()
    (package / "notes" / "mine.txt").write_text("mine", encoding="utf-8")
    assert run(*asked).code == 2
    (package / "notes" / "mine.txt").unlink()
    (package / "notes").rmdir()
    assert sorted(path.name for path in package.iterdir()) == ["2006", "2012-demo"]


@pytest.mark.on_duckdb
def test_an_export_that_fails_leaves_nothing(databases: Databases, tiny_wave: WaveFolder, tmp_path: Path) -> None:
    url = databases.migrated()
    assert run("load", tiny_wave.path, "--db", address(url)).code == 0
    with database.writing(url) as connection:
        connection.exec_driver_sql("update survey.revisions set declared = null")
    done = run("export", tmp_path / "new" / "out", "--db", address(url))
    assert done.code == 2
    assert "wave.toml" in done.err
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.on_duckdb
def test_what_an_export_has_beside_is_strange_without_its_datapackage(
    databases: Databases, tiny_wave: WaveFolder
) -> None:
    tiny_wave.write("cells.csv", "REPORT\nzones\n")
    url = databases.migrated()
    refused = run("load", tiny_wave.path, "--db", address(url))
    assert refused.code == 1
    assert "cells.csv: is not a file of a wave" in refused.err
    tiny_wave.write("datapackage.json", "{}")
    assert run("load", tiny_wave.path, "--db", address(url)).code == 0


SHEET = {
    "wave": "typed",
    "title.fr": "Enquête",
    "title.en": "Survey",
    "reference_date": "2012-03-31",
    "synthetic": "non",
    "frame_rule.fr": "Trois villes",
    "frame_rule.en": "Three towns",
    "population": "RP",
    "source": "tests",
    "fieldwork.from": "2012-03-01",
    "fieldwork.to": "2012-03-31",
    "fieldwork.mode": "post",
    "complete.agreements": "1",
    "complete.printed": "zones, countries",
    "home.apart": "oui",
    "defaults.response": "Non joint",
    "defaults.since": "Ne sait pas",
    "defaults.actions.*": "Non",
    "asked.difficulties": "languages; fatigue",
    "printed.words.plusieurs.at_least": "2",
}


def test_what_a_sheet_says_of_a_wave_is_written_in_its_types() -> None:
    """In a sheet, and as it is kept, all values are texts; in wave.toml they are not."""
    findings = Findings()
    wave = wave_of(nested(SHEET.items()), Origin(texts=True), findings)
    assert not findings.errors, list(findings)
    assert json.loads(wave.declared) == nested(SHEET.items()), "what is kept stays as it was handed in"
    again = wave_of(tomllib.loads(as_toml(typed(wave.declared))), Origin(), findings)
    assert not findings.errors, list(findings)
    assert canonical(again, {}) == canonical(wave, {})
    assert again.words == wave.words
    assert again.asked == wave.asked


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_VALUES = st.recursive(
    st.one_of(_TEXTS, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
    | st.dates(date(1000, 1, 1)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_TEXTS, _VALUES, max_size=4))
def test_toml_is_read_as_it_was_meant(table: dict[str, Any]) -> None:
    assert tomllib.loads(as_toml(table)) == table


@pytest.mark.on_duckdb
def test_the_commands_of_the_page_do_what_it_says(shown: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUMELAGE_DATABASE_URL", address(shown))
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "packages.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    for line in block.splitlines():
        done = run(*shlex.split(line)[1:])
        assert done.code == 0, done.err
    assert "unchanged" in done.err
