"""Each command that changes something: what it does whole, and what a fault leaves of it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jumelage.database.lake import read_index
from jumelage.exporting.descriptor import fingerprint
from jumelage.exporting.place import _strange
from jumelage.publication.swap import finished_of, is_whole
from tests.conftest import ROOT, statement
from tests.faulty.places import MUCH, NEEDED, Engine, Place, data_of, done, fill, mkdir, reading, small_disk
from tests.faulty.processes import FaultError

STEPS = ("load", "migrate", "publish", "paper", "withdraw", "export", "lake", "backup", "restore")
OF_A_FILE = ("backup", "restore")
FORMATS = {"publish": "site,xlsx,csv,duckdb", "paper": "all"}


def arguments(step: str, place: Place) -> list[object]:
    if step in FORMATS:
        out = place.out / "public"
        return ["publish", "--out", out, "--wave", "2006", "--formats", FORMATS[step], "--allow-findings"]
    known: dict[str, list[object]] = {
        "load": ["load", ROOT / "waves" / "2012-demo"],
        "migrate": ["migrate"],
        "withdraw": ["withdraw", "2006@2", "--reason", "a trial"],
        "export": ["export", place.out / "package", "--wave", "2006", "--force"],
        "lake": ["export", "--lake", place.lake],
        "backup": ["backup", place.out / "backup.duckdb", "--force"],
        "restore": ["restore", place.out / "backup.duckdb", "--accept-loss"],
    }
    return known[step]


def made(step: str, place: Place) -> str:
    """Tell what is at the place of what a step makes besides rows; FaultError if it is not whole."""
    if step in FORMATS:
        found = finished_of(place.out / "public")
        if found is None or not is_whole(found):
            raise FaultError(f"the publication is not whole: {found}")
        return found.name
    if step == "export":
        package = place.out / "package"
        if not package.is_dir() or (strange := _strange(package)) is not None:
            raise FaultError(f"the export is not whole: {strange if package.is_dir() else 'it is gone'}")
        text = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
        return hashlib.sha256(json.dumps([one["hash"] for one in text["resources"]]).encode()).hexdigest()
    if step == "backup":
        return json.dumps(place.state(str(place.out / "backup.duckdb")))
    if step == "restore":
        return _replaced(place)
    if step == "lake":
        files = read_index(place.lake).files()
        for name, file in files.items():
            if fingerprint(place.lake / name) != file.sha256:
                raise FaultError(f"a file of the lake is not what its index says: {name}")
        return json.dumps([place.state(f"lake:{place.lake}"), sorted(files)])
    return ""


def _replaced(place: Place) -> str:
    """Tell what databases restores have kept; FaultError if one is lost that was replaced.

    Killed before the backup takes its place, a restore leaves the database a second name, which tells nothing.
    """
    now = place.state()
    kept = [place.state(str(path)) for path in place.replaced]
    return json.dumps([one for one in kept if one != now])


@dataclass
class Step:
    """A step on an engine: how long it takes, what is there before and after it, and what its faults came to."""

    engine: Engine
    name: str
    seconds: float
    before: tuple[dict[str, Any], str]
    after: tuple[dict[str, Any], str]
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def title(self) -> str:
        return f"{self.engine.name} {self.name}"

    def looked_at(self, place: Place) -> str:
        """Tell whether what the step does is there or absent; FaultError if it is neither, or what was there is not."""
        self.engine.settled(place)
        found = (place.state(), made(self.name, place))
        for said, wanted in (("absent", self.before), ("whole", self.after)):
            if found == wanted:
                return said
        raise FaultError(f"neither absent nor whole:\n{found}\n{self.before}\n{self.after}")

    def again(self, place: Place, was: str) -> None:
        """Let the same command succeed, and leave nothing behind."""
        ended = place.run(*arguments(self.name, place))
        told = self.name == "withdraw" and was == "whole" and ended.code == 2  # it says that it is done
        if not told:
            done(ended)
        if self.looked_at(place) != "whole":
            raise FaultError("the same command again does not do it")
        if left := place.left() or place.unnamed():
            raise FaultError(f"left behind after the next run: {left}")
        if self.name == "restore" and len(place.replaced) != 1 + (was == "whole"):  # each that is done keeps one
            raise FaultError(f"not what was replaced is kept: {place.replaced}")
        self.counts["again"] += 1

    @contextmanager
    def read(self, place: Place) -> Iterator[None]:
        """Let somebody read meanwhile what may be read while it is written."""
        if self.name != "lake":
            yield
            return
        tmp = self.engine.folder / "reading"
        tmp.mkdir(exist_ok=True)
        with reading(f"lake:{place.lake}", tmp):
            yield

    def trial(self, chosen: random.Random, folder: Path) -> None:
        """Kill the step once."""
        place = self.engine.place(self.name, folder)
        alone, after = chosen.random() < 0.5, chosen.random() * self.seconds
        apart = self.name == "paper" and chosen.random() < 0.5
        with self.read(place):
            ended = place.run(*arguments(self.name, place), after=after, alone=alone, apart=apart)
            self.counts["killed" if ended.killed else "late"] += 1
            left = place.left()
            if max([0, *map(len, left.values()), len(place.replaced)]) > 1:
                raise FaultError(f"more than one thing is left in a place: {left}")
            self.counts["left"] += bool(left)
            was = self.looked_at(place)
            if ended.killed:
                self.counts[was] += 1
            self.again(place, was)
        self.engine.drop(place)

    def full(self, chosen: random.Random, folder: Path, part: float) -> None:
        """Let the disk be full before the step, but for a part of what it needs."""
        room = round(part * chosen.uniform(0.7, 1.0) * NEEDED.get(self.name, MUCH))
        with small_disk(folder) as tablespace, self.engine_on(tablespace) as clause:
            place = self.engine.place(self.name, folder / "here", clause)
            fill(place.folder / "filler", room)
            with self.read(place):
                ended = place.run(*arguments(self.name, place))
                self.counts["full"] += ended.code == 3
                if ended.code not in {0, 3}:
                    raise FaultError(f"on a full disk: exit code {ended.code}: {ended.err}")
                if left := place.left(log=False) or place.unnamed():
                    raise FaultError(f"left on a full disk: {left}")
                (place.folder / "filler").unlink()
                was = self.looked_at(place)
                if ended.code == 0 and was != "whole":
                    raise FaultError("said to be done on a full disk, and is not")
                self.counts["full absent" if was == "absent" else "full whole"] += 1
                self.again(place, was)
            self.engine.drop(place)

    @contextmanager
    def engine_on(self, folder: Path) -> Iterator[str]:
        """Give the clause that puts a database of a server on a disk."""
        if self.engine.server is None:
            yield ""
            return
        data = mkdir(folder / "data")
        owner = subprocess.run(
            ["stat", "-c", "%u", data_of(self.engine.server)], capture_output=True, text=True, check=True
        )
        os.chown(data, int(owner.stdout), -1)
        for one in (folder, folder.parent, folder.parent.parent):
            one.chmod(0o755)
        name = f"small_{os.getpid()}"
        statement(self.engine.server, f"create tablespace {name} location '{data}'")
        try:
            yield f" tablespace {name}"
        finally:
            statement(self.engine.server, f"drop tablespace {name}")


def measured(engine: Engine, name: str, folder: Path) -> Step:
    """Do a step whole, and return it with what it takes and makes."""
    place = engine.place(name, folder)
    before = (place.state(), made(name, place))
    seconds = done(place.run(*arguments(name, place))).seconds
    after = (place.state(), made(name, place))
    if before == after:
        raise FaultError(f"{name} does nothing")
    if left := place.left():
        raise FaultError(f"{name} leaves behind: {left}")
    engine.drop(place)
    return Step(engine, name, seconds, before, after)
