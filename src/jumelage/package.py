"""A wave as it is handed in: a folder of CSV files, read as text with its position into the workbench."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage import content
from jumelage.errors import DataError, Finding, find_control, nearest
from jumelage.headings import column_of
from jumelage.models import MANAGEMENT
from jumelage.textfile import UndecodableError, decode
from jumelage.wave import FILE, Wave, read_wave
from jumelage.workbench import put

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a file: those it must have, those it may have."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in order."""
        return self.required + self.optional


TABLES = {
    "frame": Shape(("city", "population")),
    "respondents": Shape(("city", "response"), MANAGEMENT),
    "partnerships": Shape(("city", "country", "agreements", "partner", "since", "inferred", "source")),
    "actions": Shape(("city", "action", "answer")),
    "difficulties": Shape(("city", "difficulty", "answer")),
}
DELIMITERS = (",", ";", "\t")
CLAIMS = Shape(("claim", "place", "printed", "unit", "statement_fr", "statement_en", "kind", "offenders"))


@dataclass(frozen=True, slots=True)
class Rows:
    """The records of a file: for each its line, and its fields by column, trimmed; None for a blank one."""

    file: str
    lines: list[int]
    fields: dict[str, list[str | None]]

    def records(self) -> list[tuple[int, dict[str, str | None]]]:
        """Return the records one by one."""
        names = list(self.fields)
        values = zip(*self.fields.values(), strict=True)
        return [(line, dict(zip(names, row, strict=True))) for line, row in zip(self.lines, values, strict=True)]


@dataclass(frozen=True, slots=True)
class Package:
    """A wave read: what it says of itself, and its publication. Its tables are `raw_NAME` in the workbench."""

    wave: Wave | None
    published: dict[str, Rows]
    claims: Rows


