"""A loaded revision laid out again as the tables that it was loaded from: to replace one of them, or to export all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.database.models import PUBLICATION, columns_of
from jumelage.errors import UsageError
from jumelage.findings import Findings
from jumelage.reading.own_reports import parsed
from jumelage.reading.shapes import ITEMS, QUESTIONS, SHAPES, Rows
from jumelage.reading.source import Document
from jumelage.reading.wave_fields import Origin
from jumelage.reading.wave_toml import Wave, wave_of
from jumelage.revisions.scope import current_revision
from jumelage.texts import both

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jumelage.report_file import Report


_COUNTED = "cast(count(*) as varchar)"
_PERIOD = "'between ' || cast({0}_from as varchar) || ' and ' || cast({0}_to as varchar)"  # null if there is none
# For each table that is handed in: the table that it was loaded into, and its columns as text.
ROWS = {
    "frame": ("respondents", {"city": "city", "population": "cast(population as varchar)"}),
    "respondents": (
        "respondents",
        {
            **{name: name for name in ("city", "response")},
            "declared_agreements": "coalesce(cast(declared_agreements as varchar), "
            "nullif(declared_missing, 'not_asked'))",
        },
    ),
    "partnerships": (
        "partnerships",
        {
            "city": "city",
            "country": "country",
            "agreements": _COUNTED,
            "partner": "partner",
            "since": f"coalesce({_PERIOD.format('since')}, since_missing)",
            "until": _PERIOD.format("until"),
            "inferred": "case when inferred then 'yes' else 'no' end",
            "source": "nullif(source, '')",
        },
    ),
    "actions": ("city_actions", {name: name for name in ("city", "action", "answer")}),
    "difficulties": ("city_difficulties", {name: name for name in ("city", "difficulty", "answer")}),
    "answers": (
        "answers",
        {
            **{name: name for name in ("city", "question")},
            "answer": "coalesce(code, cast(number as varchar), cast(text as varchar), missing, "
            f"{_PERIOD.format('date')})",
            "item": "nullif(item, '')",
        },
    ),
    "partner_pairs": (
        "partner_pairs",
        {
            **{name: name for name in ("city", "country", "partner_before", "partner")},
            "same": "case when same then 'yes' else 'no' end",
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Restored:
    """A revision laid out again: what it says of itself, where its tables stand now, what it asked and its reports."""

    wave: Wave
    documents: dict[str, Document]
    asked: dict[str, Rows]
    reports: dict[str, Report]


def restore(connection: Connection, bench: Connection, code: str, table: str) -> Restored:
    """Lay the current revision of a wave out in the workbench, but for one table; UsageError if it is not loaded."""
    return lay_out(connection, bench, current_revision(connection, code), without=table)


def lay_out(connection: Connection, bench: Connection, of: tuple[str, int], *, without: str | None = None) -> Restored:
    """Lay a revision of a wave out in the workbench: `raw_` tables, but for one perhaps, and its publication staged.

    UsageError if it was loaded before wave.toml was kept.
    """
    wave, revision = of
    where = f"where wave = '{wave}' and revision = {revision}"
    ((declared,),) = database.query(connection, f"select declared from survey.revisions {where}")[1]
    if declared is None:
        raise UsageError(
            both(
                "la vague {}, révision {}, a été chargée avant que son wave.toml soit gardé\u00a0; "
                'chargez la vague entière encore une fois\u00a0: jumelage load DOSSIER --reason "garder wave.toml"',
                "wave {}, revision {} was loaded before its wave.toml was kept; "
                'load the whole wave once more: jumelage load FOLDER --reason "keep wave.toml"',
                wave,
                revision,
            )
        )
    findings = Findings()  # it was understood when it was loaded
    said = wave_of(json.loads(declared), Origin(texts=True), findings)
    documents = {}
    for name, (loaded, columns) in ROWS.items():
        if name == without:
            continue
        chosen = ", ".join(f"{expression} as {column}" for column, expression in columns.items())
        rest = [expression for expression in columns.values() if expression != _COUNTED]
        grouped = f" group by {', '.join(rest)} order by min(agreement)" if len(rest) < len(columns) else ""
        kinds = dict.fromkeys(columns, "varchar")
        database.fetch(connection, f"select {chosen} from survey.{loaded} {where}{grouped}", bench, "fetched", kinds)
        lacking = "".join(f"cast(null as varchar) as {c}, " for c in SHAPES[name].columns if c not in columns)
        bench.exec_driver_sql(
            f"create or replace temp table raw_{name} as select cast(row_number() over () as integer) as line, *, "
            f"{lacking}cast(null as varchar) as loose, cast(null as integer) as odd from fetched"
        )
        if name == "respondents":
            _leave_out_defaults(bench, said)
        documents[name] = Document(name, f"{wave}@{revision} {name}", None, Path(), 0, tuple(columns))
    for name in PUBLICATION:
        staged = columns_of(name)
        sql = f"select {', '.join(staged)} from survey.{name} {where}"
        database.fetch(connection, sql, bench, f"staged_{name}", staged)
    files = dict(map(tuple, bench.exec_driver_sql("select report, file from staged_wave_reports")))
    return Restored(said, documents, asked(connection, f"{wave}@{revision}", "survey.", where), parsed(files))


def asked(connection: Connection, said: str, prefix: str, where: str) -> dict[str, Rows]:
    """Return questions and the items of their own lists as they are handed in; none where there is no question.

    They are read from tables with this prefix, `survey.` or `staged_`; `said` is what findings call them.
    """
    found = {}
    for name, shape, chosen in (
        ("questions", QUESTIONS, ""),
        (
            "question_items",
            ITEMS,
            f" and question in (select question from {prefix}questions {where} and list is null)",
        ),
    ):
        listed = ", ".join(f"cast({column} as varchar) as {column}" for column in shape.columns)
        _, rows = database.query(
            connection, f"select {listed} from {prefix}{name} {where}{chosen} order by {prefix}{name}.position"
        )
        document = Document(name, f"{said} {name}", None, Path(), 0, shape.columns)
        fields = {column: [row[i] for row in rows] for i, column in enumerate(shape.columns)}
        found[name] = Rows(document, list(range(1, len(rows) + 1)), fields)
    return found if found["questions"].lines else {}


def _leave_out_defaults(bench: Connection, wave: Wave) -> None:
    """Blank the responses that are the default, and drop the towns that have no other: they were not handed in."""
    bench.exec_driver_sql(f"update raw_respondents set response = nullif(response, '{wave.defaults['response']}')")
    # Where nobody gave a number of agreements, "no answer" is all that tells that it was asked for.
    bench.exec_driver_sql(
        "delete from raw_respondents where response is null and (declared_agreements is null "
        "or declared_agreements = 'no_answer' "
        "and exists (select 1 from raw_respondents x where x.declared_agreements <> 'no_answer'))"
    )
