"""Queries of analysts: that they get what they ask, are told where they are wrong, and get out of nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.database import asking, free_queries
from jumelage.database.asking import Limits
from jumelage.database.statements import Statement, filled_in, parameters, split
from jumelage.errors import JumelageError, LimitError, UsageError
from jumelage.querying.desk import Desk, open_desk
from jumelage.revisions.scope import find_scope
from tests.conftest import ENGINES, ROOT, address, run
from tests.test_load import content

ESCAPES = [
    line
    for line in (ROOT / "tests" / "data" / "escapes.sql.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
ENDLESS = "with recursive a(n) as (select 1 union all select a.n + 1 from a) select count(*) from a"
BOMBS = {
    "a recursion": ENDLESS,
    "a cross join": "select count(*) from cities a, cities b, cities c, cities d, cities e, cities f, cities g, cities h",
    "a text that doubles": (
        "with recursive a(n) as (select 'x' union all select a.n || a.n from a) select max(length(a.n)) from a"
    ),
    "rows without end": "with recursive a(n) as (select 1 union all select a.n + 1 from a) select a.n from a",
    "a sort of much": (
        "with recursive a(n) as (select 1 union all select a.n + 1 from a where a.n < 200000) "
        "select max(x.n) from (select p.n, row_number() over (order by p.n * q.n) as r from a p, a q) x"
    ),
}
# These are refused on PostgreSQL, where a server answers.
BOMBS_OF_DUCKDB = {
    "a huge text": "select length(repeat('x', 4000000000))",
    "many huge texts": "select max(length(repeat('x', 100000000) || range)) from range(1000)",
    "a long list": "select len(range(1000000000))",
    "a long series": "select count(distinct range) from range(100000000000)",
    "a huge list of texts": "select list_sort(list(repeat('x', 100000) || range)) from range(1000000)",
    "a text replaced": "select length(replace(repeat('x', 1000000), 'x', repeat('y', 3000)))",
    "padding": "select length(lpad('x', 2000000000, 'y'))",
    "an aggregate of texts": "select length(string_agg(repeat('x', 1000000), '')) from range(10000)",
    "a factorial": "select sum(factorial(20)) from range(100000000000)",
    "a regular expression": "select count(*) from range(100000000000) where regexp_matches(range::text, '(a*)*b')",
    "brackets": "select " + "(" * 3000 + "1" + ")" * 3000,
    "a long sum": "select 1" + " + 1" * 5000,
}


@pytest.fixture(scope="module", params=ENGINES)
def desk(request: pytest.FixtureRequest, both: dict[str, URL]) -> Iterator[Desk]:
    with (
        database.reading(both[request.param]) as connection,
        open_desk(connection, find_scope(connection, None), Limits(20, 500)) as opened,
    ):
        yield opened


def answer(desk: Desk, sql: str, /, **values: str) -> list[tuple[object, ...]]:
    return [desk.rows(one).rows for one in desk.read(sql, values)][-1]


def test_there_are_many_escapes() -> None:
    assert len(ESCAPES) >= 120
    assert len(set(ESCAPES)) == len(ESCAPES)


@pytest.mark.parametrize("engine", ENGINES)
def test_no_query_gets_out(both: dict[str, URL], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    monkeypatch.chdir(tmp_path)
    before = content(both[engine])
    got_out = []
    with (
        database.reading(both[engine]) as connection,
        open_desk(connection, find_scope(connection, None), Limits(5, 300)) as desk,
    ):
        for sql in ESCAPES:
            try:
                for statement in desk.read(sql):
                    desk.rows(statement, 10)
            except (UsageError, LimitError):
                continue
            got_out.append(sql)
        assert answer(desk, "select count(*) from partnerships") == [(100,)]
    assert got_out == []
    assert content(both[engine]) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "sql", ["select 1 -- ) as given; drop table survey.cities", "select '; drop table survey.cities; --'"]
)
def test_what_only_looks_like_an_escape_is_answered(desk: Desk, sql: str) -> None:
    assert len(answer(desk, sql)) == 1


def test_the_process_holds_where_the_list_would_not(
    both: dict[str, URL], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of what may be used and what the process allows are two walls: here the first is taken away."""
    url = both["duckdb"]
    before, database_bytes = content(url), Path(str(url.database)).read_bytes()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWNED", "secret of the environment")
    monkeypatch.setattr(asking, "refused", lambda *_, **__: [])
    told = []
    with (
        database.reading(url) as connection,
        open_desk(connection, find_scope(connection, None), Limits(3, 300)) as desk,
    ):
        for sql in (*ESCAPES, "select getenv('PWNED')", "select * from duckdb_settings()"):
            if "sleep" in sql:
                continue
            try:
                statement = Statement(sql, "", ((0, 0),), sql)
                told += [str(desk.rows(statement, 100).rows)]
                b"".join(desk.copied(statement, "csv"))
            except JumelageError:
                pass
    text = "".join(told)
    hosts, users = Path("/etc/hostname").read_text(encoding="utf-8").strip(), "root:x:0:0"
    assert users not in text
    assert "secret of the environment" not in text
    assert f"'{hosts}" not in text
    assert content(url) == before
    assert Path(str(url.database)).read_bytes() == database_bytes
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("engine", "sql"),
    [
        *((engine, sql) for engine in ENGINES for sql in BOMBS.values()),
        *(("duckdb", sql) for sql in BOMBS_OF_DUCKDB.values()),
    ],
    ids=[*(f"{engine}-{name}" for engine in ENGINES for name in BOMBS), *BOMBS_OF_DUCKDB],
)
def test_a_bomb_ends_in_time_and_the_desk_goes_on(both: dict[str, URL], engine: str, sql: str) -> None:
    with (
        database.reading(both[engine]) as connection,
        open_desk(connection, find_scope(connection, None), Limits(1.0, 300)) as desk,
    ):
        since = time.monotonic()
        with pytest.raises((LimitError, UsageError)):
            answer(desk, sql)
        assert time.monotonic() - since < 15
        assert answer(desk, "select count(*) from partnerships") == [(100,)]


