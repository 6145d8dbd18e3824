"""Texts of SQL as people write them: several statements, EXPLAIN, parameters, and where something is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from jumelage.database.sql import value_literal

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXPLAIN = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*explain\b(\s+analyze\b)?", re.IGNORECASE | re.DOTALL)
_SPACES = re.compile("[^\\S\\x00-\\x7f]|[\u180e\u200b-\u200d\u2060\ufeff]")  # those that have no width, too
_ENDS = "; \t\n\r\f\v"


@dataclass(frozen=True, slots=True)
class Statement:
    """One query of a text: its SQL, and what of its plan is wanted.

    `explain` is empty, "explain" or "explain analyze". `origin` maps places of the SQL, in bytes, to those of the text:
    pairs of a place here and there, ascending; between two of them both go on alike.
    """

    sql: str
    explain: str
    origin: tuple[tuple[int, int], ...]
    text: str

    def place(self, position: int) -> tuple[int, int, str]:
        """Return line and column, from 1, of a place in the SQL, and the line of the text as it stands."""
        here, there = max(pair for pair in self.origin if pair[0] <= max(position, 0))
        data = self.text.encode()
        at = min(there + max(position, 0) - here, len(data))
        before = data[:at].decode(errors="ignore")
        line = before.count("\n") + 1
        start = before.rfind("\n") + 1
        return line, len(before) - start + 1, self.text.split("\n")[line - 1]


def tokens(sql: str) -> list[tuple[int, str]]:
    """Return the tokens of a text: the byte where each begins, and its kind as DuckDB names it."""
    import duckdb

    return [(place, kind.name) for place, kind in duckdb.tokenize(sql)]


def parameters(sql: str) -> list[tuple[int, int, str]]:
    """Return the parameters of a text, `$name`, each with the bytes where it begins and ends.

    What looks like one within a text, a quoted name or a comment is none.
    """
    data = sql.encode()
    found = tokens(sql)
    listed = []
    for (place, kind), (after, next_kind) in pairwise(found):
        if kind == "operator" and data[place:after] == b"$" and next_kind in {"identifier", "keyword"}:
            name = re.match(rb"\w+", data[after:])
            if name:
                listed.append((place, after + name.end(), name[0].decode()))
    return listed


def split(connection: Any, text: str) -> list[Statement]:  # noqa: ANN401
    """Split a text into its statements; `connection` is any of the driver duckdb.

    duckdb.Error if it is no SQL.
    """
    found, start = [], 0
    data = _with_plain_spaces(text)
    for one in connection.extract_statements(text):
        query = _with_plain_spaces(one.query)
        begin = max(data.find(query, start), start)
        start = begin + len(query)
        sql = one.query.rstrip(_ENDS)
        explain = ""
        if match := _EXPLAIN.match(sql):
            explain = "explain analyze" if match[1] else "explain"
            begin += len(match[0].encode())
            sql = sql[match.end() :]
        if sql.strip():
            found.append(Statement(sql, explain, ((0, begin),), text))
    return found


def _with_plain_spaces(text: str) -> bytes:
    """Return a text with as many plain spaces as a space of another kind has bytes, as DuckDB gives a statement back.

    DuckDB leaves those within texts and comments; here, where only places matter, they go, too.
    """
    return _SPACES.sub(lambda found: " " * len(found[0].encode()), text).encode()


def filled_in(statement: Statement, values: Mapping[str, object]) -> Statement:
    """Put values into the place of the parameters, as literals; KeyError for one that has none."""
    data, made, at = statement.sql.encode(), b"", 0
    ((_, begin),) = statement.origin
    origin = [(0, begin)]
    for start, end, name in parameters(statement.sql):
        made += data[at:start] + value_literal(values[name]).encode()
        origin += [(len(made), begin + end)]
        at = end
    made += data[at:]
    return Statement(made.decode(), statement.explain, tuple(origin), statement.text)
