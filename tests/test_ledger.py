"""The ledger: every status, every way to fail, and the 2006 survey as it contradicts itself."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from jumelage import content, database, report_file
from jumelage.database import sandbox
from jumelage.database.sandbox import _OnServer
from jumelage.errors import DatabaseError
from jumelage.reporting import ledger
from tests.conftest import Result, WaveFolder, address, run, statement

KEYS = ["report", "key", "measure", "printed", "place", "low", "high", "status", "because"]
CONTRADICTED = {
    ("distribution", "4", "1", 2),
    ("distribution", "5", "4", 3),
    ("distribution", "6", "1", 2),
    ("distribution", "7", "1", 0),
    ("distribution", "9", "1", 0),
    ("distribution", "10", "", 1),
    ("agreements_by_country", "LV/unknown", "", 1),
}


def check(url: URL, *options: object) -> tuple[Result, list[dict[str, object]]]:
    done = run("check", "--db", address(url), "--format", "json", *options)
    return done, json.loads(done.out) if done.out else []


def reload(url: URL, wave: WaveFolder) -> tuple[Result, list[dict[str, object]]]:
    done = run("load", wave.path, "--db", address(url), "--reason", "a test", "--accept-loss")
    assert done.code == 0, done.err
    return check(url)


def statuses(entries: list[dict[str, object]], report: str) -> dict[tuple[object, object], object]:
    return {(entry["key"], entry["measure"]): entry["status"] for entry in entries if entry["report"] == report}


def test_the_2006_survey_is_accounted_for(wave_2006: URL) -> None:
    done, entries = check(wave_2006, "--wave", "2006")
    assert done.code == 0, done.err
    assert all(list(entry) == KEYS for entry in entries)
    found = {(e["report"], e["key"], e["printed"], e["low"]) for e in entries if e["status"] == "contradicted"}
    assert found == CONTRADICTED
    assert all(bool(entry["because"]) == (entry["status"] == "contradicted") for entry in entries)
    counted = Counter(str(entry["status"]) for entry in entries)
    assert "error" not in counted
    said = dict(line.split(": ") for line in done.err.splitlines())
    assert said == {status: str(number) for status, number in counted.items()}


def test_the_ledger_is_the_same_on_both_engines(both: dict[str, URL]) -> None:
    first, second = (check(url) for url in both.values())
    assert first == second


def test_nothing_printed_is_counted_as_its_own_proof(wave_2006: URL) -> None:
    _, entries = check(wave_2006)
    sources = Counter(entry["report"] for entry in entries if entry["status"] == "source")
    # The frame comes from one list, the agreements from annex 2, the one with Latvia from the table by country.
    assert sources["cities_alphabetical"] == 2 * 29
    assert sources["agreements_by_country"] == 93
    assert sources["countries"] == 1
    assert statuses(entries, "countries")["eu/LV", "agreements"] == "source"
    assert statuses(entries, "countries")["eu/total", "agreements"] == "reproduced_with_inferred"
    # The towns with Interreg projects are those named beside the number; that the others have none follows from it.
    assert statuses(entries, "actions")["interreg", "cities"] == "source"
    assert set(sources) == {"cities_alphabetical", "agreements_by_country", "countries", "actions", "claims"}


def test_every_printed_figure_is_in_the_ledger(wave_2006: URL) -> None:
    _, entries = check(wave_2006)
    listed = Counter(str(entry["report"]) for entry in entries if entry["printed"])
    files = sorted((content.root() / "waves/2006/published").glob("*.csv"))
    assert len(files) == 11
    for file in files:
        assert listed[file.stem] == len(file.read_text(encoding="utf-8").splitlines()) - 1, file.stem


FIGURES = [
    ("published/zones.csv", "asia,agreements,1,", "asia,agreements,2,", "zones asia agreements: printed 2, computed 1"),
    ("published/countries.csv", "eu,Pologne,agreements,7,", "eu,Pologne,agreements,8,", "countries eu/PL agreements"),
    ("published/participation.csv", 'responded,value,25,"approche quantitative, 2e', 'responded,value,30,"approche quantitative, 2e', "participation responded value: printed 30, computed 21–29"),
    ("published/cities_by_population.csv", "1,city,Croix,", "1,city,Loos,", "cities_by_population 1 city: printed Loos"),
    ("published/actions.csv", "solidarity,cities,5,", "solidarity,cities,22,", "actions solidarity cities: printed 22, computed 0–21"),
    ("partnerships.csv", "Calais,Mali,1,", "Calais,Mali,2,", "countries sub_saharan_africa/ML agreements: printed 1, computed 2"),
    ("partnerships.csv", "Lille,Ukraine,1,,,,agreements_by_country\n", "", "countries europe_non_eu/UA agreements: printed 1, computed 0"),
    ("frame.csv", "Arras,40590", "Arras,40591", "cities_by_population 19 population: printed 40 590, computed 40591"),
    ("frame.csv", "Croix,20638", "Croix,19638", "claims frame_over_20000 statement"),
    ("wave.toml", 'keys = ["4", "5", "6", "7", "9", "10"]', 'keys = ["4", "5", "6", "7", "9"]', "distribution 10 cities: printed blank, computed 1; not explained"),
    ("wave.toml", 'keys = ["LV/unknown"]', 'keys = ["LV/unknown", "DE/62193"]', "agreements_by_country DE/62193 agreements: explained, but"),
    ("wave.toml", 'keys = ["4", "5", "6", "7", "9", "10"]', 'keys = ["3", "4", "5", "6", "7", "9", "10"]', "distribution 3 cities: explained, but nothing printed there disagrees"),
]  # fmt: skip
QUERIES = [
    ("wave.toml", "<> 'LV'", "<> 'LT'", "evidence of its explanation fails"),
    ("wave.toml", "where r.city not in (select w.placed from wrong w)", "where r.city in (select w.placed from wrong w)", "evidence of its explanation fails"),
    ("wave.toml", "p.agreements is distinct from l.agreements and", "p.nothing is distinct from l.agreements and", "evidence of its explanation fails"),
    ("claims.csv", "('DE', 'GB', 'BE')", "('DE', 'GB', 'PL')", "claims leading_countries statement"),
    ("claims.csv", "select r.country, r.place from", "select r.nothing, r.place from", "claims.csv: leading_countries:"),
]  # fmt: skip


def _every_third(number: int) -> tuple[pytest.MarkDecorator, ...]:
    """A load and a check each, which differ in what is printed where: the others are long."""
    return (pytest.mark.on_duckdb, *([pytest.mark.long] if number % 3 else []))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        *(pytest.param(*row, marks=_every_third(number)) for number, row in enumerate(FIGURES)),
        *(pytest.param(*row, marks=() if number % 3 == 0 else pytest.mark.long) for number, row in enumerate(QUERIES)),
    ],
)
def test_what_disagrees_fails_the_check(
    loaded: URL, folder_2006: WaveFolder, file: str, old: str, new: str, message: str
) -> None:
    folder_2006.replace(file, old, new)
    done, _ = reload(loaded, folder_2006)
    assert done.code == 1
    assert message in done.err


@pytest.mark.on_duckdb
def test_printed_parts_are_held_against_their_printed_total(loaded: URL, folder_2006: WaveFolder) -> None:
    """The total still equals the rows, but no longer the sum of what is printed above it."""
    text = (folder_2006.path / "published/zones.csv").read_text(encoding="utf-8")
    folder_2006.write("published/zones.csv", text.replace("asia,agreements,1,", "asia,agreements,3,"))
    done, entries = reload(loaded, folder_2006)
    assert done.code == 1
    assert statuses(entries, "zones")["total", "agreements"] == "contradicted"
    assert "its printed parts add up to 102" in done.err


@pytest.mark.on_duckdb
def test_a_grand_total_is_held_against_its_printed_subtotals(loaded: URL, folder_2006: WaveFolder) -> None:
    folder_2006.append("published/countries.csv", "total,total,agreements,100,répartition par pays")
    done, _ = reload(loaded, folder_2006)
    assert done.code == 0, done.err
    folder_2006.replace("published/countries.csv", "asia,total,agreements,1,", "asia,total,agreements,2,")
    done, _ = reload(loaded, folder_2006)
    assert "countries total/total agreements: printed 100, computed 100; its printed parts add up to 101" in done.err


@pytest.mark.on_duckdb
@pytest.mark.parametrize("place", ["approche quantitative, tableau", "approche quantitative, 2e phrase"])
def test_a_figure_printed_elsewhere_with_another_value_is_contradicted(
    loaded: URL, folder_2006: WaveFolder, place: str
) -> None:
    folder_2006.replace(
        "published/participation.csv", f'agreements,value,100,"{place}"', f'agreements,value,99,"{place}"'
    )
    done, _ = reload(loaded, folder_2006)
    assert done.code == 1
    assert "participation agreements value: printed 99, computed 100; printed elsewhere: 100" in done.err


@pytest.mark.on_duckdb
@pytest.mark.parametrize(
    ("printed", "status"),
    [
        ("3,5", "bounded"),
        *(pytest.param(printed, "bounded", marks=pytest.mark.long) for printed in ("3", "5")),
        pytest.param("2", "contradicted", marks=pytest.mark.long),
        ("3,3", "contradicted"),
    ],
)
def test_a_printed_number_stands_for_all_that_rounds_to_it(
    loaded: URL, folder_2006: WaveFolder, printed: str, status: str
) -> None:
    """The mean is computed as 3.4 to 4.8; no total is printed, with which it could not be but one number."""
    line = f'mean_agreements,value,"{printed}",a test'
    folder_2006.write("published/participation.csv", f"indicator,measure,printed,place\n{line}\n")
    zones = (folder_2006.path / "published" / "zones.csv").read_text(encoding="utf-8")
    folder_2006.write("published/zones.csv", "".join(one for one in zones.splitlines(True) if "total" not in one))
    _, entries = reload(loaded, folder_2006)
    assert statuses(entries, "participation")["mean_agreements", "value"] == status


@pytest.mark.on_duckdb
def test_a_source_without_the_figure_it_names_is_refused(loaded: URL, folder_2006: WaveFolder) -> None:
    folder_2006.replace("partnerships.csv", "countries/eu/LV", "countries/eu/Lettonie")
    done = run("load", folder_2006.path, "--db", address(loaded), "--reason", "a test")
    assert done.code == 1
    assert "partnerships.csv:95, column source: 'countries/eu/Lettonie': names no published figure" in done.err


@pytest.mark.on_duckdb
def test_answers_made_from_a_printed_number_prove_nothing_about_it(loaded: URL, folder_2006: WaveFolder) -> None:
    text = (folder_2006.path / "respondents.csv").read_text(encoding="utf-8")
    head, *towns = text.splitlines()
    answers = ["yes"] * 7 + ["no"] * 14
    lines = [f"{town},{answer}" for town, answer in zip(towns, answers, strict=True)]
    folder_2006.write("respondents.csv", "\n".join([f"{head},twinning_committee", *lines]) + "\n")
    folder_2006.replace(
        "wave.toml", 'actions = "actions/interreg"', 'actions = "actions/interreg"\nrespondents = "management"'
    )
    done, entries = reload(loaded, folder_2006)
    assert done.code == 0, done.err
    assert statuses(entries, "management")["twinning_committee", "cities"] == "source"


@pytest.mark.on_duckdb
def test_a_complete_table_without_figures_is_refused(loaded: URL, folder_2006: WaveFolder) -> None:
    (folder_2006.path / "published/zones.csv").unlink()
    done = run("load", folder_2006.path, "--db", address(loaded), "--reason", "a test")
    assert done.code == 1
    assert "'zones': is claimed to be complete, but published/ has no figures for it" in done.err


@pytest.mark.on_duckdb
@pytest.mark.parametrize("key", ["1/2", "abc", "03", "-1"])
def test_a_number_in_a_key_is_a_whole_number(loaded: URL, folder_2006: WaveFolder, key: str) -> None:
    folder_2006.append("published/distribution.csv", f"{key},cities,3,x")
    done = run("load", folder_2006.path, "--db", address(loaded), "--reason", "a test")
    assert done.code == 1
    assert f"column agreements: {key!r}: must be a whole number" in done.err


@pytest.mark.on_duckdb
@pytest.mark.parametrize(
    "sql",
    [
        "-- nothing",
        "commit; create table pwned (a integer)",
        "select 1; select 2",
        "set variable a = 1",
        "delete from x",
    ],
)
def test_what_a_wave_asks_is_one_query_that_only_reads(loaded: URL, folder_2006: WaveFolder, sql: str) -> None:
    folder_2006.append("claims.csv", f"mine,p,1,towns,Ainsi,So,figure,{sql}")
    done = run("load", folder_2006.path, "--db", address(loaded), "--reason", "a test")
    assert done.code == 1
    assert "column offenders" in done.err
    assert "must be one query, beginning with select or with" in done.err


def test_a_reader_cannot_write_whatever_it_is_asked(loaded: URL) -> None:
    attempts = ("commit; begin read write; create table pwned (a int); commit", "create table pwned (a int)")
    for sql in attempts:
        with pytest.raises(DatabaseError), database.reading(loaded) as connection:
            database.query(connection, sql)
    with database.reading(loaded) as connection:
        tables = "select count(*) from information_schema.tables where table_name = 'pwned'"
        assert database.query(connection, tables)[1] == [(0,)]


@pytest.mark.on_duckdb
def test_a_share_without_a_base_is_no_reading_of_a_word(loaded: URL, folder_2006: WaveFolder) -> None:
    folder_2006.replace("published/zones.csv", "asia,agreements,1,", "asia,agreements,majorité,")
    done = run("load", folder_2006.path, "--db", address(loaded), "--reason", "a test")
    assert done.code == 1
    assert "nor one of the words in [printed.words] of wave.toml that fit here" in done.err


@pytest.mark.on_duckdb
def test_a_wording_that_the_rows_rule_out_is_contradicted(loaded: URL, folder_2006: WaveFolder) -> None:
    folder_2006.replace(
        "wave.toml", 'interreg = "no" }', 'interreg = "no", solidarity = "no", experience_exchange = "no" }'
    )
    done, entries = reload(loaded, folder_2006)
    assert done.code == 1
    found = statuses(entries, "actions")
    assert found["experience_exchange", "cities"] == "contradicted"
    # A kind of what nobody does is done by nobody.
    assert found["agenda_21", "cities"] == "contradicted"
    assert found["population_exchange", "cities"] == "published_only"


def test_a_report_whose_query_fails_is_an_error_and_never_a_pass(loaded: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = report_file.report("zones")
    spoilt = report_file.Report(
        **{name: getattr(broken, name) for name in broken.__slots__} | {"sql": "select zone from nowhere"}
    )
    known = report_file.report
    monkeypatch.setattr(report_file, "report", lambda name: spoilt if name == "zones" else known(name))
    done, entries = check(loaded)
    assert done.code == 1
    assert set(statuses(entries, "zones").values()) == {"error"}
    assert statuses(entries, "countries")["eu/DE", "agreements"] == "reproduced"
    assert "reports/zones.sql" in done.err


def test_a_wave_without_a_publication_has_an_empty_ledger(migrated: URL, tiny_wave: WaveFolder) -> None:
    done, entries = reload(migrated, tiny_wave)
    assert (done.code, entries) == (0, [])
    assert done.err == "wave tiny has no publication: there is no figure to hold against its rows\n"


def test_a_figure_printed_in_two_places_is_two_figures(wave_2006: URL) -> None:
    _, entries = check(wave_2006)
    contacted = [entry for entry in entries if (entry["report"], entry["key"]) == ("participation", "contacted")]
    assert len(contacted) == 2
    assert len({entry["place"] for entry in contacted}) == 2


def test_a_blank_in_a_complete_table_is_zero_and_in_another_is_nothing(migrated: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.write("published/zones.csv", "zone,measure,printed,place\neu,agreements,4,table\n")
    tiny_wave.append("partnerships.csv", "Lille,Japon,1,,,,")
    done, entries = reload(migrated, tiny_wave)
    assert (done.code, len(entries)) == (1, 1)  # five in the Union, four printed
    tiny_wave.replace("wave.toml", "agreements = true", 'agreements = true\nprinted = ["zones"]')
    _, entries = reload(migrated, tiny_wave)
    assert statuses(entries, "zones")["asia", "agreements"] == "contradicted"
    assert ("total", "agreements") not in statuses(entries, "zones")


def test_the_table_form_has_a_line_for_every_figure(wave_2006: URL) -> None:
    done = run("check", "--db", address(wave_2006))
    _, entries = check(wave_2006)
    lines = [line for line in done.out.splitlines() if line.strip()]
    reasons = {entry["because"] for entry in entries if entry["because"]}
    assert len(lines) == len(entries) + 2 + len(reasons)
    assert all(str(reason) in done.out for reason in reasons)


def test_the_reasons_are_given_in_the_language_asked_for(wave_2006: URL) -> None:
    for lang, word in (("fr", "Lettonie"), ("en", "Latvia")):
        _, entries = check(wave_2006, "--lang", lang)
        (latvia,) = [entry for entry in entries if entry["key"] == "LV/unknown"]
        assert word in str(latvia["because"])


FAILS_WITHOUT_INFERRED = (
    "select p.city from partnerships p cross join (select max(case when q.inferred then 'yes' else 'no' end) as any_one "
    "from partnerships q) i where cast(case when i.any_one = 'yes' then '0' else 'none' end as integer) = 1"
)


def test_a_query_that_fails_in_one_pass_is_an_error_and_nothing_is_published(
    loaded: URL, folder_2006: WaveFolder, tmp_path: Path
) -> None:
    folder_2006.append("claims.csv", f'c,p,1,towns,Ainsi,So,figure,"{FAILS_WITHOUT_INFERRED}"')
    done, entries = reload(loaded, folder_2006)
    assert done.code == 1
    assert statuses(entries, "claims")["c", "statement"] == "error"
    assert "problem: claims.csv: c: " in done.err
    assert run("publish", "--formats", "site,csv", "--db", address(loaded), "--out", tmp_path / "public").code == 1
    assert not (tmp_path / "public").exists()


def test_a_check_that_ends_early_waits_for_no_query(
    loaded: URL, folder_2006: WaveFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    if loaded.get_backend_name() != "duckdb":
        return  # there, queries are asked when all else is done
    many = ", ".join(f"partnerships p{i}" for i in range(6))
    endless = f"select max(p0.city || p5.country) as n from {many}"
    folder_2006.append("claims.csv", f'c,p,1,towns,Ainsi,So,figure,"select * from ({endless}) x where n is null"')
    assert run("load", "--reason", "x", folder_2006.path, "--db", address(loaded)).code == 0

    def fails(*_: object, **__: object) -> object:
        raise DatabaseError("the disk is gone")

    monkeypatch.setattr(ledger, "compute", fails)
    since = time.monotonic()
    done = run("check", "--db", address(loaded))
    assert (done.code, done.err) == (3, "error: the disk is gone\n")
    assert time.monotonic() - since < sandbox.SECONDS / 2


def test_a_connection_lost_in_mid_check_ends_it(loaded: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if loaded.get_backend_name() == "duckdb":
        return  # there is no connection to lose
    for lost_in in ("read", "compute", "hear"):
        real = getattr(ledger, lost_in)

        def ended(
            where: Connection | _OnServer, *rest: object, real: Callable[..., object] = real, **more: object
        ) -> object:
            connection = where if isinstance(where, Connection) else where._connection  # noqa: SLF001
            pid = connection.exec_driver_sql("select pg_backend_pid()").scalar()
            statement(loaded, f"select pg_terminate_backend({pid})")
            return real(where, *rest, **more)

        with monkeypatch.context() as patched:
            patched.setattr(ledger, lost_in, ended)
            done = run("publish", "--formats", "site,csv", "--db", address(loaded), "--out", tmp_path / "public")
        assert done.code == 3, done.err
        assert not (tmp_path / "public").exists()


def test_an_engine_does_not_connect_a_second_time(loaded: URL) -> None:
    def go_on() -> None:
        with database.reading(loaded) as connection:
            connection.invalidate()
            connection.rollback()
            database.query(connection, "select 1")

    with pytest.raises(DatabaseError, match="the connection was lost"):
        go_on()


def test_what_is_printed_stands_beside_what_is_computed_where_it_is_asked_for(wave_2006: URL) -> None:
    plain, printed = (
        json.loads(run("report", "participation", "--db", address(wave_2006), "--format", "json", *more).out)
        for more in ((), ("--printed",))
    )
    assert [{name: row[name] for name in plain[0]} for row in printed] == plain
    found = {row["indicator"]: (row["value_printed"], row["value_status"]) for row in printed}
    assert list(printed[0])[-2:] == ["value_printed", "value_status"]
    assert found["responded"] == ("25 | 25", "bounded")
    assert found["agreements"] == ("100 | 100", "reproduced_with_inferred")


def test_a_printed_figure_without_a_computed_row_gets_one(wave_2006: URL) -> None:
    done = run("report", "distribution", "--printed", "--db", address(wave_2006), "--format", "csv")
    head, *lines = done.out.splitlines()
    assert head == "agreements,cities,cities_high,cities_printed,cities_status"
    assert "7,0,0,1,contradicted" in lines
    assert [line.split(",")[0] for line in lines[6:9]] == ["6", "7", "8"]
    table = run("report", "distribution", "--printed", "--db", address(wave_2006)).out
    assert "contradicted" in table
    assert run("report", "evolution", "--printed", "--wave", "all", "--db", address(wave_2006)).code == 2


def test_what_is_printed_of_a_wave_names_that_wave_and_its_size_classes(migrated: URL, tiny_wave: WaveFolder) -> None:
    head = "wave,size_class,measure,printed,place\n"
    lines = "tiny,100 000 et plus,contacted,1,p. 1\ntiny,30000_49999,contacted,2,p. 1\ntiny,total,contacted,3,p. 1\n"
    tiny_wave.write("published/response.csv", head + lines)
    done = run("load", tiny_wave.path, "--db", address(migrated))
    assert done.code == 0, done.err
    found = json.loads(run("check", "--wave", "tiny", "--format", "json", "--db", address(migrated)).out)
    assert [(entry["key"], entry["status"]) for entry in found] == [
        ("tiny/100000_and_over", "reproduced"),
        ("tiny/30000_49999", "reproduced"),
        ("tiny/total", "reproduced"),
    ]
    tiny_wave.write("published/response.csv", head + "2006,huge,contacted,1,p. 1\n")
    said = run("load", tiny_wave.path, "--reason", "x", "--db", address(migrated)).err
    assert "published/response.csv:2, column wave: '2006': is not an accepted name" in said
    assert "published/response.csv:2, column size_class: 'huge': is not an accepted name" in said
