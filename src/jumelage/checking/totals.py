"""Lines that are no rows: totals, subtotals and footnotes, found before anything is understood; and printed marks."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from jumelage.checking.names import DEPARTEMENTS
from jumelage.database.sql import literal
from jumelage.database.workbench import put
from jumelage.reading.package import SHAPES
from jumelage.texts import Label

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jumelage.reading.source import Document
    from jumelage.reading.wave_toml import Wave
    from jumelage.rules import Finding

# By table: the columns in which the word "total" may stand, and the one that is added up. The others are blank in a
# line of a total; in a footnote all but its own are.
_NAMED = {
    "frame": ("city", "population"),
    "respondents": ("city", "declared_agreements"),
    "partnerships": ("city, country, partner", "agreements"),
    "actions": ("city, action", None),
    "difficulties": ("city, difficulty", None),
    "partner_pairs": ("city", None),
}
_NEVER_IN_A_TOTAL = {
    "partnerships": ("since", "until", "inferred", "source"),
    "actions": ("answer",),
    "difficulties": ("answer",),
    "partner_pairs": ("same",),
}
_MARKED = r"[(\[]\s*[x×]?\s*[0-9]{1,3}\s*[x×]?\s*[)\]]\s*\*?$"
# The number of a departement behind a name, as people write it: two digits, three overseas.
_NUMBERED = r"\((0[1-9]|[1-8][0-9]|9[0-5]|97[1-6])\)$"
_GRAND = re.compile("(grand )?total( general)?|ensemble|total ensemble|overall( total)?")
_PART = re.compile(r"(sous total|subtotal|sub total|total|ensemble)\b")
_FOOTNOTE = re.compile(
    r"\*|†|\([0-9a-z*]{1,2}\)|[0-9]\)|(note|nota|nb|n\.\s?b\.|sources?|remarques?|remarks?)\b", re.IGNORECASE
)
_TOTAL, _SUBTOTAL, _NOTE = (
    Label("une ligne de total", "a line of a total"),
    Label("une ligne de sous-total", "a line of a subtotal"),
    Label("une note", "a footnote"),
)


def set_lines_apart(bench: Connection, document: Document) -> list[Finding]:
    """Take totals, subtotals and footnotes out of the rows of a table into `extra_TABLE`; return notices of them.

    There is no such table where there are no such lines.
    """
    table = document.name
    named, counted = _NAMED[table]
    first = f"coalesce({named})"
    others = " and ".join(
        f"{name} is null" for name in SHAPES[table].columns if name != named.split(",", maxsplit=1)[0]
    )
    never = [f"{name} is null" for name in _NEVER_IN_A_TOTAL.get(table, ())]
    if table == "partnerships":  # a partner is told by a row, unless it is the word itself
        never.append("(partner is null or (city is null and country is null))")
    total = " and ".join(never) or "true"
    rest = f" union all select distinct {first} from raw_{table} where city is null" if "," in named else ""
    kinds = _kinds(bench, f"select distinct city from raw_{table}{rest}")
    if not kinds:
        return []
    put(bench, "word", {"text": "varchar", "kind": "varchar"}, [list(kinds), list(kinds.values())])
    bench.exec_driver_sql(
        f"create or replace temp table extra_{table} as select r.line, w.kind, w.text, {counted or 'null'} as counted "
        f"from raw_{table} r join word w on w.text = {first} "
        f"where case when w.kind = 'note' then {others} else {total} end"
    )
    rows = bench.exec_driver_sql(f"select line, kind, text from extra_{table} order by line").fetchall()
    if not rows:
        return []
    bench.exec_driver_sql(f"delete from raw_{table} where line in (select line from extra_{table})")
    # "Total" above the last total is one of a part.
    last = max((line for line, kind, _ in rows if kind != "note"), default=0)
    bench.exec_driver_sql(f"update extra_{table} set kind = 'subtotal' where kind = 'total' and line < {last}")
    what = {"note": _NOTE, "subtotal": _SUBTOTAL}
    return [
        document.finding(
            "line_not_loaded",
            line,
            None,
            text,
            what=_TOTAL if kind == "total" and line == last else what.get(kind, _SUBTOTAL),
        )
        for line, kind, text in rows
    ]


def _kinds(bench: Connection, distinct: str) -> dict[str, str]:
    """Tell which of the texts that a query gives are words for a total, a subtotal or a footnote."""
    likely = bench.exec_driver_sql(
        f"with texts(text) as materialized ({distinct}) select text from texts "
        "where lower(text) like '%total%' or lower(text) like '%ensemble%' "
        "or lower(text) like 'overall%' or regexp_matches(text, '^[(*†0-9nNsSrR]')"
    )
    found: dict[str, str] = {}
    notes: dict[str, str] = {}
    for (text,) in likely:
        plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
        words = " ".join(re.findall(r"\w+", plain))
        if _GRAND.fullmatch(words):
            found[text] = "total"
        elif _PART.match(words):
            found[text] = "subtotal"
        elif mark := _FOOTNOTE.match(text):
            notes[text] = text[mark.end() :]
    # A town with a mark before it is a row, whatever the mark may mean.
    put(bench, "notes", {"text": "varchar", "rest": "varchar"}, [list(notes), list(notes.values())])
    towns = bench.exec_driver_sql("select text from notes where match_key(rest) in (select key from places)")
    return found | dict.fromkeys(notes.keys() - {text for (text,) in towns}, "note")


def check_totals(bench: Connection, document: Document) -> list[Finding]:
    """Hold each total against the rows above it, each subtotal against those since the one before.

    A total of agreements is one of those in force.
    """
    table = document.name
    _, counted = _NAMED[table]
    if counted is None:
        return []
    in_force = " and r.line not in (select line from raw_partnerships where until is not null)"
    rows = bench.exec_driver_sql(
        "with extra as (select *, coalesce(lag(line) over (order by line), 0) as before from ("
        f"select * from extra_{table} where kind <> 'note')), "
        "printed as (select *, try_cast(regexp_replace(regexp_replace(counted, '[,.]0+$', ''), '[^0-9]', '', 'g') "
        "as bigint) as number from extra "
        "where counted is not null) "
        "select p.line, p.counted, "
        f"(select coalesce(sum({'coalesce(r.agreements, 1)' if counted == 'agreements' else f'r.{counted}'}), 0) "
        f"from resolved_{table} r where r.line < p.line and (p.kind = 'total' or r.line > p.before)"
        f"{in_force if table == 'partnerships' else ''}) as computed "
        "from printed p where p.number is distinct from computed order by p.line"
    )
    return [
        document.finding("total_differs", line, counted, value, printed=value, computed=int(computed))
        for line, value, computed in rows
    ]


def read_marks(bench: Connection, document: Document, wave: Wave | None) -> list[Finding]:
    """Read printed marks of several agreements, where the wave declares its mark; find undeclared ones.

    A mark gives the number of agreements of its row, and goes from the name. One that may as well be the number of a
    departement is refused, but behind the name of a town where the wave declares no such mark.
    """
    table, columns = f"raw_{document.name}", ("city", "country", "partner")
    mark = wave.several_mark if wave is not None else None
    if mark is not None and mark.count("{n}") != 1:
        mark = None  # which is a finding of its own
    if mark is None and not document.marks:
        return []
    findings: list[Finding] = []
    put(bench, "two_readings", {"text": "varchar"}, [[]])
    for column in columns:
        if mark is not None:
            findings += _take_marks(bench, document, column, mark)
        rows = bench.exec_driver_sql(
            f"select line, {column}, {_numbered(column)} from {table} where regexp_matches({column}, '{_MARKED}') "
            f"and not ({_departement(column)}) and {column} not in (select text from two_readings) order by 1"
        )
        findings += [
            document.finding("mark_or_departement", line, column, value, number=number)
            if number
            else document.finding("several_mark_undeclared", line, column, value)
            for line, value, number in rows
        ]
    return findings


def _numbered(column: str) -> str:
    """Return the expression of the number of a departement that a name may end in; empty if it does not."""
    return "''" if column == "country" else f"regexp_extract({column}, '{_NUMBERED}', 1)"


def _departement(column: str) -> str:
    """Return the condition that a name ends in the number of a departement, as a town may."""
    numbers = "|".join(DEPARTEMENTS)
    return f"regexp_matches({column}, '\\(({numbers})\\)$')" if column == "city" else "false"


def _take_marks(bench: Connection, document: Document, column: str, mark: str) -> list[Finding]:
    """Take declared marks off the names of a column and put their numbers into `agreements`."""
    table = f"raw_{document.name}"
    pattern = literal(rf"(?s)^(.*\S)\s*{re.escape(mark).replace(re.escape('{n}'), '([0-9]{1,3})')}$")
    bench.exec_driver_sql(
        f"create or replace temp table marked as select line, {column} as text, agreements, "
        f"regexp_extract({column}, {pattern}, 1) as name, "
        f"ltrim(regexp_extract({column}, {pattern}, 2), '0') as number "
        f"from {table} where regexp_matches({column}, {pattern})"
    )
    # Where the row says the same number in its own column, it is no departement.
    numbered = _numbered("text" if column != "country" else column)
    bench.exec_driver_sql(
        f"create or replace temp table two_readings as select line, text, {numbered} as number from marked "
        f"where {numbered} <> '' and agreements is distinct from number"
    )
    bench.exec_driver_sql("delete from marked where line in (select line from two_readings)")
    bench.exec_driver_sql(
        f"update {table} set {column} = m.name, agreements = m.number from marked m where m.line = {table}.line"
    )
    both = bench.exec_driver_sql("select line, text, number from two_readings order by line").fetchall()
    rows = bench.exec_driver_sql(
        "select line, text, number, agreements from marked where try_cast(replace(agreements, ',', '.') as double) "
        "is distinct from cast(number as double) and agreements is not null order by 1"
    )
    return [
        document.finding("mark_or_departement", line, column, text, number=number) for line, text, number in both
    ] + [
        document.finding("several_mark_differs", line, column, text, marked=number, given=given)
        for line, text, number, given in rows
    ]
