"""Partners have an identity: one key, pairs that a person confirms or denies, and what is twinned at home.

Two real waves of 28 towns are compared; what they say of a dozen towns was counted by hand, from the files.
"""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from jumelage import database, report_file
from jumelage.database import migrate
from jumelage.database.workbench import workbench
from jumelage.errors import DataError
from jumelage.loading.load import load
from jumelage.loading.revision import Request
from jumelage.reporting.run import run
from jumelage.revisions.scope import find_scope
from jumelage.template import earlier_wave
from tests.conftest import ENGINES, ROOT, Databases, WaveFolder, address
from tests.conftest import run as jumelage

REAL = ROOT / "tests" / "data" / "real"
PAIRS = "city,country,partner_before,partner,same\n"
CONFIRMED = """\
Douai,Royaume-Uni,London Borough of Harrow,Harrow (London borough),yes
Douai,Burkina Faso,Dédougou Department,Dédougou,yes
Douai,États-Unis,Kenosha,"Kenosha, Wisconsin",oui
Hénin-Beaumont,Allemagne,Herne,"Herne, North Rhine-Westphalia",yes
Lille,Sénégal,Saint-Louis,"Saint-Louis, Senegal",yes
Lille,États-Unis,Buffalo,"Buffalo, New York",yes
Tourcoing,Allemagne,Mühlhausen/Thüringen,Mühlhausen,yes
Valenciennes,Pologne,Gliwice,Glewice,yes
"""
# Before, after; no longer declared, newly declared, may be the same: where both lists are taken for complete.
BY_HAND = {
    "Armentières": (2, 3, 0, 1, 0),  # + Litoměřice
    "Arras": (5, 4, 1, 0, 0),  # - Deva
    "Béthune": (1, 3, 0, 2, 0),  # + Hastings, Kortrijk
    "Boulogne-sur-Mer": (5, 5, 1, 1, 0),  # - Safi, + Stralsund
    "Bruay-la-Buissière": (2, 2, 2, 2, 0),  # two in Germany, then one in Belgium and one in Poland
    "Cambrai": (3, 3, 1, 1, 1),  # - Kamp-Lintfort, + Houma; Gravesend may be Gravesham
    "Douai": (6, 6, 0, 0, 3),  # Harrow, Dédougou, Kenosha
    "Hazebrouck": (2, 3, 0, 1, 0),  # + Southampton
    "Hénin-Beaumont": (4, 4, 1, 1, 1),  # - Rolling Meadows, + Wavre; Herne
    "Liévin": (5, 5, 1, 1, 0),  # - Mouscron, + Hagen-Hohenlimburg; La Valette-du-Var is in France
    "Marcq-en-Barœul": (3, 2, 3, 2, 0),  # in five countries
    "Maubeuge": (5, 3, 4, 2, 0),  # but Ratingen
    "Roubaix": (7, 5, 2, 0, 0),  # - Prato, Covilhã
    "Wattrelos": (3, 1, 2, 0, 0),  # but Siemianowice Śląskie
}


def real(folder: Path, year: str, *, apart: bool = True, complete: bool = True, pairs: str = "") -> WaveFolder:
    made = WaveFolder(Path(shutil.copytree(REAL / year, folder / year, dirs_exist_ok=True)))
    if complete and year == "2017":
        made.replace("wave.toml", "agreements = false", "agreements = true")
    if apart:
        made.append("wave.toml", "[home]\napart = true")
    if pairs:
        made.write("partner_pairs.csv", PAIRS + pairs)
    return made


def cells(url: URL, name: str, wave: str) -> dict[str, dict[str, object]]:
    with database.reading(url) as connection:
        found = run(connection, report_file.report(name), find_scope(connection, wave)).cells
    return {key: dict(cell) for key, cell in found.items()}


def total(url: URL) -> tuple[object, ...]:
    """Return what is lost, new, net of what cannot be told, and may be the same, of all zones."""
    cell = cells(url, "bridge", "2017,2020-wp")["2017/2020-wp/total"]
    return tuple(cell[part] for part in ("disappeared", "appeared", "undetermined", "may_be_same"))


@pytest.fixture(params=ENGINES)
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    server = None if request.param == "duckdb" else request.getfixturevalue("postgres")
    return Databases(request.param, tmp_path, server).migrated()


@pytest.mark.parametrize(("year", "row"), [("2017", 30), ("2020", 56)])
def test_a_twinning_within_the_country_is_refused_where_it_stands(tmp_path: Path, year: str, row: int) -> None:
    url = Databases("duckdb", tmp_path, None).migrated()
    with pytest.raises(DataError) as refused:
        load(url, Request(REAL / year))
    (found,) = refused.value.findings
    assert (found.file, found.row, found.column, found.rule.name) == (
        *("partnerships.csv", row, "country"),
        "twinning_at_home",
    )
    assert "Liévin – La Valette-du-Var" in found.message("en")


