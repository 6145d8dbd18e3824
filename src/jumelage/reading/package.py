"""A wave as it is handed in, read as text with its position into the workbench."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from jumelage import report_file
from jumelage.errors import DataError, UnreadableError
from jumelage.reading.handed import EXPORTED, MAY_LACK, PUBLISHED, TABLES, WAVE, Handed
from jumelage.reading.management import find_two_defaults, with_management
from jumelage.reading.mapping import EXPORT
from jumelage.reading.raw_tables import stage
from jumelage.reading.shapes import ALIASES, CLAIMS, ITEMS, QUESTIONS, SHAPES, WAVE_SHEET, Rows, own_columns
from jumelage.reading.source import Document, Shape, read_header
from jumelage.reading.wave_fields import FILE, MOST_PARTS, Origin, nested
from jumelage.reading.wave_toml import Wave, read_wave, wave_of, with_map
from jumelage.rules import Finding, rule
from jumelage.temporary import is_full
from jumelage.texts import composed, find_control, find_damage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from jumelage.findings import Findings
    from jumelage.reading.mapping import ExportMap
    from jumelage.reading.own_reports import OwnReport
    from jumelage.reading.restore import Restored
    from jumelage.reading.source import Source

_LATER = {"aliases": ALIASES, "claims": CLAIMS}
_NO_TEXTS = {"offenders", "printed", "value"}  # columns of what is no text for people, or is looked at later


@dataclass(frozen=True, slots=True)
class Package:
    """A wave read: what it says of itself, its publication, its spellings, and where everything stands.

    Its tables are `raw_NAME` in the workbench. `questions` and `items` are those that it asks, `reports`
    those that come with it.
    """

    wave: Wave | None
    published: dict[str, Rows]
    claims: Rows | None
    aliases: Rows | None
    documents: dict[str, Document]
    origin: Origin = field(default_factory=Origin)
    questions: Rows | None = None
    items: Rows | None = None
    reports: dict[str, OwnReport] = field(default_factory=dict)

    @property
    def tables(self) -> dict[str, Document]:
        """The documents of the tables that are staged."""
        return {name: document for name, document in self.documents.items() if name in TABLES}


def read_package(
    bench: Connection,
    handed: Handed,
    scratch: Path,
    findings: Findings,
    restored: Restored | None,
    step: Callable[[str], None],
) -> Package:
    """Read everything that is handed in into the workbench.

    Adds a finding for each table that is missing and all that cannot be read. A table that cannot be read is empty.
    What is `restored` of an earlier revision is there already.
    """
    documents: dict[str, Document] = dict(restored.documents) if restored else {}
    rows = dict(restored.asked) if restored else {}
    for name, shape in {"questions": QUESTIONS, "question_items": ITEMS}.items():
        if name in handed.sources:
            with _unchanged(handed, handed.sources[name]):
                rows[name] = read_rows(handed.sources[name], shape, findings)
            documents[name] = rows[name].document
    declared, items = rows.get("questions"), rows.get("question_items")
    origin, wave = (Origin(), restored.wave) if restored else _read_wave(handed, documents, findings)
    questions = with_management(declared, wave)
    if wave is not None:
        find_two_defaults(declared, wave, origin, findings)
    exported: dict[str, Document] = {}
    if handed.mapped is not None and not restored:
        step(f"reading {EXPORT}")
        exported = _read_export(bench, handed, handed.mapped, (questions, items), wave, scratch, findings)
        wave = wave and with_map(wave, handed.mapped.said)
    documents |= exported
    for name in TABLES:
        if name not in documents:
            step(f"reading {name}")
            shape = SHAPES[name]
            if name == "respondents":
                shape = replace(shape, own=own_columns(questions))
            unread = handed.exported and name in EXPORTED and "respondents" not in exported
            documents[name] = _read_table(bench, handed, name, shape, scratch, findings, unread=unread)
    if restored:
        _answered_anew(bench, documents["respondents"])
        return Package(wave, {}, None, None, documents, questions=questions, items=items)
    published = _read_publication(handed, documents, rows, findings)
    return Package(
        wave,
        published,
        rows.get("claims"),
        rows.get("aliases"),
        documents,
        origin,
        questions=questions,
        items=items,
        reports=handed.reports,
    )


def _read_publication(
    handed: Handed, documents: dict[str, Document], rows: dict[str, Rows], findings: Findings
) -> dict[str, Rows]:
    """Return what is printed, by report; what comes later, by its name, is added to the rows."""
    published = {}
    for name, source in handed.sources.items():
        if name.startswith(f"{PUBLISHED}/"):
            report = report_file.report(name.removeprefix(f"{PUBLISHED}/"))
            shape = Shape((*report.key, "measure", "printed", "place"))
            with _unchanged(handed, source):
                published[report.name] = read_rows(source, shape, findings)
            documents[name] = published[report.name].document
        elif name in _LATER:
            with _unchanged(handed, source):
                rows[name] = read_rows(source, _LATER[name], findings)
            documents[name] = rows[name].document
    return published


def _read_export(
    bench: Connection,
    handed: Handed,
    mapped: ExportMap,
    asked: tuple[Rows, Rows | None],
    wave: Wave | None,
    scratch: Path,
    findings: Findings,
) -> dict[str, Document]:
    """Read an export; a table that it gives rows of must not be there as a file too."""
    source = handed.sources.get(EXPORT)
    unread = {rows.document.file for rows in asked if rows is not None and not any(rows.lines)}
    if source is None or unread & {file for file, _, _ in findings.places}:  # nobody knows what was asked
        return {}
    from jumelage.reading.export import read_export  # few waves have one

    with _unchanged(handed, source):
        found = read_export(bench, source, mapped, asked, wave, scratch, findings)
    for name in found.keys() & handed.sources.keys():
        twice = handed.sources[name]
        findings.append(
            Finding(rule("export_and_table"), twice.file, sheet=twice.sheet, details={"export": source.file})
        )
    return found


def _answered_anew(bench: Connection, respondents: Document) -> None:
    """Take restored answers away where the columns of a new table of respondents stand for them."""
    own = [column.removeprefix("q_") for column in respondents.columns if column and column.startswith("q_")]
    if own:
        bench.exec_driver_sql("delete from raw_answers where question in (select unnest(cast(? as varchar[])))", (own,))


def _read_table(
    bench: Connection,
    handed: Handed,
    name: str,
    shape: Shape,
    scratch: Path,
    findings: Findings,
    *,
    unread: bool = False,
) -> Document:
    columns = ", ".join(f"cast(null as varchar) as {column}" for column in (*shape.columns, "loose"))
    bench.exec_driver_sql(
        f"create or replace temp table raw_{name} as "
        f"select cast(null as integer) as line, {columns}, cast(null as integer) as odd limit 0"
    )
    source = handed.sources.get(name)
    if source is None:
        return _absent(handed, name, findings, unread=unread)
    document = open_table(source, shape, findings)
    if document is None:
        return Document(name, source.file, source.sheet, source.path, 1, ())
    with _unchanged(handed, source):
        findings += stage(bench, source, document, shape, scratch)
    findings += source.marks(document)
    return document


@contextmanager
def _unchanged(handed: Handed, source: Source) -> Iterator[None]:
    """DataError if what is read changed or vanished meanwhile: half of it may be of one state and half of another."""
    try:
        yield
    except (DBAPIError, OSError):
        if not source.changed():
            raise
    if source.changed():
        finding = Finding(rule("file_changed"), source.file, sheet=source.sheet)
        raise DataError(f"{handed.path}: 1 finding; nothing was loaded", [finding])


def _absent(handed: Handed, name: str, findings: Findings, *, unread: bool) -> Document:
    """Find that a table is missing, unless an export that could not be read may have its rows."""
    lacks = name not in MAY_LACK and not unread
    if handed.form == "workbook":
        if lacks:
            findings.append(Finding(rule("sheet_missing"), handed.path.name, details={"name": name}))
        return Document(name, handed.path.name, name, handed.path, 1, ())
    if lacks:
        findings.append(Finding(rule("file_missing"), f"{name}.csv"))
    return Document(name, f"{name}.csv", None, handed.path, 1, ())


def open_table(source: Source, shape: Shape, findings: Findings) -> Document | None:
    """Open a source and find its header; None, with findings, if it cannot be read under it.

    A heading too many does not hide what else is wrong.
    """
    try:
        findings += source.open()
        document = read_header(source, shape, findings)
    except UnreadableError as error:
        found = Finding(rule(error.rule), source.file, error.row, error.column, None, source.sheet, error.details)
        findings.append(found)
        return None
    except OSError as error:
        if is_full(error):
            raise
        details = {"why": error.strerror}
        findings.append(Finding(rule("file_unreadable"), source.file, sheet=source.sheet, details=details))
        return None
    if document is not None and any(document.columns.count(column) != 1 for column in shape.required):
        findings += source.marks(document, of_header=True)  # cells that are merged may be why
        return None
    return document


def read_rows(source: Source, shape: Shape, findings: Findings) -> Rows:
    """Read a table of moderate size record by record; what is wrong is added to the findings, and no rows kept."""
    before = findings.errors
    document = open_table(source, shape, findings)
    empty = Document(source.name, source.file, source.sheet, source.path, 1, ())
    none: dict[str, list[str | None]] = {column: [] for column in shape.columns}
    if document is None:
        return Rows(empty, [], none)
    rows = Rows(document, [], {column: [] for column in shape.columns})
    try:
        for line, record in source.records():
            fields = [composed(field.strip()) for field in record]
            if line <= document.header or not any(fields):
                continue
            if len(fields) != len(document.columns):
                findings.append(document.wrong_width(line, len(fields)))
                continue
            rows.lines.append(line)
            by_column = dict(zip(document.columns, fields, strict=True))
            for column in shape.columns:
                rows.fields[column].append(by_column.get(column) or None)
        findings += source.marks(document)
    except UnreadableError as error:
        findings.append(document.finding(error.rule, error.row, error.column, **error.details))
    findings += [
        document.finding("control_character", line, column, value, code=code)
        for line, record in rows.records()
        for column, value in record.items()
        if value and (code := find_control(value))
    ]
    findings += [
        document.finding("text_damaged", line, column, value, what=what)
        for line, record in rows.records()
        for column, value in record.items()
        if value and column not in _NO_TEXTS and (what := find_damage(value))
    ]
    return rows if findings.errors == before else Rows(document, [], none)


def _read_wave(handed: Handed, documents: dict[str, Document], findings: Findings) -> tuple[Origin, Wave | None]:
    """Read what a wave says of itself, in wave.toml or in a sheet; return where its keys stand too."""
    if handed.folder is not None:
        return Origin(), read_wave(handed.folder / FILE, findings)
    source = handed.sources.get(WAVE)
    if source is None:
        findings.append(Finding(rule("sheet_missing"), handed.path.name, details={"name": WAVE}))
        return Origin(), None
    rows = read_rows(source, WAVE_SHEET, findings)
    documents[WAVE] = rows.document
    pairs: dict[str, tuple[int, str]] = {}
    for line, record in rows.records():
        key, value = record["key"], record["value"]
        if key in pairs:
            findings.append(rows.document.finding("key_twice", line, "key", key))
        elif key and key.count(".") >= MOST_PARTS:
            findings.append(rows.document.finding("key_too_deep", line, "key", key, most=MOST_PARTS))
        elif key and value:
            pairs[key] = line, value
    lines = {key: line for line, record in rows.records() if (key := record["key"])}
    origin = Origin(source.file, source.sheet, lines, texts=True)
    return origin, wave_of(nested((key, value) for key, (_, value) in pairs.items()), origin, findings)
