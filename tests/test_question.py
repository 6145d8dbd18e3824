"""docs/questions.md carried out in an empty folder: a wave that asks what no wave has asked needs no line of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jumelage import database
from jumelage.revisions.scope import find_scope, set_scope
from tests.conftest import ROOT, address, run
from tests.pages import carry_out

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL


def test_questions_are_asked_as_the_page_says(loaded: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUMELAGE_DATABASE_URL", address(loaded))
    ((kind, sql),) = carry_out("questions.md", tmp_path)
    assert kind == "sql"
    with database.reading(loaded) as connection:
        set_scope(connection, find_scope(connection, "2014-example"))
        budgets = {city: (budget, who) for city, budget, who in database.query(connection, sql)[1]}
    assert budgets["59350"] == (120000.5, "The mayor")
    assert budgets["59178"] == (8000, None)

    # What was loaded before is what it was.
    assert "unchanged" in run("load", ROOT / "waves" / "2006").err
    assert run("check", "--wave", "2006").code == 0
