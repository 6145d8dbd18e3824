"""Queries of analysts: that they get what they ask, are told where they are wrong, and get out of nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.database import asking, free_queries
from jumelage.database.asking import Limits
from jumelage.database.dictionary import relations
from jumelage.database.sandbox_process import in_brief
from jumelage.database.statements import Statement, filled_in, parameters, split
from jumelage.errors import JumelageError, LimitError, UsageError
from jumelage.querying.desk import Desk, open_desk
from jumelage.querying.output import read_by_people
from jumelage.revisions.scope import find_scope
from tests.conftest import ENGINES, address, run
from tests.escapes import ESCAPES, let_out
from tests.test_load import content

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
    with (
        database.reading(both[engine]) as connection,
        open_desk(connection, find_scope(connection, None), Limits(5, 300)) as desk,
    ):
        got_out = let_out(desk)
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


@pytest.mark.parametrize(
    ("value", "duckdb", "postgresql"),
    [
        ("timestamp '2006-03-31 01:00:00' - timestamp '2006-03-01'", "30 days 01:00:00", "30 days 01:00:00"),
        ("date '1899-12-31'", "1899-12-31", "1899-12-31"),
        ("date 'infinity'", "infinity", "infinity"),
        ("timestamp '2006-03-31 10:00:00.5'", "2006-03-31 10:00:00.5", "2006-03-31 10:00:00.5"),
        ("time '10:00:01'", "10:00:01", "10:00:01"),
        ("cast('NaN' as real)", "NaN", "NaN"),
        ("cast('-Infinity' as double precision)", "-Infinity", "-Infinity"),
        ("1.50", "1.50", "1.50"),
        ("true", "true", "true"),
    ],
)
def test_a_value_is_shown_as_its_engine_writes_it(desk: Desk, value: str, duckdb: str, postgresql: str) -> None:
    (statement,) = desk.read(f'select {value} as "é ""v"""')
    ((shown,),) = (tuple(map(read_by_people, row)) for row in desk.rows(statement).rows)
    (text,) = json.loads(b"".join(desk.copied(statement, "jsonl")), parse_constant=_no_constant).values()
    on_duckdb = "HUGEINT" in dict(desk.columns(desk.read("select sum(1) as n")[0])).values()
    assert shown == (duckdb if on_duckdb else postgresql)
    if value.startswith("cast"):
        assert text == shown


def _no_constant(word: str) -> None:
    raise AssertionError(word)


def test_what_is_of_no_plain_type_is_not_shown_as_python_has_it(shown: URL) -> None:
    if shown.get_backend_name() != "duckdb":
        return
    sql = (
        "select {'k': null, 'l': ['nan'::double]} s, 'A\\x00'::blob b, map {'a': 1} m, 'NaN' t, [1, null] l, "
        "interval 1 month i, interval '1 year 2 days' j"
    )
    done = run("sql", sql, "--db", address(shown), "--format", "md")
    assert done.out.splitlines()[2] == (
        "| {'k': NULL, 'l': [nan]} | A\\\\x00 | {a=1} | NaN | [1, NULL] | 1 month | 1 year 2 days |"
    )
    for form in ("json", "jsonl"):
        done = run("sql", sql, "--db", address(shown), "--format", form)
        found = json.loads(done.out, parse_constant=_no_constant)
        row = found[0] if form == "json" else found
        assert (row["s"], row["t"]) == ({"k": None, "l": ["NaN"]}, "NaN")


def test_a_workbook_has_right_dates_and_whole_texts(shown: URL, tmp_path: Path) -> None:
    import openpyxl

    made = tmp_path / "x.xlsx"
    sql = (
        "select date '1900-02-28' as a, date '1900-03-01' as b, cast(null as date) as c, "
        "timestamp '2006-03-31' - timestamp '2006-03-01' as d, "
        "timestamp '2006-03-31 10:00:00' as e, timestamp '1789-07-14 10:00:00' as f, date 'infinity' as g, '=1' as h, "
        "cast('NaN' as double precision) as i"
    )
    done = run("sql", sql, "--db", address(shown), "--format", "xlsx", "-o", made)
    assert done.code == 0, done.err
    sheet = openpyxl.load_workbook(made).worksheets[0]
    assert list(sheet.values)[1] == (
        "1900-02-28", datetime(1900, 3, 1), None, "30 days", datetime(2006, 3, 31, 10), "1789-07-14 10:00:00", "infinity",  # noqa: DTZ001
        "=1", "NaN",
    )  # fmt: skip
    made.unlink()
    most = "x" * 32_767
    sql = f"select '{most}' as a, 'b' as b union all select 'a', '{most}x' order by a desc"
    done = run("sql", sql, "--db", address(shown), "--format", "xlsx", "-o", made)
    assert (done.code, made.exists()) == (2, False)
    assert (
        "column b, row 2: a text of 32768 characters; a cell holds but 32,767; take --format csv or parquet" in done.err
    )


def test_what_an_engine_says_is_cut_and_without_advice_that_nobody_may_follow() -> None:
    assert in_brief('Max depth of 1000 exceeded. Use "SET max_expression_depth TO x" to increase it.\nNext.') == (
        "Max depth of 1000 exceeded.\nNext."
    )
    assert len(in_brief("x" * 20_000)) == 1000
    assert in_brief("Use SET a TO b") == "Use SET a TO b"


def test_a_long_name_is_not_told_as_a_whole(desk: Desk) -> None:
    for sql in (
        f"select {'x' * 20_000} from zones",
        f"select {'x' * 20_000}(1)",
        f"select cast('{'x' * 20_000}' as int)",
    ):
        with pytest.raises(UsageError) as caught:
            answer(desk, sql)
        assert len(str(caught.value)) < 1500


def test_a_column_that_only_looks_like_one_of_codes_gets_empty_labels(desk: Desk) -> None:
    (statement,) = desk.read("select 1 as country, 'eu' as zone")
    assert desk.rows(desk.labelled(statement, "en")).rows == [(1, None, "eu", "European Union")]


def test_a_process_that_is_killed_did_not_take_too_much(both: dict[str, URL]) -> None:
    with (
        database.reading(both["duckdb"]) as connection,
        asking.answering(both["duckdb"], Limits(20, 500)) as process,
        open_desk(connection, find_scope(connection, None), Limits(20, 500), process) as desk,
    ):
        assert process is not None
        (statement,) = desk.read(ENDLESS)
        threading.Timer(1.0, lambda: os.kill(process._process.pid, signal.SIGKILL)).start()  # type: ignore[union-attr] # noqa: SLF001
        with pytest.raises(LimitError, match="stopped from outside"):
            desk.rows(statement)
        assert answer(desk, "select 1 as a") == [(1,)]


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


def test_the_dictionary_tells_how_to_say_what_became_of_partners(shown: URL) -> None:
    example = relations()["paired_partners"].example
    done = run("sql", example, "--db", address(shown), "--wave", "2006,2012-demo", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert {row["became"] for row in rows} == {"kept", "ended", "new", "unknown"}, done.err
    assert {row["became"] for row in rows if not row["town"].isdigit()} <= {"kept", "unknown"}


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
