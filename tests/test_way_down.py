"""Going down through migrations: what is lost is said, and asked for; what is recorded is held against its hash."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.database import migrate
from jumelage.loading import hashing
from jumelage.loading.load import load
from jumelage.loading.recorded import check_rows
from jumelage.loading.revision import Request
from jumelage.revisions.history import withdraw

from .conftest import WAVE_2006, WaveFolder, address, run


def do(url: URL, *statements: str) -> None:
    with database.make_engine(url).begin() as connection:
        for sql in statements:
            connection.exec_driver_sql(sql)


def recorded(url: URL) -> dict[str, bool | None]:
    with database.reading(url) as connection:
        return {one.name: one.fits for one in check_rows(connection)}


def test_a_way_down_that_loses_what_was_recorded_says_what_and_asks(loaded: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.replace("partnerships.csv", "partner,since,inferred", "partner,since,until,inferred")
    tiny_wave.replace("partnerships.csv", "Leeds,1968-05-03,,", "Leeds,1968-05-03,2001,,")
    tiny_wave.replace("partnerships.csv", "Köln,1958,,", "Köln,1958,,,")
    tiny_wave.replace("partnerships.csv", "Lille,DE,2,,,,", "Lille,DE,2,,,,,")
    tiny_wave.replace("partnerships.csv", "Pologne,1,,2005,,", "Pologne,1,,2005,,,")
    load(loaded, Request(tiny_wave.path, by="tests"))
    with database.writing(loaded) as connection:
        withdraw(connection, "tiny@1", reason="a slip", by="tests")
    result = run("migrate", "--to", "0004", "--db", address(loaded))
    assert result.code == 2
    assert "going to 0004 loses what was recorded: " in result.err
    for lost in ("1 row of survey.withdrawals", "1 value of survey.partnerships.until_from", "--accept-loss"):
        assert lost in result.err
    assert "city_changes" not in result.err  # which migrate fills
    assert recorded(loaded) == {"2006@1": True, "tiny@1": True}
    result = run("migrate", "--to", "0004", "--accept-loss", "--db", address(loaded))
    assert result.code == 0
    assert "lost: 1 row of survey.withdrawals\n" in result.err


def test_a_dry_run_of_a_way_down_says_what_would_be_lost_and_loses_nothing(loaded: URL) -> None:
    with database.writing(loaded) as connection:
        withdraw(connection, "2006@1", reason="a slip", by="tests")
    do(loaded, "update survey.partnerships set partner = 'X' where agreement = 1")
    for more in ((), ("--accept-loss",)):
        result = run("migrate", "--to", "0004", "--dry-run", *more, "--db", address(loaded))
        assert result.code == 0
        assert "would go from" in result.err
        assert "would be lost: 1 row of survey.withdrawals\n" in result.err
        assert "the rows of 2006@1 are not what was loaded" in result.err
        assert ("would be refused without --accept-loss" in result.err) == (not more)
        assert recorded(loaded) == {"2006@1": False}
        with database.reading(loaded) as connection:
            assert database.query(connection, "select wave from survey.withdrawals")[1] == [("2006",)]


def test_a_way_down_that_loses_nothing_does_not_ask(migrated: URL) -> None:
    dry = run("migrate", "--to", "base", "--dry-run", "--db", address(migrated))
    assert (dry.code, "lost" in dry.err, "refused" in dry.err) == (0, False, False)
    assert run("migrate", "--to", "base", "--db", address(migrated)).code == 0


def test_rows_are_what_was_loaded_until_somebody_changes_one(loaded: URL, tiny_wave: WaveFolder) -> None:
    load(loaded, Request(tiny_wave.path, by="tests"))
    result = run("check", "--rows", "--db", address(loaded))
    assert (result.code, result.err) == (
        0,
        "2006@1: its rows are those that were loaded\ntiny@1: its rows are those that were loaded\n",
    )
    do(loaded, "update survey.partnerships set partner = 'Bonn' where wave = 'tiny' and partner = 'Leeds'")
    result = run("check", "--rows", "--lang", "fr", "--db", address(loaded))
    assert result.code == 1
    assert "tiny@1\u00a0: les lignes ne sont pas celles qui ont été chargées\n" in result.err
    result = run("migrate", "--to", "0005", "--db", address(loaded))
    assert result.code == 2
    assert "the rows of tiny@1 are not what was loaded" in result.err


@pytest.mark.parametrize("column", ["population", "response", "source"])
def test_a_change_of_any_column_is_found(loaded: URL, column: str) -> None:
    value = "population + 1" if column == "population" else "'refused'"
    do(
        loaded,
        f"update survey.respondents set {column} = {value} where city = (select min(city) from survey.respondents)",
    )
    assert recorded(loaded) == {"2006@1": False}


def test_rows_still_fit_where_the_database_is_older_than_a_column_of_them(loaded: URL) -> None:
    with database.creating(loaded) as connection:
        migrate.migrate(connection, "0004", accept_loss=True)
        assert [(one.name, one.fits) for one in check_rows(connection)] == [("2006@1", True)]


def test_a_revision_whose_wave_toml_was_not_kept_cannot_be_told(loaded: URL) -> None:
    do(loaded, "update survey.revisions set declared = null")
    result = run("check", "--rows", "--db", address(loaded))
    assert (result.code, result.err) == (0, "2006@1: it cannot be told, since its wave.toml was not kept\n")


def test_a_revision_is_held_against_the_version_of_the_hash_that_it_was_recorded_with(
    loaded: URL, tiny_wave: WaveFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.creating(loaded) as connection:  # of before: no version was kept
        migrate.migrate(connection, "0009")
        migrate.migrate(connection)
    load(loaded, Request(tiny_wave.path, by="tests"))
    of_today = hashing.VERSIONS[hashing.VERSION]

    def of_tomorrow(*given: Any) -> tuple[str, dict[str, int]]:
        digest, rows = of_today(*given)
        return f"of tomorrow {digest}", rows

    tomorrow = hashing.VERSION + 1
    monkeypatch.setitem(hashing.VERSIONS, tomorrow, of_tomorrow)
    monkeypatch.setattr(hashing, "VERSION", tomorrow)
    for folder, wave in ((WAVE_2006, "2006"), (tiny_wave.path, "tiny")):
        assert run("load", folder, "--db", address(loaded)).err == f"wave {wave}, revision 1: unchanged\n"
    tiny_wave.append("actions.csv", "Douai,agenda_21,yes")
    changed = ("load", tiny_wave.path, "--db", address(loaded))
    assert "say why it changes" in run(*changed).err
    assert run(*changed, "--reason", "a letter").code == 0
    assert run(*changed).err == "wave tiny, revision 2: unchanged\n"
    with database.reading(loaded) as connection:
        kept = database.query(connection, "select wave, revision, hash_version from survey.revisions order by 1, 2")[1]
    assert [tuple(row) for row in kept] == [("2006", 1, 1), ("tiny", 1, 1), ("tiny", 2, tomorrow)]
    assert recorded(loaded) == {"2006@1": True, "tiny@1": True, "tiny@2": True}
    down = run("migrate", "--to", "0011", "--db", address(loaded))
    assert (down.code, "1 value of survey.revisions.hash_version" in down.err) == (2, True)
    do(loaded, "update survey.revisions set hash_version = 99 where wave = 'tiny'")
    assert recorded(loaded)["tiny@2"] is False
    assert "say why it changes" in run(*changed).err
