"""What is said of a column of a view or table: by the models, by schema/dictionary.toml, and by what it passes through.

A relation is named as in SQL: a view by its name, a table with its schema.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from jumelage import content
from jumelage.database.models import CODE_LISTS, SCHEMA, metadata

if TYPE_CHECKING:
    from sqlalchemy import Column

_OF_A_TABLE = f"{SCHEMA}."


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of a column: its meaning, and where they are known its unit, code list and question of the survey.

    `since` is the migration that brought the column of a table, or that of the table which a view shows as it is.
    """

    meaning: str
    unit: str | None = None
    codes: str | None = None
    question: str | None = None
    since: str | None = None


@cache
def _said() -> dict[str, Any]:
    return tomllib.loads(content.dictionary_text())


@cache
def _since() -> dict[str, dict[str, str]]:
    text = content.read_text(content.root() / "schema" / "since.toml")
    return {table: dict(columns) for table, columns in tomllib.loads(text).items()}


def of_view(view: str) -> dict[str, Any]:
    """Return what schema/dictionary.toml says of a view; nothing of one that it does not know."""
    found: dict[str, Any] = _said()["views"].get(view, {})
    return found


def words_of(relation: str, column: str) -> Words | None:
    """Return what is said of a column; None if nothing is.

    One of a view that has no words of its own has those of the column of its name that it passes through.
    """
    if relation.startswith(_OF_A_TABLE):
        return _of_table(relation, column)
    view = of_view(relation)
    own = view.get("columns", {}).get(column)
    if own is not None:
        return _with(own, _passed_through(view, column))
    return _passed_through(view, column)


def _passed_through(view: dict[str, Any], column: str) -> Words | None:
    return next((found for source in view.get("of", ()) if (found := words_of(source, column))), None)


def _with(own: str | dict[str, str], passed: Words | None) -> Words:
    """Give a column words of its own; the values of one that passes through are still from the same code list."""
    found = Words(own if isinstance(own, str) else own["meaning"], codes=passed.codes if passed else None)
    return found if isinstance(own, str) else replace(found, **_spelled_out(own))


def _spelled_out(said: dict[str, str]) -> dict[str, str]:
    """Return what is said of a column with the question itself for the question's name."""
    question = said.get("question")
    return said if question is None else said | {"question": _said()["questions"][question]}


def _of_table(relation: str, name: str) -> Words | None:
    table = metadata.tables.get(relation)
    if table is None or name not in table.columns:
        return None
    column = table.columns[name]
    since = _since().get(table.name, {}).get(name)
    found = Words(str(column.comment), codes=_code_list(column), since=since)
    return replace(found, **_spelled_out(_said()["tables"].get(table.name, {}).get(name, {})))


def _code_list(column: Column[Any]) -> str | None:
    """Return the code list that a column refers to, itself or by way of other tables."""
    for key in column.foreign_keys:
        target = key.column
        if target.table.name in CODE_LISTS:
            return str(target.table.name)
        if found := _code_list(target):
            return found
    return None
