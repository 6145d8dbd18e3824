"""The front door for Python: what it gives is what the command line gives, on both engines, and as libraries take it."""

from __future__ import annotations

import csv
import io
import re
import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

import jumelage
from jumelage import report_file
from jumelage.api.reader import Reader
from jumelage.api.results import Result
from jumelage.loading.load import load
from jumelage.loading.revision import Request
from tests.conftest import ENGINES, WaveFolder, address, run
from tests.test_queries import ENDLESS


@pytest.fixture(scope="module")
def db(wave_2006: URL) -> Iterator[Reader]:
    with jumelage.open(address(wave_2006)) as found:
        yield found


@pytest.fixture(scope="module")
def pair(both: dict[str, URL]) -> Iterator[dict[str, Reader]]:
    with jumelage.open(address(both["duckdb"])) as first, jumelage.open(address(both["postgresql"])) as second:
        yield {"duckdb": first, "postgresql": second}


REPORTS = report_file.reports_of_a_wave()


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_what_the_command_prints(wave_2006: URL, db: Reader, name: str) -> None:
    printed = run("report", name, "--format", "csv", "--db", address(wave_2006))
    found = db.report(name)
    assert found.to_csv() == printed.out
    lines = list(csv.reader(io.StringIO(printed.out)))
    assert list(found.columns) == lines[0]
    plain = [["" if value is None else str(value) for value in row] for row in found]
    assert plain == lines[1:]
    assert len(found) == len(found.rows) == len(plain) == found.to_arrow().num_rows
    assert len(found.types) == len(found.columns)


def test_the_rest_is_what_the_commands_print(wave_2006: URL, db: Reader) -> None:
    to = ("--format", "csv", "--db", address(wave_2006))
    assert db.report("zones", printed=True).to_csv() == run("report", "zones", "--printed", *to).out
    assert db.explain("zones", "eu", "agreements").to_csv() == run("explain", "zones", "eu", "agreements", *to).out
    assert db.check().to_csv() == run("check", *to).out
    assert db.waves().to_csv() == run("waves", *to).out
    assert db.reports().to_csv() == run("reports", "--wave", "2006", *to).out


def test_options_are_those_of_the_commands(shown: URL) -> None:
    at = ("--db", address(shown), "--format", "csv")
    with jumelage.open(
        address(shown), wave="2006@2", classified_on=date(2007, 1, 1), without_inferred=True, lang="fr"
    ) as found:
        said = run("report", "zones", "--wave", "2006@2", "--classified-on", "2007-01-01", "--without-inferred", *at)
        assert found.report("zones").to_csv() == said.out
        assert found.notes[0].startswith("2006@2 a été retirée")
        assert any("Sans les lignes déduites" in note for note in found.report("zones").notes)
    with jumelage.open(address(shown), wave=["2006", "2012-demo"]) as found:
        said = run("report", "bridge", "--wave", "2006,2012-demo", *at)
        assert found.report("bridge").to_csv() == said.out
        with pytest.raises(jumelage.UsageError, match="no wave in its key"):
            found.report("zones")
    with jumelage.open(address(shown), wave=2006) as found:
        assert found.revisions == ("2006@1",)
    if shown.drivername.startswith("postgresql"):
        with jumelage.open(address(shown.set(password="kept-secret"))) as found:  # noqa: S106
            assert "kept-secret" not in repr(found)


def test_the_ledger_tells_its_counts_and_problems(db: Reader) -> None:
    found = db.check()
    assert found.problems == ()
    assert found.counts()["contradicted"] == sum(row[7] == "contradicted" for row in found)
    html = found._repr_html_()
    assert html.count('<tr class="is-') == len(found)
    assert "≠" in html


QUERIES = """\
select p.country, count(*) as n from partnerships p group by p.country order by n desc, p.country
select sum(r.population) as s, count(*) as n, max(r.population) as m, cast(1.5 as numeric(9, 2)) as d from respondents r
select w.wave, w.reference_date, w.reference_date > date '2000-01-01' as late, cast(null as integer) as nothing, '' as blank from waves w
select p.city, p.partner from partnerships p where p.zone = 'nowhere'
select 1.5 * count(*) / 3 as half, 'é"," ' || chr(10) || '<' as odd from cities c where c.code = '59350'
"""


