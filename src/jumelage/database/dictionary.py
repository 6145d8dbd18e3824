"""The dictionary: every view and table that this version makes, with what is known of each column.

It needs no database: the columns of tables are those of the models, and schema/columns.toml has those of views.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from jumelage import content
from jumelage.database.models import SCHEMA, foreign_keys, metadata
from jumelage.database.views import meaning
from jumelage.database.words import Words, of_view, words_of
from jumelage.errors import UsageError
from jumelage.texts import both, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its type, what is said of it, whether it is of the primary key, and what it refers to."""

    name: str
    type: str
    words: Words
    null: bool = True
    primary: bool = False
    refers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """A view or table, under its name in SQL: `respondents`, `survey.respondents`.

    `refers` are the foreign keys of a table: its columns, the table that they refer to, and its columns.
    """

    name: str
    view: bool
    meaning: str
    fields: tuple[Field, ...]
    example: str = ""
    refers: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = ()


@cache
def relations() -> dict[str, Relation]:
    """Return everything that `migrate` makes, by name: views in the order of use, then tables in that of their keys."""
    found = [*_views(), *_tables()]
    return {relation.name: relation for relation in found}


def relation(name: str) -> Relation:
    """Return the view or table of this name; a table that has no view of its name needs no schema before it.

    UsageError if there is none.
    """
    known = relations()
    plain = name.strip().lower()
    chosen = known.get(plain) or known.get(f"{SCHEMA}.{plain}")
    if chosen is None:
        raise UsageError(
            both(
                "il n’y a ni vue ni table {!r}\u00a0; {}",
                "there is no view or table {!r}; {}",
                name,
                nearest(name, known),
            )
        )
    return chosen


def _views() -> Iterator[Relation]:
    columns = tomllib.loads(content.read_text(content.root() / "schema" / "columns.toml"))
    for view, text in content.views("duckdb").items():
        fields = tuple(
            Field(name, kind, words) for name, kind in columns.get(view, {}).items() if (words := words_of(view, name))
        )
        example = of_view(view).get("example", "").strip()
        yield Relation(view, view=True, meaning=meaning(text), fields=fields, example=example)


def _tables() -> Iterator[Relation]:
    keys: dict[str, list[tuple[tuple[str, ...], str, tuple[str, ...]]]] = {}
    for table, key in foreign_keys():
        own, theirs = zip(*((element.parent.name, element.column.name) for element in key.elements), strict=True)
        keys.setdefault(table.fullname, []).append((own, key.elements[0].column.table.fullname, theirs))
    for table in metadata.sorted_tables:
        refers = tuple(keys.get(table.fullname, ()))
        fields = tuple(
            Field(
                column.name,
                str(column.type).lower().replace("datetime", "timestamp"),
                words,
                bool(column.nullable),
                column.primary_key,
                tuple(
                    f"{target}.{theirs[own.index(column.name)]}" for own, target, theirs in refers if column.name in own
                ),
            )
            for column in table.columns
            if (words := words_of(table.fullname, column.name))
        )
        yield Relation(table.fullname, view=False, meaning=str(table.comment), fields=fields, refers=refers)
