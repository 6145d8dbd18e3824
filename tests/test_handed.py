"""What a data manager can hand in, through the command line: a folder, a zip, a workbook, one file, a template."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.cli import showing
from jumelage.database import migrate
from jumelage.database.models import metadata
from tests.conftest import WAVE_2006, Databases, Result, WaveFolder, address, run
from tests.test_workbook import SMALL, cell, entry, ods, row, table

TABLES = ("frame", "respondents", "partnerships", "actions", "difficulties")
ZONES = "zone,measure,printed,place\neu,agreements,5,page 2\ntotal,agreements,5,page 2\n"
CLAIMS = (
    "claim,place,printed,unit,statement_fr,statement_en,kind,offenders\n"
    'three_towns,page 1,3,villes,Trois villes.,Three towns.,figure,"select city from respondents where population < 1"\n'
)
Sheets = dict[str, list[list[Any]]]


def select(url: URL, sql: str) -> list[tuple[Any, ...]]:
    with database.opened(url, read_only=True) as connection:
        return database.query(connection, sql)[1]


def on_duckdb(url: URL) -> bool:
    return url.drivername.startswith("duckdb")


def everything(url: URL) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with database.opened(url, read_only=True) as connection:
        return {
            name: database.query(connection, f"select * from {name} order by {', '.join(made.columns.keys())}")[1]
            for name, made in metadata.tables.items()
        }


def rest(url: URL, wave: str, revision: int, *but: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a revision without its number, table by table, but for some tables."""
    own = {"wave", "revision", "content_hash", "loaded_at", "loaded_by", "reason"}
    found = {}
    with database.opened(url, read_only=True) as connection:
        for name, made in metadata.tables.items():
            columns = ", ".join(column for column in made.columns.keys() if column not in own)  # noqa: SIM118
            if "revision" in made.columns and name not in {f"survey.{other}" for other in but}:
                where = f"where wave = '{wave}' and revision = {revision}"
                found[name] = database.query(connection, f"select {columns} from {name} {where} order by {columns}")[1]
    return found


def load(url: URL, handed: Path, *options: object) -> Result:
    return run("load", handed, "--db", address(url), *options)


def loads(url: URL, handed: Path, *options: object) -> str:
    """Load what must be right, and return what was said."""
    done = load(url, handed, *options)
    assert done.code == 0, done.err
    return done.err


def unchanged(url: URL, handed: Path, *options: object) -> bool:
    """Tell whether what is handed in is what is loaded already."""
    return loads(url, handed, *options).endswith((": unchanged\n", "\u00a0: inchangée\n"))


def refused(url: URL, handed: Path, *options: object) -> list[dict[str, Any]]:
    """Load what must be refused, and return the findings."""
    done = load(url, handed, "--format", "json", *options)
    assert done.code == 1, (done.code, done.err)
    assert done.err.endswith(("nothing was loaded\n", "rien n’a été chargé\n")), done.err
    findings: list[dict[str, Any]] = json.loads(done.out)
    return findings


@pytest.fixture
def tiny(tiny_wave: WaveFolder) -> WaveFolder:
    """The tiny wave with a publication."""
    tiny_wave.write("published/zones.csv", ZONES)
    tiny_wave.write("claims.csv", CLAIMS)
    return tiny_wave


@pytest.fixture
def held(databases: Databases, tiny: WaveFolder) -> URL:
    """A fresh database that holds the tiny wave."""

    def make(url: URL) -> None:
        with database.creating(url) as connection:
            migrate.migrate(connection)
        loads(url, tiny.path)

    return databases._copy("tiny", make)  # noqa: SLF001


# Zip archives


def zipped(path: Path, folder: Path, top: str = "", noise: tuple[str, ...] = ()) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for file in sorted(folder.rglob("*")):
            made.write(file, f"{top}{file.relative_to(folder)}")
        for name in noise:
            made.writestr(name, b"\x00\x05\x16\x07")
    return path


@pytest.mark.parametrize(
    ("top", "noise"),
    [
        ("", ()),
        ("2006/", ("__MACOSX/._2006", "__MACOSX/2006/._frame.csv", "2006/.DS_Store", "2006/published/.DS_Store")),
    ],
)
def test_a_zip_is_its_folder_flat_or_in_a_folder(loaded: URL, tmp_path: Path, top: str, noise: tuple[str, ...]) -> None:
    assert unchanged(loaded, zipped(tmp_path / "wave.zip", WAVE_2006, top, noise))


# Workbooks


def typed(text: str) -> Any:
    """The value that a spreadsheet program makes of what somebody types."""
    try:
        return int(text) if text.isdigit() else date.fromisoformat(text)
    except ValueError:
        return text or None


def flat(keys: dict[str, Any], above: str = "") -> Iterator[list[Any]]:
    for key, value in keys.items():
        if isinstance(value, dict):
            yield from flat(value, f"{above}{key}.")
        else:
            yield [f"{above}{key}", value]