@pytest.mark.parametrize("sql", QUERIES.replace("|| chr(10) ", "").splitlines())
def test_a_query_gives_the_same_on_both_engines(pair: dict[str, Reader], sql: str) -> None:
    first, second = (pair[engine].sql(sql) for engine in ENGINES)
    assert first.columns == second.columns
    assert first.rows == second.rows
    assert first.to_csv() == second.to_csv()
    assert first.to_pandas().equals(second.to_pandas())
    assert first.to_polars().equals(second.to_polars())
    assert first.to_arrow().to_pylist() == second.to_arrow().to_pylist()
    assert [dict(zip(first.columns, row, strict=True)) for row in first] == first.to_arrow().to_pylist()


def test_a_sum_of_whole_numbers_is_one(pair: dict[str, Reader]) -> None:
    for found in (pair[engine].sql("select sum(r.population) as s from respondents r") for engine in ENGINES):
        assert found.types == ("BIGINT",)
        assert [type(value) for value in found.rows[0]] == [int]
    huge = pair["duckdb"].sql("select sum(9000000000000000000) as s from cities c").rows[0][0]
    assert huge % 9000000000000000000 == 0


@pytest.mark.parametrize(
    ("value", "shown_as"),
    [
        ("L'Isle", "L'Isle"), ("'; drop table x; --", "'; drop table x; --"), (5, "5"), (Decimal("1.5"), "1.5"),
        (True, "true"), (date(2006, 3, 31), "2006-03-31"), ("$name", "$name"),
    ],
)  # fmt: skip
def test_a_parameter_is_a_literal(db: Reader, value: object, shown_as: str) -> None:
    assert db.sql("select cast($v as varchar) as v", v=value).rows == [(shown_as,)]


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("select * from partnership", {}, "line 1, column 15: there is no table partnership"),
    ("select $a", {}, "no value is given for"),
    ("select $a", {"a": None}, "a value is a text"),
    ("select 1 as a", {"zone": "eu"}, "has no"),
    ("select 1 as a; select 2 as a", {}, "2 queries"),
    ("delete from partnerships", {}, "only reads"),
    ("select 1 as a", {"memory": 1}, "memory"),
    ("  ", {}, "there is no query"),
]


@pytest.mark.parametrize(("sql", "params", "said"), WRONG)
def test_what_is_wrong_with_a_query_is_said(db: Reader, sql: str, params: dict[str, Any], said: str) -> None:
    with pytest.raises(jumelage.UsageError, match=said):
        db.sql(sql, **params)
    assert db.sql("select 1 as a").rows == [(1,)]


def test_a_query_that_takes_too_long_is_ended_and_the_next_is_answered(db: Reader) -> None:
    endless = "select count(*) as n from cities a, cities b, cities c, cities d, cities e, cities f"
    with pytest.raises(jumelage.LimitError, match=r"and was stopped; timeout= gives it more"):
        db.sql(endless, timeout=0.3)
    assert db.sql("select 1 as a").rows == [(1,)]
    assert len(db.report("zones")) == 7


def test_errors_are_those_of_jumelage(wave_2006: URL, db: Reader, tmp_path: Path) -> None:
    with pytest.raises(jumelage.UsageError, match="did you mean zones"):
        db.report("zone")
    with pytest.raises(jumelage.UsageError, match="no cell"):
        db.explain("zones", "mars", "agreements")
    with pytest.raises(jumelage.UsageError, match="no language"):
        db.report("zones", lang="de")
    with pytest.raises(jumelage.UsageError, match="no wave '1999'"):
        jumelage.open(address(wave_2006), wave="1999")
    with pytest.raises(jumelage.DatabaseError, match="no database"):
        jumelage.open(tmp_path / "none.duckdb")
    with pytest.raises(jumelage.OutputError):
        db.report("zones").to_csv(tmp_path / "none" / "zones.csv")
    found = jumelage.open(address(wave_2006))
    found.close()
    found.close()
    with pytest.raises(jumelage.UsageError, match="closed"):
        found.waves()


