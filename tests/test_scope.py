"""What is asked for by --wave, --as-of and --classified-on: found as it is meant, or refused with the reason."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import URL

from jumelage import database, report_file
from jumelage.errors import UsageError
from jumelage.render import renderer
from jumelage.render.grid import of_sheet
from jumelage.reporting.run import run as run_report
from jumelage.revisions.scope import find_scope, read_time, set_scope
from tests.conftest import TINY, Databases, WaveFolder, address, run
from tests.test_load import select

CSV = ("--format", "csv")
SYNTHETIC = "Synthetic data, made up to demonstrate: demo."


def write(folder: Path, code: str, reference: str = "2010-12-31", *, synthetic: bool = False) -> WaveFolder:
    """Write the tiny wave under another code, with an agreement with Romania for `old`."""
    handed = WaveFolder(folder / code)
    for name, text in TINY.items():
        handed.write(name, text)
    handed.replace("wave.toml", 'wave = "tiny"', f'wave = "{code}"')
    handed.replace("wave.toml", "reference_date = 2010-12-31", f"reference_date = {reference}")
    if synthetic:
        handed.replace("wave.toml", "synthetic = false", "synthetic = true")
    if code == "old":
        handed.append("partnerships.csv", "Lille,Roumanie,1,Cluj,1995,,")
    return handed


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, WaveFolder]:
    """Three waves: of 2006 with Romania, of 2010, and a synthetic one of 2012."""
    folder = tmp_path_factory.mktemp("handed")
    waves = (write(folder, "old", "2006-06-30"), write(folder, "tiny"))
    return {wave.path.name: wave for wave in (*waves, write(folder, "demo", "2012-12-31", synthetic=True))}


def load_all(url: URL, waves: Iterable[WaveFolder]) -> URL:
    for wave in waves:
        done = run("load", wave.path, "--db", address(url), "--reason", "mended", "--accept-loss")
        assert done.code == 0, done.err
    return url


@pytest.fixture(scope="module")
def three(databases: Databases, handed: dict[str, WaveFolder]) -> URL:
    """The three waves, to read only."""
    return load_all(databases.migrated(), handed.values())


def test_a_scope_set_again_forgets_what_was_worked_out_for_the_one_before(three: URL) -> None:
    """Whatever was kept for many reports: the views, and all that is built on them, show the scope that is set."""
    with database.reading(three) as connection:
        for wave, agreements in (("old", 6), ("tiny", 5), ("old", 6)):
            for for_many in (True, False):
                set_scope(connection, find_scope(connection, wave), for_many=for_many)
                shown = "select distinct s.wave, r.wave, i.wave from scope s, respondents r, item_counts i"
                assert database.query(connection, shown)[1] == [(wave, wave, wave)]
                total = "select sum(agreements) from respondents"
                assert database.query(connection, total)[1] == [(agreements,)]


def all_reports(url: URL) -> dict[tuple[str | None, str], str]:
    """Print every report of each wave alone, of all together and of the default one, or why it is not printed."""
    found = {}
    with database.reading(url) as connection:
        for wave in ("old", "tiny", "demo", "all", None):
            scope = find_scope(connection, wave)
            for name in report_file.report_names():
                try:
                    sheet = run_report(connection, report_file.report(name), scope)
                except UsageError as error:
                    found[wave, name] = str(error)
                else:
                    found[wave, name] = "".join(renderer("csv")(of_sheet(sheet, "en")))
    return found


@pytest.mark.long
def test_loading_waves_in_any_order_gives_the_same_reports(
    databases: Databases, handed: dict[str, WaveFolder], three: URL
) -> None:
    expected = all_reports(three)
    assert expected[None, "zones"] == expected["tiny", "zones"] != expected["old", "zones"]
    assert expected["all", "bridge"].startswith("wave_before,")
    for order in list(permutations(handed))[2::3]:
        url = load_all(databases.migrated(), (handed[wave] for wave in order))
        assert all_reports(url) == expected, order


# --- --wave --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(handed: dict[str, WaveFolder], tmp_path_factory: pytest.TempPathFactory) -> URL:
    """The three waves on one engine, for what touches none; `tiny` has a second revision, `later` is withdrawn."""
    folder = tmp_path_factory.mktemp("plain")
    again, later = write(folder, "tiny"), write(folder, "later", "2013-12-31")
    again.append("partnerships.csv", "Lille,IT,1,Turin,1958,,")
    url = load_all(Databases("duckdb", folder, None).migrated(), [*handed.values(), again, later])
    assert run("withdraw", "later@1", "--reason", "not yet", "--by", "Zoé", "--db", address(url)).code == 0
    return url


@pytest.mark.parametrize(
    ("wave", "total"),
    [(None, 6), ("tiny", 6), ("tiny@2", 6), ("tiny@1", 5), (" tiny@1 ", 5), ("old", 6), ("demo", 5), ("later@1", 5)],
)
def test_a_wave_is_its_current_revision_or_the_one_named(plain: URL, wave: str | None, total: int) -> None:
    done = run("report", "zones", "--db", address(plain), *CSV, *(("--wave", wave) if wave is not None else ()))
    assert done.code == 0, done.err
    assert f"\ntotal,{total},0,{total}\n" in done.out


@pytest.mark.parametrize(
    ("waves", "listed"),
    [
        ("all", ["old", "tiny", "demo"]),
        (" all ", ["old", "tiny", "demo"]),
        ("demo,old", ["old", "demo"]),
        ("tiny@1 , old@1", ["old", "tiny"]),
        ("later@1,tiny", ["tiny", "later"]),
    ],
)
def test_several_waves_are_shown_by_reference_date_however_they_are_named(
    plain: URL, waves: str, listed: list[str]
) -> None:
    done = run("report", "response", "--wave", waves, "--db", address(plain), *CSV)
    assert done.code == 0, done.err
    assert list(dict.fromkeys(line.split(",")[0] for line in done.out.splitlines()[1:])) == listed


@pytest.mark.parametrize(
    ("wave", "why"),
    [
        ("tiny@x", "wave tiny has no revision 'x'; it has 1, 2"),
        ("tiny@0", "wave tiny has no revision '0'; it has 1, 2"),
        ("tiny@01", "wave tiny has no revision '01'; it has 1, 2"),
        ("tiny@-1", "wave tiny has no revision '-1'; it has 1, 2"),
        ("tiny@+1", "wave tiny has no revision '+1'; it has 1, 2"),
        ("tiny@３", "wave tiny has no revision '３'; it has 1, 2"),
        ("tiny@", "wave tiny has no revision ''; it has 1, 2"),
        ("tiny@1@2", "wave tiny has no revision '1@2'; it has 1, 2"),
        ("tiny@" + "9" * 5000, "wave tiny has no revision '9999"),
        ("tiny @1", "there is no wave 'tiny '"),
        ("tiny,", "--wave tiny,: name each wave once, with a comma between two, or write all alone"),
        (",", "--wave ,: name each wave once"),
        ("", "there is no wave ''"),
        (" ", "there is no wave ''"),
        ("@1", "there is no wave ''"),
        ("TINY", "there is no wave 'TINY'"),
        ("tiney", "there is no wave 'tiney'; did you mean tiny?"),
        ("all,tiny", "--wave all,tiny: name each wave once"),
        ("all@1", "there is no wave 'all'"),
        ("tiny'; drop table survey.waves; --", 'there is no wave "tiny\'; drop table survey.waves; --"'),
        ("tiny\udcff", "there is no wave 'tiny\\udcff'"),
        ("tiny,tiny@1", "--wave tiny,tiny@1 names a wave twice; `jumelage diff` compares revisions of one wave"),
        ("tiny,tiny", "--wave tiny,tiny names a wave twice"),
        ("later", "wave later has no revision left that is not withdrawn; `jumelage waves` lists them"),
    ],
)
def test_a_wave_that_is_not_there_is_refused(plain: URL, wave: str, why: str) -> None:
    done = run("report", "evolution", "--wave", wave, "--db", address(plain))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {why}"), done.err


def test_what_is_made_for_one_wave_refuses_several_with_the_reason(plain: URL, tmp_path: Path) -> None:
    db = ("--db", address(plain))
    file = tmp_path / "partnerships.csv"
    file.write_text(TINY["partnerships.csv"], encoding="utf-8")
    table = ("load", file, "--table", "partnerships", "--reason", "x")
    one = "this is done for one wave at a time, and several are named: old, tiny"
    for waves in ("old,tiny", "tiny@1,old"):
        for command, why in (
            (("report", "zones"), "zones has no wave in its key, so it would add several waves together; "),
            (("explain", "zones", "eu", "agreements"), "zones has no wave in its key"),
            (("check",), one),
            (table, "a load changes the current revision of one wave; give its code alone"),
        ):
            done = run(*command, "--wave", waves, *db)
            assert (done.code, done.out) == (2, "")
            assert why in done.err
    done = run("template", tmp_path / "new.xlsx", "--wave", "new", "--from", "old,tiny", *db)
    assert (done.code, one in done.err) == (2, True)
    for wave in ("tiny@2", "all", "nope", "", "later"):
        assert run(*table, "--wave", wave, *db).code == 2
    for wave in ("old", "tiny@1"):
        done = run("report", "bridge", "--wave", wave, *db)
        assert (done.code, "bridge compares waves and needs 2 or more" in done.err) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["partnerships.csv"]


def test_the_default_wave_is_never_synthetic_nor_withdrawn(tmp_path: Path, handed: dict[str, WaveFolder]) -> None:
    url = Databases("duckdb", tmp_path, None).migrated()
    zones = ("report", "zones", "--db", address(url), *CSV)
    assert run(*zones).err == "error: no wave is loaded yet; load one with: jumelage load waves/2006\n"
    load_all(url, [handed["demo"]])
    done = run(*zones)
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: no wave is loaded but synthetic ones; name it: --wave demo\n"
    load_all(url, [handed["old"]])
    assert "\ntotal,6,0,6\n" in run(*zones).out
    assert run("withdraw", "old@1", "--reason", "wrong", "--db", address(url)).code == 0
    assert run(*zones).code == 2


def test_a_synthetic_wave_says_so_wherever_it_is_shown(plain: URL, tmp_path: Path) -> None:
    db = ("--wave", "demo", "--db", address(plain))
    assert f"\n{SYNTHETIC}\n" in run("report", "zones", *db).out
    french = run("report", "zones", "--lang", "fr", *db).out
    assert "Données synthétiques, inventées pour la démonstration\u00a0: demo." in french
    for format_ in ("csv", "json"):
        assert run("report", "zones", "--format", format_, *db).err == f"note: {SYNTHETIC}\n"
    assert f"note: {SYNTHETIC}\n" in run("check", "--format", "json", *db).err
    assert f"note: {SYNTHETIC}\n" in run("explain", "zones", "eu", "agreements", *db).err
    assert run("publish", "--formats", "site,csv", "--out", tmp_path / "public", *db).code == 0
    assert SYNTHETIC in (tmp_path / "public" / "en.html").read_text(encoding="utf-8")
    assert "Données synthétiques" in (tmp_path / "public" / "fr.html").read_text(encoding="utf-8")
    several = run("report", "evolution", "--wave", "all", "--db", address(plain))
    assert f"\n{SYNTHETIC}\n" in several.out
    assert "demo (synthetic)" in several.out
    assert "ynthetic" not in run("report", "zones", "--wave", "tiny", "--db", address(plain)).out


# --- --as-of and --classified-on --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2012-03-31", "2012-03-31 23:59:59.999999"),
        (" 2012-03-31 ", "2012-03-31 23:59:59.999999"),
        ("20120331", "2012-03-31 23:59:59.999999"),
        ("2012-W13-6", "2012-03-31 23:59:59.999999"),
        ("2012-03-31T17:00", "2012-03-31 17:00:00"),
        ("2012-03-31 17:00:00.5", "2012-03-31 17:00:00.500000"),
        ("2012-03-31T17:00Z", "2012-03-31 17:00:00"),
        ("2012-03-31T17:00+02:00", "2012-03-31 15:00:00"),
        ("2012-03-31T23:00-02:00", "2012-04-01 01:00:00"),
        ("0001-01-01", "0001-01-01 23:59:59.999999"),
    ],
)
def test_a_time_is_read_in_utc_and_a_date_alone_is_all_of_that_day(text: str, time: str) -> None:
    assert str(read_time(text)) == time


@pytest.mark.parametrize(
    "text",
    [
        "garbage",
        "",
        " ",
        "2012",
        "2012-02-30",
        "2012-03-31T25:00",
        "2012-03-31T17:00+25:00",
        "9999-12-31T23:59-10:00",
        "0001-01-01T00:00+02:00",
        "99999-01-01",
        "-2012-01-01",
        "٢٠١٢-٠٣-٣١",
        "2012-03-31\udcff",
        "now",
        "31/12/2012",
    ],
)
def test_what_is_no_time_is_refused(plain: URL, text: str) -> None:
    for command in (("report", "zones"), ("waves",)):
        done = run(*command, "--as-of", text, "--db", address(plain))
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"error: {text!r} is not a time; write ")


def test_today_may_be_asked_for_and_what_is_still_to_come_may_not(plain: URL) -> None:
    now = datetime.now(UTC)
    assert run("report", "zones", "--as-of", now.date().isoformat(), "--db", address(plain)).code == 0
    for text in (
        (now.date() + timedelta(days=1)).isoformat(),
        (now + timedelta(hours=1)).replace(tzinfo=None).isoformat(),
        (now + timedelta(hours=1)).isoformat(),
        "9999-12-31",
    ):
        done = run("report", "zones", "--as-of", text, "--db", address(plain))
        assert (done.code, done.out) == (2, "")
        assert done.err == f"error: {text} is still to come; what will be loaded by then is not known\n"


def test_before_anything_was_loaded_nothing_is_shown(plain: URL, tmp_path: Path) -> None:
    db, then = ("--as-of", "2012-03-31", "--db", address(plain)), "2012-03-31 23:59:59.999999 UTC"
    nothing = f"error: no revision stands by {then}; `jumelage waves` lists what was loaded and withdrawn\n"
    for command in (("report", "zones"), ("report", "evolution", "--wave", "all"), ("check",)):
        done = run(*command, *db)
        assert (done.code, done.out, done.err) == (2, "", nothing)
    done = run("publish", "--formats", "site,csv", "--out", tmp_path / "public", *db)
    assert (done.code, done.err, list(tmp_path.iterdir())) == (2, nothing, [])
    done = run("report", "zones", "--wave", "tiny", *db)
    assert (done.code, "wave tiny had no revision that stood" in done.err) == (2, True)
    done = run("report", "zones", "--wave", "tiny@1", *db)
    assert done.code == 2
    assert done.err.startswith("error: tiny@1 was loaded on 2")
    assert done.err.endswith(" UTC, after 2012-03-31 23:59:59.999999\n")


def test_a_wave_withdrawn_since_is_shown_as_it_stood_and_said_to_be_withdrawn(plain: URL) -> None:
    ((at,),) = select(plain, "select withdrawn_at from survey.withdrawals")
    db = ("--db", address(plain), *CSV)
    before = str(at - timedelta(microseconds=1))
    done = run("report", "evolution", "--wave", "all", "--as-of", before, *db)
    assert "later,all,3," in done.out
    assert f"note: later@1 was withdrawn on {at} UTC by Zoé: not yet\n" in done.err
    done = run("report", "evolution", "--wave", "all", "--as-of", str(at), *db)
    assert ("later" in done.out, "withdrawn" in done.err) == (False, False)


@pytest.mark.parametrize("text", ["garbage", "", "2007", "2007-02-29", "2007-01-01T00:00", "01/01/2007", "\udcff"])
def test_what_is_no_date_is_refused(plain: URL, text: str) -> None:
    for command in (("report", "zones"), ("diff", "tiny@1", "tiny@2")):
        done = run(*command, "--classified-on", text, "--db", address(plain))
        assert (done.code, done.out) == (2, "")
        assert done.err == f"error: {text!a} is not a date; write 2007-01-01\n"


def test_countries_move_to_the_zones_of_the_date_asked_for_which_is_said(three: URL) -> None:
    db = ("--wave", "old", "--db", address(three))
    note = "Countries are in the zones of 2007-01-01, not of each wave's reference date."
    assert "\neu,5,0,5\neurope_non_eu,1,0,1\n" in run("report", "zones", *db, *CSV).out
    done = run("report", "zones", "--classified-on", "2007-01-01", *db, *CSV)
    assert (done.out, done.err) == (
        "zone,agreements,agreements_inferred,agreements_high\neu,6,0,6\ntotal,6,0,6\n",
        f"note: {note}\n",
    )
    assert "europe_non_eu,1" in run("report", "zones", "--classified-on", "2006-12-31", *db, *CSV).out
    assert f"\n{note}\n" in run("report", "zones", "--classified-on", "2007-01-01", *db).out
    behind = run("explain", "zones", "eu", "agreements", "--classified-on", "2007-01-01", *db, "--format", "json")
    assert sorted({row["country"] for row in json.loads(behind.out)}) == ["DE", "GB", "PL", "RO"]
    evolution = ("report", "evolution", "--wave", "old,tiny", "--db", address(three), *CSV)
    assert "\nold,europe_non_eu,3,2,2,1," in run(*evolution).out
    assert "\nold,europe_non_eu,3,2,2,0," in run(*evolution, "--classified-on", "2007-01-01").out
    for day in ("0001-01-01", "9999-12-31"):
        assert run("report", "zones", "--classified-on", day, *db).code == 0


# --- analysts who use the views -----------------------------------------------------------------------------------


def seen(url: URL, scope: str | None = None) -> tuple[list[tuple[str, int]], int]:
    """Ask as an analyst does, without jumelage: the waves that the views show, and the number of agreements."""
    waves, number = "select wave, revision from waves order by reference_date", "select count(*) from partnerships"
    if url.get_backend_name() == "duckdb":
        with database.opened(url, read_only=True) as connection:
            if scope is not None:
                connection.exec_driver_sql(f"set variable jumelage_scope = '{scope}'")
            found, ((count,),) = (database.query(connection, sql)[1] for sql in (waves, number))
            return [(wave, revision) for wave, revision in found], count
    with psycopg.connect(address(url.set(drivername="postgresql"))) as connection:
        if scope is not None:
            connection.execute(f"set jumelage.scope = '{scope}'".encode())
        found, ((count,),) = (connection.execute(sql.encode()).fetchall() for sql in (waves, number))
        return [(wave, revision) for wave, revision in found], count


def test_the_views_show_what_is_chosen_else_the_current_revision_of_the_latest_real_wave(
    databases: Databases, handed: dict[str, WaveFolder], tmp_path: Path
) -> None:
    again = write(tmp_path, "tiny")
    again.append("partnerships.csv", "Lille,IT,2,Turin,1958,,")
    url = load_all(databases.migrated(), [*handed.values(), again])

    def withdraw(name: str) -> None:
        assert run("withdraw", name, "--reason", "wrong", "--db", address(url)).code == 0

    assert seen(url) == seen(url, "") == ([("tiny", 2)], 7)
    assert seen(url, "tiny@1") == ([("tiny", 1)], 5)
    assert seen(url, "tiny@2,old@1") == ([("old", 1), ("tiny", 2)], 13)
    assert seen(url, "tiny@9,nope@1") == ([], 0)
    withdraw("tiny@2")
    assert seen(url) == ([("tiny", 1)], 5)
    assert seen(url, "tiny@2") == ([("tiny", 2)], 7)
    withdraw("tiny@1")
    assert seen(url) == ([("old", 1)], 6)
    withdraw("old@1")
    assert seen(url) == ([], 0)
    assert seen(url, "demo@1,old@1") == ([("old", 1), ("demo", 1)], 11)
    withdraw("demo@1")
    assert seen(url) == ([], 0)
    assert select(url, "select count(*) from scope") == [(0,)]
