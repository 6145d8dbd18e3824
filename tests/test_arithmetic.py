"""What cannot be right as it is printed: means, shares, tables and classes, in figures alone and through a load."""

from __future__ import annotations

import csv
import json
from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import URL

from jumelage.content import root
from jumelage.errors import UsageError
from jumelage.report_file import Report, parse_report, report
from jumelage.reporting.arithmetic import Arithmetic, arithmetic
from jumelage.reporting.classes import class_of, faults_of
from jumelage.reporting.entries import Figure, Heard, Run, Told
from jumelage.reporting.judging import judge
from jumelage.reporting.possible import Rounded, ends_of
from jumelage.reporting.sheet import Value
from jumelage.texts import Label
from tests.conftest import Result, WaveFolder, address, run

WORD = Label("mot", "word")
SHIPPED = {name: report(name) for name in ("participation", "response", "distribution", "management")}


def made(name: str, table: str, key: str = "class", labels: str = "") -> Report:
    """Make a report with a key and the measures n, k, share and mean."""
    columns = "\n".join(f'{one} = {{ fr = "{one}", en = "{one}" }}' for one in (key, "n", "k", "share", "mean"))
    named = f"[labels.{key}]\n{labels}\n" if labels else ""
    header = f'title = {{ fr = "T", en = "T" }}\nkey = ["{key}"]\n[table]\n{table}\n[columns]\n{columns}\n{named}'
    return parse_report(name, f"/*\n{header}*/\nwith detail as (select 1)\n-- cells\nselect 1\n")


def figure(name: str, key: str, measure: str, printed: str, place: str = "p. 1", **more: Decimal) -> Figure:
    try:
        value = Decimal(printed)
    except ArithmeticError:
        value = None
    decimals = None if value is None else len(printed.partition(".")[2])
    least, share = more.get("at_least"), more.get("more_than_share")
    return Figure(name, key, measure, place, 1, printed, value, decimals, None, least, share)


def indicator(key: str, printed: str, **more: Decimal) -> Figure:
    return figure("participation", key, "value", printed, "p. 1", **more)


def judged(*figures: Figure, frame: int | None = None, complete: tuple[str, ...] = (), **own: Report) -> Arithmetic:
    return arithmetic(figures, SHIPPED | own, complete, frame)


def why(found: Arithmetic) -> list[str]:
    return [text.en for text in (*found.impossible.values(), *found.together.values())]


# Printed, the base, whether some whole number gives it; worked out by hand.
MEANS = [
    ("3.47", 25, False),  # 86/25 = 3.44, 87/25 = 3.48
    ("3.48", 25, True),
    ("4", 25, True),
    ("5.19", 28, False),  # Brown and Heathers: 145/28 = 5.1786, 146/28 = 5.2143
    ("5.18", 28, True),
    ("5.21", 28, True),
    ("5.17", 28, True),  # 145/28 cut off
    ("5.22", 28, False),
    ("2.5", 2, True),
    ("2.4", 2, False),
    ("0.1", 8, True),  # 1/8 = 0.125 rounds to 0.1
    ("0.12", 8, True),  # a tie to even, half down, or cut off
    ("0.13", 8, True),  # a tie half up
    ("0.14", 8, False),
    ("3", 1, True),
    ("3.0", 1, True),
    ("3.1", 1, False),
    ("0", 7, True),
    ("0.00", 7, True),
    ("0.1", 7, True),  # 1/7 = 0.143
    ("0.2", 7, True),  # 2/7 = 0.286 cut off
    ("0.2", 9, True),
    ("0.8", 3, False),  # 2/3 = 0.667
    *[(f"3.{cents:02}", 100, True) for cents in range(0, 100, 7)],
    *[(f"3.{cents:02}", 137, True) for cents in range(0, 100, 7)],
    ("999999999999.5", 3, False),  # .333 and .667
    ("999999999999.3", 3, True),
    ("-1", 25, False),
    ("-0.01", 25, False),
]


@pytest.mark.parametrize(("printed", "base", "possible"), MEANS)
def test_a_mean_that_no_whole_number_gives(printed: str, base: int, possible: bool) -> None:
    mean = indicator("mean_agreements", printed)
    found = judged(mean, indicator("responded", str(base)))
    assert list(found.impossible) == ([] if possible else [mean])
    assert not found.together


