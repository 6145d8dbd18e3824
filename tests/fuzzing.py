"""Hostile input for every reader: `python -m tests.fuzzing --inputs 1000000` (or `make fuzz`) for a night.

Each target takes bytes, as somebody might hand them in. It must come to an end with rows, findings or an error of
ours: any other exception is a fault. Inputs are real files and words, changed at random: bytes flipped, cut, repeated,
and pieces put in that readers have stumbled over. The same seed gives the same inputs, and a fault is told with the
number of its input, so that `--only TARGET --first N --inputs 1` makes it again.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import shutil
import sys
import traceback
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from multiprocessing import Pool
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from sqlalchemy import Connection

from jumelage import database, report_file
from jumelage.checking.numbers import ambiguous, decimal, number
from jumelage.checking.periods import plain_days, understand
from jumelage.database.free_queries import refused
from jumelage.database.statements import filled_in, parameters, split
from jumelage.errors import JumelageError, UnreadableError
from jumelage.findings import Findings
from jumelage.jobs.job_file import read_job
from jumelage.querying.desk import read_values
from jumelage.reading.headings import column_of
from jumelage.reading.package import read_rows
from jumelage.reading.shapes import SHAPES
from jumelage.reading.source import CsvSource
from jumelage.reading.wave_toml import read_wave
from jumelage.reading.zips import unpack
from jumelage.revisions.scope import read_day, read_time

ROOT = Path(__file__).parents[1]
WAVE = ROOT / "waves" / "2006"
SEED = 20061
# What readers have stumbled over, here or elsewhere.
PIECES = [
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", b"\xc2\xa0", b"\xe2\x80\xa8", b"\xe2\x80\xaf",
    b"\xf0\x9f\x87\xab", b"\r", b"\r\n", b"\n", b"\t", b'"', b'""', b"'", b"`", b";", b",", b"|", b"\\", b"$", b"$a", b"{",
    b"}", b"[", b"]", b"[[", b"#", b"=", b"-", b"--", b"/*", b"*/", b"=1+1", b"@", b"%", b"%s", b"{0}", b"../", b"/",
    b"null", b"NaN", b"inf", b"-1", b"0", b"1e999", b"99999999999999999999", b"0x1F", b"1_000", b"1 000", b"12.345",
    b"2006", b"2006-02-30", b"31/12/06", b"0000-00-00", b"9999-12-31", b"T24:00", b"true", b'"""', b"'''", b"\x1b[31m",
    b"select", b"from", b"(", b")" * 40, b"(" * 40, b"city", b"source", b"total", b"Total", b"a" * 300, b"\x0c", b"\x85",
]  # fmt: skip
Run = Callable[[bytes, Path], object]


@dataclass(frozen=True)
class Target:
    """What is read, and what its inputs are made of."""

    run: Run
    seeds: Callable[[], list[bytes]]


def mutated(rng: random.Random, seeds: list[bytes]) -> bytes:
    """Return one of the seeds with some changes, or pieces alone."""
    data = bytearray(rng.choice(seeds) if rng.random() < 0.9 else b"")
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0 and data:
            data[min(at, len(data) - 1)] = rng.randrange(256)
        elif kind == 1:
            del data[at : at + rng.choice((1, 2, 10, 1000))]
        elif kind == 2:
            piece = bytes(data[at : at + rng.choice((1, 5, 50))])
            data[at:at] = piece * rng.choice((1, 2, 30))
        elif kind == 3:
            other = rng.choice(seeds)
            cut = rng.randrange(len(other) + 1)
            data[at:at] = other[cut : cut + rng.choice((1, 20, 200))]
        else:
            data[at:at] = rng.choice(PIECES)
    return bytes(data[:20_000])


def _text(data: bytes) -> str:
    """Return what a command line or a page would hand over: a text, with halves of characters where bytes are bad."""
    return data.decode("utf-8", errors="surrogateescape")


