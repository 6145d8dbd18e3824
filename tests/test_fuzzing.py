"""Hostile input: ten thousand of the inputs that `make fuzz` takes a million of, for every reader."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import fuzzing

EACH = -(-10_000 // len(fuzzing.TARGETS))


@pytest.mark.parametrize("name", fuzzing.TARGETS)
def test_hostile_input_ends_in_rows_or_in_words(name: str) -> None:
    assert fuzzing.run(name, 0, EACH) == []


def test_a_fault_is_told_with_its_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would not be found would not be missed."""

    def stumble(data: bytes, _: object) -> None:
        data.decode("ascii")

    seeds = fuzzing.TARGETS["period"].seeds
    monkeypatch.setitem(fuzzing.TARGETS, "period", fuzzing.Target(stumble, seeds))
    (first, *_) = fuzzing.run("period", 0, 200)
    assert "UnicodeDecodeError" in first
    place = int(first.split("input ")[1].split()[0])
    assert len(fuzzing.run("period", place, 1)) == 1


def test_a_text_that_a_query_of_many_stumbles_over_is_told_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    of = fuzzing.TARGETS["number"]
    monkeypatch.setitem(
        fuzzing.TARGETS,
        "number",
        replace(of, asked=lambda: ("case when contains(t, '2') then error(t) end",)),
    )
    found = fuzzing.run("number", 0, 300)
    assert 0 < len(found) < 300
    places = [int(one.split("input ")[1].split()[0]) for one in found]
    assert [bool(fuzzing.run("number", place, 1)) for place in range(20)] == [place in places for place in range(20)]


def test_inputs_are_the_same_from_the_same_seed() -> None:
    (wanted,) = [data for _, data in fuzzing.inputs("wave.toml", 77, 1)]
    assert [data for place, data in fuzzing.inputs("wave.toml", 70, 20) if place == 77] == [wanted]
    assert [data for _, data in fuzzing.inputs("wave.toml", 77, 1, seed=1)] != [wanted]
