"""Where a word stands: in names, labels, codes, questions, titles of reports, and the words of the dictionary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from jumelage import report_file
from jumelage.database.dictionary import relations
from jumelage.database.sql import literal, query
from jumelage.errors import UsageError
from jumelage.texts import both, unaccented

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

_LEAST, _MOST_TOWNS = 2, 200  # letters of a word that is looked for; towns that are listed
# Lists: what one of them is called here, where it stands, and the column of a view that holds its code.
_LISTS = (
    ("country", "countries", "country"),
    ("zone", "zones", "zone"),
    ("action", "actions", "action"),
    ("difficulty", "difficulties", "difficulty"),
)
_WHERE = "jumelage sql \"select * from {} where {} = '{}'\""
_VIEWS = {
    "country": "partnerships",
    "zone": "partnerships",
    "action": "city_actions",
    "difficulty": "city_difficulties",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a word stands for: its kind, its code, what it is called, and a command that goes on from there."""

    kind: str
    code: str
    label: str
    command: str


def search(connection: Connection, word: str, lang: str) -> tuple[list[Found], tuple[str, ...]]:
    """Find a word, without case and accents: whole names first, then words, then beginnings, then parts of words.

    Returns what was found, and names that are near if nothing was. UsageError for a word of fewer than two letters.
    """
    key = _key(word)
    if len(key) < _LEAST:
        raise UsageError(both("donnez au moins deux lettres", "give at least two letters"))
    ranked: dict[Found, int] = {}
    known: set[str] = set()
    for found, texts in _everything(connection, key, lang):
        for text in texts:
            rank = _rank(key, _key(text))
            if rank is not None:
                ranked[found] = min(rank, ranked.get(found, rank))
        if found.kind not in {"column", "table"}:
            known.update(filter(None, texts))
    near: tuple[str, ...] = ()
    if not ranked:
        asked = "select c.name from cities c where c.code in (select r.city from respondents r)"
        known.update(name for (name,) in query(connection, asked)[1])
        by_key = {_key(name): name for name in sorted(known)}
        near = tuple(by_key[one] for one in get_close_matches(key, by_key, n=3, cutoff=0.6))
    return sorted(ranked, key=lambda one: (ranked[one], one.kind, one.label, one.code)), near


def _key(text: str) -> str:
    """Return the words of a text in small letters without accents, with a space between."""
    return " ".join(re.findall(r"[^\W_]+", unaccented(text)))


def _rank(key: str, text: str) -> int | None:
    if key == text:
        return 0
    around = f" {text} "
    for rank, wanted in enumerate((f" {key} ", f" {key}", key), 1):
        if wanted in around:
            return rank
    return None


def _everything(connection: Connection, key: str, lang: str) -> Iterator[tuple[Found, Iterable[str]]]:
    """Yield all that may be found, with the texts by which it is."""
    for kind, view, column in _LISTS:
        aliases = _aliases(connection) if kind == "country" else {}
        for code, *labels in query(connection, f"select code, label_fr, label_en from {view} order by code")[1]:
            command = _WHERE.format(_VIEWS[kind], column, code)
            yield Found(kind, code, labels[lang != "fr"], command), (code, *labels, *aliases.get(code, ()))
    towns = (
        "select c.code, c.name, a.alias from cities c left join survey.city_aliases a on a.city = c.code "
        f"where c.match_key like {literal(f'%{key}%')} or lower(c.code) = {literal(key)} or lower(a.alias) like "
        f"{literal(f'%{key}%')} order by case when c.match_key = {literal(key)} then 0 else 1 end, c.code "
        f"limit {_MOST_TOWNS}"
    )
    for code, name, alias in query(connection, towns)[1]:
        yield (
            Found("city", code, name or code, _WHERE.format("partnerships", "city", code)),
            (
                code,
                name or "",
                alias or "",
            ),
        )
    for question, *labels in query(connection, "select question, label_fr, label_en from questions order by 1")[1]:
        command = f"jumelage sql \"select * from answers where question = '{question}'\""
        yield Found("question", question, labels[lang != "fr"] or question, command), (question, *filter(None, labels))
    items = "select question, item, label_fr, label_en from asked_items order by 1, 2"
    for question, item, *labels in query(connection, items)[1]:
        command = f"jumelage sql \"select * from answers where question = '{question}' and item = '{item}'\""
        label = labels[lang != "fr"] or item
        yield Found("item", f"{question}/{item}", label, command), (item, *filter(None, labels))
    for name in report_file.report_names():
        title = report_file.report(name).title
        yield Found("report", name, title.text(lang), f"jumelage report {name}"), (name, title.fr, title.en)
    for name, relation in relations().items():
        yield Found("table", name, relation.meaning, f"jumelage schema {name}"), (name, relation.meaning)
        for field in relation.fields:
            found = Found("column", f"{name}.{field.name}", field.words.meaning, f"jumelage schema {name}")
            yield found, (field.name, field.words.meaning)


def _aliases(connection: Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for alias, code in query(connection, "select alias, country from survey.country_aliases")[1]:
        found.setdefault(code, []).append(alias)
    return found
