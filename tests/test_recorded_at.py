"""Files found in an archive, recorded with their true date: before all else, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import URL

from tests.conftest import WaveFolder, address, run
from tests.test_load import select
from tests.test_scope import write

BY = ("--by", "Marie")


def load(url: URL, wave: WaveFolder, *more: str) -> tuple[int, str]:
    done = run("load", wave.path, "--db", address(url), *more)
    return done.code, done.err


def test_an_archived_wave_stands_from_its_own_time(migrated: URL, tmp_path: Path) -> None:
    new, old, older = (write(tmp_path, code) for code in ("tiny", "old", "older"))
    assert load(migrated, new)[0] == 0
    code, said = load(migrated, old, "--recorded-at", "2013-05-02", *BY, "--dry-run")
    assert code == 0
    assert "recorded as of 2013-05-02 00:00:00 UTC" in said
    assert select(migrated, "select wave from survey.revisions") == [("tiny",)]

    assert load(migrated, old, "--recorded-at", "2013-05-02", *BY)[0] == 0
    sql = "select cast(loaded_at as text), loaded_by, reason from survey.revisions where wave = 'old'"
    today = datetime.now(UTC).date()
    assert select(migrated, sql) == [("2013-05-02 00:00:00", "Marie", f"found later, recorded on {today}")]

    db = ("--db", address(migrated))
    for day, waves in (("2013-05-01", []), ("2013-05-02", ["old"]), (str(today), ["old", "tiny"])):
        listed = run("waves", "--as-of", day, "--format", "csv", *db).out.splitlines()[1:]
        assert [line.split(",")[0] for line in listed] == waves
    assert run("report", "zones", "--as-of", "2013-05-02", "--format", "csv", *db).code == 0
    assert run("check", "--rows", *db, "--wave", "old").code == 0

    # From the latest to the earliest: one before goes in, one after or at the same time does not.
    for time in ("2013-05-02", "2013-05-02T00:00:01", "2020-01-01"):
        code, said = load(migrated, older, "--recorded-at", time, *BY)
        assert code == 2
        assert "has a record of 2013-05-02 00:00:00 (UTC)" in said
        assert "from the latest to the earliest" in said
    assert load(migrated, older, "--recorded-at", "2013-05-01T23:59", *BY)[0] == 0


def test_what_cannot_be_of_the_past_is_refused_with_the_reason(migrated: URL, tmp_path: Path) -> None:
    wave = write(tmp_path, "tiny")
    for more, said in (
        (("--recorded-at", "2013-05-02"), "goes with a whole wave, and with --by"),
        (("--recorded-at", "2013-05-02", "--by", ""), "goes with a whole wave, and with --by"),
        (("--recorded-at", "2013-05-02", "--by", "  "), "--by is blank"),
        (("--by", ""), "--by is blank"),
        (("--recorded-at", "2999-01-01", *BY), "is still to come"),
        (("--recorded-at", "soon", *BY), "'soon' is not a time"),
        (("--recorded-at", "2010-12-30", *BY), "before the fieldwork of wave tiny ended, on 2010-12-31"),
    ):
        code, err = load(migrated, wave, *more)
        assert code == 2
        assert said in err
    assert load(migrated, wave)[0] == 0
    code, err = load(migrated, wave, "--recorded-at", "2013-05-02", *BY)
    assert code == 2
    assert "for a wave that has no revision, and wave tiny has some: 1 to 1" in err
    assert run("withdraw", "tiny@1", "--reason", "wrong", "--db", address(migrated)).code == 0
    assert load(migrated, wave, "--recorded-at", "2013-05-02", *BY)[0] == 2
