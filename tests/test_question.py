"""docs/questions.md carried out in an empty folder: any question, of any authority, needs no line of the project."""

from __future__ import annotations

import csv
import gzip
import shlex
from collections import Counter
from typing import TYPE_CHECKING

import openpyxl
import pytest

from jumelage import database
from jumelage.revisions.scope import find_scope, set_scope
from jumelage.texts import folded
from tests.conftest import ROOT, address, run
from tests.pages import carry_out

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL

LARGEST = 1600


def test_questions_are_asked_as_the_page_says(loaded: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUMELAGE_DATABASE_URL", address(loaded))
    (_, sql), (_, workbook), (_, france) = carry_out("questions.md", tmp_path)
    with database.reading(loaded) as connection:
        set_scope(connection, find_scope(connection, "2014-example"))
        budgets = {city: (budget, who) for city, budget, who in database.query(connection, sql)[1]}
    assert budgets["59350"] == (120000.5, "The mayor")
    assert budgets["59178"] == (8000, None)

    before = run("check", "--wave", "2006", "--format", "json").out
    _type_in(tmp_path / "survey-2014.xlsx", tmp_path / "typed")
    _as_shown(workbook)
    _write_largest(tmp_path / "waves" / "2015-france")
    _as_shown(france)
    with database.reading(loaded) as connection:
        asked = "select count(distinct city) from survey.respondents where wave = '2015-france'"
        assert database.query(connection, asked)[1] == [(LARGEST,)]

    # What was loaded before is what it was.
    assert "unchanged" in run("load", ROOT / "waves" / "2006").err
    assert run("check", "--wave", "2006").code == 0
    assert run("check", "--wave", "2006", "--format", "json").out == before


def _as_shown(console: str) -> None:
    """Run the commands of a block, each after a $; what they print is what follows it."""
    for example in console.split("$ jumelage ")[1:]:
        command, _, output = example.partition("\n")
        done = run(*shlex.split(command))
        assert done.code == 0, done.err
        assert done.out == output


def _type_in(book: Path, typed: Path) -> None:
    """Type rows into the sheets of a template, under their headings, and say when the wave was."""
    filled = openpyxl.load_workbook(book)
    said = {"reference_date": "2014-03-31", "fieldwork.from": "2014-02-01", "fieldwork.to": "2014-03-31"}
    said |= {"source": "docs/questions.md", "complete.agreements": "Oui"}
    for row in filled["wave"].iter_rows(min_row=2):
        row[1].value = said.get(str(row[0].value), row[1].value)
    for path in typed.iterdir():
        sheet = filled[path.stem]
        sheet.delete_rows(2, sheet.max_row)
        headings = [cell.value for cell in sheet[1]]
        with path.open(encoding="utf-8", newline="") as file:
            for record in csv.DictReader(file):
                assert set(record) <= set(headings)
                sheet.append([record.get(str(heading)) or None for heading in headings])
    filled.save(book)


def _write_largest(folder: Path) -> None:
    """Write the largest towns of France as a frame: their names, with the département where several have one."""
    with gzip.open(ROOT / "schema" / "registers" / "fr.csv.gz", "rt", encoding="utf-8", newline="") as file:
        every = [row for row in csv.DictReader(file) if row["kind"] == "commune"]
    bearers = Counter(folded(row["name"]) for row in every)
    with (ROOT / "schema" / "codes" / "communes.csv").open(encoding="utf-8", newline="") as file:
        shipped = list(csv.DictReader(file))
    bearers.update(folded(row["name"]) for row in shipped)
    present = [row for row in every if not row["status"] and row["population"]]
    largest = sorted(present, key=lambda row: -int(row["population"]))[:LARGEST]
    lines = "".join(
        f"{row['name']}{' (' + row['departement'] + ')' if bearers[folded(row['name'])] > 1 else ''},{row['population']}\n"
        for row in largest
    )
    files = {"frame": f"city,population\n{lines}", "respondents": "city,response\n", "partnerships": "city,country\n"}
    files |= {"actions": "city,action,answer\n", "difficulties": "city,difficulty,answer\n"}
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
