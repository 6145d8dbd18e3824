"""The workbook that is handed out for a new wave, opened again as people's programs and ours do."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter, range_boundaries
from python_calamine import CalamineWorkbook, SheetVisibleEnum
from sqlalchemy.engine import URL

from jumelage import content, database
from jumelage.database.models import ANSWERS, MANAGEMENT, NO_DATE, RESPONSES
from jumelage.errors import OutputError, UsageError
from jumelage.reading.headings import HEADINGS, column_of, meanings
from jumelage.revisions.scope import find_scope
from jumelage.template import Earlier, earlier_wave, write_template

COLUMNS = {
    "wave": ("key", "value"),
    "frame": ("city", "city_code", "population"),
    "respondents": (
        "city",
        "response",
        "declared_agreements",
        *(f"q_{name}" for name in MANAGEMENT),
    ),
    "partnerships": ("city", "country", "agreements", "partner", "since", "until"),
    "actions": ("city", "action", "answer"),
    "difficulties": ("city", "difficulty", "answer"),
    "questions": (
        *("question", "kind", "label_fr", "label_en", "asked_of", "list", "unit", "least", "most", "default_answer"),
    ),
    "question_items": ("question", "item", "parent", "label_fr", "label_en"),
}
SHEETS = ["instructions", *COLUMNS, "lists"]
SMALL = Earlier(
    "2010",
    3,
    (("Lens", "62498", 35830), ("Lille", "59350", 225784)),
    {"title.fr": "Petite enquête", "population": "RP2007"},
)
# Drop-down lists by sheet and column: the list, how many rows it covers at least, and what it says to another value.
DROP_DOWNS = {
    ("respondents", "city"): ("frame", 1000, "warning"),
    ("respondents", "response"): ("responses", 1000, "stop"),
    **{("respondents", f"q_{name}"): ("answers", 1000, "stop") for name in MANAGEMENT},
    ("partnerships", "city"): ("frame", 2000, "warning"),
    ("partnerships", "country"): ("countries", 2000, "warning"),
    ("actions", "city"): ("frame", 1000, "warning"),
    ("actions", "action"): ("actions", 1000, "stop"),
    ("actions", "answer"): ("answers", 1000, "stop"),
    ("difficulties", "city"): ("frame", 1000, "warning"),
    ("difficulties", "difficulty"): ("difficulties", 1000, "stop"),
    ("difficulties", "answer"): ("answers", 1000, "stop"),
}


def written(folder: Path, lang: str = "fr", earlier: Earlier | None = SMALL) -> Path:
    out = folder / "new.xlsx"
    write_template(out, "2012", lang, earlier)
    return out


def code_list(name: str) -> list[dict[str, str]]:
    with content.code_lists()[name].open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def labels(name: str, lang: str) -> dict[str, str]:
    """The labels that a drop-down list must hold, by code, read from the code lists by other means."""
    closed = [row for row in code_list("answer_codes") if row["list"] == name]
    return {row["code"]: row[f"label_{lang}"] for row in closed or code_list(name)}


def validations(sheet: Any, cell: str) -> list[Any]:
    return [found for found in sheet.data_validations.dataValidation if cell in found.sqref]


def offered(book: Workbook, formula: str) -> list[str]:
    name, cells = formula.split("!")
    return [row[0].value for row in book[name][cells.replace("$", "")]]


def keys(path: Path) -> dict[str, Any]:
    """The rows of the sheet wave, as our reader's library gives them."""
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("wave").to_python()
    return {str(row[0]): row[1] for row in rows[1:]}


# --- sheets and headings -----------------------------------------------------------------------------------


def test_the_sheets_stand_in_order_and_the_lists_are_very_hidden(tmp_path: Path) -> None:
    path = written(tmp_path)
    found = CalamineWorkbook.from_path(str(path)).sheets_metadata
    assert [sheet.name for sheet in found] == SHEETS
    assert [sheet.visible for sheet in found] == [SheetVisibleEnum.Visible] * 9 + [SheetVisibleEnum.VeryHidden]
    assert load_workbook(path)["lists"].sheet_state == "veryHidden"