@pytest.mark.on_duckdb
@pytest.mark.parametrize(
    ("module", "made", "extra"),
    [
        ("pyarrow", Result.to_arrow, "arrow"),
        ("pyarrow", Result.to_pandas, "pandas"),
        ("pandas", Result.to_pandas, "pandas"),
        ("polars", Result.to_polars, "polars"),
    ],
)
def test_a_library_that_is_missing_is_named_with_its_extra(
    db: Reader, monkeypatch: pytest.MonkeyPatch, module: str, made: Callable[[Result], Any], extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    for found in (db.report("zones"), db.sql("select 1 as a")):
        with pytest.raises(jumelage.UsageError, match=re.escape(f"pip install 'jumelage[{extra}]'")):
            made(found)


def test_frames_keep_what_is_missing_missing(db: Reader) -> None:
    found = db.sql(
        "select cast(null as integer) as a, 1 as b, cast(2.50 as numeric(9, 2)) as d union all select 7, 2, 1"
    )
    frame = found.to_pandas()
    assert list(map(str, frame.dtypes)) == ["Int32", "Int32", "float64"]
    assert frame["a"].isna().sum() == 1
    assert found.to_polars()["a"].null_count() == 1


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_notebook_shows_what_the_site_shows(db: Reader, lang: str) -> None:
    html = db.report("zones", lang=lang)._repr_html_()
    assert {"fr": "Accords par zone géographique", "en": "Agreements by geographic zone"}[lang] in html
    assert {"fr": "Union européenne", "en": "European Union"}[lang] in html
    assert {"fr": "Calculé à l’identique", "en": "Computed to the same value"}[lang] in html
    assert "✓+" in html
    assert "0–21" in db.report("seniority", lang=lang)._repr_html_()


def test_its_text_is_short(db: Reader) -> None:
    assert repr(db.report("zones")).startswith("Agreements by geographic zone\n")
    long = repr(db.sql("select c.code, c.name from cities c order by c.code"))
    assert len(long.splitlines()) < 30
    assert "first 20 rows" in long
    assert "\x1b" not in long


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose wave is called, and whose partners are, what a page must not run."""
    from tests.conftest import TINY, Databases

    made = WaveFolder(tmp_path_factory.mktemp("hostile") / "tiny")
    for name, content in TINY.items():
        made.write(name, content)
    made.replace("partnerships.csv", "Leeds", "<script src=x")
    made.write(
        "reports/own.sql",
        """/*
title = { fr = "<script>t</script>", en = "<script>t</script>" }
note = { fr = "<script>n</script>", en = "<script>n</script>" }
key = ["partner"]
[columns]
partner = { fr = "<script>h</script>", en = "<script>h</script>" }
agreements = { fr = "n", en = "n" }
*/
with detail as (
    select p.partner, 1 as agreements, '' as source from partnerships p where p.partner is not null
)
-- cells
select d.partner, sum(d.agreements) as agreements from detail d where d.partner not like '%/%' group by d.partner
""",
    )
    url = Databases("duckdb", made.path.parent, None).migrated()
    load(url, Request(made.path, by="<script>"))
    return Path(str(url.database))


@pytest.mark.on_duckdb
def test_every_value_is_escaped(hostile: Path) -> None:
    with jumelage.open(hostile) as found:
        shown = [
            found.sql("select p.partner as \"<script>c\", '<script>x</script>' as v from partnerships p"),
            found.explain("countries", "eu/GB", "agreements"),
            found.report("own"),
            found.reports(),
            found.waves(),
            found.check(),
        ]
    pages = [one._repr_html_() for one in shown]
    assert [page.count("<script") for page in pages] == [0] * len(pages)
    assert sum("&lt;script" in page for page in pages) == len(pages) - 1  # a wave without a ledger says nothing
    assert "&lt;script&gt;n&lt;/script&gt;" in pages[2]


@pytest.mark.on_duckdb
def test_a_wave_brings_its_own_reports(hostile: Path) -> None:
    with jumelage.open(hostile) as found:
        assert "own" in [row[0] for row in found.reports()]
        assert found.report("own").rows[0][1] == 1


def test_what_is_read_of_one_result_is_not_ended_by_the_next_question(db: Reader) -> None:
    some = iter(db.sql("select c.code from cities c order by c.code"))
    first = next(some)
    behind = iter(db.explain("zones", "eu", "agreements"))
    assert len(db.report("zones")) == 7
    assert db.sql("select 1 as a").rows == [(1,)]
    assert len([first, *some]) > 100
    assert len(list(behind)) == 78


def test_results_outlive_their_reader_and_leave_nothing_behind(
    wave_2006: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with jumelage.open(address(wave_2006)) as found:
        rows, zones = found.sql("select c.code from cities c"), found.report("zones")
    assert len(rows) == len(rows.rows) == rows.to_polars().height
    assert "✓" in zones._repr_html_()
    assert list(tmp_path.glob("jumelage-*"))
    del rows
    assert list(tmp_path.glob("jumelage-*")) == []


def test_threads_share_a_reader(wave_2006: URL) -> None:
    told: list[object] = []

    def ask(found: Reader, number: int) -> None:
        try:
            told.append(found.sql("select cast($n as integer) as n", n=number).rows[0][0] == number)
            told.append(len(found.report("zones")) == 7)
        except Exception as error:  # noqa: BLE001
            told.append(error)

    with jumelage.open(address(wave_2006)) as found:
        threads = [threading.Thread(target=ask, args=(found, number)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert told == [True] * 8


@pytest.mark.on_duckdb
def test_a_large_answer_takes_little_memory(db: Reader) -> None:
    tracemalloc.start()
    found = db.sql("select a.code, b.name from cities a cross join cities b limit 300000")
    count = sum(1 for _ in found)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == len(found) == 300_000
    assert most < 20_000_000


@pytest.mark.on_duckdb
def test_sqlalchemy_reads_the_same_plain_names(wave_2006: URL, tmp_path: Path) -> None:
    copy = tmp_path / "jumelage.duckdb"
    copy.write_bytes(Path(str(wave_2006.database)).read_bytes())
    engine = create_engine(f"duckdb:///{copy}", connect_args={"read_only": True})
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from partnerships")) == 100
    engine.dispose()
    with jumelage.open(copy) as found:
        assert found.sql("select count(*) as n from partnerships").rows == [(100,)]


def test_importing_loads_no_heavy_library() -> None:
    code = "import sys, jumelage; jumelage.UsageError; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "duckdb", "psycopg", "jinja2", "rich", "typer", "pyarrow", "pandas", "polars"}
    assert set(done.stdout.split()).isdisjoint(heavy)


def test_a_query_sees_its_scope_whatever_was_asked_before(wave_2006: URL) -> None:
    count = "select count(*) as n from partnerships"
    with jumelage.open(address(wave_2006), without_inferred=True) as found:
        before = found.sql(count).rows
        assert found.report("zones", printed=True).rows[-1][1] == 99  # its statuses are given with inferred rows
        assert found.sql(count).rows == before == [(99,)]


def test_an_interruption_ends_the_query_and_the_reader(wave_2006: URL) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    with jumelage.open(address(wave_2006)) as found:
        try:
            signal.setitimer(signal.ITIMER_REAL, 1)
            with pytest.raises((KeyboardInterrupt, jumelage.DatabaseError)):  # of what is then said to the server
                found.sql(ENDLESS)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        with pytest.raises(jumelage.UsageError, match="open another one"):
            found.report("zones")
    with jumelage.open(address(wave_2006)) as found:
        assert found.sql("select 1 as a").rows == [(1,)]
