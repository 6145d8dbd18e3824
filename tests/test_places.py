"""Names of authorities: in the frame first, then in the wave's territory on its day, with the whole of a register."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Connection

from jumelage import database
from jumelage.checking.names import Names
from jumelage.checking.register import index_register
from jumelage.database.workbench import workbench

DAY = date(2006, 12, 31)
NORD = ("FR-59", "FR-62")
# code, kind, status, country, name, part_of, departement, population, valid_from, valid_to
REGISTER = """
59163 commune - FR Croix - 59 20000 - -
90030 commune - FR Croix - 90 180 - -
59383 commune - FR Marly - 59 11000 - -
57447 commune - FR Marly - 57 10000 - -
59529 commune - FR Saint-Aubin - 59 360 - -
62742 commune - FR Saint-Aubin - 62 250 - -
14762 commune - FR Vire - 14 11000 - 2016-01-01
71584 commune - FR Viré - 71 1100 - -
91228 commune - FR Évry - 91 53000 - 2019-01-01
89162 commune - FR Évry - 89 370 - -
50129 commune - FR Cherbourg - 50 - - 2000-03-01
50602 commune - FR Cherbourg - 50 - 2000-03-01 -
49092 commune - FR Chemillé - 49 - - -
49092-D commune delegated FR Chemillé 49092 49 - - -
62498 commune - FR Lens - 62 31000 - -
75056 commune - FR Paris FR-75 75 2100000 - -
FR-59 departement - FR Nord FR-HDF - 2600000 - -
FR-75 departement - FR Paris FR-IDF - 2100000 - -
FR-HDF region - FR Hauts-de-France - - 6000000 - -
DE:05315 Stadt - DE Köln - - 1080000 - -
"""


@pytest.fixture(scope="module")
def bench() -> Iterator[Connection]:
    with database.in_memory().begin() as connection, workbench(connection) as ready:
        yield ready


@pytest.fixture
def names(bench: Connection) -> Names:
    made = Names(bench)
    rows = [[None if part == "-" else part for part in line.split()] for line in REGISTER.strip().splitlines()]
    bench.exec_driver_sql("delete from installed")
    for row in rows:
        bench.exec_driver_sql(
            "insert into installed (code, kind, status, country, name, part_of, departement, population, valid_from, "
            "valid_to, match_key) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, match_key(?))",
            (*row, row[4]),
        )
    index_register(bench)
    made.declare(NORD, DAY)
    return made


def meant(names: Names, *texts: str) -> dict[str, str]:
    return names.resolve("cities", texts)


@pytest.mark.parametrize(
    ("territory", "text", "code"),
    [
        (NORD, "Croix", "59163"),
        (("FR",), "Croix", None),
        (("FR-HDF",), "Croix", "59163"),
        (("90030",), "Croix", "90030"),
        (NORD, "Marly", "59383"),
        (NORD, "Marly (57)", "57447"),
        (("FR",), "Marly 59", "59383"),
        (NORD, "Saint-Aubin", None),
        (NORD, "St Aubin (Nord)", "59529"),
        (NORD, "59529", "59529"),
        (NORD, "Lens", "62498"),
        (NORD, "Lens (BE)", None),
        (NORD, "Lens (Belgique)", None),
        (NORD, "Lens, France", "62498"),
        (NORD, "Köln", None),
        (("DE",), "Köln", "DE:05315"),
        (NORD, "Köln (Allemagne)", "DE:05315"),
        (NORD, "DE:05315", "DE:05315"),
        (("FR",), "Vire", "14762"),
        (("FR",), "Viré", "71584"),
        (("FR",), "VIRE", None),
        (("FR",), "Paris", "75056"),
        (("FR",), "FR-75", "FR-75"),
        (("FR",), "Chemillé", "49092"),
        (("FR",), "Cherbourg", "50602"),
        (NORD, "Nord", "FR-59"),
    ],
)
def test_a_name_is_looked_up_in_the_territory_and_what_tells_homonyms_apart_everywhere(
    names: Names, territory: tuple[str, ...], text: str, code: str | None
) -> None:
    names.declare(territory, DAY)
    assert meant(names, text) == ({text: code} if code else {})


def test_a_name_is_that_of_the_authority_that_was_there_on_the_day(names: Names) -> None:
    names.declare(("FR",), date(1999, 12, 31))
    assert meant(names, "Cherbourg") == {"Cherbourg": "50129"}


@pytest.mark.parametrize(("printed", "code"), [(370, "89162"), (53000, None)])
def test_a_town_of_another_size_does_not_take_the_name_of_one_that_is_gone(
    bench: Connection, names: Names, printed: int, code: str | None
) -> None:
    bench.exec_driver_sql(f"create or replace temp table raw_frame as select 'Évry' as city, '{printed}' as population")
    names.declare(("FR",), date(2020, 12, 31))
    names.places.read_populations()
    assert meant(names, "Évry").get("Évry") == code


def test_names_mean_the_towns_of_the_frame_first(bench: Connection, names: Names) -> None:
    query = "select * from (values ('cities', 'frame', '59529'), ('cities', 'frame', '57447'), {}) v"
    others = "('cities', 'rows', 'Saint-Aubin'), ('cities', 'rows', 'Marly'), ('cities', 'rows', 'Marly (59)')"
    names.look_up(query.format(others), "looked", frame="frame")
    found = dict(map(tuple, bench.exec_driver_sql("select text, code from looked")))
    assert found == {
        "59529": "59529",
        "57447": "57447",
        "Saint-Aubin": "59529",
        "Marly": "57447",
        "Marly (59)": "59383",
    }


def test_what_is_not_sure_is_told_with_all_that_it_may_be(names: Names) -> None:
    found = names.unknown("cities", ["Saint-Aubin", "Vire", "Lens (BE)"])
    assert [broken for broken, _ in found.values()] == ["name_of_several", "outside_territory", "name_unknown"]
    assert found["Saint-Aubin"][1]["several"] == "Saint-Aubin 59529, Saint-Aubin 62742"
    assert found["Saint-Aubin"][1]["example"] == "Saint-Aubin (59)"
    assert found["Vire"][1]["commune"] == "Vire 14762"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Communauté Urbaine de Dunkerque", "245900428"),
        ("C.U. de Dunkerque", "245900428"),
        ("Communauté de communes du Pays de Mormal", "200043321"),
        ("Pays de Mormal", "200043321"),
        ("Communauté d’agglomération Valenciennes Métropole", "245901160"),
        ("Terre des Deux Caps", "246200380"),
        ("Communauté d’agglomération de Dunkerque", None),  # of another form: it was not there
        ("Dunkerque", "59183"),  # borne by a commune
        ("Arras", "62041"),
        ("Cambrai", "59122"),
    ],
)
def test_an_epci_is_known_by_its_form_long_or_short_and_without_it_where_nobody_else_bears_the_name(
    text: str, code: str | None
) -> None:
    with database.in_memory().begin() as connection, workbench(connection) as bench:
        made = Names(bench)
        made.declare(NORD, DAY)
        assert meant(made, text).get(text) == code


@pytest.mark.parametrize(
    ("text", "then", "now"),
    [
        ("CA de la Porte du Hainaut", "245901145", "200042190"),
        ("Communauté urbaine d’Arras", "246201032", "200033579"),
        ("CA de Cambrai", "245900634", "200068500"),
        ("Métropole Européenne de Lille", "245900410", "200093201"),
        (
            "CC du Canton de Bergues",
            "245900170",
            "245900170",
        ),  # whoever names one that is gone means none that is there
        ("LMCU", "245900410", "245900410"),
    ],
)
def test_an_epci_is_the_one_that_was_there_on_the_day(text: str, then: str, now: str) -> None:
    with database.in_memory().begin() as connection, workbench(connection) as bench:
        made = Names(bench)
        for day, code in ((date(2006, 3, 31), then), (date(2026, 1, 1), now)):
            made.declare(NORD, day)
            assert meant(made, text).get(text) == code, day


def test_the_bare_name_of_an_epci_is_not_given_to_it_where_another_authority_bears_it() -> None:
    with database.in_memory().begin() as connection, workbench(connection) as bench:
        Names(bench)
        index_register(bench)
        found = bench.exec_driver_sql("select distinct code from register_names where key in ('dunkerque', 'arras')")
        assert {code for (code,) in found} == {"59183", "62041"}
