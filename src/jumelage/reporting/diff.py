"""What differs between two revisions: what a wave says of itself, rows, cells of reports, statuses of figures."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

from jumelage import database
from jumelage.database.models import LISTED, OF_A_LOAD, QUESTIONS, metadata
from jumelage.reporting.ledger import check
from jumelage.reporting.sheet import key_places, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from jumelage.reporting.entries import Ledger
    from jumelage.reporting.sheet import Sheet, Value
    from jumelage.revisions.scope import Scope

Cell = tuple[str, str, str]
Figure = tuple[str, str, str, str, str]
# What a revision says of the wave, unlike what is recorded of the load.
_FACTS = (
    "title_fr",
    "title_en",
    "reference_date",
    "fieldwork_from",
    "fieldwork_to",
    "mode",
    "frame_rule_fr",
    "frame_rule_en",
    "population_concept",
    "source",
    "agreements_complete",
    "several_mark",
    "home_country",
    "home_apart",
)
# What wave.toml says beside: of these keys nothing stands in a table, and yet they belong to the content.
_SETTINGS = ("defaults", "sources", "printed", "missing", "dates", "map", "publication")
_IN_TABLES = {"printed.several_mark", *(f"defaults.{question}" for question in QUESTIONS)}
# What is told of an agreement, beside how its partner is spelled.
_TOLD = (
    "city", "country", "partner_key", "since_from", "since_to", "since_missing", "until_from", "until_to", "inferred",
    "source", "apart",
)  # fmt: skip
_BUCKETS = 1 << 18
_HELD = 500_000  # agreements that are held side by side at a time
_BY_NUMBER = "partnerships"  # their numbers say nothing: they are compared by what they say


@dataclass(frozen=True, slots=True)
class Change:
    """Something that differs; None where there was or will be nothing.

    `what` is fact, rows (their number), row, agreements, cell, total or figure, "not compared" or "unchecked".
    `name` is a table, wave.toml, the city of an agreement, or a report; `key` its country, partner and dates, the key
    of a row, or the cell; `measure` its source, the column or key of wave.toml, or the measure.
    """

    what: str
    name: str
    key: str
    measure: str
    before: Value
    after: Value


def differences(connection: Connection, before: Scope, after: Scope) -> Iterator[Change]:
    """Yield everything that differs between two scopes of one revision each."""
    yield from _facts(connection, before, after)
    if before.single != after.single:  # a revision has the rows that it has
        for table in (*OF_A_LOAD, LISTED):
            if table != _BY_NUMBER:
                yield from _rows(connection, table, before, after)
        yield from agreements(connection, before, after)
    (old_ledger, old_sheets), (new_ledger, new_sheets) = (
        check(connection, scope, packed=True) for scope in (before, after)
    )
    for name in sorted({*old_sheets, *new_sheets}):
        if name in old_sheets and name in new_sheets:
            found = differing(*map(cells, _without_common(old_sheets[name], new_sheets[name])))
            yield from (Change("cell", *cell, was, becomes) for cell, was, becomes in found)
        elif (old_sheets.get(name) or new_sheets[name]).report.brought:
            yield Change("not compared", name, "the report came with one of them alone, or fails", "", None, None)
        else:
            yield Change("not compared", name, "the report fails; `jumelage check` says why", "", None, None)
    yield from figures(old_ledger, new_ledger)


def of_revision(scope: Scope) -> str:
    """Return the condition that a row is of the revision in scope."""
    wave, revision = scope.single
    return f"wave = '{wave}' and revision = {revision}"


def _facts(connection: Connection, before: Scope, after: Scope) -> Iterator[Change]:
    sql = f"select declared, {', '.join(_FACTS)} from survey.revisions where "
    ((had, *was),), ((has, *becomes),) = (
        database.query(connection, sql + of_revision(scope))[1] for scope in (before, after)
    )
    for name, old, new in zip(_FACTS, was, becomes, strict=True):
        if old != new:
            yield Change("fact", "revisions", "", name, _plain(old), _plain(new))
    if had and has:  # kept since migration 0004
        for name, said, says in differing(_settings(had), _settings(has)):
            yield Change("fact", "wave.toml", "", name, said, says)


def _settings(declared: str) -> dict[str, str]:
    """Return what a kept wave.toml says under the keys that no table holds, by dotted key."""
    found: dict[str, str] = {}
    left = [(name, value) for name, value in json.loads(declared).items() if name in _SETTINGS]
    while left:
        name, value = left.pop()
        if name in _IN_TABLES:
            continue
        if isinstance(value, dict):
            left += [(f"{name}.{key}", inner) for key, inner in value.items()]
        else:
            found[name] = str(value)
    return dict(sorted(found.items()))


def _plain(value: object) -> Value:
    return str(value) if isinstance(value, bool) else plain(value)


def _rows(connection: Connection, table: str, before: Scope, after: Scope) -> Iterator[Change]:
    """Yield each row that only one revision has, and each value in which rows of the same key differ."""
    model = metadata.tables[f"survey.{table}"]
    keys = [column.name for column in model.primary_key if column.name not in {"wave", "revision"}]
    left_out = {"wave", "revision", "position", *keys}
    values = [column.name for column in model.columns if column.name not in left_out]
    sides = (f"(select * from survey.{table} where {of_revision(scope)})" for scope in (before, after))
    chosen = [f"coalesce(a.{key}, b.{key})" for key in keys]
    chosen += [f"a.{keys[0]}", f"b.{keys[0]}", *(f"{side}.{name}" for side in "ab" for name in values)]
    same = " and ".join(f"a.{key} = b.{key}" for key in keys)
    changed = "".join(f" or a.{name} is distinct from b.{name}" for name in values)
    listed = ", ".join(f"{expression} as c{i}" for i, expression in enumerate(chosen))
    sql = (
        f"select {listed} from {next(sides)} a full join {next(sides)} b on {same} "
        f"where a.{keys[0]} is null or b.{keys[0]} is null{changed}"
    )
    width = len(keys)
    found = [(*map(str, row[:width]), *row[width:]) for row in database.query(connection, sql)[1]]
    for row in sorted(found, key=lambda row: row[:width]):
        key = "/".join(row[:width])
        had, has = row[width] is not None, row[width + 1] is not None
        old, new = row[width + 2 : width + 2 + len(values)], row[width + 2 + len(values) :]
        if not had or not has:
            yield Change(
                "row", table, key, "", _told(values, old) if had else None, _told(values, new) if has else None
            )
            continue
        for name, was, becomes in zip(values, old, new, strict=True):
            if was != becomes:
                yield Change("row", table, key, name, _plain(was), _plain(becomes))


def _told(names: list[str], values: Iterable[object]) -> str:
    """Write what a row holds beside its key."""
    told = (f"{name}: {_plain(value)}" for name, value in zip(names, values, strict=True) if value not in {None, ""})
    return "; ".join(told) or "present"


def agreements(connection: Connection, before: Scope, after: Scope) -> Iterator[Change]:
    """Yield the agreements of which one revision has more than the other, and partners that are spelled otherwise."""
    old, new = of_revision(before), of_revision(after)
    told = ", ".join(_TOLD)
    sides = [
        f"sum(case when {side} then 1 else 0 end), "
        f"string_agg(distinct case when {side} then partner end, ' | ' order by case when {side} then partner end)"
        for side in (old, new)
    ]
    among = f"select * from (select {told}, {sides[0]}, {sides[1]} from survey.partnerships where (({old}) or ({new}))"
    differing_ones = (
        f"group by {told}) t(city, country, key, since_from, since_to, missing, until_from, until_to, inferred, "
        "source, apart, was, spelled, becomes, spells) where was <> becomes or spelled is distinct from spells"
    )
    rows = [
        row
        for only in _where_they_differ(connection, old, new)
        for row in database.query(connection, f"{among} and {only} {differing_ones}")[1]
    ]
    if not rows:
        return
    names = {code: name for code, name in database.query(connection, "select code, name from cities")[1]}  # noqa: C416
    changes = []
    for city, country, _, first, last, missing, ends, ended, inferred, source, apart, *sums in rows:
        was, spelled, becomes, spells = sums
        until = f"until {_period(ends, ended)}" if ends else ""
        marks = ("inferred" if inferred else "", "at home, apart" if apart else "")
        said = (country, spells or spelled, missing or _period(first, last), until, *marks)
        town, key = names.get(city, city) or "", " · ".join(filter(None, said))
        if was != becomes:
            changes.append(Change("agreements", town, key, source, int(was), int(becomes)))
        elif spelled != spells:
            changes.append(Change("row", _BY_NUMBER, f"{town} · {key}", "partner", spelled, spells))
    yield from sorted(changes, key=lambda change: (change.what, change.name, change.key, change.measure))


def _where_they_differ(connection: Connection, old: str, new: str) -> Iterator[str]:
    """Yield conditions on agreements that may differ, each on some of them: none if none does.

    Agreements fall into buckets by what is told of them, and buckets of the same number and the same sum of
    fingerprints are the same: most revisions correct a few rows of many, and only those are held side by side. However
    many differ, no more are held at a time than memory is meant for.
    """
    bucket = f"{database.fingerprint(connection, _TOLD)} % {_BUCKETS}"
    sums = (
        (f"sum(case when {side} then 1 else 0 end)", f"coalesce(sum(case when {side} then mark end), 0)")
        for side in (old, new)
    )
    (count, mark), (counts, marks) = sums
    sql = (
        f"select bucket, {count} + {counts} from (select wave, revision, {bucket} as bucket, "
        f"{database.fingerprint(connection, (*_TOLD, 'partner'))} as mark "
        f"from survey.partnerships where ({old}) or ({new})) t "
        f"group by bucket having {count} <> {counts} or {mark} <> {marks}"
    )
    several: list[str] = []
    held = 0
    for number, rows in database.query(connection, sql)[1]:
        if several and held + rows > _HELD:
            yield f"{bucket} in ({', '.join(several)})"
            several, held = [], 0
        several.append(str(number))
        held += rows
    if several:
        yield f"{bucket} in ({', '.join(several)})"


def _period(first: object, last: object) -> str:
    return f"{first}" if first == last else f"{first}/{last}"


def _without_common(old: Sheet, new: Sheet) -> tuple[Sheet, Sheet]:
    """Return both with the rows alone that the other has not: most revisions change few of them.

    Rows of the same first part of their key are held side by side at a time.
    """
    if old.report.columns != new.report.columns:
        return old, new
    gone: list[tuple[Value, ...]] = []
    come: list[tuple[Value, ...]] = []
    where, there = _stretches(old), _stretches(new)
    for head in dict.fromkeys((*where, *there)):
        was, becomes = (
            [row for place in stretches.get(head, ()) for row in sheet.rows[place]]
            for sheet, stretches in ((old, where), (new, there))
        )
        had, has = set(was), set(becomes)
        gone += [row for row in was if row not in has]
        come += [row for row in becomes if row not in had]
    return replace(old, rows=tuple(gone)), replace(new, rows=tuple(come))


def _stretches(sheet: Sheet) -> dict[Value, list[slice]]:
    """Return where the rows of each first part of the key stand: in one stretch, mostly."""
    found: dict[Value, list[slice]] = {}
    start = 0
    for head, rows in groupby(sheet.rows, itemgetter(key_places(sheet.report)[0])):
        stop = start + sum(1 for _ in rows)
        found.setdefault(head, []).append(slice(start, stop))
        start = stop
    return found


def cells(sheet: Sheet) -> dict[Cell, Value]:
    """Return the values of a report by report, key without the wave, and measure."""
    report = sheet.report
    found: dict[Cell, Value] = {}
    measures = report.measures
    for key, cell in sheet.cells.items():
        parts = zip(report.key, key.split("/"), strict=True)
        told = "/".join(part for name, part in parts if name != "wave")
        found |= {(sheet.name, told, measure): cell[measure] for measure in measures}
    return found


def figures(before: Ledger, after: Ledger) -> Iterator[Change]:
    """Yield the published figures whose status differs, of those that could be checked."""
    unchecked = {*before.unchecked, *after.unchecked}
    for (report, key, measure, printed, place), was, becomes in differing(_statuses(before), _statuses(after)):
        if (report, key, measure) in unchecked:
            continue
        yield Change("figure", report, key, f"{measure}, printed {printed} ({place})", was, becomes)


def _statuses(ledger: Ledger) -> dict[Figure, str]:
    return {(*entry.cell, entry.printed, entry.place): entry.status for entry in ledger.entries}


_Key = TypeVar("_Key")
_Of = TypeVar("_Of")


def differing(before: dict[_Key, _Of], after: dict[_Key, _Of]) -> Iterator[tuple[_Key, _Of | None, _Of | None]]:
    """Yield what only one of them has, and what they have with different values."""
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield key, before.get(key), after.get(key)
