"""The reports: their contract, their numbers, equal on both engines, and the rows behind every cell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from jumelage import database, report_file
from jumelage.errors import ReportError, UsageError
from jumelage.reporting.run import explain, run, sources
from jumelage.reporting.sheet import Sheet
from jumelage.revisions.scope import find_scope
from tests.conftest import ROOT, WaveFolder, address
from tests.conftest import run as jumelage

NAMES = report_file.reports_of_a_wave()
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def opened(wave_2006: URL) -> Iterator[Connection]:
    with database.reading(wave_2006) as connection:
        yield connection


def sheet_of(connection: Connection, name: str, *, with_inferred: bool = True) -> Sheet:
    scope = find_scope(connection, None, with_inferred=with_inferred)
    return run(connection, report_file.report(name), scope)


def load_tiny(url: URL, wave: WaveFolder) -> URL:
    done = jumelage("load", wave.path, "--db", address(url))
    assert done.code == 0, done.err
    return url


@pytest.mark.parametrize("name", NAMES)
def test_every_report_gives_the_same_cells_on_both_engines(both: dict[str, URL], name: str) -> None:
    found = []
    for url in both.values():
        with database.reading(url) as connection:
            found.append([sheet_of(connection, name, with_inferred=inferred).rows for inferred in (True, False)])
    assert found[0] == found[1]
    assert found[0][0] or report_file.report(name).asks


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_format_is_the_same_on_both_engines(both: dict[str, URL], name: str, lang: str) -> None:
    for form in ("csv", "json", "table"):
        done = [
            jumelage("report", name, "--db", address(url), "--format", form, "--lang", lang) for url in both.values()
        ]
        assert done[0].code == 0, done[0].err
        assert done[0] == done[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_2006_wave_gives_the_known_table(wave_2006: URL, name: str) -> None:
    done = jumelage("report", name, "--db", address(wave_2006), "--wave", "2006", "--format", "csv")
    assert done.out.encode() == (GOLDEN / f"{name}.csv").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_csv_and_json_hold_the_same_values_under_the_declared_names(wave_2006: URL, name: str) -> None:
    as_csv = jumelage("report", name, "--db", address(wave_2006), "--format", "csv").out
    rows = json.loads(jumelage("report", name, "--db", address(wave_2006), "--format", "json").out)
    assert as_csv.endswith("\n")
    assert "\r" not in as_csv
    header, *lines = as_csv.splitlines()
    assert header.split(",") == [column.name for column in report_file.report(name).columns]
    assert [",".join("" if value is None else str(value) for value in row.values()) for row in rows] == lines
    assert all(list(row) == header.split(",") for row in rows)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("with_inferred", [True, pytest.param(False, marks=pytest.mark.long)])
def test_the_rows_behind_every_cell_add_up_to_it(opened: Connection, name: str, with_inferred: bool) -> None:
    """One look at the detail for all cells; that `explain` shows the same rows is seen at the first and last cell."""
    sheet = sheet_of(opened, name, with_inferred=with_inferred)
    report, cells = sheet.report, sheet.cells
    names, rows = database.query(opened, f"{report.detail_sql}\nselect * from detail")
    for key, cell in cells.items():
        asked = [(names.index(column), part) for column, part in zip(report.key, key.split("/"), strict=True)]
        behind = [row for row in rows if all(part in {str(row[i]), "total"} for i, part in asked)]
        for measure in report.measures:
            value = cell[measure]
            if {key.split("/")[0], measure} & set(report.not_additive):
                assert behind
                continue
            weights = [row[names.index(measure)] for row in behind]
            if value is None:  # nothing bounds it, or nobody was asked
                assert None in weights, (key, measure)
            elif isinstance(value, str):
                assert weights == [value]
            else:
                assert sum(weight for weight in weights if weight is not None) == value, (key, measure)
    for key in (min(cells), max(cells)) if cells else ():
        for measure in report.measures:
            detail, value = explain(opened, sheet, key, measure), cells[key][measure]
            if detail.additive and isinstance(value, int | Decimal):
                column = detail.columns.index(measure)
                assert sum(Decimal(row[column] or 0) for row in detail.rows) == value


def test_the_rows_that_may_count_are_behind_a_range(opened: Connection) -> None:
    detail = explain(opened, sheet_of(opened, "seniority"), "more_than_10_years", "cities")
    low, high = detail.columns.index("cities"), detail.columns.index("cities_high")
    assert [(row[low], row[high]) for row in detail.rows] == [(0, 1)] * 21


def test_a_mean_is_not_additive_and_says_so(wave_2006: URL) -> None:
    done = jumelage("explain", "participation", "mean_agreements", "value", "--db", address(wave_2006))
    assert "not_additive" in done.out
    assert "3.4" in done.out


def test_a_total_lists_the_rows_of_its_parts(wave_2006: URL) -> None:
    done = jumelage("explain", "countries", "eu/total", "agreements", "--db", address(wave_2006), "--format", "json")
    rows = json.loads(done.out)
    assert len(rows) == 78
    assert {row["zone"] for row in rows} == {"eu"}
    inferred = [row for row in rows if row["agreements_inferred"]]
    assert [(row["country"], row["city"], row["source"]) for row in inferred] == [("LV", None, "countries/eu/LV")]


def test_without_inferred_rows_the_totals_are_those_of_annex_2(opened: Connection) -> None:
    cells = sheet_of(opened, "zones", with_inferred=False).cells
    assert (cells["eu"]["agreements"], cells["total"]["agreements"]) == (77, 99)
    assert cells["total"]["agreements_inferred"] == 0
    assert "eu/LV" not in sheet_of(opened, "countries", with_inferred=False).cells


def test_the_report_files_are_run_as_they_stand_in_the_file(opened: Connection) -> None:
    for name in NAMES:
        text = (ROOT / "reports" / f"{name}.sql").read_text(encoding="utf-8")
        _, pasted = database.query(opened, text)
        assert len(pasted) == len(sheet_of(opened, name).rows)
        assert text.endswith(report_file.report(name).sql)


# --- classification by date ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "eu", "europe_non_eu"),
    [
        # Members among the partners, counted by hand from annex 2: DE 24, BE 9, IT 6, LU 1, NL 1 …
        (date(1957, 12, 31), 0, 79),
        (date(1958, 1, 1), 41, 38),
        (date(1973, 1, 1), 57, 22),  # … GB 16
        (date(1981, 1, 1), 58, 21),  # … GR 1
        (date(1986, 1, 1), 62, 17),  # … ES 1, PT 3
        (date(1995, 1, 1), 64, 15),  # … AT 1, SE 1
        (date(2004, 5, 1), 78, 6),  # … HU 4, LV 1, LT 1, PL 7, SK 1
        (date(2007, 1, 1), 81, 3),  # … RO 3
        (date(2020, 1, 31), 81, 3),
        (date(2020, 2, 1), 65, 19),  # … without GB
    ],
)
def test_the_european_union_is_that_of_the_date(opened: Connection, day: date, eu: int, europe_non_eu: int) -> None:
    scope = replace(find_scope(opened, "2006"), classified_on=day)
    cells = run(opened, report_file.report("zones"), scope).cells
    assert cells.get("eu", {"agreements": 0})["agreements"] == eu
    assert cells["total"]["agreements"] == 100
    if day >= date(2004, 5, 1):
        assert cells["europe_non_eu"]["agreements"] == europe_non_eu


# --- the rules of the reports, on a wave small enough to count by hand -----------------------------------------


def test_answers_by_town_are_counted_and_unpublished_ones_widen_the_range(migrated: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.replace("wave.toml", 'actions = { "*" = "no" }', 'actions = { "*" = "no", solidarity = "not_published" }')
    tiny_wave.replace("wave.toml", 'service = "no"', 'service = "not_published"')
    load_tiny(migrated, tiny_wave)
    with database.reading(migrated) as connection:
        actions = sheet_of(connection, "actions").cells
        management = sheet_of(connection, "management").cells
    said = ("cities", "cities_high", "base", "base_high", "not_asked")
    assert [actions["agenda_21"][name] for name in said] == [1, 1, 2, 2, 0]
    # A yes to a detail is a yes to its parent.
    assert actions["experience_exchange"]["cities"] == 1
    assert (actions["solidarity"]["cities"], actions["solidarity"]["cities_high"]) == (0, 2)
    assert (management["service"]["cities"], management["service"]["cities_high"]) == (1, 2)
    # "Don't know" is a known answer that is not yes, and not no either.
    assert (management["twinning_committee"]["cities"], management["twinning_committee"]["cities_high"]) == (0, 0)
    assert (management["twinning_committee"]["dont_know"], management["twinning_committee"]["base"]) == (2, 2)
    assert (management["service"]["dont_know"], management["service"]["dont_know_high"]) == (0, 1)


@pytest.mark.parametrize(
    ("since", "default", "expected"),
    [
        ("1999", "dont_know", [(2, 2), (0, 0), (0, 0)]),
        ("2000", "dont_know", [(1, 1), (1, 1), (0, 0)]),
        ("2005", "dont_know", [(1, 1), (1, 1), (0, 0)]),
        ("dont_know", "dont_know", [(1, 1), (0, 0), (1, 1)]),
        ("", "not_published", [(1, 2), (0, 1), (0, 1)]),
    ],
)
def test_a_town_is_as_senior_as_its_oldest_agreement(
    migrated: URL, tiny_wave: WaveFolder, since: str, default: str, expected: list[tuple[int, int]]
) -> None:
    """Lille's oldest agreement is of 1958; the only one of Douai is the one that varies; reference is 2010."""
    tiny_wave.replace("partnerships.csv", "Douai,Pologne,1,,2005,,", f"Douai,Pologne,1,,{since},,")
    tiny_wave.replace("wave.toml", 'since = "dont_know"', f'since = "{default}"')
    load_tiny(migrated, tiny_wave)
    with database.reading(migrated) as connection:
        cells = sheet_of(connection, "seniority").cells
    found = [(cells[key]["cities"], cells[key]["cities_high"]) for key in cells]
    assert found == expected
    assert list(cells) == ["more_than_10_years", "up_to_10_years", "no_data"]


