"""Publish a wave: finished in a folder beside, then swapped in whole, so that a reader never sees half of it."""

from __future__ import annotations

import hashlib
import html
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jumelage import __version__, report_file
from jumelage.document import parts_of
from jumelage.errors import DataError, OutputError, UsageError
from jumelage.publication.swap import DATA, MANIFEST, Swapped, check_out, swap_in
from jumelage.render import renderer
from jumelage.render.grid import of_ledger, of_sheet
from jumelage.render.html import POLICY, render_page
from jumelage.render.page import page_of, page_title, waves_of
from jumelage.render.rows import FOLDER as ROWS
from jumelage.render.rows import render_rows, rows_of_cells
from jumelage.reporting.behind import behind
from jumelage.reporting.ledger import check
from jumelage.reporting.own_reports import own_reports
from jumelage.reporting.run import run_each
from jumelage.texts import LANGUAGES, both, same

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from jumelage.document import Part
    from jumelage.reporting.entries import Ledger
    from jumelage.reporting.sheet import Sheet
    from jumelage.revisions.scope import Scope

SITE = "site"
DATA_FORMATS = ("csv", "json")
ROW_PAGES, WORKBOOK, PDF = "rows", "xlsx", "pdf"
FORMATS = (SITE, ROW_PAGES, PDF, WORKBOOK, *DATA_FORMATS)


@dataclass(frozen=True, slots=True)
class Published:
    """What to open of a publication, its ledger (None where waves are compared), and what became of others' files."""

    pages: tuple[Path, ...]
    ledger: Ledger | None
    swapped: Swapped


def publish(connection: Connection, scope: Scope, out: Path, formats: Collection[str] = FORMATS) -> Published:
    """Check the wave in scope and publish it into a folder; of several waves, publish the reports that tell them apart.

    `formats` are some of FORMATS. `out` becomes a link to a finished folder beside it, named after its content: the
    swap is one rename. DataError, and nothing published, where the check finds a problem.
    """
    check_out(out)
    ledger, sheets = _compute(connection, scope)
    parts = _arranged(sheets, compared=ledger is None)
    waves = waves_of(sheets.values())
    files = _files(connection, scope, parts, ledger, formats)
    if SITE in formats:
        title = html.escape(page_title(waves, "fr"))
        files["index.html"] = _INDEX.format(title=title, policy=html.escape(POLICY)).encode()
    of_waves = [
        {
            "wave": one.wave,
            "revision": one.revision,
            "synthetic": one.synthetic,
            "content_hash": one.facts["content_hash"],
        }
        for one in waves
    ]
    manifest = {
        **(of_waves[0] if ledger else {"waves": of_waves}),
        "software": f"jumelage {__version__}",
        "statuses": ledger.counts() if ledger else {},
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }
    files[MANIFEST] = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        swapped = swap_in(out, files)
    except OSError as error:
        raise OutputError(
            both("{} ne peut être publié\u00a0: {}", "{} cannot be published: {}", out, error.strerror or str(error))
        ) from error
    opened = tuple(out / f"{lang}.html" for lang in LANGUAGES) if SITE in formats else (out,)
    return Published(opened, ledger, swapped)


def _files(
    connection: Connection,
    scope: Scope,
    parts: list[tuple[Part, list[Sheet]]],
    ledger: Ledger | None,
    formats: Collection[str],
) -> dict[str, bytes]:
    """Return the files of a publication by name, made one language after the other: a page may be large."""
    files = {name: text.encode() for name, text in _data(parts, ledger, formats).items()}
    found = behind(connection, scope, _sheets(parts)) if ROW_PAGES in formats else {}
    cells = {name: rows_of_cells(one) for name, one in found.items()}
    data = [name for name in DATA_FORMATS if name in formats]
    whole = [name for name in (PDF, WORKBOOK) if name in formats]
    for lang in LANGUAGES:
        if {SITE, PDF} & set(formats):
            page = page_of(parts, ledger, lang)
            if SITE in formats:
                files[f"{lang}.html"] = render_page(page, data, whole, cells).encode()
            if PDF in formats:
                files[f"survey.{lang}.{PDF}"] = _pdf(page)
        for name, one in found.items():
            files[f"{ROWS}/{name}.{lang}.html"] = render_rows(one, lang).encode()
        if WORKBOOK in formats:
            files[f"survey.{lang}.{WORKBOOK}"] = _workbook(parts, ledger, lang)
    return files


def _sheets(parts: list[tuple[Part, list[Sheet]]]) -> Iterator[Sheet]:
    return (sheet for _, sheets in parts for sheet in sheets)


def _workbook(parts: list[tuple[Part, list[Sheet]]], ledger: Ledger | None, lang: str) -> bytes:
    with _installed(WORKBOOK, "XlsxWriter"):
        from jumelage.render.workbook import render_workbook

        return render_workbook(parts, ledger, lang)


def _pdf(page: dict[str, Any]) -> bytes:
    with _installed(PDF, "typst"):
        from jumelage.render.pdf import render_pdf

        return render_pdf(page)


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


def _data(parts: list[tuple[Part, list[Sheet]]], ledger: Ledger | None, formats: Collection[str]) -> dict[str, str]:
    """Return the files of data: each report as `jumelage report NAME --printed` gives it, and the ledger."""
    found = {}
    for name in (name for name in DATA_FORMATS if name in formats):
        for sheet in _sheets(parts):
            judged = ledger.of(sheet.report.name, sheet.kind) if ledger else None
            found[f"{DATA}/{sheet.name}.{name}"] = "".join(renderer(name)(of_sheet(sheet, "en", judged)))
        if ledger:
            found[f"ledger.{name}"] = "".join(renderer(name)(of_ledger(ledger, "en")))
    return found


def _arranged(sheets: dict[str, Sheet], *, compared: bool) -> list[tuple[Part, list[Sheet]]]:
    """Return the sections of the publication with the sheets that stand in each; what none names is in the last."""
    shown = [sheet for _, sheet in sorted(sheets.items()) if sheet.rows or not sheet.report.asks]
    parts = parts_of(compared=compared)
    named = {report for part in parts for report in part.reports}
    arranged = [
        (part, [sheet for report in part.reports for sheet in shown if sheet.report.name == report]) for part in parts
    ]
    arranged[-1][1].extend(sheet for sheet in shown if sheet.report.name not in named)
    return [(part, found) for part, found in arranged if found]


def _compute(connection: Connection, scope: Scope) -> tuple[Ledger | None, dict[str, Sheet]]:
    """Return the ledger of the wave in scope and its reports; of several waves, no ledger."""
    if len(scope.revisions) > 1:
        with own_reports(connection, scope):
            reports = [report for report in map(report_file.report, report_file.report_names()) if report.by_wave]
            enough = [report for report in reports if report.waves <= len(scope.revisions)]
            each = (sheet for report in enough for sheet in run_each(connection, report, scope))
            return None, {sheet.name: sheet for sheet in each}
    ledger, sheets = check(connection, scope)
    if ledger.problems:
        raise DataError(
            both(
                "rien n’a été publié\u00a0; `jumelage check` dit\u00a0:\n{}",
                "nothing was published; `jumelage check` says:\n{}",
                same("\n".join(ledger.problems)),
            )
        )
    return ledger, sheets


_INDEX = """<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
<p><a href="fr.html" hreflang="fr">Français</a></p>
<p><a href="en.html" hreflang="en" lang="en">English</a></p>
</body>
</html>
"""
