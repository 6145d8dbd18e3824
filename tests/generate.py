"""Write what is made of the models and views, and the examples of the pages: `make docs`."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import tempfile
import tomllib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL
from sqlalchemy.schema import CreateTable, ExecutableDDLElement, SetColumnComment, SetTableComment

from jumelage import __version__, content, database
from jumelage.database import migrate
from jumelage.database.bilingual import described, without_use
from jumelage.database.dictionary import relations
from jumelage.database.models import SCHEMA, metadata
from jumelage.database.replica import make_tables
from jumelage.database.sql import literal
from jumelage.database.views import create
from jumelage.exporting.words import field, said
from jumelage.reading.restore import ROWS
from jumelage.reading.shapes import SHAPES
from jumelage.render.dictionary import markdown, markdown_table
from jumelage.rules import Rule, rules
from jumelage.rules import folder as rules_folder
from tests.conftest import Databases, address, run
from tests.erd import svg
from tests.man_page import man_page
from tests.sbom import sbom

ROOT = Path(__file__).resolve().parents[1]
_ORIGIN = "Generated from src/jumelage/database/models.py and schema/views by `make docs`; change those, not this."
_MIGRATED = "Generated from alembic/versions by `make docs`; change those, not this."
_DICTIONARY_OF = (
    "Generated from src/jumelage/database/models.py, schema/views, schema/dictionary.toml and alembic/versions by "
    "`make docs`; change those, not this. `jumelage schema` prints it, of one view or table or all, as Markdown, JSON "
    "or DBML; what a column means stands in the database too, as its comment."
)
# The engines call the types of a view's columns otherwise, and count in integers of other widths.
_TYPES = {
    "VARCHAR": "text",
    "BIGINT": "integer",
    "HUGEINT": "integer",
    "DECIMAL(18,6)": "numeric(18, 6)",
}
_COLUMNS = f"""
select table_name, column_name, data_type from duckdb_columns()
where database_name = current_database() and not internal and schema_name <> '{SCHEMA}'
order by table_oid, column_index
"""
_INTRODUCTION = (
    "The views stand in the default schema and show the wave in scope; read those first. "
    f"Schema `{SCHEMA}` holds the tables. Nothing loaded into them is ever changed: a correction is a new revision.\n\n"
    "*Codes* is the list that a column's values are from; of `answer_codes`, which holds several, the name of the list. "
    "*Since* is the migration that brought a column; what a view computes has none, since views are made anew. "
    "Whole numbers are called integer, however wide the engine makes them."
)


# What each code means of an answer; the test of the dictionary holds it against the codes that there are.
MISSING = {
    "dont_know": "It was asked, and does not know: an answer, which is neither yes nor no.",
    "refused": "It was asked, and would not say.",
    "no_answer": "It was asked, and said nothing: the field is blank.",
    "not_asked": "It was not asked, so it leaves the base of which shares are taken.",
    "not_applicable": "The question makes no sense for it.",
    "not_published": "It was asked, and what it said is not known here: the source prints a total, or nothing. It may be any "
    "answer, so this alone widens a range (`cities` to `cities_high`); the total may stand in `published_figures`. Of a "
    "response: whether it answered is not known.",
    "not_reached": "It never got the questions; only of a response.",
}
_MISSING = (
    "Where a town gave no answer, a code says why.\n\n"
    + markdown_table(("code", "what it says of a town"), [(f"`{code}`", text) for code, text in MISSING.items()])
    + "\n\nOf a date that is not known, `since_missing` says the same."
)


def schema_sql() -> str:
    """Return the schema as PostgreSQL has it: tables in the order of their keys, then views in the order of use."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    parts = [
        f"-- {_ORIGIN}\n-- The schema on PostgreSQL; DuckDB has it without foreign keys.",
        f"create schema {SCHEMA};",
    ]
    for table in metadata.sorted_tables:
        items: list[ExecutableDDLElement] = [CreateTable(table), SetTableComment(table)]
        items += [SetColumnComment(column) for column in table.columns]
        parts.append("\n".join(f"{_plain(str(item.compile(dialect=dialect)))};" for item in items))
    for name, text in content.views("postgresql").items():
        comments = [
            f"comment on column {name}.{field.name} is {literal(field.words.meaning)};"
            for field in relations()[name].fields
        ]
        parts.append("\n".join([f"create view {name} as\n{text.rstrip()};", *comments]))
    return "\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    """Lay out a statement as the other SQL of the project is: four spaces for a tab, nothing at the ends of lines."""
    return "\n".join(line.rstrip() for line in text.strip().replace("\t", "    ").splitlines())


@cache
def since() -> str:
    """Return the migration that brought each column of each table: they are gone through one by one."""
    found: dict[tuple[str, str], str] = {}
    with database.in_memory().connect() as connection:
        for revision in database.migrations():
            migrate.migrate(connection, revision)
            there = [(table, column) for table, names in database.columns(connection).items() for column in names]
            found = {column: found.get(column, revision) for column in there}
    tables = []
    for table in metadata.sorted_tables:
        lines = [f'{column.name} = "{found[table.name, column.name]}"' for column in table.columns]
        tables.append("\n".join([f"[{table.name}]", *lines]))
    return "\n\n".join([f"# The migration that brought each column. {_MIGRATED}", *tables]) + "\n"


def columns() -> str:
    """Return the columns of each view with their types: tables and views are made in memory as `migrate` makes them."""
    found: dict[str, list[str]] = {name: [f"[{name}]"] for name in content.views("duckdb")}
    with database.in_memory().begin() as made:
        make_tables(made)
        create(made)
        for view, name, kind in database.query(made, _COLUMNS)[1]:
            if view in found:
                found[view].append(f'{name} = "{_TYPES.get(kind, kind.lower())}"')
    tables = ("\n".join(lines) for lines in found.values())
    said = "The columns of each view, with their types. Generated from schema/views by `make docs`; change those, not this."
    return "\n\n".join([f"# {said}", *tables]) + "\n"


def dictionary() -> str:
    """Return the data dictionary: every view with an example, then every table, each with its columns."""
    known = relations().values()
    described("fr")  # refuses what has no French
    if lost := without_use():
        raise ValueError(f"schema/dictionary.fr.toml has the French of no text: {lost}")
    views = markdown([one for one in known if one.view], _linked, level=3)
    parts = [
        "# Data dictionary",
        _DICTIONARY_OF,
        _INTRODUCTION,
        "![The tables, and what refers to what](erd.svg)",
        "## What is missing, and why",
        _MISSING,
        "## Zones",
        markdown_table(
            ("code", "English", "French"),
            [(row["code"], row["label_en"], row["label_fr"]) for row in content.code_list("zones")],
        ),
        "## Views",
        "".join(views).rstrip(),
        "## Tables",
    ]
    for one in known:
        if not one.view:
            parts.append("".join(markdown([one], _linked, level=3)).rstrip())
            if rules := _rules(metadata.tables[one.name]):
                parts.append("\n".join(f"- `{rule}`" for rule in rules))
    return "\n\n".join(parts) + "\n"


def _linked(codes: str) -> str:
    """Name a code list with a link to its file; `answer_codes` holds several."""
    return f"[{codes}](codes/{codes.partition('.')[0]}.csv)"


def _foreign_keys(table: object) -> list[ForeignKeyConstraint]:
    assert isinstance(table, Table)
    return sorted(table.foreign_key_constraints, key=lambda key: str(key.name))


def _rules(table: Table) -> list[str]:
    checks = [constraint for constraint in table.constraints if isinstance(constraint, CheckConstraint)]
    return sorted(str(constraint.sqltext) for constraint in checks)


def diagram() -> str:
    """Return the tables, with their keys and what refers to what, as a Mermaid diagram."""
    lines = ["erDiagram"]
    for table in metadata.sorted_tables:
        referring = {element.parent.name for key in _foreign_keys(table) for element in key.elements}
        lines.append(f"    {table.name} {{")
        for column in table.columns:
            marks = ["PK"] * column.primary_key + ["FK"] * (column.name in referring)
            if marks:
                lines.append(f"        {str(column.type).lower()} {column.name} {', '.join(marks)}")
        lines.append("    }")
    for table in metadata.sorted_tables:
        for key in _foreign_keys(table):
            parent = key.elements[0].column.table.name
            # A reference that may be null is to none or one.
            end = "|o" if any(element.parent.nullable for element in key.elements) else "||"
            label = ", ".join(element.parent.name for element in key.elements)
            lines.append(f'    {parent} {end}--o{{ {table.name} : "{label}"')
    text = "\n".join(lines)
    return f"# Tables and what refers to what\n\n{_ORIGIN} Only columns of keys are shown.\n\n```mermaid\n{text}\n```\n"


_RULES = """\
# Rules of loading