def test_two_real_waves_load_and_compare(migrated: URL, tmp_path: Path) -> None:
    folders = [real(tmp_path, year) for year in ("2017", "2020")]
    for folder in folders:
        load(migrated, Request(folder.path, by="tests"))
    for wave, international in (("2017", 99), ("2020-wp", 104)):
        found = cells(migrated, "participation", wave)
        assert (found["agreements"]["value"], found["apart"]["value"]) == (international, 1)
        with database.reading(migrated) as connection:
            scope = find_scope(connection, wave)
            run(connection, report_file.report("zones"), scope)
            _, rows = database.query(connection, "select city, partner, country from apart_partnerships")
            assert earlier_wave(connection, scope).facts["home.apart"] == "yes"
        assert [tuple(row) for row in rows] == [("62510", "La Valette-du-Var", "FR")]
    assert total(migrated) == (-26, 27, 0, 11)  # 37 and 38 less those that may be one
    with database.reading(migrated) as connection:
        run(connection, report_file.report("bridge"), find_scope(connection, "2017,2020-wp"))
        parts = ("agreements_before", "agreements", "disappeared", "appeared", "may_be_same")
        sums = ", ".join(f"sum(d.{part})" for part in parts)
        _, rows = database.query(
            connection,
            f"{report_file.report('bridge').detail_sql}\nselect c.name, {sums} from detail d "
            "join cities c on c.code = d.city group by c.name",
        )
    told = {
        name: (*map(int, (before, after)), -int(gone), *map(int, rest)) for name, before, after, gone, *rest in rows
    }
    assert {town: told[town] for town in BY_HAND} == BY_HAND

    again = load(migrated, Request(folders[1].path, by="tests"))
    assert not again.new
    folders[1].write("partner_pairs.csv", PAIRS + CONFIRMED)
    assert load(migrated, Request(folders[1].path, reason="pairs", by="tests")).revision == 2
    assert not load(migrated, Request(folders[1].path, by="tests")).new
    assert total(migrated) == (-26, 27, 0, 3)  # the eight are the same; Gravesend, Miskolc and Vitória are left
    said = WaveFolder(tmp_path)
    said.write("pairs.csv", PAIRS + CONFIRMED + "Dunkerque,Brésil,Vitória,Corumbá,no\n")
    request = Request(tmp_path / "pairs.csv", table="partner_pairs", wave="2020-wp", reason="no", by="tests")
    assert load(migrated, request).revision == 3
    assert total(migrated) == (-27, 28, 0, 2)
    differs = jumelage("diff", "2020-wp@2", "2020-wp@3", "--db", address(migrated), "--format", "csv").out
    assert "row,partner_pairs,59183/BR/vitoria/corumba" in differs


def suggested(asked: list[str]) -> list[list[str]]:
    """Return the rows of what is suggested: for people, with a mark and semicolons."""
    return list(csv.reader(io.StringIO(jumelage(*asked).out.removeprefix("\ufeff")), delimiter=";"))


def test_a_pair_is_suggested_by_likeness_and_decided_by_nobody_but_a_person(tmp_path: Path) -> None:
    url = Databases("duckdb", tmp_path, None).migrated()
    for year in ("2017", "2020"):
        load(url, Request(real(tmp_path, year).path, by="tests"))
    asked = ["aliases", "suggest", "--between", "2017,2020-wp", "--db", address(url), "--format", "csv"]
    header, *rows = suggested([*asked, "--lang", "fr"])
    assert {"Royaume-Uni"} < {row[1] for row in rows}
    assert {"United Kingdom"} < {row[1] for row in suggested(asked)}
    assert header == ["city", "country", "partner_before", "partner", "same", "likeness"]
    known = {tuple(row[:4]) for row in csv.reader(io.StringIO(CONFIRMED))}
    assert {tuple(row[:4]) for row in rows[: len(known)]} == known
    assert {row[4] for row in rows} == {""}
    folder = real(tmp_path, "2020", pairs=CONFIRMED + "Dunkerque,Brésil,Vitória,Corumbá,no\n")
    load(url, Request(folder.path, reason="pairs", by="tests"))
    left = {tuple(row[2:4]) for row in suggested(asked)}
    assert left == {
        ("partner_before", "partner"),
        ("Gravesend", "Gravesham"),
        ("Miskolc", "Salgótarján"),
        ("Miskolc", "Óbuda"),
    }
    assert jumelage("aliases", "suggest", "--between", "2017", "--db", address(url)).code == 2


BAD = """\
Lile,Sénégal,Saint-Louis,"Saint-Louis, Senegal",yes
Lille,Sénégal,Saint-Louis,Dakar,yes
Lille,Sénégal,Dakar,"Saint-Louis, Senegal",yes
Douai,États-Unis,Kenosha,"Kenosha, Wisconsin",maybe
Cambrai,Royaume-Uni,Gravesend,Gravesham,yes
Cambrai,Royaume-Uni,Gravesend,GRAVESHAM,no
Lille,Allemagne,Bonn,Cologne,yes
Lille,Allemagne,Bonn,Erfurt,yes
Arras,Allemagne,Herten,Chemnitz,yes
Arras,Allemagne,Herten,herten,no
"""


