"""What a query that a wave brings may use, alike on every engine: what schema/wave_queries.toml lists."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import TYPE_CHECKING

from jumelage import content
from jumelage.database.taken_apart import Allowed, Refused, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

LONGEST = 20_000  # characters of a query
# What PostgreSQL and DuckDB may read differently, so that what was looked at would not be what is run.
_READ_DIFFERENTLY = re.compile(r"\\|/\*|\$\w*\$|\bu&['\"]|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f]", re.IGNORECASE)
_BEGINS = re.compile(r"(\s|--[^\n]*\n)*(select|with)\b", re.IGNORECASE)
_EXPRESSIONS = frozenset({
    "BETWEEN", "CASE", "CAST", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "OPERATOR", "STAR",
    "SUBQUERY", "TYPE", "WINDOW",
})  # fmt: skip
_OPERATIONS = re.compile(r"COMPARE_|OPERATOR_(NOT|COALESCE|IS_NULL|IS_NOT_NULL|NULLIF)$|GROUPING_FUNCTION$")

_FOUND: dict[str, tuple[Refused, ...]] = {}


@cache
def allowed() -> dict[str, frozenset[str]]:
    """Return the functions, operators and types that schema/wave_queries.toml lists."""
    text = content.read_text(content.root() / "schema" / "wave_queries.toml")
    return {kind: frozenset(names) for kind, names in tomllib.loads(text).items()}


def relations() -> frozenset[str]:
    """Return the views, which a query may read."""
    return frozenset(content.views("duckdb"))


@cache
def on_every_engine() -> Allowed:
    """Return what is known on every engine to read and nothing else, and means the same there."""
    lists = allowed()
    return Allowed(
        functions=lists["functions"],
        table_functions=frozenset(),
        operators=lists["operators"],
        types=lists["types"],
        relations=relations,
        expressions=_EXPRESSIONS,
        operations=_OPERATIONS,
    )


def is_query(sql: str) -> bool:
    """Tell whether a text looks like one query that only reads."""
    return ";" not in sql and _BEGINS.match(sql) is not None


def why_not(bench: Connection, sql: str) -> str:
    """Say why a query is not run; empty if it may be."""
    found = refused(bench, sql)
    return f"is not run, since a query of a wave may not use this: {named(found)}" if found else ""


def refused(bench: Connection, sql: str) -> tuple[Refused, ...]:
    """Return what a query uses and may not, each once; `bench` is any DuckDB."""
    if sql not in _FOUND:  # a load and the check after it ask of the same
        _FOUND[sql] = tuple(_refused(bench, sql))
    return _FOUND[sql]


def _refused(bench: Connection, sql: str) -> Iterable[Refused]:
    if not is_query(sql) or len(sql) > LONGEST:
        return [Refused("form", f"more than one query, or more than {LONGEST} characters")]
    if found := read_differently(sql):
        return [Refused("form", found)]
    return on_every_engine().refused(bench, sql)


def read_differently(sql: str) -> str:
    """Return what DuckDB and another engine may read differently in a query; empty if there is nothing."""
    found = _READ_DIFFERENTLY.search(sql)
    return (found[0].strip() or "a control character") if found else ""
