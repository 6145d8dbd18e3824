"""docs/questions.md carried out in an empty folder: a wave that asks what no wave has asked needs no line of the project."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from jumelage import database
from jumelage.revisions.scope import find_scope, set_scope
from tests.conftest import ROOT, address, run
from tests.generate import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL

PAGE = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
# What a block is in, the file that it makes, and its text.
BLOCKS = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_questions_are_asked_as_the_page_says(loaded: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUMELAGE_DATABASE_URL", address(loaded))
    for _, name, text in BLOCKS:
        if name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
    for command in (line for kind, _, text in BLOCKS if kind == "sh" for line in text.splitlines()):
        done = run(*shlex.split(command.removeprefix("jumelage ")))
        assert done.code == 0, done.err
    examples = [example for kind, _, text in BLOCKS if kind == "text" for example in EXAMPLE.findall(text)]
    assert len(examples) == 4
    for command, output in examples:
        assert run(*shlex.split(command)).out == output

    (sql,) = (text for kind, name, text in BLOCKS if kind == "sql" and not name)
    with database.reading(loaded) as connection:
        set_scope(connection, find_scope(connection, "2014-example"))
        budgets = {city: (budget, who) for city, budget, who in database.query(connection, sql)[1]}
    assert budgets["59350"] == (120000.5, "The mayor")
    assert budgets["59178"] == (8000, None)

    # What was loaded before is what it was.
    assert "unchanged" in run("load", ROOT / "waves" / "2006").err
    assert run("check", "--wave", "2006").code == 0
