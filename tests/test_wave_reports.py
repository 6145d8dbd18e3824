"""Reports that come with a wave: kept with it, run apart and within limits, held against what is printed of them."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest

from jumelage import database
from jumelage.reading.report_headers import check_header
from jumelage.report_file import split_header
from tests import made_associations
from tests.conftest import ROOT, WAVE_2006, WaveFolder, address, run

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL

REPORT = """\
/*
title = { fr = "Grandes villes", en = "Large towns" }
key = ["city"]
[columns]
city = { fr = "Ville", en = "Town", codes = "cities" }
people = { fr = "Habitants", en = "Inhabitants" }
share = { fr = "Part", en = "Share" }
*/
with detail as (
    select r.city, r.population as people, r.population / 1000.0 as share, r.source
    from respondents r
    where r.population > 40000
)
-- cells
select d.city, d.people, cast(d.share as decimal(18, 3)) as share
from detail d
order by d.people desc
"""


@pytest.fixture
def wave(tiny_wave: WaveFolder) -> WaveFolder:
    """A tiny wave with a report, of which two figures are printed."""
    tiny_wave.write("reports/large.sql", REPORT)
    tiny_wave.write(
        "published/large.csv", "city,measure,printed,place\nLille,people,225784,p. 1\nDouai,people,1,p. 1\n"
    )
    return tiny_wave


def rows(*arguments: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(run(*arguments, "--format", "csv").out)))


def test_the_ledger_finds_the_two_figures_that_are_wrong_in_a_survey_of_associations(
    migrated: URL, tmp_path: Path
) -> None:
    db = ("--db", address(migrated))
    assert run("register", "add", made_associations.write(tmp_path / "wave"), *db).code == 0
    loaded = run("load", tmp_path / "wave", *db)
    assert loaded.code == 0, loaded.err
    assert "column" not in loaded.err
    figures = rows("check", "--wave", "associations", *db)
    status = {(row["report"], row["key"], row["measure"]): row["status"] for row in figures}
    assert len(status) == 10
    assert {cell for cell, found in status.items() if found != "reproduced"} == {
        ("members_by_activity", "charity", "associations"),
        ("partners_by_activity", "school/abroad", "associations"),
    }
    assert set(status.values()) == {"reproduced", "contradicted"}
    # The report says what is counted without a query.
    counted = {
        row["activity"]: row["associations"] for row in rows("report", "members_by_activity", *db, *ASSOCIATIONS)
    }
    for activity in made_associations.ACTIVITIES:
        expected = sum(made_associations.activity(number) == activity for number in made_associations.RESPONDED)
        assert counted[activity] == str(expected)
    behind = rows("explain", "partners_by_activity", "school/abroad", "associations", *db, *ASSOCIATIONS)
    assert {row["city"] for row in behind} == {
        f"ASSO:{number:03}"
        for number in made_associations.RESPONDED
        if made_associations.activity(number) == "school" and "abroad" in made_associations.partners(number)
    }


ASSOCIATIONS = ("--wave", "associations")


def test_a_report_of_a_wave_is_found_while_the_wave_is_in_scope(loaded: URL, wave: WaveFolder, tmp_path: Path) -> None:
    db = ("--db", address(loaded))
    assert "1 wave reports" in run("load", wave.path, *db).err
    assert "unchanged" in run("load", wave.path, *db).err
    found = json.loads(run("report", "large", "--wave", "tiny", "--format", "json", *db).out)
    assert found == [
        {"city": "59350", "people": 225784, "share": 225.784},
        {"city": "59178", "people": 42461, "share": 42.461},
    ]
    assert "no report 'large'" in run("report", "large", "--wave", "2006", *db).err
    assert "no report 'large'" in run("report", "large", "--wave", "2006,tiny", *db).err
    assert "Large towns" in run("reports", "--wave", "tiny", *db).out
    assert "Large towns" not in run("reports", "--wave", "2006", *db).out
    assert [row["people"] for row in rows("explain", "large", "59350", "people", "--wave", "tiny", *db)] == ["225784"]
    checked = run("check", "--wave", "tiny", *db)
    assert checked.code == 1
    assert "problem: large 59178 people: printed 1, computed 42461; not explained" in checked.err
    wave.replace("published/large.csv", "Douai,people,1,", "Douai,people,42461,")
    assert run("load", wave.path, "--reason", "misprint", *db).code == 0
    assert run("publish", "--formats", "site,csv", "--wave", "tiny", "--out", tmp_path / "public", *db).code == 0
    assert "Grandes villes" in (tmp_path / "public" / "fr.html").read_text(encoding="utf-8")
    # What was loaded before says what it said.
    assert "large 59178 people" in run("check", "--wave", "tiny@1", *db).err
    assert "unchanged" in run("load", WAVE_2006, *db).err


def test_a_report_stays_when_one_table_is_loaded_again_and_its_change_is_a_revision(
    migrated: URL, wave: WaveFolder, tmp_path: Path
) -> None:
    db = ("--db", address(migrated))
    assert run("load", wave.path, *db).code == 0
    frame = tmp_path / "frame.csv"
    frame.write_text("city,population\nLille,225784\nLens,35830\nDouai,42462\n", encoding="utf-8")
    dry = run("load", frame, "--table", "frame", "--wave", "tiny", "--reason", "count", "--dry-run", *db)
    assert dry.code == 0, dry.err
    assert "large" in dry.out
    assert run("load", frame, "--table", "frame", "--wave", "tiny", "--reason", "count", *db).code == 0
    assert [row["people"] for row in rows("report", "large", "--wave", "tiny", *db)] == ["225784", "42462"]
    wave.replace("reports/large.sql", "40000", "50000")
    wave.replace("frame.csv", "42461", "42462")
    wave.replace("published/large.csv", "Douai,people,1,p. 1\n", "")
    assert run("load", wave.path, "--reason", "larger", "--accept-loss", *db).code == 0
    assert [row["people"] for row in rows("report", "large", "--wave", "tiny", *db)] == ["225784"]
    changed = run("diff", "tiny@2", "tiny@3", "--format", "csv", *db).out
    assert "wave_reports" in changed
    assert "cell,large,59178,people,42462," in changed
    (wave.path / "reports" / "large.sql").unlink()
    (wave.path / "published" / "large.csv").unlink()
    assert run("load", wave.path, "--reason", "without", "--accept-loss", *db).code == 0
    assert "came with one of them alone" in run("diff", "tiny@3", "tiny@4", "--format", "csv", *db).out


def test_a_report_comes_in_a_zip_or_beside_a_workbook(migrated: URL, wave: WaveFolder, tmp_path: Path) -> None:
    db = ("--db", address(migrated))
    with zipfile.ZipFile(tmp_path / "wave.zip", "w") as archive:
        for path in wave.path.rglob("*.*"):
            archive.write(path, path.relative_to(wave.path))
    assert "1 wave reports" in run("load", tmp_path / "wave.zip", *db).err
    assert "unchanged" in run("load", wave.path, *db).err
    book = tmp_path / "wave.xlsx"
    assert run("template", book, "--wave", "2014", *db).code == 0
    filled = openpyxl.load_workbook(book)
    said = {
        "title.fr": "E",
        "title.en": "S",
        "reference_date": "2014-03-31",
        "frame_rule.fr": "V",
        "frame_rule.en": "T",
    }
    said |= {"population": "P", "source": "S", "fieldwork.from": "2014-02-01", "fieldwork.to": "2014-03-31"}
    said |= {"fieldwork.mode": "online", "complete.agreements": "Oui"}
    for row in filled["wave"].iter_rows(min_row=2):
        row[1].value = said.get(str(row[0].value), row[1].value)
    filled["frame"].append(["Lille", None, 225784])
    filled.save(book)
    shutil.copytree(wave.path / "reports", tmp_path / "mine")
    loaded = run("load", book, "--reports", tmp_path / "mine", *db)
    assert loaded.code == 0, loaded.err
    assert [row["people"] for row in rows("report", "large", "--wave", "2014", *db)] == ["225784"]
    assert "--reports goes with a whole workbook" in run("load", wave.path, "--reports", tmp_path / "mine", *db).err
    refused = run("load", book, "--reports", tmp_path / "no such", "--reason", "x", *db)
    assert (refused.code, refused.err.splitlines()[0].split(";")[0]) == (
        1,
        "no such: must be a folder of one SQL file per report",
    )


BROKEN = {
    "zones.sql": (REPORT, "has the name of a report of the project"),
    "Large.sql": (REPORT, "is no name of a report"),
    "a.sql": (REPORT.replace("-- cells", "--"), "is no report file: one line must read '-- cells'"),
    "b.sql": (
        REPORT.replace('"cities"', '"pg_shadow"'),
        "is no report file: header: there is no code list 'pg_shadow'",
    ),
    "c.sql": (REPORT.replace("from respondents r", "from read_csv('/etc/passwd') r"), "uses the function read_csv"),
    "d.sql": (
        REPORT.replace("from respondents r", "from survey.respondents r"),
        "uses the relation survey.respondents",
    ),
    "e.sql": (REPORT.replace("r.population as", "r.nothing as"), "has a query that fails: "),
    "f.sql": (REPORT.replace("d.people,", ""), "has a query that gives city, share, and [columns] says city, people"),
    "g.sql": (REPORT.replace(", r.source", ""), "has a detail without the column source"),
    "h.sql": (REPORT.replace("title =", "titel ="), "is no report file: header: unknown key 'titel'"),
    "i.sql": (REPORT.replace("/*", "--"), "is no report file: the file starts with a TOML header"),
    "j.sql": (
        REPORT.replace("people = {", '"people from x" = {'),
        "is no report file: header: 'people from x' is no name",
    ),
    "n.sql": (REPORT.replace('"Town"', "Town"), "is no report file: the header is not TOML"),
    "k.sql": (REPORT + "; drop table survey.cities", "must be one query"),
    "l.sql": (REPORT + "-" * 100_000, "has more than 100,000 bytes"),
    "notes.txt": ("see you", "is not a file of a wave"),
}


def test_all_that_is_wrong_with_reports_is_said_at_once_and_nothing_is_loaded(migrated: URL, wave: WaveFolder) -> None:
    for name, (text, _) in BROKEN.items():
        wave.write(f"reports/{name}", text)
    (wave.path / "reports" / "m.sql").write_bytes(b"\xe9")
    refused = run("load", wave.path, "--db", address(migrated))
    said = {name: said for name, (_, said) in BROKEN.items()} | {"m.sql": "byte 0xe9 is not UTF-8"}
    lines = refused.err.splitlines()
    for name, what in said.items():
        found = [line for line in lines if re.match(rf"reports/{name}(:\d+)?: ", line)]
        assert len(found) == 1, (name, lines)
        assert what in found[0]
    for name, line in {"c": 11, "d": 11, "k": 18, "n": 5}.items():
        assert any(found.startswith(f"reports/{name}.sql:{line}: ") for found in lines), (name, lines)
    assert refused.code == 1
    assert len(lines) == len(said) + 1
    assert (
        "reports/zones.sql\u00a0: porte le nom d’un rapport du projet"
        in run("load", wave.path, "--lang", "fr", "--db", address(migrated)).err
    )
    with database.reading(migrated) as connection:
        assert database.query(connection, "select count(*) from survey.waves")[1] == [(0,)]


def test_a_report_that_takes_too_much_is_stopped_and_said_and_the_others_are_run(
    migrated: URL, wave: WaveFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = ("--db", address(migrated))
    endless = (
        "from respondents r, respondents a, respondents b, respondents c, respondents d, respondents e, respondents f"
    )
    many = ", ".join(f"respondents r{i}" for i in range(14))
    slow = REPORT.replace("from respondents r\n", f"{endless}, {many}\n").replace("r.population > 40000", "true")
    slow = slow.replace("select d.city, d.people,", "select min(d.city) as city, sum(d.people) as people,")
    slow = slow.replace("cast(d.share as", "cast(sum(d.share) as").replace("order by d.people desc", "")
    wave.write("reports/slow.sql", slow)
    large = REPORT.replace("from respondents r\n", f"from respondents r, {many.replace('r0,', 'q,')}\n")
    wave.write("reports/many.sql", large.replace("select d.city,", "select d.city || d.people as city,"))
    loaded = run("load", wave.path, *db)
    assert loaded.code == 0, loaded.err
    monkeypatch.setattr("jumelage.database.sandbox.SECONDS", 1.0)
    stopped = run("report", "slow", "--wave", "tiny", *db)
    assert stopped.code == 1
    assert "error: reports/slow.sql: " in stopped.err
    assert "took " in stopped.err
    too_many = run("report", "many", "--wave", "tiny", *db)
    assert too_many.code == 1
    assert "gives more than 100000 rows" in too_many.err or "took " in too_many.err
    checked = run("check", "--wave", "tiny", *db)
    assert "large 59178 people: printed 1, computed 42461" in checked.err
    assert "reports/slow.sql" in checked.err


def test_the_project_has_no_report_of_that_name(loaded: URL) -> None:
    assert "large" not in {path.stem for path in (ROOT / "reports").glob("*.sql")}
    assert "there is no report 'large'" in run("report", "large", "--db", address(loaded)).err


HEADERS = {
    "key": ('key = ["city"]', 'key = "city"', "key must be a list of texts, each once"),
    "twice": ('key = ["city"]', 'key = ["city", "city"]', "key must be a list of texts, each once"),
    "no_key": ('key = ["city"]', "key = []", "key must be a list of texts, each once"),
    "all_key": ('key = ["city"]', 'key = ["city", "people", "share"]', "key: there must be one more column"),
    "waves": ("[columns]", 'waves = "2"\n[columns]', "waves must be a whole number, 1 or more"),
    "asks_one": ("[columns]", 'asks = "number"\n[columns]', "asks must be a list of texts, each once"),
    "asks": ("[columns]", 'asks = ["numbers"]\n[columns]', "asks: it cannot be 'numbers'; did you mean number?"),
    "additive": ("[columns]", 'not_additive = [["share"]]\n[columns]', "not_additive must be a list of texts"),
    "source": ("[columns]", 'source = "page 1"\n[columns]', "source must be fr and en, two texts"),
    "labels": ("[columns]", "labels = { people = 3 }\n[columns]", "labels.people must be a table"),
    "listing": (
        "[columns]",
        'listing = { item = "town", count = "people", mark = { fr = "x", en = "x" } }\n[columns]',
        "listing.item: it cannot be 'town'",
    ),
    "balance": (
        "[columns]",
        'balance = { start = "people" }\n[columns]',
        "balance must be a table with start, parts, end",
    ),
    "start": (
        "[columns]",
        'balance = { start = "city", parts = ["people"], end = "share" }\n[columns]',
        "balance: it cannot be 'city'",
    ),
    "none": ('"Inhabitants"', '"Inhabitants", none = "nothing"', "columns.people.none: it cannot be 'nothing'"),
    "high": ('"Inhabitants"', '"Inhabitants", high = "people"', "columns.people.high: it cannot be 'people'"),
    "high_key": ('"Inhabitants"', '"Inhabitants", high = "city"', "columns.people.high: it cannot be 'city'"),
    "seldom": ('"Inhabitants"', '"Inhabitants", seldom = "yes"', "columns.people.seldom must be true or false"),
    "codes": ('"Inhabitants"', '"Inhabitants", codes = ["cities"]', "columns.people.codes must be a text"),
    "text": ('en = "Inhabitants"', "en = 3", "columns.people must be fr and en, two texts"),
}


def test_a_header_that_says_what_it_cannot_mean_is_refused_when_the_wave_is_loaded(
    migrated: URL, wave: WaveFolder
) -> None:
    for name, (before, after, _) in HEADERS.items():
        wave.write(f"reports/{name}.sql", REPORT.replace(before, after, 1))
    refused = run("load", wave.path, "--db", address(migrated))
    assert refused.code == 1
    for name, (_, _, said) in HEADERS.items():
        assert f"reports/{name}.sql: is no report file: header: {said}" in refused.err
    french = run("load", wave.path, "--lang", "fr", "--db", address(migrated)).err
    assert (
        "reports/waves.sql\u00a0: n’est pas un fichier de rapport\u00a0: en-tête\u00a0: waves doit être un nombre"
        in french
    )


def test_every_header_of_the_project_would_be_taken_from_a_wave() -> None:
    for path in (ROOT / "reports").glob("*.sql"):
        check_header(split_header(path)[0])


def test_odd_results_are_told_and_end_nothing(migrated: URL, wave: WaveFolder) -> None:
    db = ("--wave", "tiny", "--db", address(migrated))
    odd = {
        "huge": "cast(1e300 as double precision) as share",
        "nothing": "cast('nan' as double precision) as share",
        "endless": "cast('infinity' as double precision) as share",
    }
    for name, column in odd.items():
        wave.write(f"reports/{name}.sql", REPORT.replace("cast(d.share as decimal(18, 3)) as share", column))
        wave.write(f"published/{name}.csv", "city,measure,printed,place\nLille,share,1,p. 1\n")
    wave.write("reports/apart.sql", REPORT.replace("select d.city,", "select d.city || '/' || d.city as city,"))
    balance = 'balance = { start = "people", parts = ["people"], end = "share" }'
    text = REPORT.replace("[columns]", f"{balance}\n[columns]").replace("d.people,", "'many' as people,")
    wave.write("reports/text.sql", text.replace("order by d.people desc", ""))
    assert run("load", wave.path, "--db", address(migrated)).code == 0
    checked = run("check", *db)
    assert checked.code == 1, checked.err
    assert "reports/apart.sql: the key 59350/59350 has a part with /" in checked.err
    assert re.search(r"reports/text.sql: \d+: people and the parts do not make share", checked.err)
    for name in odd:
        assert f"problem: {name} 59350 share: printed 1, computed " in checked.err
    assert [row["share"] for row in rows("report", "nothing", *db)] == ["nan", "nan"]
    assert [row["share"] for row in rows("report", "endless", *db)] == ["inf", "inf"]


def test_of_a_report_that_cannot_be_read_its_figures_are_not_found_wrong_too(migrated: URL, wave: WaveFolder) -> None:
    wave.replace("reports/large.sql", "title =", "titel =")
    refused = run("load", wave.path, "--db", address(migrated))
    assert refused.code == 1
    assert "reports/large.sql: is no report file" in refused.err
    assert "published/large.csv" not in refused.err
