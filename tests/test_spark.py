"""Spark over a lake: the same numbers as DuckDB's, by a real cluster, also when a machine of it dies half-way."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.database.engines.spark_sql import UntranslatableError, translated
from jumelage.errors import DatabaseError
from jumelage.exporting.lake import export_lake
from jumelage.report_file import report, report_names
from jumelage.revisions.scope import find_scope, set_scope
from tests.conftest import Databases, address, run
from tests.spark_cluster import Cluster

Table = tuple[list[str], list[tuple[object, ...]]]
SCOPES = ("2006@1", "2012-demo@1", "2006@1,2012-demo@1")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> URL:
    """2006, a correction of it that was withdrawn, and the synthetic wave."""
    return Databases("duckdb", tmp_path_factory.mktemp("source"), None).shown()


@pytest.fixture(scope="module")
def folder(source: URL, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of it."""
    made = tmp_path_factory.mktemp("lake") / "lake"
    export_lake(source, made)
    return made


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("spark"))
    try:
        made.wait()
        yield made
    finally:
        made.end()


def tables(url: URL, scope: str, names: list[str]) -> Iterator[tuple[str, Table]]:
    """Give the columns and rows of reports, one after the other, in one session."""
    with database.reading(url) as connection:
        set_scope(connection, find_scope(connection, scope))
        for name in names:
            yield name, database.query(connection, report(name).sql)


@pytest.mark.cluster
@pytest.mark.long
@pytest.mark.parametrize("scope", SCOPES)
def test_every_report_has_the_cells_that_duckdb_computes(
    source: URL, folder: Path, cluster: Cluster, scope: str
) -> None:
    names = [name for name in report_names() if "," not in scope or report(name).by_wave]
    expected = dict(tables(source, scope, names))
    for name, found in tables(database.resolve_url(cluster.address(folder)), scope, names):
        assert found == expected[name], name


@pytest.mark.cluster
@pytest.mark.long
def test_an_executor_that_is_killed_half_way_changes_no_number(source: URL, folder: Path, cluster: Cluster) -> None:
    names = [name for name in report_names() if name not in {"bridge", "bridge_towns"}]
    expected = dict(tables(source, "2006@1", names))
    before = cluster.executors()
    for place, (name, found) in enumerate(tables(database.resolve_url(cluster.address(folder)), "2006@1", names)):
        assert found == expected[name], name
        if place == len(names) // 2:  # while the next one runs
            threading.Timer(1, os.kill, (before[0], signal.SIGKILL)).start()
    assert before[0] not in cluster.executors()
    assert "Command exited with code 137" in cluster.told()


@pytest.mark.cluster
@pytest.mark.long
def test_the_commands_say_the_same(source: URL, folder: Path, cluster: Cluster) -> None:
    for command in (
        ("report", "zones", "--wave", "2006"),
        ("report", "zones", "--wave", "2006", "--format", "csv", "--without-inferred"),
        ("waves",),
        ("check", "--wave", "2006"),
        ("explain", "zones", "world/agreements", "--wave", "2006"),
        ("sql", "select count(*) as n from partnerships", "--wave", "2006", "--format", "csv"),
    ):
        told = [run(*command, "--db", db) for db in (address(source), cluster.address(folder))]
        assert told[0] == told[1], command


@pytest.mark.cluster
@pytest.mark.long
def test_nothing_is_written_by_this_way(folder: Path, cluster: Cluster) -> None:
    told = run("withdraw", "2006@1", "--reason", "no", "--db", cluster.address(folder))
    assert (told.code, "is only read" in told.err) == (2, True)


@pytest.mark.parametrize(
    "url",
    [
        "sparkconnect://host",
        "sparkconnect://?lake=/a",
        "sparkconnect://host/name?lake=/a",
        "sparkconnect://host?lake=/a&x=1",
        "sparkconnect://me:secret@host?lake=/a",
        "sparkconnect://host:port?lake=/a",
    ],
)
def test_an_address_without_server_or_lake_is_refused(url: str) -> None:
    told = run("report", "zones", "--db", url)
    assert told.code == 2
    assert "sparkconnect://host:15002?lake=" in told.err
    assert "secret" not in told.err


def test_a_lake_is_looked_at_before_a_server_is_asked(tmp_path: Path) -> None:
    told = run("report", "zones", "--db", f"sparkconnect://127.0.0.1:1?lake={tmp_path}")
    assert (told.code, "is no lake" in told.err) == (3, True)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select percentile_disc(0.5) within group (order by x) from t", "approximation"),
        ("select array_agg(x order by y) from t", "loses its order"),
        ("select * from t where x similar to 'a%'", "another pattern"),
        ("select * from t where x ~ 'a'", "regular expressions"),
        ('select x collate "C" from t', "collations"),
        ("select distinct on (x) x, y from t order by x, y", "distinct on"),
        ("select * from t, lateral (select t.x) u", "lateral"),
        ("select random() from t", "random"),
        ("select a_function_that_nobody_knows(x) from t", "not known"),
        ("drop table t", "not one query"),
        ("select 1; select 2", "not one query"),
        ("insert into t select 1", "not one query"),
    ],
)
def test_what_would_be_read_differently_is_refused(sql: str, why: str) -> None:
    with pytest.raises(UntranslatableError, match=why):
        translated(sql)


def test_every_report_and_view_is_translated() -> None:
    from jumelage import content

    for text in (*content.views("spark").values(), *(report(name).sql for name in report_names())):
        assert translated(text)[0]


def test_a_view_that_is_written_once_per_engine_has_the_same_columns_on_each() -> None:
    from sqlglot import parse_one
    from sqlglot.expressions import Query

    from jumelage import content

    for name in content.views("spark"):
        texts = {engine: content.views(engine)[name] for engine in ("duckdb", "postgresql", "spark")}
        trees = [parse_one(text, read="postgres") for text in texts.values()]
        columns = {tuple(tree.named_selects) for tree in trees if isinstance(tree, Query)}
        assert len(columns) == 1, (name, columns)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select string_agg(a, ', ' order by b) as s from t", "LISTAGG(a, ', ') WITHIN GROUP (ORDER BY b NULLS LAST)"),
        ("select percentile_cont(0.5) within group (order by x) as p from t", "PERCENTILE_CONT(0.5) WITHIN GROUP"),
        ("select a from t order by a", "NULLS LAST"),
        ("select 'it''s' as \"a b\" from survey.cities", "`a b` FROM survey__cities AS cities"),
    ],
)
def test_what_is_translated_says_the_same(sql: str, expected: str) -> None:
    assert expected in translated(sql)[0]


def test_a_server_that_does_not_answer_is_an_error_of_the_database(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jumelage.database.engines import spark_session

    def refused(_: object) -> None:
        raise OSError(111, "Connection refused")

    monkeypatch.setattr(spark_session.Session, "_open", refused)
    url = database.resolve_url(f"sparkconnect://127.0.0.1:1?lake={folder}")
    with pytest.raises(DatabaseError, match="does not answer"), database.reading(url):
        pass