def test_what_is_said_names_the_nearest_quotients_in_both_languages() -> None:
    (said,) = judged(indicator("mean_agreements", "3.47"), indicator("responded", "25")).impossible.values()
    assert said.en == "no whole number of agreements over 25 gives it: 86/25 = 3.44, 87/25 = 3.48"
    assert said.fr == "aucun nombre entier d’accords sur 25 ne le donne\u00a0: 86/25 = 3,44, 87/25 = 3,48"
    (said,) = judged(indicator("mean_agreements", "5.19"), indicator("responded", "28")).impossible.values()
    assert said.en.endswith("145/28 ≈ 5.179, 146/28 ≈ 5.214")


def test_a_base_of_none_has_no_mean() -> None:
    none = indicator("responded", "0")
    assert why(judged(indicator("mean_agreements", "2"), none)) == ["the base printed is 0"]
    assert why(judged(indicator("mean_agreements", "0"), none)) == []
    assert why(judged(indicator("mean_agreements", "-2"), none)) == ["a quotient of counts is not negative"]


def test_both_numbers_that_are_printed_make_the_quotient() -> None:
    mean = indicator("mean_agreements", "3.96")
    counts = indicator("responded", "25"), indicator("agreements", "100")
    assert why(judged(mean, *counts)) == ["100/25 = 4"]
    assert why(judged(mean, indicator("responded", "25"), indicator("agreements", "99"))) == []
    # A number that is printed twice, each time another one: either may be the right one.
    assert why(judged(mean, *counts, indicator("agreements", "99"))) == []
    assert why(judged(mean, indicator("responded", "24"), indicator("responded", "26"))) == []  # 103/26 = 3.96
    assert why(
        judged(indicator("mean_agreements", "3.97"), indicator("responded", "24"), indicator("responded", "26"))
    ) == ["no printed base, 24 or 26, gives it"]


def test_a_base_in_words_is_a_range() -> None:
    several = indicator("responded", "several", at_least=Decimal(2))
    assert why(judged(indicator("mean_agreements", "3.47"), several)) == []  # 52/15
    assert why(judged(indicator("mean_agreements", "3.47"), several, frame=14)) == [
        "no printed base, several, gives it"
    ]
    assert why(judged(indicator("mean_agreements", "3.47"), several, frame=15)) == []
    one = indicator("mean_agreements", "0.04")
    base, least = indicator("responded", "25"), indicator("agreements", "several", at_least=Decimal(2))
    assert why(judged(one, base, indicator("agreements", "some", at_least=Decimal(1)))) == []
    assert why(judged(one, base, least)) == ["“several” over 25 cannot give it"]
    assert why(judged(indicator("mean_agreements", "many", at_least=Decimal(3)), base)) == []


def test_where_no_base_is_printed_none_up_to_the_number_contacted_may_give_it() -> None:
    mean = indicator("mean_agreements", "3.47")
    assert why(judged(mean)) == []
    assert why(judged(mean, frame=14)) == ["no base up to 14 gives it; the smallest would be 15"]
    assert why(judged(mean, indicator("contacted", "14"))) == []  # printed, but the frame is not known
    assert why(judged(mean, indicator("contacted", "15"), frame=14)) == []
    said = why(judged(mean, indicator("agreements", "100"), frame=40))
    assert said == ["no base up to 40 gives it with the printed 100"]  # 100/29 = 3.448, 100/28 = 3.571


def rate(printed: str, size: str = "20000_29999") -> Figure:
    return figure("response", f"2006/{size}", "response_rate", printed)


def contacted(printed: str, size: str = "20000_29999") -> Figure:
    return figure("response", f"2006/{size}", "contacted", printed)


