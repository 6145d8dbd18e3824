"""What is handed in, whatever its form: a folder, a zip of it, a workbook, or one file; the tables in it by name."""

from __future__ import annotations

import zipfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jumelage import report_file
from jumelage.errors import DataError, UnreadableError, UsageError
from jumelage.reading.mapping import EXPORT, MAP, read_map
from jumelage.reading.own_reports import FOLDER, read_own_reports
from jumelage.reading.source import CsvSource, SheetSource
from jumelage.reading.wave_fields import FILE
from jumelage.report_file import with_brought
from jumelage.rules import NOT_LOADED, Finding, near, rule, said_of
from jumelage.texts import NOT_READ, both, filled, folded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jumelage.findings import Findings
    from jumelage.reading.mapping import ExportMap
    from jumelage.reading.own_reports import OwnReport
    from jumelage.reading.source import Source
    from jumelage.reading.workbook import Workbook

PAIRS = "partner_pairs"
TABLES = ("frame", "respondents", "partnerships", "actions", "difficulties", "answers", PAIRS)
MAY_LACK = ("answers", PAIRS)
OPTIONAL = ("aliases", "claims", "questions", "question_items")
WAVE = "wave"
PUBLISHED = "published"
EXPORTED = ("frame", "respondents", "actions", "difficulties", "answers")  # tables that an export may have rows of
PASSED_OVER = (".", "readme", "thumbs.db", "desktop.ini", "~$")
NEVER_READ = ("instructions", "lists", "findings")
PACKAGE = "datapackage.json"
CELLS = "cells"
BESIDE = (PACKAGE, "dcat.jsonld", f"{CELLS}.csv", "codes")  # what an export has beside the tables of a wave
WORKBOOKS = (".xlsx", ".xls", ".ods", ".xlsm", ".xlsb")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class Handed:
    """The tables handed in, by name (`partnerships`, `published/zones` …), and where wave.toml is to be looked for.

    `reports` are those that come with the wave. `exported` tells that there should be an export of a survey tool too,
    the source `export`, and `mapped` what its columns stand for.
    """

    path: Path
    form: str
    sources: dict[str, Source] = field(default_factory=dict)
    folder: Path | None = None
    reports: dict[str, OwnReport] = field(default_factory=dict)
    mapped: ExportMap | None = None
    exported: bool = False


@contextmanager
def open_handed(
    path: Path,
    scratch: Path,
    findings: Findings,
    table: str | None = None,
    map_file: Path | None = None,
    reports: Path | None = None,
) -> Iterator[Handed]:
    """Open what is handed in; what is in it and is no table of a wave is added to the findings.

    With `table`, it is one file or one sheet for that table. `map_file` is the map of an export, in place of the
    map.toml of a folder; `reports` the folder of those that come with a workbook, which has no place for them.
    DataError if there is nothing of the kind at the path, or if it cannot be opened as a whole.
    """
    form = form_of(path)
    if form == "file" and table is None:
        raise UsageError(
            both(
                "{} est un seul fichier\u00a0; dites de quelle table\u00a0: --table {} --wave …",
                "{} is one file; say which table it is: --table {} --wave …",
                path,
                "|".join(TABLES),
            )
        )
    if reports is not None and (form != "workbook" or table is not None):
        raise UsageError(
            both(
                "--reports va avec un classeur entier\u00a0; dans un dossier ou un zip, les rapports sont dans {}",
                "--reports goes with a whole workbook; in a folder or a zip, reports are in {}",
                f"{FOLDER}/",
            )
        )
    if form in {"folder", "zip"} and table is not None:
        raise UsageError(
            both(
                "--table va avec un seul fichier\u00a0; {} est une vague entière",
                "--table goes with one file; {} is a whole wave",
                path,
            )
        )
    try:
        if form == "workbook":
            from jumelage.reading.workbook import open_workbook

            mapped = read_map(map_file, findings) if map_file is not None else None
            own = read_own_reports(_report_files(reports, findings), findings)
            with open_workbook(path) as workbook, with_brought({name: one.report for name, one in own.items()}):
                sources = _sheets(path, workbook, findings, table, mapped)
                yield Handed(path, form, sources, None, own, mapped, exported=map_file is not None)
        elif form == "file" and table is not None:
            yield Handed(path, form, {table: CsvSource(table, path.name, path, scratch / f"{table}.text")})
        else:
            folder = path
            if form == "zip":
                from jumelage.reading.zips import unpack

                folder = unpack(path, scratch / "unpacked")
            own = read_own_reports(_report_files(folder / FOLDER, findings), findings)
            with with_brought({name: one.report for name, one in own.items()}), ExitStack() as opened:
                yield _folder(path, form, folder, own, map_file, scratch, findings, opened)
    except UnreadableError as error:
        found = Finding(rule(error.rule), path.name, error.row, error.column, details=error.details)
        raise DataError(said_of(path, 1, NOT_LOADED), [found]) from None


