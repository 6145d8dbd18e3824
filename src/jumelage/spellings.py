"""Accepted spellings of a wave: suggested for unknown names, confirmed by a person, kept in a file beside the wave."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.columns import LISTS
from jumelage.errors import DataError
from jumelage.handed import open_handed
from jumelage.lines import read_marks, set_lines_apart
from jumelage.names import Names, index_names
from jumelage.package import ALIASES, Rows, read_package, read_rows
from jumelage.rules import errors_in
from jumelage.source import CsvSource, Shape
from jumelage.workbench import put, workbench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from jumelage.rules import Finding

SUGGESTED = Shape(("list", "spelling", "code", "confirmed"), ("rows", "name", "score"))
LISTED = ("cities", "countries", "actions", "difficulties")
_CONFIRMED = ("yes", "oui", "x")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A spelling that no list knows, and a code that it may stand for; `score` is 0 to 100, 100 for equal."""

    code_list: str
    spelling: str
    rows: int
    code: str
    name: str
    score: int


def accept_spellings(
    bench: Connection, names: Names, own: Rows | None, more: Path | None, scratch: Path, findings: list[Finding]
) -> None:
    """Add the spellings of a wave's own table `aliases`, and of one more file, to the names that are known."""
    tables = [own] if own is not None else []
    if more is not None:
        tables.append(read_rows(CsvSource("aliases", more.name, more, scratch / "aliases.text"), ALIASES, findings))
    for rows in tables:
        _accept(bench, names, rows, findings)


def _accept(bench: Connection, names: Names, rows: Rows, findings: list[Finding]) -> None:
    for code_list in LISTED:
        records = [(line, record) for line, record in rows.records() if record["list"] == code_list]
        spellings = [str(record["spelling"]) for _, record in records if record["spelling"]]
        codes = names.resolve(code_list, [str(record["code"]) for _, record in records if record["code"]])
        known = names.resolve(code_list, spellings)
        good: dict[str, str] = {}
        for line, record in records:
            spelling, code = record["spelling"], record["code"]
            if spelling is None or code is None:
                findings.append(rows.document.finding("value_missing", line, "spelling" if code else "code"))
            elif codes.get(code) != code:
                near = names.near(code_list, code)
                findings.append(rows.document.finding("code_unknown", line, "code", code, list=code_list, near=near))
            elif known.get(spelling, code) != code:
                other = known[spelling]
                findings.append(rows.document.finding("alias_contradicts", line, "spelling", spelling, other=other))
            elif spelling not in known:
                good[spelling] = code
        put(bench, "accepted", {"spelling": "varchar", "code": "varchar"}, [list(good), list(good.values())])
        bench.exec_driver_sql(
            f"insert into names select distinct '{code_list}', match_key(spelling), code, spelling from accepted"
        )
        if code_list == "cities":
            bench.exec_driver_sql("delete from places where key in (select match_key(spelling) from accepted)")
    for line, record in rows.records():
        if record["list"] not in LISTED:
            choices = ", ".join(LISTED)
            findings.append(rows.document.finding("alias_list", line, "list", record["list"], choices=choices))


def suggest(handed: Path, more: Path | None) -> tuple[Suggestion, ...]:
    """List the names in what is handed in that no list knows, most frequent first, each with the codes that are near.

    One with no code near is listed once, without. DataError if it cannot be read.
    """
    with TemporaryDirectory(prefix="jumelage-") as folder, database.in_memory().begin() as bench:
        scratch = Path(folder)
        with workbench(bench, scratch) as ready:
            return tuple(_suggest(ready, handed, more, scratch))


def _suggest(bench: Connection, handed: Path, more: Path | None, scratch: Path) -> Iterator[Suggestion]:
    findings: list[Finding] = []
    names = Names(bench)
    index_names(bench)
    with open_handed(handed, scratch, findings) as opened:
        package = read_package(bench, opened, scratch, findings, None, lambda _: None)
        accept_spellings(bench, names, package.aliases, more, scratch, findings)
        for document in package.tables.values():
            set_lines_apart(bench, document)
            if document.name == "partnerships":
                read_marks(bench, document, package.wave)
    counted: Counter[tuple[str, str]] = Counter()
    for document in package.tables.values():
        for column, code_list in LISTS.items():
            if code_list in LISTED and column in document.columns:
                rows = bench.exec_driver_sql(
                    f"select {column}, count(*) from raw_{document.name} where {column} is not null group by 1"
                )
                counted.update({(code_list, text): number for text, number in rows})
    for code_list in LISTED:
        texts = [text for listed, text in counted if listed == code_list]
        known = names.resolve(code_list, texts)
        unknown = [text for text in texts if text not in known]
        for text, near in names.scored(code_list, unknown).items():
            for code, name, score in near or [("", "", 0)]:
                yield Suggestion(code_list, text, counted[code_list, text], code, name, score)


def accept(suggestions: Path, into: Path) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file of accepted spellings with the confirmed ones added, and a line for each of these.

    DataError, with findings, for what cannot be read, a confirmed row without a code, or a spelling confirmed for two.
    """
    findings: list[Finding] = []
    with TemporaryDirectory(prefix="jumelage-") as folder:
        scratch = Path(folder)
        given = read_rows(CsvSource("suggestions", suggestions.name, suggestions, scratch / "s"), SUGGESTED, findings)
        before = [("list", "spelling", "code")]
        if into.exists():
            kept = read_rows(CsvSource("aliases", into.name, into, scratch / "a"), ALIASES, findings)
            before += [(str(r["list"]), str(r["spelling"]), str(r["code"])) for _, r in kept.records()]
    chosen: dict[tuple[str, str], tuple[str, str]] = {(name, text): (code, "") for name, text, code in before[1:]}
    added = []
    for line, record in given.records():
        if (record["confirmed"] or "").casefold() not in _CONFIRMED:
            continue
        cell, code = (str(record["list"]), str(record["spelling"])), record["code"]
        if code is None:
            findings.append(given.document.finding("value_missing", line, "code"))
        elif chosen.setdefault(cell, (code, "new")) not in {(code, "new"), (code, "")}:
            other = chosen[cell][0]
            findings.append(given.document.finding("alias_contradicts", line, "spelling", cell[1], other=other))
        elif chosen[cell][1] == "new":
            added.append((*cell, code))
    if number := errors_in(findings):
        raise DataError(f"{suggestions}: {number} error{'s' if number > 1 else ''}; nothing was accepted", findings)
    fresh = sorted(dict.fromkeys(added))
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([*before, *fresh])
    return out.getvalue(), tuple(f"{name}: {spelling!r} is {code}" for name, spelling, code in fresh)
