"""What a wave prints and what its rows are, read once: what a system is derived from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jumelage import database, report_file
from jumelage.reporting import ledger
from jumelage.revisions.kinds import per_kind
from jumelage.revisions.scope import set_scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from jumelage.report_file import Report
    from jumelage.reporting.entries import Figure
    from jumelage.revisions.scope import Scope

RESPONDED, OPEN = "responded", "not_published"
UNKNOWN_TOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Publication:
    """A wave as it is printed: `towns` give each town's response, `rows` its agreements by town and country.

    `answers` give, by question and item, the answer of each town. `complete` tells whether the list of agreements is
    claimed to be, `tables` are the reports whose printed table lacks nothing. `classes` are the size classes of towns.
    `inferred` are rows that no source states: they are no data of the survey, and left out.
    """

    towns: Mapping[str, str]
    rows: Mapping[tuple[str, str], int]
    answers: Mapping[tuple[str, str], Mapping[str, str]]
    zones: Mapping[str, str]
    figures: tuple[Figure, ...]
    reports: Mapping[str, Report]
    tables: frozenset[str] = frozenset()
    complete: bool = True
    classes: Mapping[str, str] = field(default_factory=dict)
    inferred: tuple[tuple[str, str, int], ...] = ()


def read(connection: Connection, scope: Scope) -> Publication:
    """Read what the publication of one wave says, without inferred rows; of several kinds, that which it is of."""
    scope.check_single()
    told = ledger.read(connection, scope)
    parts = per_kind(connection, scope)
    kind = ledger.printed_kind(connection, scope)
    part = next((one for one in parts if one.kind == kind), parts[0])
    set_scope(connection, part)
    inferred = database.query(
        connection,
        "select coalesce(p.city, 'unknown'), p.country, count(*) from agreements_in_force p where p.inferred "
        "group by p.city, p.country order by 1, 2",
    )[1]
    set_scope(connection, replace(part, with_inferred=False))
    towns = database.query(connection, "select city, response from respondents order by city")[1]
    rows = database.query(
        connection,
        "select coalesce(p.city, 'unknown'), p.country, count(*) from agreements_in_force p group by p.city, p.country",
    )[1]
    zones = database.query(connection, "select country, zone from country_zones")[1]
    ((complete,),) = database.query(connection, "select agreements_complete from scope")[1]
    classes = database.query(
        connection,
        "select r.city, coalesce(c.code, 'any') from respondents r left join size_classes c on c.kind = r.kind "
        "and r.population >= c.least and (c.below is null or r.population < c.below)",
    )[1]
    known = set(report_file.reports_of_a_wave())
    named = dict.fromkeys(figure.report for figure in told.figures)
    reports = {name: report_file.report(name) for name in named if name in known}
    asked = {one.table.question for one in reports.values() if one.table and one.table.question}
    answers: dict[tuple[str, str], dict[str, str]] = {}
    if asked:
        listed = ", ".join(map(database.literal, sorted(asked)))
        sql = f"select question, item, city, answer from city_answers where question in ({listed})"
        for question, item, city, answer in database.query(connection, sql)[1]:
            answers.setdefault((question, item), {})[city] = answer
    return Publication(
        dict(towns),
        Counter({(city, country): int(number) for city, country, number in rows}),
        answers,
        dict(zones),
        tuple(figure for figure in told.figures if figure.report in reports),
        reports,
        frozenset(told.complete),
        bool(complete),
        {**dict(classes), UNKNOWN_TOWN: UNKNOWN_TOWN},
        tuple((city, country, int(number)) for city, country, number in inferred),
    )