@pytest.mark.parametrize(
    ("printed", "base", "possible"),
    [
        ("86.2", 29, True),  # 25/29
        ("86.4", 29, False),
        ("86", 29, True),
        ("88", 29, False),  # 25/29 = 86.2, 26/29 = 89.7
        ("89", 29, True),  # 89.7 cut off
        ("50", 1, False),
        ("100", 1, True),
        ("0", 1, True),
        ("100", 3, True),
        ("100.5", 3, False),
        ("99.9", 3, False),
        ("12", 8, True),
        ("13", 8, True),
        ("12.5", 8, True),
        ("14", 8, False),
    ],
)
def test_a_share_that_no_part_of_its_base_gives(printed: str, base: int, possible: bool) -> None:
    found = judged(rate(printed), contacted(str(base)))
    assert list(found.impossible) == ([] if possible else [rate(printed)])
    other = judged(rate(printed), contacted(str(base), "total"))  # the base of another row
    assert bool(other.impossible) == (Decimal(printed) > 100)


def test_a_share_is_no_more_than_all_and_its_base_is_that_of_its_own_row() -> None:
    assert why(judged(rate("120"))) == ["that is more than all of what it is a share of"]
    found = judged(rate("86.4", "total"), indicator("contacted", "29"))
    assert why(found) == [
        "no whole number of authorities that responded over 29 gives it: 25/29 ≈ 86.21%, 26/29 ≈ 89.66%"
    ]
    responded = figure("response", "2006/total", "responded", "25")
    assert why(judged(rate("89.7", "total"), responded, indicator("contacted", "29"))) == ["25/29 ≈ 86.21%"]


SHARES = made(
    "shares",
    'kind = "distribution"\ncounts = { k = "engaged", share = "engaged / engaged %" }',
    labels='a = { fr = "A", en = "A" }\nb = { fr = "B", en = "B" }\nc = { fr = "C", en = "C" }',
)


def shares(*printed: str, total: str = "") -> list[Figure]:
    found = [figure("shares", key, "share", text) for key, text in zip("abc", printed, strict=False)]
    return [*found, *([figure("shares", "total", "share", total)] if total else [])]


@pytest.mark.parametrize(
    ("printed", "complete", "possible"),
    [
        (("33", "33", "33"), False, True),
        (("33.3", "33.3", "33.3"), False, True),
        (("34", "34", "33"), False, True),  # 101: 33.5, 33.5 and 33
        (("34", "34", "34"), False, False),  # at least 33.5 + 33.5 + 33.5
        (("32", "33", "33"), False, True),  # cut off: less than 33, 34 and 34
        (("32", "32", "33"), False, False),  # cut off they are less than 33 + 33 + 34 = 100
        (("30", "30", "30"), False, False),
        (("50", "50", "0"), False, True),
        (("100", "0", "0"), False, True),
        (("100", "1", "0"), False, True),  # 99.5 and 0.5
        (("100", "1", "1"), False, False),
        (("40", "40"), False, True),  # one class is not printed
        (("40", "40"), True, False),
        (("60", "60"), False, False),
    ],
)
def test_shares_that_cannot_add_up_to_all(printed: tuple[str, ...], complete: bool, possible: bool) -> None:
    given = shares(*printed)
    found = judged(*given, complete=("shares",) if complete else (), shares=SHARES)
    assert list(found.together) == ([] if possible else given)
    assert not found.impossible


def test_what_is_said_of_shares() -> None:
    (said,) = set(judged(*shares("34", "34", "34"), shares=SHARES).together.values())
    assert said.en == "the 3 printed shares add up to 102; no usual rounding makes that 100"
    assert said.fr == "les 3 parts imprimées font ensemble 102\u00a0; aucun arrondi usuel n’en fait 100"


def test_a_total_of_shares_is_all_or_what_its_parts_add_up_to() -> None:
    for total, possible in (("100", True), ("99", True), ("98", False), ("101", False)):
        found = judged(*shares("33", "33", "33", total=total), shares=SHARES)
        assert bool(found.impossible) != possible, total
    assert why(found) == ["all of it is 100, and its printed parts add up to 99"]


