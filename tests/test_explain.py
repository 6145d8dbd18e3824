"""The rows behind a cell come some at a time: nothing is lost between, and what fails half-way leaves what was there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from jumelage.cli.streams import begin, write
from jumelage.database import sql
from jumelage.render import grid, terminal
from jumelage.reporting.sheet import plain_rows
from tests.conftest import address, run, statement
from tests.test_streams import shell

ASKED = "explain", "zones", "total", "agreements"
OLD = "what was there\n"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A file that is there already, alone in its folder."""
    file = tmp_path / "rows.csv"
    file.write_text(OLD, encoding="utf-8")
    return file


def untouched(out: Path) -> bool:
    return out.read_text(encoding="utf-8") == OLD and list(out.parent.iterdir()) == [out]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows at a time, and other ones where they are fetched than where they are rendered."""
    monkeypatch.setattr(sql, "_AT_ONCE", 7)
    monkeypatch.setattr(grid, "AT_ONCE", 5)


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_rows_that_come_some_at_a_time_are_the_same_to_the_byte(
    wave_2006: URL, format_: str, request: pytest.FixtureRequest
) -> None:
    command = *ASKED, "--db", address(wave_2006), "--format", format_
    at_once = run(*command)
    request.getfixturevalue("few")
    assert len(at_once.out.splitlines()) > 50
    assert run(*command) == at_once


@pytest.mark.parametrize(
    ("lang", "headings", "cells"),
    [
        (
            "fr",
            ["Action", "Collectivité", "Réponse", "Villes"],
            ["Projets Interreg (interreg)", "Marcq-en-Barœul (59378)", "Oui (yes)", "1"],
        ),
        (
            "en",
            ["Action", "Authority", "Answer", "Towns"],
            ["Interreg projects (interreg)", "Marcq-en-Barœul (59378)", "Yes", "1"],
        ),
    ],
)
def test_people_read_names_before_codes_in_their_language(
    wave_2006: URL, lang: str, headings: list[str], cells: list[str]
) -> None:
    done = run("explain", "actions", "interreg", "cities", "--lang", lang, "--db", address(wave_2006))
    lines = [re.split(r"\s{2,}", line.strip()) for line in done.out.splitlines()]
    row = next(number for number, line in enumerate(lines) if line[:1] == cells[:1])
    assert lines[row][:4] == cells
    assert lines[row - 2][:4] == headings


@pytest.mark.parametrize(("lang", "unknown"), [("fr", "non précisé (unknown)"), ("en", "not stated (unknown)")])
def test_a_code_that_is_of_no_list_has_its_words_and_what_has_none_stays_empty(
    wave_2006: URL, lang: str, unknown: str
) -> None:
    command = "explain", "agreements_by_country", "LV/unknown", "agreements", "--lang", lang
    line = next(line for line in run(*command, "--db", address(wave_2006)).out.splitlines() if unknown in line)
    assert re.split(r"\s{2,}", line.strip())[2:4] == ["100", "1"]  # between them no partner


def test_programs_get_codes_and_columns_as_they_are_in_any_language(wave_2006: URL) -> None:
    for format_ in ("csv", "json"):
        command = "explain", "countries", "eu/LV", "agreements", "--format", format_, "--db", address(wave_2006)
        french, english = (run(*command, "--lang", lang).out for lang in ("fr", "en"))
        assert french == english
        assert "zone" in english
        assert "LV" in english
        assert "Latvia" not in english


def test_a_table_with_names_has_every_row_that_comes(wave_2006: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = run(*ASKED, "--db", address(wave_2006))
    monkeypatch.setattr(sql, "_AT_ONCE", 7)
    assert len(at_once.out.splitlines()) > 100
    assert run(*ASKED, "--db", address(wave_2006)) == at_once


def test_a_long_table_is_wide_enough_for_every_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "AT_ONCE", 2)
    monkeypatch.setattr(grid, "AT_ONCE", 2)
    lines = []
    for widest in (("Saint-Martin-Boulogne",), ()):
        rows = iter([("Ax",), ("Us",), ("Saint-Martin-Boulogne",)])
        people = partial(grid.Shown, "", ("Town",), rows, (False,), widest=widest)
        lines.append("".join(terminal.render(grid.Grid(("town",), (), people))).splitlines())
    assert "  Saint-Martin-Boulogne" in lines[0]
    assert "  Saint-Martin-Boulogne" not in lines[1]


def test_a_long_table_looks_as_a_short_one_and_keeps_its_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def table(rows: Sequence[tuple[str, ...]]) -> str:
        shown = grid.Shown("Title", ("town", "number of agreements"), iter(rows), (False, True), notes=("Note.",))
        return "".join(terminal.render(grid.Grid(("town", "n"), (), lambda: shown)))

    rows = [(f"town {i:02}", f"{i}") for i in range(10, 22)]
    at_once = table(rows)
    monkeypatch.setattr(grid, "AT_ONCE", 5)
    assert table(rows) == at_once
    before, after = table([*rows, ("town of another", "1,000")]).split("  town of ")
    assert before == at_once.removesuffix("\nNote.\n")
    assert after.split() == ["1,000", "another", "Note."]


@pytest.mark.usefixtures("few")
def test_a_connection_lost_between_rows_leaves_the_old_file(
    wave_2006: URL, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wave_2006.get_backend_name() == "duckdb":
        return  # there is no connection to lose
    came = 0

    def ended(rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
        nonlocal came
        came += len(rows) == sql._AT_ONCE  # noqa: SLF001
        if came == 3:
            others = "datname = current_database() and pid <> pg_backend_pid()"
            statement(wave_2006, f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where {others}")
        return plain_rows(rows)

    monkeypatch.setattr("jumelage.reporting.run.plain_rows", ended)
    done = run(*ASKED, "--db", address(wave_2006), "--format", "csv", "-o", out)
    assert (done.code, came) == (3, 3), done.err
    assert "cannot be written" not in done.err
    assert untouched(out)


def test_a_disk_that_is_full_half_way_leaves_the_old_file(wave_2006: URL, out: Path) -> None:
    line = "ulimit -f 1; {jumelage} --db '{db}' {asked} --format csv -o '{out}'"
    done = shell(line, db=address(wave_2006), asked=" ".join(ASKED), out=out)
    assert (done.returncode, done.stderr) == (3, f"error: {out} cannot be written: File too large\n")
    assert untouched(out)


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), BrokenPipeError(), ValueError("no number")])
def test_what_fails_while_a_text_is_made_is_no_fault_of_the_output(out: Path, error: Exception) -> None:
    def pieces() -> Iterator[str]:
        yield "one row\n"
        raise error

    begin()
    for output in (out, None):
        with pytest.raises(type(error)) as raised:
            write(pieces(), output)
        assert raised.value is error
    assert untouched(out)