def sheets(folder: Path) -> Sheets:
    """The tables of a wave as sheets: numbers, dates and truths as what they are."""
    keys = tomllib.loads((folder / "wave.toml").read_text(encoding="utf-8"))
    found: Sheets = {"wave": [["key", "value"], *flat(keys)]}
    for path in sorted(folder.rglob("*.csv")):
        name = "_".join(path.relative_to(folder).with_suffix("").parts)
        records = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
        found[name] = [[typed(field) for field in record] for record in records]
    return found


def xlsx(path: Path, tables: Sheets) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        for values in rows:
            sheet.append(values)
    book.save(path)
    return path


def ods_cell(value: Any) -> str:
    if isinstance(value, bool):
        return cell("VRAI", f'office:boolean-value="{str(value).lower()}"', "boolean")
    if isinstance(value, int):
        return cell(str(value), f'office:value="{value}"', "float")
    if isinstance(value, date):
        return cell(f"{value:%d/%m/%Y}", f'office:date-value="{value}"', "date")
    return cell(str(value).replace("<", "&lt;")) if value else "<table:table-cell/>"


def as_ods(path: Path, tables: Sheets) -> Path:
    made = (table(*(row(*map(ods_cell, values)) for values in rows), name=name) for name, rows in tables.items())
    return ods(path, "".join(made))


def test_a_workbook_is_the_folder_of_the_same_tables(held: URL, tiny: WaveFolder, tmp_path: Path) -> None:
    tables = sheets(tiny.path)
    assert set(tables) == {"wave", *TABLES, "claims", "published_zones"}
    assert unchanged(held, xlsx(tmp_path / "survey.xlsx", tables))
    assert unchanged(held, as_ods(tmp_path / "survey.ods", tables))


def test_a_header_of_two_rows_is_told_by_its_merged_cells(held: URL, tiny: WaveFolder, tmp_path: Path) -> None:
    path = xlsx(tmp_path / "survey.xlsx", sheets(tiny.path))
    book = load_workbook(path)
    sheet = book["frame"]
    sheet.insert_rows(1)
    sheet["A1"], sheet["B1"], sheet["A2"] = "Ville", "Chiffres", None
    sheet.merge_cells("A1:A2")
    sheet.merge_cells("B1:C1")
    book.save(path)
    found = [(f["rule"], f["message"]) for f in refused(held, path) if f["sheet"] == "frame"]
    assert ("cells_merged", "the cells B1:C1 are merged") in found
    assert ("cells_merged", "the cells A1:A2 are merged") in found


def test_a_truth_may_be_a_number_as_libreoffice_saves_it(held: URL, tiny: WaveFolder, tmp_path: Path) -> None:
    tables = sheets(tiny.path)
    tables["wave"] = [[key, int(value) if isinstance(value, bool) else value] for key, value in tables["wave"]]
    assert unchanged(held, as_ods(tmp_path / "survey.ods", tables))


def test_names_of_sheets_may_be_written_as_people_do(held: URL, tiny: WaveFolder, tmp_path: Path) -> None:
    tables = {name.replace("_", " ").title(): rows for name, rows in sheets(tiny.path).items()}
    tables |= {"Instructions": [["Lisez ceci"]], "LISTS": [["x"]], "Findings": [["y"]], "Feuille vide": [[None]]}
    assert unchanged(held, xlsx(tmp_path / "survey.xlsx", tables))


def test_titles_blank_lines_totals_and_footnotes_are_no_rows(held: URL, tiny: WaveFolder, tmp_path: Path) -> None:
    tables = sheets(tiny.path)
    blank: list[Any] = [None]
    header, *partnerships = tables["partnerships"]
    tables["partnerships"] = [
        ["Enquête 2010 : les accords"], blank, header, *partnerships[:2], blank, *partnerships[2:], blank,
        ["Total", None, 5], ["(1) déclarés par les villes"],
    ]  # fmt: skip
    tables["frame"] += [["TOTAL GÉNÉRAL", 225784 + 35830 + 42461], ["Source : INSEE"]]
    done = load(held, xlsx(tmp_path / "survey.xlsx", tables), "--format", "json")
    assert (done.code, done.err) == (0, "wave tiny, revision 1: unchanged\n")
    assert [(f["severity"], f["rule"], f["sheet"], f["row"], f["value"]) for f in json.loads(done.out)] == [
        ("notice", "line_not_loaded", "frame", 5, "TOTAL GÉNÉRAL"),
        ("notice", "line_not_loaded", "frame", 6, "Source : INSEE"),
        ("notice", "rows_above_header", "partnerships", 1, None),
        ("notice", "line_not_loaded", "partnerships", 10, "Total"),
        ("notice", "line_not_loaded", "partnerships", 11, "(1) déclarés par les villes"),
    ]


