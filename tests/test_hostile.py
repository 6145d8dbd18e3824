"""Names, paths and texts that are meant to do harm, or do so by chance: nothing is read, run or kept but what is meant."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.conftest import WaveFolder, address, run
from tests.test_load import content, select


@pytest.mark.parametrize("name", ["g[1]", "a*", "what?", "t=5", "l'été; drop table x; --"])
def test_a_folder_of_any_name_is_read_and_none_beside_it(migrated: URL, tiny_wave: WaveFolder, name: str) -> None:
    for beside in ("g1", "ab", "whats"):
        other = tiny_wave.path.with_name(beside)
        other.mkdir()
        (other / "frame.csv").write_text("city,population\nLille,1\nLens,1\nDouai,1\n", encoding="utf-8")
    handed = tiny_wave.path.rename(tiny_wave.path.with_name(name))
    assert run("load", handed, "--db", address(migrated)).code == 0
    assert select(migrated, "select population from survey.respondents where city = '59350'") == [(225784,)]


@pytest.mark.parametrize("name", ["tm'p", "a'; create table survey.pwned(i int); --", "b[1]"])
def test_the_temporary_folder_may_have_any_name(
    migrated: URL, tiny_wave: WaveFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / name))
    before = content(migrated)
    tiny_wave.append("partnerships.csv", 'Lille,IT,1,"Turin, ""la belle""",,,')
    done = run("load", tiny_wave.path, "--db", address(migrated))
    assert done.code == 0, done.err
    assert content(migrated).keys() == before.keys()
    found = select(migrated, "select count(*) from information_schema.tables where table_name = 'pwned'")
    assert found == [(0,)]


@pytest.mark.parametrize("mark", ["x{n}", "[{n}]", "n° {n}", "{n}"])
def test_a_declared_mark_of_any_form_counts(migrated: URL, tiny_wave: WaveFolder, mark: str) -> None:
    tiny_wave.append("wave.toml", f'[printed]\nseveral_mark = "{mark}"')
    tiny_wave.append("partnerships.csv", f'Lille,IT,,"Turin\nNord {mark.replace("{n}", "3")}",,,')
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    assert select(migrated, "select partner from survey.partnerships where country = 'IT'") == [("Turin\nNord",)] * 3


def test_a_mark_that_may_be_a_departement_counts_only_if_the_row_says_its_number(
    migrated: URL, tiny_wave: WaveFolder
) -> None:
    tiny_wave.append("wave.toml", '[printed]\nseveral_mark = "({n})"')
    tiny_wave.append("partnerships.csv", "Lille,IT,12,Turin (12),,,\nLille,NL,,Breda (3),,,\nLille (Nord),LV,,,,,")
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    rows = (
        "select country, partner, count(*) from survey.partnerships where country in ('IT', 'NL', 'LV') group by 1, 2"
    )
    assert sorted(select(migrated, rows)) == [("IT", "Turin", 12), ("LV", None, 1), ("NL", "Breda", 3)]


def test_a_spelling_cannot_make_another_commune_of_one(migrated: URL, tiny_wave: WaveFolder) -> None:
    before = content(migrated)
    tiny_wave.write("aliases.csv", "list,spelling,code\ncities,Haubourdin,59350\n")
    done = run("load", tiny_wave.path, "--db", address(migrated))
    assert done.code == 1
    assert "aliases.csv:2, column spelling: 'Haubourdin': is already a spelling of Haubourdin 59286" in done.err
    assert content(migrated) == before


@pytest.mark.parametrize(
    ("rows", "asked"),
    [
        ("Lille,DE,1,A,between 1900 and 2010,,\nLille,DE,1,B,1900,,\nLille,DE,1,C,before 1970,,", "no_answer"),
        ("Lille,DE,1,A,after 1990,,", "3"),
    ],
)
def test_what_is_restored_is_what_was_loaded(migrated: URL, tiny_wave: WaveFolder, rows: str, asked: str) -> None:
    tiny_wave.write("partnerships.csv", f"city,country,agreements,partner,since,inferred,source\n{rows}\n")
    tiny_wave.replace("wave.toml", "agreements = true", "agreements = false")
    text = f"city,response,service,declared_agreements\nLille,responded,yes,\nDouai,responded,,\nLens,,,{asked}\n"
    if asked == "3":
        text = text.replace("Lens,,,3", "Lens,responded,,3")
    tiny_wave.write("respondents.csv", text)
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    for table in ("frame", "partnerships", "actions", "difficulties"):
        handed = tiny_wave.path / f"{table}.csv"
        done = run("load", handed, "--table", table, "--wave", "tiny", "--db", address(migrated))
        assert done.err == "wave tiny, revision 1: unchanged\n"


def test_a_pipe_is_no_file(migrated: URL, tiny_wave: WaveFolder) -> None:
    (tiny_wave.path / "frame.csv").unlink()
    os.mkfifo(tiny_wave.path / "frame.csv")
    done = run("load", tiny_wave.path, "--db", address(migrated))
    assert done.code == 1
    assert "frame.csv: cannot be read: it is not a file" in done.err


@pytest.mark.parametrize("text", ["a=" + "[" * 5000, "a = " + "1" * 5000, ".".join("a" * 3000) + " = 1"])
def test_a_wave_toml_beyond_measure_is_refused(migrated: URL, tiny_wave: WaveFolder, text: str) -> None:
    tiny_wave.write("wave.toml", text)
    done = run("load", tiny_wave.path, "--db", address(migrated))
    assert done.code == 1
    assert "Traceback" not in done.err
    assert "wave.toml" in done.err


def test_a_heading_of_blanks_takes_no_time(migrated: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.write("actions.csv", f"city,action,answer,a{' ' * 100_000}b\nLille,agenda_21,yes,\n")
    done = run("load", tiny_wave.path, "--db", address(migrated))
    assert done.code == 1
    assert "is an unknown column" in done.err
