"""What a query that a wave brings may use: taken apart by DuckDB, whatever the database, and held against a list."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from jumelage import content
from jumelage.database.sql import literal, query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

LONGEST = 20_000  # characters of a query
# What PostgreSQL and DuckDB may read differently, so that what was looked at would not be what is run.
_READ_DIFFERENTLY = re.compile(r"\\|/\*|\$\w*\$|\bu&['\"]|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f]", re.IGNORECASE)
_BEGINS = re.compile(r"(\s|--[^\n]*\n)*(select|with)\b", re.IGNORECASE)
_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
_PLACES = {"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST"}
_EXPRESSIONS = {
    "BETWEEN", "CASE", "CAST", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "OPERATOR", "STAR",
    "SUBQUERY", "TYPE", "WINDOW",
}  # fmt: skip
_OPERATORS = re.compile(r"COMPARE_|OPERATOR_(NOT|COALESCE|IS_NULL|IS_NOT_NULL|NULLIF)$|GROUPING_FUNCTION$")
# Functions that are written without brackets, and so are columns to whoever takes a query apart.
_WITHOUT_BRACKETS = {
    "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
    "current_user", "localtime", "localtimestamp", "session_user", "system_user", "user",
}  # fmt: skip

_FOUND: dict[str, tuple[Refused, ...]] = {}


@dataclass(frozen=True, slots=True)
class Refused:
    """What a query uses and may not: a `function`, an `operator`, a `type`, a `relation` or a `form`, and its name."""

    what: str
    name: str


@cache
def allowed() -> dict[str, frozenset[str]]:
    """Return the functions, operators and types that schema/wave_queries.toml lists."""
    text = content.read_text(content.root() / "schema" / "wave_queries.toml")
    return {kind: frozenset(names) for kind, names in tomllib.loads(text).items()}


def relations() -> frozenset[str]:
    """Return the views, which a query may read."""
    return frozenset(content.views("duckdb"))


def is_query(sql: str) -> bool:
    """Tell whether a text looks like one query that only reads."""
    return ";" not in sql and _BEGINS.match(sql) is not None


def why_not(bench: Connection, sql: str) -> str:
    """Say why a query is not run; empty if it may be."""
    found = refused(bench, sql)
    if not found:
        return ""
    used = ", ".join(f"{one.what} {one.name}" if one.what != "form" else one.name for one in found)
    return f"is not run, since a query of a wave may not use this: {used}"


def refused(bench: Connection, sql: str) -> tuple[Refused, ...]:
    """Return what a query uses and may not, each once; `bench` is any DuckDB."""
    if sql not in _FOUND:  # a load and the check after it ask of the same
        _FOUND[sql] = tuple(_refused(bench, sql))
    return _FOUND[sql]


def _refused(bench: Connection, sql: str) -> Iterable[Refused]:
    if not is_query(sql) or len(sql) > LONGEST:
        return [Refused("form", f"more than one query, or more than {LONGEST} characters")]
    if found := _READ_DIFFERENTLY.search(sql):
        return [Refused("form", found[0].strip() or "a control character")]
    try:
        ((tree,),) = query(bench, f"select cast(json_serialize_sql({literal(sql)}) as varchar)")[1]
        parsed = json.loads(tree)
        if parsed["error"]:
            return [Refused("form", str(parsed["error_message"]))]
        if len(parsed["statements"]) != 1:
            return [Refused("form", "more than one query")]
        return dict.fromkeys(_node(parsed["statements"][0]["node"], frozenset()))
    except RecursionError:
        return [Refused("form", "brackets within brackets beyond measure")]


def _node(node: dict[str, Any], seen: frozenset[str]) -> Iterator[Refused]:
    """Yield what a query may not use, where it sees these names of queries around it.

    A name that `with` gives is one from there on. In its own query it means what it meant before, unless that is
    recursive; otherwise `with pg_shadow as (select … from pg_shadow)` would be one too.
    """
    if node.get("type") not in _NODES:
        yield Refused("form", str(node.get("type")).lower().removesuffix("_node"))
        return
    for entry in node.get("cte_map", {}).get("map", ()):
        name, inner = entry["key"], entry["value"]["query_node"]
        if name != name.lower():
            yield Refused("relation", name)  # PostgreSQL tells Pg_Shadow from "Pg_Shadow"
        yield from _node(inner, seen | {name} if inner.get("type") == "RECURSIVE_CTE_NODE" else seen)
        yield from _inside({key: value for key, value in entry["value"].items() if key != "query_node"}, seen)
        seen = seen | {name}
    yield from _inside({key: value for key, value in node.items() if key != "cte_map"}, seen, top=True)


def _inside(value: object, seen: frozenset[str], *, top: bool = False) -> Iterator[Refused]:
    if isinstance(value, list):
        for inner in value:
            yield from _inside(inner, seen)
    elif isinstance(value, dict):
        if not top and str(value.get("type")).endswith("_NODE"):
            yield from _node(value, seen)
            return
        if "class" in value:
            yield from _expression(value)
        elif "from_table" in value:
            yield from _place(value["from_table"])
        if "left" in value and "right" in value and value.get("type") == "JOIN":
            yield from _place(value["left"])
            yield from _place(value["right"])
        if "table_name" in value:
            yield from _relation(value, seen)
        for inner in value.values():
            yield from _inside(inner, seen)


def _place(place: dict[str, Any]) -> Iterator[Refused]:
    if place.get("type") not in _PLACES and place.get("type") != "TABLE_FUNCTION":
        yield Refused("form", str(place.get("type")).lower())


def _relation(place: dict[str, Any], seen: frozenset[str]) -> Iterator[Refused]:
    path = place.get("qualified_name", {}).get("path") or [place["table_name"]]
    name = ".".join(path)
    if name not in seen and name not in relations():
        yield Refused("relation", name)


def _expression(value: dict[str, Any]) -> Iterator[Refused]:
    kind, form = value["class"], str(value["type"])
    if kind not in _EXPRESSIONS:
        yield Refused("form", kind.lower())
    elif kind == "OPERATOR" and not _OPERATORS.match(form):
        yield Refused("form", form.lower())
    elif kind == "TYPE" and (value["type_name"].lower() not in allowed()["types"] or value["schema"]):
        yield Refused("type", value["type_name"].lower())
    elif kind == "COLUMN_REF" and len(value["column_names"]) == 1:
        name = value["column_names"][0].lower()
        if name in _WITHOUT_BRACKETS:
            yield Refused("function", name)
    elif "function_name" in value:
        path = [value.get("catalog"), value.get("schema"), value["function_name"]]
        name = ".".join(filter(None, path)).lower()
        plain = re.fullmatch(r"\w+", name) is not None
        if name not in allowed()["functions" if plain else "operators"]:
            yield Refused("function" if plain or "." in name else "operator", name)