def test_a_total_that_is_not_the_sum_of_its_rows_is_refused(held: URL, tiny: WaveFolder, tmp_path: Path) -> None:
    tables = sheets(tiny.path)
    tables["partnerships"] += [[None], ["Total", None, 6]]
    found = refused(held, xlsx(tmp_path / "survey.xlsx", tables))
    assert [(f["rule"], f["sheet"], f["row"], f["column"], f["value"]) for f in found] == [
        ("line_not_loaded", "partnerships", 7, None, "Total"),
        ("total_differs", "partnerships", 7, "agreements", "6"),
    ]


def test_insee_codes_may_be_numbers(held: URL, tiny: WaveFolder, tmp_path: Path) -> None:
    codes = {"Lille": 59350, "Lens": 62498, "Douai": 59178}
    tables = sheets(tiny.path)
    tables["frame"] = [["Code INSEE", "Ville", "Nombre d’habitants"]] + [
        [codes[name], name, population] for name, population in tables["frame"][1:]
    ]
    for name in ("respondents", "partnerships"):
        tables[name][1:] = [[codes[town], *more] for town, *more in tables[name][1:]]
    assert unchanged(held, xlsx(tmp_path / "survey.xlsx", tables))
    tables["frame"][1][0] = 59178
    found = refused(held, xlsx(tmp_path / "survey.xlsx", tables))
    assert [(f["rule"], f["row"], f["column"], f["value"]) for f in found] == [
        ("code_contradicts_name", 2, "Code INSEE", "59178")
    ]


# One table


def test_each_table_of_2006_alone_is_what_is_loaded(loaded: URL) -> None:
    for name in TABLES:
        assert unchanged(loaded, WAVE_2006 / f"{name}.csv", "--table", name, "--wave", "2006"), name
    assert select(loaded, "select count(*) from survey.revisions") == [(1,)]


def test_a_table_of_2006_alone_leaves_the_rest_as_it_was_printed(loaded: URL, folder_2006: WaveFolder) -> None:
    before = rest(loaded, "2006", 1, "city_difficulties")
    folder_2006.append("difficulties.csv", "Lille,languages,oui")
    given = (folder_2006.path / "difficulties.csv", "--table", "difficulties", "--wave", "2006")
    loads(loaded, *given, "--reason", "a letter from the town")
    assert rest(loaded, "2006", 2, "city_difficulties") == before
    assert len(before["survey.partnerships"]) == 100
    assert select(loaded, "select city, answer from survey.city_difficulties") == [("59350", "yes")]


CHANGED = {
    "frame": ("frame.csv", "Douai,42461\n", "Douai,42461\nRoubaix,96984\n"),
    "respondents": ("respondents.csv", "Douai,responded,,Ne sait pas\n", "Douai,responded,yes,Refus\nLens,refused,,\n"),
    "partnerships": ("partnerships.csv", "Douai,Pologne,1,,2005,,\n", "Douai,Mali,3,,,,\nDouai,IT,1,Pavie,2001,,\n"),
    "actions": ("actions.csv", "Lille,agenda_21,yes\n", "Lille,agenda_21,no\nDouai,Agenda 21,oui\n"),
    "difficulties": ("difficulties.csv", "Douai,languages,yes\n", ""),
}
# With the answers, since a question has its column in respondents.
LOADED_INTO = {
    "frame": ("respondents",),
    "respondents": ("respondents", "answers"),
    "partnerships": ("partnerships",),
    "actions": ("city_actions",),
    "difficulties": ("city_difficulties",),
}


def test_a_table_alone_replaces_its_rows_and_nothing_else(held: URL, tiny: WaveFolder) -> None:
    tiny.replace("respondents.csv", "city,response,service\n", "city,response,service,declared_agreements\n")
    tiny.replace("respondents.csv", "yes\n", "yes,4\n")
    tiny.replace("respondents.csv", "Douai,responded,\n", "Douai,responded,,Ne sait pas\n")
    loads(held, tiny.path, "--reason", "declared")
    for revision, (name, (file, old, new)) in enumerate(CHANGED.items(), 2):
        tiny.replace(file, old, new)
        before = rest(held, "tiny", revision, *LOADED_INTO[name])
        given = (tiny.path / file, "--table", name, "--wave", "tiny", "--accept-loss")
        assert loads(held, *given, "--reason", f"new {name}").startswith(f"wave tiny, revision {revision + 1}: loaded")
        assert rest(held, "tiny", revision + 1, *LOADED_INTO[name]) == before, name
    assert unchanged(held, tiny.path)