def test_the_base_of_a_table_gives_all_its_shares() -> None:
    base = indicator("engaged", "21")
    assert why(judged(*shares("33", "33", "33"), base, shares=SHARES)) == []
    for sound in (("48", "48", "5"), ("52.4", "47.6", "0.0"), ("29", "29", "43"), ("47.6", "47.6", "4.7")):
        assert why(judged(*shares(*sound), base, shares=SHARES)) == [], sound
    # One is wrong by itself, and nothing is said of the others.
    said = why(judged(*shares("9.5", "42.9", "47.7"), base, shares=SHARES))
    assert said == ["no whole number of engaged authorities over 21 gives it: 10/21 ≈ 47.62%, 11/21 ≈ 52.38%"]
    # 1, 3 and 3 of 7 make 14, 43 and 43; 1 and 6 would, too, but 2, 3 and 3 are 8.
    assert why(judged(*shares("14", "43", "43"), indicator("engaged", "7"), shares=SHARES)) == []
    given = shares("28", "43", "29")  # 28.57 cut off, and rounded: a table is rounded in one way
    found = judged(*given, indicator("engaged", "7"), shares=SHARES)
    assert list(found.together) == given
    assert set(why(found)) == {"no whole numbers over 7 give 28 + 43 + 29 together"}
    # 10, 10 and 29 of 50 are one too few, though with roundings the shares could be 100.
    found = judged(*shares("20", "20", "58"), indicator("engaged", "50"), shares=SHARES)
    assert set(why(found)) == {"no whole numbers over 50 give 20 + 20 + 58 together"}


def test_the_smallest_bases_of_a_table_are_told_and_none_is_a_contradiction() -> None:
    found = judged(*shares("33", "33", "33"), frame=29, shares=SHARES)
    assert {text.en for text in found.remarks.values()} == {
        "base not printed; the smallest that give all quotients of the table: 3, 6, 9"
    }
    assert not found.together
    # 2/7 and 3/11: each alone has a base, but the first that both have is 77.
    given = shares("28.57", "27.27")
    found = judged(*given, frame=50, shares=SHARES)
    assert list(found.together) == given
    assert set(why(found)) == {"no base up to 50 gives 28.57 + 27.27 together; the smallest would be 77"}
    assert not judged(*given, frame=77, shares=SHARES).together


OWN = made("own", 'kind = "margin"\nquotients = { mean = "k / n", share = "k / n %" }')


