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
import re
import shutil
import sys
import traceback
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from itertools import islice
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
from jumelage.reading.workbook import open_workbook
from jumelage.reading.zips import unpack
from jumelage.revisions.scope import read_day, read_time
from tests.escapes import ESCAPES

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
_PART = re.compile(rb"=== (\S+) ===\n(.*?)(?=\n=== |\Z)", re.DOTALL)  # of what `_packed` makes an archive of
_TOGETHER = 250  # texts that one query asks of
Run = Callable[[bytes, Path], object]


@dataclass(frozen=True)
class Target:
    """What is read, and what its inputs are made of.

    What SQL makes of a text is asked of many at once: to understand the query takes far longer than to answer it. Of
    most seeds by lines an input has few after the first, since what is the same in all need not be read each time.
    """

    run: Run
    seeds: Callable[[], list[bytes]]
    asked: Callable[[], tuple[str, ...]] = tuple
    lines: int = 0


def mutated(rng: random.Random, seeds: list[bytes], lines: int = 0) -> bytes:
    """Return one of the seeds, or of its lines the first and some, with some changes; or pieces alone."""
    data = bytearray(rng.choice(seeds) if rng.random() < 0.9 else b"")
    if lines and rng.random() < 0.9:
        first, *others = data.splitlines(keepends=True) or [bytearray()]
        at = rng.randrange(len(others) + 1)
        data = bytearray().join([first, *others[at : at + rng.randint(1, lines)]])
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
    path.unlink(missing_ok=True)  # ext4 writes at once what is cut off and written again
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


def _asked(target: Target, inputs: Sequence[bytes]) -> None:
    """Ask what SQL makes of texts, for each of which there must be an answer."""
    texts = (database.literal(one.decode("utf-8", errors="replace").replace("\x00", "")) for one in inputs)
    sql = f"select {', '.join(target.asked())} from (select unnest([{', '.join(texts)}]) as t) s"
    try:
        if len(database.query(_bench(), sql)[1]) != len(inputs):
            raise AssertionError("not an answer for each text")
    finally:
        _bench().rollback()  # or nothing is answered after an error


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


def _book(name: str) -> Run:
    def run(data: bytes, folder: Path) -> None:
        with open_workbook(_written(data if name.endswith("xls") else _packed(data), folder, name)) as workbook:
            for sheet in workbook.sheets:
                workbook.marks(sheet)
                for _ in workbook.rows(sheet, padded=True):
                    pass

    return run