def test_a_table_that_changes_needs_a_reason(held: URL, tiny: WaveFolder) -> None:
    tiny.replace("partnerships.csv", "Lille,DE,2,,,,\n", "Lille,DE,3,,,,\n")
    given = (tiny.path / "partnerships.csv", "--table", "partnerships", "--wave", "tiny")
    before = everything(held)
    asked = load(held, *given)
    assert (asked.code, "--reason" in asked.err) == (2, True), asked.err
    assert everything(held) == before
    loads(held, *given, "--reason", "one more")
    assert unchanged(held, *given)


def test_a_town_that_did_not_respond_may_leave_the_frame(held: URL, tiny: WaveFolder) -> None:
    tiny.replace("frame.csv", "Lens,35830\n", "")
    given = (tiny.path / "frame.csv", "--table", "frame", "--wave", "tiny", "--reason", "never contacted")
    loads(held, *given, "--accept-loss")  # one of three towns
    assert select(held, "select city from survey.respondents where revision = 2 order by 1") == [("59178",), ("59350",)]


def test_a_town_that_responded_may_not_leave_the_frame(held: URL, tiny: WaveFolder) -> None:
    tiny.replace("frame.csv", "Douai,42461\n", "")
    found = refused(held, tiny.path / "frame.csv", "--table", "frame", "--wave", "tiny")
    assert {(f["file"], f["rule"]) for f in found} == {
        (f"tiny@1 {name}", "outside_frame") for name in ("respondents", "partnerships", "difficulties")
    }


@pytest.mark.parametrize("names", [["Feuil1"], ["frame", "Partnerships", "notes"]])
def test_a_workbook_may_hold_one_table(held: URL, tiny: WaveFolder, tmp_path: Path, names: list[str]) -> None:
    rows = sheets(tiny.path)["partnerships"]
    tables = {name: rows if name in {"Feuil1", "Partnerships"} else [["anything"]] for name in names}
    given = (xlsx(tmp_path / "p.xlsx", tables), "--table", "partnerships", "--wave", "tiny")
    assert unchanged(held, *given)
    rows[1][2] = 3
    xlsx(given[0], tables)
    loads(held, *given, "--reason", "more")
    assert select(held, "select count(*) from survey.partnerships where revision = 2") == [(7,)]


def test_the_sheet_of_one_table_must_be_known(held: URL, tmp_path: Path) -> None:
    path = xlsx(tmp_path / "p.xlsx", {"Feuil1": [["city", "country"]], "Feuil2": [["city", "country"]]})
    found = refused(held, path, "--table", "partnerships", "--wave", "tiny")
    assert [(f["rule"], f["file"]) for f in found] == [("sheet_missing", "p.xlsx")]


def test_what_cannot_be_combined_is_a_usage_error(held: URL, tiny: WaveFolder, tmp_path: Path) -> None:
    file = tiny.path / "partnerships.csv"
    archive = zipped(tmp_path / "wave.zip", tiny.path)
    one = ("--table", "partnerships", "--wave", "tiny")
    before = everything(held)
    for said, *given in (
        ("--table and --wave go together", file, *one[:2]),
        ("--table and --wave go together", file, *one[2:]),
        ("say which table it is: --table frame|respondents|", file),
        ("--table goes with one file", tiny.path, *one),
        ("--table goes with one file", archive, *one),
        ("there is no wave 'tinny'; did you mean tiny?", file, *one[:3], "tinny"),
        ("is not one of 'frame', 'respondents'", file, "--table", "towns", *one[2:]),
    ):
        done = load(held, *given)
        assert (done.code, said in done.err) == (2, True), (given, done.err)
    assert everything(held) == before


def test_a_revision_without_its_wave_toml_must_be_loaded_as_a_whole_once(held: URL, tiny: WaveFolder) -> None:
    with database.writing(held) as connection:
        connection.exec_driver_sql("update survey.revisions set declared = null")
    given = (tiny.path / "partnerships.csv", "--table", "partnerships", "--wave", "tiny")
    done = load(held, *given)
    assert done.code == 2
    assert "wave tiny, revision 1 was loaded before its wave.toml was kept" in done.err
    loads(held, tiny.path, "--reason", "as a whole")
    assert unchanged(held, *given)


# Refused means untouched


