"""Lines that are not rows: totals, subtotals and footnotes, found before any value is understood; and printed marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage.checking.numbers import ambiguous, number, two_readings
from jumelage.checking.register import index_register
from jumelage.database.sql import literal
from jumelage.database.workbench import put
from jumelage.reading.shapes import SHAPES
from jumelage.texts import Label, filled, unaccented

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from jumelage.checking.names import Names
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
    "answers": ("city", None),
    "partner_pairs": ("city", None),
}
_NEVER_IN_A_TOTAL = {
    "partnerships": ("since", "until", "inferred", "source"),
    "actions": ("answer",),
    "difficulties": ("answer",),
    "answers": ("answer",),
    "partner_pairs": ("same",),
}
_MARKED = r"[(\[]\s*[x×]?\s*[0-9]{1,3}\s*[x×]?\s*[)\]]\s*\*?$"
# The number of a departement behind a name, as people write it: two digits, three overseas.
_NUMBERED = r"\((0[1-9]|[1-8][0-9]|9[0-5]|97[1-6])\)$"
_GRAND = re.compile("(grand )?total( general)?|ensemble|total ensemble|overall( total)?")
_PART = re.compile(r"(sous total|subtotal|sub total|total|ensemble)\b")
# What stands before the name of the part that a subtotal is of.
_PART_NAMED = re.compile(
    r"^\W*(grand\s+|sous[\s-]*|sub[\s-]*)?(total|ensemble)\b\W*((de la|de l|des|du|de|d|of the|of|for)\b\W*)?",
    re.IGNORECASE,
)
_ZONES = {"ue": "eu", "hors ue": "europe_non_eu", "europe hors ue": "europe_non_eu", "non-eu europe": "europe_non_eu"}
_MOST_PRINTED = 999_999_999
_ABOVE = Label("les lignes au-dessus", "the rows above it")
_SINCE = Label("les lignes depuis la précédente de ce genre", "the rows since the line of a total before it")
_OF = Label("les lignes de «\u00a0{0}\u00a0»", "the rows of “{0}”")
_FOOTNOTE = re.compile(
    r"\*|†|\([0-9a-z*]{1,2}\)|[0-9]\)|(note|nota|nb|n\.\s?b\.|sources?|remarques?|remarks?)\b", re.IGNORECASE
)
# The same, less exact, in SQL: of many thousand names few are looked at one by one.
_MAY_BE_NOTE = r"(?i)^([*†(]|[0-9]\)|not[ae]|n\.?\s?b|source|remar)"
_TOTAL, _SUBTOTAL, _NOTE = (
    Label("une ligne de total", "a line of a total"),
    Label("une ligne de sous-total", "a line of a subtotal"),
    Label("une note", "a footnote"),
)


def set_lines_apart(bench: Connection, documents: Iterable[Document]) -> dict[str, list[Finding]]:
    """Move totals, subtotals and footnotes from the rows of tables into `extra_TABLE`; return the notices by table.

    There is no such table where there are no such lines.
    """
    every = list(documents)
    queries = []
    for table in (document.name for document in every):
        named, _ = _NAMED[table]
        queries.append(f"select city from raw_{table}")
        if "," in named:
            queries.append(f"select coalesce({named}) from raw_{table} where city is null")
    kinds = _kinds(bench, " union ".join(queries)) if queries else {}
    if not kinds:
        return {}
    put(bench, "word", {"text": "varchar", "kind": "varchar"}, [list(kinds), list(kinds.values())])
    return {document.name: found for document in every if (found := _set_apart(bench, document))}


def _set_apart(bench: Connection, document: Document) -> list[Finding]:
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
        f"or lower(text) like 'overall%' or regexp_matches(text, '{_MAY_BE_NOTE}')"
    )
    found: dict[str, str] = {}
    notes: dict[str, str] = {}
    for (text,) in likely:
        words = " ".join(re.findall(r"\w+", unaccented(text)))
        if _GRAND.fullmatch(words):
            found[text] = "total"
        elif _PART.match(words):
            found[text] = "subtotal"
        elif mark := _FOOTNOTE.match(text):
            notes[text] = text[mark.end() :]
    if not notes:
        return found
    # A town with a mark before it is a row, whatever the mark may mean.
    index_register(bench)
    put(bench, "notes", {"text": "varchar", "rest": "varchar"}, [list(notes), list(notes.values())])
    towns = bench.exec_driver_sql(
        "select distinct n.text from (select text, match_key(rest) as key from notes) n "
        "join register_names r on r.key = n.key"
    )
    return found | dict.fromkeys(notes.keys() - {text for (text,) in towns}, "note")


def check_totals(bench: Connection, document: Document, names: Names) -> list[Finding]:
    """Hold each total against the rows above it, each subtotal against those that it covers.

    A subtotal covers the rows since the line before it, or all above of the zone, country or town that it names; one
    that names anything else may cover others, and then a warning is given. A total of agreements is one of those in
    force. Where a row has a number that is not understood, nothing is added up.
    """
    table = document.name
    _, counted = _NAMED[table]
    if counted is None:
        return []
    lines = bench.exec_driver_sql(
        f"select line, kind, text, counted, {ambiguous('counted')}, {number('counted')}, before from ("
        "select *, coalesce(lag(line) over (order by line), 0) as before "
        f"from extra_{table} where kind <> 'note') where counted is not null order by line"
    ).fetchall()
    unread = bench.exec_driver_sql(
        f"select count(*) from raw_{table} where {counted} is not null "
        f"and {counted} not in (select text from meant_{table}_{counted})"
    ).scalar()
    findings = []
    for line, kind, text, value, doubtful, printed, before in lines:
        if doubtful:
            findings.append(document.finding("number_ambiguous", line, counted, value, **two_readings(value)))
        elif printed is None:
            findings.append(document.finding("not_a_count", line, counted, value, least=0, most=_MOST_PRINTED))
        elif not unread:
            findings += _total(bench, document, _Printed(line, kind, text, value, printed, before), names)
    return findings


@dataclass(frozen=True, slots=True)
class _Printed:
    """A line of a total: where it stands, the word that tells so, what is printed, and the line of a total before."""

    line: int
    kind: str
    text: str
    value: str
    number: int
    before: int


def _total(bench: Connection, document: Document, printed: _Printed, names: Names) -> list[Finding]:
    """Compare a printed total with the rows that it covers, in the first way in which it can be meant."""
    counted = str(_NAMED[document.name][1])
    above = f"r.line < {printed.line}"
    ways = [(above, _ABOVE)]
    name = ""
    if printed.kind != "total":
        ways = [(f"{above} and r.line > {printed.before}", _SINCE)]
        name = _PART_NAMED.sub("", printed.text).strip()
        ways += [(f"{above} and {rows}", filled(_OF, name)) for rows in _named_rows(names, document.name, name)]
    computed = [(_sum(bench, document.name, counted, rows), said) for rows, said in ways]
    if any(number == printed.number for number, _ in computed):
        return []
    number_, rows = computed[-1]
    broken = "subtotal_untold" if name and len(ways) == 1 else "total_differs"
    details = {"printed": printed.value, "computed": number_, "rows": rows}
    return [document.finding(broken, printed.line, counted, printed.value, **details)]


def _sum(bench: Connection, table: str, counted: str, rows: str) -> int:
    if counted == "agreements":
        rows += " and r.line not in (select line from raw_partnerships where until is not null)"
    value = "coalesce(r.agreements, 1)" if counted == "agreements" else f"r.{counted}"
    return int(
        bench.exec_driver_sql(f"select coalesce(sum({value}), 0) from resolved_{table} r where {rows}").scalar() or 0
    )


def _named_rows(names: Names, table: str, name: str) -> list[str]:
    """Return the conditions of the rows of the zone, the country or the town that a name stands for."""
    name = _ZONES.get(name.casefold(), name)
    known = names.resolve_all({code_list: {name} for code_list in ("zones", "countries", "cities")})
    day = "(select coalesce(d.reference_date, current_date) from declared d)"
    rows = {
        "zones": "r.country in (select z.country from list_country_zones z where z.zone = '{0}' "
        f"and cast(z.valid_from as date) <= {day} and (z.valid_to is null or cast(z.valid_to as date) > {day}))",
        "countries": "r.country = '{0}'",
        "cities": "r.city = '{0}'",
    }
    has = ("cities",) if table != "partnerships" else tuple(rows)
    return [rows[code_list].format(code) for code_list in has for code in known[code_list].values()]


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
    """Return the condition that a name ends in the number of a departement of the territory, as a town may."""
    if column != "city":
        return "false"
    return (
        f"coalesce(regexp_extract({column}, '\\(([0-9][0-9AB][0-9]?)\\)$', 1) in (select departement from register "
        "where departement is not null and kind <> 'commune' and code in (select code from territory)), false)"
    )


def _take_marks(bench: Connection, document: Document, column: str, mark: str) -> list[Finding]:
    """Take declared marks off the names of a column and put their numbers into `agreements`."""
    table = f"raw_{document.name}"
    pattern = literal(rf"(?s)^(.*\S)\s*{re.escape(mark).replace(re.escape('{n}'), '([0-9]{1,3})')}$")
    marked = bench.exec_driver_sql(
        f"create or replace temp table marked as select line, {column} as text, agreements, "
        f"regexp_extract({column}, {pattern}, 1) as name, "
        f"ltrim(regexp_extract({column}, {pattern}, 2), '0') as number "
        f"from {table} where regexp_matches({column}, {pattern})"
    )
    if not marked.scalar():
        bench.exec_driver_sql("delete from two_readings")
        return []
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
