"""A snapshot: the numbers of the database that it is of, nothing else of it, and a file that is whole or not there."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy.engine import URL

from jumelage import database, report_file
from jumelage.database.models import OF_A_LOAD, SCHEMA, metadata
from jumelage.errors import UsageError
from jumelage.loading.load import load
from jumelage.loading.revision import Request
from jumelage.publication import snapshot
from jumelage.publication.snapshot import write_snapshot
from jumelage.render import renderer
from jumelage.render.grid import of_sheet
from jumelage.reporting.ledger import check
from jumelage.reporting.own_reports import own_reports
from jumelage.reporting.run import each_kind, explain, run_part
from jumelage.revisions.history import withdraw
from jumelage.revisions.scope import find_scope
from tests import made_associations
from tests.conftest import Databases, WaveFolder, address, run

NAME = "shown.duckdb"


def write(url: URL, path: Path, *waves: str) -> str:
    with database.reading(url) as connection:
        return write_snapshot(connection, [find_scope(connection, wave) for wave in waves], path)


def at(path: Path) -> URL:
    return database.resolve_url(str(path))


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def told(url: URL, wave: str) -> dict[str, Any]:
    """Each report of a scope as CSV, by kind of authority, and what is behind its first cell; the ledger of one wave."""
    found: dict[str, Any] = {}
    with database.reading(url) as connection:
        scope = find_scope(connection, wave)
        with own_reports(connection, scope):
            for name in report_file.report_names():
                report = report_file.report(name)
                try:
                    parts = each_kind(connection, report, scope)
                except UsageError as error:  # it needs more waves, or fewer
                    found[name] = str(error)
                    continue
                for part in parts:
                    sheet = run_part(connection, report, part)
                    grid = of_sheet(sheet, "en")
                    found[f"{name} {part.kind}"] = "".join(renderer("csv")(grid)), grid.shown
                    for key in list(sheet.cells)[:1]:
                        detail = explain(connection, sheet, key, report.figures[0])
                        found[f"{name} {part.kind} {key}"] = detail.columns, list(detail.rows)
        if len(scope.revisions) == 1:
            found["ledger"] = check(connection, scope)[0].entries
    return found


@pytest.mark.parametrize("wave", ["2006", pytest.param("2012-demo", marks=pytest.mark.long), "2006,2012-demo"])
def test_every_report_gives_the_numbers_of_the_database(shown: URL, wave: str, tmp_path: Path) -> None:
    write(shown, tmp_path / NAME, wave)
    found = told(at(tmp_path / NAME), wave)
    assert found == told(shown, wave)
    assert sum(isinstance(one, tuple) for one in found.values()) > 10


@pytest.mark.long
def test_a_wave_with_questions_and_reports_of_its_own_gives_its_numbers(migrated: URL, tmp_path: Path) -> None:
    db = ("--db", address(migrated))
    assert run("register", "add", made_associations.write(tmp_path / "wave"), *db).code == 0
    assert run("load", tmp_path / "wave", *db).code == 0
    write(migrated, tmp_path / NAME, "associations")
    found = told(at(tmp_path / NAME), "associations")
    assert found == told(migrated, "associations")
    assert {"members_by_activity None", "numbers None"} <= set(found)


def test_commands_that_read_work_on_it_and_write_nothing(shown: URL, tmp_path: Path) -> None:
    path = tmp_path / NAME
    write(shown, path, "2006")
    assert path.stat().st_mode & 0o777 == 0o444
    before = path.read_bytes()
    for command in (
        ("reports",),
        ("report", "zones"),
        ("report", "zones", "--printed", "--format", "csv"),
        ("explain", "zones", "eu", "agreements"),
        ("check",),
        ("register", "list"),
    ):
        here, there = (run(*command, "--db", db) for db in (path, address(shown)))
        assert here.code == 0, here.err
        if command != ("register", "list"):
            assert here.out == there.out
    assert run("check", "--rows", "--db", path).err == "2006@1: its rows are those that were loaded\n"
    done = run("publish", "--formats", "site,csv", "--out", tmp_path / "public", "--db", path)
    assert done.code == 0, done.err
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir() if not one.name.startswith(".")) == ["public", NAME]


def test_plain_duckdb_shows_the_published_wave_at_once(shown: URL, tmp_path: Path) -> None:
    for wave, agreements in (("2006", 100), ("2012-demo", 95), ("2006,2012-demo", 100)):
        path = tmp_path / f"of_{agreements}_{len(wave)}.duckdb"
        write(shown, path, *wave.split(","))
        assert rows(path, "select distinct wave from waves") == [(wave.split(",")[0],)]
        assert rows(path, "select count(*) from partnerships") == [(agreements,)]
        assert rows(path, "select count(*) > 0 from survey.countries c join zones z on true") == [(True,)]
    chosen = "set variable jumelage_scope = '2012-demo@1'; select count(*) from partnerships"
    assert rows(path, chosen) == [(95,)]


def test_the_tables_are_those_of_the_database_but_for_what_is_said_of_people(loaded: URL, tmp_path: Path) -> None:
    odd = ('"a", b\nc\r\n', "", '"', "\\N", "007", "NULL", " é\u2003\U0001f600 ")
    with database.writing(loaded) as connection:
        for number, partner in enumerate(odd, 1):
            text = database.literal(partner)
            connection.exec_driver_sql(f"update survey.partnerships set partner = {text} where agreement = {number}")
    write(loaded, tmp_path / NAME, "2006")
    with database.reading(loaded) as source, database.reading(at(tmp_path / NAME)) as copy:
        for name in (*OF_A_LOAD, "revisions", "waves", "listed_items", "zones", "countries", "answer_codes"):
            table = metadata.tables[f"{SCHEMA}.{name}"]
            columns = [column.name for column in table.columns if not column.info.get("private")]
            sql = f"select {', '.join(columns)} from {table.fullname}"
            wanted, found = (sorted(database.query(one, sql)[1], key=repr) for one in (source, copy))
            assert found == wanted, name
    partners = "select partner from survey.partnerships where agreement <= 7 order by agreement"
    assert tuple(partner for (partner,) in rows(tmp_path / NAME, partners)) == odd


def test_nobody_is_named_and_no_file(loaded: URL, folder_2006: WaveFolder, tmp_path: Path) -> None:
    folder_2006.replace("wave.toml", 'mode = "telephone"', 'mode = "post"')
    load(loaded, Request(folder_2006.path, by="Jeanne Dupont", reason="Jeanne found it in /home/jeanne"))
    load(loaded, Request(folder_2006.path.parent / "wave", by="Jeanne Dupont"))
    with database.writing(loaded) as connection:
        withdraw(connection, "2006@2", reason="Jeanne was wrong", by="Jeanne Dupont")
        said = json.dumps({"wave": "2006", "map": {"file": "/home/jeanne/mails.csv", "ignore": ["Jeanne"]}})
        connection.exec_driver_sql(f"update survey.revisions set declared = '{said}' where revision = 1")
        connection.exec_driver_sql(
            "insert into survey.registers values ('other', 'a list', null, timestamp '2020-01-01', 'Jeanne', '1')"
        )
    write(loaded, tmp_path / NAME, "2006@1", "2006@2")
    every = [str(row) for table in metadata.sorted_tables for row in rows(tmp_path / NAME, f"from {table.fullname}")]
    assert len(every) > 1000
    assert not [row for row in every if "jeanne" in row.casefold() or "tests" in row or str(tmp_path) in row]
    assert rows(tmp_path / NAME, "select loaded_by, reason from survey.revisions order by revision") == [
        ("", None),
        ("", ""),
    ]
    assert rows(tmp_path / NAME, "select declared from survey.revisions where revision = 1") == [('{"wave":"2006"}',)]


def test_every_column_of_who_did_something_and_why_is_private() -> None:
    for table in metadata.sorted_tables:
        for column in table.columns:
            who = column.name.endswith("_by") or column.name == "reason"
            assert bool(column.info.get("private")) == who, f"{table.name}.{column.name}"


def test_only_the_published_revisions_are_in_it_and_the_authorities_that_they_need(shown: URL, tmp_path: Path) -> None:
    path = tmp_path / NAME
    write(shown, path, "2006")
    for table in metadata.sorted_tables:
        if {"wave", "revision"} <= set(table.columns.keys()):
            found = rows(path, f"select distinct wave, revision from {table.fullname}")
            assert found in ([], [("2006", 1)]), table.name
    assert rows(path, "select wave from survey.waves") == [("2006",)]
    assert rows(path, "select kind, count(*) from survey.cities group by kind order by kind") == [
        ("commune", 29),
        ("departement", 2),
        ("region", 1),
    ]
    for holder, key in ((table, key) for table in metadata.sorted_tables for key in table.foreign_key_constraints):
        on = " and ".join(f"c.{element.parent.name} = p.{element.column.name}" for element in key.elements)
        there = " and ".join(f"c.{element.parent.name} is not null" for element in key.elements)
        parent = key.referred_table.fullname
        assert rows(path, f"select * from {holder.fullname} c anti join {parent} p on {on} where {there}") == []


def test_the_town_that_one_became_part_of_is_there_though_nobody_asked_it(
    databases: Databases, tiny_wave: WaveFolder, tmp_path: Path
) -> None:
    url = databases.migrated()
    for name in ("frame", "respondents", "difficulties"):
        tiny_wave.replace(f"{name}.csv", "Douai", "Saint-Pol-sur-Mer")
    tiny_wave.write("partnerships.csv", "city,country,agreements,partner,since,inferred,source\n")
    load(url, Request(tiny_wave.path, by="tests"))
    with database.writing(url) as connection:  # only the change tells
        connection.exec_driver_sql("update survey.cities set part_of = 'FR-59' where code = '59540'")
    write(url, tmp_path / NAME, "tiny")
    assert rows(tmp_path / NAME, "from survey.city_changes") == [("59540", date(2010, 12, 9), "59183")]
    names = "select code from survey.cities where kind = 'commune' order by code"
    assert [code for (code,) in rows(tmp_path / NAME, names)] == ["59183", "59350", "59540", "62498"]


@pytest.mark.long
def test_the_same_rows_have_the_same_hash_on_both_engines_and_other_rows_another(
    both: dict[str, URL], loaded: URL, folder_2006: WaveFolder, tmp_path: Path
) -> None:
    first, second = (write(url, tmp_path / f"{engine}.db", "2006") for engine, url in both.items())
    assert first == second
    folder_2006.replace("wave.toml", 'mode = "telephone"', 'mode = "post"')
    load(loaded, Request(folder_2006.path, by="tests", reason="mode corrected"))
    assert write(loaded, tmp_path / NAME, "2006@1") == first
    assert write(loaded, tmp_path / NAME, "2006@2") != first
    assert write(loaded, tmp_path / NAME, "2006@1", "2006@2") not in {first, write(loaded, tmp_path / NAME, "2006@2")}
    for change in (
        "update survey.zones set label_fr = 'x' where position = 1",
        "update survey.partnerships set city = null where agreement = 1",
        "update survey.partnerships set partner = '' where agreement = 1",
        "update survey.revisions set title_fr = 'ab', title_en = 'c' where revision = 1",
        "update survey.revisions set title_fr = 'a', title_en = 'bc' where revision = 1",
    ):
        with database.writing(loaded) as connection:
            connection.exec_driver_sql(change)
        again = write(loaded, tmp_path / NAME, "2006@1")
        assert again != first, change
        first = again


def test_what_fails_leaves_the_snapshot_that_was_there(
    wave_2006: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / NAME
    write(wave_2006, path, "2006")
    before = path.read_bytes()

    def stopped(*_: object, **_options: object) -> None:
        raise RuntimeError("stopped")

    for module, name in ((snapshot, "digest"), (snapshot, "make_views"), (metadata, "create_all")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, stopped)
            with pytest.raises(RuntimeError, match="stopped"):
                write(wave_2006, path, "2006")
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.long
def test_one_that_is_killed_half_way_leaves_nothing_that_is_taken_for_a_snapshot(
    wave_2006: URL, tmp_path: Path
) -> None:
    path = tmp_path / NAME
    program = (
        "import sys; from pathlib import Path; from jumelage import database\n"
        "from jumelage.publication.snapshot import write_snapshot\n"
        "from jumelage.revisions.scope import find_scope\n"
        "with database.reading(database.resolve_url(sys.argv[1])) as connection:\n"
        "    write_snapshot(connection, find_scope(connection, '2006'), Path(sys.argv[2]))\n"
    )
    early = 0
    for grown in (0, 1, 100_000):  # bytes after which it is killed
        process = subprocess.Popen([sys.executable, "-c", program, address(wave_2006), str(path)])
        while process.poll() is None:
            folder = path.with_name(f".{NAME}.new")
            if folder.is_dir() and _size(list(folder.glob(f"{NAME}*"))) >= grown:
                break
            time.sleep(0.002)
        process.kill()
        process.wait()
        early += not path.exists()
        if path.exists():
            assert rows(path, "select count(*) from partnerships") == [(100,)]
            path.unlink()
    assert early >= 2, "it was killed too late to say anything"
    write(wave_2006, path, "2006")
    assert list(tmp_path.iterdir()) == [path]


def _size(files: Sequence[Path]) -> int:
    found = 0
    for file in files:
        try:
            found += file.stat().st_size
        except FileNotFoundError:
            continue
    return found


def test_it_does_not_take_the_place_of_the_database_nor_a_name_that_nobody_could_open(
    wave_2006: URL, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="of that name hides a schema"):
        write(wave_2006, tmp_path / "survey.duckdb", "2006")
    if wave_2006.get_backend_name() == "duckdb":
        with pytest.raises(UsageError, match="is the database itself"):
            write(wave_2006, Path(str(wave_2006.database)), "2006")
    assert list(tmp_path.iterdir()) == []