def broken_zip(path: Path, tiny: Path) -> Path:
    text = zipped(path, tiny).read_bytes()
    path.write_bytes(text[: len(text) // 2])
    return path


def encrypted_zip(path: Path, tiny: Path) -> Path:
    text = bytearray(zipped(path, tiny).read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := text.find(mark, at + 1)) >= 0:
            text[at + flags] |= 1
    path.write_bytes(text)
    return path


def bomb(path: Path, tiny: Path) -> Path:
    with zipfile.ZipFile(zipped(path, tiny), "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr("README.md", b"0" * 12_000_000)
    return path


def wrong_zip(path: Path, tiny: Path) -> Path:
    inner = WaveFolder(shutil.copytree(tiny, path.with_name("to be zipped")))
    inner.append("frame.csv", "Roubaix,many")
    return zipped(path, inner.path)


def wrong_folder(path: Path, tiny: Path) -> Path:
    WaveFolder(shutil.copytree(tiny, path)).append("actions.csv", "Douai,agenda_21,perhaps")
    return path


def wrong_xlsx(path: Path, tiny: Path) -> Path:
    tables = sheets(tiny)
    tables["difficulties"][1][0] = "Ville d’Ailleurs"
    return xlsx(path, tables)


def bomb_xlsx(path: Path, tiny: Path) -> Path:
    with zipfile.ZipFile(xlsx(path, sheets(tiny)), "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/media/image1.png", b"0" * 12_000_000)
    return path


def written(data: bytes) -> Callable[[Path, Path], Path]:
    def write(path: Path, _: Path) -> Path:
        path.write_bytes(data)
        return path

    return write


def folder(path: Path, _: Path) -> Path:
    path.mkdir()
    return path


FORMS: list[tuple[str, Callable[[Path, Path], Path], str | None, set[str]]] = [
    ("wrong", wrong_folder, None, {"choice"}),
    ("wrong.zip", wrong_zip, None, {"not_a_population"}),
    ("wrong.xlsx", wrong_xlsx, None, {"name_unknown"}),
    ("wrong.csv", written(b"city,country\nLille,Nulle part\n"), "partnerships", {"name_unknown"}),
    ("broken.zip", broken_zip, None, {"not_an_archive"}),
    ("broken.xlsx", written(b"PK\x03\x04" + bytes(500)), None, {"not_a_workbook"}),
    ("encrypted.zip", encrypted_zip, None, {"archive_encrypted"}),
    ("encrypted.xlsx", written(SMALL.replace(entry("Workbook"), entry("EncryptedPackage"))), None,
     {"archive_encrypted"}),
    ("bomb.zip", bomb, None, {"too_large"}),
    ("bomb.xlsx", bomb_xlsx, None, {"too_large"}),
    ("folder.xlsx", folder, None, {"file_missing", "wave_missing"}),
    ("empty.csv", written(b""), "actions", {"file_empty"}),
    ("empty.zip", written(b""), None, {"not_an_archive"}),
    ("empty.xlsx", written(b""), None, {"not_a_workbook"}),
    ("empty.ods", written(b""), "frame", {"not_a_workbook"}),
]  # fmt: skip


def test_what_is_refused_leaves_everything_as_it_was(held: URL, tiny: WaveFolder, tmp_path: Path) -> None:
    before = everything(held)
    # What cannot be opened never gets as far as to the engine.
    for name, make, one, rules in FORMS if on_duckdb(held) else FORMS[:4]:
        options = ("--table", one, "--wave", "tiny") if one else ("--reason", "new")
        found = refused(held, make(tmp_path / name, tiny.path), *options)
        assert {f["rule"] for f in found} == rules, (name, found)
        assert all(f["message"] for f in found), name
        assert everything(held) == before, name


def test_what_is_not_there_is_said(held: URL, tmp_path: Path) -> None:
    done = load(held, tmp_path / "survey.xlsx")
    assert done.code == 1
    assert "there is no such file or folder" in done.err


# The template


WORDS = {
    "fr": ["Oui", "Non", "Ne sait pas", "A répondu", "A refusé", "avant 1970", "entre 1970 et 1975", "années 1970",
           "Allemagne", "Pologne", "Royaume-Uni", "Sénégal", "Échanges sportifs", "Manque de personnel"],
    "en": ["Yes", "No", "Don’t know", "Responded", "Refused", "before 1970", "between 1970 and 1975", "1970s",
           "Germany", "Poland", "United Kingdom", "Senegal", "Sports exchanges", "Lack of staff"],
}  # fmt: skip
TOWNS = ["Armentières", "Arras", "Béthune", "Boulogne-sur-Mer", "Calais", "Cambrai", "Coudekerque-Branche", "Croix"]


def fill_in(path: Path, lang: str) -> list[str]:
    """Fill the template in as people do, for its first ten towns; return these."""
    yes, no, unknown, responded, no_thanks, before, between, decade, de, pl, gb, sn, sports, staff = WORDS[lang]
    book = load_workbook(path)
    keys = {cells[0].value: cells[1] for cells in book["wave"].iter_rows(min_row=2)}
    yellow = {key for key, value in keys.items() if value.value is None}
    given = {
        "reference_date": date(2012, 6, 30),
        "source": "Enquête 2012",
        "fieldwork.from": date(2012, 3, 1),
        "fieldwork.to": date(2012, 6, 30),
        "complete.agreements": yes,
    }
    assert yellow == set(given)
    for key, value in given.items():
        keys[key].value = value
    towns = [cells[0].value for cells in book["frame"].iter_rows(min_row=2)]
    answers = book["respondents"]
    for place, town in enumerate(towns[:10]):
        assert answers.cell(place + 2, 1).value == town
        answers.cell(place + 2, 2).value = no_thanks if place == 9 else responded
        answers.cell(place + 2, 4).value = None if place == 9 else (yes, no, unknown)[place % 3]
    answers.cell(2, 3).value, answers.cell(3, 3).value = 2, unknown
    fill(book["partnerships"], [
        [towns[0], de, 1, "Osnabrück", 1958],
        [towns[0], de, 1, "Iéna", None, date(1990, 10, 2)],
        [towns[0], pl, None, None, before],
        [towns[1], de, None, "Herten", between],
        [towns[2], gb, None, "Hastings", decade],
        [towns[3], gb, 2, None, None],
        [towns[4], "Mali", "1", None, date(1984, 5, 12)],
        [towns[5], sn, 1, "Kaolack", unknown],
        [None],
        ["Total", None, 8],
    ])  # fmt: skip
    fill(book["actions"], [[towns[0], sports, yes], [towns[1], "Agenda 21", no]])
    fill(book["difficulties"], [[towns[0], staff, yes]])
    book.save(path)
    return towns[:10]


def fill(sheet: Any, rows: list[list[Any]]) -> None:
    for place, values in enumerate(rows, 2):
        for column, value in enumerate(values, 1):
            sheet.cell(place, column).value = value


@pytest.mark.parametrize("lang", ["fr", pytest.param("en", marks=pytest.mark.long)])
def test_a_template_filled_in_loads_as_it_is(loaded: URL, tmp_path: Path, lang: str) -> None:
    path = tmp_path / "new.xlsx"
    made = run("template", path, "--wave", "2012", "--from", "2006", "--lang", lang, "--db", address(loaded))
    assert (made.code, made.err) == (0, f"{path} est écrit\n" if lang == "fr" else f"wrote {path}\n")
    towns = fill_in(path, lang)
    done = load(loaded, path, "--format", "json")
    assert done.code == 0, done.err
    assert [(f["severity"], f["rule"], f["sheet"], f["row"], f["value"]) for f in json.loads(done.out)] == [
        ("warning", "town_merged", "frame", 26, "Saint-Pol-sur-Mer"),  # of the frame of 2006
        ("notice", "line_not_loaded", "partnerships", 11, "Total"),
        *(("warning", "answer_of_unengaged", "respondents", row, WORDS[lang][row - 8]) for row in (8, 9)),
    ]
    assert done.err.startswith(
        "wave 2012, revision 1: loaded: 2 default answers, 29 respondents, 9 partnerships, 2 city actions, "
        "1 city difficulties, 0 published tables, 0 published figures, 0 explanations, 0 claims\n"
    )
    names = {code: name for code, name in select(loaded, "select code, name from survey.cities")}  # noqa: C416

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return [
            (names.get(first, first), *map(str, more)) for first, *more in select(loaded, f"{sql} and wave = '2012'")
        ]

    of_2006 = select(loaded, "select city, population from survey.respondents where wave = '2006' order by 1")
    assert select(loaded, "select city, population from survey.respondents where wave = '2012' order by 1") == of_2006
    asked = "city, response, elected_delegate, service, declared_agreements, declared_missing"
    answered = rows(f"select {asked} from respondents where response <> 'not_reached'")
    said = [("yes", "no", "dont_know")[place % 3] for place in range(9)]
    assert sorted(answered) == sorted(
        [
            (towns[0], "responded", "yes", "no_answer", "2", "None"),
            (towns[1], "responded", "no", "no_answer", "None", "dont_know"),
            *((towns[i], "responded", said[i], "no_answer", "None", "no_answer") for i in range(2, 9)),
            (towns[9], "refused", "no_answer", "no_answer", "None", "no_answer"),
        ]
    )
    told = "city, country, partner, since_from, since_to, since_missing, inferred"
    ended = f"select {told}, until_from, until_to from survey.partnerships where until_from is not null"
    over = ("None", "None", "no_answer", "False", "1990-10-02", "1990-10-02")
    assert rows(ended) == [(towns[0], "DE", "Iéna", *over)]
    assert rows(f"select {told} from survey.partnerships where until_from is null") == [
        (towns[0], "DE", "Osnabrück", "1958-01-01", "1958-12-31", "None", "False"),
        (towns[0], "PL", "None", "1900-01-01", "1969-12-31", "None", "False"),
        (towns[1], "DE", "Herten", "1970-01-01", "1975-12-31", "None", "False"),
        (towns[2], "GB", "Hastings", "1970-01-01", "1979-12-31", "None", "False"),
        *[(towns[3], "GB", "None", "None", "None", "no_answer", "False")] * 2,
        (towns[4], "ML", "None", "1984-05-12", "1984-05-12", "None", "False"),
        (towns[5], "SN", "Kaolack", "None", "None", "dont_know", "False"),
    ]
    assert sorted(rows("select city, action, answer from survey.city_actions where true")) == [
        (towns[0], "sports_exchange", "yes"),
        (towns[1], "agenda_21", "no"),
    ]
    assert rows("select city, difficulty, answer from survey.city_difficulties where true") == [
        (towns[0], "lack_of_staff", "yes")
    ]
    assert select(
        loaded,
        "select title_fr, mode, fieldwork_from, fieldwork_to, source, agreements_complete from survey.revisions "
        "where wave = '2012'",
    ) == [(*select(loaded, "select title_fr, mode from survey.revisions where wave = '2006'")[0],
           date(2012, 3, 1), date(2012, 6, 30), "Enquête 2012", True)]  # fmt: skip
    assert unchanged(loaded, path, "--lang", lang)


def test_a_template_that_is_not_filled_in_names_its_yellow_cells(loaded: URL, tmp_path: Path) -> None:
    path = tmp_path / "new.xlsx"
    assert run("template", path, "--wave", "2012", "--from", "2006", "--db", address(loaded)).code == 0
    found = refused(loaded, path)
    assert {(f["rule"], f["sheet"], f["column"]) for f in found} == {
        ("key_missing", "wave", key)
        for key in ("reference_date", "source", "fieldwork.from", "fieldwork.to", "complete.agreements")
    }


# Annotated copies


def mend_folder(copy: Path) -> None:
    text = (copy / "partnerships.csv").read_text(encoding="utf-8-sig")
    assert text.count("Allemange") == 1
    assert "Allemagne" in text.splitlines()[1].rpartition(",")[2]
    (copy / "partnerships.csv").write_text(text.replace("Allemange", "DE"), encoding="utf-8-sig")


def mend_zip(copy: Path) -> None:
    inner = copy.with_suffix("")
    with zipfile.ZipFile(copy) as archive:
        archive.extractall(inner)
    mend_folder(inner / "tiny")
    zipped(copy, inner)


def mend_xlsx(copy: Path) -> None:
    book = load_workbook(copy)
    assert book.sheetnames[0] == "findings"
    bad = book["partnerships"]["B2"]
    assert bad.value == "Allemange"
    assert "Allemagne" in bad.comment.text
    bad.value = "DE"
    book.save(copy)


def mend_csv(copy: Path) -> None:
    text = copy.read_text(encoding="utf-8-sig")
    assert text.splitlines()[0].endswith(",constats")
    assert "vouliez-vous dire Allemagne" in text.splitlines()[1]
    copy.write_text(text.replace("Allemange", "DE"), encoding="utf-8")


def test_a_copy_with_findings_is_mended_and_loaded_as_it_is(held: URL, tiny: WaveFolder, tmp_path: Path) -> None:
    tiny.replace("partnerships.csv", "Allemagne", "Allemange")
    one = ("--table", "partnerships", "--wave", "tiny")
    before = everything(held)
    tables = sheets(tiny.path)
    sheet = {"partnerships": tables["partnerships"]}
    forms: list[tuple[Path, Path, Callable[[Path], None], tuple[str, ...]]] = [
        (tiny.path / "partnerships.csv", tmp_path / "b.csv", mend_csv, one),
        (tiny.path, tmp_path / "mended", mend_folder, ()),
        (xlsx(tmp_path / "a.xlsx", tables), tmp_path / "b.xlsx", mend_xlsx, ()),
        (as_ods(tmp_path / "a.ods", tables), tmp_path / "c.xlsx", mend_xlsx, ()),
        (xlsx(tmp_path / "a.xlsm", tables), tmp_path / "d.xlsx", mend_xlsx, ()),
        (xlsx(tmp_path / "p.xlsx", sheet), tmp_path / "q.xlsx", mend_xlsx, one),
        (zipped(tmp_path / "a.zip", tiny.path, "tiny/"), tmp_path / "b.zip", mend_zip, ()),
    ]
    for handed, copy, mend, options in forms if on_duckdb(held) else forms[:3]:  # no form knows of the engine
        found = refused(held, handed, "--annotate", copy, "--lang", "fr", *options)
        assert [(f["rule"], f["row"], f["column"], f["value"]) for f in found] == [
            ("name_unknown", 2, "country", "Allemange")
        ], handed
        mend(copy)
        assert unchanged(held, copy, *options), handed
    assert everything(held) == before


def test_a_name_that_no_copy_can_have_is_refused_before_the_work_begins(tiny: WaveFolder, tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine", encoding="utf-8")
    nowhere = ("--db", tmp_path / "none.duckdb")  # the work would begin with that there is no database
    one = ("--table", "frame", "--wave", "tiny")
    for said, *given in (
        ("already exists; choose another name", tiny.path / "frame.csv", "--annotate", there, *one),
        ("already exists; choose another name", tiny.path, "--annotate", tmp_path / "tiny"),
        ("is inside", tiny.path, "--annotate", tiny.path / "copy"),
        ("the copy of a folder is a folder", tiny.path, "--annotate", tmp_path / "copy.zip"),
        ("must end in .csv", tiny.path / "frame.csv", "--annotate", tmp_path / "copy.xlsx", *one),
    ):
        done = run("load", *given, *nowhere)
        assert (done.code, said in done.err) == (2, True), done.err
    assert there.read_text(encoding="utf-8") == "mine"


def test_findings_are_shown_also_where_the_copy_cannot_be_written(held: URL, tiny: WaveFolder, tmp_path: Path) -> None:
    out = tmp_path / "no such folder" / "copy"
    failed = load(held, tiny.path, "--annotate", out)
    assert (failed.code, f"{out} cannot be written" in failed.err) == (3, True)
    tiny.append("frame.csv", "Roubaix,many")
    done = load(held, tiny.path, "--annotate", out)
    assert done.code == 1
    assert "frame.csv:5, column population: 'many'" in done.err
    assert f"1 finding; nothing was loaded; {out} cannot be written" in done.err


# How findings are shown


def test_many_findings_are_cut_short_at_the_terminal_and_nowhere_else(
    held: URL, tiny: WaveFolder, tmp_path: Path
) -> None:
    names = [f"Nulle Part {number:03}" for number in range(1, 121)]
    for name in names:
        tiny.append("partnerships.csv", f"{name},DE,1,,,,")
    done = load(held, tiny.path)
    lines = done.err.splitlines()
    shown = showing.MOST_OF_A_RULE
    assert (done.code, done.out, len(lines)) == (1, "", shown + 2)
    assert lines[0].startswith("partnerships.csv:6, column city: 'Nulle Part 001': is not an accepted name")
    assert lines[shown:] == [
        f"showing {shown} of 120 findings; all of them: --format csv -o FILE",
        f"error: {tiny.path}: 120 findings; nothing was loaded",
    ]
    out = tmp_path / "findings.csv"
    assert load(held, tiny.path, "--format", "csv", "-o", out).code == 1
    text = out.read_text(encoding="utf-8")
    assert text.startswith("\ufefffile;sheet;row;")  # it opens as a table in a French spreadsheet program
    records = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    assert [record["value"] for record in records] == names
    assert load(held, tiny.path, "--format", "csv").out.splitlines() == text.splitlines()
    told = load(held, tiny.path, "--format", "table", "--lang", "fr")
    assert (told.code, told.err) == (1, f"erreur\u00a0: {tiny.path}\u00a0: 120 constats\u00a0; rien n’a été chargé\n")
    assert all(name in told.out for name in names)
    assert "n’est ni un nom accepté ni un code" in told.out
    found = refused(held, tiny.path, "--lang", "fr", "--dry-run")
    assert [f["value"] for f in found] == names
    assert {key: found[7][key] for key in ("file", "sheet", "row", "column", "rule", "severity", "message")} == {
        "file": "partnerships.csv",
        "sheet": None,
        "row": 13,
        "column": "city",
        "rule": "name_unknown",
        "severity": "error",
        "message": "n’est ni un nom accepté ni un code de cities",
    }


def test_notices_of_what_is_loaded_are_findings_too(held: URL, tiny: WaveFolder) -> None:
    tiny.append("partnerships.csv", "Total,,5,,,,")
    done = load(held, tiny.path, "--format", "json")
    assert done.code == 0
    assert [(f["rule"], f["severity"]) for f in json.loads(done.out)] == [("line_not_loaded", "notice")]
    assert done.err == "wave tiny, revision 1: unchanged\n"


def test_another_way_of_reading_is_kept_where_a_reason_is_given(migrated: URL, tiny_wave: WaveFolder) -> None:
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    again = run("load", tiny_wave.path, "--db", address(migrated), "--reason", "again")
    assert again.err == "wave tiny, revision 1: unchanged\n"
    tiny_wave.append("wave.toml", '[missing.since]\nNSP = "dont_know"')
    assert run("load", tiny_wave.path, "--db", address(migrated)).err == "wave tiny, revision 1: unchanged\n"
    kept = run("load", tiny_wave.path, "--db", address(migrated), "--reason", "NSP will come")
    assert kept.err.startswith("wave tiny, revision 2: loaded: ")
    tiny_wave.append("partnerships.csv", "Lille,IT,1,Turin,NSP,,")
    handed = tiny_wave.path / "partnerships.csv"
    options = ("--table", "partnerships", "--wave", "tiny", "--reason", "one more")
    assert run("load", handed, *options, "--db", address(migrated)).code == 0
