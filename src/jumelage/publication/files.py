"""The files that are made of an edition: pages, paper, workbook and data."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jumelage.errors import UsageError
from jumelage.publication.apart import Maker
from jumelage.publication.changes import histories
from jumelage.publication.described import said
from jumelage.render import renderer
from jumelage.render.dictionary_page import dictionary_page, views_read
from jumelage.render.grid import of_sheet
from jumelage.render.ledger import of_ledger
from jumelage.render.page import page_of, remarks_of
from jumelage.render.parquet import render_parquet
from jumelage.render.places import place_pages
from jumelage.render.repairs_page import repairs_page
from jumelage.render.rows import rows_of_cells
from jumelage.render.site import pages, rows_page, site_of
from jumelage.render.words import words
from jumelage.repairing import implications, story
from jumelage.reporting.behind import behind
from jumelage.reporting.places import places_of
from jumelage.texts import Label, both

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from jumelage.publication.changes import Compared
    from jumelage.publication.editions import Edition
    from jumelage.render.charts import Chart
    from jumelage.render.grid import Grid
    from jumelage.render.site import Site
    from jumelage.reporting.behind import Behind

SITE = "site"
PARQUET = "parquet"
DATA_FORMATS = ("csv", "json", PARQUET)
ROW_PAGES, CHARTS, WORKBOOK, PDF, SNAPSHOT = "rows", "charts", "xlsx", "pdf", "duckdb"
FORMATS = (SITE, ROW_PAGES, CHARTS, PDF, WORKBOOK, *DATA_FORMATS, SNAPSHOT)
MOST_BEHIND = 2_000  # rows behind a report that a workbook has
MANY = 20_000  # rows of all reports, from which on paper and workbook are made apart
SNAPSHOT_FILE = "published.duckdb"  # DuckDB could not tell one called `survey` from the schema of that name
_FINDINGS = Label(
    "Publié bien que la vérification ait trouvé {} problème(s)\u00a0; manifest.json les nomme.",
    "Published although the check found {} problem(s); manifest.json names them.",
)


def files(
    compared: Compared, edition: Edition, formats: Collection[str], langs: Sequence[str], base_url: str = ""
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an edition by name, each made when it is asked for: they need not fit into memory at once.

    From paper, numbers lead to their rows below `base_url`, or beside where it is empty.
    """
    connection = compared.connection
    for name, data in _data(edition, formats):
        yield edition.folder + name, data
    found: dict[str, Behind] = {}
    sites = {lang: _site(edition, lang, langs) for lang in langs}
    if SITE in formats:
        yield from _stored(edition, sites.values())
    if ROW_PAGES in formats:
        yield from _encoded(_row_pages(connection, edition, sites.values() if SITE in formats else (), found))
    places = places_of(connection, edition.scope) if SITE in formats and edition.ledger else None
    changed = histories(compared, edition.scope) if SITE in formats else {}
    with Maker(large=sum(len(sheet.rows) for sheet in edition.sheets) > MANY) as maker:
        for lang, site in sites.items():
            if WORKBOOK in formats:
                _ask_workbook(maker, edition, lang, found)
            if {SITE, PDF} & set(formats):
                page = page_of(edition.parts, edition.ledger, lang, edition.implied)
                page["remarks"] = list(site.remarks)
                page["charts"] = _charts(edition, lang) if CHARTS in formats else {}
                if PDF in formats:
                    base = f"{base_url.rstrip('/')}/{edition.folder}" if base_url else ""
                    linked = found if SITE in formats else {}
                    page["links"] = {name: rows_of_cells(one, f"{base}{lang}/") for name, one in linked.items()}
                    _ask_pdf(maker, edition, page)
                if SITE in formats:
                    yield from _pages(site, page, found, formats, changed)
                    if places:
                        yield from _encoded(place_pages(site, places))
                del page
            yield from maker.made()


def _row_pages(
    connection: Connection, edition: Edition, sites: Iterable[Site], found: dict[str, Behind]
) -> Iterator[tuple[str, str]]:
    """Yield the pages of the rows behind each report, and put the first of these rows into `found`."""
    for one in behind(connection, edition.scope, edition.sheets):
        for site in sites:
            yield rows_page(site, edition.parts, one)
        found[one.sheet.name] = one.first(MOST_BEHIND)


def _stored(edition: Edition, sites: Iterable[Site]) -> Iterator[tuple[str, bytes]]:
    """Yield the pages on repairs, and the stored results that pages are made of, where there are any."""
    if edition.repairs is not None:
        yield from _encoded(repairs_page(site, edition.repairs) for site in sites)
        yield f"{edition.folder}repairs.json", story.written(edition.repairs).encode()
    if edition.implied is not None:
        yield f"{edition.folder}implied.json", implications.written(edition.implied).encode()


def _site(edition: Edition, lang: str, langs: Sequence[str]) -> Site:
    """Return what the pages of an edition have in common."""
    remarks = remarks_of(edition.sheets, lang)
    if edition.problems:
        remarks.append(_FINDINGS.text(lang).format(len(edition.problems)))
    parts = [part for part, _ in edition.parts]
    kind = {
        "compared": edition.ledger is None,
        "printed": bool(edition.ledger and edition.ledger.entries),
        "repaired": edition.repairs is not None,
    }
    return site_of(parts, edition.waves, remarks, lang, edition.folder, tuple(langs), **kind)


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
    cells = {name: rows_of_cells(one) for name, one in found.items()}
    described, sections = said(lang), [section for part in page["parts"] for section in part.sections]
    read = {section.id: views_read(section.sql, described.views) for section in sections}
    yield from _encoded(pages(site, page, cells, forms, whole, changed, read))
    yield from _encoded([dictionary_page(site, described, sections, read)])


def _encoded(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    return ((name, text.encode()) for name, text in texts)


def _ask_pdf(maker: Maker, edition: Edition, page: dict[str, Any]) -> None:
    with _installed(PDF, "typst"):
        from jumelage.render.pdf import layout_pdf, typeset

        maker.ask(f"{edition.folder}survey.{page['lang']}.{PDF}", typeset, layout_pdf(page))


def _ask_workbook(maker: Maker, edition: Edition, lang: str, found: dict[str, Behind]) -> None:
    with _installed(WORKBOOK, "XlsxWriter"):
        from jumelage.render.workbook import render_workbook

        given = (edition.parts, edition.ledger, lang, found, edition.implied)
        maker.ask(f"{edition.folder}survey.{lang}.{WORKBOOK}", render_workbook, *given)


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
    forms = [name for name in DATA_FORMATS if name in formats]
    for sheet in edition.sheets if forms else ():
        judged = ledger.of(sheet.report.name, sheet.kind) if ledger else None
        grid = of_sheet(sheet, "en", judged)
        yield from ((f"data/{sheet.name}.{name}", _written(grid, name)) for name in forms)
    if ledger and forms:
        grid = of_ledger(ledger, "en", edition.implied)
        yield from ((f"ledger.{name}", _written(grid, name)) for name in forms)


def _written(grid: Grid, form: str) -> bytes:
    return render_parquet(grid) if form == PARQUET else "".join(renderer(form)(grid)).encode()
