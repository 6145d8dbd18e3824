"""A load is there whole or not at all: killed at any moment, beside another one, or failing half-way."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.cli import progress, showing
from jumelage.database.engines.postgresql import LOCK
from jumelage.errors import DatabaseError
from tests.conftest import WAVE_2006, Databases, Result, WaveFolder, address, run
from tests.test_load import content

# Each row of the file is 990 agreements, so that nearly all of a load's time is spent on the database.
ROWS = {"duckdb": 250, "postgresql": 60}
MOST = 990
Sign: TypeAlias = Callable[[], object]


@pytest.fixture
def big_wave(databases: Databases, tiny_wave: WaveFolder) -> Path:
    """A wave whose load lasts for a second or more."""
    header = "city,country,agreements,partner,since,inferred,source"
    rows = (f"Lille,DE,{MOST},Partner {number},1958,," for number in range(ROWS[databases.engine]))
    tiny_wave.write("partnerships.csv", "\n".join((header, *rows, "")))
    return tiny_wave.path


def start_load(url: URL, folder: Path) -> subprocess.Popen[str]:
    """Start to load a wave in a process of its own."""
    command = [sys.executable, "-m", "jumelage", "load", str(folder), "--db", address(url)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def watching(url: URL) -> Iterator[Sign]:
    """Give a sign of what a load does to a database: the sizes of its files, or its statement on the server."""
    if url.get_backend_name() == "duckdb":
        files = (Path(str(url.database)), Path(f"{url.database}.wal"))
        yield lambda: [file.stat().st_size if file.exists() else None for file in files]
        return
    sql = "select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    with psycopg.connect(address(url.set(drivername="postgresql")), autocommit=True) as watcher:
        yield lambda: watcher.execute(sql).fetchall()


def kill_at(process: subprocess.Popen[str], sign: Sign, *, changes: int, seconds: float = 0) -> bool:
    """Kill a load after so many changes of the sign, and so long; tell whether it was still at work."""
    start, last, seen = time.monotonic(), sign(), 0
    while process.poll() is None and (seen < changes or time.monotonic() - start < seconds):
        time.sleep(0.002)
        now = sign()
        seen += now != last
        last = now
    process.kill()
    process.communicate()
    return process.returncode < 0


def wait_until_free(url: URL) -> None:
    """Wait for the server to notice that a client is gone."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        result = run("migrate", "--db", address(url))
        if result.code != 4:
            assert result.code == 0, result.err
            return
        time.sleep(0.05)
    pytest.fail("the database stayed busy")


# After how many changes of the sign, and after what part of a load's time.
MOMENTS = [(1, 0.0), (0, 0.3), (0, 0.6), (2, 0.0), (3, 0.0), (5, 0.0)]


@pytest.mark.parametrize("moments", [MOMENTS[:1], pytest.param(MOMENTS[1:], marks=pytest.mark.long)], ids=len)
def test_a_load_that_is_killed_leaves_all_or_nothing_and_the_next_one_succeeds(
    databases: Databases, migrated: URL, big_wave: Path, moments: list[tuple[int, float]]
) -> None:
    before, other = content(migrated), databases.migrated()
    start = time.monotonic()
    done = start_load(other, big_wave)
    assert "Traceback" not in done.communicate()[1]
    lasts, complete = time.monotonic() - start, content(other)
    assert complete["survey.partnerships"] == ROWS[databases.engine] * MOST
    assert complete != before
    killed, url = 0, migrated
    for changes, part in moments:
        with watching(url) as sign:
            killed += kill_at(start_load(url, big_wave), sign, changes=changes, seconds=part * lasts)
        wait_until_free(url)
        left = content(url)
        assert left in (before, complete)
        if left == complete:
            url = databases.migrated()
    assert killed > (len(moments) - 1) // 2, "the moments came too late to say anything"
    result = run("load", big_wave, "--db", address(url))
    assert result.err.startswith("wave tiny, revision 1: loaded")
    assert content(url) == complete


