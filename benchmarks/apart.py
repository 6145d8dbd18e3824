"""What is timed by turns in a process of its own, which makes the rows: queries alone, loads into a server."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contests import ENGINES, HERE, QUERIES, SERVER_LOAD, Contest, Side, made, run

if TYPE_CHECKING:
    from pathlib import Path

QUERY_LIMIT = 1.5
SERVER_LIMIT, SERVER_TURNS = 1.5, 3  # a turn takes a minute and more


@dataclass(frozen=True)
class Queries:
    """The queries of reports and SQL by hand on one engine, by turns in one process that makes the rows."""

    engine: str
    rows: int

    def times(self, folder: Path, repeat: int) -> tuple[float, list[tuple[Contest, list[float], list[float]]]]:
        """Return the most MB that the process occupied, and of each report its contest and both sides' seconds."""
        done = run(
            (sys.executable, HERE / "query_times.py", self.engine, str(self.rows), str(repeat), *QUERIES), folder
        )
        found = []
        nothing = Side([])
        for line in map(json.loads, done.out.splitlines()):
            name = f"{line['report']}-{self.engine}"
            contest = Contest(name, "SQL by hand", QUERY_LIMIT, nothing, nothing)
            found.append((contest, line["ours"], line["theirs"]))
        return done.peak, found


@dataclass(frozen=True)
class ServerLoad:
    """Loads into a PostgreSQL that is started for it, and COPY of the same rows into that table with its keys."""

    rows: int

    def times(self, folder: Path, repeat: int) -> tuple[float, list[tuple[Contest, list[float], list[float]]]]:
        """Return as `Queries` does; the memory is that of the program that waits for both sides."""
        wave = made(folder / "wave", self.rows, "clean")
        turns = str(min(repeat, SERVER_TURNS))
        lines = run((sys.executable, HERE / "postgresql_load.py", wave, turns), folder)
        taken = [json.loads(line) for line in lines.out.splitlines()]
        contest = Contest(SERVER_LOAD, "plain COPY with keys", SERVER_LIMIT, Side([]), Side([]))
        return lines.peak, [(contest, [one["ours"] for one in taken], [one["theirs"] for one in taken])]


def queries(only: str | None, rows: int | None, loaded: int) -> list[Queries | ServerLoad]:
    """Return what is timed in a process of its own, or that of one name: so many agreements to query, and to load."""
    found: list[Queries | ServerLoad] = [
        Queries(engine, rows or usual) for engine, usual in ENGINES.items() if only in {None, f"query-{engine}"}
    ]
    return [*found, *([ServerLoad(loaded)] if only in {None, SERVER_LOAD} else [])]