@pytest.mark.parametrize("name", COLUMNS)
def test_every_heading_names_its_column_in_french_and_in_english(tmp_path: Path, name: str) -> None:
    rows = CalamineWorkbook.from_path(str(written(tmp_path))).get_sheet_by_name(name).to_python()
    columns = COLUMNS[name]
    headings = [str(heading) for heading in rows[0]]
    own = {f"q_{question}": (question, *labels) for question, labels in MANAGEMENT.items()}
    of_every_wave = [column for column in columns if column not in own]
    assert [column_of(heading, of_every_wave, own) for heading in headings[: len(columns)]] == list(columns)
    for heading, column in zip(headings, columns, strict=False):
        french, _, english = heading.partition(" / ")
        assert english or french == "Question"  # which is both
        assert column_of(french, of_every_wave, own) == column_of(english or french, of_every_wave, own) == column
    assert headings[len(columns) :] == (["Explication", "Explanation"] if name == "wave" else [])


@pytest.mark.parametrize("name", COLUMNS)
def test_headings_are_frozen_filterable_repeated_and_explained(tmp_path: Path, name: str) -> None:
    sheet = load_workbook(written(tmp_path))[name]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref.startswith("A1:")
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.page_setup.orientation == "landscape"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    for cell in sheet[1]:
        assert cell.font.b
        assert cell.fill.fill_type == "solid"
    for cell in sheet[1][: len(COLUMNS[name])]:
        french, english = cell.comment.text.split("\n\n")
        assert french
        assert english
        assert french != english


def test_nothing_is_merged_or_hidden_since_the_reader_refuses_it(tmp_path: Path) -> None:
    book = load_workbook(written(tmp_path))
    for name in SHEETS[:-1]:
        sheet = book[name]
        assert not sheet.merged_cells.ranges
        assert not any(row.hidden for row in sheet.row_dimensions.values())
        assert not any(column.hidden for column in sheet.column_dimensions.values())


@pytest.mark.parametrize(("lang", "not_reached"), [("fr", "Non joint"), ("en", "Not reached")])
def test_the_instructions_say_in_both_languages_which_wave_and_what_a_blank_means(
    tmp_path: Path, lang: str, not_reached: str
) -> None:
    rows = CalamineWorkbook.from_path(str(written(tmp_path, lang))).get_sheet_by_name("instructions").to_python()
    text = "\n".join(str(value) for row in rows for value in row)
    assert "Vague 2012\u00a0: classeur à remplir" in text
    assert "Wave 2012: workbook to fill in" in text
    assert text.index("Vague 2012") < text.index("Wave 2012")
    assert f"«\u00a0{not_reached}\u00a0»" in text
    assert f"“{not_reached}”" in text
    assert text.count("--dry-run") == 2
    assert "{" not in text
    for form in ("avant 1970", "entre 1970 et 1975", "années 1970", "before 1970", "between 1970 and 1975", "1970s"):
        assert form in text


# --- drop-downs and what may be typed ----------------------------------------------------------------------


def test_every_answer_of_the_models_has_labels() -> None:
    found: dict[str, list[str]] = {}
    for row in code_list("answer_codes"):
        found.setdefault(row["list"], []).append(row["code"])
        assert row["label_fr"]
        assert row["label_en"]
        assert int(row["position"]) == len(found[row["list"]])
    assert {name: tuple(codes) for name, codes in found.items()} == {
        "answers": ANSWERS,
        "responses": RESPONSES,
        "no_date": NO_DATE,
        "yes_no": ("yes", "no"),
    }


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_drop_downs_offer_the_labels_of_all_codes(tmp_path: Path, lang: str) -> None:
    book = load_workbook(written(tmp_path, lang))
    for (name, column), (choices, rows, style) in DROP_DOWNS.items():
        letter = "ABCDEF"[COLUMNS[name].index(column)]
        (found,) = validations(book[name], f"{letter}2")
        assert found.type == "list"
        assert found.errorStyle == style
        assert found.showErrorMessage
        assert not found.showDropDown  # true would hide the arrow
        assert f"{letter}{rows + 1}" in found.sqref
        if choices == "frame":
            assert "frame!$A$2:$A$1001" in found.formula1
        else:
            assert sorted(offered(book, found.formula1)) == sorted(labels(choices, lang).values())