def test_of_two_loads_at_once_one_is_done_and_the_other_finds_it_done_or_busy(
    databases: Databases, migrated: URL, big_wave: Path
) -> None:
    processes = [start_load(migrated, big_wave) for _ in range(2)]
    ends = sorted((process.communicate()[1], process.returncode) for process in processes)
    told = [err for err, _ in ends]
    assert not [err for err in told if "Traceback" in err]
    done = [err for err, code in ends if code == 0 and err.startswith("wave tiny, revision 1: loaded")]
    assert len(done) == 1, told
    (late,) = ((err, code) for err, code in ends if err != done[0])
    assert late == ("wave tiny, revision 1: unchanged\n", 0) or (late[1] == 4 and " is busy: " in late[0])
    found = content(migrated)
    assert found["survey.revisions"] == 1
    assert found["survey.partnerships"] == ROWS[databases.engine] * MOST


@contextmanager
def somebody_writing(url: URL) -> Iterator[None]:
    """Hold a database as a process does that is writing to it."""
    if url.get_backend_name() != "duckdb":
        with psycopg.connect(address(url.set(drivername="postgresql"))) as connection:
            connection.execute(f"select pg_advisory_xact_lock({LOCK})".encode())
            yield
        return
    program = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(url.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
        holder.communicate()


WRITING: list[tuple[object, ...]] = [("load", WAVE_2006), ("load", WAVE_2006, "--dry-run"), ("migrate",)]
READING: list[tuple[object, ...]] = [("report", "zones"), ("explain", "zones", "eu", "agreements"), ("check",)]


def test_while_somebody_writes_writers_are_told_so_and_readers_of_a_server_are_served(loaded: URL) -> None:
    refused, served = (WRITING + READING, []) if loaded.get_backend_name() == "duckdb" else (WRITING, READING)
    with somebody_writing(loaded):
        answers = [
            run(*command, *(("--wait", 0) if command in WRITING else ()), "--db", address(loaded))
            for command in refused
        ]
        codes = [run(*command, "--db", address(loaded)).code for command in served]
    who = r" \(PID \d+\)" if not served else ""
    whose = "" if not served else r": process \d+, user \S+, .*since .* UTC"
    busy = rf"error: {re.escape(database.shown(loaded))} is busy: another process{who} is writing{whose}; try again later\n"
    assert [(answer.code, answer.out) for answer in answers] == [(4, "")] * len(refused)
    assert [answer.err for answer in answers if not re.fullmatch(busy, answer.err)] == []
    assert codes == [0] * len(served)
    assert [run(*command, "--db", address(loaded)).code for command in refused] == [0] * len(refused)


@pytest.mark.parametrize("table", ["survey.default_answers", "survey.partnerships", "survey.claims"])
def test_a_load_that_fails_after_a_table_leaves_nothing(
    migrated: URL, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    before, append = content(migrated), database.append

    def append_and_fail(bench: Connection, sql: str, target: Connection, name: str, columns: Any) -> int:
        number = append(bench, sql, target, name, columns)
        if name == table:
            raise DatabaseError("no space left on device")
        return number

    with monkeypatch.context() as patched:
        patched.setattr(database, "append", append_and_fail)
        result = run("load", WAVE_2006, "--db", address(migrated))
    assert (result.code, result.err) == (3, "error: no space left on device\n")
    assert content(migrated) == before
    assert run("load", WAVE_2006, "--db", address(migrated)).err.startswith("wave 2006, revision 1: loaded")


def test_a_second_loader_waits_and_is_told_for_whom(loaded: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_watched", lambda: True)
    monkeypatch.setattr(progress, "steps", lambda: nullcontext(lambda _step: None))
    monkeypatch.setattr(showing, "steps", lambda: nullcontext(lambda _step: None))
    done: list[Result] = []
    thread = threading.Thread(target=lambda: done.append(run("load", WAVE_2006, "--wait", 60, "--db", address(loaded))))
    with somebody_writing(loaded):
        thread.start()
        time.sleep(2)
        assert not done
    thread.join(60)
    (result,) = done
    assert result.code == 0, result.err
    first, *_ = result.err.splitlines()
    assert re.fullmatch(
        rf"waiting, for at most 60 s: {re.escape(database.shown(loaded))} is busy: another process.*", first
    )
    if loaded.get_backend_name() == "postgresql":
        assert re.search(r"process \d+, user \S+, .*since .* UTC$", first)
    assert result.err.count("waiting,") == 1
    assert result.err.endswith("wave 2006, revision 1: unchanged\n")
