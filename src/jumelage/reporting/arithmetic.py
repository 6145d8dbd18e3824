"""What cannot be right as it is printed, whatever the rows are: figures alone, held against other printed figures.

A mean or a share that no whole numbers give, shares that no base gives together, shares that cannot add up to all of
it. No database is needed for it, and nothing is held against a row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from jumelage.content import ALL, TOTAL
from jumelage.reporting.classes import faults_of
from jumelage.reporting.possible import MOST, Range, bases_of, make_the_whole
from jumelage.reporting.quotients import Printed, Quotient, printed_counts, quotients
from jumelage.reporting.sheet import number
from jumelage.texts import Label, both, listed, same

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from jumelage.report_file import Report
    from jumelage.reporting.entries import Figure

_OR, _AND_THEN = Label(" ou ", " or "), Label("\u00a0; ", "; ")
_FEW = 3
_ANY: Range = (0, None)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What printed figures say of each other.

    `impossible` are figures that cannot be right beside what else is printed; of those that are `together` one at
    least cannot; `remarks` are no contradiction.
    """

    impossible: dict[Figure, Label] = field(default_factory=dict)
    together: dict[Figure, Label] = field(default_factory=dict)
    remarks: dict[Figure, Label] = field(default_factory=dict)


def arithmetic(
    figures: Sequence[Figure],
    reports: Mapping[str, Report],
    complete: Collection[str] = (),
    frame: int | None = None,
    labels: Mapping[str, Mapping[str, Mapping[str, Label]]] | None = None,
) -> Arithmetic:
    """Hold printed figures against each other.

    `complete` are the reports whose printed table lacks nothing, `frame` is how many authorities were contacted, and
    `labels` are those of the code lists of each report.
    """
    printed = printed_counts(figures, reports, frame)
    found = Arithmetic()
    tables: dict[tuple[object, ...], list[Quotient]] = {}
    for one in quotients(figures, reports):
        why = None if one.all_of_it else _alone(one, printed)
        if why is not None:
            found.impossible[one.figure] = why
        tables.setdefault(one.table, []).append(one)
    for table in tables.values():
        parts = [one for one in table if not one.all_of_it]
        for one in table:
            if one.all_of_it and not _is_all(one, parts):
                found.impossible[one.figure] = both(
                    "le tout fait {}, et ses parties imprimées {}",
                    "all of it is {}, and its printed parts add up to {}",
                    _shown(Fraction(one.rounded.scale)),
                    _shown(_sum(parts)),
                )
        if len(parts) > 1 and not any(one.figure in found.impossible for one in parts):
            whole = _lacks_nothing(parts, reports[parts[0].figure.report], complete)
            _judge_table(parts, printed, found, whole=whole)
    for figure, fault in _class_faults(figures, reports, labels or {}):
        before = found.remarks.get(figure)
        found.remarks[figure] = fault if before is None else listed((before, fault), _AND_THEN)
    return found


def _bases(one: Quotient, printed: Printed) -> list[Range]:
    """Return which bases a quotient may have: those that are printed, or all up to the number contacted."""
    given = [base for base, _ in printed.of(one.whole)]
    most = printed.most(one.whole[0])
    return given or ([_ANY] if most is None else [(1, most)])


def _alone(one: Quotient, printed: Printed) -> Label | None:
    """Say why no whole numbers give a quotient; None if some do."""
    bases, over = _bases(one, printed), printed.of(one.part)
    parts = [part for part, _ in over] or [_ANY]
    if any(one.rounded.fits(base, part) for base in bases for part in parts):
        return None
    return _never(one) or _with_printed(one, bases, printed.of(one.whole), over)


def _never(one: Quotient) -> Label | None:
    """Say why no base at all gives a quotient; None if that is not why."""
    if one.rounded.ends[0].high < 0:
        return Label("un quotient de nombres comptés n’est pas négatif", "a quotient of counts is not negative")
    if one.rounded.within and one.rounded.ends[0].low > one.rounded.scale:
        return Label("c’est plus que le tout dont c’est une part", "that is more than all of what it is a share of")
    return None


