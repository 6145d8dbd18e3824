"""Lists of authorities that are added to the register: all of France, and anybody's file."""

from __future__ import annotations

import csv
import io
import tomllib
from pathlib import Path

from sqlalchemy.engine import URL

from jumelage import database
from jumelage.rules import folder

from .conftest import WAVE_2006, WaveFolder, address, run

HEADER = "code,kind,name,status,part_of,population,valid_from,valid_to,country"
GERMANY = ["DE:05315,Stadt,Köln,,DE:05,1084831,,,DE", "DE:05,Land,Nordrhein-Westfalen,,,,1946-08-23,,DE"]


def written(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return path


def found(url: URL, sql: str) -> list[tuple[object, ...]]:
    with database.reading(url) as connection:
        return [tuple(row) for row in database.query(connection, sql)[1]]


def test_france_is_added_once_and_the_waves_loaded_before_stay_as_they_are(loaded: URL, tiny_wave: WaveFolder) -> None:
    db = ("--db", address(loaded))
    dry = run("register", "add", "fr", "--dry-run", *db)
    assert (dry.code, dry.err) == (0, "fr: 39486 authorities would be added, 0 changed; 1723 there already\n")
    assert (
        run("register", "add", "fr", "--by", "Ada", *db).err
        == "fr: 39486 authorities added, 0 changed, 1723 there already\n"
    )
    assert run("register", "add", "fr", *db).err == "fr: unchanged, 41209 authorities\n"
    assert "unchanged" in run("load", WAVE_2006, *db).err
    listed = list(csv.DictReader(io.StringIO(run("register", "list", "--format", "csv", *db).out)))
    assert [(row["list"], row["kind"], row["authorities"], row["as_of"], row["added_by"]) for row in listed][:5] == [
        ("shipped", "commune", "1587", "2026-01-01", ""),
        ("shipped", "departement", "2", "2026-01-01", ""),
        ("shipped", "epci", "132", "2026-01-01", ""),
        ("shipped", "region", "2", "2026-01-01", ""),
        ("fr", "commune", "38133", "2026-01-01", "Ada"),
    ]
    codes = "('91228', '91228-D', '14762-D', '2A004', 'FR-V', '59350')"
    facts = f"select code, name, status, part_of, list from survey.cities where code in {codes} order by code"
    assert sorted(found(loaded, facts)) == [
        ("14762-D", "Vire", "delegated", "14762", "fr"),
        ("2A004", "Ajaccio", None, "FR-2A", "fr"),
        ("59350", "Lille", None, "FR-59", "shipped"),
        ("91228", "Évry-Courcouronnes", None, "FR-91", "fr"),
        ("91228-D", "Évry", "former", "91228", "fr"),
        ("FR-V", "Rhône-Alpes", "former", "FR-ARA", "fr"),
    ]
    assert found(loaded, "select count(*) from communes") == [(1587 + 38133,)]
    # A wave of the region has an EPCI and a town elsewhere by their codes; names stay those of its territory.
    tiny_wave.append("frame.csv", "Croix,21000\nMarly (57),10000\n200093201,1194040\n75056,2100000")
    assert run("load", tiny_wave.path, *db).code == 0
    asked = "select city from survey.respondents where wave = 'tiny' order by city"
    assert {"59163", "57447", "200093201", "75056"} <= {code for (code,) in found(loaded, asked)}
    tiny_wave.append("frame.csv", "Lyon,520000\nVire,11000\nSaint-Aubin,360")
    refused = run("load", tiny_wave.path, "--reason", "more towns", *db).err
    for said in ("'Lyon': is outside the wave’s territory: Lyon 69123", "territory: Vire 14762-D (Vire Normandie)"):
        assert said in refused
    assert "stands for several communes: Saint-Aubin 59529, Saint-Aubin 62742; " in refused


def test_a_list_of_anybodys_is_added_and_a_newer_edition_of_it_changes_it(migrated: URL, tmp_path: Path) -> None:
    db = ("--db", address(migrated))
    mine = written(tmp_path / "germany.csv", *GERMANY)
    assert run("register", "add", mine, "--as-of", "2024-01-01", *db).err.startswith("germany: 2 authorities added")
    written(mine, GERMANY[0].replace("Köln", "Cologne"), GERMANY[1])
    done = run("register", "add", mine, *db)
    assert (done.code, done.err) == (0, "germany: 0 authorities added, 1 changed, 1 there already\n")
    kept = "select name, match_key, country, population, list from survey.cities where code = 'DE:05315'"
    assert found(migrated, kept) == [("Cologne", "cologne", "DE", 1084831, "germany")]
    other = written(tmp_path / "other.csv", GERMANY[0].replace("Köln", "Aachen"), "DE:1,Land,Y,,,,,,DE")
    done = run("register", "add", other, *db)
    assert (done.code, "means Stadt Cologne DE in the register already" in done.err) == (1, True)
    assert found(migrated, "select count(*) from survey.cities where country = 'DE'") == [(2,)]


def test_all_that_is_wrong_with_a_list_is_said_at_once(migrated: URL, tmp_path: Path) -> None:
    wrong = {
        "DE:1,Stadt,A,,DE:2,,,,DE": ("part_of_unknown", "part_of"),
        "1,Stadt,A,,,,,,DE": ("code_prefix", "code"),
        "1001,commune,A,,,,,,": ("authority_code", "code"),
        "59350,commune,Lyon,,,,,,": ("code_means_another", "code"),
        "59178,commune,Douai,gone,,,,,": ("status_unknown", "status"),
        "62041,commune,Arras,,,,2001-02-30,,": ("not_a_day", "valid_from"),
        "62498,commune,Lens,,,,2001-01-01,2000-01-01,": ("ends_before_it_begins", "valid_to"),
        "2A004,,Ajaccio,,,,,,": ("value_missing", "kind"),
        "59122,commune,Cambrai,,,many,,,": ("not_a_population", "population"),
    }
    given = written(tmp_path / "mine.csv", *wrong)
    done = run("register", "add", given, "--lang", "fr", "--db", address(migrated))
    assert done.code == 1
    assert done.err.endswith(f"{given}\u00a0: {len(wrong)} constats\u00a0; rien n’a été ajouté\n")
    for row, (_, column) in enumerate(wrong.values(), 2):
        assert f"mine.csv:{row}, colonne {column}" in done.err
    of_registers = set(tomllib.loads((folder() / "4_registers.toml").read_text(encoding="utf-8")))
    assert of_registers <= {rule for rule, _ in wrong.values()}
    assert found(migrated, "select distinct list from survey.cities") == [("shipped",)]
    written(given.with_name("fr.csv"), *GERMANY)
    refused = run("register", "add", given.with_name("fr.csv"), "--db", address(migrated))
    assert (refused.code, "a list of jumelage has the name fr" in refused.err) == (2, True)
