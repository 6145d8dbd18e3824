"""The made-up wave of 2012: always the same, plainly made up, and rich enough to show every part of a bridge."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.conftest import ROOT, address, run

SCRIPT = ROOT / "waves" / "make_2012_demo.py"
DEMO = ROOT / "waves" / "2012-demo"


def make(*arguments: object, cwd: Path, seed_of_hashes: str = "0") -> str:
    done = subprocess.run(
        [sys.executable, SCRIPT, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONHASHSEED": seed_of_hashes},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def rows(name: str) -> list[dict[str, str]]:
    with (DEMO / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("seed_of_hashes", ["0", "1"])
def test_the_demo_wave_is_what_its_script_writes(tmp_path: Path, seed_of_hashes: str) -> None:
    make("--out", "made/here", cwd=tmp_path, seed_of_hashes=seed_of_hashes)
    made = {path.name: path.read_bytes() for path in (tmp_path / "made" / "here").iterdir()}
    assert made == {path.name: path.read_bytes() for path in DEMO.iterdir()}
    assert not any(b"\r" in text for text in made.values())


def test_the_script_of_the_demo_wave_has_a_help_that_writes_nothing(tmp_path: Path) -> None:
    assert "--out FOLDER" in make("--help", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_demo_wave_cannot_be_taken_for_a_survey() -> None:
    wave = tomllib.loads((DEMO / "wave.toml").read_text(encoding="utf-8"))
    assert wave["synthetic"] is True
    for text in (wave["title"]["fr"], wave["frame_rule"]["fr"], wave["source"]):
        assert "données synthétiques" in text.lower()
    for text in (wave["title"]["en"], wave["frame_rule"]["en"], wave["source"]):
        assert "synthetic data" in text
    partners = [row["partner"] for row in rows("partnerships.csv") if row["partner"]]
    assert sorted(partners) == sorted(f"Ville fictive {number + 1}" for number in range(len(partners)))


def test_the_frame_of_the_demo_wave_has_the_towns_of_its_date() -> None:
    populations = {row["city"]: int(row["population"]) for row in rows("frame.csv")}
    assert len(populations) == 28
    assert "Saint-Pol-sur-Mer" not in populations
    assert populations["Dunkerque"] > 70850 + 23337 * 0.9  # both towns of 2006, which have 94,187 inhabitants
    assert min(populations.values()) > 20000
    assert [row["city"] for row in rows("respondents.csv")] == list(populations)


def test_the_demo_wave_loads_without_a_finding_and_does_all_that_a_wave_does(loaded: URL, tmp_path: Path) -> None:
    db = "--db", address(loaded)
    done = run("load", DEMO, "--format", "csv", *db)
    assert (done.code, done.out.splitlines()[1:]) == (0, [])
    assert run("load", DEMO, *db).err.endswith("unchanged\n")
    assert run("check", "--wave", "2012-demo", *db).code == 0
    assert run("publish", "--formats", "site,csv", "--wave", "2012-demo", "--out", tmp_path / "public", *db).code == 0
    assert "synthétiques" in (tmp_path / "public" / "fr.html").read_text(encoding="utf-8")


# Counted town by town from the files: 2006 · silent · undetermined · ended · no longer declared · begun · appeared ·
# reclassified · 2012. No town left or entered the frame, no agreement was that of two merged towns, and no town is
# known not to have answered in 2006.
BRIDGE = {
    "eu": (78, -8, 1, -3, -4, 3, 2, 2, 71),
    "europe_non_eu": (6, 0, 0, 0, -1, 0, 0, -2, 3),
    "sub_saharan_africa": (6, 0, 1, 0, 0, 1, 0, 0, 8),
    "north_africa_middle_east": (3, 0, 0, 0, 0, 1, 1, 0, 5),
    "north_america": (6, -2, 1, 0, 0, 0, 0, 0, 5),
    "latin_america_caribbean": (0, 0, 0, 0, 0, 0, 1, 0, 1),
    "asia": (1, 0, 0, 0, 0, 1, 0, 0, 2),
    "total": (100, -10, 3, -3, -5, 6, 4, 0, 95),
}
SHOWN = (
    "agreements_before",
    "silent",
    "undetermined",
    "ended",
    "disappeared",
    "begun",
    "appeared",
    "reclassified",
    "agreements",
)


def test_the_demo_wave_shows_every_part_of_a_bridge_that_it_can(loaded: URL) -> None:
    db = "--db", address(loaded)
    assert run("load", DEMO, *db).code == 0
    printed = run("report", "bridge", "--wave", "2006,2012-demo", "--format", "csv", *db)
    cells = {row["zone"]: row for row in csv.DictReader(printed.out.splitlines())}
    assert {zone: tuple(int(row[part]) for part in SHOWN) for zone, row in cells.items()} == BRIDGE
    assert {
        int(row[part]) for row in cells.values() for part in ("frame_left", "frame_entered", "mergers", "heard")
    } == {0}
