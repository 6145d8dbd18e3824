"""The hash of what a revision says, by version: how it is made changes with the tables, and recorded hashes stay."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from jumelage.database.models import DERIVED, LATER_TABLES, OF_A_LOAD, columns_of
from jumelage.reading.wave_toml import Wave, canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    # Where the columns of a table stand in the workbench: what is staged, or what was loaded.
    Relation = Callable[[str, list[str]], str]

# Columns that came later, with what stands there where they are not used: the hash is then what it always was.
_LATER = {
    "declared_agreements": "null",
    "declared_missing": "'not_asked'",
    "until_from": "null",
    "until_to": "null",
}


def _field(column: str, *, first: bool) -> str:
    """Return what a column adds to the line of its row: + and the value, - for null.

    Of a column that came later, its name too, and nothing where it is not used. What is null, `concat` leaves out.
    """
    mark = "" if first else "chr(31) || "
    if column in _LATER:
        return f"{mark}'{column}+' || cast(nullif({column}, {_LATER[column]}) as varchar)"
    return f"case when {column} is null then {mark}'-' else {mark}'+' end, cast({column} as varchar)"


def _sums(bench: Connection, wave: Wave, relation: Relation) -> tuple[str, dict[str, int]]:
    """Return version 1: sums of the upper and the lower halves of the rows' MD5, by table."""
    counts = {}
    digest = hashlib.sha256(canonical(wave).encode())
    for name in OF_A_LOAD:
        columns = [column for column in columns_of(name) if column not in {"position", "agreement", *DERIVED}]
        line = f"concat({', '.join(_field(column, first=column == columns[0]) for column in columns)})"
        sums = bench.exec_driver_sql(
            "select count(*), sum(cast(m >> 64 as ubigint)), sum(cast(m & 18446744073709551615 as ubigint)) "
            f"from (select md5_number({line}) as m from {relation(name, columns)})"
        ).one()
        if name in LATER_TABLES and not sums[0]:
            continue
        counts[name] = int(sums[0])
        digest.update(f"\n{name} {tuple(sums)}".encode())
    return digest.hexdigest(), counts


# None is ever changed or taken out: revisions are recorded with it. A new one is added where the tables change so that
# the same content would have another hash.
VERSIONS: dict[int, Callable[[Connection, Wave, Relation], tuple[str, dict[str, int]]]] = {1: _sums}
VERSION = 1  # of what is loaded today


def content_hash(
    bench: Connection,
    wave: Wave,
    version: int | None = None,
    relation: Relation = lambda name, _: f"staged_{name}",
) -> tuple[str, dict[str, int]]:
    """Return a hash of a wave that does not depend on the order of its rows, and the number of rows of each table.

    `version` is how it is made, one of VERSIONS, that of today if none is given; `relation` says where the columns of a
    table stand in the workbench: what is staged, or what was loaded.
    """
    return VERSIONS[version or VERSION](bench, wave, relation)
