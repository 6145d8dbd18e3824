"""The dictionary: what is said of every view, table and column, in the database, by `schema` and in the pages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from jumelage import content, database
from jumelage.database import migrate, views
from jumelage.database.dictionary import relations
from jumelage.database.engines import OURS, engine_of
from jumelage.database.models import foreign_keys, metadata
from jumelage.publication.snapshot import write_snapshot
from jumelage.revisions.scope import find_scope

from .conftest import ROOT, Databases, run
from .generate import MISSING

COMMENTS = {
    "duckdb": "select table_name, column_name, comment from duckdb_columns() "
    "where schema_name = 'main' and not internal and database_name = current_database() and table_name <> 'alembic_version'",
    "postgresql": "select c.relname, a.attname, col_description(c.oid, a.attnum) from pg_class c "
    "join pg_attribute a on a.attrelid = c.oid where c.relkind = 'v' and c.relnamespace = 'public'::regnamespace "
    "and a.attnum > 0",
}
# Views that have no row in the scope of one wave, or of this one.
NOTHING_IN_2006 = {
    "apart_partnerships",
    "asked_items",
    "ended_partnerships",
    "followed_towns",
    "paired_partners",
    "paired_towns",
    "panel",
    "partner_pairs",
    "successors",
    "wave_pairs",
}


def comments(connection: Connection) -> dict[tuple[str, str], str | None]:
    rows = database.query(connection, COMMENTS[engine_of(connection).name])[1]
    return {(view, column): comment for view, column, comment in rows}


def test_every_column_of_every_view_has_a_comment_in_the_database(wave_2006: URL) -> None:
    with database.reading(wave_2006) as connection:
        found = comments(connection)
        assert len(engine_of(connection).views(connection)) == len(content.views("duckdb"))
    assert {view for view, _ in found} == set(content.views("duckdb"))
    assert [column for column, comment in found.items() if not (comment or "").endswith((".", "?"))] == []
    assert len(found) > 300


def test_a_column_that_passes_through_says_what_the_models_say(wave_2006: URL) -> None:
    with database.reading(wave_2006) as connection:
        found = comments(connection)
    table = metadata.tables["survey.partnerships"]
    for view in ("listed_agreements", "agreements_in_force", "partnerships"):
        assert found[view, "partner_key"] == table.columns["partner_key"].comment
    assert found["respondents", "kind"] == metadata.tables["survey.cities"].columns["kind"].comment
    assert found["answers", "kind"] == found["respondents", "kind"]
    assert found["questions", "kind"] == metadata.tables["survey.questions"].columns["kind"].comment


def test_the_words_of_the_dictionary_are_those_of_columns_that_there_are() -> None:
    from jumelage.database.words import _said

    known = relations()
    said = _said()
    assert list(said["views"]) == list(content.views("duckdb"))
    for view, words in said["views"].items():
        assert set(words) <= {"of", "example", "columns"}
        assert set(words["of"]) <= set(known), view
        assert set(words.get("columns", {})) <= {field.name for field in known[view].fields}, view
    for table, columns in said["tables"].items():
        assert set(columns) <= {field.name for field in known[f"survey.{table}"].fields}, table
    lists = set(content.code_lists()) | {f"answer_codes.{row['list']}" for row in content.code_list("answer_codes")}
    codes = {field.words.codes for relation in known.values() for field in relation.fields} - {None}
    assert codes <= lists


def test_each_way_of_being_missing_is_explained() -> None:
    codes = {
        row["code"] for row in content.code_list("answer_codes") if row["list"] in {"answers", "responses", "no_date"}
    }
    assert set(MISSING) == codes - {"yes", "no", "responded"}
    page = (ROOT / "schema" / "dictionary.md").read_text(encoding="utf-8")
    for code in (*(f"`{code}`" for code in MISSING), *(row["code"] for row in content.code_list("zones"))):
        assert f"| {code} |" in page


def test_no_words_are_written_that_pass_through_anyway() -> None:
    from jumelage.database.words import _passed_through, _said

    for view, words in _said()["views"].items():
        for column, own in words.get("columns", {}).items():
            passed = _passed_through(words, column)
            assert passed is None or passed.meaning != (own if isinstance(own, str) else own["meaning"]), (view, column)


def test_a_database_without_comments_gets_them_at_the_next_migrate(
    migrated: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing(migrated) as connection:
        full = comments(connection)
        monkeypatch.setattr(views, "describe", lambda _connection: None)
        views.drop(connection)
        views.create(connection)
        monkeypatch.undo()
        assert set(comments(connection).values()) == {None}
        # As a jumelage before this one left it: with a hash of the views alone.
        monkeypatch.setattr(content, "dictionary_text", lambda: "")
        before = database.content_hash(connection, "views")
        monkeypatch.undo()
        assert before != database.content_hash(connection, "views")
        connection.exec_driver_sql(f"update survey.installed set hash = '{before}' where part = 'views'")
    with database.creating(migrated) as connection:
        assert migrate.migrate(connection).parts == ("views",)
    with database.reading(migrated) as connection:
        assert comments(connection) == full
        assert migrate.plan(connection).empty


@pytest.mark.on_duckdb
def test_a_snapshot_has_the_comments_too(wave_2006: URL, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("snapshot") / "snapshot.duckdb"
    with database.reading(wave_2006) as connection:
        write_snapshot(connection, find_scope(connection, "2006"), path)
    with database.reading(database.resolve_url(str(path))) as connection:
        assert None not in comments(connection).values()
        assert database.query(connection, "select comment from duckdb_views() where view_name = 'settings'")[1][0][
            0
        ].startswith(OURS)


def test_an_example_of_each_view_gives_the_same_on_both_engines(both: dict[str, URL]) -> None:
    found = {}
    for engine, url in both.items():
        with database.reading(url) as connection:
            found[engine] = {
                name: database.query(connection, relation.example)
                for name, relation in relations().items()
                if relation.view
            }
    assert found["duckdb"] == found["postgresql"]
    assert set(found["duckdb"]) == set(content.views("duckdb"))
    assert {name for name, (_, rows) in found["duckdb"].items() if not rows} == NOTHING_IN_2006


def test_schema_needs_no_database_and_describes_one_or_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one = run("schema", "respondents")
    assert (one.code, one.err) == (0, "")
    assert one.out.startswith("## respondents\n\nEvery town of the sampling frame")
    assert (
        "| response | text | Outcome of the contact. |  | answer_codes.responses | Did the town answer? | 0002 |"
        in one.out
    )
    assert run("schema", "Survey.Respondents").out.startswith("## survey.respondents\n")
    assert run("schema", "revisions").out.startswith("## survey.revisions\n")
    every = run("schema")
    assert re.findall(r"^## (\S+)$", every.out, re.MULTILINE) == list(relations())
    assert list(tmp_path.iterdir()) == []


def test_schema_as_json_has_every_column_with_what_is_known() -> None:
    found = json.loads(run("schema", "--format", "json").out)
    assert [one["name"] for one in found] == list(relations())
    (one,) = json.loads(run("schema", "town_agreements", "--format", "json").out)
    assert one in found
    assert (one["kind"], [column["name"] for column in one["columns"]]) == (
        "view",
        ["wave", "city", "agreements", "kind"],
    )
    assert one["columns"][1] | {"since": "0002", "codes": "cities", "unit": None} == one["columns"][1]
    assert one["columns"][2] == {
        "name": "agreements",
        "type": "integer",
        "comment": "Number of its listed agreements in force.",
        "unit": "agreements",
        "codes": None,
        "question": "With which partners does the town have twinnings or cooperation agreements?",
        "since": None,
        "primary": False,
        "refers": [],
    }


def test_schema_as_dbml_has_every_table_and_every_foreign_key() -> None:
    text = run("schema", "--format", "dbml").out
    assert re.findall(r"^Table (\S+) \{$", text, re.MULTILINE) == list(relations())
    assert text.count("\nRef: ") == len(list(foreign_keys()))
    assert "Ref: survey.partnerships.(wave, revision, city) > survey.respondents.(wave, revision, city)\n" in text
    assert "\n  code text [pk, not null, note: 'Code, never reused.']\n" in text
    assert "the survey\\'s themes" in text
    assert "Ref: " not in run("schema", "survey.partnerships", "--format", "dbml").out


@pytest.mark.parametrize(
    ("name", "near"), [("respondant", "respondents"), ("survey.partnership", "survey.partnerships")]
)
def test_a_table_that_there_is_not_is_a_usage_error_with_near_names(name: str, near: str) -> None:
    done = run("schema", name)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: there is no view or table '{name}'; did you mean {near}")
    assert "il n’y a ni vue ni table" in run("schema", name, "--lang", "fr").err


def test_types_are_those_of_postgresql(postgres: URL, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whole numbers are called integer, and what is summed up of them too."""
    url = Databases("postgresql", tmp_path_factory.mktemp("types"), postgres).migrated()
    sql = (
        "select case table_schema when 'survey' then 'survey.' else '' end || table_name, column_name, data_type "
        "from information_schema.columns where table_schema in ('public', 'survey') and table_name <> 'alembic_version'"
    )
    same = {"bigint": "integer", "timestamp without time zone": "timestamp"}
    with database.reading(url) as connection:
        found = {(table, column): same.get(kind, kind) for table, column, kind in database.query(connection, sql)[1]}
    said = {
        (one.name, column.name): column.type.partition("(")[0] for one in relations().values() for column in one.fields
    }
    assert {column: kind for column, kind in said.items() if found[column] != kind} == {
        column: "integer" for column, kind in found.items() if kind == "numeric" and said[column] == "integer"
    }
    assert set(said) == set(found)
