"""What can be wrong with the rows of a wave: each check is a query that selects the offenders."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from jumelage.checking.columns import understand_columns
from jumelage.checking.register import follow_mergers
from jumelage.checking.resolved import resolve_rows
from jumelage.checking.totals import check_totals, read_marks, set_lines_apart
from jumelage.database.workbench import put
from jumelage.reading.handed import MAY_LACK
from jumelage.rules import rules
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import Connection

    from jumelage.checking.names import Names
    from jumelage.findings import Findings
    from jumelage.reading.source import Document
    from jumelage.reading.wave_toml import Wave
    from jumelage.rules import Finding, Rule

# By table: the columns that no row may leave blank, and those that tell rows apart.
_NEEDED = {
    "frame": ("city", "population"),
    "respondents": ("city",),
    "partnerships": ("country",),
    "actions": ("city", "action", "answer"),
    "difficulties": ("city", "difficulty", "answer"),
    "answers": ("city", "question", "answer"),
    "partner_pairs": ("city", "country", "partner_before", "partner", "same"),
}
_KEYS = {
    "frame": ("city",),
    "respondents": ("city",),
    "actions": ("city", "action"),
    "difficulties": ("city", "difficulty"),
    "partner_pairs": ("city", "country", "partner_before_key", "partner_key"),
}
# A wrong value in these may make rows of another table seem wrong.
_TELLING = {None, "city", "city_code", "until"}


def find_problems(
    bench: Connection, documents: Mapping[str, Document], names: Names, wave: Wave | None, findings: Findings
) -> None:
    """Understand the `raw_` tables as `resolved_` ones, and add everything that is wrong with them to the findings.

    A rule that looks at several tables is left out where one of them could not be read or understood as a whole.
    """
    totalled = _understand(bench, documents, names, wave, findings)
    for document in documents.values():
        findings += _blanks(bench, document)
        if document.name in _KEYS:
            findings += _twice(bench, document, _KEYS[document.name])
    read = {name for name, document in documents.items() if document.columns}
    sound = read & _sound(documents, findings)
    put(bench, "sound", {"name": "varchar"}, [sorted(sound)])
    for name in totalled:
        findings += check_totals(bench, documents[name], names)
    if "frame" in sound and not bench.exec_driver_sql("select count(*) from raw_frame").scalar():
        findings.append(documents["frame"].finding("frame_empty"))
    elif "frame" in sound:
        findings += _outside_frame(bench, documents)
    for rule in rules().values():
        others = set(rule.reads) - {rule.table}
        if rule.sql and others <= (read if rule.row_by_row else sound):
            findings += _broken(bench, documents, rule)


def _understand(
    bench: Connection, documents: Mapping[str, Document], names: Names, wave: Wave | None, findings: Findings
) -> Collection[str]:
    """Understand every table, without the lines that are no rows; return the tables that have such lines."""
    apart = set_lines_apart(bench, documents.values())
    findings += chain.from_iterable(apart.values())
    coded = [f"raw_{name}" for name, document in documents.items() if "city_code" in document.columns]
    for table in coded:  # a code may stand for a name that is blank
        bench.exec_driver_sql(f"update {table} set city = city_code where city is null and city_code is not null")
    names.places.tell_apart(coded)
    if "partnerships" in documents:
        findings += read_marks(bench, documents["partnerships"], wave)
    _declare(bench, wave)
    follow_mergers(bench)
    findings += understand_columns(bench, documents, names, wave)
    for document in documents.values():
        resolve_rows(bench, document)
    return apart.keys()


def _sound(documents: Mapping[str, Document], findings: Findings) -> set[str]:
    """Return the tables in which no row is lost, and every row says of which town it is."""
    unsound = {(file, sheet) for file, sheet, column in findings.places if column in _TELLING}
    return {name for name, document in documents.items() if (document.file, document.sheet) not in unsound}


def _declare(bench: Connection, wave: Wave | None) -> None:
    """Put what the wave says of itself into `declared`, one row; nulls where it says nothing that can be read."""
    facts = (
        ("reference_date", "date", wave and wave.reference_date),
        ("fieldwork_to", "date", wave and wave.fieldwork_to),
        ("agreements_complete", "boolean", wave and wave.agreements_complete),
        ("home_country", "varchar", wave and wave.home_country),
        ("home_apart", "boolean", wave and wave.home_apart),
        ("default_response", "varchar", wave and wave.defaults.get("response")),
    )
    put(bench, "declared", {name: kind for name, kind, _ in facts}, [[value] for _, _, value in facts])


def _broken(bench: Connection, documents: Mapping[str, Document], rule: Rule) -> Iterator[Finding]:
    """Return the offenders of a rule: its query gives `line`, `value`, `document` if not always one, and details."""
    place = documents.get(rule.table)
    lacking = rule.table in MAY_LACK and place is not None and not place.columns
    if place is None or lacking or (place.columns and rule.column not in place.columns):  # nothing to look at
        return
    result = bench.exec_driver_sql(rule.sql)
    names = list(result.keys())
    for row in result:
        details = dict(zip(names, row, strict=True))
        document = documents[details.pop("document", rule.table)]
        column = details.pop("in_column", rule.column)
        yield document.finding(rule.name, details.pop("line"), column, details.pop("value"), **details)


def _blanks(bench: Connection, document: Document) -> Iterator[Finding]:
    """Find rows that lack what no row may lack."""
    needed = [column for column in _NEEDED[document.name] if column in document.columns or column == "city"]
    if not needed:
        return
    lacking = " or ".join(f"{column} is null" for column in needed)
    each = ", ".join(f"{column} is null" for column in needed)
    for line, *blank in bench.exec_driver_sql(f"select line, {each} from raw_{document.name} where {lacking}"):
        for column, missing in zip(needed, blank, strict=True):
            if missing:
                yield document.finding("value_missing", line, column)


def _twice(bench: Connection, document: Document, key: tuple[str, ...]) -> Iterator[Finding]:
    """Find rows whose key stands on an earlier row already, whatever its spelling."""
    table, named = document.name, ", ".join(key)
    known = " and ".join(f"{column} is not null" for column in key)
    rows = bench.exec_driver_sql(
        f"with twice as (select {named}, min(line) as first from resolved_{table} where {known} "
        f"group by all having count(*) > 1) select x.line, r.{key[0]}, t.first from twice t "
        f"join resolved_{table} x using ({named}) join raw_{table} r on r.line = x.line "
        "where x.line > t.first order by x.line"
    )
    headed = [document.heading(column) or column.removesuffix("_key") for column in key]
    both = Label(" et ".join(headed), " and ".join(headed))
    for line, value, first in rows:
        yield document.finding("row_twice", line, key[0], value, key=both, first=first)


def _outside_frame(bench: Connection, documents: Mapping[str, Document]) -> Iterator[Finding]:
    outside = bench.exec_driver_sql(
        "select m.text, g.name, g.changed_on from meanings m left join merged g on g.code = m.code "
        "where m.list = 'cities' and m.code not in (select city from resolved_frame)"
    )
    mergers = {text: {"successor": successor, "changed_on": day} for text, successor, day in outside}
    for name in documents if mergers else ():
        rows = bench.exec_driver_sql(
            f"select line, city from raw_{name} where city in (select unnest(cast(? as varchar[]))) order by line",
            (list(mergers),),
        )
        for line, value in rows:
            if mergers[value]["successor"]:
                yield documents[name].finding("outside_frame_merged", line, "city", value, **mergers[value])
            else:
                yield documents[name].finding("outside_frame", line, "city", value)