@pytest.mark.parametrize(
    ("lang", "neighbours"),
    [("fr", ("Égypte", "Émirats arabes unis", "Équateur")), ("en", ("Åland Islands", "Albania", "Algeria"))],
)
def test_countries_are_sorted_without_regard_to_accents(tmp_path: Path, lang: str, neighbours: tuple[str, ...]) -> None:
    book = load_workbook(written(tmp_path, lang))
    (found,) = validations(book["partnerships"], "B2")
    countries = offered(book, found.formula1)
    first = countries.index(neighbours[0])
    assert tuple(countries[first : first + 3]) == neighbours


def test_numbers_are_whole_and_within_limits(tmp_path: Path) -> None:
    book = load_workbook(written(tmp_path))
    limits = {
        ("frame", "C1001"): ("greaterThanOrEqual", "0", None, "stop"),
        ("respondents", f"{get_column_letter(COLUMNS['respondents'].index('declared_agreements') + 1)}1001"): (
            "greaterThanOrEqual",
            "0",
            None,
            "stop",
        ),
        ("partnerships", "C2001"): ("between", "1", "87", "warning"),
    }
    for (name, cell), expected in limits.items():
        (found,) = validations(book[name], cell)
        assert found.type == "whole"
        assert (found.operator, found.formula1, found.formula2, found.errorStyle) == expected


def test_a_date_of_an_agreement_may_be_typed_as_a_plain_year(tmp_path: Path) -> None:
    sheet = load_workbook(written(tmp_path))["partnerships"]
    assert validations(sheet, "E2") == []
    assert sheet["E2"].number_format == "General"
    assert sheet.column_dimensions["E"].number_format == "General"


def test_codes_of_towns_stay_text_so_that_a_leading_zero_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "new.xlsx"
    write_template(path, "2012", earlier=Earlier("2010", 1, (("Bourg-en-Bresse", "01053", 41527),), {}))
    sheet = load_workbook(path)["frame"]
    assert sheet["B2"].value == "01053"
    assert sheet["B2"].number_format == sheet.column_dimensions["B"].number_format == "@"


def test_what_a_cell_says_is_in_both_languages_and_no_longer_than_excel_shows(tmp_path: Path) -> None:
    book = load_workbook(written(tmp_path))
    found = [each for name in COLUMNS for each in book[name].data_validations.dataValidation]
    assert len(found) > len(DROP_DOWNS)
    for each in found:
        french, english = each.error.split("\n")
        assert french != english
        assert "{" not in each.error
        assert len(each.error) <= 255
        assert len(each.errorTitle) <= 32
        assert len(each.formula1) <= 255


# --- the sheet wave ----------------------------------------------------------------------------------------


def test_the_sheet_wave_holds_the_code_and_the_defaults_and_asks_for_the_rest(tmp_path: Path) -> None:
    path = written(tmp_path, "en", None)
    assert keys(path) == {
        "wave": "2012",
        "title.fr": "",
        "title.en": "",
        "reference_date": "",
        "synthetic": "No",
        "frame_rule.fr": "",
        "frame_rule.en": "",
        "population": "",
        "source": "",
        "fieldwork.from": "",
        "fieldwork.to": "",
        "fieldwork.mode": "",
        "complete.agreements": "",
        "home.country": "FR",
        "home.apart": "No",
        "defaults.response": "Not reached",
        "defaults.since": "No answer",
        "defaults.actions.*": "No answer",
        "defaults.difficulties.*": "No answer",
    }
    sheet = load_workbook(path)["wave"]
    (coloured,) = sheet.conditional_formatting
    assert range_boundaries(str(coloured.sqref)) == (2, 2, 2, sheet.max_row)
    for row in range(2, sheet.max_row + 1):
        assert sheet.cell(row, 3).value
        assert sheet.cell(row, 4).value


@pytest.mark.parametrize(
    ("key", "choices"),
    [
        ("synthetic", "yes_no"),
        ("complete.agreements", "yes_no"),
        ("defaults.response", "responses"),
        ("defaults.since", "no_date"),
        ("defaults.actions.*", "answers"),
    ],
)
def test_closed_values_of_a_wave_have_a_drop_down(tmp_path: Path, key: str, choices: str) -> None:
    book = load_workbook(written(tmp_path))
    sheet = book["wave"]
    (row,) = [row for row in range(2, sheet.max_row + 1) if sheet.cell(row, 1).value == key]
    (found,) = validations(sheet, f"B{row}")
    assert found.errorStyle == "stop"
    assert offered(book, found.formula1) == list(labels(choices, "fr").values())
    assert sheet.cell(row, 2).value in {None, *labels(choices, "fr").values()}


