"""Load a wave: check it as a whole, then append one revision, or say everything that is wrong and write nothing."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.checking.answers import stage_asked
from jumelage.checking.brought_queries import stage_reports
from jumelage.checking.checks import find_problems
from jumelage.checking.names import Names
from jumelage.checking.partner_pairs import unknown_before
from jumelage.checking.printed import stage_published
from jumelage.checking.spellings import accept_spellings
from jumelage.database.models import OF_A_LOAD
from jumelage.database.workbench import workbench
from jumelage.errors import DataError, OutputError
from jumelage.findings import Findings
from jumelage.reading.handed import PAIRS, open_handed
from jumelage.reading.package import read_package
from jumelage.reading.restore import restore
from jumelage.report_file import with_brought
from jumelage.revisions.history import check_said
from jumelage.rules import NOT_LOADED, said_of
from jumelage.temporary import temporary_folder
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from jumelage.reading.package import Package

from jumelage.checking.wave_checks import claimed_complete, false_sources, unasked_items, unknown_items
from jumelage.loading.revision import Loaded, Request, append_revision
from jumelage.loading.rows import stage_wave

_AND_NO_COPY = Label("{}\u00a0; {}", "{}; {}")


def load(url: URL, request: Request, *, dry_run: bool = False, step: Callable[[str], None] = lambda _: None) -> Loaded:
    """Load a wave as a new revision, unless the current one holds the same rows already.

    DataError carries every finding, or asks for a reason where a wave changes; the database is then untouched.
    `step` is told what begins.
    """
    with loading(url, request, dry_run=dry_run, step=step) as (_, loaded):
        return loaded


@contextmanager
def loading(
    url: URL, request: Request, *, dry_run: bool, step: Callable[[str], None]
) -> Iterator[tuple[Connection, Loaded]]:
    """Load as `load` does, and give the connection before the transaction ends: undone in a dry run."""
    check_said(request.reason, request.by)
    if request.annotate is not None:
        from jumelage.annotate import check_out

        check_out(request.handed, request.annotate)
    with temporary_folder() as scratch, database.writing(url, dry_run=dry_run) as connection:
        with workbench(connection, scratch) as bench:
            loaded = _load(connection, bench, request, scratch, dry_run=dry_run, step=step)
        yield connection, loaded


def _load(
    connection: Connection,
    bench: Connection,
    request: Request,
    scratch: Path,
    *,
    dry_run: bool,
    step: Callable[[str], None],
) -> Loaded:
    findings = Findings()
    names = Names(bench, connection)
    with open_handed(request.handed, scratch, findings, request.table, request.reports) as handed, ExitStack() as kept:
        restored = restore(connection, bench, request.wave or "", request.table) if request.table else None
        kept.enter_context(with_brought(restored.reports if restored else {}))
        package = read_package(bench, handed, scratch, findings, restored, step)
        step("checking")
        if package.wave is not None:
            names.declare(package.wave.territory, package.wave.reference_date)
        accept_spellings(bench, names, package.aliases, request.aliases, scratch, findings)
        find_problems(bench, package.tables, names, package.wave, findings)
        stage_asked(bench, package, names, findings)
        if package.wave is not None:
            findings += unknown_before(connection, bench, package.wave, package.documents[PAIRS], findings)
            findings += unasked_items(bench, package.wave, package)
        if package.wave is not None and restored is None:
            findings += unknown_items(package.wave, package.origin, names)
            if package.reports:
                stage_reports(connection, bench, package.reports, findings)
            stage_published(bench, package, package.wave, names, findings)
            findings += claimed_complete(package.wave, package)
        if package.wave is not None and not findings.errors:
            stage_wave(bench, package.wave)
            findings += false_sources(bench, package.wave, package)
        findings = findings.in_order()
        uncopied = _annotate(request, package, findings)
    if (number := findings.errors) or package.wave is None:
        said = said_of(request.handed, number, NOT_LOADED)
        raise DataError(filled(_AND_NO_COPY, said, uncopied) if uncopied else said, findings)
    if uncopied:
        raise uncopied
    tables = [name for name in OF_A_LOAD if name != "wave_reports" or package.reports or restored]
    return append_revision(
        connection, bench, package.wave, request, findings, dry_run=dry_run, step=step, tables=tables
    )


def _annotate(request: Request, package: Package, findings: Findings) -> OutputError | None:
    """Write the annotated copy that is asked for; return why not, which must not hide the findings."""
    if request.annotate is None:
        return None
    from jumelage.annotate import annotate

    read = {name: found for name, found in package.documents.items() if found.header}  # not what is restored
    try:
        for remark in annotate(request.handed, read, tuple(findings), request.annotate, request.lang):
            request.tell(remark)
    except OutputError as error:
        return error
    return None
