"""What is made in a process of its own: the same bytes, and no process that outlives the one that asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from jumelage.publication import files
from tests.conftest import ROOT, address, run
from tests.faulty.processes import below, is_dead

pytestmark = pytest.mark.on_duckdb
# Asks for one file, and stays when it is made: the next process is there by then, and waits for work.
_PROGRAM = """
import time
from jumelage.publication.apart import Maker

if __name__ == "__main__":
    with Maker(large=True) as maker:
        maker.ask("a", str.encode, "made")
        print(dict(maker.made())["a"].decode(), flush=True)
        time.sleep(600)
"""


def test_a_workbook_and_paper_made_apart_are_the_same(
    wave_2006: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for name, many in (("at_once", files.MANY), ("apart", -1)):
        monkeypatch.setattr(files, "MANY", many)
        asked = ("--formats", "pdf,xlsx", "--lang", "fr", "--out", tmp_path / name)
        assert run("publish", "--wave", "2006", *asked, "--db", address(wave_2006)).code == 0
        made.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert made[0] == made[1]
    assert {"survey.fr.pdf", "survey.fr.xlsx"} < made[0].keys()


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_a_process_that_makes_files_ends_with_the_one_that_asked(tmp_path: Path, seconds: float) -> None:
    program = tmp_path / "asks.py"
    program.write_text(_PROGRAM, encoding="utf-8")
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True, cwd=ROOT) as asks:
        assert asks.stdout is not None
        assert asks.stdout.readline() == "made\n"
        until = time.monotonic() + 30
        while len(started := below(asks.pid)) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(seconds)
        os.kill(asks.pid, signal.SIGKILL)
    until = time.monotonic() + 30
    while not all(map(is_dead, started)) and time.monotonic() < until:
        time.sleep(0.02)
    assert [one for one in started if not is_dead(one)] == []
