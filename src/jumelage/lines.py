"""Lines that are no rows: totals, subtotals and footnotes, found before anything is understood; and printed marks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jumelage.content import Label

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jumelage.rules import Finding
    from jumelage.source import Document
    from jumelage.wave import Wave

# By table: the columns in which the word "total" may stand, and the one that is added up.
_NAMED = {
    "frame": ("city", "population"),
    "respondents": ("city", "declared_agreements"),
    "partnerships": ("city, country, partner", "agreements"),
    "actions": ("city, action", None),
    "difficulties": ("city, difficulty", None),
}
_GRAND = "^((grand )?total( general)?|ensemble|total ensemble|overall)$"
_PART = "^(sous total|subtotal|total|ensemble)( .*)?$"
_FOOTNOTE = r"^(\*|†|\([0-9a-z*]{1,2}\)|[0-9]\)|(note|nota|nb|n\.\s?b\.|source|sources|remarque|remark)\b)"
_TOTAL, _SUBTOTAL, _NOTE = (
    Label("une ligne de total", "a line of a total"),
    Label("une ligne de sous-total", "a line of a subtotal"),
    Label("une note", "a footnote"),
)


def set_lines_apart(bench: Connection, document: Document) -> list[Finding]:
    """Take totals, subtotals and footnotes out of the rows of a table into `extra_TABLE`; return notices of them."""
    table = document.name
    named, counted = _NAMED[table]
    columns = [name for (name,) in bench.exec_driver_sql(f"select name from pragma_table_info('raw_{table}')")]
    texts = [name for name in columns if name not in {"line", "odd", "loose"}]
    first = f"coalesce({named})"
    others = " and ".join(f"{name} is null" for name in texts if name != named.split(",", maxsplit=1)[0])
    # The words are looked for among distinct texts.
    bench.exec_driver_sql(
        f"create or replace temp table extra_{table} as with texts as (select distinct {first} as text from raw_{table}), "
        f"word as (select text, case when regexp_matches(match_key(text), '{_GRAND}') then 'total' "
        f"when regexp_matches(match_key(text), '{_PART}') then 'subtotal' "
        f"when regexp_matches(lower(text), '{_FOOTNOTE}') then 'note' end as kind from texts) "
        f"select r.line, w.kind, {first} as text, {counted or 'null'} as counted from raw_{table} r "
        f"join word w on w.text = {first} where w.kind in ('total', 'subtotal') or w.kind = 'note' and {others}"
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
            "line_not_loaded", line, None, text, what=_TOTAL if kind == "total" and line == last else what.get(kind, _SUBTOTAL)
        )
        for line, kind, text in rows
    ]


def check_totals(bench: Connection, document: Document) -> list[Finding]:
    """Hold each total against the rows above it, each subtotal against those since the one before."""
    table = document.name
    _, counted = _NAMED[table]
    if counted is None:
        return []
    rows = bench.exec_driver_sql(
        "with extra as (select *, coalesce(lag(line) over (order by line), 0) as before from ("
        f"select * from extra_{table} where kind <> 'note')), "
        "printed as (select *, try_cast(regexp_replace(counted, '[^0-9]', '', 'g') as bigint) as number from extra "
        "where counted is not null) "
        "select p.line, p.counted, "
        f"(select coalesce(sum({'coalesce(r.agreements, 1)' if counted == 'agreements' else f'r.{counted}'}), 0) "
        f"from resolved_{table} r where r.line < p.line and (p.kind = 'total' or r.line > p.before)) as computed "
        "from printed p where p.number is distinct from computed order by p.line"
    )
    return [
        document.finding("total_differs", line, counted, value, printed=value, computed=int(computed))
        for line, value, computed in rows
    ]


def read_marks(bench: Connection, document: Document, wave: Wave | None) -> list[Finding]:
    """Read printed marks of several agreements, where the wave declares its mark; find undeclared ones.

    A mark gives the number of agreements of its row, and goes from the name.
    """
    table = f"raw_{document.name}"
    mark = wave.several_mark if wave is not None else None
    declared = re.escape(mark).replace(re.escape("{n}"), "([0-9]{1,3})") if mark and mark.count("{n}") == 1 else None
    findings: list[Finding] = []
    for column in ("city", "country", "partner"):
        if declared:
            pattern = rf"^(.*\S)\s*{declared}$".replace("'", "''")
            marked = f"select line, {column}, regexp_extract({column}, '{pattern}', 1) as name, " \
                f"ltrim(regexp_extract({column}, '{pattern}', 2), '0') as number, agreements from {table} " \
                f"where regexp_matches({column}, '{pattern}')"  # fmt: skip
            rows = bench.exec_driver_sql(
                f"select line, {column}, number, agreements from ({marked}) where agreements <> number order by line"
            )
            findings += [
                document.finding("several_mark_differs", line, column, value, marked=number, given=given)
                for line, value, number, given in rows
            ]
            bench.exec_driver_sql(
                f"update {table} set {column} = m.name, agreements = m.number from ({marked}) m where m.line = {table}.line"
            )
        rows = bench.exec_driver_sql(
            f"select line, {column} from {table} where ends_with({column}, ')') or ends_with({column}, ')*') "
        ).fetchall()
        findings += [
            document.finding("several_mark_undeclared", line, column, value)
            for line, value in sorted(rows)
            if re.search(r"\(\d{1,3}\)\*?$", value)
        ]
    return findings