def form_of(path: Path) -> str:
    """Tell by its content what is handed in: `folder`, `zip`, `workbook` or `file`; DataError if nothing is there."""
    if path.is_dir():
        return "folder"
    if not path.exists():
        raise DataError(
            both(
                "{}\u00a0: il n’y a pas de tel fichier ou dossier\u00a0; "
                "une vague est un dossier avec un {}, ou un classeur",
                "{}: there is no such file or folder; a wave is a folder with a {}, or a workbook",
                path,
                FILE,
            )
        )
    try:
        with path.open("rb") as file:
            start = file.read(8)
        if start.startswith(b"PK"):
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
            office = "[Content_Types].xml" in names or "mimetype" in names
            return "workbook" if office else "zip"
    except OSError as error:
        raise DataError(filled(NOT_READ, path, error.strerror)) from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return "workbook" if path.suffix.lower() in WORKBOOKS else "zip"
    if start == _OLE or path.suffix.lower() in WORKBOOKS:
        return "workbook"
    return "zip" if path.suffix.lower() == ".zip" else "file"


def _folder(
    path: Path,
    form: str,
    folder: Path,
    own: dict[str, OwnReport],
    map_file: Path | None,
    scratch: Path,
    findings: Findings,
    opened: ExitStack,
) -> Handed:
    """Find the tables of a folder, and an export with its map; what has to be closed again goes to `opened`."""
    if map_file is None and (folder / MAP).is_file():
        map_file = folder / MAP
    mapped = read_map(map_file, findings) if map_file is not None else None
    export = _name_of_export(folder, mapped)
    sources = _files(folder, scratch, findings, export, own)
    there = (folder / export).is_file()
    if mapped is not None and (source := open_export(folder / export, scratch, mapped, findings, opened)):
        sources[EXPORT] = source
    elif map_file is None and there:
        findings.append(Finding(rule("export_without_map"), export))
    return Handed(path, form, sources, folder, own, mapped, exported=there or map_file is not None)


def _name_of_export(folder: Path, mapped: ExportMap | None) -> str:
    """Return the name of the file that is an export: as the map says, else `export`, whatever its ending."""
    if mapped is not None and mapped.file:
        return mapped.file
    names = sorted(path.name for path in folder.iterdir() if path.stem == EXPORT and path.is_file())
    return names[0] if names else f"{EXPORT}.csv"


def open_export(path: Path, scratch: Path, mapped: ExportMap, findings: Findings, opened: ExitStack) -> Source | None:
    """Open the export that a map speaks of; None, with findings, if there is none that can be read."""
    if not path.is_file():
        findings.append(Finding(rule("file_missing"), path.name))
        return None
    try:
        if form_of(path) == "file":
            return CsvSource(EXPORT, path.name, path, scratch / f"{EXPORT}.text")
        from jumelage.reading.workbook import open_workbook

        workbook = opened.enter_context(open_workbook(path))
        return SheetSource(EXPORT, path.name, path, workbook, _sheet_of_export(workbook, mapped))
    except UnreadableError as error:
        findings.append(Finding(rule(error.rule), path.name, error.row, error.column, details=error.details))
        return None


def _sheet_of_export(workbook: Workbook, mapped: ExportMap) -> str:
    """Return the sheet that the map names, else the only one that holds anything."""
    shown = [sheet for sheet in workbook.sheets if not workbook.marks(sheet).hidden]
    full = [sheet for sheet in shown if any(any(cells) for _, cells in workbook.rows(sheet))]
    chosen = [sheet for sheet in workbook.sheets if sheet == mapped.sheet] if mapped.sheet else full
    if len(chosen) != 1:
        raise UnreadableError("export_sheet", sheets=", ".join(full))
    return chosen[0]


