"""What is recorded, held against itself: the hash of every revision, computed again from its rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.database.models import metadata
from jumelage.database.workbench import workbench
from jumelage.findings import Findings
from jumelage.loading.hashing import VERSIONS, content_hash
from jumelage.reading.wave_fields import Origin
from jumelage.reading.wave_toml import wave_of

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Recorded:
    """A revision, and whether its rows fit the hash that was recorded with them; None where that cannot be told."""

    name: str
    fits: bool | None


def check_rows(connection: Connection) -> list[Recorded]:
    """Compute the hash of every revision again, from its rows as they stand now.

    Everything else is read once, code lists and register too: a number is made of them as well, and no hash is kept of
    them. It cannot be told of a revision that was loaded before its wave.toml was kept, a part of what is hashed.
    """
    columns = database.columns(connection)
    database.read_through(connection)
    if "declared" not in columns.get("revisions", ()):
        return [Recorded(name, None) for name in _names(connection)] if "revisions" in columns else []
    version = "hash_version" if "hash_version" in columns["revisions"] else "1"  # there was no other before it was kept
    sql = f"select wave, revision, {version}, declared, content_hash from survey.revisions order by wave, revision"
    found = []
    with workbench(connection) as bench:
        for wave, revision, made, declared, digest in database.query(connection, sql)[1]:
            fits = None
            if declared is not None:
                fits = (
                    made in VERSIONS and _hash(connection, bench, columns, (wave, revision, made), declared) == digest
                )
            found.append(Recorded(f"{wave}@{revision}", fits))
    return found


def unfit(connection: Connection) -> list[str]:
    """Return the revisions whose rows are not what was loaded."""
    return [one.name for one in check_rows(connection) if one.fits is False]


def _names(connection: Connection) -> list[str]:
    sql = "select wave, revision from survey.revisions order by wave, revision"
    return [f"{wave}@{revision}" for wave, revision in database.query(connection, sql)[1]]


def _hash(
    connection: Connection, bench: Connection, columns: dict[str, list[str]], key: tuple[str, int, int], declared: str
) -> str:
    findings = Findings()  # it was understood when it was loaded
    wave = wave_of(json.loads(declared), Origin(texts=True), findings)
    where = f"where wave = {database.literal(key[0])} and revision = {key[1]}"

    def relation(name: str, wanted: list[str]) -> str:
        """Return the rows of a table as the workbench reads them; the database may be older than a column of it."""
        types = dict.fromkeys(wanted, "TEXT")  # unless the models know better: a column of before may be asked for
        types |= {column.name: str(column.type) for column in metadata.tables[f"survey.{name}"].columns}
        there = columns.get(name, [])
        if "wave" not in there:  # a table of that name that held something else
            there = []
        kinds = {column: types[column] for column in wanted if column in there}
        absent = [f"cast(null as {types[column]}) as {column}" for column in wanted if column not in kinds]
        if not kinds:
            return f"(select {', '.join(absent)} where false)"
        sql = f"select {', '.join(kinds)} from survey.{name} {where}"
        if bench is connection:
            return f"(select {', '.join(['*', *absent])} from ({sql}) as there)"
        database.fetch(connection, sql, bench, f"fetched_{name}", kinds)
        return f"(select {', '.join(['*', *absent])} from fetched_{name})"

    return content_hash(bench, wave, key[2], relation)[0]
