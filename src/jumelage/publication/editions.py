"""An edition: what is computed of one wave, or of several that are compared, and the files that are made of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jumelage import report_file
from jumelage.document import parts_of
from jumelage.errors import UsageError
from jumelage.publication.changes import histories
from jumelage.render import renderer
from jumelage.render.grid import of_ledger, of_sheet
from jumelage.render.page import page_of, waves_of
from jumelage.render.parquet import render_parquet
from jumelage.render.places import place_pages
from jumelage.render.rows import rows_of_cells
from jumelage.render.site import pages, site_of
from jumelage.render.words import words
from jumelage.reporting.behind import behind
from jumelage.reporting.ledger import check
from jumelage.reporting.own_reports import own_reports
from jumelage.reporting.places import places_of
from jumelage.reporting.run import run_each
from jumelage.texts import Label, both

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from jumelage.document import Part
    from jumelage.render.charts import Chart
    from jumelage.render.grid import Grid
    from jumelage.render.site import Site
    from jumelage.reporting.behind import Behind
    from jumelage.reporting.entries import Ledger
    from jumelage.reporting.sheet import Sheet, WaveFacts
    from jumelage.revisions.scope import Scope

SITE = "site"
PARQUET = "parquet"
DATA_FORMATS = ("csv", "json", PARQUET)
ROW_PAGES, CHARTS, WORKBOOK, PDF, SNAPSHOT = "rows", "charts", "xlsx", "pdf", "duckdb"
FORMATS = (SITE, ROW_PAGES, CHARTS, PDF, WORKBOOK, *DATA_FORMATS, SNAPSHOT)
SNAPSHOT_FILE = "published.duckdb"  # DuckDB could not tell one called `survey` from the schema of that name
_FINDINGS = Label(
    "Publié bien que la vérification ait trouvé {} problème(s)\u00a0; manifest.json les nomme.",
    "Published although the check found {} problem(s); manifest.json names them.",
)


@dataclass(frozen=True, slots=True)
class Edition:
    """Reports run, in the order of the document; `ledger` is None where waves are compared.

    `folder` is where its files stand in the publication, "" or such as "2006/".
    """

    scope: Scope
    folder: str
    parts: tuple[tuple[Part, tuple[Sheet, ...]], ...]
    ledger: Ledger | None

    @property
    def sheets(self) -> Iterator[Sheet]:
        """All its sheets, in order."""
        return (sheet for _, sheets in self.parts for sheet in sheets)

    @property
    def waves(self) -> tuple[WaveFacts, ...]:
        """Its waves, by reference date."""
        return waves_of(self.sheets)

    @property
    def problems(self) -> tuple[str, ...]:
        """What the check found."""
        return self.ledger.problems if self.ledger else ()


def compute(connection: Connection, scope: Scope, folder: str = "") -> Edition:
    """Run the reports of a scope, and hold the printed figures of a single wave against the rows."""
    if len(scope.revisions) > 1:
        with own_reports(connection, scope):
            reports = [report for report in map(report_file.report, report_file.report_names()) if report.by_wave]
            enough = [report for report in reports if report.waves <= len(scope.revisions)]
            each = (sheet for report in enough for sheet in run_each(connection, report, scope))
            sheets: dict[str, Sheet] = {sheet.name: sheet for sheet in each}
        return Edition(scope, folder, _arranged(sheets, compared=True), None)
    ledger, sheets = check(connection, scope)
    return Edition(scope, folder, _arranged(sheets, compared=False), ledger)


def _arranged(sheets: dict[str, Sheet], *, compared: bool) -> tuple[tuple[Part, tuple[Sheet, ...]], ...]:
    """Return the sections of the publication with the sheets that stand in each; what none names is in the last."""
    shown = [sheet for _, sheet in sorted(sheets.items()) if sheet.rows or not sheet.report.asks]
    parts = parts_of(compared=compared)
    named = {report for part in parts for report in part.reports}
    arranged = [
        (part, [sheet for report in part.reports for sheet in shown if sheet.report.name == report]) for part in parts
    ]
    arranged[-1][1].extend(sheet for sheet in shown if sheet.report.name not in named)
    return tuple((part, tuple(found)) for part, found in arranged if found)


def files(
    connection: Connection, edition: Edition, formats: Collection[str], langs: Sequence[str], base_url: str = ""
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an edition by name, each made when it is asked for: they need not fit into memory at once.

    From paper, numbers lead to their rows below `base_url`, or beside where it is empty.
    """
    for name, data in _data(edition, formats):
        yield edition.folder + name, data
    found = behind(connection, edition.scope, edition.sheets) if ROW_PAGES in formats else {}
    places = places_of(connection, edition.scope) if SITE in formats and edition.ledger else None
    changed = histories(connection, edition.scope) if SITE in formats else {}
    for lang in langs:
        if {SITE, PDF} & set(formats):
            page = page_of(edition.parts, edition.ledger, lang)
            if edition.problems:
                page["remarks"].append(_FINDINGS.text(lang).format(len(edition.problems)))
            page["charts"] = _charts(edition, lang) if CHARTS in formats else {}
            if SITE in formats:
                site = site_of(page, edition.folder, langs, compared=edition.ledger is None)
                yield from _pages(site, page, found, formats, changed)
                if places:
                    yield from _encoded(place_pages(site, places))
            if PDF in formats:
                base = f"{base_url.rstrip('/')}/{edition.folder}" if base_url else ""
                to = {name: f"{base}{lang}/" for name in found if SITE in formats}
                page["links"] = {name: rows_of_cells(one, to[name]) for name, one in found.items() if name in to}
                yield f"{edition.folder}survey.{lang}.{PDF}", _pdf(page)
            del page
        if WORKBOOK in formats:
            yield f"{edition.folder}survey.{lang}.{WORKBOOK}", _workbook(edition, lang, found)


