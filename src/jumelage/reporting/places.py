"""What is known of each authority and of each partner country in a wave, for the sheets of a publication."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jumelage import database
from jumelage.revisions.scope import set_scope
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlalchemy import Connection

    from jumelage.revisions.scope import Scope


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement in force; the period that it began in, or why there is none (a code of the list `no_date`)."""

    city: str | None
    country: str | None
    partner: str | None
    since_from: date | None
    since_to: date | None
    since_missing: str | None
    inferred: bool
    source: str


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority of the frame, with its response (a code) and the number of its agreements, from low to high."""

    code: str
    name: str
    population: int | None
    response: str
    engaged: str | None
    agreements: int
    agreements_high: int | None


@dataclass(frozen=True, slots=True)
class Places:
    """All of a wave, in the order in which people look for it, with labels of countries and zones.

    `answered` are the kinds of action and the difficulties that an authority named, by its code, as labels.
    """

    authorities: tuple[Authority, ...]
    countries: tuple[tuple[str, Label, str | None], ...]
    agreements: tuple[Agreement, ...]
    zones: dict[str, Label]
    answered: dict[str, dict[str, tuple[Label, ...]]]


_ANSWERED = """
select a.city, '{name}' as what, l.label_fr, l.label_en
from {table} a
inner join {lists} l on l.code = a.{column}
where a.answer = 'yes'
order by a.city, l.position
"""


def places_of(connection: Connection, scope: Scope) -> Places:
    """Return what the wave in scope says of each authority and each partner country."""
    set_scope(connection, scope)

    def rows(sql: str) -> Iterable[Any]:
        return database.query(connection, sql)[1]

    authorities = tuple(
        Authority(*row)
        for row in rows(
            "select r.city, c.name, r.population, r.response, r.engaged, r.agreements, r.agreements_high "
            "from respondents r inner join cities c on c.code = r.city order by c.sort_key, r.city"
        )
    )
    agreements = tuple(
        Agreement(*row)
        for row in rows(
            "select p.city, p.country, p.partner, p.since_from, p.since_to, p.since_missing, p.inferred, p.source "
            "from partnerships p left join cities c on c.code = p.city left join countries k on k.code = p.country "
            "order by c.sort_key nulls last, p.city, k.sort_key nulls last, p.country, p.partner, p.agreement"
        )
    )
    countries = tuple(
        (code, Label(fr, en), zone)
        for code, fr, en, zone in rows(
            "select k.code, k.label_fr, k.label_en, max(p.zone) from partnerships p "
            "inner join countries k on k.code = p.country "
            "group by k.code, k.label_fr, k.label_en, k.sort_key order by k.sort_key, k.code"
        )
    )
    zones = {code: Label(fr, en) for code, fr, en in rows("select code, label_fr, label_en from zones")}
    answered: dict[str, dict[str, list[Label]]] = {}
    for name, table, column in (
        ("actions", "city_actions", "action"),
        ("difficulties", "city_difficulties", "difficulty"),
    ):
        for city, what, fr, en in rows(_ANSWERED.format(name=name, table=table, lists=name, column=column)):
            answered.setdefault(city, {}).setdefault(what, []).append(Label(fr, en))
    frozen = {city: {what: tuple(found) for what, found in one.items()} for city, one in answered.items()}
    return Places(authorities, countries, agreements, zones, frozen)