def test_whoever_stops_reading_ends_the_query(both: dict[str, URL]) -> None:
    with (
        database.reading(both["duckdb"]) as connection,
        open_desk(connection, find_scope(connection, None), Limits(30, 300)) as desk,
    ):
        (many,) = desk.read("select * from range(100000000)")
        pieces = desk.copied(many, "csv")
        assert next(pieces).startswith(b"range\n0\n1\n")
        pieces.close()  # type: ignore[attr-defined]
        assert answer(desk, "select count(*) from partnerships") == [(100,)]


def test_a_file_of_a_million_rows_is_whole(both: dict[str, URL]) -> None:
    with (
        database.reading(both["duckdb"]) as connection,
        open_desk(connection, find_scope(connection, None), Limits(60, 300)) as desk,
    ):
        (many,) = desk.read("select range as a, 'é' || range as b from range(1000000)")
        text = b"".join(desk.copied(many, "csv")).decode()
        assert text.startswith("a,b\n0,é0\n")
        assert text.endswith("\n999999,é999999\n")
        assert text.count("\n") == 1_000_001
        assert sum(piece.count(b"\n") for piece in desk.copied(many, "jsonl")) == 1_000_000


# --- what is answered, and how it is told --------------------------------------------------------------------

ODD = """\
select 1 as number, 1.50 as exact, 'a"b' as quoted, 'c,d' as comma, '' as empty, cast(null as varchar) as nothing,
true as yes, date '2006-03-31' as day, 'é\u202f—' as accents, '<script>' as hostile
"""


def test_values_come_as_they_are(desk: Desk) -> None:
    (statement,) = desk.read(ODD)
    (row,) = csv.reader(io.StringIO(b"".join(desk.copied(statement, "csv")).decode().split("\n", 1)[1]))
    assert row[:2] == ["1", "1.50"]
    assert row[2:6] == ['a"b', "c,d", "", ""]
    assert row[6] in {"true", "t"}
    assert row[7:] == ["2006-03-31", "é\u202f—", "<script>"]
    (line,) = b"".join(desk.copied(statement, "jsonl")).decode().splitlines()
    found = json.loads(line)
    assert found["nothing"] is None
    assert (found["empty"], found["quoted"], found["yes"]) == ("", 'a"b', True)
    parquet = b"".join(desk.copied(statement, "parquet"))
    assert parquet[:4] == parquet[-4:] == b"PAR1"


def test_parameters_are_values_and_never_sql(desk: Desk) -> None:
    sql = "select '$not' as a, $text as b, count(*) as n from zones where code = $text -- $nor"
    assert answer(desk, sql, text="eu") == [("$not", "eu", 1)]
    assert answer(desk, sql, text="x' or '1' = '1") == [("$not", "x' or '1' = '1", 0)]
    assert answer(desk, "select count(*) from zones where position < $n", n="3") == [(2,)]
    with pytest.raises(UsageError, match=r"no value is given for \$text"):
        desk.read(sql)