def _pages(
    site: Site,
    page: dict[str, Any],
    found: dict[str, Behind],
    formats: Collection[str],
    changed: dict[str, tuple[Label, ...]],
) -> Iterator[tuple[str, bytes]]:
    lang = site.lang
    whole = [(f"survey.{lang}.{form}", words(lang)[form]) for form in (PDF, WORKBOOK) if form in formats]
    if SNAPSHOT in formats and not site.folder:
        whole.append((SNAPSHOT_FILE, words(lang)[SNAPSHOT]))
    forms = [name for name in DATA_FORMATS if name in formats]
    yield from _encoded(pages(site, page, found, forms, whole, changed))


def _encoded(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    return ((name, text.encode()) for name, text in texts)


def _pdf(page: dict[str, Any]) -> bytes:
    with _installed(PDF, "typst"):
        from jumelage.render.pdf import render_pdf

        return render_pdf(page)


def _workbook(edition: Edition, lang: str, found: dict[str, Behind]) -> bytes:
    with _installed(WORKBOOK, "XlsxWriter"):
        from jumelage.render.workbook import render_workbook

        return render_workbook(edition.parts, edition.ledger, lang, found)


def _charts(edition: Edition, lang: str) -> dict[str, Chart]:
    with _installed(CHARTS, "vl-convert-python"):
        from jumelage.render.charts import chart_of

        drawn = ((sheet.name, chart_of(sheet, lang)) for sheet in edition.sheets)
        return {name: chart for name, chart in drawn if chart}


@contextmanager
def _installed(form: str, library: str) -> Iterator[None]:
    """Raise UsageError where a library is missing that only some publications need."""
    try:
        yield
    except ImportError as error:
        raise UsageError(
            both(
                "--formats {} demande {}\u00a0: pip install 'jumelage[publish]'",
                "--formats {} needs {}: pip install 'jumelage[publish]'",
                form,
                library,
            )
        ) from error


def _data(edition: Edition, formats: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of data: each report as `jumelage report NAME --printed` gives it, and the ledger."""
    ledger = edition.ledger
    for name in (name for name in DATA_FORMATS if name in formats):
        for sheet in edition.sheets:
            judged = ledger.of(sheet.report.name, sheet.kind) if ledger else None
            yield f"data/{sheet.name}.{name}", _written(of_sheet(sheet, "en", judged), name)
        if ledger:
            yield f"ledger.{name}", _written(of_ledger(ledger, "en"), name)


def _written(grid: Grid, form: str) -> bytes:
    return render_parquet(grid) if form == PARQUET else "".join(renderer(form)(grid)).encode()
