"""Generated files are what their sources say, and say something."""

from __future__ import annotations

import re
import shutil
import subprocess
from xml.etree import ElementTree as ET

import pytest
import typer.main
from sqlalchemy.engine import URL

from jumelage import content, database
from jumelage.cli import app
from jumelage.database.models import foreign_keys, metadata
from jumelage.rules import rules

from . import generate
from .conftest import ROOT, Databases
from .man_page import man_page
from .test_cli import tree


@pytest.mark.parametrize("name", generate.FILES)
def test_a_generated_file_is_fresh(name: str) -> None:
    path = ROOT / name
    assert path.exists(), f"{name} is missing; run: make docs"
    assert path.read_bytes() == generate.FILES[name]().encode(), f"{name} is stale; run: make docs"


@pytest.mark.parametrize("name", generate.FILES)
def test_a_generated_text_is_the_same_each_time(name: str) -> None:
    text = generate.FILES[name]()
    assert text == generate.FILES[name]()
    assert text.endswith("\n")
    assert not re.search(r"[ \t]\n", text)


@pytest.mark.parametrize("name", ["schema/schema.sql", "schema/dictionary.md", "schema/erd.md"])
def test_a_generated_file_of_the_schema_has_every_table(name: str) -> None:
    text = generate.FILES[name]()
    tables = [table.name for table in metadata.sorted_tables]
    assert len(tables) == 31
    assert [table for table in tables if not re.search(rf"\b{table}\b", text)] == []


def test_the_generated_schema_runs_and_makes_what_migrate_makes(
    postgres: URL, tmp_path_factory: pytest.TempPathFactory
) -> None:
    databases = Databases("postgresql", tmp_path_factory.mktemp("schema"), postgres)
    by_file, by_migrate = databases.missing(), databases.migrated()
    with database.make_engine(by_file).begin() as connection:
        connection.exec_driver_sql(generate.schema_sql())
    columns = (
        "select n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
        "col_description(c.oid, a.attnum) from pg_attribute a join pg_class c on c.oid = a.attrelid "
        "join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped "
        "and n.nspname in ('public', 'survey') and c.relname <> 'alembic_version' order by n.nspname, c.relname, a.attnum"
    )
    constraints = (
        "select conname, pg_get_constraintdef(oid) from pg_constraint "
        "where connamespace = 'survey'::regnamespace order by conname, conrelid::regclass::text"
    )
    for sql in (columns, constraints):
        found = []
        for url in (by_file, by_migrate):
            with database.opened(url, read_only=True) as connection:
                found.append(database.query(connection, sql)[1])
        assert found[0] == found[1]
        assert len(found[0]) > 20


def test_the_dictionary_explains_every_column_of_every_view_and_then_of_every_table() -> None:
    lines = generate.dictionary().splitlines()
    assert [line.removeprefix("### ") for line in lines if line.startswith("### ")] == [
        *content.views("duckdb"),
        *(table.fullname for table in metadata.sorted_tables),
    ]
    for table in metadata.sorted_tables:
        start = lines.index(f"### {table.fullname}")
        assert lines[start + 2] == table.comment
        meaning = [name.strip() for name in lines[start + 4].split("|")].index("meaning")
        rows = [
            [cell.strip() for cell in line.split(" | ")] for line in lines[start + 6 : start + 6 + len(table.columns)]
        ]
        assert [(row[0].strip("| "), row[meaning - 1]) for row in rows] == [(c.name, c.comment) for c in table.columns]
    for name, text in content.views("duckdb").items():
        start = lines.index(f"### {name}")
        assert lines[start + 2] == text.splitlines()[0].removeprefix("-- ")


def test_the_diagram_draws_every_foreign_key() -> None:
    relations = [line for line in generate.diagram().splitlines() if "--o{" in line]
    assert len(relations) == len(list(foreign_keys()))
    assert '    respondents |o--o{ partnerships : "wave, revision, city"' in relations
    assert '    countries ||--o{ partnerships : "country"' in relations


def test_the_drawing_draws_every_foreign_key_that_does_not_follow_from_another_one() -> None:
    text = generate.FILES["schema/erd.svg"]()
    drawn = set(re.findall(r"<title>(\w+) → (\w+)</title>", text))
    every = {(table.name, key.referred_table.name) for table, key in foreign_keys()}
    assert drawn <= every
    left_out = {(holder, target) for holder, target in every - drawn if holder != target}
    # What refers to a respondent or a question refers to its revision.
    assert {target for _, target in left_out} == {"revisions"}
    assert {holder for holder, _ in left_out} == {
        *("answers", "city_actions", "city_difficulties", "partner_pairs", "question_items"),
        "partnerships",
    } - {holder for holder, target in drawn if target == "revisions"}
    ET.fromstring(text)  # noqa: S314  # ours


def test_the_page_of_rules_has_every_rule_with_its_words() -> None:
    lines = generate.rules_page().splitlines()
    for rule in rules().values():
        (row,) = [line for line in lines if re.match(rf"\| \[?{rule.name}\b", line)]
        message = {lang: re.sub(r"\{\w+:s\}", "(s)", rule.message.text(lang)) for lang in ("fr", "en")}
        message = {lang: text.replace("{{n}}", "{n}") for lang, text in message.items()}
        assert f" | {rule.severity} | {message['en']} | " in row
        assert message["fr"] in row


def test_the_page_of_man_is_roff_and_has_every_command_and_option() -> None:
    text = man_page()
    commands = dict(tree("", typer.main.get_command(app)))
    for name, command in commands.items():
        assert not name or f"\n.SS jumelage {name}\n" in text.replace("\\-", "-")
        for one in command.params:
            written = one.opts[0].replace("-", "\\-") if one.opts[0].startswith("-") else (one.metavar or "")
            assert re.search(rf"^\.B .*{re.escape(written)}", text, re.MULTILINE), (name, one.opts)
    for code in ("0", "1", "2", "3", "4", "70"):
        assert f"\n.B {code}\n" in text
    if shutil.which("groff"):
        drawn = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww", "-K", "utf8"], input=text, capture_output=True, text=True, check=True
        )
        assert drawn.stderr == ""
        assert "EXIT STATUS" in re.sub(".\x08", "", drawn.stdout)  # bold is struck twice