def _files(
    folder: Path, scratch: Path, findings: Findings, export: str, own: dict[str, OwnReport]
) -> dict[str, Source]:
    known = {f"{name}.csv": name for name in (*TABLES, *OPTIONAL)}
    beside = dict.fromkeys(BESIDE, "") if (folder / PACKAGE).is_file() else {}
    found = _known(folder, "", {**known, **beside, FILE: "", PUBLISHED: "", FOLDER: "", MAP: "", export: ""}, findings)
    inner = folder / PUBLISHED
    if inner.is_dir():
        reports = {f"{name}.csv": f"{PUBLISHED}/{name}" for name in report_file.reports_of_a_wave()}
        unread = {f"{path.stem}.csv": "" for path in (folder / FOLDER).glob("*.sql") if path.stem not in own}
        found |= _known(inner, f"{PUBLISHED}/", unread | reports, findings)  # said already, of the report
    elif inner.exists():
        findings.append(Finding(rule("published_no_folder"), PUBLISHED))
    return {
        name: CsvSource(name, f"{name}.csv", path, scratch / f"{name.replace('/', '.')}.text")
        for name, path in found.items()
        if name
    }


def _report_files(folder: Path | None, findings: Findings) -> list[Path]:
    """Return the report files that come with a wave, and find what else is in their folder."""
    if folder is None or not folder.is_dir():
        if folder is not None and (folder.exists() or folder.name != FOLDER):
            findings.append(Finding(rule("reports_no_folder"), folder.name))
        return []
    found = sorted(path for path in folder.iterdir() if not path.name.lower().startswith(PASSED_OVER))
    for path in found:
        if path.suffix != ".sql":
            details = {"near": near(path.name, [f"{path.stem}.sql"])}
            findings.append(Finding(rule("file_unknown"), f"{FOLDER}/{path.name}", details=details))
    return [path for path in found if path.suffix == ".sql"]


def _known(folder: Path, prefix: str, known: dict[str, str], findings: Findings) -> dict[str, Path]:
    """Return the files of a folder that have a meaning, and find those that would be lost."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name in known:
            found[known[path.name]] = path
        elif not path.name.lower().startswith(PASSED_OVER) and folded(path.stem) not in NEVER_READ:
            meant = near(path.name, known)
            broken, details = ("report_unknown", {"name": repr(path.stem)}) if prefix else ("file_unknown", {})
            findings.append(Finding(rule(broken), f"{prefix}{path.name}", details={**details, "near": meant}))
    return found


def _sheets(
    path: Path, workbook: Workbook, findings: Findings, table: str | None, mapped: ExportMap | None
) -> dict[str, Source]:
    names = {folded(name): name for name in (WAVE, *TABLES, *OPTIONAL)}
    names |= {folded(f"{PUBLISHED} {name}"): f"{PUBLISHED}/{name}" for name in report_file.reports_of_a_wave()}
    if table is not None:
        sheet = _one_sheet(workbook, names, table)
        return {table: SheetSource(table, path.name, path, workbook, sheet)}
    if mapped is not None:
        names[folded(mapped.sheet or EXPORT)] = EXPORT
    found: dict[str, Source] = {}
    for sheet in workbook.sheets:
        name = names.get(folded(sheet))
        if folded(sheet) in NEVER_READ:
            continue
        if name is None:
            if not workbook.marks(sheet).hidden and any(any(cells) for _, cells in workbook.rows(sheet)):
                known = near(sheet, [WAVE, *TABLES, *OPTIONAL])
                findings.append(Finding(rule("sheet_unknown"), path.name, sheet=sheet, details={"near": known}))
        elif name in found:
            other = {"other": found[name].sheet}
            findings.append(Finding(rule("sheet_twice"), path.name, sheet=sheet, details=other))
        else:
            printed = name.startswith(PUBLISHED)
            found[name] = SheetSource(name, path.name, path, workbook, sheet, as_printed=printed)
    if mapped is not None and EXPORT not in found:
        findings.append(Finding(rule("sheet_missing"), path.name, details={"name": mapped.sheet or EXPORT}))
    return found


def _one_sheet(workbook: Workbook, names: dict[str, str], table: str) -> str:
    """Return the sheet of a workbook that is meant for one table: that of its name, or the only one."""
    read = [sheet for sheet in workbook.sheets if folded(sheet) not in NEVER_READ]
    named = [sheet for sheet in read if names.get(folded(sheet)) == table]
    shown = named or [sheet for sheet in read if not workbook.marks(sheet).hidden]
    if len(shown) != 1:
        raise UnreadableError("sheet_missing", name=table)
    return shown[0]
