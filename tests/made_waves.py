"""Waves made for tests: read from short texts or put together, and put straight into the tables."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from sqlalchemy import Connection

from jumelage import database, report_file
from jumelage.database.models import MANAGEMENT
from jumelage.database.workbench import workbench
from jumelage.reporting.run import run
from jumelage.reporting.sheet import Sheet
from jumelage.revisions.scope import Scope
from tests.conftest import ROOT

ACROSS = ("evolution", "response", "bridge", "bridge_towns", "panel")
JOINED = [("Croix", "2008-01-01", "Roubaix"), ("Roubaix", "2010-01-01", "Tourcoing")]


@dataclass(frozen=True)
class Agreement:
    """A row of partnerships: the name of a town or None, and what is known."""

    city: str | None
    country: str
    partner: str | None = None
    since: date | None = None
    until: date | None = None
    inferred: bool = False


@dataclass(frozen=True)
class Pair:
    """A row of partner_pairs."""

    city: str
    country: str
    before: str
    partner: str
    same: bool


@dataclass(frozen=True)
class Made:
    """A wave: responses by town, and agreements; those with `until` are listed as ended.

    `declared` is the number that a town says it has; `answers` are those by town and item, and `default` all others.
    """

    wave: str
    day: date
    towns: dict[str, str]
    agreements: tuple[Agreement, ...]
    complete: bool = True
    declared: dict[str, int] = field(default_factory=dict)
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    default: str = "no"
    pairs: tuple[Pair, ...] = ()

    def answer(self, town: str, item: str) -> str:
        return self.answers.get((town, item), self.default)

    def in_force(self, *, with_inferred: bool = True) -> list[Agreement]:
        return [one for one in self.agreements if one.until is None and (with_inferred or not one.inferred)]


@cache
def codes() -> dict[str, str]:
    with (ROOT / "schema" / "codes" / "cities.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["code"] for row in csv.DictReader(file)}


POPULATIONS = {
    "Croix": 19999,
    "Saint-Pol-sur-Mer": 20000,
    "Loos": 29999,
    "Hazebrouck": 30000,
    "Douai": 49999,
    "Tourcoing": 50000,
    "Dunkerque": 70850,
    "Calais": 99999,
    "Roubaix": 100000,
    "Lille": 212597,
}  # any other town: 35,000


def wave(name: str, day: str, towns: str, agreements: str, *, complete: bool = True) -> Made:
    """Read a wave from text: `response: towns` in lines; `town country partner since until x2 inferred` in lines."""
    responses: dict[str, str] = {}
    for line in towns.strip().splitlines():
        response, _, listed = line.partition(":")
        responses |= dict.fromkeys(listed.split(), response.strip())
    found: list[Agreement] = []
    for line in agreements.strip().splitlines():
        city, country, partner, *more = line.split()
        said = dict(part.split("=") for part in more if "=" in part)
        one = Agreement(
            None if city == "?" else city,
            country,
            None if partner == "-" else partner,
            date.fromisoformat(said["since"]) if "since" in said else None,
            date.fromisoformat(said["until"]) if "until" in said else None,
            "inferred" in more,
        )
        found += [one] * (2 if "x2" in more else 1)
    return Made(name, date.fromisoformat(day), responses, tuple(found), complete)


def literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool | int):
        return str(value).lower()
    return "'" + str(value).replace("'", "''") + "'"


def insert(connection: Connection, table: str, columns: str, rows: Sequence[Sequence[object]]) -> None:
    if rows:
        values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
        connection.exec_driver_sql(f"insert into survey.{table} ({columns}) values {values}")


def _told(answer: str) -> tuple[str | None, str | None]:
    """Return an answer as a row of answers has it: its code, and why there is none."""
    return (answer, None) if answer in {"yes", "no"} else (None, answer)


def keys_of(partners: set[str]) -> dict[str | None, str]:
    """Return the key of each partner, as a load makes it."""
    with database.in_memory().begin() as bench, workbench(bench) as ready:
        rows = ready.exec_driver_sql(
            "select text, partner_key(text) from (select unnest(cast(? as varchar[])) as text)", (sorted(partners),)
        )
        return {text: key for text, key in rows}  # noqa: C416  # rows are not tuples


def put(connection: Connection, *waves: Made) -> None:
    """Put waves into the tables, each as its first revision."""
    partners = {one.partner for made in waves for one in made.agreements if one.partner}
    keys = keys_of(partners | {text for made in waves for pair in made.pairs for text in (pair.before, pair.partner)})
    for made in waves:
        insert(connection, "waves", "wave, synthetic", [(made.wave, False)])
        days = [made.day] * 3
        texts = ["Titre", "Title", "post", "Règle", "Rule", "RP", "tests", "0", "tests", "tests"]
        insert(
            connection,
            "revisions",
            "wave, revision, reference_date, fieldwork_from, fieldwork_to, title_fr, title_en, mode, frame_rule_fr, "
            "frame_rule_en, population_concept, source, content_hash, loaded_by, software, agreements_complete, "
            "loaded_at, code_lists_hash",
            [(made.wave, 1, *days, *texts, made.complete, "2024-01-01", "")],
        )
        insert(
            connection,
            "respondents",
            "wave, revision, city, population, response, source, answers_source, declared_agreements, declared_missing",
            [
                (
                    *(made.wave, 1, codes()[town], POPULATIONS.get(town, 35000), response),
                    *("", "", made.declared.get(town), None if town in made.declared else "not_asked"),
                )
                for town, response in made.towns.items()
            ],
        )
        insert(
            connection,
            "questions",
            "wave, revision, question, kind, label_fr, label_en, asked_of, default_answer, position",
            [
                (made.wave, 1, name, "yes_no", *labels, "engaged", made.default, place)
                for place, (name, labels) in enumerate(MANAGEMENT.items(), 1)
            ],
        )
        insert(
            connection,
            "answers",
            "wave, revision, city, question, item, code, missing, source",
            [
                (made.wave, 1, codes()[town], item, "", *_told(answer), "")
                for (town, item), answer in made.answers.items()
                if item in MANAGEMENT
            ],
        )
        insert(
            connection,
            "default_answers",
            "wave, revision, question, item, answer, source",
            [(made.wave, 1, question, "", made.default, "") for question in ("actions", "difficulties")],
        )
        for question in ("actions", "difficulties"):
            connection.exec_driver_sql(
                "insert into survey.listed_items (wave, revision, question, item) "
                f"select '{made.wave}', 1, '{question}', code from survey.{question}"
            )
        insert(
            connection,
            "city_actions",
            "wave, revision, city, action, answer, source",
            [
                (made.wave, 1, codes()[town], item, answer, "")
                for (town, item), answer in made.answers.items()
                if item not in MANAGEMENT
            ],
        )
        insert(
            connection,
            "partnerships",
            "wave, revision, agreement, city, country, partner, since_from, since_to, since_missing, until_from, "
            "until_to, inferred, source, partner_key",
            [
                (
                    *(made.wave, 1, number, codes()[one.city] if one.city else None, one.country, one.partner),
                    *(one.since, one.since, None if one.since else "not_asked", one.until, one.until),
                    *(one.inferred, f"line {number}", keys.get(one.partner)),
                )
                for number, one in enumerate(made.agreements, 1)
            ],
        )
        insert(
            connection,
            "partner_pairs",
            "wave, revision, city, country, partner_before, partner, same, partner_before_key, partner_key",
            [
                (
                    *(made.wave, 1, codes()[pair.city], pair.country, pair.before, pair.partner, pair.same),
                    *(keys[pair.before], keys[pair.partner]),
                )
                for pair in made.pairs
            ],
        )
    connection.exec_driver_sql(
        "update survey.revisions set code_lists_hash = (select hash from survey.installed where part = 'code_lists')"
    )


def put_changes(connection: Connection, changes: Sequence[tuple[str, str, str]]) -> None:
    rows = [(codes()[town], day, codes()[successor]) for town, day, successor in changes]
    insert(connection, "city_changes", "city, changed_on, successor", rows)


def scope_of(*waves: Made, with_inferred: bool = True) -> Scope:
    return Scope(tuple((made.wave, 1) for made in waves), with_inferred)


def sheet_of(connection: Connection, name: str, scope: Scope) -> Sheet:
    return run(connection, report_file.report(name), scope)