Generated from schema/rules by `make docs`; change those, not this.

`jumelage load` holds what is handed in against these rules and tells of everything that breaks one, in one pass. An
**error** refuses the load as a whole: nothing is written. A **warning** is for a person to judge, a **notice** says how
a file was read; neither stops a load. What is found stands where it can be mended: file, sheet, row as the editor or
spreadsheet shows it, column. `--annotate` writes it there into a copy; `--format csv` lists all of it; `--lang fr` says
it in French. Words in braces are filled in.

A rule that looks at the meaning of rows is a query of its own: put `schema/rules/NAME.sql` there, which selects the
offenders (`line`, `value`, details) from `raw_` and `resolved_` tables under a header with the table, the column and
the words in both languages. Nothing else has to be told of it but `tests/test_rules.py`, which wants a file that breaks
it. The words of all other rules stand in the TOML files of that folder.
"""
_GROUPS = {
    "1_files": "Files, sheets and archives",
    "2_wave": "What a wave says of itself, and its publication",
    "3_rows": "Values",
}


def _words(rule: Rule) -> tuple[str, str, str]:
    remedy_en, remedy_fr = (rule.remedy.en, f"\u00a0; {rule.remedy.fr}") if rule.remedy else ("", "")
    words = (rule.message.en, remedy_en, rule.message.fr + remedy_fr)
    one, two, three = (re.sub(r"\{\w+:s\}", "(s)", text) for text in words)
    return one, two, three


def rules_page() -> str:
    """Return the rules of loading, in their groups, with their words in both languages."""
    known = dict(rules())
    groups = {
        title: [
            known.pop(name) for name in tomllib.loads((rules_folder() / f"{stem}.toml").read_text(encoding="utf-8"))
        ]
        for stem, title in _GROUPS.items()
    }
    groups["Meaning"] = list(known.values())
    parts = [_RULES.rstrip()]
    for title, listed in groups.items():
        rows = [
            (
                f"[{rule.name}](../schema/rules/{rule.name}.sql)" if rule.sql else rule.name,
                rule.severity,
                *(text.replace("{{", "{").replace("}}", "}") for text in _words(rule)),
            )
            for rule in listed
        ]
        parts += [f"## {title}", markdown_table(("rule", "severity", "message", "what to do", "in French"), rows)]
    return "\n\n".join(parts) + "\n"


def partnerships_schema() -> str:
    """Return the Table Schema of agreements in French, in the form that schema.data.gouv.fr asks for."""
    about = said()["partnerships_schema"]
    loaded, columns = ROWS["partnerships"]
    stored, needed = metadata.tables[f"{SCHEMA}.{loaded}"].columns, SHAPES["partnerships"].required
    return (
        json.dumps(
            {
                "$schema": "https://specs.frictionlessdata.io/schemas/table-schema.json",
                "name": "partnerships",
                "title": about["title"]["fr"],
                "description": about["text"]["fr"],
                "version": __version__,
                "contributors": about["contributors"],
                "fields": [_plain_field(name, needed=name in needed and not stored[name].nullable) for name in columns],
            },
            ensure_ascii=False,
            indent=2,
        )
        + "\n"
    )


def _plain_field(name: str, *, needed: bool) -> dict[str, Any]:
    """Return a field without what came with the second version of the Table Schema."""
    made = {key: value for key, value in field("partnerships", name, "fr").items() if key != "missingValues"}
    return made | {"constraints": {"required": needed} | made.get("constraints", {})}


FILES: dict[str, Callable[[], str]] = {
    "schema/columns.toml": columns,  # what is made of others stands after them
    "schema/since.toml": since,
    "schema/schema.sql": schema_sql,
    "schema/dictionary.md": dictionary,
    "schema/erd.md": diagram,
    "schema/erd.svg": partial(svg, "en"),
    "schema/erd.fr.svg": partial(svg, "fr"),
    "schema/partnerships.schema.json": partnerships_schema,
    "docs/rules.md": rules_page,
    "docs/jumelage.1": man_page,
    "docs/sbom.cdx.json": sbom,
}


EXAMPLE = re.compile(r"^\$ jumelage (.*)\n((?:(?!^\$ |^```).*\n)*)", re.MULTILINE)


def with_examples(page: str, url: URL) -> str:
    """Return a page with the output of each `$ jumelage …` in its console blocks as it is now."""

    def ran(block: re.Match[str]) -> str:
        os.environ["JUMELAGE_DATABASE_URL"] = address(url)
        return EXAMPLE.sub(lambda found: f"$ jumelage {found[1]}\n{_output(found[1])}", block[0])

    return re.sub(r"^```console\n.*?^```", ran, page, flags=re.MULTILINE | re.DOTALL)


def _output(command: str) -> str:
    done = run(*shlex.split(command))
    return done.out + done.err


def _pages() -> dict[str, Callable[[], str]]:
    """Return the pages with examples, run on a database of their own in an empty folder."""
    folder = Path(tempfile.mkdtemp())
    url = Databases("duckdb", folder, None).shown()
    os.chdir(folder)
    pages = {str(page.relative_to(ROOT)): page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
    return {
        name: partial(with_examples, page.read_text(encoding="utf-8"), url)
        for name, page in pages.items()
        if name not in FILES
    }


def main() -> None:
    """Write every file again, and name those that changed."""
    for name, make in (FILES | _pages()).items():
        path, text = ROOT / name, make().encode()
        if not path.exists() or path.read_bytes() != text:
            path.write_bytes(text)
            sys.stdout.write(f"wrote {name}\n")


if __name__ == "__main__":
    main()
