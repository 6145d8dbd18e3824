"""Run a report file on a database: its cells, checked against the contract of its header, and the rows behind."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any

from jumelage import database, report_file
from jumelage.content import TOTAL
from jumelage.database.attempt import QueryError, attempt, judged
from jumelage.database.models import QUESTION_KINDS
from jumelage.errors import ReportError, UsageError
from jumelage.finding_text import places
from jumelage.reporting.contract import check
from jumelage.reporting.own_reports import rows_of
from jumelage.reporting.sheet import Detail, Packed, Sheet, Value, WaveFacts, plain_rows
from jumelage.revisions.kinds import check_one_kind, per_kind
from jumelage.revisions.scope import Scope, set_scope
from jumelage.texts import Label, both, nearest, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from jumelage.report_file import Report

# Where people read the codes of a list: the query that gives code, label in French, in English, and parent.
_LABELS = {
    "answers": "select code, label_fr, label_en, null from answer_codes where list = 'answers'",
    "cities": "select code, name, name, null from cities",
    "waves": "select wave, wave || case when synthetic then ' (synthétique)' else '' end, "
    "wave || case when synthetic then ' (synthetic)' else '' end, null from waves",
    "actions": "select code, label_fr, label_en, parent_code from actions",
    "questions": "select question, min(label_fr), min(label_en), null from questions group by question "
    "having count(distinct label_fr) = 1",
    # A code that is called differently in two questions is shown as it is.
    "asked_items": "select item, min(label_fr), min(label_en), max(parent) from asked_items group by item "
    "having count(distinct label_fr) = 1 union all "
    "select code, label_fr, label_en, null from answer_codes where list = 'answers' and code in ('yes', 'no') "
    "and code not in (select item from asked_items)",
    "difficulties": "select code, label_fr, label_en, parent_code from difficulties",
}


def wave_facts(connection: Connection, scope: Scope) -> tuple[WaveFacts, ...]:
    """Return the facts of the waves of the scope that is set, by reference date; UsageError if there are none.

    `complete` tells whether the list of agreements that the scope shows is.
    """
    chosen = " or ".join(f"r.wave = '{wave}' and r.revision = {revision}" for wave, revision in scope.revisions)
    columns = ", ".join(f"r.{name}" for name in database.columns_to_read(connection, "revisions"))
    names, rows = database.query(
        connection,
        f"select {columns}, w.synthetic, s.agreements_complete as complete from survey.revisions r "
        "join survey.waves w on w.wave = r.wave join scope s on s.wave = r.wave and s.revision = r.revision "
        f"where {chosen} order by r.reference_date, r.wave",
    )
    if not rows:
        raise UsageError(both("aucune vague n’est choisie", "no wave is in scope"))
    return tuple(_facts(dict(zip(names, row, strict=True))) for row in rows)


def _facts(facts: dict[str, Any]) -> WaveFacts:
    return WaveFacts(
        wave=facts["wave"],
        revision=facts["revision"],
        title=Label(facts["title_fr"], facts["title_en"]),
        frame_rule=Label(facts["frame_rule_fr"], facts["frame_rule_en"]),
        source=facts["source"],
        synthetic=facts["synthetic"],
        several_mark=facts["several_mark"],
        facts=facts,
    )


def run(connection: Connection, report: Report, scope: Scope) -> Sheet:
    """Run a report in a scope of one kind; ReportError if its query fails or its result breaks the contract.

    UsageError if it is not made for this many waves, or would add up kinds of authority.
    """
    parts = each_kind(connection, report, scope)
    check_one_kind(parts)
    return run_part(connection, report, parts[0])


def run_each(connection: Connection, report: Report, scope: Scope) -> tuple[Sheet, ...]:
    """Run a report once for each kind of authority that was asked; errors as for `run`."""
    return tuple(run_part(connection, report, part) for part in each_kind(connection, report, scope))


def each_kind(connection: Connection, report: Report, scope: Scope) -> tuple[Scope, ...]:
    """Return the scopes that a report is run in: one for each kind that as many waves asked as it needs.

    UsageError if there are none, or if it is not made for several waves.
    """
    check_waves(report, scope)
    parts = per_kind(connection, scope)
    enough = tuple(part for part in parts if len(part.revisions) >= report.waves)
    if not enough:
        check_waves(report, parts[0])
    return enough


def run_part(connection: Connection, report: Report, scope: Scope) -> Sheet:
    """Run a report in one of the scopes that `each_kind` returns; ReportError as for `run`."""
    set_scope(connection, scope)
    return make_sheet(connection, report, wave_facts(connection, scope), scope)


def check_waves(report: Report, scope: Scope) -> None:
    """Raise UsageError if a report is not made for the number of waves in scope."""
    if len(scope.revisions) > 1 and not report.by_wave:
        others = [name for name in report_file.report_names() if report_file.report(name).by_wave]
        raise UsageError(
            both(
                "{} n’a pas de vague dans sa clé, et additionnerait donc plusieurs vagues\u00a0; "
                "demandez une vague, ou un rapport qui les distingue\u00a0: {}",
                "{} has no wave in its key, so it would add several waves together; "
                "ask for one wave, or for a report that tells them apart: {}",
                report.name,
                ", ".join(others),
            )
        )
    if len(scope.revisions) < report.waves:
        named = ", ".join(wave for wave, _ in scope.revisions)
        raise UsageError(
            both(
                "{} compare des vagues et en demande au moins {}, et c’est {} seule\u00a0; "
                "nommez-en plusieurs, comme --wave 2006,2012, ou all\u00a0; `jumelage waves` les liste",
                "{} compares waves and needs {} or more, and this is {} alone; "
                "name several, such as --wave 2006,2012, or all; `jumelage waves` lists them",
                report.name,
                report.waves,
                named,
            )
        )


def make_sheet(
    connection: Connection, report: Report, facts: tuple[WaveFacts, ...], scope: Scope, *, packed: bool = False
) -> Sheet:
    """Run a report in the scope that is set, which `facts` are of; ReportError as for `run`."""
    rows = run_cells(connection, report, packed=packed)
    made = Sheet(report.of_kind(scope.asked), facts, scope.remarks, rows, *labels_of(connection, report), scope.kind)
    for place in places(report.finding.en + report.finding.fr) if report.finding else ():
        if not made.can_have(place.key):
            raise ReportError(
                both(
                    "reports/{}.sql : finding : aucune ligne ne peut avoir la clé {}",
                    "reports/{}.sql: finding: no row can have the key {}",
                    report.name,
                    place.key,
                )
            )
    return made


def run_cells(connection: Connection, report: Report, *, packed: bool = False) -> Sequence[tuple[Value, ...]]:
    """Return the rows of a report in the scope that is set; ReportError as for `run`.

    A report on questions of a kind that is not asked has none, and is not run. Rows that are to be `packed` are so as
    they come.
    """
    if report.asks and not _asked(connection, report):
        return ()
    cells: Sequence[tuple[Value, ...]]
    if packed:
        names, pieces = _stream(connection, report, report.sql)
        cells = Packed(pieces)
    else:
        names, rows = _query(connection, report, report.sql)
        cells = tuple(plain_rows(rows))
    check(report, names, cells)
    return cells


def _asked(connection: Connection, report: Report) -> bool:
    """Tell whether a wave in scope asks a question of the kinds that a report is about; ReportError for no kind."""
    for kind in report.asks:
        if kind not in QUESTION_KINDS:
            known = nearest(kind, QUESTION_KINDS)
            raise ReportError(
                both(
                    "reports/{}.sql\u00a0: asks\u00a0: {!r} n’est pas une sorte de question\u00a0; {}",
                    "reports/{}.sql: asks: {!r} is no kind of question; {}",
                    report.name,
                    kind,
                    known,
                )
            )
    listed = ", ".join(map(database.literal, report.asks))
    return bool(
        database.query(
            connection,
            f"select 1 from questions where kind in ({listed}) and report is distinct from 'management' limit 1",
        )[1]
    )


def _query(connection: Connection, report: Report, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    if report.brought:
        with _reported(report):
            return rows_of(connection, sql)
    with _reported(report), attempt(connection):
        return database.query(connection, sql)


@contextmanager
def _reported(report: Report) -> Iterator[None]:
    try:
        yield
    except QueryError as error:
        raise ReportError(
            both("reports/{}.sql\u00a0: {}", "reports/{}.sql: {}", report.name, same(str(error)))
        ) from error


def _stream(
    connection: Connection, report: Report, sql: str
) -> tuple[list[str], Iterator[Sequence[tuple[Value, ...]]]]:
    """Return the columns of a query of a report, and its rows some at a time; the first are fetched at once."""
    if report.brought:
        names, rows = _query(connection, report, sql)
        return names, iter([plain_rows(rows)])
    with _reported(report), attempt(connection):
        names, pieces = database.stream(connection, sql)
        first = next(pieces, [])
    return names, map(plain_rows, chain([first], _rest(connection, report, pieces)))


def _rest(
    connection: Connection, report: Report, pieces: Iterator[Sequence[tuple[Any, ...]]]
) -> Iterator[Sequence[tuple[Any, ...]]]:
    while True:
        with _reported(report), judged(connection):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def labels_of(connection: Connection, report: Report) -> tuple[dict[str, dict[str, Label]], frozenset[str]]:
    """Return the labels of the code lists that a report shows, and their codes that have a parent."""
    lists = {column.codes for column in report.columns if column.codes}
    found = {}
    details: set[str] = set()
    for name in sorted(lists):
        _, rows = database.query(connection, _LABELS.get(name, f"select code, label_fr, label_en, null from {name}"))
        found[name] = {code: Label(fr, en) for code, fr, en, _ in rows}
        details |= {code for code, _, _, above in rows if above}
    return found, frozenset(details)


def explain(connection: Connection, sheet: Sheet, key: str, measure: str) -> Detail:
    """Return the rows behind a cell, by the report's own detail; UsageError for an unknown key or measure.

    They are read as they come; ReportError, and what else a query may meet, then too.
    """
    report = sheet.report
    if measure not in report.measures:
        raise UsageError(
            both(
                "{} n’a pas de mesure {!r}\u00a0; {}",
                "{} has no measure {!r}; {}",
                report.name,
                measure,
                nearest(measure, report.measures),
            )
        )
    parts = key.split("/")
    if len(parts) != len(report.key):
        raise UsageError(
            both(
                "une clé de {} s’écrit {}\u00a0; c’est {!r}",
                "a key of {} is written {}; this is {!r}",
                report.name,
                "/".join(report.key),
                key,
            )
        )
    columns = detail_columns(connection, report)
    if key not in (cells := sheet.cells):
        printed = database.query(
            connection, f"select distinct key from published_figures where report = '{report.name}'"
        )
        if (key,) in printed[1]:  # printed, and no row computes it
            return Detail(columns, iter(()), additive=True)
        raise UsageError(
            both(
                "{} n’a pas de cellule {!r}\u00a0; {}", "{} has no cell {!r}; {}", report.name, key, nearest(key, cells)
            )
        )
    conditions = [
        f"cast(d.{name} as varchar) = {database.literal(part)}"
        for name, part in zip(report.key, parts, strict=True)
        if part != TOTAL or report.own_total
    ]
    if measure in columns and isinstance(cells[key][measure], int | Decimal):
        high = report.column(measure).high  # of a range, the rows that may count are behind it, too
        conditions.append(f"(d.{measure} <> 0 or d.{high} <> 0)" if high in columns else f"d.{measure} <> 0")
    where = f" where {' and '.join(conditions)}" if conditions else ""
    additive = not {parts[0], measure} & set(report.not_additive)
    return Detail(columns, details(connection, report, columns, where), additive=additive)


def details(
    connection: Connection, report: Report, columns: Sequence[str], where: str = ""
) -> Iterator[tuple[Value, ...]]:
    """Return the rows of a report's detail of which a condition holds, in order."""
    order = ", ".join(str(place) for place in range(1, len(columns) + 1))
    _, pieces = _stream(connection, report, f"{report.detail_sql}\nselect * from detail d{where} order by {order}")
    return chain.from_iterable(pieces)


