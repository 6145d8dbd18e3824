"""What a query that an analyst writes may use: more on DuckDB, where a process holds it, than in a server."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from jumelage import content
from jumelage.database.models import metadata
from jumelage.database.taken_apart import Allowed, Refused
from jumelage.database.wave_queries import on_every_engine, read_differently, relations

if TYPE_CHECKING:
    from sqlalchemy import Connection

LONGEST = 100_000  # characters of a query
_EXPRESSIONS = frozenset({"COLLATE", "LAMBDA", "LAMBDA_REF", "POSITIONAL_REFERENCE"})


@cache
def readable() -> frozenset[str]:
    """Return what a query may read: the views, and the tables of schema `survey` by their whole names."""
    return relations() | {table.fullname for table in metadata.tables.values()}


@cache
def _by_a_process() -> Allowed:
    lists = tomllib.loads(content.read_text(content.root() / "schema" / "sql.toml"))
    base = on_every_engine()
    return replace(
        base,
        functions=base.functions | set(lists["functions"]),
        table_functions=frozenset(lists["table_functions"]),
        operators=base.operators | set(lists["operators"]),
        types=base.types | set(lists["types"]),
        relations=readable,
        expressions=base.expressions | _EXPRESSIONS,
        operations=re.compile(""),
        folds=True,
        describes=True,
    )


def allowed(*, by_a_process: bool) -> Allowed:
    """Return what a query of an analyst may use: with DuckDB in a process of its own, or in a server."""
    return _by_a_process() if by_a_process else replace(on_every_engine(), relations=readable)


def refused(bench: Connection, sql: str, *, by_a_process: bool) -> list[Refused]:
    """Return what a query of an analyst uses and may not.

    `by_a_process` tells that a process of its own runs it, with DuckDB; otherwise a server does, which may read
    something else than DuckDB in what they read differently.
    """
    if len(sql) > LONGEST:
        return [Refused("form", f"more than {LONGEST:,} characters")]
    if not by_a_process and (found := read_differently(sql)):
        return [Refused("form", found)]
    return allowed(by_a_process=by_a_process).refused(bench, sql)
