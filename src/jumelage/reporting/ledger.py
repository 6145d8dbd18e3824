"""The ledger: every published figure held against the rows, each with a status.

What the publication says is read, the reports and the wave's own queries are run, and then it is judged: in
`judging`, without a database. Nothing is adjusted to make a total come out. A contradiction is shown, and needs an
explanation in wave.toml.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from jumelage import database, report_file
from jumelage.database.sandbox import door
from jumelage.errors import ReportError
from jumelage.reporting.entries import Claim, Entry, Explanation, Figure, Heard, Ledger, Run, Told, Verdict
from jumelage.reporting.judging import judge
from jumelage.reporting.own_reports import own_reports
from jumelage.reporting.run import make_sheet, run_cells, sources, wave_facts
from jumelage.reporting.sheet import Cells, Sheet
from jumelage.revisions.declared import declared
from jumelage.revisions.kinds import per_kind
from jumelage.revisions.scope import scope_settings, set_scope
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from jumelage.database.sandbox import Answer, Door
    from jumelage.report_file import Report
    from jumelage.revisions.scope import Scope


@dataclass(frozen=True, slots=True)
class Computed:
    """What the rows of a wave say: its reports run, and the problems of those that could not be.

    Where several kinds of authority were asked there is a sheet for each, and `runs` are of the kind that is `printed`.
    """

    runs: dict[str, Run]
    sheets: dict[str, Sheet]
    errors: dict[str, str]
    orphans: tuple[str, ...] = ()
    printed: str | None = None


def check(connection: Connection, scope: Scope, *, packed: bool = False) -> tuple[Ledger, dict[str, Sheet]]:
    """Hold every published figure of the wave in scope against the rows.

    Returns the ledger, and the sheets of all reports that could be run, their rows `packed` where many are held.
    """
    return _check(connection, scope, keep=True, packed=packed)


def ledger_of(connection: Connection, scope: Scope) -> Ledger:
    """Return the ledger of the wave in scope alone: rows that no printed figure is held against are not kept."""
    return _check(connection, scope, keep=False, packed=True)[0]


def _check(connection: Connection, scope: Scope, *, keep: bool, packed: bool) -> tuple[Ledger, dict[str, Sheet]]:
    scope.check_single()  # a publication is that of one wave
    told = read(connection, scope)
    with own_reports(connection, scope), door(connection) as asked:
        hearing = asked.beside(_queries(told), partial(hear, asked, settings(connection, scope), told))
        found = compute(connection, scope, told, keep=keep, packed=packed)
        heard = hearing()
    return replace(judge(told, found.runs, found.errors, heard, found.orphans), kind=found.printed), found.sheets


def read(connection: Connection, scope: Scope, report: str | None = None) -> Told:
    """Read what the publication of a wave says; with a report, only the figures of that, and others as `elsewhere`."""
    set_scope(connection, scope)
    _, rows = database.query(
        connection,
        "select report, key, measure, place, position, printed, value, decimals, code, at_least, more_than_share "
        "from published_figures order by report, position, key, measure, place",
    )
    every = tuple(Figure(*row) for row in rows)
    _, listed = database.query(connection, "select report from published_tables order by report")
    figures = tuple(one for one in every if report in {None, one.report})
    complete = tuple(name for (name,) in listed if report in {None, name})
    found = Told(figures, complete, headers=_headers(every), frame=_frame(connection) if every else None)
    if report is not None:
        return replace(found, elsewhere=tuple(one for one in every if one.report != report))
    _, claims = database.query(
        connection,
        "select claim, place, printed, kind, offenders, statement_fr, statement_en from claims "
        "order by position, claim, place",
    )
    _, explanations = database.query(
        connection,
        "select report, key, measure, evidence, because_fr, because_en from explanations order by report, key, measure",
    )
    return replace(
        found,
        claims=tuple(
            Claim(claim, place, printed, Label(fr, en), kind, offenders)
            for claim, place, printed, kind, offenders, fr, en in claims
        ),
        explanations=tuple(
            Explanation(name, key, measure, Label(fr.strip(), en.strip()), evidence)
            for name, key, measure, evidence, fr, en in explanations
        ),
    )


def _headers(figures: Iterable[Figure]) -> dict[str, Report]:
    """Return the reports of printed figures, of those that there are."""
    known = set(report_file.reports_of_a_wave())
    return {name: report_file.report(name) for name in {one.report for one in figures} & known}


def _frame(connection: Connection) -> int:
    """Return how many authorities were contacted."""
    ((count,),) = database.query(connection, "select count(*) from respondents")[1]
    return int(count)


def compute(
    connection: Connection,
    scope: Scope,
    told: Told,
    names: Iterable[str] | None = None,
    *,
    keep: bool = True,
    packed: bool = False,
) -> Computed:
    """Run the reports of a wave, or those named: the published ones without inferred rows, then all with them.

    Each once for every kind of authority that was asked. Printed figures are of one kind, which wave.toml names. What
    was run is kept, or only what figures are printed of.
    """
    parts = per_kind(connection, scope)
    orphans = tuple(database.orphans(connection))
    if len(parts) == 1:
        return replace(_compute(connection, parts[0], told, names, keep=keep, packed=packed), orphans=orphans)
    kind = printed_kind(connection, scope)
    runs: dict[str, Run] = {}
    sheets: dict[str, Sheet] = {}
    errors: dict[str, str] = {}
    for part in parts:
        printed = told if part.kind == kind else Told(())
        found = _compute(connection, part, printed, names, keep=keep, packed=packed)
        errors |= found.errors
        sheets |= found.sheets
        if part.kind == kind:
            runs = found.runs
    if told.figures and not runs:
        kinds = ", ".join(part.kind or "" for part in parts)
        why = (
            f"several kinds of authority were asked ({kinds}), and wave.toml does not say which one the printed figures"
        )
        errors |= dict.fromkeys((one.report for one in told.figures), f"{why} are of; say it: [printed] kind")
    return Computed(runs, sheets, errors, orphans, kind)


def printed_kind(connection: Connection, scope: Scope) -> str | None:
    """Return the kind of authority that the printed figures of a wave are of, as its wave.toml says."""
    return (declared(connection, scope).get("printed") or {}).get("kind")


def _compute(
    connection: Connection, scope: Scope, told: Told, names: Iterable[str] | None, *, keep: bool, packed: bool
) -> Computed:
    known, errors = report_file.reports_of_a_wave(), {}
    names = known if names is None else list(names)
    # Everything without inferred rows first, then everything with them: the scope changes once.
    set_scope(connection, replace(scope, with_inferred=False), for_many=len(names) > 1)
    published = dict.fromkeys(figure.report for figure in told.figures)
    reported = {}
    for name in published:
        if name not in known:
            errors[name] = f"there is no report {name} of a wave, and figures of it are published"
            continue
        report = report_file.report(name)
        try:
            reported[name] = Cells(report, run_cells(connection, report, packed=packed))
        except ReportError as error:
            errors[name] = str(error)
    set_scope(connection, scope, for_many=len(names) > 1)
    facts = wave_facts(connection, scope)
    runs, sheets = {}, {}
    for name in names:
        if name in errors:
            continue
        try:
            sheet = make_sheet(connection, report_file.report(name), facts, scope, packed=packed)
            made_from = sources(connection, sheet.report) if name in published else {}
        except ReportError as error:
            errors[name] = str(error)
            continue
        if not (keep or name in published or name in told.complete):
            continue
        sheets[sheet.name] = sheet
        runs[name] = Run(sheet.report, sheet.cells, reported.get(name, {}), made_from, sheet.complete, sheet.labels)
    return Computed(runs, sheets, errors)


def settings(connection: Connection, scope: Scope) -> tuple[Sequence[str], Sequence[str]]:
    """Return what sets a scope without inferred rows, and what sets the scope itself."""
    return scope_settings(connection, replace(scope, with_inferred=False)), scope_settings(connection, scope)


def hear(asked: Door, scopes: tuple[Sequence[str], Sequence[str]], told: Told) -> Heard:
    """Ask the wave's own queries: each claim without inferred rows, and with them where it does not hold then."""
    narrow, whole = scopes
    claims = {claim.offenders for claim in told.claims if claim.offenders}
    reported = _verdicts(asked.ask(narrow, claims))
    left = {sql for sql, verdict in reported.items() if not (verdict.holds or verdict.failed or verdict.unchecked)}
    return Heard(
        reported,
        _verdicts(asked.ask(whole, left)),
        _verdicts(asked.ask(whole, {one.evidence for one in told.explanations if one.evidence})),
    )


def of_report(connection: Connection, scope: Scope, report: str) -> tuple[Entry, ...]:
    """Return the entries of the printed figures of one report; no query of the wave is run."""
    scope.check_single()
    if scope.kind not in {None, printed_kind(connection, scope)}:
        return ()  # nothing is printed of that kind
    told = read(connection, scope, report)
    if not (told.figures or told.complete):
        return ()
    found = compute(connection, scope, told, [report])
    return judge(told, found.runs, found.errors, Heard()).entries


def _queries(told: Told) -> set[str]:
    """Return the queries that a wave brings."""
    brought = [claim.offenders for claim in told.claims] + [one.evidence for one in told.explanations]
    return {sql for sql in brought if sql}


def _verdicts(answers: dict[str, Answer]) -> dict[str, Verdict]:
    return {sql: _verdict(answer) for sql, answer in answers.items()}


def _verdict(answer: Answer) -> Verdict:
    if answer.failed:
        return Verdict(holds=False, text=answer.failed, failed=not answer.unchecked, unchecked=answer.unchecked)
    return Verdict(holds=not answer.rows, text=answer.told())