def test_a_table_of_a_waves_own_says_what_its_quotients_are_of() -> None:
    base, share = figure("own", "1", "n", "25"), figure("own", "1", "share", "120")
    assert why(judged(figure("own", "1", "mean", "3.47"), base, own=OWN)) == [
        "no whole number of “k” over 25 gives it: 86/25 = 3.44, 87/25 = 3.48"
    ]
    assert why(judged(figure("own", "2", "mean", "3.47"), base, own=OWN)) == []
    assert why(judged(share, base, own=OWN)) == []  # nothing says that what is counted is a part of the base
    mixed = made("mixed", 'kind = "margin"\ncounts = { n = "responded" }\nquotients = { mean = "k / n" }')
    mean = figure("mixed", "total", "mean", "3.47")
    assert why(judged(mean, indicator("responded", "25"), mixed=mixed))
    assert not why(judged(mean, indicator("responded", "15"), mixed=mixed))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("quotients = 1", "quotients must be a table"),
        ('quotients = { mean = "k" }', "'k' is no quotient of two measures"),
        ('quotients = { mean = "k / m" }', "unknown measure 'm'"),
        ('quotients = { average = "k / n" }', "unknown measure 'average'"),
        ('counts = { mean = "towns" }\nquotients = { mean = "k / n" }', "mean is in counts and in quotients"),
    ],
)
def test_what_a_quotient_cannot_be_is_told(table: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        made("own", f'kind = "margin"\n{table}')


ANSWERS = made(
    "asks", 'kind = "margin"\ncounts = { n = "asked", share = "answers / asked %" }\nquestion = "q"\nitems = "class"'
)


def test_answers_of_which_several_are_possible_need_not_add_up() -> None:
    given = [figure("asks", key, "share", text) for key, text in (("1", "80"), ("2", "60"), ("3", "40"))]
    assert why(judged(*given, complete=("asks",), asks=ANSWERS)) == []
    base = figure("asks", "total", "n", "15")
    assert why(judged(*given, base, asks=ANSWERS)) == []
    assert len(why(judged(*given, figure("asks", "1", "n", "7"), base, asks=ANSWERS))) == 1  # of its own row first
    other = made("other", 'kind = "margin"\ncounts = { n = "asked" }\nquestion = "r"\nitems = "class"')
    assert why(judged(*given, figure("other", "total", "n", "7"), asks=ANSWERS, other=other)) == []


def test_a_mean_by_country_is_over_all_that_responded() -> None:
    zones = parse_report(
        "by_zone",
        '/*\ntitle = { fr = "T", en = "T" }\nkey = ["zone"]\n[table]\nkind = "share"\n'
        'counts = { mean = "agreements / responded" }\n[columns]\nzone = { fr = "Z", en = "Z", codes = "zones" }\n'
        'mean = { fr = "M", en = "M" }\n*/\nwith detail as (select 1)\n-- cells\nselect 1\n',
    )
    mean = figure("by_zone", "eu", "mean", "3.47")
    assert len(why(judged(mean, indicator("responded", "25"), by_zone=zones))) == 1
    eu = figure("zones", "eu", "agreements", "87")
    given = SHIPPED | {"by_zone": zones, "zones": report("zones")}
    found = arithmetic((figure("by_zone", "eu", "mean", "3.45"), indicator("responded", "25"), eu), given)
    assert why(found) == ["87/25 = 3.48"]


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("de 1 à 3", "fr", (1, 3, "")),
        ("1–3", "fr", (1, 3, "")),
        ("1-3 accords", "fr", (1, 3, "accord")),
        ("entre 3 et 5 ans", "fr", (3, 5, "an")),
        ("plus de 5", "fr", (6, None, "")),
        ("Plus de 10 ans", "fr", (11, None, "an")),
        ("10 ans ou moins", "fr", (0, 10, "an")),
        ("5 et plus", "fr", (5, None, "")),
        ("5 accords ou plus", "fr", (5, None, "accord")),
        ("moins de 2", "fr", (0, 1, "")),
        ("20 000 à 30 000", "fr", (20000, 30000, "")),
        ("20\u202f000 à moins de 30\u202f000", "fr", (20000, 29999, "")),
        ("un à trois", "fr", (1, 3, "")),
        ("aucun", "fr", (0, 0, "")),
        ("quatre", "fr", (4, 4, "")),
        ("1,5 à 3", "fr", None),
        ("5 à 3", "fr", None),
        ("6 mois à 2 ans", "fr", None),
        ("Sans données", "fr", None),
        ("aucune réponse", "fr", None),
        ("1 to 3", "en", (1, 3, "")),
        ("from 1 to 3", "en", (1, 3, "")),
        ("3–5", "en", (3, 5, "")),
        ("5 and more", "en", (5, None, "")),
        ("5+", "en", (5, None, "")),
        ("over 5", "en", (6, None, "")),
        ("fewer than 2", "en", (0, 1, "")),
        ("Up to 10 years", "en", (0, 10, "year")),
        ("20,000 to 29,999", "en", (20000, 29999, "")),
        ("2 to under 5", "en", (2, 4, "")),
        ("none", "en", (0, 0, "")),
        ("No data", "en", None),
        ("2006", "en", (2006, 2006, "")),
    ],
)
def test_a_class_is_read_as_it_is_called(text: str, lang: str, expected: object) -> None:
    assert class_of(text, lang) == expected


def named(fr: str, en: str = "") -> dict[str, Label]:
    return {str(i): Label(*pair) for i, pair in enumerate(zip(fr.split(";"), (en or fr).split(";"), strict=True))}


