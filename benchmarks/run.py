"""Measure jumelage against named baselines, by turns and in one run: medians, their ratio, and its limit."""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import sys
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from apart import Queries, ServerLoad, queries
from contests import JUMELAGE, NAMES, REQUIREMENTS, Contest, Side, contests, run

ROWS = 1_000_000


@dataclass(frozen=True)
class Turn:
    """One run of a side: the seconds that it took, the most MB that it occupied, and what came of it."""

    seconds: float
    peak: float
    outcome: str | None


@dataclass(frozen=True)
class Outcome:
    """All timed runs of both sides."""

    contest: Contest
    ours: list[Turn]
    theirs: list[Turn]

    @property
    def ratio(self) -> float:
        """The ratio of the medians."""
        return _middle(self.ours) / _middle(self.theirs)

    @property
    def peak(self) -> float:
        """The most memory that any run of jumelage occupied."""
        return max(turn.peak for turn in self.ours)

    @property
    def over(self) -> bool:
        """Whether the ratio or the peak is over its limit."""
        return self.ratio > self.contest.limit or (self.contest.peak is not None and self.peak > self.contest.peak)

    def row(self) -> tuple[str, ...]:
        """Return the outcome as a row of the table."""
        contest = self.contest
        seconds = (f"{_middle(self.ours):.3f}", f"{_middle(self.theirs):.3f}")
        ratio = (f"{self.ratio:.2f}", f"{contest.limit:.2f}")
        peak = (f"{self.peak:.0f}", "" if contest.peak is None else f"{contest.peak:.0f}")
        return (contest.name, contest.baseline, *seconds, *ratio, *peak, "over" if self.over else "ok")

    def entry(self) -> dict[str, object]:
        """Return all that was measured."""
        return {
            "name": self.contest.name,
            "baseline": self.contest.baseline,
            "jumelage_seconds": [turn.seconds for turn in self.ours],
            "baseline_seconds": [turn.seconds for turn in self.theirs],
            "ratio": self.ratio,
            "limit": self.contest.limit,
            "jumelage_peaks_mb": [turn.peak for turn in self.ours],
            "baseline_peaks_mb": [turn.peak for turn in self.theirs],
            "peak_limit_mb": self.contest.peak,
            "over": self.over,
        }


def _middle(turns: list[Turn]) -> float:
    return median(turn.seconds for turn in turns)


def take_turn(side: Side, *, compare: bool = False) -> Turn:
    """Run a side in a new folder; to compare what comes of it takes time that does not count."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        if side.prepare:
            side.prepare(folder)
        start = perf_counter()
        *before, last = side.steps
        done = [run(step, folder) for step in before]
        done.append(run(last, folder, side.refusal))
        seconds = perf_counter() - start
        outcome = side.outcome(folder) if compare and side.outcome else None
    return Turn(seconds, max(step.peak for step in done), outcome)


def measure(contest: Contest, repeat: int) -> Outcome:
    """Time both sides by turns, after one run of each that does not count; each goes first every other time."""
    outcome = Outcome(contest, [], [])
    turns = [(contest.ours, outcome.ours), (contest.theirs, outcome.theirs)]
    ours, theirs = (take_turn(side, compare=True).outcome for side, _ in turns)
    if theirs is not None and ours != theirs:
        sys.exit(f"{contest.name}: jumelage and the baseline differ, so their times say nothing: {ours}{theirs}")
    for _ in range(repeat):
        for side, taken in turns:
            taken.append(take_turn(side))
        turns.reverse()
    return outcome


def measure_queries(asked: Queries | ServerLoad, repeat: int) -> list[Outcome]:
    """Time what is timed in a process of its own, by turns: queries of one engine, or loads into a server."""
    with TemporaryDirectory() as name:
        peak, found = asked.times(Path(name), repeat)
    return [
        Outcome(contest, *([Turn(seconds, peak, None) for seconds in side] for side in sides))
        for contest, *sides in found
    ]


# --- what is printed ---------------------------------------------------------------------------------------


def machine() -> dict[str, str | int | None]:
    """Return the facts without which the seconds mean nothing."""
    pins = dict(line.split("==") for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines() if "==" in line)
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "duckdb": version("duckdb"),
        "sqlalchemy": version("sqlalchemy"),
        "typer": version("typer"),
        "dbt-core": pins["dbt-core"],
        "dbt-duckdb": pins["dbt-duckdb"],
        "duckdb under dbt": pins["duckdb"],
    }


HEAD = ("name", "baseline", "jumelage s", "baseline s", "ratio", "limit", "peak MB", "limit", "")
WIDTHS = (32, 21, 10, 10, 5, 5, 7, 5, 4)
WORDS = {0, 1, 8}


def line(cells: tuple[str, ...]) -> str:
    """Lay out a row: words to the left, numbers to the right."""
    padded = [
        cell.ljust(width) if i in WORDS else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    ]
    return "  ".join(padded).rstrip()


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="timed runs of each side [default: 7]")
    parser.add_argument("--only", choices=NAMES, help="measure this one alone")
    parser.add_argument("--rows", type=int, default=ROWS, metavar="N", help="agreements to load [default: 1000000]")
    parser.add_argument("--query-rows", type=int, metavar="N", help="agreements to query [default: 10000000, 1000000]")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a ratio or a peak is over its limit")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured there, too")
    options = parser.parse_args()
    for name in ("repeat", "rows"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1")
    if not JUMELAGE.is_file():
        parser.error(f"there is no {JUMELAGE}; install the project for the Python that runs this")
    return options


def main() -> int:
    """Run the benchmarks; with --strict the exit code is 1 if a ratio or a peak is over its limit."""
    options = arguments()
    facts = machine()
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    if spec := find_spec("jumelage"):
        for folder in spec.submodule_search_locations or []:
            compileall.compile_dir(folder, quiet=1)
    outcomes = []
    with TemporaryDirectory() as scratch:
        found = contests(Path(scratch), options.only, options.rows)
        print(f"median of {options.repeat}, by turns; loads of {options.rows} rows\n\n{line(HEAD)}", flush=True)
        for contest in found:
            outcomes.append(measure(contest, options.repeat))
            print(line(outcomes[-1].row()), flush=True)
    for asked in queries(options.only, options.query_rows, options.rows):
        for outcome in measure_queries(asked, options.repeat):
            outcomes.append(outcome)
            print(line(outcome.row()), flush=True)
    if options.json:
        measured = {"machine": facts, "repeat": options.repeat, "rows": options.rows}
        entries = [outcome.entry() for outcome in outcomes]
        text = json.dumps(measured | {"benchmarks": entries}, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    return int(options.strict and any(outcome.over for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