def _with_printed(
    one: Quotient, bases: Sequence[Range], given: Sequence[tuple[Range, str]], over: Sequence[tuple[Range, str]]
) -> Label:
    """Say why what is printed does not give a quotient: its bases, or `given` ones, and what is `over` them."""
    low, high = bases[0]
    if len(bases) > 1 or high is None or low != high:
        return _no_base(one, bases, given, over)
    if high == 0:
        return Label("la base imprimée est 0", "the base printed is 0")
    exact = [part for part, _ in over if part[0] == part[1]]
    if exact:
        return listed([_division(one, part, high) for part, _ in exact], _AND_THEN)
    if over:
        texts = listed([both("«\u00a0{}\u00a0»", "“{}”", text) for _, text in over], _OR)
        return both("{} sur {} ne peut le donner", "{} over {} cannot give it", texts, high)
    near = int(Fraction(one.figure.value or 0) * high / one.rounded.scale)
    return both(
        "aucun nombre entier {} sur {} ne le donne\u00a0: {}, {}",
        "no whole number of {} over {} gives it: {}, {}",
        one.words,
        high,
        _division(one, near, high),
        _division(one, near + 1, high),
    )


def _no_base(
    one: Quotient, bases: Sequence[Range], given: Sequence[tuple[Range, str]], over: Sequence[tuple[Range, str]]
) -> Label:
    texts = listed([same(text) for _, text in over], _OR)
    of = both(" avec {} imprimé", " with the printed {}", texts) if over else same("")
    if given:
        shown = listed([same(text) for _, text in given], _OR)
        return both("aucune des bases imprimées, {}, ne le donne{}", "no printed base, {}, gives it{}", shown, of)
    return both(
        "aucune base jusqu’à {} ne le donne{}{}",
        "no base up to {} gives it{}{}",
        bases[0][1],
        of,
        same("") if over else _smallest([one], bases[0], whole=False),
    )


def _smallest(given: Sequence[Quotient], base: Range, *, whole: bool) -> Label:
    """Say which base beyond a range would be the smallest that gives what is printed."""
    parted = given[0].parted and len(given) > 1
    beyond = ((base[1] or 0) + 1, MOST)
    found = bases_of([one.rounded for one in given], beyond, parted=parted, whole=whole, few=1)
    return both("\u00a0; la plus petite serait {}", "; the smallest would be {}", found[0]) if found else same("")


def _division(one: Quotient, part: int | Range, base: int) -> Label:
    """Write a division with one decimal more than is printed."""
    top = part if isinstance(part, int) else part[0]
    exact = Fraction(top * one.rounded.scale, base)
    places = 10 ** ((one.figure.decimals or 0) + 1)
    near = Fraction(int(exact * places + Fraction(1, 2)), places)
    sign = "=" if near == exact else "≈"
    percent = Label("\u00a0%", "%") if one.rounded.scale != 1 else same("")
    return both("{}/{} {} {}{}", "{}/{} {} {}{}", top, base, same(sign), _shown(near), percent)


