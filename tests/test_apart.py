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

from jumelage.errors import OutputError
from jumelage.publication import files
from jumelage.publication.apart import Maker
from tests.conftest import ROOT, address, run
from tests.faulty.processes import below, is_dead

pytestmark = pytest.mark.on_duckdb
# Asks for a file that is never made.
_PROGRAM = """
import time
from jumelage.publication.apart import Maker

if __name__ == "__main__":
    with Maker(large=True) as maker:
        maker.ask("a", time.sleep, 600)
        print("asked", flush=True)
        time.sleep(600)
"""
_SEMAPHORES = Path("/dev/shm")  # noqa: S108


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


def test_what_goes_wrong_apart_is_told_where_it_was_asked() -> None:
    with Maker(large=True) as maker:
        maker.ask("whole", str.encode, "made")
        maker.ask("wrong", bytes.fromhex, "no")
        maker.ask("ended", os._exit, 1)
        made = maker.made()
        assert next(made) == ("whole", b"made")
        with pytest.raises(ValueError, match="non-hexadecimal"):
            next(made)
    with Maker(large=True) as maker:
        maker.ask("ended", os._exit, 1)
        with pytest.raises(OutputError, match="ended: the process that made it was ended"):
            next(maker.made())


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_a_process_that_makes_files_ends_with_the_one_that_asked(tmp_path: Path, seconds: float) -> None:
    program = tmp_path / "asks.py"
    program.write_text(_PROGRAM, encoding="utf-8")
    before = set(_SEMAPHORES.iterdir())
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True, cwd=ROOT) as asks:
        assert asks.stdout is not None
        assert asks.stdout.readline() == "asked\n"
        until = time.monotonic() + 30
        while len(started := below(asks.pid)) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(seconds)
        os.kill(asks.pid, signal.SIGKILL)
        if not seconds:  # all at once: nobody is left who could remove anything
            for one in started:
                os.kill(one, signal.SIGKILL)
    until = time.monotonic() + 30
    while not all(map(is_dead, started)) and time.monotonic() < until:
        time.sleep(0.02)
    assert [one for one in started if not is_dead(one)] == []
    assert [path for path in set(_SEMAPHORES.iterdir()) - before if path.name.startswith("sem.mp-")] == []