def test_several_statements_are_a_script_of_queries(desk: Desk) -> None:
    found = desk.read("select 1; -- a; b\nselect ';' as c;;\n ; select 3 as d -- end;")
    assert [desk.rows(one).rows for one in found] == [[(1,)], [(";",)], [(3,)]]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select 'é', 1 frm x y", "line 1, column 19: syntax error"),
        ("select 1;\nselect nix\n  from partnerships", "line 2, column 8"),
        ("select 'é' as a, p.nix from partnerships p", "line 1, column 18"),
        ("select *\nfrom partnership", "line 2, column 6: there is no table partnership"),
        ("select count(*)\nfrom partnership", "did you mean partnerships"),
        ("select 1 as a, 2 as A", "several columns are called a"),
        ("select * from partnerships p, cities c", "several columns are called"),
        ("", "there is no query"),
        (" ; -- nothing\n", "there is no query"),
        ("update survey.cities set name = 'x'", "a query only reads"),
        ("select 'Köln' where city = $a", "no value is given"),
        ("show tables", "a query may not use this: show"),
        ("select\u00a0'a\u00a0é' as a,\u3000nix\u00a0from zones", "line 1, column 20: "),
        ("select '\ud800' as a", "not valid Unicode: U+D800 at character 9"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(desk: Desk, sql: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        answer(desk, sql)
    assert said.lower() in str(caught.value).lower()


def test_all_that_is_wrong_is_told_at_once(desk: Desk) -> None:
    with pytest.raises(UsageError) as caught:
        desk.read("select getenv('HOME'), pg_sleep(1) from nowhere;\nselect * from nothing")
    told = str(caught.value)
    assert all(name in told for name in ("getenv", "pg_sleep", "nowhere", "nothing"))
    assert "line 2" in told


def test_a_plan_is_shown_and_its_query_is_held_too(desk: Desk) -> None:
    (statement,) = desk.read("explain select * from zones")
    assert statement.explain == "explain"
    assert desk.rows(statement).rows
    with pytest.raises(UsageError):
        desk.read("explain analyze select getenv('HOME')")


def test_spaces_of_other_kinds_are_spaces_but_in_a_text(desk: Desk) -> None:
    """They come with what is pasted from a page or a letter."""
    text = "select\u00a0'a\u00a0b\u3000c' as a;\u00a0select\u2003count(*) as n from zones"
    assert [desk.rows(one).rows for one in desk.read(text)] == [[("a\u00a0b\u3000c",)], [(8,)]]


def test_a_parameter_has_the_type_of_its_value(desk: Desk) -> None:
    values = {"a": 10, "b": 9, "c": -3, "d": Decimal("1.50"), "e": date(2006, 1, 2), "f": 0.1, "g": True, "h": "10"}
    text = "select $a > $b as greater, 5 + $c as c, $d as d, $e as e, $f as f, $g as g, $h || '' as h"
    (statement,) = desk.read(text, values)
    ((greater, c, d, e, f, g, h),) = desk.rows(statement).rows
    assert (greater, c, str(d), str(e), float(f), g, h) == (True, 2, "1.50", "2006-01-02", 0.1, True, "10")


def test_places_go_through_parameters_to_the_text_as_it_was_written() -> None:
    text = "select 'ü';\nexplain select $a, x from t"
    with duckdb.connect() as connection:
        second = split(connection, text)[1]
    filled = filled_in(second, {"a": "a longer value"})
    assert filled.place(filled.sql.encode().index(b"x from")) == (2, 20, "explain select $a, x from t")
    assert parameters("select '$a', \"$b\", $c -- $d") == [(19, 21, "c")]


def test_what_may_be_called_is_there() -> None:
    """A name that no function has is a slip in the list."""
    with duckdb.connect() as connection:
        known = {name for (name,) in connection.execute("select function_name from duckdb_functions()").fetchall()}
        grammar = {
            "grouping",
            "grouping_id",
            "ifnull",
            "current_timestamp",
            "percentile_cont",
            "percentile_disc",
            "nullif",
        }
        listed = free_queries.allowed(by_a_process=True).functions
        base = free_queries.allowed(by_a_process=False).functions
    assert listed - base - known - grammar == set()


# --- the command ---------------------------------------------------------------------------------------------


def test_the_command_answers_in_every_form(shown: URL, tmp_path: Path) -> None:
    db = ("--db", address(shown))
    query = "select country, count(*) as agreements from partnerships group by country order by 2 desc, 1 limit 2"
    assert run("sql", query, *db).out.split()[-4:] == ["DE", "24", "GB", "16"]
    assert run("sql", query, *db, "--format", "csv").out == "country,agreements\nDE,24\nGB,16\n"
    assert json.loads(run("sql", query, *db, "--format", "json").out) == [
        {"country": "DE", "agreements": 24},
        {"country": "GB", "agreements": 16},
    ]
    assert run("sql", query, *db, "--format", "md").out.splitlines()[2] == "| DE | 24 |"
    labelled = run("sql", query, *db, "--format", "csv", "--labels", "--lang", "fr").out
    assert labelled == "country,country_label,agreements\nDE,Allemagne,24\nGB,Royaume-Uni,16\n"
    for form in ("parquet", "xlsx"):
        made = tmp_path / f"x.{form}"
        assert run("sql", query, *db, "--format", form, "-o", made).code == 0
        reader = "read_parquet" if form == "parquet" else None
        if reader:
            assert duckdb.connect().execute(f"from {reader}('{made}')").fetchall() == [("DE", 24), ("GB", 16)]
        else:
            import openpyxl

            sheet = openpyxl.load_workbook(made).worksheets[0]
            assert list(sheet.values) == [("country", "agreements"), ("DE", 24), ("GB", 16)]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("select 1",), 0),
        (("select nix",), 2),
        (("delete from survey.cities",), 2),
        ((ENDLESS, "--timeout", "0.5"), 4),
        (("select $a",), 2),
        (("select 1", "-p", "nothing"), 2),
        (("select 1; select 2", "--format", "csv"), 2),
        (("explain select 1", "--format", "csv"), 2),
        (("-f", "/nowhere.sql"), 2),
        (("select 1", "-f", "x.sql"), 2),
    ],
)
def test_the_exit_code_says_how_it_went(shown: URL, arguments: tuple[str, ...], code: int) -> None:
    done = run("sql", *arguments, "--db", address(shown))
    assert done.code == code, done.err
    assert (done.out == "") == (code != 0)
    assert "Traceback" not in done.err