@pytest.mark.parametrize("key", ["reference_date", "fieldwork.from", "fieldwork.to"])
def test_dates_of_a_wave_must_be_dates(tmp_path: Path, key: str) -> None:
    sheet = load_workbook(written(tmp_path))["wave"]
    (row,) = [row for row in range(2, sheet.max_row + 1) if sheet.cell(row, 1).value == key]
    (found,) = validations(sheet, f"B{row}")
    assert (found.type, found.errorStyle) == ("date", "stop")
    assert sheet.cell(row, 2).number_format == "yyyy-mm-dd"


def test_what_is_taken_over_says_from_which_wave(tmp_path: Path) -> None:
    sheet = load_workbook(written(tmp_path))["wave"]
    told = {row[0].value: row for row in sheet.iter_rows(min_row=2)}
    assert told["title.fr"][1].value == "Petite enquête"
    assert told["title.fr"][2].value.endswith("Repris de la vague 2010, révision 3\u00a0: vérifiez.")
    assert told["title.fr"][3].value.endswith("Taken over from wave 2010, revision 3: check it.")
    assert told["title.fr"][1].fill.fill_type == "solid"
    assert "2010" not in told["title.en"][2].value
    assert told["title.en"][1].fill.fill_type is None


# --- taken over from an earlier wave -----------------------------------------------------------------------


def test_the_frame_of_the_earlier_wave_is_filled_in(wave_2006: URL, tmp_path: Path) -> None:
    with database.reading(wave_2006) as connection:
        earlier = earlier_wave(connection, find_scope(connection, "2006"))
        # Every town of 2006 is in the code list; its name there is the official one.
        populations = dict(database.query(connection, "select city, population from survey.respondents")[1])
    path = written(tmp_path, earlier=earlier)
    book = CalamineWorkbook.from_path(str(path))
    towns = book.get_sheet_by_name("frame").to_python()[1:]
    assert len(towns) == 29
    assert {town[1]: town[2] for town in towns} == populations
    names = [town[0] for town in towns]
    assert names[:4] == ["Armentières", "Arras", "Béthune", "Boulogne-sur-Mer"]
    assert names.index("Hazebrouck") < names.index("Hénin-Beaumont") < names.index("La Madeleine")
    respondents = book.get_sheet_by_name("respondents").to_python()[1:]
    assert respondents == [[name, *[""] * (len(COLUMNS["respondents"]) - 1)] for name in names]
    for name in ("partnerships", "actions", "difficulties"):
        assert len(book.get_sheet_by_name(name).to_python()) == 1


def test_towns_of_one_name_are_told_apart_in_every_list_by_their_codes(tmp_path: Path) -> None:
    towns = (("Lens", "62498", 35830), ("Saint-Aubin", "59529", 360), ("Saint-Aubin", "62742", 250))
    book = load_workbook(written(tmp_path, earlier=Earlier("2009", 3, towns, {})))
    names = ["Lens", "Saint-Aubin 59529", "Saint-Aubin 62742"]
    for sheet in ("frame", "respondents"):
        assert [book[sheet].cell(row, 1).value for row in range(2, 5)] == names
    assert [book["frame"].cell(row, 2).value for row in range(2, 5)] == [code for _, code, _ in towns]