def test_a_pair_that_cannot_be_is_found_where_it_stands(tmp_path: Path) -> None:
    url = Databases("duckdb", tmp_path, None).migrated()
    load(url, Request(real(tmp_path, "2017").path, by="tests"))
    with pytest.raises(DataError) as refused:
        load(url, Request(real(tmp_path, "2020", pairs=BAD).path, by="tests"))
    assert [(one.row, one.column, one.rule.name) for one in refused.value.findings] == [
        (2, "city", "name_unknown"),
        (3, "partner", "pair_partner_unknown"),
        (5, "same", "choice"),
        (7, "city", "row_twice"),
        (9, "same", "pair_contradicts"),
        (10, "partner_before", "pair_named_itself"),
        (11, "partner_before", "pair_named_itself"),
    ]


def test_a_wave_may_be_at_home_elsewhere_and_a_territory_is_part_of_its_country(
    tmp_path: Path, tiny_wave: WaveFolder
) -> None:
    url = Databases("duckdb", tmp_path, None).migrated()
    first = load(url, Request(tiny_wave.path, by="tests"))
    toml = (tiny_wave.path / "wave.toml").read_text(encoding="utf-8")
    tiny_wave.write("wave.toml", f'{toml}\n[home]\ncountry = "FR"\napart = false\n')
    assert not load(url, Request(tiny_wave.path, by="tests")).new  # what holds unless it is said
    assert first.revision == 1
    tiny_wave.append("partnerships.csv", "Lille,La Réunion,1,Saint-Denis,,,")
    for home, refused in (("FR", 1), ("NL", 0), ("Nirgendwo", 1)):
        tiny_wave.write("wave.toml", f'{toml}\n[home]\ncountry = "{home}"\n')
        if not refused:
            assert load(url, Request(tiny_wave.path, reason="another home", by="tests")).new
            continue
        with pytest.raises(DataError) as found:
            load(url, Request(tiny_wave.path, reason="another home", by="tests"))
        assert {one.rule.name for one in found.value.findings} == {
            "twinning_at_home" if home == "FR" else "code_unknown"
        }


LOOKALIKES = [
    ("Saint-Louis", "St Louis", "ST. LOUIS", "saint\u00a0louis", "Saint\u202fLouis", "Sa\u00adint—Louis"),
    ("Łódź", "lodz", "Lo\u0301dz\u0301", "ŁÓDŹ"),
    ("L'Aquila", "L’Aquila", "L\u02bcAquila", "l aquila"),
    ("Bergisch-Gladbach", "Bergisch\u2212Gladbach", "Bergisch \u2014 Gladbach", "Bergisch\tGladbach"),
    ("Πάτρας", "ΠΑΤΡΑΣ"),
    ("Ålesund/Norge", "alesund (norge)"),
    ("上海",),
    ("?!",),
    ("—",),
]


def test_spellings_of_one_partner_have_one_key_and_those_of_two_have_two() -> None:
    with database.in_memory().begin() as bench, workbench(bench) as ready:
        keys = [
            {ready.exec_driver_sql("select partner_key(cast(? as varchar))", (text,)).scalar() for text in alike}
            for alike in LOOKALIKES
        ]
    assert [len(found) for found in keys] == [1] * len(LOOKALIKES)
    assert len(set.union(*keys)) == len(LOOKALIKES)


def test_a_partner_spelled_otherwise_is_told_by_diff_as_a_spelling(tmp_path: Path) -> None:
    url = Databases("duckdb", tmp_path, None).migrated()
    folder = real(tmp_path, "2017")
    load(url, Request(folder.path, by="tests"))
    folder.replace("partnerships.csv", "Saint-Louis", "St Louis")
    load(url, Request(folder.path, reason="spelling", by="tests"))
    rows = list(
        csv.DictReader(io.StringIO(jumelage("diff", "2017@1", "2017@2", "--db", address(url), "--format", "csv").out))
    )
    assert [(row["what"], row["measure"], row["before"], row["after"]) for row in rows] == [
        ("row", "partner", "Saint-Louis", "St Louis")
    ]


def test_a_revision_of_before_gets_its_keys_when_the_database_is_migrated(migrated: URL, tmp_path: Path) -> None:
    folder = real(tmp_path, "2017")
    load(migrated, Request(folder.path, by="tests"))
    asked = "select agreement, partner, partner_key, apart from survey.partnerships order by agreement"
    with database.reading(migrated) as connection:
        before = database.query(connection, asked)[1]
    assert all(key for _, _, key, _ in before)
    assert [partner for _, partner, _, apart in before if apart] == ["La Valette-du-Var"]
    for to in ("0005", "head"):
        with database.creating(migrated) as connection:
            migrate.migrate(connection, to, accept_loss=True)
    with database.reading(migrated) as connection:
        assert database.query(connection, asked)[1] == before
    assert not load(migrated, Request(folder.path, by="tests")).new