def test_classes_that_overlap_or_leave_a_gap() -> None:
    found = faults_of(named("1-3;3-5;plus de 5"), closed=True)
    assert set(found) == {"0", "1"}
    assert found["0"].en == "the classes “1-3” and “3-5” both have the number 3"
    assert found["0"].fr == "les classes «\u00a01-3\u00a0» et «\u00a03-5\u00a0» ont toutes deux le nombre 3"
    assert set(faults_of(named("x;y;z", "1 to 3;3 to 5;5 and more"), closed=True)) == {"0", "1", "2"}
    assert faults_of(named("20 000 à 30 000;30 000 à 50 000"), closed=True)["1"].en.endswith(
        "both have the number 30000"
    )
    gap = faults_of(named("moins de 2;3 à 5;plus de 6"), closed=True)
    assert gap["0"].en == "between “moins de 2” and “3 à 5”, no class has 2"
    assert set(gap) == {"0", "1", "2"}
    assert faults_of(named("0 à 2;10 et plus"), closed=True)["0"].en.endswith("no class has 3–9")
    assert faults_of(named("0 à 2;10 et plus"), closed=False) == {}
    for sound in ("0;1 à 2;3 et plus", "1 à 3;4 à 6;Sans données", "moins de 6 mois;1 à 2 ans", "2006;2008;2006"):
        assert faults_of(named(sound), closed=True) == {}, sound


