"""Accepted spellings of a wave: suggested for unknown names, confirmed by a person, kept in a file beside the wave."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.checking.columns import LISTS
from jumelage.checking.names import Names
from jumelage.checking.places import WITHIN_IT
from jumelage.checking.register import index_register
from jumelage.checking.totals import read_marks, set_lines_apart
from jumelage.database.workbench import put, workbench
from jumelage.errors import DataError
from jumelage.findings import Findings
from jumelage.reading.handed import open_handed
from jumelage.reading.package import read_package, read_rows
from jumelage.reading.shapes import ALIASES
from jumelage.reading.source import CsvSource, Shape
from jumelage.rules import errors_in, said_of
from jumelage.temporary import temporary_folder
from jumelage.texts import Label, meant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from jumelage.reading.handed import Handed
    from jumelage.reading.package import Package
    from jumelage.reading.shapes import Rows
    from jumelage.reading.source import Document

SUGGESTED = Shape(("list", "spelling", "code", "confirmed"), ("rows", "name", "score"))
LISTED = ("cities", "countries", "actions", "difficulties")
_NOT_CONFIRMED = ("no", "non")
_CONFIRMED = ("yes", "oui", "x")

_NOT_SUGGESTED = Label("rien n’a été proposé", "nothing was suggested")
_NOT_ACCEPTED = Label("rien n’a été accepté", "nothing was accepted")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A spelling that no list knows, and a code that it may stand for; `score` is 0 to 100, 100 for equal."""

    code_list: str
    spelling: str
    rows: int
    code: str
    name: str
    score: int


@dataclass(frozen=True, slots=True)
class _Spelling:
    """A row of a table of spellings."""

    line: int
    list: str | None
    spelling: str | None
    code: str | None


def accept_spellings(
    bench: Connection, names: Names, own: Rows | None, more: Path | None, scratch: Path, findings: Findings
) -> None:
    """Add the spellings of a wave's own table `aliases`, and of one more file, to the names that are known."""
    tables = [own] if own is not None else []
    if more is not None:
        tables.append(read_rows(CsvSource("aliases", more.name, more, scratch / "aliases.text"), ALIASES, findings))
    for rows in tables:
        _accept(bench, names, rows, findings)


def _accept(bench: Connection, names: Names, rows: Rows, findings: Findings) -> tuple[_Spelling, ...]:
    """Add the spellings of a table to the names that are known, and return those that were not."""
    judged = [_Spelling(line, *(record[column] for column in ALIASES.columns)) for line, record in rows.records()]
    good = _judged(bench, names, rows.document, judged, findings)
    columns = [[getattr(entry, name) for entry in good] for name in ALIASES.columns]
    put(bench, "accepted", dict.fromkeys(ALIASES.columns, "varchar"), columns)
    bench.exec_driver_sql("insert into names select list, match_key(spelling), code, spelling from accepted")
    return good


def _judged(
    bench: Connection, names: Names, document: Document, entries: list[_Spelling], findings: Findings
) -> tuple[_Spelling, ...]:
    """Return the spellings that may be added, one of each; what is wrong with the others is added to the findings."""
    keys = _match_keys(bench, [entry.spelling for entry in entries if entry.spelling])
    good: dict[tuple[str | None, str], _Spelling] = {}
    for code_list in dict.fromkeys(entry.list for entry in entries):
        listed = [entry for entry in entries if entry.list == code_list]
        if code_list not in LISTED:
            details = {"choices": ", ".join(LISTED)}
            findings += [document.finding("alias_list", entry.line, "list", code_list, **details) for entry in listed]
            continue
        codes = names.resolve(code_list, [entry.code for entry in listed if entry.code])
        known = names.resolve(code_list, [entry.spelling for entry in listed if entry.spelling])
        bearers = _bearers(bench, set(keys.values())) if code_list == "cities" else {}
        for entry in listed:
            line, spelling, code = entry.line, entry.spelling, entry.code
            key = (code_list, keys.get(spelling or "", ""))
            first = good.get(key)
            other = known.get(spelling or "") or (first.code if first else None)
            codes_of_name, shown = bearers.get(key[1], ([], None))
            if other is None and codes_of_name and code not in codes_of_name:
                other = shown
            if spelling is None or code is None:
                findings.append(document.finding("value_missing", line, "spelling" if code else "code"))
            elif codes.get(code) != code:
                near = names.near(code_list, code)
                findings.append(document.finding("code_unknown", line, "code", code, list=code_list, near=near))
            elif other not in {None, code}:
                findings.append(document.finding("alias_contradicts", line, "spelling", spelling, other=shown or other))
            elif other is None:
                good[key] = entry
    return tuple(good.values())