def detail_columns(connection: Connection, report: Report) -> tuple[str, ...]:
    """Return the columns of a report's detail; ReportError if it lacks a key column or `source`."""
    names, _ = _query(connection, report, f"{report.detail_sql}\nselect * from detail limit 0")
    for name in (*report.key, "source"):
        if name not in names:
            raise ReportError(
                both(
                    "reports/{}.sql\u00a0: le détail n’a pas de colonne {}",
                    "reports/{}.sql: the detail has no column {}",
                    report.name,
                    name,
                )
            )
    return tuple(names)


def sources(connection: Connection, report: Report) -> dict[tuple[str, str], set[str]]:
    """Return, by key without totals and figure, the published figures that the rows behind were made from.

    Only rows that count in the figure are behind it.
    """
    keys = ", ".join(f"cast(d.{name} as varchar) as {name}" for name in report.key)
    whole = {name for name in report.figures if report.column(name).codes or name in report.not_additive}
    counts = ", ".join("true" if name in whole else f"d.{name} <> 0" for name in report.figures)
    sql = f"{report.detail_sql}\nselect distinct {keys}, d.source, {counts} from detail d"
    try:
        rows = _query(connection, report, sql)[1]
    except ReportError:
        detail_columns(connection, report)  # says it better where a column is missing
        raise
    found: dict[tuple[str, str], set[str]] = {}
    width = len(report.key)
    for row in rows:
        for name, behind in zip(report.figures, row[width + 1 :], strict=True):
            if behind:
                found.setdefault(("/".join(row[:width]), name), set()).add(row[width] or "")
    return found
