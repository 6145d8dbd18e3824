"""The ledger: every status, every way to fail, and the 2006 survey as it contradicts itself."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from sqlalchemy.engine import URL

from jumelage import content
from tests.conftest import Result, WaveFolder, address, run

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
    done = run("load", wave.path, "--db", address(url), "--reason", "a test")
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
    for name in content.report_names():
        lines = (content.root() / "waves/2006/published" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        assert listed[name] == len(lines) - 1, name


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
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
        ("wave.toml", "<> 'LV'", "<> 'LT'", "evidence of its explanation fails"),
        ("wave.toml", "where r.city not in (select w.placed from wrong w)", "where r.city in (select w.placed from wrong w)", "evidence of its explanation fails"),
        ("wave.toml", "full join listed l", "full join nowhere l", "evidence of its explanation fails"),
        ("claims.csv", "('DE', 'GB', 'BE')", "('DE', 'GB', 'PL')", "claims leading_countries statement"),
        ("claims.csv", "select r.country, r.place from", "select r.nothing, r.place from", "claims.csv: leading_countries:"),
    ],
)  # fmt: skip
def test_what_disagrees_fails_the_check(
    loaded: URL, folder_2006: WaveFolder, file: str, old: str, new: str, message: str
) -> None:
    folder_2006.replace(file, old, new)
    done, _ = reload(loaded, folder_2006)
    assert done.code == 1
    assert message in done.err


def test_printed_parts_are_held_against_their_printed_total(loaded: URL, folder_2006: WaveFolder) -> None:
    """The total still equals the rows, but no longer the sum of what is printed above it."""
    text = (folder_2006.path / "published/zones.csv").read_text(encoding="utf-8")
    folder_2006.write("published/zones.csv", text.replace("asia,agreements,1,", "asia,agreements,3,"))
    done, entries = reload(loaded, folder_2006)
    assert done.code == 1
    assert statuses(entries, "zones")["total", "agreements"] == "contradicted"
    assert "its printed parts add up to 102" in done.err


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
    broken = content.report("zones")
    spoilt = content.Report(
        **{name: getattr(broken, name) for name in broken.__slots__}
        | {"sql": broken.sql.replace("from partnerships", "from nowhere")}
    )
    known = content.report
    monkeypatch.setattr(content, "report", lambda name: spoilt if name == "zones" else known(name))
    done, entries = check(loaded)
    assert done.code == 1
    assert set(statuses(entries, "zones").values()) == {"error"}
    assert statuses(entries, "countries")["eu/DE", "agreements"] == "reproduced"
    assert "reports/zones.sql" in done.err


def test_a_wave_without_a_publication_has_an_empty_ledger(migrated: URL, tiny_wave: WaveFolder) -> None:
    done, entries = reload(migrated, tiny_wave)
    assert (done.code, entries, done.err) == (0, [], "")


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
    assert len(lines) == len(entries) + 2


def test_the_reasons_are_given_in_the_language_asked_for(wave_2006: URL) -> None:
    for lang, word in (("fr", "Lettonie"), ("en", "Latvia")):
        _, entries = check(wave_2006, "--lang", lang)
        (latvia,) = [entry for entry in entries if entry["key"] == "LV/unknown"]
        assert word in str(latvia["because"])
