"""The documentation cannot lie: its console blocks are run, its links exist."""

from __future__ import annotations

import ast
import doctest
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy.engine import URL

from jumelage.cli import app
from tests.conftest import ROOT, address, run
from tests.generate import EXAMPLE
from tests.test_cli import tree

# Options of other programs: Alembic, pip, those of PostgreSQL and its cluster, `python -m tests.faults`, benchmarks, spark-submit.
ELSEWHERE = {
    f"--{name}"
    for name in [
        "agreements",
        "towns",
        "waves",
        "sql",
        "require-hashes",
        "no-deps",
        "start",
        "encoding",
        "template",
        "format",
        "file",
        "dbname",
        "no-owner",
        "no-acl",
        "exit-on-error",
        "roles-only",
        "kills",
        "seed",
        "disks",
        "minutes",
        "engine",
        "readers",
        "sizes",
        "only",
        "repeat",
        "class",
        "master",
        "conf",
    ]
}

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


@pytest.mark.on_duckdb
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_of_python_gives_what_the_page_says(
    shown: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: Path
) -> None:
    examples = "\n".join(re.findall(r"```pycon\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
    if (page.name == "python.md") != bool(examples):
        pytest.fail(f"{page.name}: the examples of Python stand in python.md")
    if not examples:
        return
    (tmp_path / "jumelage.duckdb").write_bytes(Path(str(shown.database)).read_bytes())
    monkeypatch.chdir(tmp_path)
    found = doctest.DocTestParser().get_doctest(examples, {}, page.name, str(page), 0)
    said: list[str] = []
    done = doctest.DocTestRunner(verbose=False).run(found, out=said.append)
    assert (done.attempted > 20, done.failed) == (True, 0), "".join(said)


def test_the_notebook_runs_from_start_to_end(shown: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = json.loads((ROOT / "docs" / "tour.ipynb").read_text(encoding="utf-8"))["cells"]
    programs = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in programs)
    monkeypatch.setenv("JUMELAGE_DATABASE_URL", address(shown))
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    seen = []
    for cell in programs:
        tree_ = ast.parse("".join(cell["source"]))
        last = tree_.body.pop() if isinstance(tree_.body[-1], ast.Expr) else None
        exec(compile(tree_, "tour.ipynb", "exec"), names)  # noqa: S102  # it is ours
        if isinstance(last, ast.Expr):  # a notebook shows what a cell ends with
            value = eval(compile(ast.Expression(last.value), "tour.ipynb", "eval"), names)  # noqa: S307
            seen.append(value._repr_html_() if hasattr(value, "_repr_html_") else repr(value))
    assert "Agreements by geographic zone" in "".join(seen)
    assert len(seen) >= 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


COMMANDS = [
    (name, command)
    for name, command in tree("", typer.main.get_command(app))
    if name and not hasattr(command, "commands")
]


def test_the_readme_names_every_command() -> None:
    table = {
        word
        for line in PAGES[0].read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
        for word in re.findall(r"`((?:aliases |register )?[a-z]+)[^`]*`", line.split("|")[1])
    }
    assert [name for name, _ in COMMANDS if name not in table] == []


def test_pages_name_no_command_and_no_option_that_is_not_there() -> None:
    options = {option for _, command in COMMANDS for one in command.params for option in one.opts} | {
        "--help",
        "--version",
    }
    words = {name.split()[0] for name, _ in COMMANDS}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        said = {
            option for code in re.findall(r"`[^`]+`", text) for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", code)
        }
        assert said - options - ELSEWHERE == set(), page.name
        assert set(re.findall(r"[`/$] ?jumelage ([a-z]+)", text)) - words == set(), page.name


HOUSE = ROOT / "src" / "jumelage"


def test_every_room_that_the_design_names_is_there() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    named = [name for name in re.findall(r"`([a-z]+/[a-z_/]*)`", text) if (HOUSE / name.split("/")[0]).is_dir()]
    assert len(named) > 20
    assert [name for name in named if not ((HOUSE / name).is_dir() or (HOUSE / f"{name}.py").is_file())] == []


def test_the_design_names_every_wing() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    wings = [folder.parent.name for folder in HOUSE.glob("*/__init__.py")]
    assert [wing for wing in wings if f"`{wing}/`" not in text] == []


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in HOUSE.rglob("*.py")}
    assert [path.name for path, length in lengths.items() if length > 400] == []
