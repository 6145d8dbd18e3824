"""What a query uses, found out by taking it apart with DuckDB, whatever the database, and held against a list."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jumelage.database.sql import literal, query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection

_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
_PLACES = {"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION"}
# Functions that are written without brackets, and so are columns to whoever takes a query apart.
_WITHOUT_BRACKETS = {
    "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
    "current_user", "localtime", "localtimestamp", "session_user", "system_user", "user",
}  # fmt: skip
_NO_PLACE = 1 << 63  # what DuckDB says where it does not know


@dataclass(frozen=True, slots=True)
class Refused:
    """What a query uses and may not: a `function`, an `operator`, a `type`, a `relation` or a `form`, and its name.

    `position` is where it stands, in bytes of the query, if that is known.
    """

    what: str
    name: str
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Allowed:
    """What a query may use: names by kind, the relations that it may read, and forms of expressions.

    `table_functions` may stand where a table does: a function of the same name may be another one there, such as
    DuckDB's `histogram`, which reads any relation that a text names. `operations` are the kinds of operators that have
    a form of their own. Where `folds`, case does not tell names apart whatever the engine; `describes` allows DESCRIBE
    and SUMMARIZE of what a query may read.
    """

    functions: frozenset[str]
    table_functions: frozenset[str]
    operators: frozenset[str]
    types: frozenset[str]
    relations: Callable[[], frozenset[str]]
    expressions: frozenset[str]
    operations: re.Pattern[str]
    folds: bool = False
    describes: bool = False

    def refused(self, bench: Connection, sql: str) -> list[Refused]:
        """Return what a query uses and may not, each once; `bench` is any DuckDB."""
        try:
            ((tree,),) = query(bench, f"select cast(json_serialize_sql({literal(sql)}) as varchar)")[1]
            parsed = json.loads(tree)
            if parsed["error"]:
                place = str(parsed.get("position", ""))
                return [Refused("form", str(parsed["error_message"]), int(place) if place.isdigit() else None)]
            if len(parsed["statements"]) != 1:
                return [Refused("form", "more than one query")]
            return list(dict.fromkeys(self._node(parsed["statements"][0]["node"], frozenset())))
        except RecursionError:
            return [Refused("form", "brackets within brackets beyond measure")]

    def _name(self, name: str) -> str:
        return name.lower() if self.folds else name

    def _node(self, node: dict[str, Any], seen: frozenset[str]) -> Iterator[Refused]:
        """Yield what a query may not use, where it sees these names of queries around it.

        A name that `with` gives is one from there on. In its own query it means what it meant before, unless that is
        recursive; otherwise `with pg_shadow as (select … from pg_shadow)` would be one too.
        """
        if node.get("type") not in _NODES:
            yield Refused("form", str(node.get("type")).lower().removesuffix("_node"))
            return
        for entry in node.get("cte_map", {}).get("map", ()):
            name, inner = self._name(entry["key"]), entry["value"]["query_node"]
            if name != name.lower():
                yield Refused("relation", name)  # PostgreSQL tells Pg_Shadow from "Pg_Shadow"
            yield from self._node(inner, seen | {name} if inner.get("type") == "RECURSIVE_CTE_NODE" else seen)
            rest = {key: value for key, value in entry["value"].items() if key != "query_node"}
            yield from self._inside(rest, seen)
            seen = seen | {name}
        rest = {key: value for key, value in node.items() if key != "cte_map"}
        yield from self._inside(rest, seen, top=True)

    def _inside(self, value: object, seen: frozenset[str], *, top: bool = False) -> Iterator[Refused]:
        if isinstance(value, list):
            for inner in value:
                yield from self._inside(inner, seen)
        elif isinstance(value, dict):
            if not top and str(value.get("type")).endswith("_NODE"):
                yield from self._node(value, seen)
                return
            yield from self._looked_at(value, seen)
            for inner in value.values():
                yield from self._inside(inner, seen)

    def _looked_at(self, value: dict[str, Any], seen: frozenset[str]) -> Iterator[Refused]:
        if "class" in value:
            yield from self._expression(value)
        elif "from_table" in value:
            yield from self._place(value["from_table"])
        if "left" in value and "right" in value and value.get("type") == "JOIN":
            yield from self._place(value["left"])
            yield from self._place(value["right"])
        if value.get("type") == "SHOW_REF":
            if not self.describes or value.get("query") is None:
                yield Refused("form", "show", _position(value))
        elif "table_name" in value:
            yield from self._relation(value, seen)

    def _place(self, place: dict[str, Any]) -> Iterator[Refused]:
        if place.get("type") == "TABLE_FUNCTION":
            name = str(place.get("function", {}).get("function_name", "")).lower()
            if name in self.functions and name not in self.table_functions:  # otherwise it is refused as a function
                yield Refused("table function", name, _position(place))
        if place.get("type") not in _PLACES and not (self.describes and place.get("type") == "SHOW_REF"):
            yield Refused("form", str(place.get("type")).lower(), _position(place))

    def _relation(self, place: dict[str, Any], seen: frozenset[str]) -> Iterator[Refused]:
        path = place.get("qualified_name", {}).get("path") or [place["table_name"]]
        name = self._name(".".join(path))
        if name not in seen and name not in self.relations():
            yield Refused("relation", name, _position(place))

    def _expression(self, value: dict[str, Any]) -> Iterator[Refused]:
        kind, form, where = value["class"], str(value["type"]), _position(value)
        if kind not in self.expressions:
            yield Refused("form", kind.lower(), where)
        elif kind == "OPERATOR" and not self.operations.match(form):
            yield Refused("form", form.lower(), where)
        elif kind == "TYPE" and (value["type_name"].lower() not in self.types or value["schema"]):
            yield Refused("type", value["type_name"].lower(), where)
        elif kind == "COLUMN_REF" and len(value["column_names"]) == 1:
            name = value["column_names"][0].lower()
            if name in _WITHOUT_BRACKETS and name not in self.functions:
                yield Refused("function", name, where)
        elif "function_name" in value:
            path = [value.get("catalog"), value.get("schema"), value["function_name"]]
            name = ".".join(filter(None, path)).lower()
            plain = re.fullmatch(r"\w+", name) is not None
            if name not in (self.functions if plain else self.operators):
                yield Refused("function" if plain or "." in name else "operator", name, where)


def _position(value: dict[str, Any]) -> int | None:
    place = value.get("query_location")
    return place if isinstance(place, int) and place < _NO_PLACE else None


def named(refused: Iterable[Refused]) -> str:
    """Name what a query may not use, for people."""
    return ", ".join(f"{one.what} {one.name}" if one.what != "form" else one.name for one in refused)
