"""Kills and full disks at random moments of every command that changes something: `make faults`.

A command runs in a process of its own that begins with everything imported, so that a kill falls on its work. After each
fault the database is opened, the hash of every revision is computed from its rows, and what the command makes must be
there whole or not at all; then the same command must succeed and leave nothing behind.
"""

from __future__ import annotations

import argparse
import ctypes
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from jumelage.errors import JumelageError
from tests.conftest import ENGINES, server
from tests.faulty.crowd import READERS, crowd
from tests.faulty.places import Engine, UnmountableError
from tests.faulty.processes import FaultError, import_all
from tests.faulty.steps import OF_A_FILE, STEPS, measured

COLUMNS = ("killed", "late", "absent", "whole", "left", "full", "full absent", "full whole", "again")


def asked_for(given: list[str] | None) -> argparse.Namespace:
    """Return what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="in all, of processes still at work")
    parser.add_argument("--seed", type=int, default=2006)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--step", choices=STEPS, action="append")
    parser.add_argument("--disks", type=int, default=4, help="full disks for each step")
    parser.add_argument("--readers", type=float, default=60, metavar="SECONDS", help="one loader, 20 readers; 0: none")
    parser.add_argument("--minutes", type=float, default=600, help="begin nothing more after that time")
    return parser.parse_args(given)


class Driver:
    """What is done, and how often something was not as it must be."""

    def __init__(self, asked: argparse.Namespace, folder: Path, kept: ExitStack) -> None:
        self.asked, self.folder = asked, folder
        self.chosen = random.Random(asked.seed)  # noqa: S311
        self.until = time.monotonic() + 60 * asked.minutes
        self.violations = 0
        self.engines = []
        for name in asked.engine or ENGINES:
            engine = Engine(name, folder / name, kept.enter_context(server()) if name == "postgresql" else None)
            engine.prepare()
            self.engines.append(engine)
        self.steps = [
            measured(engine, name, folder / f"measured-{engine.name}-{name}")
            for engine in self.engines
            for name in asked.step or STEPS
            if name not in OF_A_FILE or engine.server is None  # a server has tools of its own
        ]

    def in_time(self) -> bool:
        return bool(time.monotonic() < self.until)

    def tried(self, title: str, work: Callable[..., None], *given: Any) -> None:
        """Do something, and say what is not as it must be."""
        try:
            work(*given)
        except (FaultError, JumelageError) as error:  # of what is opened here
            self.violations += 1
            sys.stdout.write(f"{title}: VIOLATION: {error}\n")
            sys.stdout.flush()

    def kills(self) -> None:
        """Kill each step in turn, until all have been killed as often as they should, or nearly all came too late."""
        wanted = {id(step): self.asked.kills // len(self.steps) for step in self.steps}
        for step in self.steps[: self.asked.kills % len(self.steps)]:
            wanted[id(step)] += 1
        for number in range(3 * max(wanted.values()) + 10):
            for step in self.steps:
                if step.counts["killed"] < wanted[id(step)] and self.in_time():
                    self.tried(step.title, step.trial, self.chosen, self.folder / f"{number}-{step.title}")

    def disks(self) -> None:
        """Fill the disk of each step, with more and more left of it."""
        for number in range(self.asked.disks):
            for step in self.steps:
                if self.in_time():
                    part = (number / self.asked.disks) ** 2
                    self.tried(step.title, step.full, self.chosen, self.folder / f"{number}-full-{step.title}", part)

    def crowds(self) -> None:
        """Let many read while one loads."""
        for engine in self.engines if self.asked.readers else ():
            counts: Counter[str] = Counter()

            def add(of: Engine = engine, to: Counter[str] = counts) -> None:
                to.update(crowd(of, self.folder / f"crowd-{of.name}", self.asked.readers))

            self.tried(engine.name, add)
            told = ", ".join(f"{name} {counts[name]}" for name in ("loads", "loads busy", "reads", "reads busy"))
            sys.stdout.write(f"{engine.name}: one loader, {READERS} readers, {self.asked.readers:g} s: {told}\n")
            sys.stdout.flush()

    def say(self) -> None:
        """Print the counts."""
        rows = [["", "seconds", *COLUMNS]]
        rows += [[one.title, f"{one.seconds:.1f}", *(str(one.counts[name]) for name in COLUMNS)] for one in self.steps]
        rows += [["all", "", *(str(sum(one.counts[name] for one in self.steps)) for name in COLUMNS)]]
        for row in rows:
            cells = (f"{cell:>{max(len(head), 6)}}" for head, cell in zip(rows[0][1:], row[1:], strict=True))
            sys.stdout.write(f"{row[0]:<20} {' '.join(cells)}\n")
        sys.stdout.write(f"violations: {self.violations}\n")
        sys.stdout.flush()


def main(given: list[str] | None = None) -> int:
    """Do what is asked for, print the counts, and return 1 if anything was not as it must be."""
    asked = asked_for(given)
    import_all()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))  # with what was counted, and nothing left mounted
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # what a killed child had started becomes ours
    with ExitStack() as kept:
        made = tempfile.TemporaryDirectory(prefix="faults-of-jumelage-", ignore_cleanup_errors=True)
        folder = Path(kept.enter_context(made))
        folder.chmod(0o755)
        driver = Driver(asked, folder, kept)
        try:
            driver.disks()
            driver.crowds()
            driver.kills()
        finally:
            driver.say()
    return 1 if driver.violations else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UnmountableError as why:
        sys.stderr.write(f"a small disk cannot be mounted here: {why}\n")
        sys.exit(2)
