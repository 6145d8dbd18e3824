"""Surveys of many towns and forty tables, spoilt at known places: what is called the minimum is one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from jumelage.repairing.search import Asked, minimum
from tests.conftest import ROOT
from tests.large_survey import made


@pytest.mark.parametrize(("towns", "errors", "seed"), [(40, 2, 1), (40, 2, 2), (60, 3, 1)])
def test_the_minimum_is_no_more_than_the_errors_that_were_made(towns: int, errors: int, seed: int) -> None:
    """That it is no less is proved by the solver, and by another one in the tests of small surveys."""
    found = minimum(made(towns, errors, seed), Asked(), None)
    assert found.minimum is not None
    assert 0 < found.minimum <= errors


@pytest.mark.long
def test_two_thousand_towns_are_searched_within_bounds_and_nothing_is_guessed() -> None:
    command = (sys.executable, "-m", "tests.large_survey", "--towns", "2000", "--errors", "20", "--seconds", "120")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert (told["tables"], told["seconds"] < 180, told["peak_mb"] < 2000) == (40, True, True), told
    assert 0 < told["lower_bound"] <= 20
    assert told["best"] is None or told["best"] >= told["lower_bound"]
    assert told["minimum"] == (told["best"] if told["best"] == told["lower_bound"] else None)
