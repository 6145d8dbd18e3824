"""The reports across waves: every figure counted by hand, and both engines alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from jumelage import database, report_file
from jumelage.errors import ReportError
from jumelage.reporting.run import explain, run
from jumelage.reporting.sheet import Sheet, Value
from jumelage.revisions.scope import find_scope
from tests.conftest import ENGINES, ROOT, Databases, address
from tests.conftest import run as jumelage
from tests.made_waves import ACROSS, JOINED, Made, Pair, codes, put, put_changes, scope_of, sheet_of, wave


def written(url: URL, *waves: Made, changes: Sequence[tuple[str, str, str]] = ()) -> URL:
    with database.writing(url) as connection:
        put(connection, *waves)
        put_changes(connection, changes)
    return url


def expected(text: str) -> list[tuple[Value, ...]]:
    """Read a table: a heading that nobody reads, then rows; - is nothing, and what is no number is a code or a town."""
    return [tuple(_value(part) for part in line.split()) for line in text.strip().splitlines()[1:]]


def _value(text: str) -> Value:
    if text == "-":
        return None
    if text in codes():
        return codes()[text]
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return text
    return Decimal(text) if "." in text else int(text)


def rows_of(sheet: Sheet, *leave_out: str) -> list[tuple[Value, ...]]:
    """Return the rows of a sheet without some of its columns."""
    kept = [i for i, column in enumerate(sheet.report.columns) if column.name not in leave_out]
    return [tuple(row[i] for i in kept) for row in sheet.rows]


# --- a pair that shows everything once --------------------------------------------------------------------------

# Between the two: Romania and Bulgaria join the Union (2007), Saint-Pol-sur-Mer joins Dunkerque (2010), Great Britain
# leaves the Union (2020). Dates on the very day of the earlier wave are not after it: Gao, and the second IT.
BEFORE = wave(
    "y2006",
    "2006-06-30",
    """
    responded: Lille Dunkerque Saint-Pol-sur-Mer Lens Tourcoing Croix Douai Hazebrouck Cambrai Maubeuge
    refused: Roubaix
    not_reached: Béthune
    not_published: Calais Loos
    """,
    """
    Lille DE Köln
    Lille DE Hamburg
    Lille DE -
    Lille PL Wroclaw
    Lille PL Lodz
    Lille IT - x2
    Lille RO Cluj
    Lille BG Varna
    Lille GB Leeds
    Lille ES Sevilla
    Lille ES -
    Lille AQ Vostok
    Lille ML Kayes x2
    Dunkerque DE Krefeld
    Dunkerque GB Ramsgate
    Dunkerque DE -
    Saint-Pol-sur-Mer DE krefeld
    Saint-Pol-sur-Mer GB Ramsgate
    Saint-Pol-sur-Mer PL Gdynia
    Saint-Pol-sur-Mer DE -
    Lens PL Gdansk
    Lens RO Iasi
    Tourcoing BE Mouscron
    Tourcoing GB Rochdale
    Tourcoing GB Stoke
    Croix GB Keighley
    Douai DE Recklinghausen
    Douai CH -
    Hazebrouck DE Soest
    Loos PL Lubin
    Loos RO Arad
    Maubeuge DE Ratingen
    ? BE Gent inferred
    ? RO -
    """,
)
AFTER = wave(
    "y2020",
    "2020-06-30",
    """
    responded: Lille Dunkerque Arras Roubaix Calais Cambrai Maubeuge
    refused: Tourcoing
    not_reached: Croix
    not_published: Douai Hazebrouck Loos Béthune
    """,
    """
    Lille DE KÖLN
    Lille DE Bremen
    Lille DE -
    Lille DE Bonn since=2010-01-01
    Lille PL Gdansk
    Lille PL LODZ until=2015-01-01
    Lille IT Torino
    Lille IT - until=2006-06-30
    Lille RO Cluj since=1990-01-01
    Lille BG VARNA until=2012-01-01
    Lille GB leeds
    Lille GB York since=2010-05-01
    Lille ES Madrid
    Lille ES Bilbao until=2010-01-01
    Lille AQ Vostok
    Lille AQ Concordia
    Lille ML Kayes
    Lille ML Gao since=2006-06-30
    Dunkerque DE Krefeld
    Dunkerque DE -
    Dunkerque PL -
    Dunkerque GB Ramsgate until=2019-01-01
    Arras DE Herten since=2000-01-01
    Arras PL - since=2015-01-01
    Roubaix GB Bradford
    Roubaix DE Solingen since=2012-01-01
    Tourcoing BE Mouscron until=2014-01-01 inferred
    Calais GB Dover
    Calais GB Folkestone
    Loos PL LUBIN
    Loos DE Moers
    Cambrai DE Esslingen
    ? BE Gent
    ? GR - since=2008-01-01 inferred
    """,
    complete=False,
)

BRIDGE = """
zone               before left entered mergers silent heard undet ended disap begun appeared reclass after high high
eu                     27   -1       2      -2     -3     0    -3    -3    -3     3        2       0    19   27   19
europe_non_eu           6   -1       0       0      0     1     0    -1    -1     1        0       0     5    6    5
sub_saharan_africa      2    0       0       0      0     0     0     0     0     0        0       0     2    2    2
unknown                 1    0       0       0      0     0     0     0     0     0        1       0     2    1    2
total                  36   -2       2      -2     -3     1    -3    -4    -4     4        3       0    28   36   28
"""
# What is lost counts in the zone of 2006, what is new in that of 2020.
# left: Lens PL, RO. entered: Arras both, whatever their dates. mergers: Krefeld; Ramsgate, in the zone of 2006.
# silent: Rochdale, Stoke, Keighley. heard: Bradford. begun: Bonn, York, Solingen, and GR without a town.
# undetermined: -BE -RO +BE without a town, -Recklinghausen -Soest -CH, +Dover +Folkestone; and what could be the same
# under another name: -Wroclaw +Gdansk, -Kayes +Gao, and -Sevilla, which may be Bilbao that ended, or gone.
# ended: Lodz, Varna, Mouscron though Tourcoing refused, Ramsgate. Not Bilbao: of the Spanish agreements of 2006 the
# unnamed one may be Madrid, and Sevilla is not called so. disappeared: one IT, one of the two unnamed DE of Dunkerque,
# Arad, Ratingen. appeared: Moers, Esslingen, Concordia. Hamburg may be the unnamed one of 2020, Bremen that of 2006;
# Gdynia may be the unnamed PL of Dunkerque.
# reclassified: Cluj into the Union, Leeds out of it, and none of those that are in another part already.

BRIDGE_TOWNS = """
indicator before left entered mergers silent heard undet ceased started after high high
contacted     14   -1       1      -1      0     0     0      0       0    13   14   13
engaged       10   -1       1      -1     -2     1    -1     -1       1     7   10    7
"""  # undetermined: -Douai -Hazebrouck +Calais

PANEL = """
city      towns before difference after high high
Cambrai       1      0          1     1    0    -
Dunkerque     2      7         -4     3    7    -
Lille         1     15         -1    14   15    -
Loos          1      2          0     2    2    -
Maubeuge      1      1         -1     0    1    -
total         6     25         -5    20   25    -
"""  # Loos has agreements in both, so it has answered

EVOLUTION = """
wave zone                   contacted resp high engaged high agreements high inferred
y2006 eu                           14   10   12      10   10         27   27        1
y2006 europe_non_eu                14   10   12       4    4          6    6        0
y2006 sub_saharan_africa           14   10   12       1    1          2    2        0
y2006 north_africa_middle_east     14   10   12       0    0          0    0        0
y2006 north_america                14   10   12       0    0          0    0        0
y2006 latin_america_caribbean      14   10   12       0    0          0    0        0
y2006 asia                         14   10   12       0    0          0    0        0
y2006 oceania                      14   10   12       0    0          0    0        0
y2006 unknown                      14   10   12       1    1          1    1        0
y2006 all                          14   10   12      10   10         36   36        1
y2020 eu                           13    7   11       6   11         19    -        1
y2020 europe_non_eu                13    7   11       3   11          5    -        0
y2020 sub_saharan_africa           13    7   11       1   11          2    -        0
y2020 north_africa_middle_east     13    7   11       0   11          0    -        0
y2020 north_america                13    7   11       0   11          0    -        0
y2020 latin_america_caribbean      13    7   11       0   11          0    -        0
y2020 asia                         13    7   11       0   11          0    -        0
y2020 oceania                      13    7   11       0   11          0    -        0
y2020 unknown                      13    7   11       1   11          2    -        0
y2020 all                          13    7   11       7   11         28    -        1
"""

RESPONSE = """
wave  size            cont resp high  rate  high refused not_r not_p engaged high agreements high
y2006 10000_19999        1    1    1   100   100       0     0     0       1    1          1    1
y2006 20000_29999        2    1    2    50   100       0     0     1       2    2          6    6
y2006 30000_49999        6    5    5  83.3  83.3       0     1     0       4    5          6    -
y2006 50000_99999        3    2    3  66.7   100       0     0     1       2    3          6    -
y2006 100000_and_over    2    1    1    50    50       1     0     0       1    2         15    -
y2006 unknown            0    0    0     -     -       0     0     0       0    0          2    2
y2006 total             14   10   12  71.4  85.7       1     1     2      10   13         36    -
y2020 10000_19999        1    0    0     0     0       0     1     0       0    1          0    -
y2020 20000_29999        1    0    1     0   100       0     0     1       1    1          2    -
y2020 30000_49999        6    3    6    50   100       0     0     3       2    6          3    -
y2020 50000_99999        3    2    2  66.7  66.7       1     0     0       2    3          5    -
y2020 100000_and_over    2    2    2   100   100       0     0     0       2    2         16    -
y2020 unknown            0    0    0     -     -       0     0     0       0    0          2    -
y2020 total             13    7   11  53.8  84.6       1     1     4       7   13         28    -
"""

PAIR = scope_of(BEFORE, AFTER)


@pytest.fixture(scope="module")
def copies(postgres: URL, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Databases]:
    """Both engines side by side."""
    folder = tmp_path_factory.mktemp("waves")
    return {engine: Databases(engine, folder, server) for engine, server in zip(ENGINES, (None, postgres), strict=True)}


@pytest.fixture(scope="module")
def pairs(copies: dict[str, Databases]) -> dict[str, URL]:
    """The pair on both engines, beside the 2006 wave; to read only."""
    return {engine: written(one.loaded(), BEFORE, AFTER) for engine, one in copies.items()}


@pytest.fixture(params=ENGINES)
def opened(request: pytest.FixtureRequest, pairs: dict[str, URL]) -> Iterator[Connection]:
    """The pair, on each engine in turn."""
    with database.reading(pairs[request.param]) as connection:
        yield connection


@pytest.fixture
def connection(copies: dict[str, Databases]) -> Iterator[Connection]:
    """A fresh database on DuckDB, whose waves are never committed."""
    with database.writing(copies["duckdb"].migrated(), dry_run=True) as found:
        yield found


@pytest.fixture(params=ENGINES)
def claimed(request: pytest.FixtureRequest, pairs: dict[str, URL]) -> Iterator[Connection]:
    """The pair with both lists claimed complete, on each engine in turn."""
    with database.writing(pairs[request.param], dry_run=True) as connection:
        connection.exec_driver_sql("update survey.revisions set agreements_complete = true")
        yield connection
        connection.rollback()


def test_every_part_of_the_bridge_is_as_counted_by_hand(claimed: Connection) -> None:
    sheet = sheet_of(claimed, "bridge", PAIR)
    assert {row[:2] for row in sheet.rows} == {("y2006", "y2020")}
    assert rows_of(sheet, "wave_before", "wave", "may_be_same") == expected(BRIDGE)


def test_every_part_of_the_bridge_of_towns_is_as_counted_by_hand(claimed: Connection) -> None:
    sheet = sheet_of(claimed, "bridge_towns", PAIR)
    assert {row[:2] for row in sheet.rows} == {("y2006", "y2020")}
    assert rows_of(sheet, "wave_before", "wave") == expected(BRIDGE_TOWNS)


def test_what_a_list_that_is_not_claimed_complete_leaves_out_cannot_be_told(opened: Connection) -> None:
    """The list of 2020 is not: nothing of 2006 is known to have disappeared, but what appeared did.

    Whoever answered, or may have, may have more than is listed: Maubeuge, Douai, Hazebrouck and Béthune may have one.
    """
    for name, table, undetermined, gone, most in (
        ("bridge", BRIDGE, 7, 9, {}),
        ("bridge_towns", BRIDGE_TOWNS, 7, 8, {"contacted": 13, "engaged": 11}),
    ):
        moved = []
        for row in expected(table):
            cells = list(row)
            cells[undetermined], cells[gone] = int(str(cells[undetermined])) + int(str(cells[gone])), 0
            cells[-1] = most.get(str(cells[0]))
            moved.append(tuple(cells))
        assert moved != expected(table)
        assert rows_of(sheet_of(opened, name, PAIR), "wave_before", "wave", "may_be_same") == moved


def test_the_panel_is_as_counted_by_hand(opened: Connection) -> None:
    assert rows_of(sheet_of(opened, "panel", PAIR), "wave_before", "wave") == expected(PANEL)


@pytest.mark.parametrize(("name", "table"), [("evolution", EVOLUTION), ("response", RESPONSE)])
def test_what_each_wave_declared_is_as_counted_by_hand(opened: Connection, name: str, table: str) -> None:
    sheet = sheet_of(opened, name, PAIR)
    assert list(sheet.rows) == expected(table)


def test_the_response_to_a_wave_is_the_same_whatever_waves_stand_beside_it(opened: Connection) -> None:
    alone = [row for made in (BEFORE, AFTER) for row in sheet_of(opened, "response", scope_of(made)).rows]
    assert alone == expected(RESPONSE)


def test_without_inferred_rows_none_of_them_counts_in_any_part(opened: Connection) -> None:
    """Inferred: Gent in 2006, in 2020 the agreement with Greece and that the one with Mouscron ended."""
    scope = replace(PAIR, with_inferred=False)
    found = sheet_of(opened, "bridge", scope).cells
    cells, whole = found["y2006/y2020/eu"], sheet_of(opened, "bridge", PAIR).cells["y2006/y2020/eu"]
    changed = {name: value for name, value in cells.items() if value != whole[name]}
    assert changed == {
        "agreements_before": 26,
        "silent": -4,
        "undetermined": -5,  # with the five that are no longer declared, and Gdansk that one of them may be
        "ended": -2,
        "begun": 2,
        "agreements": 18,
        "agreements_before_high": 26,
    }
    assert found["y2006/y2020/total"]["agreements_before"] == 35
    evolution = sheet_of(opened, "evolution", scope).cells
    assert [evolution[f"{made}/eu"]["agreements"] for made in ("y2006", "y2020")] == [26, 18]
    assert all(row["agreements_inferred"] == 0 for row in evolution.values())
    response = sheet_of(opened, "response", scope).cells
    assert [response[f"{made}/unknown"]["agreements"] for made in ("y2006", "y2020")] == [1, 1]


@pytest.mark.parametrize(
    ("day", "eu", "europe_non_eu"),
    [
        # Of 33 European agreements of 2006: RO 4, BG 1, CH 1, GB 6; of 24 of 2020: GB 5, RO 1.
        (date(1957, 12, 31), None, (33, 24)),
        (date(2006, 12, 31), (27, 23), (6, 1)),
        (date(2007, 1, 1), (32, 24), (1, 0)),
        (date(2020, 1, 31), (32, 24), (1, 0)),
        (date(2020, 2, 1), (26, 19), (7, 5)),
    ],
)
def test_on_one_date_no_country_is_reclassified(
    opened: Connection, day: date, eu: tuple[int, int] | None, europe_non_eu: tuple[int, int]
) -> None:
    cells = sheet_of(opened, "bridge", replace(PAIR, classified_on=day)).cells
    assert all(cell["reclassified"] == 0 for cell in cells.values())
    found = {
        zone: (cells[key]["agreements_before"], cells[key]["agreements"])
        for zone in ("eu", "europe_non_eu", "total")
        if (key := f"y2006/y2020/{zone}") in cells
    }
    assert found.get("eu") == eu
    assert found["europe_non_eu"] == europe_non_eu
    assert found["total"] == (36, 28)


@pytest.mark.parametrize("with_inferred", [True, pytest.param(False, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", ACROSS)
def test_the_rows_behind_every_cell_add_up_to_it(opened: Connection, name: str, with_inferred: bool) -> None:
    """One look at the detail for all cells; that `explain` shows the same rows is seen at the first and last cell."""
    sheet = sheet_of(opened, name, replace(PAIR, with_inferred=with_inferred))
    report, cells = sheet.report, sheet.cells
    names, rows = database.query(opened, f"{report.detail_sql}\nselect * from detail")
    measures = [measure for measure in report.measures if measure not in report.not_additive]
    for key, cell in cells.items():
        asked = [(names.index(column), part) for column, part in zip(report.key, key.split("/"), strict=True)]
        behind = [row for row in rows if all(part in {row[i], "total"} for i, part in asked)]
        for measure in measures:
            weights = [row[names.index(measure)] for row in behind]
            if cell[measure] is None:  # nothing bounds it
                assert None in weights, (key, measure)
            else:
                assert sum(weights) == cell[measure], (key, measure)
    for key in (min(cells), max(cells)):
        detail = explain(opened, sheet, key, measures[0])
        assert detail.additive
        value = cells[key][measures[0]]
        assert sum(int(str(row[names.index(measures[0])])) for row in detail.rows) == value


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("name", ACROSS)
def test_every_format_is_the_same_on_both_engines(pairs: dict[str, URL], name: str, lang: str) -> None:
    for options in (["--format", "csv"], ["--format", "json"], ["--format", "table"]):
        done = [
            jumelage("report", name, "--db", address(url), "--wave", "y2020,y2006", "--lang", lang, *options)
            for url in pairs.values()
        ]
        assert done[0].code == 0, done[0].err
        assert done[0] == done[1]
        assert "y2006" in done[0].out


@pytest.mark.parametrize("name", report_file.report_names())
def test_french_texts_of_reports_are_in_french_typography(name: str) -> None:
    report = report_file.report(name)
    labels = [label for column in report.columns for label in (column.labels or {}).values()]
    found = [report.title, *(column.label for column in report.columns), *labels]
    found += [text for text in (report.source, report.note) if text]
    for text in found:
        french = re.sub(r"\{report:\w+\}", "", text.fr)  # a title stands there
        assert not re.search("(?<!\u00a0)[:;?!»]|«(?!\u00a0)|[0-9] [0-9]|'", french), text.fr


@pytest.mark.parametrize(
    ("day", "eu"), [("2004-04-30", 64), ("2006-03-31", 78), ("2007-01-01", 81), ("2020-02-01", 65)]
)
def test_the_union_of_a_date_can_be_asked_for(pairs: dict[str, URL], day: str, eu: int) -> None:
    """Counted by hand from annex 2, as in tests/test_reports.py; the remark says what was done."""
    for url in pairs.values():
        asked = ["--db", address(url), "--wave", "2006", "--classified-on", day]
        done = jumelage("report", "zones", *asked, "--format", "csv")
        assert f"\neu,{eu}," in done.out
        assert f"zones of {day}" in done.err
        asked[3] = "2006,y2006"
        done = jumelage("report", "evolution", *asked, "--format", "csv")
        assert [line.split(",")[7] for line in done.out.splitlines() if line.startswith("2006,eu,")] == [str(eu)]


def test_the_command_line_reclassifies_nothing_on_one_date(copies: dict[str, Databases]) -> None:
    for one in copies.values():
        url = written(one.migrated(), FIRST, THIRD)
        asked = ["report", "bridge", "--db", address(url), "--wave", "first,third", "--format", "csv"]
        columns = [
            [line.split(",")[14] for line in jumelage(*asked, *options).out.splitlines()]
            for options in ([], ["--classified-on", "2007-01-01"])
        ]
        assert columns == [["reclassified", "1", "-1", "0"], ["reclassified", "0", "0", "0"]]


def test_the_bridge_needs_two_waves(pairs: dict[str, URL]) -> None:
    done = jumelage("report", "bridge", "--db", address(pairs["duckdb"]), "--wave", "y2006")
    assert done.code == 2
    assert "bridge compares waves and needs 2 or more" in done.err


@pytest.mark.parametrize("name", ["bridge", "bridge_towns", "panel"])
def test_a_balance_that_does_not_hold_is_an_error(opened: Connection, tmp_path: Path, name: str) -> None:
    balance = report_file.report(name).balance
    assert balance is not None
    text = (ROOT / "reports" / f"{name}.sql").read_text(encoding="utf-8")
    part = f"sum(d.{balance.parts[0]}) as"
    assert text.count(part) == 1
    path = tmp_path / "trial.sql"
    path.write_text(text.replace(part, f"1 + {part}"), encoding="utf-8")
    message = rf"trial\.sql: y2006/y2020/.*: {balance.start} and the parts do not make {balance.end}"
    with pytest.raises(ReportError, match=message):
        run(opened, report_file.read_report(path), PAIR)


def test_a_wave_and_its_own_copy_differ_in_nothing_that_can_be_told(pairs: dict[str, URL]) -> None:
    """The real wave, a year later: only for the agreement without a town nobody can tell."""
    with database.writing(pairs["duckdb"], dry_run=True) as connection:
        for table in ("waves", "revisions", "respondents", "partnerships"):
            changed = "'copy' as wave"
            if table == "revisions":
                changed += ", date '2006-12-31' as reference_date"
            connection.exec_driver_sql(
                f"insert into survey.{table} select * replace ({changed}) from survey.{table} where wave = '2006'"
            )
        scope = find_scope(connection, "2006,copy")
        for name in ("bridge", "bridge_towns", "panel"):
            sheet = sheet_of(connection, name, scope)
            balance = sheet.report.balance
            assert balance is not None
            assert sheet.rows
            assert all(cell[part] == 0 for cell in sheet.cells.values() for part in balance.parts)
            assert all(cell[balance.start] == cell[balance.end] for cell in sheet.cells.values())
        assert sheet_of(connection, "bridge", scope).cells["2006/copy/total"]["agreements"] == 100


# --- three waves -----------------------------------------------------------------------------------------------

FIRST = wave(
    "first",
    "2006-12-31",
    "responded: Lille Arras Dunkerque Saint-Pol-sur-Mer",
    """
    Lille DE Köln
    Lille GB Leeds
    Arras HR Split
    Dunkerque RO Arad
    Saint-Pol-sur-Mer RO ARAD
    """,
)
SECOND = wave(
    "second",
    "2012-12-31",
    "responded: Arras Dunkerque\nrefused: Lille",
    "Arras HR Split\nDunkerque RO Arad\nDunkerque DE Krefeld since=2007-01-01",
)
THIRD = wave(
    "third",
    "2018-12-31",
    "responded: Lille Dunkerque",
    "Lille DE Köln\nLille GB York since=2010-01-01\nDunkerque RO Arad\nDunkerque DE Krefeld since=2007-01-01",
)
# Croatia joins the Union in 2013. York began before the second wave: whoever was silent then is heard in the third,
# and between the first and the third it began.
THREE = """
pair                zone          before left entered mergers silent heard undet ended disap begun appeared reclass after high high
first/second        eu                 2    0       0       0     -2     0     0     0     0     1        0       1     2    2    2
first/second        europe_non_eu      3    0       0      -1      0     0     0     0     0     0        0      -1     1    3    1
first/second        total              5    0       0      -1     -2     0     0     0     0     1        0       0     3    5    3
second/third        eu                 2    0       0       0      0     2     0     0     0     0        0       0     4    2    4
second/third        europe_non_eu      1   -1       0       0      0     0     0     0     0     0        0       0     0    1    0
second/third        total              3   -1       0       0      0     2     0     0     0     0        0       0     4    3    4
"""
FIRST_AND_THIRD = """
pair                zone          before left entered mergers silent heard undet ended disap begun appeared reclass after high high
first/third         eu                 2    0       0       0      0     0     0     0    -1     2        0       1     4    2    4
first/third         europe_non_eu      3   -1       0      -1      0     0     0     0     0     0        0      -1     0    3    0
first/third         total              5   -1       0      -1      0     0     0     0    -1     2        0       0     4    5    4
"""
THREE_PANEL = """
pair         city      towns before difference after high high
first/second Arras         1      1          0     1    1    1
first/second Dunkerque     2      2          0     2    2    2
first/second total         3      3          0     3    3    3
second/third Dunkerque     1      2          0     2    2    2
second/third total         1      2          0     2    2    2
"""


def paired(sheet: Sheet) -> list[tuple[Value, ...]]:
    return [(f"{row[0]}/{row[1]}", *row[2:]) for row in rows_of(sheet, "may_be_same")]


@pytest.mark.parametrize("engine", ENGINES)
def test_three_waves_make_two_pairs_in_order_of_reference_date(copies: dict[str, Databases], engine: str) -> None:
    with database.writing(copies[engine].migrated(), dry_run=True) as connection:
        put(connection, SECOND, THIRD, FIRST)
        scope = find_scope(connection, "third,first,second")
        assert paired(sheet_of(connection, "bridge", scope)) == expected(THREE)
        assert paired(sheet_of(connection, "panel", scope)) == expected(THREE_PANEL)
        towns = {
            key: tuple(cell.values())[3:] for key, cell in sheet_of(connection, "bridge_towns", scope).cells.items()
        }
        assert towns == {
            # before, left, entered, mergers, silent, heard, undetermined, ceased, started, after, both at most
            "first/second/contacted": (4, 0, 0, -1, 0, 0, 0, 0, 0, 3, 4, 3),
            "first/second/engaged": (4, 0, 0, -1, -1, 0, 0, 0, 0, 2, 4, 2),
            "second/third/contacted": (3, -1, 0, 0, 0, 0, 0, 0, 0, 2, 3, 2),
            "second/third/engaged": (2, -1, 0, 0, 0, 1, 0, 0, 0, 2, 2, 2),
        }
        evolution = sheet_of(connection, "evolution", scope).cells
        assert [evolution[f"{one}/all"]["agreements"] for one in ("first", "second", "third")] == [5, 3, 4]
        assert list(dict.fromkeys(row[0] for row in sheet_of(connection, "response", scope).rows)) == [
            "first",
            "second",
            "third",
        ]
        ends = find_scope(connection, "first,third")
        assert paired(sheet_of(connection, "bridge", ends)) == expected(FIRST_AND_THIRD)


# --- towns that became part of others ---------------------------------------------------------------------------


def parts(connection: Connection, before: Made, after: Made, name: str = "bridge") -> dict[str, Value]:
    """Return what is not zero in the total of the bridge of agreements, or of towns that declare some."""
    put(connection, before, after)
    sheet = sheet_of(connection, name, scope_of(before, after))
    cell = sheet.cells[f"{before.wave}/{after.wave}/{'total' if name == 'bridge' else 'engaged'}"]
    return {column: cell[column] for column in sheet.report.figures if cell[column] != 0}


def test_a_merged_town_with_a_row_of_its_own_is_followed_to_itself(connection: Connection) -> None:
    said = "Dunkerque DE Krefeld\nSaint-Pol-sur-Mer DE Krefeld"
    towns = "responded: Dunkerque Saint-Pol-sur-Mer"
    before, after = wave("a", "2009-12-31", towns, said), wave("b", "2012-12-31", towns, said)
    assert parts(connection, before, after) == {"agreements_before": 2, "agreements": 2}
    panel = sheet_of(connection, "panel", scope_of(before, after))
    assert [row[3] for row in panel.rows] == [1, 1, 2]


def test_a_town_is_followed_from_the_day_on_which_it_joined(connection: Connection) -> None:
    before = wave("a", "2009-12-31", "responded: Dunkerque Saint-Pol-sur-Mer", "Saint-Pol-sur-Mer DE Krefeld")
    eve, day = (wave(one, f"2010-12-0{one}", "responded: Dunkerque", "Dunkerque DE Krefeld") for one in "89")
    assert parts(connection, before, eve) == {"agreements_before": 1, "frame_left": -1, "appeared": 1, "agreements": 1}
    put(connection, day)
    cells = sheet_of(connection, "bridge", scope_of(before, day)).cells["a/9/total"]
    assert [cells[name] for name in report_file.report("bridge").figures if cells[name] != 0] == [1, 1]


def test_a_chain_of_mergers_counts_a_partner_of_all_three_once(connection: Connection) -> None:
    put_changes(connection, JOINED)
    before = wave(
        "a",
        "2007-12-31",
        "responded: Croix Roubaix Tourcoing",
        "Croix DE Köln\nRoubaix DE KÖLN x2\nTourcoing DE köln\nCroix PL -\nRoubaix PL -",
    )
    after = wave("b", "2012-12-31", "responded: Tourcoing", "Tourcoing DE Köln x2\nTourcoing PL -")
    # Of four with Köln the two of Roubaix are those of the others, too; unnamed partners may be two.
    assert parts(connection, before, after) == {
        "agreements_before": 6,
        "mergers": -2,
        "disappeared": -1,
        "agreements": 3,
    }
    towns = sheet_of(connection, "bridge_towns", scope_of(before, after)).cells["a/b/contacted"]
    assert (towns["towns_before"], towns["mergers"], towns["towns"]) == (3, -2, 1)
    (panel, _) = sheet_of(connection, "panel", scope_of(before, after)).rows
    assert panel[2:] == (codes()["Tourcoing"], 3, 6, -3, 3, 6, 3)


def test_a_chain_goes_no_further_than_the_date_of_the_wave(connection: Connection) -> None:
    put_changes(connection, JOINED)
    before = wave("a", "2007-12-31", "responded: Croix Roubaix Tourcoing", "Croix DE Köln\nTourcoing DE Köln")
    after = wave("b", "2009-12-31", "responded: Roubaix Tourcoing", "Roubaix DE Köln\nTourcoing DE Köln")
    assert parts(connection, before, after) == {"agreements_before": 2, "agreements": 2}
    panel = sheet_of(connection, "panel", scope_of(before, after))
    assert {row[2]: row[3] for row in panel.rows} == {codes()["Roubaix"]: 2, codes()["Tourcoing"]: 1, "total": 3}


def test_a_successor_outside_the_later_frame_has_left_with_all_its_towns(connection: Connection) -> None:
    put_changes(connection, JOINED)
    before = wave("a", "2007-12-31", "responded: Croix Roubaix Lille", "Croix DE Köln\nRoubaix DE Köln")
    after = wave("b", "2012-12-31", "responded: Lille", "")
    assert parts(connection, before, after) == {"agreements_before": 2, "frame_left": -2}
    towns = sheet_of(connection, "bridge_towns", scope_of(before, after)).cells
    assert [towns[f"a/b/{key}"]["frame_left"] for key in ("contacted", "engaged")] == [-2, -2]


def test_a_town_that_became_one_of_its_own_again_is_no_longer_followed_the_old_way(connection: Connection) -> None:
    """Loos joined Lille, which then joined Arras; Loos had left by then, and joined Lambersart."""
    put_changes(
        connection,
        [("Loos", "2007-01-01", "Lille"), ("Loos", "2009-01-01", "Lambersart"), ("Lille", "2011-01-01", "Arras")],
    )
    before = wave("a", "2006-12-31", "responded: Loos Lille Arras Lambersart", "Loos DE Köln")
    after = wave("b", "2012-12-31", "responded: Arras Lambersart", "Lambersart DE Köln")
    assert parts(connection, before, after) == {"agreements_before": 1, "agreements": 1}
    panel = sheet_of(connection, "panel", scope_of(before, after))
    assert {row[2]: row[3] for row in panel.rows} == {codes()["Arras"]: 2, codes()["Lambersart"]: 2, "total": 4}


def test_two_towns_may_join_one_way_and_later_the_other(connection: Connection) -> None:
    put_changes(connection, [("Arras", "2008-01-01", "Lens"), ("Lens", "2011-01-01", "Arras")])
    before = wave("a", "2007-12-31", "responded: Arras Lens", "Arras DE Köln\nLens DE Köln")
    after = wave("b", "2012-12-31", "responded: Arras", "Arras DE Köln")
    assert parts(connection, before, after) == {"agreements_before": 2, "mergers": -1, "agreements": 1}


@pytest.mark.parametrize(
    ("responses", "agreements", "part"),
    [
        ("responded responded responded", "", "appeared"),
        ("refused not_reached refused", "", "heard"),
        ("responded refused responded", "", "undetermined"),
        ("responded not_published responded", "", "undetermined"),
        ("refused not_published refused", "", "undetermined"),
        ("not_published not_published not_published", "", "undetermined"),
        ("responded not_published responded", "Roubaix AQ -", "appeared"),  # who has agreements has answered
    ],
)
def test_what_a_merged_town_declares_is_new_only_if_all_its_towns_had_answered(
    connection: Connection, responses: str, agreements: str, part: str
) -> None:
    put_changes(connection, JOINED)
    towns = zip(responses.split(), ("Croix", "Roubaix", "Tourcoing"), strict=True)
    before = wave("a", "2007-12-31", "\n".join(": ".join(one) for one in towns), agreements)
    kept = agreements.replace("Roubaix", "Tourcoing")
    after = wave("b", "2012-12-31", "responded: Tourcoing", f"Tourcoing DE Köln\n{kept}")
    found = parts(connection, before, after)
    assert {name: value for name, value in found.items() if not name.startswith("agreements")} == {part: 1}
    assert bool(sheet_of(connection, "panel", scope_of(before, after)).rows) == (part == "appeared")
    engaged = sheet_of(connection, "bridge_towns", scope_of(before, after)).cells["a/b/engaged"]
    changed = {name: value for name, value in engaged.items() if value == 1 and not name.startswith("towns")}
    assert changed == ({} if agreements else {{"appeared": "started"}.get(part, part): 1})


@pytest.mark.parametrize(
    ("response", "part"), [("responded", "disappeared"), ("not_published", "disappeared"), ("refused", "silent")]
)
def test_a_town_that_lists_only_what_has_ended_has_answered_unless_it_is_known_that_it_has_not(
    connection: Connection, response: str, part: str
) -> None:
    before = wave("a", "2006-12-31", "responded: Lille", "Lille DE Köln\nLille PL Lodz")
    after = wave("b", "2012-12-31", f"{response}: Lille", "Lille DE Köln until=2010-01-01")
    assert parts(connection, before, after) == {"agreements_before": 2, "ended": -1, part: -1}


# --- which agreements are the same -------------------------------------------------------------------------------


# Named in the earlier wave, in force in the later one, ended there: disappeared, ended, appeared; what could
# be the same under another name is neither.
SAME = {
    ("A", "a", ""): (0, 0, 0),
    ("A", "B", ""): (0, 0, 0),
    ("A", "-", ""): (0, 0, 0),
    ("-", "A", ""): (0, 0, 0),
    ("-", "-", ""): (0, 0, 0),
    ("A", "", "a"): (0, 1, 0),
    ("A", "", "B"): (0, 0, 0),
    ("A", "", "-"): (0, 1, 0),
    ("-", "", "A"): (0, 1, 0),
    ("-", "", "-"): (0, 1, 0),
    ("A", "a", "a"): (0, 0, 0),  # in force comes first
    ("A -", "a", "-"): (0, 1, 0),
    ("A -", "C", "D"): (0, 0, 0),  # the unnamed one is C, so that A may be D
    ("A -", "C", "a"): (0, 1, 0),
    ("A B", "-", "a"): (0, 1, 0),  # B is the unnamed one in force, so that A can be the one that ended
    ("A B", "-", "C"): (0, 0, 0),
    ("A B -", "C -", "D"): (0, 0, 0),
    ("A B -", "- -", "D"): (0, 1, 0),  # A and B are those in force: the unnamed one may be D
    ("A B -", "- C", "a D"): (0, 1, 0),
    ("- -", "A", "B"): (0, 1, 0),
    ("- -", "A B", "C"): (0, 0, 0),
    ("A B", "a C", "-"): (0, 1, 1),
    ("A A", "a", "a"): (0, 1, 0),
    ("", "A", "B"): (0, 0, 1),
    ("A B", "C", ""): (1, 0, 0),
}
COUNTRIES = ["DE", "BE", "PL", "IT", "ES", "PT", "GR", "NL", "LU", "AT", "SE", "FI", "DK", "HU", "SK", "LT", "LV"]
COUNTRIES += ["EE", "IE", "CZ", "SI", "MT", "CY", "FR", "HR"]


# Left over in the earlier wave, in the later one, denied: how many of each side cannot be told.
DENIED = {
    ("A", "B", "A=B"): 0,
    ("A B", "C D", "A=C"): 2,
    ("A B", "C D", "A=C A=D"): 1,
    ("A B", "C D", "A=C B=C"): 1,
    ("A B", "C D", "A=C A=D B=C B=D"): 0,
    ("A B C", "D E F", "A=D A=E B=D B=E"): 2,  # A and B have but F
    ("A B C", "D E F", "A=D B=E C=F"): 3,
    ("A A B", "C D D", "A=D"): 2,  # two of A have one C, B has D
    ("A B -", "C D", "A=C A=D B=C B=D"): 0,  # the unnamed one is C or D already
    ("A B", "C -", "B=C"): 1,  # B is the unnamed one, so that A may be C
}


def test_a_town_is_engaged_by_its_own_word_and_a_declared_zero_is_an_answer(connection: Connection) -> None:
    """Lille lists nothing twice and says 3, Loos no longer has its one, Lens says nothing: only the last is open."""
    before = wave("a", "2006-12-31", "responded: Lille Loos Lens", "Loos DE Köln", complete=False)
    after = wave("b", "2012-12-31", "responded: Lille Lens\nnot_published: Loos", "", complete=False)
    before, after = replace(before, declared={"Lille": 3, "Loos": 1}), replace(after, declared={"Lille": 3, "Loos": 0})
    assert parts(connection, before, after, "bridge_towns") == {"towns_before": 2, "ceased": -1, "towns": 1}
    scope = scope_of(before, after)
    cell = sheet_of(connection, "bridge_towns", scope).cells["a/b/engaged"]
    assert (cell["towns_before_high"], cell["towns_high"]) == (3, 2)
    cell = sheet_of(connection, "bridge", scope).cells["a/b/total"]
    assert (cell["disappeared"], cell["agreements_before_high"], cell["agreements_high"]) == (-1, None, None)
    found = {row[2]: row[3:] for row in sheet_of(connection, "panel", scope).rows}
    assert found[codes()["Lille"]] == (1, 0, 0, 0, 3, 3)
    assert found[codes()["Loos"]] == (1, 1, -1, 0, 1, 0)
    assert found[codes()["Lens"]] == (1, 0, 0, 0, None, None)


def test_as_many_cannot_be_told_as_are_left_over_and_not_denied(connection: Connection) -> None:
    """Each case is that of another country."""
    cases = list(zip(COUNTRIES, DENIED, strict=False))
    sides: list[list[str]] = [
        [f"Lille {country} {name}" for country, case in cases for name in case[side].split()] for side in (0, 1)
    ]
    before = wave("a", "2006-12-31", "responded: Lille", "\n".join(sides[0]))
    after = wave("b", "2012-12-31", "responded: Lille", "\n".join(sides[1]))
    said = [(country, *pair.split("=")) for country, case in cases for pair in case[2].split()]
    pairs = tuple(Pair("Lille", country, one, other, same=False) for country, one, other in said)
    put(connection, before, replace(after, pairs=pairs))
    sheet_of(connection, "bridge", scope_of(before, after))
    detail = report_file.report("bridge").detail_sql
    _, rows = database.query(connection, f"{detail}\nselect d.country, d.agreements > 0, d.undetermined from detail d")
    found = {(country, later): number for country, later, number in rows}
    assert {case: (-found[country, False], found[country, True]) for country, case in cases} == {
        case: (number, number) for case, number in DENIED.items()
    }


def test_agreements_are_the_same_in_as_many_cases_as_can_be(connection: Connection) -> None:
    """Each case is that of another country."""
    earlier, later = [], []
    for country, (named, in_force, ended) in zip(COUNTRIES, SAME, strict=True):
        earlier += [f"Lille {country} {one}" for one in named.split()]
        later += [f"Lille {country} {one}" for one in in_force.split()]
        later += [f"Lille {country} {one} until=2008-01-01" for one in ended.split()]
    before = wave("a", "2006-12-31", "responded: Lille", "\n".join(earlier))
    after = wave("b", "2012-12-31", "responded: Lille", "\n".join(later))
    put(connection, before, after)
    sheet_of(connection, "bridge", scope_of(before, after))
    summed = ", ".join(f"sum(d.{part})" for part in ("disappeared", "ended", "appeared"))
    detail = report_file.report("bridge").detail_sql
    _, rows = database.query(connection, f"{detail}\nselect d.country, {summed} from detail d group by d.country")
    found = {country: (-disappeared, -ended, appeared) for country, disappeared, ended, appeared in rows}
    assert dict(zip(SAME, (found[country] for country in COUNTRIES), strict=True)) == SAME


def test_an_agreement_that_only_ended_makes_no_row(connection: Connection) -> None:
    """It was in force in neither wave."""
    before = wave("a", "2006-12-31", "responded: Lille", "Lille DE A")
    after = wave("b", "2012-12-31", "responded: Lille", "Lille DE A\nLille ML B until=2008-01-01")
    put(connection, before, after)
    assert list(sheet_of(connection, "bridge", scope_of(before, after)).cells) == ["a/b/eu", "a/b/total"]
