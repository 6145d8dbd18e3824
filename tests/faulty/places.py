"""Where a command meets a fault: a database, what is made of it, and a small disk."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.database.lake import INDEX, held, read_index
from jumelage.loading.recorded import check_rows
from jumelage.publication.swap import MOST_KEPT
from tests.conftest import WAVE_2006, address, statement
from tests.faulty.processes import GONE, Ended, FaultError, call, command, found_by, start

OLD = "0009"  # the migration from which `migrate` comes
# What is at the place of what a step makes before it begins, made by `prepare`.
_EARLIER = {
    "publish": "public",
    "paper": "public",
    "export": "package",
    "backup": "backup.duckdb",
    "restore": "backup.duckdb",
    "lake": "lake",
}
_KEPT = re.compile(r"\.public-[0-9a-f]{16}-\d+")
_OPEN: list[Connection] = []  # what a process that ends does not close
_LOG = "surveys.duckdb.wal"
_REPLACED = "surveys.duckdb.before-*"


class UnmountableError(Exception):
    """No small disk can be made here."""


@dataclass
class Place:
    """Where a trial happens: a database, what is made of it, a folder for what is written down meanwhile."""

    folder: Path
    url: URL

    def __post_init__(self) -> None:
        for one in (self.tmp, self.out):
            one.mkdir(parents=True, exist_ok=True)

    @property
    def tmp(self) -> Path:
        return self.folder / "tmp"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def state(self, of: str | None = None) -> dict[str, Any]:
        """Return what a database holds, every hash computed from its rows."""
        return dict(call(lambda: state(of or address(self.url)), self.folder))

    @property
    def lake(self) -> Path:
        return self.out / "lake"

    @property
    def replaced(self) -> list[Path]:
        """What restores have kept of the database before."""
        return sorted(self.folder.glob(_REPLACED))

    def run(self, *arguments: object, after: float | None = None, alone: bool = False, apart: bool = False) -> Ended:
        return command([*arguments, "--db", address(self.url)], self.tmp, after=after, alone=alone, apart=apart)

    def left(self, *, log: bool = True) -> dict[str, list[str]]:
        """Return what lies in each place that is no result, nor a publication or a database that is kept.

        Of a lake that is what is no folder of a table. The log of the database counts, unless `log` is false.
        """
        wanted = {_LOG} if not log else set()
        wanted |= {"surveys.duckdb", "tmp", "out", "filler", *_EARLIER.values(), *(one.name for one in self.replaced)}
        wanted |= {INDEX, *(table.name for table in held())}
        found = {}
        for place in (self.folder, self.tmp, self.out, *([self.lake] if self.lake.is_dir() else [])):
            there = [one.name for one in place.iterdir() if one.name not in wanted]
            kept = [name for name in there if _KEPT.fullmatch(name)]
            found[place.name] = [name for name in there if name not in kept or len(kept) > MOST_KEPT]
        return {name: one for name, one in found.items() if one}

    def unnamed(self) -> list[str]:
        """Return the files of the lake, if there is one, that no index of it has named."""
        if not self.lake.is_dir():
            return []
        index = read_index(self.lake)
        there = {path.relative_to(self.lake).as_posix() for path in self.lake.rglob("*.parquet")}
        return sorted(there - {*index.files(), *index.superseded})


def state(given: str) -> dict[str, Any]:
    """Return what a database holds."""
    with database.opened(database.resolve_url(given), read_only=True) as connection:
        return content(connection)


def content(connection: Connection) -> dict[str, Any]:
    """Return what a database holds: its migration, its revisions with their hashes, its withdrawals, all counts."""
    tables = sorted(database.columns(connection))
    fits = {one.name: one.fits for one in check_rows(connection)}
    rows = database.query(connection, "select wave, revision, content_hash from survey.revisions order by 1, 2")[1]
    gone = database.query(connection, "select wave, revision, reason from survey.withdrawals order by 1, 2")[1]
    return {
        "migration": database.current(connection),
        "revisions": [[f"{wave}@{number}", digest, fits[f"{wave}@{number}"]] for wave, number, digest in rows],
        "withdrawn": [list(row) for row in gone],
        "counts": {name: database.query(connection, f"select count(*) from survey.{name}")[1][0][0] for name in tables},
    }


@contextmanager
def reading(given: str, tmp: Path) -> Iterator[None]:
    """Let a child open a database now; FaultError unless it finds in the end what it found in the beginning."""
    (opened, opens), (asked, asks) = os.pipe(), os.pipe()

    def work() -> bool:
        os.close(asks)
        with database.opened(database.resolve_url(given), read_only=True) as connection:
            found = content(connection)
            os.write(opens, b".")
            os.read(asked, 1)
            return content(connection) == found

    reader = start(work, tmp)
    os.close(opens)
    try:
        os.read(opened, 1)
        yield
    finally:
        for one in (asks, opened, asked):
            os.close(one)
        same = found_by(*reader)
    if not same:
        raise FaultError("who had opened it before finds something else in it")


def _leave_log(url: URL) -> bool:
    """Withdraw a revision so that it stands in the log of a DuckDB file alone, as after a kill."""
    connection = database.make_engine(url).connect()
    connection.exec_driver_sql("insert into survey.withdrawals values ('2006', 2, now()::timestamp, 'x', 'y', 'z')")
    connection.commit()
    _OPEN.append(connection)
    return True


@dataclass
class Engine:
    """Databases of one engine: two to begin from, with what was published, exported and backed up of the first."""

    name: str
    folder: Path
    server: URL | None
    number: int = 0
    templates: dict[str, URL] = field(default_factory=dict)

    def new(self, folder: Path, like: str | None = None, tablespace: str = "") -> URL:
        """Return a new database, as it is given to the commands; on a server it is made."""
        if self.server is None:
            if like:
                shutil.copyfile(str(self.templates[like].database), folder / "surveys.duckdb")
            return database.resolve_url(str(folder / "surveys.duckdb"))
        self.number += 1
        name = f"faults_{os.getpid()}_{self.number}"
        template = f" template {self.templates[like].database}" if like else ""
        statement(self.server, f"create database {name}{template}{tablespace}")
        return self.server.set(database=name)

    def prepare(self) -> None:
        """Make what trials begin with: `early` has one revision, `now` two, `old` the same at an earlier migration."""
        place = Place(self.folder / "early", database.resolve_url("unused"))
        place.url = self.new(place.folder)
        done(place.run("migrate"))
        done(place.run("load", WAVE_2006))
        done(place.run("publish", "--out", place.out / "public", "--formats", "csv"))
        done(place.run("export", place.out / "package", "--wave", "2006"))
        done(place.run("export", "--lake", place.lake))
        if self.server is None:
            done(place.run("backup", place.out / "backup.duckdb"))
        self.templates["early"] = place.url
        for name, like in (("now", "early"), ("old", "now")):
            folder = self.folder / name
            other = Place(folder, self.new(mkdir(folder), like))
            if name == "now":
                text = (WAVE_2006 / "partnerships.csv").read_text(encoding="utf-8")
                changed = other.tmp / "partnerships.csv"
                changed.write_text(text.replace("Calais,Mali,1,,,,agreements_by_country\n", ""), encoding="utf-8")
                done(other.run("load", changed, "--table", "partnerships", "--wave", "2006", "--reason", "a trial"))
            else:
                done(other.run("migrate", "--to", OLD, "--accept-loss"))
            self.templates[name] = other.url

    def place(self, step: str, folder: Path, tablespace: str = "") -> Place:
        """Make a place in which a step can begin."""
        place = Place(folder, self.new(mkdir(folder), "old" if step == "migrate" else "now", tablespace))
        name = _EARLIER.get(step)
        for one in (self.folder / "early" / "out").iterdir():
            if one.name == name or (name == "public" and one.name.startswith(".public-")):
                if one.is_dir() and not one.is_symlink():
                    shutil.copytree(one, place.out / one.name, symlinks=True)
                else:
                    shutil.copy2(one, place.out / one.name, follow_symlinks=False)
        if step == "restore":
            call(lambda: _leave_log(place.url), place.tmp)
        return place

    def drop(self, place: Place) -> None:
        if self.server is not None:
            statement(self.server, f"drop database {place.url.database} with (force)")
        shutil.rmtree(place.folder, ignore_errors=True)

    def settled(self, place: Place) -> None:
        """Wait until the server has noticed that a client is gone."""
        until = time.monotonic() + GONE
        while self.server is not None:
            with database.make_engine(self.server).connect() as connection:
                name = place.url.database
                sql = f"select count(*) from pg_stat_activity where datname = '{name}' and backend_type = 'client backend'"
                if not database.query(connection, sql)[1][0][0]:
                    return
            if time.monotonic() > until:
                raise FaultError("the server does not notice that a client is gone")
            time.sleep(0.05)


def mkdir(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def done(ended: Ended) -> Ended:
    if ended.code:
        raise FaultError(f"exit code {ended.code}: {ended.err}")
    return ended


NEEDED = {"lake": 1 << 20, "restore": 40 << 20, "paper": 40 << 20}  # bytes, more than a step needs
MUCH = 12 << 20  # more than any other
_DISK = 160 << 20


def data_of(server: URL) -> str:
    with database.make_engine(server).connect() as connection:
        return str(database.query(connection, "show data_directory")[1][0][0])


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Give a folder on a disk of its own; UnmountableError if none can be made."""
    mkdir(folder)
    size = f"size={_DISK}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        raise UnmountableError(mounted.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def fill(filler: Path, free: int) -> None:
    """Fill a disk but for some bytes."""
    there = os.statvfs(filler.parent)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, there.f_bavail * there.f_frsize - free))
