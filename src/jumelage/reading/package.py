"""A wave as it is handed in, read as text with its position into the workbench."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from jumelage import report_file
from jumelage.database.models import TOWN_QUESTIONS
from jumelage.errors import DataError, UnreadableError
from jumelage.reading.handed import MAY_LACK, PAIRS, PUBLISHED, TABLES, WAVE, Handed
from jumelage.reading.raw_tables import stage
from jumelage.reading.source import Document, Shape, read_header
from jumelage.reading.wave_fields import FILE, MOST_PARTS, Origin, nested
from jumelage.reading.wave_toml import Wave, read_wave, wave_of
from jumelage.rules import Finding, rule
from jumelage.temporary import is_full
from jumelage.texts import composed, find_control, find_damage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from jumelage.findings import Findings
    from jumelage.reading.restore import Restored
    from jumelage.reading.source import Source

SHAPES = {
    "frame": Shape(("city", "population"), ("city_code",)),
    "respondents": Shape(("city", "response"), ("city_code", *TOWN_QUESTIONS, "declared_agreements")),
    "partnerships": Shape(
        ("city", "country"), ("city_code", "agreements", "partner", "since", "until", "inferred", "source")
    ),
    "actions": Shape(("city", "action", "answer"), ("city_code",)),
    "difficulties": Shape(("city", "difficulty", "answer"), ("city_code",)),
    PAIRS: Shape(("city", "country", "partner_before", "partner", "same"), ("city_code", "likeness")),
}
ALIASES = Shape(("list", "spelling", "code"))
CLAIMS = Shape(("claim", "place", "printed", "unit", "statement_fr", "statement_en", "kind", "offenders"))
_NO_TEXTS = {"offenders", "printed", "value"}  # columns of what is no text for people, or is looked at later
_WAVE_SHEET = Shape(("key", "value"), ("explication", "explanation"))


@dataclass(frozen=True, slots=True)
class Rows:
    """The records of a small table: for each its row, and its fields by column, trimmed; None for a blank one."""

    document: Document
    lines: list[int] = field(default_factory=list)
    fields: dict[str, list[str | None]] = field(default_factory=dict)

    def records(self) -> list[tuple[int, dict[str, str | None]]]:
        """Return the records one by one."""
        names = list(self.fields)
        values = zip(*self.fields.values(), strict=True)
        return [(line, dict(zip(names, row, strict=True))) for line, row in zip(self.lines, values, strict=True)]


@dataclass(frozen=True, slots=True)
class Package:
    """A wave read: what it says of itself, its publication, its spellings, and where everything stands.

    Its tables are `raw_NAME` in the workbench.
    """

    wave: Wave | None
    published: dict[str, Rows]
    claims: Rows | None
    aliases: Rows | None
    documents: dict[str, Document]
    origin: Origin = field(default_factory=Origin)

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
    for name in TABLES:
        if name not in documents:
            step(f"reading {name}")
            documents[name] = _read_table(bench, handed, name, scratch, findings)
    if restored:
        return Package(restored.wave, {}, None, None, documents)
    published, rows = {}, {}
    for name, source in handed.sources.items():
        if name.startswith(f"{PUBLISHED}/"):
            report = report_file.report(name.removeprefix(f"{PUBLISHED}/"))
            shape = Shape((*report.key, "measure", "printed", "place"))
            with _unchanged(handed, source):
                published[report.name] = read_rows(source, shape, findings)
            documents[name] = published[report.name].document
        elif name not in {*TABLES, WAVE}:
            with _unchanged(handed, source):
                rows[name] = read_rows(source, {"aliases": ALIASES, "claims": CLAIMS}[name], findings)
            documents[name] = rows[name].document
    origin, wave = _read_wave(handed, documents, findings)
    return Package(wave, published, rows.get("claims"), rows.get("aliases"), documents, origin)


def _read_table(bench: Connection, handed: Handed, name: str, scratch: Path, findings: Findings) -> Document:
    shape = SHAPES[name]
    columns = ", ".join(f"cast(null as varchar) as {column}" for column in (*shape.columns, "loose"))
    bench.exec_driver_sql(
        f"create or replace temp table raw_{name} as "
        f"select cast(null as integer) as line, {columns}, cast(null as integer) as odd limit 0"
    )
    source = handed.sources.get(name)
    if source is None:
        return _absent(handed, name, findings)
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


def _absent(handed: Handed, name: str, findings: Findings) -> Document:
    if handed.form == "workbook":
        if name not in MAY_LACK:
            findings.append(Finding(rule("sheet_missing"), handed.path.name, details={"name": name}))
        return Document(name, handed.path.name, name, handed.path, 1, ())
    if name not in MAY_LACK:
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
    rows = read_rows(source, _WAVE_SHEET, findings)
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