def _written(data: bytes, folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@cache
def _bench() -> Connection:
    return database.in_memory().connect()


def _table(name: str) -> Run:
    def run(data: bytes, folder: Path) -> None:
        path = _written(data, folder, f"{name}.csv")
        read_rows(CsvSource(name, path.name, path, folder / "text"), SHAPES[name], Findings())

    return run


def _heading(data: bytes, _: Path) -> None:
    for shape in SHAPES.values():
        column_of(data.decode("utf-8", errors="replace"), shape.columns)


def _wave(data: bytes, folder: Path) -> None:
    read_wave(_written(data, folder, "wave.toml"), Findings())


def _job(data: bytes, folder: Path) -> None:
    read_job(_written(data, folder, "job.toml"))


def _report(data: bytes, _: Path) -> None:
    report_file.parse_report("fuzzed", data.decode("utf-8", errors="replace"), brought=True)


def _period(data: bytes, _: Path) -> None:
    text = data.decode("utf-8", errors="replace")
    for day_first in (True, False):
        understand(text, date(2006, 3, 31), day_first=day_first)
    first, last = plain_days("t")
    asked = database.literal(text.replace("\x00", ""))
    database.query(_bench(), f"select {first}, {last} from (select {asked} as t) s")


def _number(data: bytes, _: Path) -> None:
    text = database.literal(data.decode("utf-8", errors="replace").replace("\x00", ""))
    asked = ", ".join(how("t") for how in (ambiguous, number, decimal))
    database.query(_bench(), f"select {asked} from (select {text} as t) s")


def _setting(data: bytes, _: Path) -> None:
    text = _text(data)
    for read in (database.resolve_url, read_time, read_day, lambda one: read_values([one])):
        with suppress(JumelageError):
            read(text)


def _query(data: bytes, _: Path) -> None:
    text = data.decode("utf-8", errors="replace")
    with suppress(duckdb.Error):
        for one in split(_bench().connection.driver_connection, text):
            values = dict.fromkeys((name for _, _, name in parameters(one.sql)), "x")
            whole = filled_in(one, values)
            for found in refused(_bench(), whole.sql, by_a_process=True):
                whole.place(found.position or 0)


def _zip(data: bytes, folder: Path) -> None:
    unpack(_written(data, folder, "wave.zip"), folder / "unpacked")


def _zipped() -> list[bytes]:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(WAVE.glob("*.csv")):
            archive.write(path, path.name)
    return [made.getvalue()]


def _files(*patterns: str) -> Callable[[], list[bytes]]:
    return lambda: [path.read_bytes() for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def _lines(*words: str) -> Callable[[], list[bytes]]:
    return lambda: [word.encode() for word in words]


TARGETS: dict[str, Target] = {
    "partnerships.csv": Target(_table("partnerships"), _files("waves/*/partnerships.csv")),
    "respondents.csv": Target(_table("respondents"), _files("waves/*/respondents.csv")),
    "frame.csv": Target(_table("frame"), _files("waves/*/frame.csv")),
    "heading": Target(_heading, _lines("Ville", "Pays", "depuis", "Nombre d’accords", "city", "since", "partner (name)")),
    "wave.toml": Target(_wave, _files("waves/*/wave.toml")),
    "job.toml": Target(_job, _lines('[load]\nfrom = "inbox"\n[publish]\nout = "public"\nformats = ["site"]\n')),
    "report.sql": Target(_report, _files("reports/*.sql")),
    "period": Target(_period, _lines("1958", "1958-03", "12/03/1958", "mars 1958", "1958-1962", "vers 1960", "années 60")),
    "number": Target(_number, _lines("1 234", "1.234,00", "12,5", "−3", "1'000", "25 273", "4")),
    "setting": Target(_setting, _lines("postgresql://u:p@h:5432/d?x=1", "duckdb:///a.duckdb", "2006@1", "2012-03-31T17:00",
                                       "name=value", "2006-W05")),
    "query": Target(_query, _files("reports/*.sql", "tests/data/escapes.sql.txt")),
    "wave.zip": Target(_zip, _zipped),
}  # fmt: skip


def inputs(name: str, first: int, count: int, seed: int = SEED) -> Iterator[tuple[int, bytes]]:
    """Give inputs of a target with their numbers; each depends on the seed and its number alone."""
    seeds = TARGETS[name].seeds()
    for place in range(first, first + count):
        yield place, mutated(random.Random(f"{seed} {name} {place}"), seeds)


def run(name: str, first: int, count: int, seed: int = SEED) -> list[str]:
    """Run a target on so many inputs; return what went wrong, a text for each fault."""
    faults = []
    with TemporaryDirectory(prefix="jumelage-fuzzing-") as root:
        folder = Path(root)
        for place, data in inputs(name, first, count, seed):
            try:
                TARGETS[name].run(data, folder)
            except (JumelageError, UnreadableError):
                pass
            except Exception:  # noqa: BLE001 - whatever it is, a user met it
                faults.append(f"{name}, input {place} of seed {seed}: {data[:200]!r}\n{traceback.format_exc(limit=-4)}")
            shutil.rmtree(folder / "unpacked", ignore_errors=True)
    return faults


def _piece(asked: tuple[str, int, int, int]) -> tuple[str, int, list[str]]:
    return asked[0], asked[2], run(*asked)


def main() -> int:
    """Run them all, in as many processes as there are cores; the exit code is 1 if there is a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000_000, metavar="N", help="inputs of all targets together")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first input of each")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", choices=TARGETS, help="this target alone")
    given = parser.parse_args()
    names = [given.only] if given.only else list(TARGETS)
    each = -(-given.inputs // len(names))
    step = min(each, 2_000)
    asked = [
        (name, given.first + place, min(step, each - place), given.seed)
        for place in range(0, each, step)
        for name in names
    ]
    done, faults = dict.fromkeys(names, 0), 0
    with Pool(os.cpu_count()) as pool:
        for name, count, found in pool.imap_unordered(_piece, asked):
            done[name] += count
            faults += len(found)
            print(*found, sep="\n", end="\n" if found else "", flush=True)
            print(f"\r{sum(done.values()):,} inputs, {faults} faults", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print("\n".join(f"{name}: {count:,} inputs" for name, count in done.items()))
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
