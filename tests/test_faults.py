"""What changes something is killed, and its disk is full: a small part of what `make faults` does."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ENGINES, ROOT

UNMOUNTABLE = 2


@pytest.mark.long
@pytest.mark.parametrize(("engine", "kills"), list(zip(ENGINES, (18, 14), strict=True)))
def test_whatever_ends_a_command_it_was_done_or_not_and_the_next_one_succeeds(engine: str, kills: int) -> None:
    asked = ("--engine", engine, "--kills", kills, "--disks", 1, "--readers", 5)
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", *map(str, asked)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode == UNMOUNTABLE and "cannot be mounted" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nviolations: 0\n" in done.stdout
