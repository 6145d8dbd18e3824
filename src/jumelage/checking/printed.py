"""The publication of a wave, figure by figure: read, understood and staged beside the rows."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from jumelage import content, report_file
from jumelage.checking.brought_queries import wrong_with
from jumelage.database.models import CLAIM_KINDS
from jumelage.database.workbench import put
from jumelage.rules import near

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from jumelage.checking.names import Names
    from jumelage.findings import Findings
    from jumelage.reading.package import Package
    from jumelage.reading.shapes import Rows
    from jumelage.reading.wave_toml import Wave
    from jumelage.report_file import Report

_TYPES = {
    "published_tables": {"report": "varchar"},
    "published_figures": {
        "report": "varchar",
        "key": "varchar",
        "measure": "varchar",
        "place": "varchar",
        "position": "integer",
        "printed": "varchar",
        "value": "decimal(18, 6)",
        "decimals": "integer",
        "code": "varchar",
        "at_least": "decimal(18, 6)",
        "more_than_share": "decimal(18, 6)",
    },
    "explanations": {
        "report": "varchar",
        "key": "varchar",
        "measure": "varchar",
        "because_fr": "varchar",
        "because_en": "varchar",
        "evidence": "varchar",
    },
    "claims": {
        "claim": "varchar",
        "position": "integer",
        "place": "varchar",
        "printed": "varchar",
        "unit": "varchar",
        "statement_fr": "varchar",
        "statement_en": "varchar",
        "kind": "varchar",
        "offenders": "varchar",
    },
}


def stage_published(bench: Connection, package: Package, wave: Wave, names: Names, findings: Findings) -> None:
    """Stage the published figures, explanations and claims; what cannot be understood becomes a finding."""
    figures: list[tuple[object, ...]] = []
    known = names.resolve_all(_names_in(package.published, wave))
    known["waves"] = {wave.code: wave.code}  # of which wave it is printed
    for name, rows in package.published.items():
        figures += _figures(report_file.report(name), rows, wave, names, known, findings)
    _stage(bench, "published_figures", figures)
    _stage(bench, "published_tables", [(report,) for report in dict.fromkeys(wave.printed_complete)])
    _stage(
        bench,
        "explanations",
        [
            (entry.report, key, entry.measure, entry.because.fr, entry.because.en, entry.evidence)
            for entry in wave.explanations
            for key in dict.fromkeys(entry.keys)
        ],
    )
    _stage(bench, "claims", _claims(bench, package.claims, findings))
    for entry in wave.explanations:
        for broken, details in wrong_with(bench, entry.evidence):
            if broken != "not_a_query":  # said already, of the file by itself
                findings.append(package.origin.finding(broken, "explanations.evidence", entry.evidence, **details))


def _stage(bench: Connection, table: str, rows: list[tuple[object, ...]]) -> None:
    kinds = _TYPES[table]
    put(bench, f"staged_{table}", kinds, [[row[i] for row in rows] for i in range(len(kinds))])


def _names_in(published: Mapping[str, Rows], wave: Wave) -> dict[str, set[str]]:
    """Return, by code list, the texts that may be names in it: a name may stand in the key, or be what is printed."""
    found: dict[str, set[str]] = {}
    for name, rows in published.items():
        printed = [without_mark(value, wave)[0] for value in rows.fields["printed"] if value]
        for column in report_file.report(name).columns:
            if column.codes:
                found.setdefault(column.codes, set()).update(filter(None, rows.fields.get(column.name, [])), printed)
    return found


def _figures(
    report: Report, rows: Rows, wave: Wave, names: Names, known: dict[str, dict[str, str]], findings: Findings
) -> Iterable[tuple[object, ...]]:
    codes = {column.name: known[column.codes] for column in report.columns if column.codes}
    seen: dict[tuple[str, ...], int] = {}
    for position, (line, record) in enumerate(rows.records(), 1):

        def wrong(
            column: str, broken: str, line: int = line, record: dict[str, str | None] = record, /, **details: object
        ) -> None:
            findings.append(rows.document.finding(broken, line, column, record[column], **details))

        parts = [_key_part(report, column, record[column], codes, names, wrong) for column in report.key]
        measure, text, place = record["measure"], record["printed"], record["place"]
        if measure not in report.measures:
            wrong("measure", "measure_unknown", report=report.name, near=near(measure or "", report.measures))
            continue
        if place is None:
            wrong("place", "place_missing")
            continue
        if None in parts:
            continue
        key = "/".join(part for part in parts if part)
        text = _with_comma(text, wave.decimal)
        if text and (whole := _two_readings(text, wave.decimal)):
            wrong("printed", "figure_ambiguous", one=whole, other=text.replace(".", wave.decimal))
            continue
        understood = _printed(report, measure, text, key, wave, codes)
        if (unfit := _unfit(understood)) or understood is None:
            wrong("printed", unfit)
            continue
        first = seen.setdefault((key, measure, place), line)
        if first != line:
            wrong("place", "figure_twice", first=first)
            continue
        yield report.name, key, measure, place, position, text, *understood


def _key_part(
    report: Report,
    column: str,
    value: str | None,
    codes: dict[str, dict[str, str]],
    names: Names,
    wrong: _Wrong,
) -> str | None:
    if value is None:
        wrong(column, "value_missing")
        return None
    if value in {content.TOTAL, content.UNKNOWN}:
        return value
    spec = report.column(column)
    if spec.codes and value not in (spec.labels or {}):
        code = codes[column].get(value)
        if code is None:
            wrong(column, "name_unknown", list=spec.codes, near=names.near(spec.codes, value))
        return code
    if spec.codes is None and spec.labels is not None and value not in spec.labels:
        wrong(column, "key_part_unknown", column=column, near=near(value, spec.labels))
        return None
    if spec.labels is None and not re.fullmatch(r"0|[1-9]\d{0,8}", value):
        wrong(column, "key_part_number")
        return None
    return value


def without_mark(text: str, wave: Wave) -> tuple[str, int]:
    """Split a printed name from its mark of several agreements: the name, and the number (1 without a mark)."""
    if wave.several_mark:
        pattern = re.escape(wave.several_mark).replace(re.escape("{n}"), r"(\d{1,3})")
        if found := re.fullmatch(rf"(.*\S)\s+{pattern}", text):
            return found[1], int(found[2])
    return text, 1


def _printed(
    report: Report, measure: str, text: str | None, key: str, wave: Wave, codes: dict[str, dict[str, str]]
) -> tuple[object, ...] | None:
    """Understand a printed text: value, decimals, code, at_least, more_than_share; None if it cannot be."""
    if text is None:
        return None
    words = wave.words.get(text.casefold())
    if words and not (words.more_than_share is not None and report.column(measure).base is None):
        value = None if words.value is None else Decimal(str(words.value))
        return value, None if value is None else 0, None, words.at_least, words.more_than_share
    number = _number(text, wave.decimal)
    if number is not None:
        exponent = number.as_tuple().exponent
        return number, -exponent if isinstance(exponent, int) and exponent < 0 else 0, None, None, None
    if report.column(measure).codes:
        code = codes[measure].get(text)
        return None if code is None else (None, None, code, None, None)
    # A name printed in a list is a cell of one, or of the number in its mark.
    name, several = without_mark(text, wave)
    if any(found.get(name) in key.split("/") for found in codes.values() if name in found):
        return Decimal(several), 0, None, None, None
    return None


def _with_comma(text: str | None, decimal: str) -> str | None:
    """Return a printed text as the wave prints decimals: a cell with a number knows no comma."""
    if text and decimal == "," and re.fullmatch(r"-?\d+\.\d+", text) and not _two_readings(text, decimal):
        return text.replace(".", decimal)
    return text


def _two_readings(text: str, decimal: str) -> str:
    """Return the whole number that a text with a point may be, where it may be a decimal one too; else nothing."""
    found = decimal == "," and re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", text)
    return text.replace(".", "") if found else ""


def _number(text: str, decimal: str) -> Decimal | None:
    """Read a printed number, its thousands set apart by spaces; None if it is none."""
    if not re.fullmatch(rf"-?\d{{1,3}}(?:[ \u00a0\u202f]?\d{{3}})*(?:{re.escape(decimal)}\d+)?", text):
        return None
    return Decimal(re.sub(r"[ \u00a0\u202f]", "", text).replace(decimal, "."))


def _unfit(understood: tuple[object, ...] | None) -> str:
    """Name the rule that a printed text breaks; empty if it can be kept."""
    if understood is None:
        return "figure_not_understood"
    number = understood[0]
    if isinstance(number, Decimal) and not (abs(number) < 10**12 and number == round(number, 6)):
        return "figure_out_of_range"
    return ""


def _claims(bench: Connection, rows: Rows | None, findings: Findings) -> list[tuple[object, ...]]:
    staged: list[tuple[object, ...]] = []
    seen: dict[tuple[str | None, ...], int] = {}
    if rows is None:
        return staged
    for position, (line, record) in enumerate(rows.records(), 1):
        before = len(findings)
        for column, value in record.items():
            if value is None and column != "offenders":
                findings.append(rows.document.finding("value_missing", line, column))
        if record["kind"] and record["kind"] not in CLAIM_KINDS:
            choices = ", ".join(CLAIM_KINDS)
            findings.append(rows.document.finding("claim_kind", line, "kind", record["kind"], choices=choices))
        findings += [
            rows.document.finding(broken, line, "offenders", record["offenders"], **details)
            for broken, details in wrong_with(bench, record["offenders"])
        ]
        first = seen.setdefault((record["claim"], record["place"]), line)
        if first != line:
            findings.append(rows.document.finding("claim_twice", line, "claim", record["claim"], first=first))
        if len(findings) == before:
            values = {**record, "position": position}
            staged.append(tuple(values[name] for name in _TYPES["claims"]))
    return staged


if TYPE_CHECKING:
    from typing import Protocol

    class _Wrong(Protocol):
        def __call__(self, column: str, broken: str, /, **details: object) -> None: ...
