"""What an export says of its tables and their columns, as schema/package.toml has it."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

from jumelage import content
from jumelage.reading.wave_toml import MISSING
from jumelage.texts import label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jumelage.report_file import Column
    from jumelage.texts import Label

TABLE_SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"
_TRUTHS = {"trueValues": ["yes"], "falseValues": ["no"]}


@cache
def said() -> dict[str, Any]:
    """Return all that the file says."""
    return tomllib.loads(content.read_text(content.root() / "schema" / "package.toml"))


def text(of: dict[str, Any], key: str) -> Label:
    """Return a text in both languages."""
    return label(of[key], key)


def table_said(name: str) -> dict[str, Any]:
    """Return what is said of a table; all tables of printed figures are one here."""
    found: dict[str, Any] = said()["tables"][name.partition("/")[0]]
    return found


def field(table: str, name: str, lang: str) -> dict[str, Any]:
    """Return the field of a Table Schema for a column of a table."""
    own = table_said(table).get("fields", {}).get(name, {})
    common = said()["fields"][name]
    merged = {**common, **own}
    made: dict[str, Any] = {
        "name": name,
        "title": text(merged, "title").text(lang),
        "description": text(merged, "text").text(lang),
        "type": merged.get("type", "string"),
    }
    if "example" in merged:
        made["example"] = merged["example"]
    if made["type"] == "boolean":
        made |= _TRUTHS
    if name in table_said(table).get("key", ()):
        made["constraints"] = {"required": True}
    if "least" in merged:
        made["constraints"] = {"minimum": merged["least"]}
    return made | _answers(name, merged, lang)


def _answers(name: str, merged: dict[str, Any], lang: str) -> dict[str, Any]:
    """Return the answers of a column with their labels: those that are values, and why there may be none."""
    made: dict[str, Any] = {}
    listed = content.answers(merged["categories"]) if merged.get("categories") else {}
    if listed:
        made["categories"] = [{"value": code, "label": one.text(lang)} for code, one in listed.items()]
    if merged.get("missing"):
        labels = content.answers("answers") | content.answers("no_date")
        blank = {"value": "", "label": said()["dataset"]["blank"][lang]}
        reasons = [code for code in MISSING[name] if code in labels and code not in ("yes", "no")]
        made["missingValues"] = [blank, *({"value": code, "label": labels[code].text(lang)} for code in reasons)]
    return made


def field_of_report(column: Column, lang: str) -> dict[str, Any]:
    """Return the field of a Table Schema for a column of a report's key."""
    return {"name": column.name, "title": column.label.text(lang), "type": "string", "constraints": {"required": True}}


def schema(table: str, fields: list[dict[str, Any]], tables: Iterable[str]) -> dict[str, Any]:
    """Return the Table Schema of a table with these fields; it refers to those of these tables alone."""
    of, names = table_said(table), [one["name"] for one in fields]
    made: dict[str, Any] = {"$schema": TABLE_SCHEMA, "fields": fields}
    key = of.get("key") or ([*names[: names.index("measure") + 1], "place"] if "measure" in names else [])
    if key:
        made["primaryKey"] = key
    if "unique" in of:
        made["uniqueKeys"] = [of["unique"]]
    there = set(tables)
    references = []
    for name in names:
        target = of.get("fields", {}).get(name, {}).get("refers", said()["fields"].get(name, {}).get("refers", ""))
        resource, _, column = target.partition(".")
        if resource in there and resource != table and "/" not in table:
            references.append({"fields": [name], "reference": {"resource": resource, "fields": [column]}})
    if references:
        made["foreignKeys"] = references
    return made
