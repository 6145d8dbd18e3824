"""The status of a figure, from what is printed and what the rows leave open; no database is needed for it."""

from __future__ import annotations

from dataclasses import replace
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING

from jumelage.content import TOTAL
from jumelage.reporting.arithmetic import arithmetic
from jumelage.reporting.entries import (
    CLAIMS,
    STATEMENT,
    Claim,
    Entry,
    Explanation,
    Figure,
    Heard,
    Ledger,
    Run,
    Told,
    Verdict,
)
from jumelage.reporting.quotients import named_share
from jumelage.reporting.sheet import Value, known, plain
from jumelage.texts import Label, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jumelage.report_file import Report

_ANY_LENGTH = Context(prec=200_000, Emax=MAX_EMAX, Emin=MIN_EMIN)  # more digits than a database has


def judge(
    told: Told, runs: Mapping[str, Run], errors: Mapping[str, str], heard: Heard, more: Iterable[str] = ()
) -> Ledger:
    """Give every figure, blank and claim of a publication its status, and say what makes the check fail.

    `errors` are the reports that could not be run, with why; `more` are problems that were found elsewhere.
    """
    entries = [*_judge_figures(told, runs, errors), *_unprinted(told, runs), *_claims(told.claims, heard)]
    problems = list(errors.values())
    problems += [
        f"claims.csv: {entry.key}: {entry.because.en}"
        for entry in entries
        if entry.report == CLAIMS and entry.status == "error" and entry.because
    ]
    entries, disputed = _explained(entries, told.explanations, heard.evidence)
    unchecked = [(CLAIMS, claim.claim, STATEMENT) for claim in told.claims if _is_unchecked(claim, heard)]
    doubtful = {sql for sql, verdict in heard.evidence.items() if verdict.unchecked}
    unchecked += [(one.report, one.key, one.measure) for one in told.explanations if one.evidence in doubtful]
    return Ledger(tuple(entries), (*problems, *disputed, *more), tuple(dict.fromkeys(unchecked)))