def _packed(parts: bytes) -> bytes:
    """Return a zip of parts that are told apart by lines: what is changed in them is then no fault of the zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, part in dict(_PART.findall(parts)).items():
            archive.writestr(name.decode("latin-1").replace("\0", "0"), part)
    return made.getvalue()


def _unpacked(book: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if not name.startswith("docProps/")}
    return b"\n".join(b"=== %s ===\n%s" % (name.encode(), part) for name, part in parts.items())


def _xlsx() -> list[bytes]:
    import xlsxwriter

    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet, hidden = book.add_worksheet("partnerships"), book.add_worksheet("hidden")
        sheet.write_row(0, 0, ["city", "since", "agreements"])
        sheet.write_row(1, 0, ["Lille", "Köln"])
        sheet.write_datetime(1, 2, datetime(1958, 3, 12), book.add_format({"num_format": "dd/mm/yyyy"}))  # noqa: DTZ001
        sheet.write_number(2, 0, 0.1, book.add_format({"num_format": '# ##0,00" €"'}))
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
        sheet.write_boolean(2, 2, True)
        sheet.merge_range(4, 0, 5, 1, "both")
        sheet.write_comment(0, 0, "a note")
        hidden.write_number(70, 30, 1e21)
        hidden.hide()
    return [_unpacked(made.getvalue())]


def _ods() -> list[bytes]:
    made = io.BytesIO()
    names = "".join(
        f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0" ' for one in ("office", "table", "text")
    )
    cells = (
        '<table:table-cell office:value-type="string"><text:p>city</text:p></table:table-cell>'
        '<table:table-cell office:value-type="float" office:value="12.50"><text:p>12,50</text:p></table:table-cell>'
        '<table:table-cell office:value-type="date" office:date-value="1958-03-12"><text:p>12/03/58</text:p>'
        '</table:table-cell><table:table-cell table:number-columns-repeated="3"/><table:covered-table-cell/>'
    )
    rows = f'<table:table-row>{cells}</table:table-row><table:table-row table:number-rows-repeated="2">{cells}</table:table-row>'
    sheet = f'<table:table table:name="partnerships"><table:table-column/>{rows}</table:table>'
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f"<office:document-content {names}><office:body><office:spreadsheet>{sheet}</office:spreadsheet>"
            "</office:body></office:document-content>",
        )
    return [_unpacked(made.getvalue())]


def _files(*patterns: str) -> Callable[[], list[bytes]]:
    return lambda: [path.read_bytes() for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def _lines(*words: str) -> Callable[[], list[bytes]]:
    return lambda: [word.encode() for word in words]


TARGETS: dict[str, Target] = {
    "partnerships.csv": Target(_table("partnerships"), _files("waves/*/partnerships.csv"), lines=30),
    "respondents.csv": Target(_table("respondents"), _files("waves/*/respondents.csv"), lines=30),
    "frame.csv": Target(_table("frame"), _files("waves/*/frame.csv"), lines=30),
    "heading": Target(_heading, _lines("Ville", "Pays", "depuis", "Nombre d’accords", "city", "since", "partner (name)")),
    "wave.toml": Target(_wave, _files("waves/*/wave.toml")),
    "job.toml": Target(_job, _lines('[load]\nfrom = "inbox"\n[publish]\nout = "public"\nformats = ["site"]\n')),
    "report.sql": Target(_report, _files("reports/*.sql")),
    "period": Target(_period, _lines("1958", "1958-03", "12/03/1958", "mars 1958", "1958-1962", "vers 1960", "années 60"),
                     lambda: plain_days("t")),
    "number": Target(lambda *_: None, _lines("1 234", "1.234,00", "12,5", "−3", "1'000", "25 273", "4"),
                     lambda: tuple(how("t") for how in (ambiguous, number, decimal))),
    "setting": Target(_setting, _lines("postgresql://u:p@h:5432/d?x=1", "duckdb:///a.duckdb", "2006@1", "2012-03-31T17:00",
                                       "name=value", "2006-W05")),
    "query": Target(_query, lambda: [*_files("reports/*.sql")(), *(one.encode() for one in ESCAPES)]),
    "wave.zip": Target(_zip, _zipped),
    "book.xlsx": Target(_book("book.xlsx"), _xlsx),
    "book.ods": Target(_book("book.ods"), _ods),
    "book.xls": Target(_book("book.xls"), _files("tests/data/small.xls")),
}  # fmt: skip


def inputs(name: str, first: int, count: int, seed: int = SEED) -> Iterator[tuple[int, bytes]]:
    """Give inputs of a target with their numbers; each depends on the seed and its number alone."""
    seeds, lines = TARGETS[name].seeds(), TARGETS[name].lines
    for place in range(first, first + count):
        yield place, mutated(random.Random(f"{seed} {name} {place}"), seeds, lines)


def run(name: str, first: int, count: int, seed: int = SEED) -> list[str]:
    """Run a target on so many inputs; return what went wrong, a text for each fault."""
    target = TARGETS[name]
    faults: list[str] = []
    with TemporaryDirectory(prefix="jumelage-fuzzing-") as root:
        folder = Path(root)

        def tried(place: int, data: bytes, work: Callable[[], object]) -> None:
            try:
                work()
            except (JumelageError, UnreadableError):
                pass
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException:  # noqa: BLE001 - whatever it is, a user met it; a panic of calamine is no Exception
                faults.append(f"{name}, input {place} of seed {seed}: {data[:200]!r}\n{traceback.format_exc(limit=-4)}")

        given = inputs(name, first, count, seed)
        while some := list(islice(given, _TOGETHER)):
            for place, data in some:
                tried(place, data, partial(target.run, data, folder))
                shutil.rmtree(folder / "unpacked", ignore_errors=True)
            if target.asked():
                try:
                    _asked(target, [data for _, data in some])
                except Exception:  # noqa: BLE001 - one of them, or several: each by itself
                    for place, data in some:
                        tried(place, data, partial(_asked, target, [data]))
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
