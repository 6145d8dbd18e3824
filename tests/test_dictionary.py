"""The dictionary: what is said of every view, table and column, in the database, by `schema` and in the pages."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from jumelage import content, database
from jumelage.database import migrate, views
from jumelage.database.dictionary import relations
from jumelage.database.engines import OURS, engine_of
from jumelage.database.models import metadata
from jumelage.publication.snapshot import write_snapshot
from jumelage.revisions.scope import find_scope

COMMENTS = {
    "duckdb": "select table_name, column_name, comment from duckdb_columns() "
    "where schema_name = 'main' and not internal and database_name = current_database() and table_name <> 'alembic_version'",
    "postgresql": "select c.relname, a.attname, col_description(c.oid, a.attnum) from pg_class c "
    "join pg_attribute a on a.attrelid = c.oid where c.relkind = 'v' and c.relnamespace = 'public'::regnamespace "
    "and a.attnum > 0",
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
