"""The hash of what a revision says, by version: how it is made changes with the tables, and recorded hashes stay."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage.database.models import AS_UNDECLARED, DERIVED, LATER_TABLES, MANAGEMENT, OF_A_LOAD, columns_of
from jumelage.database.sql import literal
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

# In version 1 the questions on management are columns of respondents behind the third.
_PLACE = 3


def _field(column: str, *, first: bool) -> str:
    """Return what a column adds to the line of its row: + and the value, - for null.

    Of a column that came later, its name too, and nothing where it is not used. What is null, `concat` leaves out.
    """
    mark = "" if first else "chr(31) || "
    if column in _LATER:
        return f"{mark}'{column}+' || cast(nullif({column}, {_LATER[column]}) as varchar)"
    return f"case when {column} is null then {mark}'-' else {mark}'+' end, cast({column} as varchar)"


@dataclass(frozen=True, slots=True)
class _Management:
    """The questions on management: the default of each, those asked as ever, as SQL, and whether these have answers."""

    defaults: dict[str, str]
    asked: str
    answered: bool


def _management(bench: Connection, wave: Wave, relation: Relation) -> _Management:
    """Return the questions on management as version 1 sees them: columns of respondents, one of each wave.

    A wave that asks one in another way has it among its own questions; one that does not ask it has no answer to it.
    """
    columns = ["question", "kind", "label_fr", "label_en", "asked_of", "default_answer"]
    found = bench.exec_driver_sql(
        f"select question, default_answer from {relation('questions', columns)} where {AS_UNDECLARED}"
    ).fetchall()
    listed = ", ".join(literal(name) for name, _ in found)
    answers = f"select exists (from {relation('answers', ['question'])} where question in ({listed}))" if found else ""
    answered = bool(answers and bench.exec_driver_sql(answers).scalar())
    said = {name: wave.defaults.get(name, "no_answer") for name in MANAGEMENT}
    return _Management(said | {name: default or "no_answer" for name, default in found}, listed, answered)


def _with_management(rows: str, management: _Management, relation: Relation) -> str:
    """Return rows of respondents with an answer to each question on management: that given, else the default."""
    given = "".join(
        f", max(case when question = '{name}' then coalesce(code, missing) end) as given_{name}" for name in MANAGEMENT
    )
    pivot = (
        f" left join (select city{given} from {relation('answers', ['city', 'question', 'code', 'missing'])} "
        f"where question in ({management.asked}) group by city) p on p.city = r.city"
    )
    said = {
        name: f"coalesce(r.{name}, {f'p.given_{name}, ' if management.answered else ''}{literal(default)}) as {name}"
        for name, default in management.defaults.items()
    }
    return f"(select r.* replace ({', '.join(said.values())}) from {rows} r{pivot if management.answered else ''})"


def staged(name: str, columns: list[str]) -> str:
    """Return the relation of what is staged for a table; columns of before are null there."""
    absent = [
        f"cast(null as varchar) as {column}" for column in columns if name == "respondents" and column in MANAGEMENT
    ]
    return f"(select {', '.join(['*', *absent])} from staged_{name})" if absent else f"staged_{name}"


def _sums(bench: Connection, wave: Wave, relation: Relation) -> tuple[str, dict[str, int]]:
    """Return version 1: sums of the upper and the lower halves of the rows' MD5, by table."""
    counts = {}
    management = _management(bench, wave, relation)
    digest = hashlib.sha256(canonical(wave, management.defaults).encode())
    for name in OF_A_LOAD:
        columns = [column for column in columns_of(name) if column not in {"position", "agreement", *DERIVED}]
        if name == "respondents":
            columns[_PLACE:_PLACE] = MANAGEMENT
        rows = relation(name, columns)
        if name == "respondents":
            rows = _with_management(rows, management, relation)
        elif name in {"questions", "answers"} and management.asked:
            rows = f"(from {rows} where question not in ({management.asked}))"
        line = f"concat({', '.join(_field(column, first=column == columns[0]) for column in columns)})"
        sums = bench.exec_driver_sql(
            "select count(*), sum(cast(m >> 64 as ubigint)), sum(cast(m & 18446744073709551615 as ubigint)) "
            f"from (select md5_number({line}) as m from {rows})"
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
    relation: Relation = staged,
) -> tuple[str, dict[str, int]]:
    """Return a hash of a wave that does not depend on the order of its rows, and the number of rows of each table.

    `version` is how it is made, one of VERSIONS, that of today if none is given; `relation` says where the columns of a
    table stand in the workbench: what is staged, or what was loaded.
    """
    return VERSIONS[version or VERSION](bench, wave, relation)