def test_the_classes_of_this_project_neither_overlap_nor_leave_a_gap() -> None:
    with (root() / "schema" / "codes" / "size_classes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for kind in {row["kind"] for row in rows}:
        labels = {row["code"]: Label(row["label_fr"], row["label_en"]) for row in rows if row["kind"] == kind}
        assert faults_of(labels, closed=True) == {}
    for row in rows:
        bounds = int(row["least"]), int(row["below"]) - 1 if row["below"] else None, ""
        assert class_of(row["label_fr"], "fr") == class_of(row["label_en"], "en") == bounds
    assert faults_of(report("seniority").column("seniority").labels or {}, closed=True) == {}


def test_a_class_that_overlaps_is_remarked_and_no_contradiction() -> None:
    labels = 'a = { fr = "1 à 3", en = "1 to 3" }\nb = { fr = "3 à 5", en = "3 to 5" }'
    overlap = made("overlap", 'kind = "distribution"', labels=labels)
    given = [figure("overlap", key, "k", "4") for key in ("a", "b", "total")]
    found = judged(*given, overlap=overlap)
    assert set(found.remarks) == set(given[:2])
    assert not why(found)
    rows: dict[str, dict[str, Value]] = {key: {"class": key, "k": 4} for key in ("a", "b")}
    entries = judge(Told(tuple(given[:2])), {"overlap": Run(overlap, rows, rows, {})}, {}, Heard()).entries
    assert {entry.status for entry in entries} == {"reproduced"}
    assert all(entry.because and "both have the number 3" in entry.because.en for entry in entries)


WAYS = (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_HALF_DOWN, ROUND_DOWN)


def rounded(part: int, base: int, scale: int, decimals: int, way: str) -> str:
    """Round a quotient exactly, in one of the usual ways."""
    exact = Fraction(part * scale * 10**decimals, base)
    down, rest = divmod(exact.numerator, exact.denominator)
    twice = 2 * rest - exact.denominator
    up = {
        ROUND_DOWN: False,
        ROUND_HALF_UP: twice >= 0,
        ROUND_HALF_DOWN: twice > 0,
        ROUND_HALF_EVEN: twice > 0 or (twice == 0 and down % 2 == 1),
    }[way]
    return f"{Decimal(down + up).scaleb(-decimals):.{decimals}f}"


@given(st.integers(1, 400), st.integers(0, 5000), st.integers(0, 4), st.sampled_from(WAYS), st.booleans())
def test_what_whole_numbers_make_is_never_a_finding(base: int, part: int, decimals: int, way: str, told: bool) -> None:
    mean = indicator("mean_agreements", rounded(part, base, 1, decimals, way))
    counts = (indicator("responded", str(base)), indicator("agreements", str(part))) if told else ()
    assert why(judged(mean, *counts, frame=base)) == []
    within = part % (base + 1)
    share = rate(rounded(within, base, 100, decimals, way), "total")
    assert why(judged(share, *((indicator("contacted", str(base)),) if told else ()), frame=base)) == []


@given(
    st.lists(st.integers(0, 60), min_size=3, max_size=3).filter(any),
    st.integers(0, 3),
    st.sampled_from(WAYS),
    st.booleans(),
    st.booleans(),
)
def test_a_table_that_whole_numbers_make_is_never_a_finding(
    parts: list[int], decimals: int, way: str, told: bool, complete: bool
) -> None:
    base = sum(parts)
    texts = [rounded(part, base, 100, decimals, way) for part in parts]
    total = str(sum(map(Decimal, texts)))
    counts = (indicator("engaged", str(base)),) if told else ()
    given_ = (*shares(*texts, total=total), *counts)
    assert why(judged(*given_, frame=base, complete=("shares",) if complete else (), shares=SHARES)) == []


@given(st.integers(1, 60), st.decimals(0, 20, places=2), st.integers(0, 60))
def test_what_is_possible_is_what_trying_everything_finds(base: int, value: Decimal, part: int) -> None:
    one = Rounded(ends_of(value, 2), 1, within=False)
    tried = {rounded(k, base, 1, 2, way) for k in range(22 * base) for way in WAYS}
    assert one.fits((base, base)) == (f"{value:.2f}" in tried)
    this = {rounded(part, base, 1, 2, way) for way in WAYS}
    assert one.fits((base, base), (part, part)) == (f"{value:.2f}" in this)


# Nothing of it is computed from rows: only what is printed can be held against itself.
PROJECTS = """\
/*
title = { fr = "Projets", en = "Projects" }
key = ["size"]
[table]
kind = "distribution"
counts = { towns = "responded", share = "responded / responded %" }
quotients = { mean = "projects / towns" }
[columns]
size = { fr = "Projets", en = "Projects" }
towns = { fr = "Villes", en = "Towns", high = "towns_high" }
towns_high = { fr = "Villes au plus", en = "Towns at most" }
share = { fr = "Part, %", en = "Share, %", high = "share_high" }
share_high = { fr = "Part au plus, %", en = "Share at most, %" }
projects = { fr = "Projets", en = "Projects", high = "projects_high" }
projects_high = { fr = "Projets au plus", en = "Projects at most" }
mean = { fr = "Moyenne", en = "Mean", high = "mean_high" }
mean_high = { fr = "Moyenne au plus", en = "Mean at most" }
[labels.size]
few = { fr = "1 à 3", en = "1 to 3" }
many = { fr = "3 et plus", en = "3 and more" }
*/
with detail as (
    select c.size, r.city, 0 as towns, 0 as share, 0 as projects, 0 as mean, r.source
    from respondents r
    cross join (select 'few' as size union all select 'many') c
)
-- cells
select
    d.size as size,
    sum(d.towns) as towns,
    count(*) as towns_high,
    sum(d.share) as share,
    100 as share_high,
    sum(d.projects) as projects,
    1000 as projects_high,
    sum(d.mean) as mean,
    1000 as mean_high
from detail d
group by d.size
order by d.size
"""
SOUND = "few,towns,2,p. 3\nfew,share,66.7,p. 3\nmany,share,33.3,p. 3\nfew,mean,2.5,p. 3\n"


def check(url: URL, *options: object) -> Result:
    return run("check", "--wave", "tiny", "--db", address(url), *options)


@pytest.fixture
def projects(migrated: URL, tiny_wave: WaveFolder) -> WaveFolder:
    tiny_wave.write("reports/projects.sql", PROJECTS)
    tiny_wave.write("published/projects.csv", f"size,measure,printed,place\n{SOUND}")
    tiny_wave.replace("wave.toml", "[sources]", '[printed]\ndecimal = "."\n[sources]')
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    return tiny_wave


def reload(url: URL, wave: WaveFolder) -> None:
    done = run("load", wave.path, "--reason", "a test", "--accept-loss", "--db", address(url))
    assert done.code == 0, done.err


def test_the_ledger_says_what_cannot_be_right_as_printed(migrated: URL, projects: WaveFolder) -> None:
    done = check(migrated, "--format", "json")
    assert done.code == 0, done.err
    assert {entry["status"] for entry in json.loads(done.out)} == {"bounded"}
    projects.replace("published/projects.csv", "few,mean,2.5,", "few,mean,2.4,")
    projects.replace("published/projects.csv", "many,share,33.3,", "many,share,50.0,")
    reload(migrated, projects)
    because = {
        "en": [
            "no whole number of “Projects” over 2 gives it: 4/2 = 2, 5/2 = 2.5",
            "the 2 printed shares add up to 116.7; no usual rounding makes that 100",
            "the classes “1 to 3” and “3 and more” both have the number 3",
        ],
        "fr": [
            "aucun nombre entier de « Projets » sur 2 ne le donne : 4/2 = 2, 5/2 = 2,5",
            "les 2 parts imprimées font ensemble 116,7 ; aucun arrondi usuel n’en fait 100",
            "les classes « 1 à 3 » et « 3 et plus » ont toutes deux le nombre 3",
        ],
    }
    for lang, texts in because.items():
        for format_ in ("table", "csv", "json"):
            done = check(migrated, "--format", format_, "--lang", lang)
            assert done.code == 1
            assert all(text in done.out for text in texts), done.out
        entries = {(one["key"], one["measure"]): one for one in json.loads(done.out)}
        mean = entries["few", "mean"]
        assert (mean["report"], mean["printed"], mean["place"]) == ("projects", "2.4", "p. 3")
        assert mean["because"].startswith(texts[0])
        assert {cell: one["status"] for cell, one in entries.items()} == {
            ("few", "towns"): "bounded",
            ("few", "share"): "contradicted",
            ("many", "share"): "contradicted",
            ("few", "mean"): "contradicted",
        }
        assert entries["few", "towns"]["because"] == texts[2]
    assert f"projects few mean: printed 2.4, computed 0–1000; {because['en'][0]}" in done.err
    printed = run("report", "projects", "--printed", "--wave", "tiny", "--format", "json", "--db", address(migrated))
    (few,) = [row for row in json.loads(printed.out) if row["size"] == "few"]
    assert (few["mean_status"], few["share_status"], few["towns_status"]) == ("contradicted", "contradicted", "bounded")


@pytest.mark.on_duckdb
def test_what_cannot_be_right_may_be_explained(migrated: URL, projects: WaveFolder) -> None:
    projects.replace("published/projects.csv", "few,mean,2.5,", "few,mean,2.4,")
    explained = '[[explanations]]\nreport = "projects"\nkeys = ["few"]\nmeasure = "mean"\n'
    projects.append("wave.toml", f'{explained}because.fr = "Faute d’impression."\nbecause.en = "A misprint."')
    reload(migrated, projects)
    done = check(migrated, "--format", "json")
    assert (done.code, "problem" in done.err) == (0, False)
    assert [one["because"] for one in json.loads(done.out) if one["status"] == "contradicted"] == ["A misprint."]
    projects.replace("published/projects.csv", "few,mean,2.4,", "few,mean,2.5,")
    reload(migrated, projects)
    done = check(migrated)
    assert done.code == 1
    assert "projects few mean: explained, but nothing printed there disagrees" in done.err


@pytest.mark.on_duckdb
def test_a_base_is_found_in_another_table_even_where_one_report_alone_is_asked_for(
    migrated: URL, projects: WaveFolder
) -> None:
    projects.replace("published/projects.csv", SOUND, "few,share,66.7,p. 3\n")
    reload(migrated, projects)
    show = ("report", "projects", "--printed", "--wave", "tiny", "--format", "csv", "--db", address(migrated))
    assert "66.7,bounded" in run(*show).out  # 2/3, and three towns were contacted
    projects.write("published/participation.csv", "indicator,measure,printed,place\nresponded,value,2,p. 1\n")
    reload(migrated, projects)
    assert "66.7,contradicted" in run(*show).out
    assert "no whole number of authorities that responded over 2 gives it: 1/2 = 50%, 2/2 = 100%" in check(migrated).err


@pytest.mark.on_duckdb
def test_printed_rates_do_not_add_up_to_that_of_their_total(migrated: URL, tiny_wave: WaveFolder) -> None:
    head = "wave,size_class,measure,printed,place\n"
    lines = ("30000_49999,response_rate,50", "100000_and_over,response_rate,100", 'total,response_rate,"66,7"')
    tiny_wave.write("published/response.csv", head + "".join(f"tiny,{line},p. 1\n" for line in lines))
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    done = check(migrated, "--format", "json")
    assert (done.code, [one["status"] for one in json.loads(done.out)]) == (0, ["reproduced"] * 3), done.err
