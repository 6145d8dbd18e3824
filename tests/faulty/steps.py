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

from jumelage.exporting.place import _strange
from jumelage.publication.swap import finished_of, is_whole
from tests.conftest import ROOT, statement
from tests.faulty.places import NEEDED, Engine, Place, data_of, done, fill, mkdir, small_disk
from tests.faulty.processes import FaultError

STEPS = ("load", "migrate", "publish", "withdraw", "export", "backup")
FORMATS = "site,xlsx,csv,duckdb"


def arguments(step: str, place: Place) -> list[object]:
    known: dict[str, list[object]] = {
        "load": ["load", ROOT / "waves" / "2012-demo"],
        "migrate": ["migrate"],
        "publish": [
            "publish",
            "--out",
            place.out / "public",
            "--wave",
            "2006",
            "--formats",
            FORMATS,
            "--allow-findings",
        ],
        "withdraw": ["withdraw", "2006@2", "--reason", "a trial"],
        "export": ["export", place.out / "package", "--wave", "2006", "--force"],
        "backup": ["backup", place.out / "backup.duckdb", "--force"],
    }
    return known[step]


def made(step: str, place: Place) -> str:
    """Tell what is at the place of what a step makes besides rows; FaultError if it is not whole."""
    if step == "publish":
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
    return ""


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
        if left := place.left():
            raise FaultError(f"left behind after the next run: {left}")
        self.counts["again"] += 1

    def trial(self, chosen: random.Random, folder: Path) -> None:
        """Kill the step once."""
        place = self.engine.place(self.name, folder)
        alone = chosen.random() < 0.5
        ended = place.run(*arguments(self.name, place), after=chosen.random() * self.seconds, alone=alone)
        self.counts["killed" if ended.killed else "late"] += 1
        left = place.left()
        if any(len(one) > 1 for one in left.values()):
            raise FaultError(f"more than one thing is left in a place: {left}")
        self.counts["left"] += bool(left)
        was = self.looked_at(place)
        if ended.killed:
            self.counts[was] += 1
        self.again(place, was)
        self.engine.drop(place)

    def full(self, chosen: random.Random, folder: Path, part: float) -> None:
        """Let the disk be full before the step, but for a part of what it needs."""
        with small_disk(folder) as tablespace, self.engine_on(tablespace) as clause:
            place = self.engine.place(self.name, folder / "here", clause)
            fill(place.folder / "filler", round(part * chosen.uniform(0.7, 1.0) * NEEDED))
            ended = place.run(*arguments(self.name, place))
            self.counts["full"] += ended.code == 3
            if ended.code not in {0, 3}:
                raise FaultError(f"on a full disk: exit code {ended.code}: {ended.err}")
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
