"""Measure jumelage against named baselines, by turns and in one run: medians, their ratio, and its limit."""

from __future__ import annotations

import argparse
import compileall
import csv
import json
import os
import platform
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
BASELINES = HERE / "baselines"
REQUIREMENTS = HERE / "requirements-dbt.txt"
WAVE = PROJECT / "waves" / "2006"
CODES = PROJECT / "schema" / "codes"
ZONES = PROJECT / "reports" / "zones.sql"
JUMELAGE = Path(sys.executable).with_name("jumelage")

# The tables that dbt builds too, and what it builds them from.
TABLES = ("distribution", "zones", "countries", "participation", "agreements_by_country", "cities_by_population")
WAVE_FILES = ("frame", "respondents", "partnerships")
CODE_LISTS = ("cities", "city_aliases", "countries", "country_aliases", "country_zones", "zones")

Step = tuple[str | Path, ...]
HELP: list[Step] = [(JUMELAGE, "--help")]
PIPELINE: list[Step] = [(JUMELAGE, "reproduce", WAVE, "--out", "public")]


@dataclass(frozen=True)
class Side:
    """One side of a contest: commands to time, run in a new folder that is prepared untimed."""

    steps: list[Step]
    prepare: Callable[[Path], object] | None = None


@dataclass(frozen=True)
class Contest:
    """The same thing done by jumelage and by a baseline, and how many times its time jumelage may take."""

    name: str
    baseline: str
    limit: float
    ours: Side
    theirs: Side


@dataclass(frozen=True)
class Outcome:
    """The seconds that each run of both sides took."""

    contest: Contest
    ours: list[float]
    theirs: list[float]

    @property
    def ratio(self) -> float:
        """The ratio of the medians."""
        return median(self.ours) / median(self.theirs)

    @property
    def over(self) -> bool:
        """Whether the ratio is over the limit."""
        return self.ratio > self.contest.limit

    def row(self) -> tuple[str, ...]:
        """Return the outcome as a row of the table."""
        seconds = (f"{median(self.ours):.3f}", f"{median(self.theirs):.3f}")
        verdict = "over" if self.over else "ok"
        contest = self.contest
        return (contest.name, contest.baseline, *seconds, f"{self.ratio:.2f}", f"{contest.limit:.2f}", verdict)


def run(step: Step, folder: Path) -> str:
    """Run a command in a folder and return its output; if it fails, stop with what it said."""
    done = subprocess.run(step, cwd=folder, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, step))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _environment() -> dict[str, str]:
    """Return the environment without what changes how the contestants run; dbt sends no statistics."""
    foreign = ("PYTHON", "JUMELAGE_", "DBT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"PYTHONUTF8": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}


def time_once(side: Side) -> float:
    """Return the seconds that a side takes in a new folder."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        if side.prepare:
            side.prepare(folder)
        start = perf_counter()
        for step in side.steps:
            run(step, folder)
        return perf_counter() - start


def measure(contest: Contest, repeat: int) -> Outcome:
    """Time both sides by turns, after one run of each that does not count; each goes first every other time."""
    outcome = Outcome(contest, [], [])
    turns = [(contest.ours, outcome.ours), (contest.theirs, outcome.theirs)]
    for side, _ in turns:
        time_once(side)
    for _ in range(repeat):
        for side, seconds in turns:
            seconds.append(time_once(side))
        turns.reverse()
    return outcome


# --- the contests ------------------------------------------------------------------------------------------


def contests(scratch: Path, only: str | None) -> list[Contest]:
    """Return the contests, or the one of that name, with what they need; both sides must give the same figures."""
    database = scratch / "waves.duckdb"
    typer = Side([(sys.executable, BASELINES / "minimal_typer.py", "--help")])
    bare = Side([(sys.executable, BASELINES / "bare_query.py", database, ZONES)])
    zones: Step = (JUMELAGE, "--db", database, "report", "zones", "--format")
    found = [Contest("help", "minimal Typer program", 1.5, Side(HELP), typer)]
    found += [
        Contest(f"zones-{form}", "bare SQLAlchemy query", 1.3, Side([(*zones, form)]), bare)
        for form in ("table", "csv")
    ]
    if only in {None, "wave"}:
        dbt = Side([(_dbt(scratch), "--no-partial-parse", "--no-use-colors", "build")], _dbt_project)
        found.append(Contest("wave", "dbt build of 6 tables", 0.5, Side(PIPELINE), dbt))
    found = [contest for contest in found if only in {None, contest.name}]
    if only != "help":
        for step in PIPELINE[:2]:
            run((step[0], "--db", database, *step[1:]), scratch)
    for contest in found:
        if contest.theirs is bare:
            _same("zones", run((*zones, "csv"), scratch).splitlines()[1:], run(bare.steps[0], scratch).splitlines())
        elif contest.name == "wave":
            _same_tables(contest.theirs, database, scratch)
    return found


def _dbt(scratch: Path) -> Path:
    """Return dbt's executable, installed beside this interpreter if that is a virtualenv, else for this run."""
    home = (Path(sys.prefix) if sys.prefix != sys.base_prefix else scratch) / "bench-dbt"
    stamp, wanted = home / "requirements.txt", REQUIREMENTS.read_text(encoding="utf-8")
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"installing dbt into {home}", file=sys.stderr)
        venv.create(home, clear=True, with_pip=True)
        run((home / "bin" / "pip", "install", "--disable-pip-version-check", "-r", REQUIREMENTS), HERE)
        stamp.write_text(wanted, encoding="utf-8")
    return home / "bin" / "dbt"


