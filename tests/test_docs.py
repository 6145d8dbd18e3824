"""The documentation cannot lie: its console blocks are run, its links exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.conftest import ROOT, address, run
from tests.generate import EXAMPLE

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "schema").rglob("*.md"))]
EXAMPLES = [
    (page.name, *example)
    for page in PAGES
    for console in re.findall(r"```console\n.*?```", page.read_text(encoding="utf-8"), re.DOTALL)
    for example in EXAMPLE.findall(console)
]


@pytest.mark.parametrize(("page", "command", "output"), EXAMPLES)
def test_every_example_prints_what_the_page_says(
    shown: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, command: str, output: str
) -> None:
    assert page
    monkeypatch.setenv("JUMELAGE_DATABASE_URL", address(shown))
    monkeypatch.chdir(tmp_path)
    done = run(*shlex.split(command))
    assert done.code == (1 if command.startswith("diff ") else 0)
    assert done.out + done.err == output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4
