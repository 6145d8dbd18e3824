"""A DuckDB file: made whole or not at all, told apart from other files, and held by readers and writers."""

from __future__ import annotations

import fcntl
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from jumelage import database

from .conftest import Databases, address, run
from .readers import somebody_reading


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a database is to be, in a folder of its own."""
    (tmp_path / "here").mkdir()
    return tmp_path / "here" / "new.duckdb"


def beside(place: Path) -> Path:
    return place.with_name(f".{place.name}.new")


def test_a_database_whose_creation_is_killed_is_there_whole_or_not_at_all(place: Path) -> None:
    command = [sys.executable, "-m", "jumelage", "migrate", "--db", str(place)]
    early = 0
    for grown in (0, 1, 100_000, 1_000_000):  # bytes after which it is killed
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            folder = beside(place)
            if folder.is_dir() and sum(f.stat().st_size for f in folder.iterdir() if f.exists()) >= grown:
                break
            time.sleep(0.002)
        process.kill()
        process.wait()
        early += not place.exists()
        if place.exists():
            assert run("waves", "--db", place).code == 0
            place.unlink()
    assert early >= 2, "it was killed too late to say anything"
    assert run("migrate", "--db", place).code == 0
    assert [file.name for file in place.parent.iterdir()] == ["new.duckdb"]


def test_a_disk_that_fills_while_a_database_is_created_leaves_none(place: Path) -> None:
    def small() -> None:  # no file grows beyond 3 MB
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))

    command = [sys.executable, "-m", "jumelage", "migrate", "--db", str(place)]
    done = subprocess.run(command, preexec_fn=small, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert f"{place} cannot be created: " in done.stderr
    assert "went from base" not in done.stderr
    assert list(place.parent.iterdir()) == []


def test_what_a_killed_creation_left_goes_only_when_nobody_holds_it(place: Path) -> None:
    folder = beside(place)
    folder.mkdir()
    (folder / "new.duckdb").write_text("half")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = run("migrate", "--db", place)
        assert (result.code, result.err) == (
            4,
            f"error: {place} is busy: another process is creating it; try again later\n",
        )
        assert (folder / "new.duckdb").exists()
    assert run("migrate", "--db", place).code == 0
    folder.mkdir()  # left after the move into place
    assert run("migrate", "--db", place).code == 0
    assert [file.name for file in place.parent.iterdir()] == ["new.duckdb"]


@pytest.mark.parametrize("kind", ["sqlite", "empty", "text"])
def test_a_file_of_another_kind_is_named_and_left_alone(place: Path, kind: str) -> None:
    if kind == "sqlite":
        with sqlite3.connect(place) as connection:
            connection.execute("create table a (b)")
        connection.close()
    else:
        place.write_text("minutes of the meeting\n" * (kind == "text"))
    said = {"sqlite": "it is an SQLite database", "empty": "it is empty", "text": "it is a file of another kind"}[kind]
    before = place.read_bytes()
    for command in ("migrate", "waves"):
        result = run(command, "--db", place)
        assert result.code == 3
        assert result.err.startswith(f"error: {place} is not a DuckDB database: {said}; ")
    assert place.read_bytes() == before


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases("duckdb", tmp_path_factory.mktemp("held"), None)


def test_a_reader_that_holds_the_file_is_not_called_a_writer(on_duckdb: Databases) -> None:
    url: URL = on_duckdb.migrated()
    with somebody_reading(str(url.database)) as reader:
        result = run("migrate", "--db", address(url), "--wait", "0")
        assert run("waves", "--db", address(url)).code == 0
    assert result.code == 4
    assert result.err == (
        f"error: {database.shown(url)} is busy: another process (PID {reader.pid}) has it open to read; try again later\n"
    )


def test_a_second_reader_does_not_let_a_writer_in_beside_the_first(on_duckdb: Databases) -> None:
    """A lock of POSIX belongs to the process and ends when it closes the file for the first time."""
    url = on_duckdb.migrated()
    program = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    writer = [sys.executable, "-c", program, str(url.database)]
    with database.reading(url):
        for _ in range(2):
            with database.reading(url):
                pass
            tried = subprocess.run(writer, capture_output=True, text=True, check=False)
            assert "Could not set lock on file" in tried.stderr
    assert subprocess.run(writer, check=False).returncode == 0