def test_a_query_is_in_scope(shown: URL) -> None:
    count = "select count(*) as n from partnerships"
    found = {
        (wave, *more): run("sql", count, "--db", address(shown), "--wave", wave, "--format", "csv", *more).out
        for wave, *more in (("2006",), ("2012-demo",), ("2006", "--without-inferred"))
    }
    assert found["2006",] == "n\n100\n"
    assert found["2006", "--without-inferred"] == "n\n99\n"
    assert found["2012-demo",] not in {"n\n100\n", "n\n0\n"}


def test_queries_come_from_files_and_standard_input(wave_2006: URL, tmp_path: Path) -> None:
    file = tmp_path / "q.sql"
    file.write_text("\ufeffselect count(*) as n\nfrom partnerships;\nselect nix\n", encoding="utf-8")
    done = run("sql", "-f", file, "--db", address(wave_2006))
    assert f"{file}:3:8" in done.err
    file.write_text("select count(*) as n from partnerships;\nselect 2 as m;\n", encoding="utf-8")
    assert run("sql", "-f", file, "--db", address(wave_2006), "--format", "csv", "-o", tmp_path).code == 0
    assert [(tmp_path / f"{i}.csv").read_text(encoding="utf-8") for i in (1, 2)] == ["n\n100\n", "m\n2\n"]


def test_what_is_cut_is_said_and_what_comes_late_is_no_success(wave_2006: URL) -> None:
    done = run("sql", "select city from partnerships", "--rows", "3", "--db", address(wave_2006))
    assert "only the first 3 rows are shown" in done.err
    assert len(done.out.strip().splitlines()) == 5
    if wave_2006.get_backend_name() != "duckdb":
        return
    endless = "select range from range(100000000000)"
    command = [sys.executable, "-m", "jumelage", "--db", address(wave_2006), "sql", endless]
    late = subprocess.run(
        [*command, "--format", "csv", "--timeout", "1"], capture_output=True, check=False, env=dict(os.environ)
    )
    assert late.returncode == 4
    assert b"took more than 1 seconds" in late.stderr