def test_a_frame_without_a_claim_of_completeness_leaves_engagement_open(migrated: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.replace("wave.toml", "agreements = true", "agreements = false")
    tiny_wave.append("respondents.csv", "Lens,responded,")
    load_tiny(migrated, tiny_wave)
    with database.reading(migrated) as connection:
        participation = sheet_of(connection, "participation").cells
        distribution = sheet_of(connection, "distribution").cells
    assert (participation["engaged"]["value"], participation["engaged"]["value_high"]) == (2, 3)
    assert (participation["agreements"]["value"], participation["agreements"]["value_high"]) == (5, None)
    # Lens, Douai and Lille have 0, 1 and 4 or more: each may be in its class, or in any above.
    found = {key: (cell["cities"], cell["cities_high"]) for key, cell in distribution.items()}
    assert found == {"0": (0, 1), "1": (0, 2), "2": (0, 2), "4": (0, 3), "5": (0, 3), "total": (3, 3)}


def test_an_agreement_without_town_is_listed_and_belongs_to_no_town(migrated: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.append("partnerships.csv", ",AQ,1,,,yes,countries/unknown/AQ")
    load_tiny(migrated, tiny_wave)
    with database.reading(migrated) as connection:
        zones = sheet_of(connection, "zones").cells
        participation = sheet_of(connection, "participation").cells
        listed = sheet_of(connection, "agreements_by_country").cells
    # Antarctica is in no zone: it is counted as unknown, not lost and not made a second total.
    assert zones["unknown"] == {"zone": "unknown", "agreements": 1, "agreements_inferred": 1, "agreements_high": 1}
    assert zones["total"]["agreements"] == 6
    assert participation["engaged"]["value"] == 2
    assert "AQ/unknown" in listed


# --- the contract of a report file ---------------------------------------------------------------------------

HEADER = """/*
title = { fr = "Essai", en = "Trial" }
source = { fr = "nulle part", en = "nowhere" }
key = ["zone"]
[columns]
zone = { fr = "Zone", en = "Zone", codes = "zones" }
agreements = { fr = "Accords", en = "Agreements" }
*/
"""
DETAIL = "with detail as (select 'eu' as zone, 1 as agreements, 'x' as source)\n-- cells\n"


def trial(folder: Path, cells: str, header: str = HEADER, detail: str = DETAIL) -> report_file.Report:
    path = folder / "trial.sql"
    path.write_text(header + detail + cells, encoding="utf-8")
    return report_file.read_report(path)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            "select zone, agreements as agrements from detail",
            r"gives zone, agrements; \[columns\] says zone, agreements",
        ),
        ("select agreements, zone from detail", "gives agreements, zone"),
        ("select zone, agreements from detail union all select zone, 2 from detail", "key eu is null or appears twice"),
        ("select cast(null as varchar) as zone, agreements from detail", "key None is null or appears twice"),
        ("select zone, agreements from nowhere_at_all", "nowhere_at_all"),
    ],
)
def test_a_report_that_breaks_its_contract_is_an_error(
    opened: Connection, tmp_path: Path, cells: str, message: str
) -> None:
    scope = find_scope(opened, None)
    with pytest.raises(ReportError, match=message):
        run(opened, trial(tmp_path, cells), scope)