def _dbt_project(folder: Path) -> None:
    """Make a dbt project that was never built, with the wave and the code lists as seeds."""
    shutil.copytree(BASELINES / "dbt", folder, dirs_exist_ok=True)
    seeds = folder / "seeds"
    seeds.mkdir()
    for name in WAVE_FILES:
        shutil.copy(WAVE / f"{name}.csv", seeds / f"wave_{name}.csv")
    for name in CODE_LISTS:
        shutil.copy(CODES / f"{name}.csv", seeds / f"code_{name}.csv")


def _same_tables(dbt: Side, database: Path, scratch: Path) -> None:
    import duckdb

    folder = scratch / "dbt"
    _dbt_project(folder)
    run(dbt.steps[0], folder)
    with duckdb.connect(str(folder / "survey.duckdb"), read_only=True) as connection:
        for table in TABLES:
            ours = run((JUMELAGE, "--db", database, "report", table, "--format", "csv"), scratch).splitlines()
            columns, *rows = ours
            theirs = connection.execute(f"select {columns} from {table}").fetchall()
            _same(table, rows, (",".join(map(str, row)) for row in theirs))


def _same(table: str, ours: Iterable[str], theirs: Iterable[str]) -> None:
    """Stop unless both sides computed the same rows, in any order."""
    left, right = (sorted([_plain(cell) for cell in row] for row in csv.reader(side)) for side in (ours, theirs))
    if left != right:
        differing = [row for row in left if row not in right] + [row for row in right if row not in left]
        sys.exit(f"{table}: jumelage and the baseline differ, so their times say nothing: {differing}")


def _plain(cell: str) -> str:
    try:
        return f"{Decimal(cell).normalize():f}"
    except InvalidOperation:
        return cell


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


HEAD = ("name", "baseline", "jumelage s", "baseline s", "ratio", "limit", "")
WIDTHS = (12, 23, 10, 10, 6, 6, 4)


def line(cells: tuple[str, ...]) -> str:
    """Lay out a row: words to the left, numbers to the right."""
    padded = [
        cell.ljust(width) if i in {0, 1, 6} else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    ]
    return "  ".join(padded).rstrip()


def main() -> int:
    """Run the benchmarks; with --strict the exit code is 1 if a ratio is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="timed runs of each side [default: 7]")
    parser.add_argument("--only", choices=["help", "zones-table", "zones-csv", "wave"], help="measure this one alone")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a ratio is over its limit")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measured time there, too")
    options = parser.parse_args()
    if options.repeat < 1:
        parser.error("--repeat must be at least 1")
    if not JUMELAGE.is_file():
        parser.error(f"there is no {JUMELAGE}; install the project for the Python that runs this")
    facts = machine()
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    for folder in find_spec("jumelage").submodule_search_locations:
        compileall.compile_dir(folder, quiet=1)
    outcomes = []
    with TemporaryDirectory() as scratch:
        found = contests(Path(scratch), options.only)
        print(f"median of {options.repeat}, by turns\n\n{line(HEAD)}", flush=True)
        for contest in found:
            outcomes.append(measure(contest, options.repeat))
            print(line(outcomes[-1].row()), flush=True)
    if options.json:
        entries = [
            {
                "name": outcome.contest.name,
                "baseline": outcome.contest.baseline,
                "jumelage_seconds": outcome.ours,
                "baseline_seconds": outcome.theirs,
                "ratio": outcome.ratio,
                "limit": outcome.contest.limit,
                "over": outcome.over,
            }
            for outcome in outcomes
        ]
        text = json.dumps({"machine": facts, "repeat": options.repeat, "benchmarks": entries}, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    return int(options.strict and any(outcome.over for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
