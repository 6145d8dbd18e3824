"""Time the queries of reports on a lake: by DuckDB, and by a cluster of Spark with two executors on this machine.

`python benchmarks/spark_lake.py --sizes 100000 1000000` makes a survey of each size (`made_survey.py`), loads it,
exports it into a lake, and asks both in sessions of their own: each query once, and then again by turns, of which the
median counts. Both must give the same rows. A query that takes Spark longer than `--patience` seconds is not asked
again, and no larger lake is asked for it. Java is needed, and pyspark.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the cluster of the tests

from tests.spark_cluster import Cluster

from contests import HERE, JUMELAGE, QUERIES
from jumelage import database, report_file
from jumelage.revisions.scope import find_scope, set_scope

WAVE = "2006@1"


def lake_of(folder: Path, towns: int, size: int) -> Path:
    """Make a survey and its lake; what it was made from goes."""
    made, loaded, lake = folder / "made", folder / "made.duckdb", folder / f"lake-{size}"
    make = (sys.executable, HERE / "made_survey.py", made, "--towns", str(towns), "--agreements", str(size))
    jumelage = (JUMELAGE, "--db", loaded)
    for command in (
        make,
        (*jumelage, "migrate"),
        (*jumelage, "register", "add", made / "register.csv"),
        (*jumelage, "load", made / "2006-1"),
        (*jumelage, "export", "--lake", lake),
    ):
        subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(made)
    loaded.unlink()
    return lake


def timed(url: str, report: str) -> tuple[float, list[tuple[object, ...]]]:
    """Ask the query of a report in a session of its own; only the scope and the query count."""
    with database.reading(database.resolve_url(url)) as connection:
        start = perf_counter()
        set_scope(connection, find_scope(connection, WAVE))
        rows = database.query(connection, report_file.report(report).sql)[1]
        return perf_counter() - start, rows


def main() -> None:
    """Print a line for each report and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000], metavar="N")
    parser.add_argument("--towns", type=int, default=35_000)
    parser.add_argument("--repeat", type=int, default=3, metavar="N")
    parser.add_argument("--patience", type=float, default=120, metavar="SECONDS")
    parser.add_argument("--reports", nargs="+", default=list(QUERIES), metavar="NAME")
    given = parser.parse_args()
    print(
        "| agreements | report | DuckDB | Spark, first | Spark, then | ratio |\n|---|---|---|---|---|---|", flush=True
    )
    with TemporaryDirectory(prefix="jumelage-bench-") as name:
        folder = Path(name)
        cluster = Cluster(folder)
        try:
            cluster.wait()
            left = list(given.reports)
            for size in given.sizes:
                lake = lake_of(folder, given.towns, size)
                for report in list(left):
                    here, there = f"lake:{lake}", cluster.address(lake)
                    (_, expected), (first, found) = timed(here, report), timed(there, report)
                    if found != expected:
                        sys.exit(f"{report} of {size}: the rows differ, so the times say nothing")
                    again = (
                        [(timed(here, report)[0], timed(there, report)[0]) for _ in range(given.repeat)]
                        if (first < given.patience)
                        else [(timed(here, report)[0], first)]
                    )
                    ours, theirs = (median(one[i] for one in again) for i in (0, 1))
                    said = f"{ours:.2f} | {first:.1f} | {theirs:.1f} | {theirs / ours:.0f}"
                    print(f"| {size:,} | {report} | {said} |", flush=True)
                    if first >= given.patience:
                        left.remove(report)
                shutil.rmtree(lake)
        finally:
            cluster.end()


if __name__ == "__main__":
    main()