def test_a_report_on_questions_of_no_known_kind_is_an_error(opened: Connection, tmp_path: Path) -> None:
    header = HEADER.replace('key = ["zone"]', 'key = ["zone"]\nasks = ["number", "numbr"]')
    with pytest.raises(ReportError, match="'numbr' is no kind of question; did you mean number"):
        run(opened, trial(tmp_path, "select zone, agreements from detail", header=header), find_scope(opened, None))


@pytest.mark.parametrize("name", [name for name in NAMES if report_file.report(name).asks])
def test_a_report_that_is_not_run_for_want_of_questions_would_have_no_row(opened: Connection, name: str) -> None:
    shown = sheet_of(opened, name).rows
    assert bool(shown) == bool(database.query(opened, report_file.report(name).sql)[1])


def test_a_detail_without_source_is_an_error(opened: Connection, tmp_path: Path) -> None:
    detail = "with detail as (select 'eu' as zone, 1 as agreements)\n-- cells\n"
    report = trial(tmp_path, "select zone, agreements from detail", detail=detail)
    with pytest.raises(ReportError, match="no column source"):
        sources(opened, report)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("select 1", "starts with a TOML header"),
        (HEADER.replace('key = ["zone"]', 'keys = ["zone"]'), "unknown key 'keys'"),
        (HEADER.replace('key = ["zone"]', 'key = ["zona"]'), "unknown column 'zona'; columns are zone, agreements"),
        (HEADER.replace('en = "Trial"', 'de = "Versuch"'), "title must give fr and en"),
        (HEADER.replace('codes = "zones"', 'code = "zones"'), "unknown key 'code' in column zone"),
        (HEADER.replace("[columns]", "[columns"), "not TOML"),
        (HEADER.replace("[columns]\n", '[columns]\nzone = { fr = "Z", en = "Z" }\n'), "not TOML"),
        (HEADER.replace('key = ["zone"]\n', ""), "'key'"),
    ],
)
def test_a_bad_header_is_refused_with_the_file_and_what_is_wrong(tmp_path: Path, header: str, message: str) -> None:
    with pytest.raises(UsageError, match=r"^trial\.sql: ") as error:
        trial(tmp_path, "select zone, agreements from detail", header=header)
    assert message in str(error.value)


def test_a_report_without_the_line_between_detail_and_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="-- cells"):
        trial(tmp_path, "select 1", detail="")


def test_every_label_of_every_report_is_given_in_both_languages_and_differs_where_it_should() -> None:
    for name in NAMES:
        report = report_file.report(name)
        assert report.title.fr != report.title.en, name
        for column in report.columns:
            assert column.label.fr
            assert column.label.en


def test_french_tables_are_in_french_typography(wave_2006: URL) -> None:
    table = jumelage("report", "cities_by_population", "--db", address(wave_2006), "--lang", "fr").out
    assert "212\u202f597" in table
    assert "212,597" in jumelage("report", "cities_by_population", "--db", address(wave_2006), "--lang", "en").out


def test_towns_per_country_are_shown_as_the_survey_does(wave_2006: URL) -> None:
    table = jumelage("report", "agreements_by_country", "--db", address(wave_2006), "--lang", "fr").out
    (germany,) = [line for line in table.splitlines() if line.strip().startswith("Allemagne")]
    assert "Calais\u00a0(2)*, Cambrai, Douai" in germany
    assert "Tourcoing\u00a0(3)*" in germany
    assert "Entre parenthèses" in table
