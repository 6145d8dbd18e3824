"""A word is found wherever it stands, whole names first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.engine import URL

from tests.conftest import address, run


def found(url: URL, word: str, *more: str) -> list[dict[str, Any]]:
    done = run("search", word, "--db", address(url), "--format", "json", *more)
    assert done.code == 0, done.err
    listed: list[dict[str, Any]] = json.loads(done.out)
    return listed


@pytest.mark.parametrize(
    ("word", "kind", "code"),
    [
        ("Lettonie", "country", "LV"),
        ("lettonie", "country", "LV"),
        ("LV", "country", "LV"),
        ("latvia", "country", "LV"),
        ("Royaume uni", "country", "GB"),
        ("lille", "city", "59350"),
        ("Villeneuve d'Ascq", "city", "59009"),
        ("59350", "city", "59350"),
        ("Asie", "zone", "asia"),
        ("participation", "report", "participation"),
        ("partnerships", "table", "partnerships"),
    ],
)
def test_a_word_is_found_first_where_it_is_a_whole_name(wave_2006: URL, word: str, kind: str, code: str) -> None:
    first = found(wave_2006, word)[0]
    assert (first["kind"], first["code"]) == (kind, code)


def test_what_is_found_goes_on_from_there(wave_2006: URL) -> None:
    (latvia,) = [one for one in found(wave_2006, "Lettonie", "--lang", "fr") if one["kind"] == "country"]
    assert latvia["label"] == "Lettonie"
    assert latvia["command"] == "jumelage sql \"select * from partnerships where country = 'LV'\""
    kinds = {one["kind"] for one in found(wave_2006, "agreement")}
    assert {"report", "table", "column"} <= kinds


def test_what_is_not_found_is_said_with_what_is_near(wave_2006: URL) -> None:
    done = run("search", "Letonie", "--db", address(wave_2006))
    assert done.code == 0
    assert "nothing is called “Letonie”; did you mean Lettonie" in done.err
    done = run("search", "qwxzqwxz", "--db", address(wave_2006), "--lang", "fr")
    assert done.err == "rien ne s’appelle «\u00a0qwxzqwxz\u00a0»\n"


@pytest.mark.parametrize("word", ["'", "%", "_", "x", "", "'; drop table survey.cities; --"])
def test_a_word_is_never_sql(wave_2006: URL, word: str) -> None:
    done = run("search", word, "--db", address(wave_2006))
    assert done.code in {0, 2}
    assert "Traceback" not in done.err
