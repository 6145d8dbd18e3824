"""What the dictionary says, in either language: its French stands in schema/dictionary.fr.toml, by the English."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from jumelage import content
from jumelage.database.dictionary import relations
from jumelage.errors import UsageError
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jumelage.database.dictionary import Relation
    from jumelage.database.words import Words


@cache
def described(lang: str) -> tuple[Relation, ...]:
    """Return all views and tables with what is said of them in a language; UsageError where there is no French.

    The columns of tables are described in English alone.
    """
    known = tuple(relations().values())
    return known if lang == "en" else tuple(_in_french(one) for one in known)


def without_use() -> list[str]:
    """Return the English of French texts that the dictionary does not say."""
    return sorted(set(french()) - {text for one in relations().values() for text in _texts(one)})


@cache
def french() -> dict[str, str]:
    """Return the French of each English text."""
    groups = tomllib.loads(content.read_text(content.root() / "schema" / "dictionary.fr.toml"))
    return {english: text for texts in groups.values() for english, text in texts.items()}


def _texts(one: Relation) -> Iterator[str]:
    """Yield what is said of a view and its columns, or of a table."""
    yield one.meaning
    for field in one.fields if one.view else ():
        yield from (text for text in (field.words.meaning, field.words.unit, field.words.question) if text)


def _in_french(one: Relation) -> Relation:
    said = french()
    missing = [text for text in _texts(one) if not said.get(text)]
    if missing:
        raise UsageError(
            both(
                "schema/dictionary.fr.toml n’a pas de français pour {} ({})",
                "schema/dictionary.fr.toml has no French for {} ({})",
                one.name,
                " / ".join(missing),
            )
        )
    if not one.view:
        return replace(one, meaning=said[one.meaning])
    fields = tuple(replace(field, words=_words_in_french(field.words, said)) for field in one.fields)
    return replace(one, meaning=said[one.meaning], fields=fields)


def _words_in_french(words: Words, said: dict[str, str]) -> Words:
    return replace(
        words,
        meaning=said[words.meaning],
        unit=words.unit and said[words.unit],
        question=words.question and said[words.question],
    )
