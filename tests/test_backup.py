"""Backups of a DuckDB file: whole and verified, restored with nothing lost unsaid; damaged files told as such."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from jumelage import database
from jumelage.database.engines import engine_of
from tests.conftest import ROOT, Databases, Result, run
from tests.readers import somebody_reading
from tests.test_atomic import somebody_writing

DEMO = ROOT / "waves" / "2012-demo"
WHOLE = "1 revision, at migration "
HASHES = "the content of each has the hash that was recorded\n"


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases("duckdb", tmp_path_factory.mktemp("kept"), None)


@pytest.fixture(scope="module")
def loaded_once(on_duckdb: Databases) -> Path:
    """A file with the 2006 wave, to be copied."""
    return Path(str(on_duckdb.loaded().database))


@pytest.fixture
def db(loaded_once: Path, tmp_path: Path) -> Path:
    """A file with the 2006 wave, in a folder of its own."""
    (tmp_path / "here").mkdir()
    return Path(shutil.copyfile(loaded_once, tmp_path / "here" / "surveys.duckdb"))


def on(db: Path, *command: object) -> Result:
    return run(*command, "--db", db)


def logged(db: Path) -> Path:
    """Withdraw 2006@1 so that it stands in the log alone, as after a kill; return the log."""
    program = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); "
        "c.execute(\"insert into survey.withdrawals values ('2006', 1, now()::timestamp, 'x', 'y', 'z')\"); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, str(db)], check=True)
    return db.with_name(f"{db.name}.wal")


def names(db: Path) -> list[str]:
    return sorted(path.name for path in db.parent.iterdir())


def catalog(db: Path) -> list[list[tuple[object, ...]]]:
    """What a file holds besides rows, as DuckDB lists it."""
    queries = (
        "select schema_name, table_name, comment, sql from duckdb_tables() order by all",
        "select schema_name, view_name, comment, sql from duckdb_views() where not internal order by all",
        "select * exclude (database_oid, schema_oid, table_oid, database_name) from duckdb_columns() order by all",
        "select schema_name, table_name, constraint_text from duckdb_constraints() order by all",
        "select schema_name, index_name, sql from duckdb_indexes() order by all",
    )
    with duckdb.connect(str(db), read_only=True) as connection:
        return [connection.execute(sql).fetchall() for sql in queries]


def test_a_backup_is_small_whole_and_made_while_others_read(db: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(db)) as connection:  # what analysts make goes with it
        connection.execute("create schema mine; create macro mine.plus(x) as x + 1; create sequence mine.counted")
        connection.execute("create table mine.notes (number integer default nextval('mine.counted'), note varchar)")
        connection.execute("insert into mine.notes (note) values ('Köln'), (null)")
        connection.execute(
            "create view mine.more as select mine.plus(number) as number, count(*) over () as n from mine.notes"
        )
        connection.execute("create index noted on mine.notes (note)")
    db.chmod(0o640)
    out = tmp_path / "backup.duckdb"
    with somebody_reading(db):
        made = on(db, "backup", out)
    assert (made.code, made.out) == (0, "")
    assert made.err.startswith(f"backup: {out}: {WHOLE}")
    assert made.err.endswith(HASHES)
    assert out.stat().st_size < db.stat().st_size / 4
    assert out.stat().st_mode & 0o777 == 0o440
    assert catalog(out) == catalog(db)
    with duckdb.connect(str(out), read_only=True) as connection:
        assert connection.execute("select number, n from mine.more order by 1").fetchall() == [(2, 2), (3, 2)]
    for command in (("check", "--rows"), ("waves",), ("report", "zones", "--format", "csv")):
        assert on(out, *command) == on(db, *command)
    assert names(db) == ["surveys.duckdb"]
    assert {path.name for path in tmp_path.iterdir()} == {"backup.duckdb", "here"}


def test_what_stands_in_the_log_alone_is_in_the_backup_and_is_restored_from(db: Path, tmp_path: Path) -> None:
    logged(db)
    assert names(db) == ["surveys.duckdb", "surveys.duckdb.wal"]
    before = tmp_path / "before.duckdb"
    assert on(db, "backup", before).code == 0
    assert "withdrawn" in on(before, "waves").out
    # A restore takes the log in first, so that what it keeps has all of it.
    assert on(db, "restore", before).code == 0
    (kept,) = (path for path in db.parent.iterdir() if ".before-" in path.name)
    assert names(db) == ["surveys.duckdb", kept.name]
    assert on(kept, "waves").out == on(db, "waves").out == on(before, "waves").out


def test_while_somebody_writes_there_is_no_backup(on_duckdb: Databases, tmp_path: Path) -> None:
    url = on_duckdb.loaded()
    with somebody_writing(url):
        refused = [
            on(Path(str(url.database)), "backup", tmp_path / "backup.duckdb"),
            on(Path(str(url.database)), "restore", ROOT / "nowhere"),
        ]
    assert [one.code for one in refused] == [4, 3]
    assert " is busy: another process (PID " in refused[0].err
    assert list(tmp_path.iterdir()) == []


def test_a_backup_takes_no_place_but_that_of_an_earlier_one_of_the_same(db: Path, tmp_path: Path) -> None:
    out = tmp_path / "backup.duckdb"
    assert on(db, "backup", out).code == 0
    assert on(db, "backup", out).err == f"error: {out} is there; choose another file, or --force to replace a backup\n"
    assert on(db, "backup", out, "--force").code == 0
    assert on(db, "load", DEMO).code == 0
    assert on(db, "backup", out, "--force").code == 0
    assert "2012-demo" in on(out, "waves").out
    db.unlink()
    assert on(db, "migrate").code == 0
    late = on(db, "backup", out, "--force")
    assert late.code == 2
    assert f"{out} holds what this database does not: 2006@1, loaded on " in late.err
    before = out.read_bytes()[:100_000]
    damaged = tmp_path / "damaged.duckdb"
    damaged.write_bytes(before)
    for other, code in ((damaged, 3), (tmp_path, 2), (ROOT / "README.md", 3)):
        assert on(db, "backup", other, "--force").code == code
    assert damaged.read_bytes() == before
    assert on(db, "backup", db, "--force").code == 2


def test_a_database_whose_rows_are_not_those_that_were_loaded_has_no_backup(db: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(db)) as connection:
        connection.execute("update survey.partnerships set country = 'FR' where agreement = 1")
    refused = on(db, "backup", tmp_path / "backup.duckdb")
    assert (refused.code, refused.err.split("; ")[0]) == (
        1,
        f"error: {db}: the rows of 2006@1 are not those that were loaded",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
    shutil.copy(db, tmp_path / "copy.duckdb")
    restored = on(tmp_path / "new.duckdb", "restore", tmp_path / "copy.duckdb")
    assert (restored.code, restored.err.split("; ")[-1]) == (1, "take another backup\n")
    assert not (tmp_path / "new.duckdb").exists()


def test_a_restore_says_what_is_lost_and_keeps_it(db: Path, tmp_path: Path) -> None:
    early, late = tmp_path / "early.duckdb", tmp_path / "late.duckdb"
    assert on(db, "backup", early).code == 0
    assert on(db, "load", DEMO).code == 0
    assert on(db, "withdraw", "2006@1", "--reason", "printed twice").code == 0
    assert on(db, "backup", late).code == 0
    before = db.read_bytes()
    dry = on(db, "restore", early, "--dry-run")
    assert dry.code == 0
    first, second, third, fourth = dry.err.splitlines()
    assert first.startswith("would be lost: 2012-demo@1, loaded on ")
    assert second.startswith("would be lost: the withdrawal of 2006@1, on ")
    assert third.startswith(f"{db} would be restored from {early}: {WHOLE}")
    assert fourth == "it would be refused without --accept-loss"
    refused = on(db, "restore", early)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert f"error: the backup lacks what is in {db}: 2012-demo@1, loaded on " in refused.err
    assert db.read_bytes() == before
    assert names(db) == ["surveys.duckdb"]
    done = on(db, "restore", early, "--accept-loss")
    assert done.code == 0
    (kept,) = (path for path in db.parent.iterdir() if ".before-" in path.name)
    assert done.err.splitlines()[-1] == f"what was there is kept: {kept}"
    assert kept.read_bytes() == before
    assert "2012-demo" not in on(db, "waves").out
    assert on(db, "check", "--rows").code == 0
    again = on(db, "restore", late)
    assert again.code == 0
    assert [line.split(",")[0] for line in again.err.splitlines()[:2]] == [
        "gained: 2012-demo@1",
        "gained: the withdrawal of 2006@1",
    ]
    assert on(db, "waves").out == on(kept, "waves").out == on(late, "waves").out
    assert on(db, "load", DEMO).code == 0  # it can be written to


def test_a_restore_makes_a_database_where_there_is_none(db: Path, tmp_path: Path) -> None:
    out, new = tmp_path / "backup.duckdb", tmp_path / "new" / "surveys.duckdb"
    assert on(db, "backup", out).code == 0
    assert on(new, "restore", out).err == f"error: {new}: its folder does not exist\n"
    new.parent.mkdir()
    assert on(new, "restore", out).code == 0
    assert names(new) == ["surveys.duckdb"]
    assert catalog(new) == catalog(db)
    assert on(new, "restore", new).err == f"error: {new} is the database itself; name a backup\n"
    assert on(new, "restore", tmp_path / "gone").err == f"error: there is no backup {tmp_path / 'gone'}\n"


def test_nobody_has_a_database_open_that_is_replaced(db: Path, tmp_path: Path) -> None:
    out = tmp_path / "backup.duckdb"
    assert on(db, "backup", out).code == 0
    before = db.read_bytes()
    with somebody_reading(db):
        refused = on(db, "restore", out)
    assert (refused.code, refused.err) == (
        4,
        f"error: {db} is busy: another process has it open; try again later\n",
    )
    assert db.read_bytes() == before
    assert names(db) == ["surveys.duckdb"]
    assert on(db, "restore", out).code == 0


def test_a_backup_of_an_earlier_migration_is_restored_and_one_of_a_later_is_not(db: Path, tmp_path: Path) -> None:
    out, later = tmp_path / "backup.duckdb", tmp_path / "later.duckdb"
    assert on(db, "migrate", "--to", "0012", "--accept-loss").code == 0
    assert on(db, "backup", out).code == 0
    new = tmp_path / "new.duckdb"
    done = on(new, "restore", out)
    assert (done.code, done.err.splitlines()[-1]) == (0, "now run: jumelage migrate")
    assert on(new, "migrate").code == 0
    assert on(new, "check", "--rows").out + on(new, "report", "zones").out != ""
    shutil.copy(db, later)
    with duckdb.connect(str(later)) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    for command in (("restore", later), ("restore", later, "--dry-run")):
        refused = on(new, *command)
        assert (refused.code, refused.err) == (
            3,
            f"error: {later} is at migration 9999, newer than this jumelage; upgrade jumelage\n",
        )
    assert on(later, "backup", tmp_path / "other").code == 3
    empty = tmp_path / "empty.duckdb"
    duckdb.connect(str(empty)).close()
    assert on(new, "restore", empty).err == f"error: {empty} has no tables of jumelage\n"


def test_a_server_has_tools_of_its_own() -> None:
    for command in (("backup", "out"), ("restore", "out")):
        refused = run(*command, "--db", "postgresql://me@localhost/surveys")
        assert refused.code == 2
        assert "pg_dump" in refused.err


# --- damage

LOOKS: list[tuple[object, ...]] = [("waves",), ("report", "zones"), ("check", "--rows")]


@contextmanager
def damaged(db: Path, changed: bytes) -> Iterator[Path]:
    """Give a copy that is damaged, and see to it that nothing changes it."""
    copy = db.with_name("damaged.duckdb")
    copy.write_bytes(changed)
    yield copy
    assert copy.read_bytes() == changed
    assert {path.name for path in db.parent.iterdir()} <= {db.name, f"{db.name}.wal", copy.name}


def told(result: Result) -> bool:
    """Tell whether a file is said to be damaged, in one line."""
    said = result.err.startswith("error: ") and result.err.count("\n") == 1
    return result.code == 3 and said and (" is damaged: " in result.err or " is not a DuckDB database: " in result.err)


def flipped(data: bytes, at: int, bit: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return bytes(changed)


@pytest.mark.parametrize("places", [8, pytest.param(200, marks=pytest.mark.long)])
def test_bits_that_change_anywhere_are_told_or_change_nothing(loaded_once: Path, tmp_path: Path, places: int) -> None:
    db = Path(shutil.copyfile(loaded_once, tmp_path / "whole.duckdb"))
    data, chosen = db.read_bytes(), random.Random(2006)  # noqa: S311
    right = [on(db, *command) for command in LOOKS]
    used = [at for at in range(0, len(data), 97) if data[at]]  # most of the file is empty, and nothing is read of it
    found = {"told": 0, "harmless": 0}
    for number in range(places):
        at = chosen.choice(used) if number % 2 else chosen.randrange(len(data))
        with damaged(db, flipped(data, at, chosen.randrange(8))) as copy:
            answers = [on(copy, *command) for command in LOOKS]
            wrong = [one for one, was in zip(answers, right, strict=True) if one != was]
            assert [one for one in wrong if not told(one)] == [], at
            found["told" if wrong else "harmless"] += 1
            if wrong and number < 8:
                assert told(on(copy, "load", DEMO)), at
    assert found["told"] > places / 4, found


@pytest.mark.parametrize("at", [2, 8, 9, 12, 53, 100, 4100, 8200])
def test_a_damaged_beginning_is_told_to_readers_and_writers(db: Path, at: int) -> None:
    with damaged(db, flipped(db.read_bytes(), at, 3)) as copy:
        for command in [
            *LOOKS,
            ("load", DEMO),
            ("migrate",),
            ("backup", db.with_name("out")),
            ("withdraw", "2006@1", "--reason", "x"),
        ]:
            assert told(on(copy, *command)), command


@pytest.mark.parametrize("part", [0.0001, 0.001, 0.3, 0.6])
def test_a_file_that_is_cut_off_is_told_and_is_no_backup(db: Path, tmp_path: Path, part: float) -> None:
    data = db.read_bytes()
    with damaged(db, data[: int(len(data) * part)]) as copy:
        for command in [*LOOKS, ("load", DEMO)]:
            assert told(on(copy, *command)), command
        refused = on(db, "restore", copy, "--accept-loss")
        assert (refused.code, refused.err) == (
            3,
            f"error: {copy} is no good as a backup: the file is cut off before its end; take another backup\n",
        )
    assert db.read_bytes() == data
    out = tmp_path / "backup.duckdb"
    assert on(db, "backup", out).code == 0
    cut = data[: int(len(data) * part)]
    db.write_bytes(cut)
    dry = on(db, "restore", out, "--dry-run")
    assert dry.err.startswith(f"{db} cannot be read: the file is cut off before its end\nwould be gained: 2006@1, ")
    refused = on(db, "restore", out)
    assert refused.code == 2
    assert db.read_bytes() == cut
    assert on(db, "restore", out, "--accept-loss").code == 0
    assert on(db, "check", "--rows").code == 0
    (kept,) = (path for path in db.parent.iterdir() if ".before-" in path.name)
    assert kept.read_bytes() == cut


def test_a_log_that_is_damaged_or_of_another_file_is_told_and_kept(db: Path, tmp_path: Path) -> None:
    out = tmp_path / "backup.duckdb"
    assert on(db, "backup", out).code == 0
    log = logged(db)
    data = db.read_bytes()
    written = log.read_bytes()
    # Of some bytes DuckDB says nothing: the head of the log, and how long its entries are.
    entry = written.index(b"\xff\xff") + 2
    assert written[entry + 7] == 0
    for at, bit in (
        (len(written) // 2, 2),
        (len(written) - 5, 1),
        (0, 1),
        (3, 6),
        (entry, 1),
        (entry + 2, 6),
        (entry + 7, 6),
    ):
        changed = flipped(written, at, bit)
        log.write_bytes(changed)
        for command in [*LOOKS, ("load", DEMO), ("backup", tmp_path / "other")]:
            assert told(on(db, *command)), (at, command)
        assert (db.read_bytes(), log.read_bytes()) == (data, changed)
    assert on(db, "restore", out).code == 2
    assert on(db, "restore", out, "--accept-loss").code == 0
    kept, kept_log = sorted(path for path in db.parent.iterdir() if ".before-" in path.name)
    assert (kept.read_bytes(), kept_log.read_bytes()) == (data, changed)
    assert kept_log.name == f"{kept.name}.wal"
    assert names(db) == sorted(["surveys.duckdb", kept.name, kept_log.name])
    assert on(db, "waves").code == 0


def test_a_restore_that_is_killed_leaves_no_log_of_another_file(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "backup.duckdb"
    assert on(db, "backup", out).code == 0
    log = logged(db)
    damaged_log = flipped(log.read_bytes(), 3, 6)
    log.write_bytes(damaged_log)
    data = db.read_bytes()
    real = Path.unlink

    def killed(self: Path, missing_ok: bool = False) -> None:
        if self.name == log.name and ".before-" in "".join(names(db)):
            raise KeyboardInterrupt
        real(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", killed)
    assert on(db, "restore", out, "--accept-loss").code == 130
    monkeypatch.undo()
    assert log.exists()
    assert on(db, "check", "--rows").code == 0
    kept, kept_log = sorted(path for path in db.parent.iterdir() if ".before-" in path.name)
    assert (kept.read_bytes(), kept_log.read_bytes()) == (data, damaged_log)
    assert names(db) == sorted(["surveys.duckdb", kept.name, kept_log.name])
    log.write_bytes(damaged_log)  # its own, of which there is no other
    assert on(db, "check", "--rows").code == 3
    assert log.exists()


@pytest.mark.parametrize(
    "said", ['"/full/it": No space left on device', r'\"/full/it\": No space left on device","errno":"28"}']
)
def test_a_full_disk_is_not_said_to_be_the_fault_of_a_database(said: str) -> None:
    url = database.resolve_url("surveys.duckdb")
    text = f"Checkpoint failed. The database has been invalidated. Original error: Could not write file {said}"
    told = engine_of(url).told(duckdb.IOException(text), url)
    assert told.text("en") == "/full/it cannot be written: No space left on device"


def test_a_log_whose_last_entry_was_not_written_to_its_end_is_no_damage(db: Path) -> None:
    log = logged(db)
    written = log.read_bytes()
    assert "withdrawn" in on(db, "waves").out
    for length in range(0, len(written), 7):
        log.write_bytes(written[:length])
        assert "withdrawn" not in on(db, "waves").out, length
    assert on(db, "load", DEMO).code == 0
    assert names(db) == ["surveys.duckdb"]


@pytest.mark.parametrize("part", [0.1, 0.9])
def test_a_restore_takes_no_log_without_a_whole_entry_for_a_full_disk(db: Path, tmp_path: Path, part: float) -> None:
    out = tmp_path / "backup.duckdb"
    assert on(db, "backup", out).code == 0
    log = logged(db)
    written = log.read_bytes()
    log.write_bytes(written[: int(part * len(written))])
    done = on(db, "restore", out)
    assert done.code == 0, done.err
    (kept,) = (path for path in db.parent.iterdir() if ".before-" in path.name)
    assert names(db) == ["surveys.duckdb", kept.name]
    assert on(kept, "waves").out == on(db, "waves").out


def test_a_file_of_another_version_is_named_so(db: Path) -> None:
    from jumelage.database.engines.duckdb_damage import damage

    said = (
        "IO Error: Trying to read a database file with storage version number 51, but we can only read storage "
        "versions between 64 and 69.\nThe database file was created with DuckDB version v0.8.0 or v0.8.1."
    )
    error = damage(said, str(db))
    assert error is not None
    assert str(error) == (
        f"{db} is of another version of DuckDB: its form is 51, and those that can be read are 64–69; nothing was changed "
        "in it; use the jumelage that wrote it, or a newer one"
    )
    assert damage("Constraint Error: no", str(db)) is None
