"""The status of a figure, from what is printed and what the rows leave open, without any database."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jumelage.report_file import Column, Report
from jumelage.reporting.entries import STATUSES, Claim, Explanation, Figure, Heard, Ledger, Run, Told, Verdict, worst
from jumelage.reporting.judging import judge
from jumelage.reporting.sheet import Value
from jumelage.texts import Label

WORD = Label("mot", "word")
REPORT = Report(
    name="towns",
    title=WORD,
    source=None,
    key=("kind",),
    columns=(
        Column("kind", WORD, codes="kinds"),
        Column("towns", WORD, high="towns_high", base="asked"),
        Column("towns_high", WORD),
        Column("asked", WORD),
    ),
    not_additive=(),
    listing=None,
    sql="",
    detail_sql="",
)
HOLDS, SPEAKS, FAILS = Verdict(holds=True), Verdict(holds=False, text="1 row"), Verdict(False, "no such", failed=True)
LATE = Verdict(holds=False, text="too long", unchecked=True)


def figure(printed: str, key: str = "a", place: str = "p", **more: Decimal) -> Figure:
    value = Decimal(printed) if printed.isdigit() else None
    return Figure(
        "towns", key, "towns", place, 1, printed, value, 0, None, more.get("at_least"), more.get("more_than_share")
    )


def cells(low: Value, high: Value, base: Value = 20, key: str = "a") -> dict[str, dict[str, Value]]:
    return {key: {"kind": key, "towns": low, "towns_high": high, "asked": base}}


def ledger(
    *figures: Figure,
    rows: dict[str, dict[str, Value]],
    reported: dict[str, dict[str, Value]] | None = None,
    sources: dict[tuple[str, str], set[str]] | None = None,
    complete: tuple[str, ...] = (),
    explanations: tuple[Explanation, ...] = (),
    evidence: dict[str, Verdict] | None = None,
) -> Ledger:
    run = Run(REPORT, rows, rows if reported is None else reported, sources or {})
    told = Told(figures, complete, explanations=explanations)
    return judge(told, {"towns": run}, {}, Heard(evidence=evidence or {}))


@pytest.mark.parametrize(
    ("printed", "low", "high", "status"),
    [
        ("5", 5, 5, "reproduced"),
        ("5", 4, 6, "bounded"),
        ("5", 4, None, "bounded"),
        ("5", 0, 20, "published_only"),
        ("5", 6, 9, "contradicted"),
        ("5", 0, 4, "contradicted"),
        ("5", None, None, "contradicted"),
    ],
)
def test_a_number_has_the_status_of_its_range(printed: str, low: Value, high: Value, status: str) -> None:
    found = ledger(figure(printed), rows=cells(low, high))
    assert [entry.status for entry in found.entries] == [status]
    assert bool(found.problems) == (status == "contradicted")


def test_a_count_without_a_computed_row_is_zero() -> None:
    assert ledger(figure("0"), rows={}).counts() == {"reproduced": 1}
    assert ledger(figure("1"), rows={}).counts() == {"contradicted": 1}


def test_inferred_rows_are_told_from_reported_ones() -> None:
    assert ledger(figure("5"), rows=cells(5, 5), reported=cells(4, 4)).counts() == {"reproduced_with_inferred": 1}


def test_rows_made_from_a_figure_do_not_prove_it() -> None:
    assert ledger(figure("5"), rows=cells(5, 5), sources={("a", "towns"): {"towns/a"}}).counts() == {"source": 1}


def test_words_are_held_against_what_they_imply() -> None:
    most = figure("most", more_than_share=Decimal("0.5"))
    assert ledger(most, rows=cells(0, 20)).counts() == {"wording": 1}
    assert ledger(most, rows=cells(0, 10)).counts() == {"contradicted": 1}


def test_what_a_complete_table_lacks_was_printed_blank() -> None:
    rows = {**cells(5, 5), **cells(1, 1, key="b"), **cells(0, 3, key="c")}
    found = ledger(figure("5"), rows=rows, complete=("towns",))
    assert [(entry.key, entry.status) for entry in found.entries] == [
        ("a", "reproduced"),
        ("b", "contradicted"),
        ("c", "bounded"),
    ]


def test_evidence_that_cannot_be_had_is_an_error_and_evidence_against_is_a_problem() -> None:
    why = Explanation("towns", "a", "towns", WORD, "select")
    holds, against, fails = (
        ledger(figure("9"), rows=cells(5, 5), explanations=(why,), evidence={"select": verdict})
        for verdict in (HOLDS, SPEAKS, FAILS)
    )
    assert (holds.counts(), holds.problems) == ({"contradicted": 1}, ())
    assert (against.counts(), len(against.problems)) == ({"contradicted": 1}, 1)
    assert (fails.counts(), len(fails.problems)) == ({"error": 1}, 1)
    late = ledger(figure("9"), rows=cells(5, 5), explanations=(why,), evidence={"select": LATE})
    assert late.unchecked == (("towns", "a", "towns"),)


@pytest.mark.parametrize(
    ("reported", "with_inferred", "status"),
    [
        (HOLDS, None, "reproduced"),
        (SPEAKS, HOLDS, "reproduced_with_inferred"),
        (SPEAKS, SPEAKS, "contradicted"),
        (SPEAKS, FAILS, "error"),
        (FAILS, None, "error"),
        (FAILS, HOLDS, "error"),
    ],
)
def test_a_claim_that_fails_in_either_pass_is_an_error(
    reported: Verdict, with_inferred: Verdict | None, status: str
) -> None:
    for kind in ("figure", "consistency"):
        told = Told((), claims=(Claim("c", "p", "1", WORD, kind, "select"),))
        heard = Heard({"select": reported}, {"select": with_inferred} if with_inferred else {})
        found = judge(told, {}, {}, heard)
        passes = status.startswith("reproduced")
        assert found.counts() == ({} if passes and kind == "consistency" else {status: 1})
        assert bool(found.problems) != passes


def test_a_claim_that_nobody_could_check_has_no_status() -> None:
    told = Told((), claims=(Claim("c", "p", "1", WORD, "figure", "select"),))
    for heard in (Heard({"select": LATE}), Heard({"select": SPEAKS}, {"select": LATE})):
        found = judge(told, {}, {}, heard)
        assert (found.entries, found.unchecked) == ((), (("claims", "c", "statement"),))


def test_a_report_that_fails_makes_errors_of_its_figures() -> None:
    found = judge(Told((figure("5"),)), {}, {"towns": "towns.sql: no"}, Heard())
    assert found.counts() == {"error": 1}
    assert found.problems == ("towns.sql: no",)


def test_the_worst_status_is_not_the_last_that_is_listed() -> None:
    assert worst(STATUSES) == "error"
    assert worst(["wording", "bounded"]) == "bounded"
    assert worst(["reproduced", "source"]) == "source"
    assert worst(["published_only", "contradicted"]) == "contradicted"