def read_package(bench: Connection, folder: Path, findings: list[Finding]) -> Package:
    """Read a wave's folder into the workbench; DataError if it is none at all.

    Adds a finding for each file that is missing, unknown or cannot be read. A table with findings is left empty.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder; a wave is a folder with a {FILE}")
    for name, shape in TABLES.items():
        _stage(bench, f"raw_{name}", read_csv(folder, f"{name}.csv", shape, findings), shape)
    published = _read_published(folder, findings)
    claims = Rows("claims.csv", [], {name: [] for name in CLAIMS.columns})
    if (folder / "claims.csv").exists():
        claims = read_csv(folder, "claims.csv", CLAIMS, findings)
    _unknown_files(folder, "", {*(f"{name}.csv" for name in TABLES), "claims.csv", FILE, "published"}, findings)
    return Package(read_wave(folder / FILE, findings), published, claims)


def _read_published(folder: Path, findings: list[Finding]) -> dict[str, Rows]:
    published: dict[str, Rows] = {}
    inner = folder / "published"
    if not inner.exists():
        return published
    if not inner.is_dir():
        findings.append(Finding("published", None, None, None, "must be a folder of one CSV file per report"))
        return published
    names = content.report_names()
    _unknown_files(inner, "published/", {f"{name}.csv" for name in names}, findings)
    for report in names:
        if (inner / f"{report}.csv").exists():
            shape = Shape((*content.report(report).key, "measure", "printed", "place"))
            published[report] = read_csv(folder, f"published/{report}.csv", shape, findings)
    return published


def _unknown_files(folder: Path, prefix: str, known: set[str], findings: list[Finding]) -> None:
    for path in sorted(folder.iterdir()):
        if path.name not in known and not path.name.lower().startswith((".", "readme")):
            what = f"there is no report {path.stem!r}" if prefix else "is no file of a wave, and would be lost"
            message = f"{what}; {nearest(path.name, known)}"
            findings.append(Finding(f"{prefix}{path.name}", None, None, None, message))


def read_csv(folder: Path, name: str, shape: Shape, findings: list[Finding]) -> Rows:
    """Read a CSV file; what is wrong with it, or worth a notice, is added to the findings.

    The text may be UTF-8, UTF-16 or cp1252, its fields set apart by commas, semicolons or tabs, its lines ended in any
    way, its columns in any order under French or English names.
    """
    rows = Rows(name, [], {column: [] for column in shape.columns})
    before = errors_in(findings)

    def wrong(message: str, row: int | None = None, column: str | None = None, severity: str = "error") -> None:
        findings.append(Finding(name, row, column, None, message, severity))

    text = _text(folder / name, shape, wrong)
    if text is None:
        return rows
    delimiter, header = _header(text, shape)
    if header is None:
        wrong("is not CSV: a quote in the header is not closed", 1)
        return rows
    columns = _columns(header, shape, wrong)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    absent = [column for column in shape.columns if column not in columns]
    end = 0
    try:
        next(reader)
        end = reader.line_num
        for record in reader:
            line, end = end + 1, reader.line_num
            if not any(field.strip() for field in record):
                continue
            if len(record) != len(columns):
                wrong(f"has {len(record)} fields where the header has {len(columns)}", line)
                continue
            rows.lines.append(line)
            for column, field in zip(columns, record, strict=True):
                rows.fields.get(column, []).append(field.strip() or None)
            for column in absent:
                rows.fields[column].append(None)
    except csv.Error as error:
        wrong(f"is not CSV: {error}", end + 1)
    return rows if errors_in(findings) == before else Rows(name, [], {column: [] for column in shape.columns})


def errors_in(findings: list[Finding]) -> int:
    """Return how many of the findings stop a load."""
    return sum(finding.severity == "error" for finding in findings)


def _text(path: Path, shape: Shape, wrong: _Wrong) -> str | None:
    try:
        decoded = decode(path.read_bytes())
    except FileNotFoundError:
        wrong("is missing")
        return None
    except OSError as error:
        wrong(f"cannot be read: {error.strerror}")
        return None
    except UndecodableError as error:
        wrong(str(error), error.line)
        return None
    text = decoded.text
    if control := find_control(text):
        wrong(control[1], len(re.findall(r"\r\n|\r|\n", text[: control[0]])) + 1)
        return None
    if not text.strip():
        wrong(f"is empty; its header line must be {','.join(shape.required)}")
        return None
    if decoded.notice:
        wrong(decoded.notice, severity="notice")
    return text


def _header(text: str, shape: Shape) -> tuple[str, list[str] | None]:
    """Find what sets fields apart: that under which the header names most of the columns; a comma if none does."""
    found: list[tuple[int, str, list[str] | None]] = []
    for delimiter in DELIMITERS:
        try:
            fields = next(csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter))
        except csv.Error:
            found.append((0, delimiter, None))
            continue
        fields = [field.strip() for field in fields]
        found.append((len({column_of(field, shape.columns) for field in fields} - {None}), delimiter, fields))
    _, delimiter, header = max(found, key=lambda entry: (entry[0], entry[1] == ","))
    return delimiter, header


def _columns(header: list[str], shape: Shape, wrong: _Wrong) -> list[str]:
    """Return the column that each field of the header names; the field itself where it names none."""
    columns = [column_of(field, shape.columns) or field for field in header]
    for column in shape.required:
        if column not in columns:
            wrong(f"column {column} is missing; columns are {','.join(shape.columns)}", 1)
    for column in dict.fromkeys(columns):
        if column not in shape.columns:
            wrong(f"is an unknown column; {nearest(column, shape.columns)}", 1, column)
        elif columns.count(column) > 1:
            wrong("stands twice in the header", 1, column)
    return columns


def _stage(bench: Connection, table: str, rows: Rows, shape: Shape) -> None:
    """Put the rows of a file into a temporary table of text columns, with their line."""
    kinds = {"line": "integer", **dict.fromkeys(shape.columns, "varchar")}
    put(bench, table, kinds, [rows.lines, *(rows.fields[name] for name in shape.columns)])


if TYPE_CHECKING:
    from typing import Protocol

    class _Wrong(Protocol):
        def __call__(
            self, message: str, row: int | None = None, column: str | None = None, severity: str = "error"
        ) -> None: ...
