"""The workbook of a publication: the same numbers as the data, in sheets that a program for the blind can read."""

from __future__ import annotations

import builtins
import csv
import hashlib
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy.engine import URL

from jumelage import report_file
from jumelage.render import workbook
from tests.conftest import Result, WaveFolder, address, run

FIRST = 4  # the row below the headings


def publish(url: URL, out: Path, *more: str) -> Result:
    return run("publish", "--formats", "csv,xlsx", "--out", out, "--db", address(url), *more)


def table(sheet: Worksheet) -> list[list[Any]]:
    """The rows of the one table of a sheet, without its headings."""
    (made,) = sheet.tables.values()
    return [[cell.value for cell in row] for row in sheet[made.ref][1:]]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_number_is_that_of_the_data(published_2006: Path, lang: str) -> None:
    out = published_2006
    book = load_workbook(out / f"survey.{lang}.xlsx")
    compared = 0
    for path in sorted((out / "data").glob("*.csv")):
        report = report_file.report(path.stem)
        names, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
        found = table(book[path.stem])
        assert len(found) == len(rows)
        for shown, row in zip(found, rows, strict=True):
            for name, cell, text in zip(names, shown, row, strict=True):
                if name in report.measures and text and not report.column(name).codes:
                    assert isinstance(cell, int | float), (report.name, name)
                    assert cell == pytest.approx(float(text))
                    compared += 1
                elif name in report.measures and not text:
                    assert cell == {"fr": "n.d.", "en": "[x]"}[lang]
    assert compared > 500
    assert len(table(book[{"fr": "registre", "en": "ledger"}[lang]])) == 344


def test_what_is_printed_is_a_number_and_a_range_has_two_ends(published_2006: Path) -> None:
    book = load_workbook(published_2006 / "survey.fr.xlsx")
    headings = [cell.value for cell in book["participation"][FIRST - 1]]
    assert headings == ["Indicateur", "Valeur (au moins)", "Valeur au plus", "Valeur – imprimé", "Valeur – statut"]
    assert [row[1:4] for row in table(book["participation"])][1] == [21, 29, 25]
    assert {type(row[5]) for row in table(book["cities_alphabetical"])} == {int}
    assert table(book["actions"])[0][-4] == "grande majorité | 16"  # two texts in one cell stay texts
    said = {row[0]: row[1:] for row in table(book["notes"])}
    assert said["encadré"][0] == "↔"
    assert said["en mots"][0] == "«\u00a0»"
    (responded, _) = (row for row in table(book["registre"]) if row[1:3] == ["Villes ayant répondu", 25])
    assert responded[3:6] == [21, 29, "encadré"]
    titles = [cell.value for row in book["participation"].iter_rows(min_row=FIRST) for cell in row if cell.value]
    assert any("Le rapport «\u00a0Réponse, par vague et taille de ville\u00a0»" in str(text) for text in titles)
    assert any("21–29 (imprimé\u00a0: 25) ont répondu" in str(text) for text in titles)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_sheets_can_be_read_by_everybody(published_2006: Path, lang: str) -> None:
    book = load_workbook(published_2006 / f"survey.{lang}.xlsx")
    cover, contents, notes, *tables = book.sheetnames
    assert book.properties.title == book[cover]["A1"].value
    assert [row[0] for row in table(book[contents])] == tables
    for row, name in enumerate(tables, FIRST):
        assert book[contents].cell(row, 1).hyperlink.location == f"'{name}'!A1"
    signs = {row[0] for row in table(book[notes])}
    used = {value for name in tables for row in table(book[name]) for value in row if isinstance(value, str)}
    assert signs <= used  # a legend of what is there, and of nothing else
    for name in (contents, notes, *tables):
        sheet = book[name]
        (made,) = sheet.tables.values()
        headings = [cell.value for cell in sheet[made.ref][0]]
        assert len({heading.casefold() for heading in headings}) == len(headings)
        assert all(headings)
        assert sheet["A1"].value
        assert sheet["A1"].font.b
        assert sheet.freeze_panes == f"A{FIRST}"
        assert not sheet.merged_cells.ranges
        assert all(any(cell not in {None, ""} for cell in row) for row in table(sheet))
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_the_same_wave_gives_the_same_bytes(wave_2006: URL, tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        assert publish(wave_2006, tmp_path / name).code == 0
        digests.add(hashlib.sha256((tmp_path / name / "survey.fr.xlsx").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_text_of_a_wave_becomes_no_formula_and_no_link(loaded: URL, folder_2006: WaveFolder, tmp_path: Path) -> None:
    for given in ("=1+1", "http://example.org/x"):
        text = (folder_2006.path / "wave.toml").read_text(encoding="utf-8")
        old = next(line for line in text.splitlines() if line.startswith("title.en"))
        folder_2006.replace("wave.toml", old, f'title.en = "{given}"')
        assert run("load", folder_2006.path, "--db", address(loaded), "--reason", "a test").code == 0
        assert publish(loaded, tmp_path / "public").code == 0
        cell = load_workbook(tmp_path / "public" / "survey.en.xlsx")["cover"]["A1"]
        assert (cell.value, cell.data_type, cell.hyperlink) == (given, "s", None)


def test_what_does_not_fit_a_sheet_is_said_in_the_contents(
    wave_2006: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "_MOST_ROWS", 20)
    assert publish(wave_2006, tmp_path / "public").code == 0
    book = load_workbook(tmp_path / "public" / "survey.en.xlsx")
    said = {row[0]: row[2] for row in table(book["contents"])}
    assert said["cities_alphabetical"] == "20 of 29 rows: the data files have the rest"
    assert said["zones"] == 7
    assert len(table(book["cities_alphabetical"])) == 20


def test_without_its_library_a_workbook_is_refused_with_what_to_install(
    wave_2006: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("xlsxwriter"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    done = publish(wave_2006, tmp_path / "public")
    assert (done.code, "pip install 'jumelage[publish]'" in done.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_several_waves_have_a_workbook_too(shown: URL, tmp_path: Path) -> None:
    assert publish(shown, tmp_path / "public", "--wave", "2006,2012-demo").code == 0
    book = load_workbook(tmp_path / "public" / "survey.fr.xlsx")
    assert {"evolution", "bridge", "response"} <= set(book.sheetnames)
    text = " ".join(str(cell.value) for row in book["couverture"].iter_rows() for cell in row)
    assert "Données synthétiques" in text
