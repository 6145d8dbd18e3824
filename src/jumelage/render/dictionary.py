"""The dictionary as text: Markdown for people, JSON and DBML for programs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from jumelage.database.dictionary import Field, Relation

_HEADER = ("column", "type", "meaning", "unit", "codes", "question of the survey", "since")


def markdown(relations: Iterable[Relation], codes: Callable[[str], str] = str, level: int = 2) -> Iterator[str]:
    """Write a section for each relation, with a heading of this level; `codes` says how a code list is named there."""
    for i, one in enumerate(relations):
        parts = [f"{'#' * level} {one.name}", one.meaning, markdown_table(*_table(one, codes))]
        if one.example:
            parts.append(f"```sql\n{one.example}\n```")
        yield ("\n" if i else "") + "\n\n".join(parts) + "\n"


def _table(one: Relation, codes: Callable[[str], str]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Lay out the columns; those of a table with what it lets be null, and its keys."""
    rows = [
        (
            field.name,
            field.type,
            *(() if one.view else ("yes" if field.null else "", _key(field))),
            field.words.meaning,
            field.words.unit or "",
            codes(field.words.codes) if field.words.codes else "",
            field.words.question or "",
            field.words.since or "",
        )
        for field in one.fields
    ]
    header = (*_HEADER[:2], *(() if one.view else ("null", "key")), *_HEADER[2:])
    # A heading over nothing but blanks says nothing.
    filled = [i for i, name in enumerate(header) if name in {"null", "key"} or any(row[i] for row in rows)]
    return tuple(header[i] for i in filled), [tuple(row[i] for i in filled) for row in rows]


def _key(field: Field) -> str:
    """Say whether a column is of the primary key, and what it refers to."""
    return ", ".join([*(["primary"] if field.primary else []), *(f"→ {target}" for target in field.refers)])


def markdown_table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Write a table of Markdown."""
    lines = [header, ("---",) * len(header), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def as_json(relations: Iterable[Relation]) -> Iterator[str]:
    """Write an array of relations, each with its columns; what is not known is null."""
    described = [
        {
            "name": one.name,
            "kind": "view" if one.view else "table",
            "comment": one.meaning,
            "columns": [
                {
                    "name": field.name,
                    "type": field.type,
                    "comment": field.words.meaning,
                    "unit": field.words.unit,
                    "codes": field.words.codes,
                    "question": field.words.question,
                    "since": field.words.since,
                    "primary": field.primary,
                    "refers": list(field.refers),
                }
                for field in one.fields
            ],
            "example": one.example or None,
        }
        for one in relations
    ]
    yield json.dumps(described, ensure_ascii=False, indent=1) + "\n"


def dbml(relations: Iterable[Relation]) -> Iterator[str]:
    """Write a table of DBML for each relation, then what refers to what among them."""
    shown = tuple(relations)
    for one in shown:
        lines = [f"  {_dbml_column(one, field)}" for field in one.fields]
        primary = [field.name for field in one.fields if field.primary]
        if len(primary) > 1:
            lines.append(f"  indexes {{\n    ({', '.join(primary)}) [pk]\n  }}")
        lines.append(f"  Note: {_quoted(one.meaning if not one.view else f'View. {one.meaning}')}")
        yield "\n".join([f"Table {one.name} {{", *lines, "}", "", ""])
    names = {one.name for one in shown}
    for one in shown:
        for own, target, theirs in one.refers:
            if target in names:
                yield f"Ref: {one.name}.({', '.join(own)}) > {target}.({', '.join(theirs)})\n"


def _dbml_column(one: Relation, field: Field) -> str:
    alone = [other for other in one.fields if other.primary] == [field]
    settings = [*(["pk"] if alone else []), *([] if field.null else ["not null"])]
    settings.append(f"note: {_quoted(field.words.meaning)}")
    return f"{field.name} {field.type.replace(' ', '')} [{', '.join(settings)}]"


def _quoted(text: str) -> str:
    return "'" + re.sub(r"(['\\])", r"\\\1", text) + "'"


FORMATS: dict[str, Callable[[Iterable[Relation]], Iterator[str]]] = {"md": markdown, "json": as_json, "dbml": dbml}
