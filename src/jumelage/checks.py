"""What can be wrong with the rows of a wave: each check is a query that selects the offenders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage import content
from jumelage.errors import Finding, nearest
from jumelage.models import ANSWERS, MANAGEMENT, NO_DATE, RESPONSES
from jumelage.package import TABLES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jumelage.names import Names

MOST_AGREEMENTS = 999
_LISTS = {"city": "cities", "country": "countries", "action": "actions", "difficulty": "difficulties"}
_MAY_BE_BLANK = {("partnerships", "city")}
_INTEGER = r"^[0-9]{1,9}$"
# Thousands may be set apart by a space of any width; a comma or a point might be a decimal one.
_POPULATION = r"^([0-9]{1,9}|[0-9]{1,3}([ \x{00A0}\x{2009}\x{202F}][0-9]{3}){1,2})$"
_SINCE = r"^\d{4}(-\d{2}(-\d{2})?)?$"


def find_problems(bench: Connection, names: Names, *, framed: bool) -> list[Finding]:
    """Resolve the names of the `raw_` tables into `resolved_` ones; return everything that is wrong with them.

    `framed` tells whether the frame could be read: if not, nobody is said to be outside it.
    """
    findings: list[Finding] = []
    for table in TABLES:
        findings += _resolve(bench, table, names)
    values: dict[str, list[tuple[str, tuple[str, ...], bool]]] = {
        "respondents": [("response", RESPONSES, True), *((name, ANSWERS, False) for name in MANAGEMENT)],
        "partnerships": [("inferred", ("yes", "no"), False)],
        "actions": [("answer", ANSWERS, True)],
        "difficulties": [("answer", ANSWERS, True)],
    }
    for table, columns in values.items():
        for column, allowed, required in columns:
            findings += _choice(bench, table, column, allowed, required=required)
    findings += _select(
        bench, "frame", "population", f"population is null or not regexp_matches(population, '{_POPULATION}')",
        "must be a whole number of inhabitants, in digits",
    )  # fmt: skip
    findings += _select(
        bench, "partnerships", "agreements",
        f"agreements is null or not regexp_matches(agreements, '{_INTEGER}') "
        f"or cast(agreements as integer) not between 1 and {MOST_AGREEMENTS}",
        f"must be a whole number from 1 to {MOST_AGREEMENTS}",
    )  # fmt: skip
    missing = ", ".join(f"'{answer}'" for answer in NO_DATE)
    # The short forms are completed to a day, so that one cast tells whether the date exists.
    findings += _select(
        bench, "partnerships", "since",
        f"since not in ({missing}) and (not regexp_matches(since, '{_SINCE}') "
        "or try_cast(rpad(since, 10, '-01-01') as date) is null or since < '0001')",
        f"must be YYYY, YYYY-MM, YYYY-MM-DD or one of {', '.join(NO_DATE)}",
    )  # fmt: skip
    findings += _sources(bench)
    for table, key in {
        "frame": ["city"],
        "respondents": ["city"],
        "partnerships": ["city", "country", "partner"],
        "actions": ["city", "action"],
        "difficulties": ["city", "difficulty"],
    }.items():
        findings += _twice(bench, table, key)
    if framed:
        for table in ("respondents", "partnerships", "actions", "difficulties"):
            findings += _outside_frame(bench, table)
        if not bench.exec_driver_sql("select count(*) from raw_frame").scalar():
            findings.append(Finding("frame.csv", None, None, None, "has no town: a wave needs a sampling frame"))
    return findings


def _select(bench: Connection, table: str, column: str, condition: str, message: str) -> list[Finding]:
    rows = bench.exec_driver_sql(f"select line, {column} from raw_{table} where {condition} order by line")
    return [Finding(f"{table}.csv", line, column, value, message) for line, value in rows]


def _resolve(bench: Connection, table: str, names: Names) -> list[Finding]:
    findings = []
    joins, columns = [], []
    for column in TABLES[table].columns:
        if column not in _LISTS:
            columns.append(f"r.{column}")
            continue
        # Keys are made of the distinct names, not of every row.
        joins.append(
            f"left join (select v.{column}, n.code from (select distinct {column} from raw_{table}) v "
            f"join names n on n.list = '{_LISTS[column]}' and n.key = match_key(v.{column})) n_{column} "
            f"on n_{column}.{column} = r.{column}"
        )
        columns.append(f"n_{column}.code as {column}")
    bench.exec_driver_sql(
        f"create or replace temp table resolved_{table} as "
        f"select r.line, {', '.join(columns)} from raw_{table} r {' '.join(joins)}"
    )
    for column in TABLES[table].columns:
        if column not in _LISTS:
            continue
        blank = "false" if (table, column) in _MAY_BE_BLANK else "true"
        rows = bench.exec_driver_sql(
            f"select r.line, r.{column} from raw_{table} r join resolved_{table} x on x.line = r.line "
            f"where x.{column} is null and (r.{column} is not null or {blank}) order by r.line"
        ).fetchall()
        for line, value in rows:
            message = "is missing" if value is None else _unknown(names, column, value)
            findings.append(Finding(f"{table}.csv", line, column, value, message))
    return findings


def _unknown(names: Names, column: str, value: str) -> str:
    code_list = _LISTS[column]
    return (
        f"is no accepted name or code of {code_list}; {names.nearest(code_list, value)} "
        f"(a new spelling is a line in schema/codes)"
    )


def _choice(bench: Connection, table: str, column: str, allowed: tuple[str, ...], *, required: bool) -> list[Finding]:
    listed = ", ".join(f"'{value}'" for value in allowed)
    blank = f"{column} is null or" if required else ""
    message = f"must be one of {', '.join(allowed)}"
    return _select(bench, table, column, f"{blank} {column} not in ({listed})", message)


def _sources(bench: Connection) -> list[Finding]:
    known = content.report_names()
    rows = bench.exec_driver_sql(
        "select line, source from raw_partnerships where source is not null "
        "and not list_contains(cast(? as varchar[]), split_part(source, '/', 1)) order by line",
        (known,),
    )
    return [
        Finding("partnerships.csv", line, "source", source, f"names no report; {nearest(source, known)}")
        for line, source in rows
    ]


def _twice(bench: Connection, table: str, key: list[str]) -> list[Finding]:
    """Find rows whose key stands on an earlier row already, whatever its spelling."""
    named = ", ".join(key)
    known = " and ".join(f"{column} is not null" for column in key if column != "partner")
    # Two agreements with partners that nobody named are told apart by their dates.
    told = "case when partner is null then since end" if "partner" in key else "null"
    same = " and ".join(f"x.{column} is not distinct from t.{column}" for column in (*key, "told"))
    rows = bench.exec_driver_sql(
        f"with told as (select line, {named}, {told} as told from resolved_{table} where {known}), "
        f"twice as (select {named}, told, min(line) as first from told group by all having count(*) > 1) "
        f"select x.line, r.{key[0]}, t.first from twice t join told x on {same} "
        f"join raw_{table} r on r.line = x.line where x.line > t.first order by x.line"
    )
    what = " and ".join(", ".join(key).rsplit(", ", 1))
    remedy = "; write their number in agreements" if table == "partnerships" else "; keep one"
    return [
        Finding(f"{table}.csv", line, key[0], value, f"the same {what} stands on line {first} already{remedy}")
        for line, value, first in rows
    ]


def _outside_frame(bench: Connection, table: str) -> list[Finding]:
    rows = bench.exec_driver_sql(
        f"select x.line, r.city from resolved_{table} x join raw_{table} r on r.line = x.line "
        "where x.city is not null and x.city not in (select city from resolved_frame where city is not null) "
        "order by x.line"
    )
    message = "is outside the sampling frame; add it to frame.csv if it was contacted"
    return [Finding(f"{table}.csv", line, "city", value, message) for line, value in rows]
