"""Measure how time, memory and disk grow with a survey: the same steps at several sizes, beside named baselines.

`python growth.py --sizes 100000 1000000 10000000` makes surveys of 35,000 towns (`made_survey.py`), runs every step as
a command of its own in an empty folder, and prints a table in Markdown: seconds of the clock, the most MB, the ratio to
each baseline, and the exponent with which the time grows, fitted by least squares to the logarithms (1 is linear).
Where other work runs beside it, seconds of computing on all cores say more: `--computing` prints these. `--repeat N`
takes each step N times and tells the median. `--json FILE` keeps all that was measured, `--chart FILE` draws it as SVG.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from contests import BASELINES, HERE, JUMELAGE, QUERIES, TABLES, Step, dbt_build, execute

if TYPE_CHECKING:
    from collections.abc import Callable

TOWNS = 35_000
WAVE = "2006"
MOST_PUBLISHED = 100_000  # agreements: a page for each row of more is no publication that anybody reads
# Steps with baselines: what does the same.
BASELINE = {
    "load": ("plain SQL", "dbt"),
    "six reports": ("SQL by hand", "polars", "dbt"),
    **{f"report {name}": ("SQL by hand",) for name in QUERIES},
}
LOADED_DBT, TABLES_DBT, MODELS_DBT = BASELINES / "dbt_load", BASELINES / "dbt_tables", BASELINES / "dbt"


@dataclass(frozen=True)
class Taken:
    """What a step took at a size: seconds of the clock and of computing on all cores, and the most MB it occupied."""

    step: str
    size: int
    seconds: float
    computing: float
    peak: float


class Course:
    """The steps at one size: each is taken in the order in which it is called, and what it took is kept."""

    def __init__(self, size: int, folder: Path, repeat: int) -> None:
        """Begin with nothing taken."""
        self.size, self.folder, self.repeat = size, folder, repeat
        self.taken: list[Taken] = []

    def take(
        self, step: str, command: Step, before: Callable[[], object] = lambda: None, within: Path | None = None
    ) -> None:
        """Take a step within a folder and keep its medians; stop if it fails: a refusal is no measurement."""
        found = []
        for _ in range(self.repeat):
            before()
            start = perf_counter()
            done = execute(command, within or self.folder)
            found.append((perf_counter() - start, done.cpu, done.peak))
            if done.code not in ({0, 1} if step.startswith("diff") else {0}):  # 1 says that there are differences
                sys.exit(f"{step} at {self.size}: exit code {done.code}\n{done.out[-2000:]}{done.err[-2000:]}")
        clock, computing = (median(one[i] for one in found) for i in (0, 1))
        peak = max(one[2] for one in found)
        print(f"{self.size:>11,}  {step:<44}{clock:9.2f} s {peak:8.0f} MB", file=sys.stderr, flush=True)
        self.taken.append(Taken(step, self.size, clock, computing, peak))

    def prepare(self, command: Step) -> None:
        """Do what does not count."""
        done = execute(command, self.folder)
        if done.code:
            sys.exit(f"{command}: exit code {done.code}\n{done.err[-2000:]}")

    def weigh(self, what: str, path: Path) -> None:
        """Keep the MB of a file."""
        self.taken.append(Taken(f"disk, MB: {what}", self.size, path.stat().st_size / 1e6, 0, 0))


def steps(size: int, folder: Path, repeat: int) -> list[Taken]:
    """Take all steps at one size; the files that they leave tell what lies on the disk."""
    course = Course(size, folder, repeat)
    ours, theirs = folder / "ours.duckdb", folder / "theirs.duckdb"
    _loads(course, ours, theirs)
    jumelage: Step = (JUMELAGE, "--db", ours)
    report: Step = (*jumelage, "report")
    for name in QUERIES:
        asked = ("--wave", f"{WAVE}@1", "--format", "csv", "-o", "report.csv")
        course.take(f"report {name}", (*report, name, *asked))
        course.take(
            f"report {name}: SQL by hand",
            (sys.executable, BASELINES / "hand_query.py", theirs, folder, BASELINES / "queries" / f"{name}.sql"),
        )
    _six_reports(course, ours, theirs)
    course.take("check", (*jumelage, "check", "--wave", WAVE))
    course.take("check --rows", (*jumelage, "check", "--rows"))
    course.take(
        "diff of a correction", (*jumelage, "diff", f"{WAVE}@1", f"{WAVE}@2", "--format", "csv", "-o", "diff.csv")
    )
    parquet = folder / "rows.parquet"
    sql = (*jumelage, "sql", "--wave", f"{WAVE}@1", "--format", "parquet", "-o", parquet)
    course.take("sql, all rows to Parquet", (*sql, "select * from partnerships"))
    course.weigh("Parquet of the same view", parquet)
    if size <= MOST_PUBLISHED:
        publish = (*jumelage, "publish", "--wave", WAVE, "--allow-findings", "--force", "--out", folder / "public")
        course.take("publish, all formats", publish)
    return course.taken


def _loads(course: Course, ours: Path, theirs: Path) -> None:
    """Make the files, and load them by each side into a database of its own."""
    folder, towns, rows = course.folder, str(TOWNS), str(course.size)
    made = folder / "made"
    course.prepare(
        (sys.executable, HERE / "made_survey.py", made, "--towns", towns, "--agreements", rows, "--revisions", "2")
    )
    empty = folder / "empty.duckdb"
    course.prepare((JUMELAGE, "--db", empty, "migrate"))
    course.prepare((JUMELAGE, "--db", empty, "register", "add", made / "register.csv"))
    first, second = made / f"{WAVE}-1", made / f"{WAVE}-2"
    course.take("load", (JUMELAGE, "--db", ours, "load", first), lambda: shutil.copy(empty, ours))
    plain = (sys.executable, BASELINES / "plain_load.py", theirs, first, "codes")
    course.take("load: plain SQL", plain, lambda: shutil.copy(empty, theirs))
    project = folder / "dbt_load"
    shutil.copytree(LOADED_DBT, project)
    shutil.copy(TABLES_DBT / "profiles.yml", project)
    (project / "wave").symlink_to(first)
    shutil.copy(empty, project / "raw.duckdb")
    course.take("load: dbt", dbt_build(folder), lambda: _gone(project / "survey.duckdb"), project)
    course.weigh("DuckDB file of one revision", ours)
    one = folder / "one.duckdb"
    shutil.copy(ours, one)
    again = (JUMELAGE, "--db", ours, "load", second, "--reason", "growth")
    course.take("load a correction", again, lambda: shutil.copy(one, ours))


def _six_reports(course: Course, ours: Path, theirs: Path) -> None:
    """Compute six reports, each into a file of CSV, in one process of each side; all must give the same rows."""
    folder = course.folder
    for name in ("ours", "hand", "polars", "raw"):
        (folder / name).mkdir()
    project = folder / "dbt_tables"
    shutil.copytree(MODELS_DBT, project)
    shutil.copytree(TABLES_DBT, project, dirs_exist_ok=True)
    (project / "raw.duckdb").symlink_to(theirs)
    course.prepare((sys.executable, BASELINES / "raw_tables.py", theirs, folder / "raw"))
    queries = [BASELINES / "queries" / f"{name}.sql" for name in TABLES]
    course.take("six reports", (sys.executable, HERE / "all_reports.py", ours, f"{WAVE}@1", folder / "ours", *TABLES))
    hand = (sys.executable, BASELINES / "hand_query.py", theirs, folder / "hand", *queries)
    course.take("six reports: SQL by hand", hand)
    course.take(
        "six reports: polars", (sys.executable, BASELINES / "polars_tables.py", folder / "raw", folder / "polars")
    )
    course.take("six reports: dbt", dbt_build(folder), lambda: _gone(project / "survey.duckdb"), project)
    for name in TABLES:
        files = [folder / side / f"{name}.csv" for side in ("ours", "hand", "polars")]
        course.prepare((sys.executable, BASELINES / "same_rows.py", *files))


def _gone(path: Path) -> None:
    path.unlink(missing_ok=True)


# --- what is printed ---------------------------------------------------------------------------------------


def exponent(points: list[tuple[int, float]]) -> float | None:
    """Return the slope of log seconds over log size; None of fewer than two sizes."""
    if len(points) < 2:  # noqa: PLR2004
        return None
    logs = [(math.log(size), math.log(max(seconds, 1e-3))) for size, seconds in points]
    x, y = (sum(axis) / len(logs) for axis in zip(*logs, strict=True))
    return sum((a - x) * (b - y) for a, b in logs) / sum((a - x) ** 2 for a, _ in logs)


def table(taken: list[Taken], sizes: list[int], column: str) -> list[str]:
    """Return the lines of the table: a row for each step, in seconds of that column."""
    by_step: dict[str, dict[int, Taken]] = defaultdict(dict)
    for one in taken:
        by_step[one.step][one.size] = one
    lines = [
        "| step | " + " | ".join(f"{size:,}" for size in sizes) + " | most MB | ratio to the baseline | exponent |"
    ]
    lines.append("|---" * (len(sizes) + 4) + "|")
    for step, row in by_step.items():
        values = {size: one.seconds if step.startswith("disk") else getattr(one, column) for size, one in row.items()}
        cells = [f"{values[size]:.2f}" if size in values else "" for size in sizes]
        ratios = []
        for name in BASELINE.get(step, ()):
            against = by_step[f"{step}: {name}"]
            ratios.append(
                f"{name} " + " / ".join(f"{values[size] / getattr(against[size], column):.2f}" for size in against)
            )
        grows = exponent(list(values.items()))
        peak = max(one.peak for one in row.values())
        shown = [*cells, f"{peak:.0f}" if peak else "", "; ".join(ratios), "" if grows is None else f"{grows:.2f}"]
        lines.append(f"| {step} | {' | '.join(shown)} |")
    return lines


def chart(taken: list[Taken], column: str) -> str:
    """Return the seconds by size as SVG, both on logarithmic axes."""
    import vl_convert

    shown = (
        "load",
        "load a correction",
        "report zones",
        "six reports",
        "check",
        "check --rows",
        "diff of a correction",
    )
    values = [
        {"step": one.step, "agreements": one.size, "seconds": getattr(one, column)}
        for one in taken
        if one.step in shown
    ]
    axis = {"type": "quantitative", "scale": {"type": "log"}}
    return str(
        vl_convert.vegalite_to_svg(
            {
                "data": {"values": values},
                "mark": {"type": "line", "point": True},
                "width": 480,
                "height": 320,
                "encoding": {
                    "x": axis | {"field": "agreements", "title": "agreements"},
                    "y": axis | {"field": "seconds", "title": "seconds"},
                    "color": {"field": "step", "type": "nominal", "title": None},
                },
            }
        )
    )


def main() -> None:
    """Measure what was asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000], metavar="N")
    parser.add_argument("--repeat", type=int, default=1, metavar="N")
    parser.add_argument("--computing", action="store_const", const="computing", default="seconds", dest="column")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE")
    given = parser.parse_args()
    taken: list[Taken] = []
    for size in given.sizes:
        with TemporaryDirectory(prefix="jumelage-growth-") as name:
            taken += steps(size, Path(name), given.repeat)
    what = "seconds of computing" if given.column == "computing" else "seconds"
    print(f"{TOWNS:,} towns; {what} at so many agreements; {os.cpu_count()} cores\n")
    print("\n".join(table(taken, given.sizes, given.column)))
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in taken], indent=1) + "\n", encoding="utf-8")
    if given.chart:
        given.chart.write_text(chart(taken, given.column), encoding="utf-8")


if __name__ == "__main__":
    main()