def _judge_figures(told: Told, runs: Mapping[str, Run], errors: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the entry of each printed figure."""
    with_totals = (one for one in told.figures if one.report in runs and _has_sums(one, runs[one.report].report))
    headers = {**told.headers, **{name: run.report for name, run in runs.items()}}
    labels = {name: run.labels for name, run in runs.items()}
    found = arithmetic((*told.figures, *told.elsewhere), headers, told.complete, told.frame, labels)
    against_print = found.impossible | _broken_totals(with_totals, runs) | _printed_otherwise(told.figures)
    for figure in told.figures:
        if figure.report in errors:
            because = Label(errors[figure.report], errors[figure.report])
            yield _entry_of(figure, None, None, "error", because)
        else:
            entry = _judge_figure(figure, runs[figure.report], against_print)
            yield _with_arithmetic(entry, found.together.get(figure), found.remarks.get(figure))


def _has_sums(figure: Figure, report: Report) -> bool:
    """Tell whether the printed parts of a figure make its total: those of a quotient or a mean do not."""
    if report.own_total or figure.measure in report.not_additive:
        return False
    return named_share(report, figure.key, figure.measure) is None


def _with_arithmetic(entry: Entry, together: Label | None, remark: Label | None) -> Entry:
    """Contradict a figure that cannot be right together with others, unless the rows make it; add what is remarked."""
    status = entry.status
    if together is not None and status not in {"reproduced", "reproduced_with_inferred"}:
        status = "contradicted"
    said = [text for text in (entry.because, together, remark) if text is not None]
    return replace(entry, status=status, because=listed(said, Label("\u00a0; ", "; ")) if said else None)


def _entry_of(figure: Figure, low: Value, high: Value, status: str, because: Label | None = None) -> Entry:
    """Make the entry of a figure."""
    named = (figure.report, figure.key, figure.measure, figure.printed, figure.place)
    return Entry(*named, low, high, status, because, value=figure.value)


def _judge_figure(figure: Figure, found: Run, against_print: Mapping[Figure, Label]) -> Entry:
    """Give a figure its status: the first that holds, as docs/ledger.md lists them."""
    low, high = found.known(figure.key, figure.measure)
    reported = known(found.report, found.reported, figure.key, figure.measure, complete=found.complete)
    if figure in against_print:
        return _entry_of(figure, low, high, "contradicted", against_print[figure])
    if _is_source(figure, found.sources):
        return _entry_of(figure, low, high, "source")
    if _is_equal(figure, *reported):
        return _entry_of(figure, low, high, "reproduced")
    if _is_equal(figure, low, high):
        return _entry_of(figure, low, high, "reproduced_with_inferred")
    return _entry_of(figure, low, high, _status_of_open(figure, found, low, high))


def _is_source(figure: Figure, made_from: dict[tuple[str, str], set[str]]) -> bool:
    """Tell whether all rows behind a figure were made from it: no evidence either way."""
    pattern = figure.key.split("/")
    behind: set[str] = set()
    for (key, measure), found in made_from.items():
        if measure == figure.measure and _covers(pattern, key.split("/")):
            behind |= found
    return bool(behind) and behind <= {figure.report, f"{figure.report}/{figure.key}"}


def _covers(pattern: list[str], key: list[str]) -> bool:
    """Tell whether a key matches a pattern, in which `total` stands for anything."""
    return all(part in (TOTAL, own) for part, own in zip(pattern, key, strict=True))


def _is_equal(figure: Figure, low: Value, high: Value) -> bool:
    """Tell whether what can be computed is exact and, rounded half up, what is printed."""
    if low != high or low is None:
        return False
    if figure.code is not None:
        return low == figure.code
    if figure.value is None or isinstance(low, str):
        return False
    return Decimal(low).quantize(_unit(figure), ROUND_HALF_UP, _ANY_LENGTH) == figure.value


def _unit(figure: Figure) -> Decimal:
    """Return the unit of the last decimal printed."""
    return Decimal(1).scaleb(-(figure.decimals or 0))


def _status_of_open(figure: Figure, found: Run, low: Value, high: Value) -> str:
    """Return the status of a figure that the rows do not settle: bounded, published_only, wording or contradicted.

    A null upper end is no bound; a printed number stands for all that rounds to it.
    """
    if not isinstance(low, int | Decimal) or isinstance(high, str):
        return "contradicted"
    most = Decimal("Infinity") if high is None else Decimal(high)
    column = found.report.column(figure.measure)
    base, most_of_base = found.known(figure.key, column.base) if column.base else (None, None)
    if figure.value is None:
        enough = most >= (figure.at_least or 0)
        if figure.more_than_share is not None:
            enough = enough and isinstance(base, int | Decimal) and most > figure.more_than_share * base
        return "wording" if enough else "contradicted"
    half = _unit(figure) / 2
    if not low <= figure.value + half or not figure.value - half <= most:
        return "contradicted"
    says_nothing = isinstance(most_of_base, int | Decimal) and low <= 0 and most >= most_of_base
    return "published_only" if says_nothing else "bounded"


def _broken_totals(figures: Iterable[Figure], runs: Mapping[str, Run]) -> dict[Figure, Label]:
    """Find printed totals that their printed parts in the same place do not make.

    The parts of a grand total are the subtotals where there are any. Where the rows know of a part that is not printed
    there, those that are printed may make less.
    """
    tables: dict[tuple[str, str, str], list[Figure]] = {}
    for figure in figures:
        if figure.value is not None:
            tables.setdefault((figure.report, figure.measure, figure.place), []).append(figure)
    broken = {}
    for table in tables.values():
        for figure in table:
            pattern = figure.key.split("/")
            below = [other for other in table if other.key.split("/").count(TOTAL) < pattern.count(TOTAL)]
            below = [other for other in below if _covers(pattern, other.key.split("/"))]
            level = max((other.key.split("/").count(TOTAL) for other in below), default=0)
            parts = [other.value or 0 for other in below if other.key.split("/").count(TOTAL) == level]
            made, printed = sum(parts), figure.value or 0
            if not parts or made == printed:
                continue
            if made > printed or not _lacks_parts(figure, table, runs[figure.report], level):
                shown = plain(Decimal(made))
                broken[figure] = Label(f"ses parties imprimées font {shown}", f"its printed parts add up to {shown}")
    return broken


def _lacks_parts(total: Figure, table: Iterable[Figure], found: Run, level: int) -> bool:
    """Tell whether the rows know of a part of a printed total that is not printed with it."""
    printed, pattern = {figure.key for figure in table}, total.key.split("/")
    return any(
        key not in printed and _covers(pattern, key.split("/")) and found.known(key, total.measure) != (0, 0)
        for key in found.all_rows
        if key.split("/").count(TOTAL) == level
    )


def _printed_otherwise(figures: Iterable[Figure]) -> dict[Figure, Label]:
    """Find figures that are printed in another place with another value."""
    cells: dict[tuple[str, str, str], list[Figure]] = {}
    for figure in figures:
        if figure.value is not None or figure.code is not None:
            cells.setdefault((figure.report, figure.key, figure.measure), []).append(figure)
    found = {}
    for printed in cells.values():
        for figure in printed:
            others = {o.printed for o in printed if (o.value, o.code) != (figure.value, figure.code)}
            if others:
                shown = ", ".join(sorted(others))
                found[figure] = Label(f"imprimé ailleurs\u00a0: {shown}", f"printed elsewhere: {shown}")
    return found


def _unprinted(told: Told, runs: Mapping[str, Run]) -> Iterator[Entry]:
    """Yield an entry for each computed cell that a complete printed table lacks: printed blank, zero."""
    for name in told.complete:
        printed = [figure for figure in told.figures if figure.report == name]
        if name not in runs or not printed:
            continue
        found = runs[name]
        keys = {(figure.key, figure.measure) for figure in printed}
        for key in found.all_rows:
            if TOTAL in key.split("/"):
                continue
            for measure in dict.fromkeys(figure.measure for figure in printed):
                if (key, measure) in keys:
                    continue
                low, high = found.known(key, measure)
                if low is None:  # nobody was asked, and nothing is printed
                    continue
                blank = Figure(name, key, measure, printed[0].place, 0, "", Decimal(0), 0, None, None, None)
                status = "reproduced" if _is_equal(blank, low, high) else _status_of_open(blank, found, low, high)
                yield _entry_of(blank, low, high, status)


_WITHOUT_QUERY = {"source": "source", "wording": "wording"}


def _claims(claims: Iterable[Claim], heard: Heard) -> Iterator[Entry]:
    """Yield an entry for each claim that could be checked: by its query without inferred rows, else with them.

    A query that fails in either pass is an error: success in one pass does not make up for failure in the other.
    """
    for claim in claims:
        if _is_unchecked(claim, heard):
            continue
        verdict = None
        if claim.offenders is None:
            status = _WITHOUT_QUERY.get(claim.kind, "published_only")
        else:
            verdict = heard.reported[claim.offenders]
            status = "error" if verdict.failed else "reproduced"
            if not verdict.failed and not verdict.holds:
                verdict = heard.all_rows[claim.offenders]
                holds = "reproduced_with_inferred" if verdict.holds else "contradicted"
                status = "error" if verdict.failed else holds
            if claim.kind == "consistency" and verdict.holds:
                continue  # print agrees with print: no figure of its own, and no evidence about the rows
        because = Label(verdict.text, verdict.text) if verdict and verdict.text else None
        yield Entry(
            CLAIMS, claim.claim, STATEMENT, claim.printed, claim.place, None, None, status, because, claim.statement
        )


def _is_unchecked(claim: Claim, heard: Heard) -> bool:
    if claim.offenders is None:
        return False
    asked = (found.get(claim.offenders) for found in (heard.reported, heard.all_rows))
    return any(verdict is not None and verdict.unchecked for verdict in asked)


def _in_words(low: Value, high: Value) -> str:
    if low is None:
        return "no number, since nobody was asked"
    return f"{low} or more" if high is None else "–".join(dict.fromkeys(str(value) for value in (low, high)))


def _explained(
    entries: list[Entry], explanations: Iterable[Explanation], evidence: Mapping[str, Verdict]
) -> tuple[list[Entry], list[str]]:
    """Give contradictions their explanation; return the problems: unexplained, stale, or refuted by evidence."""
    given = {(one.report, one.key, one.measure): one for one in explanations}
    contradicted = {entry.cell for entry in entries if entry.status == "contradicted"}
    problems = [
        f"{' '.join(cell)}: explained, but nothing printed there disagrees; remove the explanation"
        for cell in given
        if cell not in contradicted
    ]
    explained = []
    for entry in entries:
        if entry.status != "contradicted":
            explained.append(entry)
            continue
        name, one = " ".join(entry.cell), given.get(entry.cell)
        if one is None:
            seen = f"; {entry.because.en}" if entry.because else ""
            shown = _in_words(entry.low, entry.high)
            problems.append(f"{name}: printed {entry.printed or 'blank'}, computed {shown}{seen}; not explained")
            explained.append(entry)
            continue
        verdict = evidence.get(one.evidence or "") or Verdict(holds=True)
        if verdict.failed:
            entry = replace(entry, status="error", because=Label(verdict.text, verdict.text))  # noqa: PLW2901
        else:
            entry = replace(entry, because=one.because)  # noqa: PLW2901
        if not verdict.holds and not verdict.unchecked:
            problems.append(f"{name}: the evidence of its explanation fails: {verdict.text}")
        explained.append(entry)
    return explained, problems
