"""What commands say and write: to terminals, to readers that leave, over nothing that they read, and in French."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from jumelage.cli.paging import through_pager
from jumelage.errors import UsageError
from jumelage.texts import meant, neutral, printable
from jumelage.writing import write_whole
from tests.conftest import Databases, WaveFolder, address, run


@pytest.fixture
def databases(tmp_path: Path) -> Databases:
    """One engine: what is said and written does not depend on it."""
    return Databases("duckdb", tmp_path, None)


def shell(command: str, **names: object) -> subprocess.CompletedProcess[str]:
    """Run a shell command in which {jumelage} and names stand for what is given."""
    text = command.format(jumelage=f"{sys.executable} -m jumelage", **names)
    return subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False)


def test_controls_are_shown_and_typography_stays() -> None:
    assert printable("a\x1b[31m\u061c\u202e\x9b\r\ufffe b\tc\nd") == "a\\x1b[31m\\u061c\\u202e\\x9b\\r\\ufffe b\tc\nd"
    french = "«\u00a01\u202f000 é – ’\u00a0»"
    assert printable(french) == french


def test_what_a_spreadsheet_program_would_compute_is_made_a_text_and_read_back() -> None:
    for text in ("=1+1", "+x", "-x", "@x", "\tx", "\rx"):
        assert neutral(text) == f"'{text}"
        assert meant(neutral(text)) == text
    assert [neutral(value) for value in ("x=1", "'s-Hertogenbosch", 3, None)] == ["x=1", "'s-Hertogenbosch", 3, None]
    assert meant("'s-Hertogenbosch") == "'s-Hertogenbosch"


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07", "a\u202eb", "\u061c"])
def test_no_control_character_of_a_name_reaches_the_terminal(migrated: URL, tmp_path: Path, name: str) -> None:
    tmp_path.joinpath(name).mkdir()
    (tmp_path / name / f"{name}.csv").write_text("x\n", encoding="utf-8")
    db = "--db", address(migrated)
    for asked in (("load", tmp_path / name), ("report", name), ("waves", "--as-of", name), (name,)):
        done = run(*db, *asked)
        assert done.code in {1, 2}
        assert not {"\x1b", "\x07", "\u202e", "\u061c"} & {*done.err, *done.out}, asked


def test_a_reader_that_has_read_enough_is_no_failure(loaded: URL) -> None:
    for asked in ("check", "report zones --format csv", "waves", "reports", "--help", "explain zones eu agreements"):
        line = "{jumelage} --db '{db}' {asked} | true; echo ${{PIPESTATUS[0]}}"
        done = shell(line, db=address(loaded), asked=asked)
        assert done.stdout == "0\n", asked
        assert "Traceback" not in done.stderr, asked


def test_a_load_that_nobody_listens_to_is_done(migrated: URL, tiny_wave: WaveFolder) -> None:
    done = shell("{jumelage} --db '{db}' load '{wave}' 2>&1 | true; echo ${{PIPESTATUS[0]}}",
                 db=address(migrated), wave=tiny_wave.path)  # fmt: skip
    assert done.stdout == "0\n"
    assert run("load", tiny_wave.path, "--db", address(migrated)).err.endswith(": unchanged\n")


def test_a_closed_standard_output_is_told_and_nothing_takes_its_place(loaded: URL) -> None:
    for asked in ("report zones", "waves", "check --format json"):
        done = shell("{jumelage} --db '{db}' {asked} >&-", db=address(loaded), asked=asked)
        assert done.returncode == 3
        assert "standard output is closed" in done.stderr
    assert shell("{jumelage} --db '{db}' report zones >&- 2>&-", db=address(loaded)).returncode == 3
    assert run("report", "zones", "--db", address(loaded)).code == 0


def test_an_output_never_goes_over_what_is_read_whatever_it_is_called(
    migrated: URL, tiny_wave: WaveFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_wave.path
    more = tmp_path / "more.csv"
    more.write_text("list,spelling,code\n", encoding="utf-8")
    (folder / "README.txt").write_text("mine", encoding="utf-8")
    os.link(folder / "frame.csv", tmp_path / "hard.csv")
    (tmp_path / "soft.csv").symlink_to(folder / "frame.csv")
    (tmp_path / "soft").symlink_to(folder)
    monkeypatch.chdir(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for out in (
        folder / "frame.csv", folder / "README.txt", folder / "new.csv", Path("frame.csv"), folder / ".." / folder.name / "wave.toml",
        tmp_path / "hard.csv", tmp_path / "soft.csv", tmp_path / "soft" / "frame.csv", more,
    ):  # fmt: skip
        for command in (("load", folder, "--db", address(migrated)), ("aliases", "suggest", folder)):
            done = run(*command, "--aliases", more, "--format", "csv", "-o", out)
            assert (done.code, "would overwrite what this command reads" in done.err) == (2, True), out
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert more.read_text(encoding="utf-8") == "list,spelling,code\n"
    assert run("waves", "--db", address(migrated), "--format", "json").out == "[]\n"  # nothing was loaded either
    done = run("load", folder, "--db", address(migrated), "--format", "csv", "-o", folder / "findings.csv")
    assert done.code == 0


def test_a_file_is_written_whole_and_what_a_killed_run_left_goes(tmp_path: Path) -> None:
    file = tmp_path / "zones.csv"
    write_whole([b"old"], file)
    file.chmod(0o640)
    (tmp_path / ".zones.csv.jumelage-part-99999999").write_bytes(b"left")
    (tmp_path / ".other.csv.jumelage-part-99999999").write_bytes(b"of another file")
    write_whole([b"n", b"ew"], file)
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.csv.jumelage-part-99999999", "zones.csv"]


def test_all_that_is_said_is_french_where_it_is_asked_for(migrated: URL, tiny_wave: WaveFolder) -> None:
    db = "--lang", "fr", "--db", address(migrated)
    assert run("load", tiny_wave.path, *db).err.startswith(
        "vague tiny, révision 1\u00a0: chargée\u00a0: 2 réponses par défaut, "
    )
    assert run("load", tiny_wave.path, *db).err == "vague tiny, révision 1\u00a0: inchangée\n"
    listed = run("waves", *db).out
    assert listed.split()[:4] == ["vague", "révision", "statut", "chargée"]
    assert "actuelle" in listed
    for number in range(120):
        tiny_wave.append("partnerships.csv", f"Nulle Part {number:03},DE,1,,,,")
    done = run("load", tiny_wave.path, *db)
    *_, shown, last = done.err.splitlines()
    assert shown == "20 constats montrés sur 120\u00a0; tous\u00a0: --format csv -o FICHIER"
    assert last == f"erreur\u00a0: {tiny_wave.path}\u00a0: 120 constats\u00a0; rien n’a été chargé"
    as_table = run("load", tiny_wave.path, "--format", "table", *db).out
    assert as_table.split()[:4] == ["fichier", "feuille", "ligne", "colonne"]
    assert " erreur " in as_table
    assert " error " not in as_table


def test_tables_for_people_have_french_headings_and_statuses(loaded: URL) -> None:
    db = "--lang", "fr", "--db", address(loaded)
    checked = run("check", *db)
    assert checked.out.split()[:7] == ["rapport", "clé", "mesure", "imprimé", "endroit", "calculé", "statut"]
    assert "reproduit" in checked.out
    assert "reproduit\u00a0: " in checked.err
    assert "reproduced" not in checked.out + checked.err
    assert "reproduced" in run("check", "--format", "json", *db).out  # programs get codes
    assert run("diff", "2006", "2006@1", *db).err == "2006 et 2006@1\u00a0: aucune différence\n"
    assert " Pays " in run("explain", "countries", "eu/LV", "agreements", *db).out


def test_a_copy_without_a_finding_is_told_as_what_it_is(migrated: URL, tiny_wave: WaveFolder, tmp_path: Path) -> None:
    out = tmp_path / "copy"
    done = run("load", tiny_wave.path, "--annotate", out, "--db", address(migrated))
    assert f"{out} is a mere copy: no finding is written into it" in done.err.splitlines()
    assert (out / "frame.csv").read_bytes() == (tiny_wave.path / "frame.csv").read_bytes()


def pager_of(folder: Path, text: str) -> str:
    """Make a pager of a script."""
    file = folder / "pager"
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    return str(file)


_PIECES = [b"x" * 100 + b"\n"] * 10_000


def test_a_pager_reads_everything_that_it_wants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("PAGER", pager_of(tmp_path, f"cat > '{tmp_path}/read'"))
    assert list(through_pager(_PIECES)) == []
    assert (tmp_path / "read").read_bytes() == b"".join(_PIECES)
    monkeypatch.setenv("PAGER", pager_of(tmp_path, "exit 3"))
    assert list(through_pager(_PIECES)) == []
    assert list(through_pager([])) == []


@pytest.mark.parametrize("pager", ["no-such-pager -x", "'", "cat", ""])
def test_without_a_pager_everything_is_written(monkeypatch: pytest.MonkeyPatch, pager: str) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("PAGER", pager)
    assert list(through_pager(_PIECES)) == _PIECES
    monkeypatch.setenv("PAGER", "more")
    monkeypatch.setenv("TERM", "dumb")
    assert list(through_pager(_PIECES)) == _PIECES


def test_what_cannot_be_made_is_told_whether_there_is_a_pager_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x\n"
        raise UsageError("wrong")

    monkeypatch.setenv("TERM", "xterm")
    for pager in ("sh -c 'cat > /dev/null'", "cat"):
        monkeypatch.setenv("PAGER", pager)
        with pytest.raises(UsageError, match="wrong"):
            list(through_pager(pieces()))
