"""The queries that a wave brings, held against what they may use; the reports that come with it are staged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.database.attempt import QueryError
from jumelage.database.models import columns_of
from jumelage.database.sandbox import columns_given
from jumelage.database.wave_queries import allowed, is_query, refused, relations
from jumelage.database.workbench import put
from jumelage.reading.own_reports import FOLDER
from jumelage.rules import Finding, near, rule
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from jumelage.findings import Findings
    from jumelage.reading.own_reports import OwnReport
    from jumelage.report_file import Report

_WHAT = {
    "function": Label("la fonction", "the function"),
    "operator": Label("l’opérateur", "the operator"),
    "type": Label("le type", "the type"),
    "relation": Label("la relation", "the relation"),
    "form": Label("la forme", "the form"),
}
_NOT_IN_ONE = {"not_a_query": ";"}  # what stands where a text is more than one query


def stage_reports(
    connection: Connection, bench: Connection, reports: Mapping[str, OwnReport], findings: Findings
) -> None:
    """Stage the reports that come with a wave; what is wrong with their queries becomes a finding."""
    for name, one in reports.items():
        queries = (one.report.sql, f"{one.report.detail_sql}\nselect * from detail")
        broken = [found for sql in queries for found in wrong_with(bench, sql)]
        broken = broken or list(_breach(connection, one.report, *queries))
        for number, (rule_name, details) in enumerate(broken):
            if (rule_name, details) not in broken[:number]:
                line = one.line_of(str(details.get("name", "")) or _NOT_IN_ONE.get(rule_name, ""))
                findings.append(Finding(rule(rule_name), f"{FOLDER}/{name}.sql", line, details=details))
    texts = [one.text for one in reports.values()]
    put(bench, "staged_wave_reports", columns_of("wave_reports"), [list(reports), texts])


def _breach(connection: Connection, report: Report, cells: str, detail: str) -> Iterable[tuple[str, dict[str, object]]]:
    """Yield the rules that the queries of a report break which could be run: they must give what its header says."""
    wanted = [column.name for column in report.columns]
    try:
        given, behind = columns_given(connection, cells), columns_given(connection, detail)
    except QueryError as error:
        yield "report_fails", {"why": str(error)}
        return
    if given != wanted:
        yield "report_columns", {"given": ", ".join(given), "wanted": ", ".join(wanted)}
    if lacking := [name for name in (*report.key, "source") if name not in behind]:
        yield "report_detail", {"lacking": ", ".join(lacking)}


def wrong_with(bench: Connection, sql: str | None) -> Iterable[tuple[str, dict[str, object]]]:
    """Yield the rules that a query of the wave breaks, with their details."""
    if sql is None:
        return
    if not is_query(sql):
        yield "not_a_query", {}
        return
    for one in refused(bench, sql):
        known = relations() if one.what == "relation" else allowed().get(f"{one.what}s", ())
        yield "query_uses", {"what": _WHAT[one.what], "name": one.name, "near": near(one.name, known)}
