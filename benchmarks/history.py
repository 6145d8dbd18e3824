"""Measure what keeping everything costs: the same questions of a database with more and more waves and revisions.

`python history.py --waves 20 --revisions 5` makes so many waves of 20,000 agreements (`made_survey.py`), loads the
first revision of each wave, then the second of each, and so on. With 1 revision in it, with one of each wave, and with
all of them it asks the same of the first wave: a report, the same as of the time when it was the only one, check, and a
diff of its first two revisions; and of all waves, how they evolve. Prints seconds of the clock, the median of
`--repeat`, as a table in Markdown, and the ratio of the last column to the first.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from contests import HERE, JUMELAGE, Step, execute

FIRST = 2006
CSV = ("--format", "csv", "-o", "out.csv")


def seconds(step: Step, folder: Path, codes: set[int]) -> float:
    """Return how long a step takes; stop if it ends with another exit code."""
    start = perf_counter()
    done = execute(step, folder)
    taken = perf_counter() - start
    if done.code not in codes:
        sys.exit(f"{' '.join(map(str, step))}: exit code {done.code}\n{done.out[-2000:]}{done.err[-2000:]}")
    return taken


def asked(database: Path, moment: str, waves: int, revisions: int) -> dict[str, tuple[Step, set[int]]]:
    """Return what is asked of the database, and with which exit codes it may end."""
    jumelage: Step = (JUMELAGE, "--db", database)
    zones: Step = (*jumelage, "report", "zones", "--wave", str(FIRST), *CSV)
    found: dict[str, tuple[Step, set[int]]] = {
        "report zones": (zones, {0}),
        "report zones --as-of the first load": ((*zones, "--as-of", moment), {0}),
        "check": ((*jumelage, "check", "--wave", str(FIRST)), {0}),
        "check --rows": ((*jumelage, "check", "--rows"), {0}),
        "waves": ((*jumelage, "waves", *CSV), {0}),
    }
    if revisions > 1:  # exit code 1 says that there are differences
        found["diff of two revisions"] = ((*jumelage, "diff", f"{FIRST}@1", f"{FIRST}@2", *CSV), {0, 1})
    if waves > 1:
        found["report evolution of all waves"] = ((*jumelage, "report", "evolution", "--wave", "all", *CSV), {0})
    return found


def main() -> None:
    """Load step by step, ask at three moments, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("waves", 20), ("revisions", 5), ("agreements", 20_000), ("towns", 1_000), ("repeat", 3)):
        parser.add_argument(f"--{name}", type=int, default=usual, metavar="N")
    given = parser.parse_args()
    table: dict[str, dict[int, float]] = {}
    with TemporaryDirectory(prefix="jumelage-history-") as name:
        folder = Path(name)
        made, database = folder / "made", folder / "history.duckdb"
        sizes = (f"--{one}={getattr(given, one)}" for one in ("waves", "revisions", "agreements", "towns"))
        seconds((sys.executable, HERE / "made_survey.py", made, *sizes), folder, {0})
        seconds((JUMELAGE, "--db", database, "migrate"), folder, {0})
        seconds((JUMELAGE, "--db", database, "register", "add", made / "register.csv"), folder, {0})
        moment, there = "", 0
        for revision in range(1, given.revisions + 1):
            for wave in range(FIRST, FIRST + given.waves):
                source = made / f"{wave}-{revision}"
                load: Step = (JUMELAGE, "--db", database, "load", source, "--reason", "history")
                taken = seconds(load, folder, {0})
                shutil.rmtree(source)
                there += 1
                if not moment:
                    sleep(1)
                    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
                    sleep(1)
                if there not in {1, given.waves, given.waves * given.revisions}:
                    continue
                table.setdefault("load of the last one", {})[there] = taken
                table.setdefault("disk, MB", {})[there] = database.stat().st_size / 1e6
                for what, (step, codes) in asked(database, moment, min(there, given.waves), revision).items():
                    found = median(seconds(step, folder, codes) for _ in range(given.repeat))
                    table.setdefault(what, {})[there] = found
                    print(f"{there:>5}  {what:<40}{found:8.2f} s", file=sys.stderr, flush=True)
    columns = sorted({size for row in table.values() for size in row})
    print(f"{given.towns:,} towns, {given.agreements:,} agreements in each of {given.waves} waves; seconds\n")
    print("| revisions in the database | " + " | ".join(map(str, columns)) + " | last / first |")
    print("|---" * (len(columns) + 2) + "|")
    for what, row in table.items():
        cells = " | ".join(f"{row[size]:.2f}" if size in row else "" for size in columns)
        ratio = f"{row[columns[-1]] / row[columns[0]]:.2f}" if columns[0] in row else ""
        print(f"| {what} | {cells} | {ratio} |")


if __name__ == "__main__":
    main()
