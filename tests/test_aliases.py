"""Accepted spellings: suggested for what no list knows, confirmed by a person, and then known to a load."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from jumelage import database
from tests.conftest import Result, WaveFolder, address, run

MISSPELT = (
    "city,country,agreements,partner,since,inferred,source\n"
    "Lile,Allemagne,1,Köln,1958,,\nLile,Royaume-Unis,1,Leeds,1968-05-03,,\nLile,DE,2,,,,\n"
    "Douay,Pologne,1,,2005,,\nXyzzyville,Mali,1,,,,\n"
)
HEADER = "list,spelling,rows,code,name,score,confirmed"
LILLE, DOUAI = "59350", "59178"


@pytest.fixture
def misspelt(tiny_wave: WaveFolder) -> WaveFolder:
    """The tiny wave with names that no list knows."""
    tiny_wave.write("partnerships.csv", MISSPELT)
    return tiny_wave


def load(url: URL, handed: Path, *options: object) -> Result:
    return run("load", handed, "--db", address(url), *options)


def suggested(handed: Path, *options: object) -> list[dict[str, str]]:
    done = run("aliases", "suggest", handed, "--format", "csv", *options)
    assert (done.code, done.err) == (0, ""), done.err
    return list(csv.DictReader(io.StringIO(done.out.removeprefix("\ufeff"), newline=""), delimiter=";"))


def confirmed(path: Path, *rows: str) -> Path:
    """Write a file as `suggest` does and a person then changes it."""
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return path


def accept(path: Path, into: Path, *options: object) -> Result:
    return run("aliases", "accept", path, "--into", into, *options)


def partnerships(url: URL) -> list[tuple[Any, ...]]:
    with database.opened(url, read_only=True) as connection:
        return database.query(connection, "select city, country, partner from survey.partnerships order by agreement")[
            1
        ]


def test_names_that_no_list_knows_are_suggested_codes_most_frequent_first(misspelt: WaveFolder) -> None:
    found = suggested(misspelt.path)
    assert list(found[0]) == HEADER.split(",")
    by_spelling: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    for suggestion in found:
        by_spelling.setdefault((suggestion["list"], suggestion["spelling"], suggestion["rows"]), []).append(suggestion)
    assert list(by_spelling) == [
        ("cities", "Lile", "3"),
        ("cities", "Douay", "1"),
        ("cities", "Xyzzyville", "1"),
        ("countries", "Royaume-Unis", "1"),
    ]
    best = [suggestions[0]["code"] for suggestions in by_spelling.values()]
    assert best == [LILLE, DOUAI, "", "GB"]
    for suggestions in by_spelling.values():
        scores = [int(suggestion["score"]) for suggestion in suggestions]
        assert scores == sorted(scores, reverse=True)
        assert len({suggestion["code"] for suggestion in suggestions}) == len(suggestions) <= 3
        assert {suggestion["confirmed"] for suggestion in suggestions} == {""}
    assert [len(suggestions) for suggestions in by_spelling.values()][2] == 1


def test_what_is_known_or_no_row_is_not_suggested(tiny_wave: WaveFolder, misspelt: WaveFolder) -> None:
    tiny_wave.append("partnerships.csv", "Total,,6,,,,")
    misspelt.write("aliases.csv", f"list,spelling,code\ncities,Lile,{LILLE}\n")
    more = misspelt.path.parent / "more.csv"
    more.write_text(f"list,spelling,code\ncities,Douay,{DOUAI}\n", encoding="utf-8")
    assert [found["spelling"] for found in suggested(misspelt.path, "--aliases", more)] == [
        "Xyzzyville",
        "Royaume-Unis",
    ]


def test_a_spelling_is_known_once_a_person_has_confirmed_it(
    migrated: URL, misspelt: WaveFolder, tmp_path: Path
) -> None:
    misspelt.replace("partnerships.csv", "Xyzzyville,Mali,1,,,,\n", "")
    listed, into = tmp_path / "suggested.csv", misspelt.path / "aliases.csv"
    assert run("aliases", "suggest", misspelt.path, "--format", "csv", "-o", listed).code == 0
    unconfirmed = accept(listed, into)
    assert (unconfirmed.code, unconfirmed.err) == (0, f"{into}: 0 spellings added\n")
    refused = load(migrated, misspelt.path)
    assert (refused.code, refused.err.count("is not an accepted name")) == (1, 5)
    records = list(csv.DictReader(io.StringIO(listed.read_text(encoding="utf-8"), newline=""), delimiter=";"))
    rows = [
        ",".join([*list(record.values())[:-1], answer])
        for record, answer in zip(records, ("yes", "Oui", "X"), strict=False)
    ]
    assert [row.split(",")[1] for row in rows] == ["Lile", "Douay", "Royaume-Unis"]
    confirmed(listed, *rows)
    said = ["cities: 'Douay' is 59178", "cities: 'Lile' is 59350", "countries: 'Royaume-Unis' is GB"]
    tried = accept(listed, into, "--dry-run")
    assert (tried.code, tried.err.splitlines()) == (0, [*said, f"{into}: 3 spellings would be added"])
    assert not into.exists()
    done = accept(listed, into)
    assert (done.code, done.err.splitlines()) == (0, [*said, f"{into}: 3 spellings added"])
    loaded = load(migrated, misspelt.path)
    assert loaded.code == 0, loaded.err
    assert partnerships(migrated) == [
        (LILLE, "DE", "Köln"), (LILLE, "GB", "Leeds"), *[(LILLE, "DE", None)] * 2, (DOUAI, "PL", None)
    ]  # fmt: skip
    again = accept(listed, into)
    assert (again.code, again.err) == (0, f"{into}: 0 spellings added\n")


def test_a_file_of_spellings_may_stand_beside_the_wave(migrated: URL, misspelt: WaveFolder, tmp_path: Path) -> None:
    more = tmp_path / "spellings.csv"
    rows = ("cities,Lile,3,59350,,89,yes", "cities,Douay,1,59178,,80,yes", "cities,Xyzzyville,1,59178,,,yes",
            "countries,Royaume-Unis,1,GB,,95,yes")  # fmt: skip
    assert accept(confirmed(tmp_path / "s.csv", *rows), more).code == 0
    before = load(migrated, misspelt.path)
    assert before.code == 1
    done = load(migrated, misspelt.path, "--aliases", more)
    assert done.code == 0, done.err
    assert len(partnerships(migrated)) == 6
    table = (misspelt.path / "partnerships.csv", "--table", "partnerships", "--wave", "tiny", "--aliases", more)
    assert load(migrated, *table).err == "wave tiny, revision 1: unchanged\n"


def test_accepting_keeps_the_order_of_the_file_and_adds_below(tmp_path: Path) -> None:
    into = tmp_path / "aliases.csv"
    kept = "list,spelling,code\ncountries,Teutonie,DE\ncities,Lile,59350\n"
    into.write_text(kept, encoding="utf-8")
    rows = ("cities,Doué,1,59178,Douai,80,yes", "cities,Arass,1,62041,Arras,80,yes", "cities,lile,3,59350,Lille,89,yes",
            "cities,Lens,1,59350,Lille,10,no")  # fmt: skip
    assert accept(confirmed(tmp_path / "s.csv", *rows), into).err.splitlines() == [
        "cities: 'Arass' is 62041",
        "cities: 'Doué' is 59178",
        f"{into}: 2 spellings added",
    ]
    assert into.read_text(encoding="utf-8") == f"{kept}cities,Arass,62041\ncities,Doué,59178\n"


def test_a_file_saved_by_a_spreadsheet_program_is_accepted(tmp_path: Path) -> None:
    into = tmp_path / "aliases.csv"
    text = f"{HEADER}\ncities,Bétune,1,62119,Béthune,92,oui\n".replace(",", ";").replace("\n", "\r\n")
    (tmp_path / "s.csv").write_bytes(text.encode("cp1252"))
    assert accept(tmp_path / "s.csv", into).code == 0
    assert into.read_text(encoding="utf-8") == "list,spelling,code\ncities,Bétune,62119\n"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["cities,Lile,3,,,0,yes"], "s.csv:2, column code: is missing"),
        (["cities,,3,59350,Lille,0,yes"], "s.csv:2, column spelling: is missing"),
        (
            ["cities,Lile,3,59350,Lille,89,yes", "cities,Lile,3,59178,Douai,79,yes"],
            "s.csv:3, column spelling: 'Lile': is already a spelling of 59350",
        ),
        (
            ["cities,Lîle-en-Flandre,3,59350,,,yes", "cities,LILE EN FLANDRE,3,59178,,,yes"],
            "s.csv:3, column spelling: 'LILE EN FLANDRE': is already a spelling of 59350",
        ),
        (["cities,Lens,1,59350,Lille,50,yes"], "s.csv:2, column spelling: 'Lens': is already a spelling of Lens 62498"),
        (["countries,Allemagne,1,GB,,,yes"], "s.csv:2, column spelling: 'Allemagne': is already a spelling of DE"),
        (
            ["towns,Lile,1,59350,Lille,50,yes"],
            "s.csv:2, column list: 'towns': must be one of cities, countries, actions, difficulties",
        ),
        (["cities,Lile,1,59999,Lille,50,yes"], "s.csv:2, column code: '59999': is not a code of cities"),
        (["cities,Douay,1,59178,Douai,80,yes", "cities,Lile,1,,,,yes"], "s.csv:3, column code: is missing"),
        (["cities,Lile,1,59350,Lille,89,ok"], "s.csv:2, column confirmed: 'ok': must be one of yes, no"),
    ],
)
def test_what_cannot_be_accepted_is_said_and_nothing_is_written(tmp_path: Path, rows: list[str], said: str) -> None:
    into = tmp_path / "aliases.csv"
    done = accept(confirmed(tmp_path / "s.csv", *rows), into)
    first, last = done.err.splitlines()
    assert first.startswith(said), first
    assert (done.code, last) == (1, f"error: {tmp_path / 's.csv'}: 1 finding; nothing was accepted")
    assert not into.exists()


def test_an_unconfirmed_row_may_say_anything(tmp_path: Path) -> None:
    rows = ("towns,Lile,1,,,,", "cities,Lens,1,59350,Lille,50,no", "cities,Xyzzyville,1,,,0,non")
    into = tmp_path / "aliases.csv"
    assert accept(confirmed(tmp_path / "s.csv", *rows), into).code == 0
    assert not into.exists()


def test_a_file_that_contradicts_itself_is_not_added_to(tmp_path: Path) -> None:
    into = tmp_path / "aliases.csv"
    kept = "list,spelling,code\ncities,Lile,59350\ncities,LILE,59178\n"
    into.write_text(kept, encoding="utf-8")
    done = accept(confirmed(tmp_path / "s.csv", "cities,Douay,1,59178,Douai,80,yes"), into)
    assert done.code == 1
    assert done.err.startswith("aliases.csv:3, column spelling: 'LILE': is already a spelling of 59350")
    assert into.read_text(encoding="utf-8") == kept


def test_one_spelling_for_two_codes_is_refused_and_doubles_no_rows(migrated: URL, misspelt: WaveFolder) -> None:
    misspelt.replace("partnerships.csv", "Xyzzyville,Mali,1,,,,\n", "")
    good = "list,spelling,code\ncities,Lile,59350\ncities,Douay,59178\ncountries,Royaume-Unis,GB\n"
    for line, rule in (
        ("cities,lîle,59178", "aliases.csv:5, column spelling: 'lîle': is already a spelling of 59350"),
        ("cities,Lile,59178", "aliases.csv:5, column spelling: 'Lile': is already a spelling of 59350"),
        ("cities,Lens,59350", "aliases.csv:5, column spelling: 'Lens': is already a spelling of Lens 62498"),
        ("cities,Lyle,12", "aliases.csv:5, column code: '12': is not a code of cities"),
    ):
        misspelt.write("aliases.csv", f"{good}{line}\n")
        done = load(migrated, misspelt.path)
        assert (done.code, done.err.splitlines()[0].startswith(rule)) == (1, True), done.err
        assert len(done.err.splitlines()) == 2, done.err
    misspelt.write("aliases.csv", f"{good}cities,lîle,59350\ncities,LILE,59350\n")
    assert load(migrated, misspelt.path).code == 0
    assert len(partnerships(migrated)) == 5


def test_what_is_handed_in_must_be_there_to_be_suggested_for(tmp_path: Path) -> None:
    done = run("aliases", "suggest", tmp_path / "none")
    assert (done.code, done.out) == (1, "")
    assert "there is no such file or folder" in done.err
    (tmp_path / "empty.zip").write_bytes(b"")
    broken = run("aliases", "suggest", tmp_path / "empty.zip")
    assert broken.code == 1
    assert broken.err.startswith("empty.zip: is not a readable zip archive")


def test_spellings_are_suggested_for_a_workbook_too(misspelt: WaveFolder, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "partnerships"
    for record in csv.reader(io.StringIO(MISSPELT, newline="")):
        book.active.append(record)
    book.save(tmp_path / "survey.xlsx")
    assert suggested(tmp_path / "survey.xlsx") == suggested(misspelt.path)


def test_spellings_are_suggested_for_one_table_too(misspelt: WaveFolder) -> None:
    found = suggested(misspelt.path / "partnerships.csv", "--table", "partnerships")
    assert found == suggested(misspelt.path)
    done = run("aliases", "suggest", misspelt.path / "partnerships.csv")
    assert (done.code, "say which table it is" in done.err) == (2, True)


@pytest.mark.parametrize("name", ["partnerships.csv", "aliases.csv", "../more.csv"])
def test_nothing_is_suggested_where_names_could_not_be_read(misspelt: WaveFolder, name: str) -> None:
    misspelt.write(name, "town,state\nLile,Mali\n")
    options = ("--aliases", misspelt.path / name) if name == "../more.csv" else ()
    done = run("aliases", "suggest", misspelt.path, *options)
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[0].startswith(f"{Path(name).name}:1")
    assert done.err.endswith("; nothing was suggested\n")


def test_what_suggest_writes_opens_in_a_spreadsheet_program_and_is_accepted_as_it_is(
    misspelt: WaveFolder, tmp_path: Path
) -> None:
    misspelt.replace("partnerships.csv", "Xyzzyville,Mali,1,,,,\n", "=Lile,DE,1,Essen,,,\n")
    listed, into = tmp_path / "suggested.csv", tmp_path / "aliases.csv"
    assert run("aliases", "suggest", misspelt.path, "--format", "csv", "-o", listed).code == 0
    text = listed.read_text(encoding="utf-8")
    assert text.startswith("\ufefflist;spelling;rows;code;name;score;confirmed\n")
    (found,) = [line for line in text.splitlines() if ";'=Lile;" in line]  # a text, and no formula
    listed.write_text(text.replace(found, f"{found}yes"), encoding="utf-8")
    done = accept(listed, into)
    assert done.code == 0, done.err
    assert into.read_text(encoding="utf-8") == f"list,spelling,code\ncities,=Lile,{LILLE}\n"
