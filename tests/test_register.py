"""The register of communes and the dates of states: what the files of schema/codes say, read as they stand."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

CODES = Path(__file__).resolve().parents[1] / "schema" / "codes"
KINDS = {"commune", "associated", "delegated", "former"}
HOMONYMS = {"saint aubin": {"59529", "62742"}}
STATES = 195  # the 193 members of the United Nations, Kosovo and the Vatican
OLDER_STATES = (
    "AD AR AT BE BO BR BT CA CH CL CN CO CR DE DK DO EC ES ET FR GB GR GT HN HT HU IR IT JP LI LR LU MC MN MX NI NL NP "
    "OM PE PT PY RO RU SE SM SV TH US UY VE"
)
NOT_AMONG_THEM = (
    "AI AQ AS AW AX BL BM BQ BV CC CK CW CX EH FK FO GF GG GI GL GP GS GU HK HM IM IO JE KY MF MO MP MQ MS NC NF NU PF "
    "PM PN PR PS RE SH SJ SX TC TF TK TW UM VG VI WF YT"
)


def records(name: str) -> list[dict[str, str]]:
    with (CODES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


COMMUNES = records("communes.csv")
AUTHORITIES = records("authorities.csv")
COUNTRIES = records("countries.csv")
PRESENT = {row["code"]: row for row in COMMUNES if row["kind"] == "commune"}
STATE_SINCE = {row["code"]: row["state_since"] for row in COUNTRIES}


def folded(name: str) -> str:
    """Leave what names are compared by: no case, accents or punctuation, and St is Saint."""
    letters = unicodedata.normalize("NFD", name.lower().replace("œ", "oe").replace("æ", "ae"))
    words = re.findall(r"\w+", "".join(letter for letter in letters if not unicodedata.combining(letter)))
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("communes.csv", "code,name,departement,kind,part_of,population"),
        ("authorities.csv", "code,kind,name,status,part_of,departement,population,valid_from,valid_to"),
        ("countries.csv", "code,label_fr,label_en,state_since,part_of"),
    ],
)
def test_a_list_is_plain_csv(name: str, columns: str) -> None:
    written = (CODES / name).read_bytes().decode("utf-8")
    header, *rows = csv.reader(io.StringIO(written, newline=""), strict=True)
    assert ",".join(header) == columns
    assert {len(row) for row in rows} == {len(header)}
    again = io.StringIO(newline="")
    csv.writer(again, lineterminator="\n").writerows([header, *rows])
    assert again.getvalue() == written
    assert unicodedata.is_normalized("NFC", written)


def test_a_code_and_a_kind_stand_for_one_commune_and_follow_each_other() -> None:
    keys = [(row["code"], row["kind"]) for row in COMMUNES]
    assert keys == sorted(set(keys))


def test_a_row_has_the_kind_code_and_departement_of_a_commune() -> None:
    assert {row["kind"] for row in COMMUNES} == KINDS
    assert {row["departement"] for row in COMMUNES} == {"59", "62"}
    assert [row for row in COMMUNES if not re.fullmatch(r"\d{5}", row["code"])] == []
    elsewhere = {row["code"]: row["part_of"] for row in COMMUNES if row["code"][:2] != row["departement"]}
    assert elsewhere == {"02285": "59545", "80072": "62881", "80831": "62909"}


def test_every_other_commune_is_part_of_a_present_one_of_its_departement() -> None:
    assert [row for row in PRESENT.values() if row["part_of"]] == []
    others = [row for row in COMMUNES if row["kind"] != "commune"]
    assert [row for row in others if PRESENT.get(row["part_of"], {}).get("departement") != row["departement"]] == []


def test_a_former_code_is_no_code_of_another_row_and_alone_has_no_name() -> None:
    named = {row["code"] for row in COMMUNES if row["kind"] != "former"}
    former = {row["code"] for row in COMMUNES if row["kind"] == "former"}
    assert former & named == set()
    assert {row["code"] for row in COMMUNES if not row["name"]} == former


def test_a_delegated_commune_says_more_than_the_present_one_of_its_code() -> None:
    delegated = [row for row in COMMUNES if row["kind"] == "delegated" and row["code"] in PRESENT]
    assert {row["code"] for row in delegated} == {"59006", "59588", "62295", "62447", "62471"}
    assert [row for row in delegated if row["part_of"] != row["code"]] == []
    assert [row for row in delegated if row["name"] == PRESENT[row["code"]]["name"]] == []


def test_a_name_is_written_with_letters_hyphens_spaces_and_the_typographic_apostrophe() -> None:
    names = [row["name"] for row in COMMUNES if row["name"]]
    assert [name for name in names if not re.fullmatch(r"[^\W\d_]+([ ’-][^\W\d_]+)*", name)] == []
    assert "Villeneuve-d’Ascq" in names


def test_homonyms_are_those_that_are_known() -> None:
    codes = defaultdict(set)
    for row in COMMUNES:
        if row["name"]:
            codes[folded(row["name"])].add(row["code"])
    assert {name: found for name, found in codes.items() if len(found) > 1} == HOMONYMS
    keys = {(row["name"], row["code"]) for row in COMMUNES if row["name"]}
    assert len(keys) == sum(row["kind"] != "former" for row in COMMUNES)


def test_the_towns_of_the_two_departements_are_in_the_register_by_code_and_name() -> None:
    kinds = {(row["code"], row["name"]): row["kind"] for row in COMMUNES}
    towns = [(row["code"], row["name"]) for row in records("cities.csv") if row["code"][:2] in {"59", "62"}]
    assert [town for town in towns if town not in kinds] == []
    assert [town for town in towns if kinds[town] != "commune"] == [("59540", "Saint-Pol-sur-Mer")]


@pytest.mark.parametrize(
    "row",
    [
        "59540,Saint-Pol-sur-Mer,59,associated,59183,",
        "59248,Fort-Mardyck,59,associated,59183,",
        "59355,Lomme,59,associated,59350,",
        "59298,Hellemmes-Lille,59,associated,59350,",
        "02285,Escaufourt,59,associated,59545,",
        "59006,L’Orée de Mormal,59,commune,,619",
        "59006,Amfroipret,59,delegated,59006,",
        "59260,Ghyvelde,59,commune,,4133",
        "62447,Hesdin,62,delegated,62447,",
        "59373,,59,former,59183,",
        "62098,,62,former,62427,",
        "62041,Arras,62,commune,,42875",
    ],
)
def test_the_register_says_what_is_well_known(row: str) -> None:
    assert row in [",".join(found.values()) for found in COMMUNES]


def test_the_register_is_whole() -> None:
    counts = {
        departement: sum(row["departement"] == departement for row in PRESENT.values()) for departement in ("59", "62")
    }
    assert counts == {"59": 647, "62": 887}


def test_people_are_those_of_the_present_communes_and_add_up_to_those_of_the_departements() -> None:
    assert [row for row in COMMUNES if (row["kind"] == "commune") != row["population"].isdigit()] == []
    above = {row["code"]: row["population"] for row in AUTHORITIES if row["kind"] == "departement"}
    people = dict.fromkeys(above, 0)
    for row in PRESENT.values():
        people[f"FR-{row['departement']}"] += int(row["population"])
    assert above == {code: str(number) for code, number in people.items()}


def test_what_is_above_the_communes_has_a_code_of_its_kind_and_lies_in_something_that_is_there() -> None:
    codes = {"epci": r"2\d{8}", "departement": r"FR-(59|62)", "region": r"FR-(HDF|O)"}
    assert [row for row in AUTHORITIES if not re.fullmatch(codes[row["kind"]], row["code"])] == []
    known = {row["code"] for row in AUTHORITIES}
    assert [row for row in AUTHORITIES if row["part_of"] and row["part_of"] not in known] == []
    found = {row["code"]: row["name"] for row in AUTHORITIES if row["kind"] == "epci" and not row["status"]}
    assert (len(found), found["200093201"]) == (36, "Métropole Européenne de Lille")
    former = [row for row in AUTHORITIES if row["kind"] == "epci" and row["status"]]
    assert (len(former), {row["status"] for row in former}) == (96, {"former"})
    assert [row for row in former if row["valid_from"] > (row["valid_to"] or "9")] == []


def test_a_state_exists_since_a_date_of_the_years_from_1900_on() -> None:
    dates = {code: date.fromisoformat(since) for code, since in STATE_SINCE.items() if since}
    assert [code for code, since in dates.items() if since.isoformat() != STATE_SINCE[code]] == []
    assert min(dates.values()) >= date(1900, 1, 1)
    assert max(dates, key=lambda code: dates[code]) == "SS"


def test_a_country_without_a_date_is_an_older_state_or_a_territory() -> None:
    others = NOT_AMONG_THEM.split()
    assert len(COUNTRIES) == len(STATE_SINCE) == STATES + len(others)
    assert [code for code, since in STATE_SINCE.items() if not since] == sorted([*OLDER_STATES.split(), *others])


@pytest.mark.parametrize(
    ("country", "since"),
    [
        ("SK", "1993-01-01"),
        ("CZ", "1993-01-01"),
        ("HR", "1991-06-25"),
        ("SI", "1991-06-25"),
        ("DZ", "1962-07-05"),
        ("ML", "1960-09-22"),
        ("SN", "1960-08-20"),
        ("UA", "1991-08-24"),
        ("LV", "1918-11-18"),
        ("PL", "1918-11-11"),
        ("RS", "2006-06-05"),
        ("IL", "1948-05-14"),
        ("NO", "1905-06-07"),
        ("VA", "1929-02-11"),
        ("XK", "2008-02-17"),
        ("SS", "2011-07-09"),
    ],
)
def test_a_state_exists_since_the_date_that_is_well_known(country: str, since: str) -> None:
    assert STATE_SINCE[country] == since


def test_every_country_but_antarctica_has_a_zone() -> None:
    assert {row["country"] for row in records("country_zones.csv")} == set(STATE_SINCE) - {"AQ"}
