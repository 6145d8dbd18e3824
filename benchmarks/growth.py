"""Measure how time, memory and disk grow with a survey: the same steps at several sizes, beside named baselines.

`python growth.py --sizes 100000 1000000 10000000` makes surveys of 35,000 towns (`made_survey.py`), runs every step as
a command of its own in an empty folder, and prints a table in Markdown: seconds of computing on all cores (which other
work on the machine changes little), the most MB, the ratio to the baseline,
and the exponent with which the time grows, fitted by least squares to the logarithms (1 is linear).
`--json FILE` keeps all that was measured, `--chart FILE` draws the seconds as SVG.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from contests import BASELINES, HERE, JUMELAGE, Step, execute

TOWNS = 35_000
WAVE = "2001"
REPORTS = ("zones", "countries", "agreements_by_country", "distribution")
# Steps with a baseline: the step of plain SQL that does the same.
BASELINE = {"load": "load, plain SQL", **{f"report {name}": f"{name}, SQL by hand" for name in REPORTS}}
HAND = BASELINES / "hand_query.py"


@dataclass(frozen=True)
class Taken:
    """What a step took at a size: seconds of computing on all cores, and the most MB that its process occupied."""

    step: str
    size: int
    seconds: float
    peak: float


def take(step: str, size: int, command: Step, folder: Path) -> Taken:
    """Run a step once and stop if it fails; a program that refuses is no measurement."""
    done = execute(command, folder)
    if done.code not in ({0, 1} if step.startswith("diff") else {0}):  # 1 says that there are differences
        sys.exit(f"{step} at {size}: exit code {done.code}\n{done.err[-2000:]}")
    print(f"{size:>11,}  {step:<36}{done.cpu:9.2f} s {done.peak:8.0f} MB", file=sys.stderr, flush=True)
    return Taken(step, size, done.cpu, done.peak)


def steps(size: int, folder: Path) -> list[Taken]:
    """Take all steps at one size; the files that they leave tell what lies on the disk."""
    made = folder / "made"
    towns, rows = str(TOWNS), str(size)
    maker = (sys.executable, HERE / "made_survey.py", made, "--towns", towns, "--agreements", rows, "--revisions", "2")
    found = [take("make the files", size, maker, folder)]
    ours, theirs = folder / "ours.duckdb", folder / "theirs.duckdb"
    for database in (ours, theirs):
        take("migrate", size, (JUMELAGE, "--db", database, "migrate"), folder)
        take("register", size, (JUMELAGE, "--db", database, "register", "add", made / "register.csv"), folder)
    first, second = made / f"{WAVE}-1", made / f"{WAVE}-2"
    plain = (sys.executable, BASELINES / "plain_load.py", theirs, first, "codes")
    found += [take("load", size, (JUMELAGE, "--db", ours, "load", first), folder)]
    found += [take(BASELINE["load"], size, plain, folder)]
    disk = ours.stat().st_size / 1e6
    again = (JUMELAGE, "--db", ours, "load", second, "--reason", "growth")
    found += [take("load a correction", size, again, folder)]
    for name in REPORTS:
        report = (JUMELAGE, "--db", ours, "report", name, "--wave", f"{WAVE}@1", "--format", "csv", "-o", "report.csv")
        by_hand = (sys.executable, HAND, theirs, BASELINES / "queries" / f"{name}.sql", "hand.csv")
        found += [take(f"report {name}", size, report, folder)]
        found += [take(BASELINE[f"report {name}"], size, by_hand, folder)]
    found += [take("check", size, (JUMELAGE, "--db", ours, "check", "--wave", WAVE), folder)]
    found += [take("check --rows", size, (JUMELAGE, "--db", ours, "check", "--rows"), folder)]
    diff = (JUMELAGE, "--db", ours, "diff", f"{WAVE}@1", f"{WAVE}@2", "--format", "csv", "-o", "diff.csv")
    found += [take("diff of a correction", size, diff, folder)]
    parquet = folder / "rows.parquet"
    sql = (JUMELAGE, "--db", ours, "sql", "--wave", f"{WAVE}@1", "--format", "parquet", "-o", parquet)
    found += [take("sql, all rows to Parquet", size, (*sql, "select * from partnerships"), folder)]
    found += [Taken("disk, MB: DuckDB file of one revision", size, disk, 0)]
    found += [Taken("disk, MB: Parquet of the same view", size, parquet.stat().st_size / 1e6, 0)]
    return found


def exponent(taken: list[Taken]) -> float | None:
    """Return the slope of log seconds over log size; None of fewer than two sizes."""
    if len(taken) < 2:  # noqa: PLR2004
        return None
    points = [(math.log(one.size), math.log(max(one.seconds, 1e-3))) for one in taken]
    x, y = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def table(taken: list[Taken], sizes: list[int]) -> list[str]:
    """Return the lines of the table: a row for each step."""
    at = {(one.step, one.size): one for one in taken}
    lines = [
        "| step | " + " | ".join(f"{size:,}" for size in sizes) + " | most MB | ratio to the baseline | exponent |"
    ]
    lines.append("|---" * (len(sizes) + 4) + "|")
    for step in dict.fromkeys(one.step for one in taken):
        row = [at[step, size] for size in sizes if (step, size) in at]
        cells = [f"{one.seconds:.2f}" for one in row]
        against = BASELINE.get(step, "")
        ratio = " / ".join(
            f"{one.seconds / at[against, one.size].seconds:.2f}" for one in row if (against, one.size) in at
        )
        grows = exponent(row)
        peak = f"{max(one.peak for one in row):.0f}" if row[0].peak else ""
        lines.append(f"| {step} | {' | '.join(cells)} | {peak} | {ratio} | {'' if grows is None else f'{grows:.2f}'} |")
    return lines


def chart(taken: list[Taken]) -> str:
    """Return the seconds by size as SVG, both on logarithmic axes."""
    import vl_convert

    shown = ("load", "load a correction", "report zones", "check", "check --rows", "diff of a correction")
    values = [{"step": one.step, "agreements": one.size, "seconds": one.seconds} for one in taken if one.step in shown]
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
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE")
    given = parser.parse_args()
    taken: list[Taken] = []
    for size in given.sizes:
        with TemporaryDirectory(prefix="jumelage-growth-") as name:
            taken += steps(size, Path(name))
    print(f"{TOWNS:,} towns; seconds of computing at so many agreements; {os.cpu_count()} cores\n")
    print("\n".join(table(taken, given.sizes)))
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in taken], indent=1) + "\n", encoding="utf-8")
    if given.chart:
        given.chart.write_text(chart(taken), encoding="utf-8")


if __name__ == "__main__":
    main()
