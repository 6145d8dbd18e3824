"""docs/questions.md carried out: a copy of the project gets the question, and an existing database goes along."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy.engine import URL

from jumelage import database
from tests.conftest import ROOT, TINY, WaveFolder, address
from tests.generate import EXAMPLE
from tests.test_migrate import catalog, rows

PAGE = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
# What a block is in, the file that it makes (a diff names its own), and its text.
BLOCKS = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PARTS = ("alembic", "alembic.ini", "pyproject.toml", "reports", "schema", "src", "waves")


@dataclass(frozen=True)
class Project:
    """A copy of the project in which the page is carried out; its commands are processes of their own."""

    folder: Path

    def __call__(self, module: str, *arguments: str, url: URL | None = None) -> tuple[str, str]:
        """Run a module of the copy; return what it printed and what it said."""
        here = {"PYTHONPATH": str(self.folder / "src"), database.ENVIRONMENT: address(url) if url else ""}
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=os.environ | here,
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr

    def jumelage(self, url: URL, command: str) -> tuple[str, str]:
        """Run a command of the copy as it is written on the page, without its first word."""
        return self("jumelage", *shlex.split(command), url=url)


def apply(diff: str, folder: Path) -> None:
    """Apply a unified diff, each part of which must have one place to go."""
    text = (folder / re.findall(r"^--- a/(.*)$", diff, re.MULTILINE)[0]).read_text(encoding="utf-8")
    for part in re.split(r"^@@ .*\n", diff, flags=re.MULTILINE)[1:]:
        old = "".join(line[1:] for line in part.splitlines(keepends=True) if line[0] in " -")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    elsewhere = os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}  # in no repository, whatever is around
    subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=folder, env=elsewhere, check=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after the page."""
    folder = tmp_path_factory.mktemp("question") / "project"
    folder.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, folder / part)
    for kind, name, text in BLOCKS:
        if kind == "diff":
            apply(text, folder)
        elif name:
            assert not (folder / name).exists()
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    return Project(folder)


def answers(url: URL, wave: str, revision: int = 1) -> dict[str, str]:
    """The answer of each town, by its code."""
    sql = f"select city, budget_line from survey.respondents where wave = '{wave}' and revision = {revision}"
    return {city: answer for city, answer in rows(url, sql)}  # noqa: C416


def test_a_question_is_added_as_the_page_says(loaded: URL, project: Project, tmp_path: Path) -> None:
    before = catalog(loaded)
    (commands,) = (text.splitlines() for kind, _, text in BLOCKS if kind == "sh")
    (_, migrated), (_, done) = (project.jumelage(loaded, command.removeprefix("jumelage ")) for command in commands)
    assert f"went from {database.head()} to 0008: migrations 0008, " in migrated
    assert re.search(r"^wave 2014-example\b.*, revision 1: loaded: .* 3 respondents", done)
    assert "No new upgrade operations" in project("alembic", "check", url=loaded)[0]

    # What was loaded before was not asked, and is what it was.
    assert set(answers(loaded, "2006").values()) == {"not_asked"}
    assert "unchanged" in project.jumelage(loaded, "load waves/2006")[1]
    assert "unchanged" in project.jumelage(loaded, "load waves/2006/frame.csv --table frame --wave 2006")[1]
    assert "reproduced" in project.jumelage(loaded, "check --wave 2006")[0]

    # The report says what the page says.
    (example,) = (EXAMPLE.findall(text) for kind, _, text in BLOCKS if kind == "text")
    for command, output in example:
        assert project.jumelage(loaded, command)[0] == output
    assert len(example) == 1
    assert "Non demandé" in project.jumelage(loaded, "report budget_line --wave 2006 --lang fr")[0]

    # A load of one table lays the answers out again; a town that comes new has the default.
    frame = tmp_path / "frame.csv"
    frame.write_text("city,population\nLille,230001\nLens,32000\nDouai,41000\nCalais,73000\n", encoding="utf-8")
    project.jumelage(loaded, f"load {shlex.quote(str(frame))} --table frame --wave 2014-example --reason Calais")
    first = {"59350": "yes", "62498": "no", "59178": "dont_know"}
    assert answers(loaded, "2014-example") == first
    assert answers(loaded, "2014-example", 2) == first | {"62193": "no"}

    # Asked, and without a default: a blank is no answer.
    asked = WaveFolder(tmp_path / "asked")
    for name, text in TINY.items():
        asked.write(name, text)
    asked.write("respondents.csv", "Town,Response,Budget line\nLille,responded,no\nDouai,responded,\n")
    project.jumelage(loaded, f"load {shlex.quote(str(asked.path))}")
    assert answers(loaded, "tiny") == {"59350": "no", "59178": "no_answer", "62498": "no_answer"}

    # The way back leads to the earlier database.
    project.jumelage(loaded, f"migrate --to {database.head()} --accept-loss")
    after = catalog(loaded)
    assert after["columns"] != before["columns"]  # the views wait for head
    assert [row for row in after["columns"] if row[0] == "survey"] == [
        row for row in before["columns"] if row[0] == "survey"
    ]


def test_the_workbook_asks_the_question_in_both_languages(project: Project, tmp_path: Path) -> None:
    out = tmp_path / "new.xlsx"
    project("jumelage", "template", str(out), "--wave", "2016")
    book = CalamineWorkbook.from_path(str(out))
    headings = book.get_sheet_by_name("respondents").to_python()[0]
    assert (
        headings.index("Ligne budgétaire / Budget line") == headings.index("Accords déclarés / Declared agreements") - 1
    )
    assert ["defaults.budget_line", "Sans réponse"] in [row[:2] for row in book.get_sheet_by_name("wave").to_python()]
