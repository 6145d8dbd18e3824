"""The queries that a wave brings: what they may use, and that whatever they are they only read, and end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.content import root
from jumelage.database import sandbox, wave_queries
from jumelage.database.sandbox import Answer, door
from tests.conftest import WaveFolder, address, run
from tests.test_load import content

ENDLESS = "with recursive a(n) as (select 1 union all select a.n % 2 from a) select a.n from a where a.n < 0"


@pytest.fixture(scope="module")
def bench() -> Iterator[Connection]:
    with database.in_memory().connect() as connection:
        yield connection


@pytest.mark.parametrize(
    ("sql", "used"),
    [
        ("select pg_sleep(9)", "function pg_sleep"),
        ("select PG_SLEEP(9)", "function pg_sleep"),
        ('select "pg_sleep"(9)', "function pg_sleep"),
        ("select pg_catalog.count(*) from cities", "function pg_catalog.count"),
        ("select pg_advisory_lock(6974829)", "function pg_advisory_lock"),
        ("select lo_create(0), lo_export(1, '/tmp/x')", "function lo_create, function lo_export"),
        ("select pg_read_file('/etc/passwd')", "function pg_read_file"),
        ("select pg_notify('a', 'b')", "function pg_notify"),
        ("select set_config('statement_timeout', '0', false)", "function set_config"),
        ("select * from dblink('', 'select 1') d", "function dblink"),
        ("select query_to_xml('select 1', true, true, '')", "function query_to_xml"),
        ("select getenv('HOME')", "function getenv"),
        ("select current_setting('x')", "function current_setting"),
        ("select getvariable('jumelage_scope')", "function getvariable"),
        ("select repeat('x', 3000000000)", "function repeat"),
        ("select * from generate_series(1, 9)", "function generate_series"),
        ("select * from read_text('/etc/hostname')", "function read_text"),
        ("select * from query('select 1')", "function query"),
        ("select nextval('s')", "function nextval"),
        ("select current_user", "function current_user"),
        ("select r.city from respondents r order by pg_sleep(1)", "function pg_sleep"),
        ("select r.city from respondents r limit (select pg_sleep(1))", "function pg_sleep"),
        ("select count(*) filter (where pg_sleep(1) is null) over (order by pg_sleep(2)) from cities", "function pg_sleep"),
        ("select c.name from cities c join lateral (select pg_sleep(1)) s on true", "function pg_sleep"),
        ("select case when exists (select pg_sleep(1)) then 1 end", "function pg_sleep"),
        ("select 'a' ~ '(a*)*b'", "function regexp_matches"),
        ("select 2 ^ 9", "operator ^"),
        ("select 1 operator(pg_catalog.+) 2", "function pg_catalog.+"),
        ("select 'x'::regclass", "type regclass"),
        ("select cast(c.name as xml) from cities c", "type xml"),
        ('select c.code collate "C" from cities c', "collate"),
        ("select * from pg_shadow", "relation pg_shadow"),
        ("select * from pg_catalog.pg_shadow", "relation pg_catalog.pg_shadow"),
        ("select * from information_schema.tables", "relation information_schema.tables"),
        ("select * from survey.revisions", "relation survey.revisions"),
        ("select * from duckdb_secrets()", "function duckdb_secrets"),
        ("select * from '/etc/hosts'", "relation /etc/hosts"),
        ("select * from Cities", "relation Cities"),
        # a name of `with` hides no relation where it does not stand
        ("with pg_shadow as (select usename from pg_shadow) select 1", "relation pg_shadow"),
        ('with "Pg_Shadow" as (select 1 as a) select * from Pg_Shadow', "relation Pg_Shadow"),
        ("select * from pg_shadow where exists (with pg_shadow as (select 1) select 1)", "relation pg_shadow"),
        ("with d as (delete from survey.partnerships returning 1) select * from d", "delete_query"),
        ("with d as (copy (select 1) to '/tmp/x') select 1", "copy_query"),
        ("select $1", "parameter"),
        ("select array[1]", "array_constructor"),
        ("pivot cities on code", "more than one query"),
        ("select 1; select 2", "more than one query"),
        # what the engines read differently, so that another query could stand in it
        ("select 1 /* a /* b */ c */", "/*"),
        ("select E'\\'' ", "\\"),
        ("select $$a$$", "$$"),
        ("select u&'a'", "u&'"),
        ("select 1 -- a\r, pg_sleep(9)", "control character"),
        ("select " + "(" * 3000 + "1" + ")" * 3000, "Max expression depth"),
        ("select 1" + " + 1" * 900, "beyond measure"),
        ("select 1 --" + "x" * 30_000, "characters"),
    ],
)  # fmt: skip
def test_what_a_query_may_not_use_is_named(bench: Connection, sql: str, used: str) -> None:
    assert used in wave_queries.why_not(bench, sql)


ALLOWED = """\
select r.city, q.city from respondents r cross join respondents q -- two of a name
with recursive a(n) as (select 1 union all select a.n + 1 from a where a.n < 9) select max(a.n) from a
with a as (select 1 as x), b as (select a.x from a) select b.x, (select count(*) from a) from b
select substring(c.name from 1 for 2), position('a' in c.name) from cities c where c.name like 'L%'
select extract(year from w.reference_date) from waves w where not exists (select 1 from zones z where z.code = 'x')
select cast(sum(f.value) as numeric(18, 8)) from published_figures f group by rollup(f.report)
select rank() over (order by count(*) desc) from partnerships p group by p.country having count(*) > 1
select * from (values (1, 'a')) v union all select 2, 'b' order by 1 limit 5
"""


@pytest.mark.parametrize("sql", ALLOWED.splitlines())
def test_what_reads_the_views_may_run(bench: Connection, both: dict[str, URL], sql: str) -> None:
    assert wave_queries.why_not(bench, sql) == ""
    for url in both.values():
        assert asked(url, sql)[sql].failed == ""


def asked(url: URL, *queries: str) -> dict[str, Answer]:
    with database.reading(url) as connection, door(connection) as through:
        return through.ask((), queries)


def test_a_row_is_told_alike_by_every_engine(both: dict[str, URL]) -> None:
    sql = "select w.wave, w.reference_date, cast(1.50 as numeric(18, 2)) as number, null as nothing from waves w"
    answers = [asked(url, sql)[sql] for url in both.values()]
    said = "1 row speaks against it, the first: wave: 2006; reference_date: 2006-03-31; number: 1.5; nothing: None"
    assert [answer.told() for answer in answers] == [said, said]


def test_what_fails_leaves_the_others_their_answers(wave_2006: URL) -> None:
    fails, holds, many = (
        "select cast(r.city || 'x' as integer) from respondents r",
        "select r.city from respondents r where r.population < 0",
        "select p.city from partnerships p cross join partnerships q",
    )
    found = asked(wave_2006, fails, holds, many)
    assert found[fails].failed
    assert found[holds] == Answer()
    assert found[many].told().startswith("more than 1000 rows speak against it, the first: ")


@pytest.mark.parametrize(
    "sql",
    [
        ENDLESS,
        "select count(*) from cities a, cities b, cities c, cities d, cities e, cities f, cities g, cities h, cities i",
        # doubles a text until nothing holds it
        "with recursive a(n) as (select 'x' union all select a.n || a.n from a) select length(a.n) from a where a.n = ''",
    ],
)
def test_a_bomb_ends_in_time_and_the_next_query_is_answered(
    wave_2006: URL, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 0.7)
    monkeypatch.setattr(sandbox, "_GRACE", 0.5)
    since = time.monotonic()
    after = "with z as (select 1 as a) select z.a from z"  # sorted, it is asked after the bomb
    found = asked(wave_2006, sql, after)
    assert time.monotonic() - since < 30
    assert found[sql].failed
    assert found[after].rows == 1


def test_all_bombs_together_end_in_time(wave_2006: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 0.4)
    monkeypatch.setattr(sandbox, "ALL_SECONDS", 0.6)
    bombs = [f"{ENDLESS} and {number} = {number}" for number in range(20)]
    since = time.monotonic()
    found = asked(wave_2006, *bombs)
    assert time.monotonic() - since < 30
    assert all(answer.failed for answer in found.values())
    assert "took too long together" in list(found.values())[-1].failed


@pytest.mark.parametrize(
    "sql",
    [
        "select repeat('x', 3000000000)",
        "select length(replace(repeat('x', 1000000), 'x', repeat('y', 3000)))",
        "select * from read_text('/etc/hostname')",
        "select * from '/etc/hosts'",
        "with d as (delete from survey.partnerships returning 1) select * from d",
        "with d as (copy (select 1) to 'pwned') select 1",
        "select 1) as a; delete from survey.partnerships; select (1",
        "select count(*) from duckdb_secrets() having count(*) > 0",
    ],
)
def test_the_process_holds_even_where_the_list_would_not(
    both: dict[str, URL], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sql: str
) -> None:
    """The list of what may be used and what the process allows are two walls: here the first is taken away."""
    url = both["duckdb"]
    monkeypatch.setattr(sandbox, "why_not", lambda *_: "")
    monkeypatch.chdir(tmp_path)
    before = content(url)
    answer = asked(url, sql)[sql]
    assert answer.failed or not answer.rows
    assert content(url) == before
    assert list(tmp_path.iterdir()) == []


def test_what_is_refused_is_said_when_the_wave_is_loaded(migrated: URL, folder_2006: WaveFolder) -> None:
    folder_2006.append("claims.csv", 'c,p,1,towns,Ainsi,So,figure,"select pg_sleep(9), counts(*) from citties"')
    folder_2006.replace("wave.toml", "full join listed l", "full join nowhere l")
    done = run("load", folder_2006.path, "--db", address(migrated))
    assert done.code == 1
    assert "uses the function pg_sleep, which is not among what a query of a wave may use" in done.err
    assert "uses the function counts" in done.err
    assert (
        "uses the relation citties, which is not among what a query of a wave may use; did you mean cities" in done.err
    )
    assert "wave.toml, key explanations.evidence" in done.err
    assert "the relation nowhere" in done.err


def test_the_page_says_where_the_list_is() -> None:
    assert "schema/wave_queries.toml" in (root() / "docs" / "waves.md").read_text(encoding="utf-8")