def _bearers(bench: Connection, keys: set[str]) -> dict[str, tuple[list[str], str]]:
    """Return the authorities of the territory that bear a name, by its key: a spelling cannot make them another."""
    index_register(bench)
    rows = bench.exec_driver_sql(
        "select n.key, list(distinct r.code), "
        "string_agg(distinct r.name || ' ' || r.code, ', ' order by r.name || ' ' || r.code) "
        "from register_names n join register r on r.code = n.code "
        f"where n.key in (select unnest(cast(? as varchar[]))) and {WITHIN_IT} group by n.key",
        (sorted(keys),),
    )
    return {key: (codes, shown) for key, codes, shown in rows}


def _match_keys(bench: Connection, spellings: list[str]) -> dict[str, str]:
    """Return the key under which each spelling is found; a spelling without letters and digits is its own."""
    rows = bench.exec_driver_sql(
        "select text, coalesce(match_key(text), text) from (select unnest(cast(? as varchar[])) as text)", (spellings,)
    )
    return {text: key for text, key in rows}  # noqa: C416  # rows are not tuples


def suggest(handed: Path, more: Path | None, table: str | None = None) -> tuple[Suggestion, ...]:
    """List the names handed in that no list knows, most frequent first, each with the codes whose names are near.

    One with no code near is listed once, without. With `table`, it is one file for that table. DataError if a table,
    or a file of spellings, cannot be read.
    """
    with temporary_folder() as scratch, database.in_memory().begin() as bench, workbench(bench, scratch) as ready:
        return tuple(_suggest(ready, handed, more, table, scratch))


def _suggest(
    bench: Connection, handed: Path, more: Path | None, table: str | None, scratch: Path
) -> Iterator[Suggestion]:
    findings = Findings()
    names = Names(bench)
    with open_handed(handed, scratch, findings, table) as opened:
        package = read_package(bench, opened, scratch, findings, None, lambda _: None)
        if package.wave is not None:
            names.declare(package.wave.territory, package.wave.reference_date)
        accept_spellings(bench, names, package.aliases, more, scratch, findings)
        _stop_at_unread(handed, opened, package, more, findings)
        set_lines_apart(bench, package.tables.values())
        if "partnerships" in package.tables:
            read_marks(bench, package.tables["partnerships"], package.wave)
    names.look_up("select distinct 'cities', 'frame', city from raw_frame where city is not null", "framed_names")
    names.places.prefer("select code from framed_names where code is not null")
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
        near = names.scored(code_list, unknown)
        for text in sorted(unknown, key=lambda text: (-counted[code_list, text], text)):
            for code, name, score in near[text] or [("", "", 0)]:
                yield Suggestion(code_list, text, counted[code_list, text], code, name, score)


def _stop_at_unread(handed: Path, opened: Handed, package: Package, more: Path | None, findings: Findings) -> None:
    """DataError if a table or a file of spellings cannot be read: nothing is known of its names then."""
    tables = [document for name, document in package.tables.items() if name in opened.sources and not document.columns]
    documents = [*tables, package.aliases.document] if package.aliases is not None else tables
    places = {(document.file, document.sheet) for document in documents} | {(more.name if more else "", None)}
    unread = [found for found in findings if (found.file, found.sheet) in places]
    if number := errors_in(unread):
        raise DataError(said_of(handed, number, _NOT_SUGGESTED), unread)


def accept(suggestions: Path, into: Path) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file of accepted spellings with the confirmed ones added, and a line for each of these.

    DataError, with findings, for what cannot be read, and for whatever `load` would refuse in such a file.
    """
    findings = Findings()
    kept: list[dict[str, str | None]] = []
    with temporary_folder() as scratch, database.in_memory().begin() as bench, workbench(bench, scratch) as ready:
        names = Names(ready)
        if into.exists():
            before = read_rows(CsvSource("aliases", into.name, into, scratch / "a"), ALIASES, findings)
            kept = [record for _, record in before.records()]
            _accept(ready, names, before, findings)
        given = read_rows(CsvSource("suggestions", suggestions.name, suggestions, scratch / "s"), SUGGESTED, findings)
        confirmed = [
            _Spelling(line, *(meant(record[column] or "") or None for column in ALIASES.columns))
            for line, record in given.records()
            if (record["confirmed"] or "").casefold() in _CONFIRMED
        ]
        findings += [
            given.document.finding("choice", line, "confirmed", record["confirmed"], choices="yes, no")
            for line, record in given.records()
            if record["confirmed"] and record["confirmed"].casefold() not in (*_CONFIRMED, *_NOT_CONFIRMED)
        ]
        added = _judged(ready, names, given.document, confirmed, findings)
    if number := findings.errors:
        findings = findings.in_order()
        raise DataError(said_of(suggestions, number, _NOT_ACCEPTED), findings)
    fresh = sorted((str(entry.list), str(entry.spelling), str(entry.code)) for entry in added)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(ALIASES.columns)
    writer.writerows([[record[column] for column in ALIASES.columns] for record in kept])
    writer.writerows(fresh)
    return out.getvalue(), tuple(f"{name}: {spelling!r} is {code}" for name, spelling, code in fresh)
