"""What a wave prints and what its rows are, read once: what a system is derived from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jumelage import database, report_file
from jumelage.errors import UsageError
from jumelage.reporting import ledger
from jumelage.reporting.entries import Told
from jumelage.revisions.kinds import per_kind
from jumelage.revisions.scope import set_scope
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from jumelage.repairing.model import Cell
    from jumelage.report_file import Report
    from jumelage.reporting.entries import Figure
    from jumelage.reporting.sheet import Value
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


def ranges(connection: Connection, scope: Scope, given: Publication) -> dict[Cell, tuple[Value, Value]]:
    """Return what the rows say of each cell that is printed or computed, from low to high."""
    names = dict.fromkeys(one.report for one in given.figures)
    runs = ledger.compute(connection, scope, Told(given.figures), names).runs
    cells = {(one.report, one.key, one.measure): None for one in given.figures}
    for name, run in runs.items():
        cells |= {(name, key, measure): None for key in run.all_rows for measure in run.report.figures}
    return {cell: runs[cell[0]].known(*cell[1:]) for cell in cells if cell[0] in runs}


def about(connection: Connection, scope: Scope) -> dict[str, Any]:
    """Return which content a result is of."""
    wave, revision = scope.single
    where = f"wave = {database.literal(wave)} and revision = {revision}"
    ((digest,),) = database.query(connection, f"select content_hash from survey.revisions where {where}")[1]
    return {"wave": wave, "revision": revision, "content_hash": digest}


def check_content(command: str, stored: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise UsageError for a stored result of a content that is not among those shown: it would say what is not so.

    `stored` says which content it is of, as `about` does.
    """
    if stored["content_hash"] not in known:
        named = f"{stored['wave']}@{stored['revision']}"
        raise UsageError(
            both(
                "le résultat de `jumelage {}` est d’un autre contenu que celui qui est montré\u00a0: il est de {}"
                "\u00a0; refaites-le",
                "the result of `jumelage {}` is of another content than what is shown: it is of {}; make it again",
                command,
                named,
            )
        )