def test_an_earlier_wave_gives_its_rules_and_never_its_dates_or_its_source(wave_2006: URL, tmp_path: Path) -> None:
    with database.reading(wave_2006) as connection:
        earlier = earlier_wave(connection, find_scope(connection, "2006"))
    assert (earlier.code, earlier.revision) == ("2006", 1)
    found = keys(written(tmp_path, earlier=earlier))
    assert found["wave"] == "2012"
    assert found["title.en"].startswith("International engagement of towns")
    assert found["frame_rule.en"] == "The towns of over 20,000 inhabitants of the region"
    assert found["population"] == "RP1999, population sans doubles comptes (INSEE)"
    assert found["fieldwork.mode"] == "telephone"
    for key in ("reference_date", "fieldwork.from", "fieldwork.to", "source", "complete.agreements"):
        assert found[key] == ""
    assert (found["home.country"], found["home.apart"]) == ("FR", "Non")
    home = replace(earlier, facts=earlier.facts | {"home.country": "BE", "home.apart": "yes"})
    (tmp_path / "apart").mkdir()
    found = keys(written(tmp_path / "apart", earlier=home))
    assert (found["home.country"], found["home.apart"]) == ("BE", "Oui")


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x","y")', "+1", "-2", "@SUM(A1)"])
def test_a_name_that_begins_like_a_formula_is_text(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, earlier=Earlier("2010", 1, ((name, name, 1),), {"title.fr": name}))
    book = load_workbook(path)
    for sheet, cell in (("frame", "A2"), ("frame", "B2"), ("respondents", "A2"), ("wave", "B3")):
        found = book[sheet][cell]
        assert found.value == name
        assert found.data_type == "s"
        assert found.quotePrefix
    assert CalamineWorkbook.from_path(str(path)).get_sheet_by_name("frame").to_python()[1] == [name, name, 1]
    with zipfile.ZipFile(path) as archive:
        sheets = [entry for entry in archive.namelist() if entry.startswith("xl/worksheets/sheet")]
        assert len(sheets) == len(SHEETS)
        assert not any(b"<f>" in archive.read(entry) for entry in sheets)


# --- the file ----------------------------------------------------------------------------------------------


def test_an_existing_file_is_not_overwritten_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "new.xlsx"
    path.write_bytes(b"work of a week")
    with pytest.raises(UsageError, match="already exists"):
        write_template(path, "2012")
    assert path.read_bytes() == b"work of a week"
    write_template(path, "2012", overwrite=True)
    assert load_workbook(path).sheetnames == SHEETS
    assert [entry.name for entry in tmp_path.iterdir()] == ["new.xlsx"]


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written: No such file or directory"):
        write_template(tmp_path / "nowhere" / "new.xlsx", "2012")
    (tmp_path / "taken.xlsx").mkdir()
    with pytest.raises(OutputError, match="cannot be written: Is a directory"):
        write_template(tmp_path / "taken.xlsx", "2012", overwrite=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken.xlsx"]


@pytest.mark.parametrize("wave", ["", "2012 bis", "Été", "../2012", "2" * 41])
def test_a_wave_needs_a_code(tmp_path: Path, wave: str) -> None:
    with pytest.raises(UsageError, match="is not the code of a wave"):
        write_template(tmp_path / "new.xlsx", wave)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["new.ods", "new.xls", "new"])
def test_a_template_ends_in_xlsx(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"ends in \.xlsx"):
        write_template(tmp_path / name, "2012")
    assert list(tmp_path.iterdir()) == []


def test_the_same_template_has_the_same_bytes(tmp_path: Path) -> None:
    first = written(tmp_path).read_bytes()
    write_template(tmp_path / "again.xlsx", "2012", "fr", SMALL)
    assert (tmp_path / "again.xlsx").read_bytes() == first
    assert load_workbook(tmp_path / "again.xlsx").properties.modified.year == 2000


# --- headings of two names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    [
        "Ville / Town",
        "VILLE / town",
        "town / Commune",
        "Ville\nTown",
        "Ville\r\nTown",
        " Ville /\nTown ",
        "Ville\u00a0/\u00a0Town",
        "city / ville",
    ],
)
def test_a_heading_may_be_two_names_of_one_column(heading: str) -> None:
    assert column_of(heading, ("city", "population")) == "city"


@pytest.mark.parametrize(
    "heading", ["Ville / Habitants", "Ville / x", "x / Ville", "Ville/Pays", "Ville Town", " / ", ""]
)
def test_a_heading_of_two_names_that_do_not_agree_names_nothing(heading: str) -> None:
    assert column_of(heading, ("city", "population", "country")) is None


def test_the_second_name_tells_what_the_first_leaves_open() -> None:
    columns = ("response", "answer")
    assert column_of("Réponse", columns) is None
    assert meanings("Réponse", columns) == columns
    assert column_of("Réponse / Answer", columns) == "answer"
    assert column_of("Réponse / Response status", columns) == "response"


@pytest.mark.parametrize("columns", COLUMNS.values())
def test_no_two_names_of_a_column_stand_for_another_one_of_the_sheet(columns: tuple[str, ...]) -> None:
    columns = tuple(column for column in columns if not column.startswith("q_"))
    for column in columns:
        for name in (column, *HEADINGS[column]):
            assert column_of(name, columns) == column
            assert column_of(f"{name} / {column}", columns) == column
