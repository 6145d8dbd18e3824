"""What can be wrong between what a wave says of itself and its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage import report_file
from jumelage.rules import Finding, rule

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jumelage.checking.names import Names
    from jumelage.reading.package import Package
    from jumelage.reading.wave_fields import Origin
    from jumelage.reading.wave_toml import Wave


def claimed_complete(wave: Wave, package: Package) -> list[Finding]:
    """Find reports that are claimed complete and have no figures."""
    return [
        package.origin.finding("complete_without_figures", "complete.printed", report, report=report)
        for report in wave.printed_complete
        if report in report_file.reports_of_a_wave() and report not in package.published
    ]


def false_sources(bench: Connection, wave: Wave, package: Package) -> list[Finding]:
    """Find sources `report/key` that name no published figure: the figure would then seem to be evidence."""
    rows = bench.exec_driver_sql(
        "select distinct report, report || '/' || key from staged_published_figures"
    ).fetchall()
    reports, cells = {report for report, _ in rows}, {cell for _, cell in rows}

    def false(source: str) -> bool:
        report, slash, _ = source.partition("/")
        return slash != "" and report in reports and source not in cells

    findings = [
        package.origin.finding("source_unpublished", f"sources.{table}", source)
        for table, source in wave.sources.items()
        if false(source)
    ]
    given = bench.exec_driver_sql("select distinct source from raw_partnerships where source is not null").fetchall()
    if wrong := [source for (source,) in given if false(source)]:
        lines = bench.exec_driver_sql(
            "select line, source from raw_partnerships "
            "where source in (select unnest(cast(? as varchar[]))) order by line",
            (wrong,),
        )
        document = package.documents["partnerships"]
        findings += [document.finding("source_unpublished", line, "source", source) for line, source in lines]
    return findings


def unknown_items(wave: Wave, origin: Origin, names: Names) -> list[Finding]:
    """Find a home that is no country, a territory that is nowhere, and items that are in no code list."""
    findings = []
    if wave.home_country not in names.codes("countries"):
        near = names.near("countries", wave.home_country)
        findings.append(origin.finding("code_unknown", "home.country", wave.home_country, list="countries", near=near))
    findings += [
        origin.finding("territory_unknown", "territory", code) for code in names.places.nowhere(wave.territory)
    ]
    for question, items in wave.default_items.items():
        known = names.codes(question)
        named = [(f"defaults.{question}", f"defaults.{question}.{item}", item) for item in items if item]
        named += [(f"asked.{question}", f"asked.{question}", item) for item in wave.asked.get(question, ())]
        for key, place, item in named:
            if item not in known:
                details = {"list": question, "near": names.near(question, item)}
                row = origin.rows.get(place)
                findings.append(Finding(rule("item_unknown"), origin.file, row, key, item, origin.sheet, details))
    return findings


_ITEMS = {"actions": "action", "difficulties": "difficulty"}


def unasked_items(bench: Connection, wave: Wave, package: Package) -> list[Finding]:
    """Find answers, and default ones, to what the wave says that it did not ask."""
    findings = []
    for question, asked in wave.asked.items():
        column, document = _ITEMS[question], package.documents[question]
        rows = bench.exec_driver_sql(
            f"select r.line, r.{column} from resolved_{question} x join raw_{question} r on r.line = x.line "
            f"where x.answer <> 'not_asked' and x.{column} not in (select unnest(cast(? as varchar[]))) "
            "order by r.line",
            (list(asked),),
        )
        findings += [document.finding("item_left_out", line, column, text, list=question) for line, text in rows]
        for item, answer in wave.default_items[question].items():
            if item and answer != "not_asked" and item not in asked:
                key = f"defaults.{question}.{item}"
                findings.append(package.origin.finding("item_left_out", key, answer, list=question))
    return findings