def _shown(value: Fraction) -> Label:
    """Write a number that has few decimals."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    exact = Decimal(int(exact)) if exact == int(exact) else exact.normalize()
    return Label(number(exact, "fr"), number(exact, "en"))


def _sum(parts: Iterable[Quotient]) -> Fraction:
    return sum((Fraction(one.figure.value or 0) for one in parts), Fraction(0))


def _is_all(total: Quotient, parts: Sequence[Quotient]) -> bool:
    """Tell whether a printed total of shares is all of it, or what its printed parts add up to, rounded as they are."""
    if any(ends.holds(Fraction(total.rounded.scale)) for ends in total.rounded.ends):
        return True
    return bool(parts) and any(ends.holds(_sum(parts)) for ends in total.rounded.ends)


def _lacks_nothing(parts: Sequence[Quotient], report: Report, complete: Collection[str]) -> bool:
    """Tell whether all classes of a table are printed: the wave says so, or each that the report names is there."""
    if report.name in complete:
        return True
    labels = report.column(parts[0].among).labels if parts[0].among else None
    printed = {part for one in parts for part in one.figure.key.split("/")}
    return bool(labels) and set(labels or ()) - {TOTAL, ALL} <= printed


def _judge_table(parts: Sequence[Quotient], printed: Printed, found: Arithmetic, *, whole: bool) -> None:
    """Judge the quotients of a table that have one base: together one base must give all of them."""
    given, first = [one.rounded for one in parts], parts[0]
    parted = first.parted and all(ALL not in one.figure.key.split("/") for one in parts)
    why = None
    if parted and not make_the_whole(given, whole=whole):
        why = both(
            "les {} parts imprimées font ensemble {}\u00a0; aucun arrondi usuel n’en fait {}",
            "the {} printed shares add up to {}; no usual rounding makes that {}",
            len(parts),
            _shown(_sum(parts)),
            _shown(Fraction(first.rounded.scale)),
        )
    else:
        bases = [base for base in _bases(first, printed) if base[1] != 0]
        if not bases or any(base[1] is None or base[1] - base[0] > MOST for base in bases):
            return
        fit = [n for base in bases for n in bases_of(given, base, parted=parted, whole=whole, few=_FEW)]
        named = printed.of(first.whole)
        if fit and not named:
            said = both(
                "base non imprimée\u00a0; les plus petites qui donnent toutes les parts du tableau\u00a0: {}",
                "base not printed; the smallest that give all quotients of the table: {}",
                ", ".join(map(str, fit)),
            )
            found.remarks.update(dict.fromkeys((one.figure for one in parts), said))
        if not fit:
            why = _no_common_base(parts, bases[0], named, whole=whole)
    if why is not None:
        found.together.update(dict.fromkeys((one.figure for one in parts), why))


def _no_common_base(
    parts: Sequence[Quotient], base: Range, named: Sequence[tuple[Range, str]], *, whole: bool
) -> Label:
    texts = " + ".join(one.figure.printed for one in parts)
    if named:
        shown = listed([same(text) for _, text in named], _OR)
        return both(
            "aucuns nombres entiers sur {} ne donnent ensemble {}",
            "no whole numbers over {} give {} together",
            shown,
            texts,
        )
    return both(
        "aucune base jusqu’à {} ne donne ensemble {}{}",
        "no base up to {} gives {} together{}",
        base[1],
        texts,
        _smallest(parts, base, whole=whole),
    )


def _class_faults(
    figures: Iterable[Figure],
    reports: Mapping[str, Report],
    labels: Mapping[str, Mapping[str, Mapping[str, Label]]],
) -> Iterable[tuple[Figure, Label]]:
    """Yield the figures printed in a class that shares a number with another one, or beside which no class has one.

    Classes are those that a report names, or, of a code list, those that are printed.
    """
    tables: dict[tuple[str, int, tuple[str, ...]], list[Figure]] = {}
    for figure in figures:
        report = reports.get(figure.report)
        for at, column in enumerate(report.key if report else ()):
            spec, parts = report.column(column) if report else None, figure.key.split("/")
            if spec and (spec.labels or spec.codes == "asked_items"):
                others = (*parts[:at], *parts[at + 1 :])
                tables.setdefault((figure.report, at, others), []).append(figure)
    for (name, at, _), printed in tables.items():
        spec = reports[name].column(reports[name].key[at])
        known = spec.labels or labels.get(name, {}).get(spec.codes or "", {})
        here = {figure.key.split("/")[at] for figure in printed}
        named = {code: label for code, label in known.items() if spec.labels or code in here}
        faults = faults_of(named, closed=bool(spec.labels))
        for figure in printed:
            if (code := figure.key.split("/")[at]) in faults:
                yield figure, faults[code]
