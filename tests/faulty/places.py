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

from sqlalchemy.engine import URL

from jumelage import database
from jumelage.loading.recorded import check_rows
from jumelage.publication.swap import MOST_KEPT
from tests.conftest import WAVE_2006, address, statement
from tests.faulty.processes import GONE, Ended, FaultError, call, command

OLD = "0009"  # the migration from which `migrate` comes
_KEPT = re.compile(r"\.public-[0-9a-f]{16}-\d+")


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

    def run(self, *arguments: object, after: float | None = None, alone: bool = False) -> Ended:
        return command([*arguments, "--db", address(self.url)], self.tmp, after=after, alone=alone)

    def left(self) -> dict[str, list[str]]:
        """Return what lies in each place that is no result, nor a publication that is kept."""
        wanted = {"surveys.duckdb", "tmp", "out", "filler", "public", "package", "backup.duckdb"}
        found = {}
        for place in (self.folder, self.tmp, self.out):
            there = [one.name for one in place.iterdir() if one.name not in wanted]
            kept = [name for name in there if _KEPT.fullmatch(name)]
            found[place.name] = [name for name in there if name not in kept or len(kept) > MOST_KEPT]
        return {name: one for name, one in found.items() if one}


def state(given: str) -> dict[str, Any]:
    """Return what a database holds: its migration, its revisions with their hashes, its withdrawals, all counts."""
    with database.opened(database.resolve_url(given), read_only=True) as connection:
        tables = sorted(database.columns(connection))
        fits = {one.name: one.fits for one in check_rows(connection)}
        rows = database.query(connection, "select wave, revision, content_hash from survey.revisions order by 1, 2")[1]
        gone = database.query(connection, "select wave, revision, reason from survey.withdrawals order by 1, 2")[1]
        return {
            "migration": database.current(connection),
            "revisions": [[f"{wave}@{number}", digest, fits[f"{wave}@{number}"]] for wave, number, digest in rows],
            "withdrawn": [list(row) for row in gone],
            "counts": {
                name: database.query(connection, f"select count(*) from survey.{name}")[1][0][0] for name in tables
            },
        }


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
        for name in {"publish": ("public",), "export": ("package",), "backup": ("backup.duckdb",)}.get(step, ()):
            for one in (self.folder / "early" / "out").iterdir():
                if one.name == name or (name == "public" and one.name.startswith(".public-")):
                    if one.is_dir() and not one.is_symlink():
                        shutil.copytree(one, place.out / one.name, symlinks=True)
                    else:
                        shutil.copy2(one, place.out / one.name, follow_symlinks=False)
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


NEEDED = 12 << 20  # bytes, more than a step needs
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
