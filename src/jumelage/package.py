"""A wave as it is handed in: a folder of CSV files, read as text with its position into the workbench."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage import content
from jumelage.errors import DataError, Finding, find_control, nearest
from jumelage.models import MANAGEMENT
from jumelage.wave import FILE, Wave, read_wave

if TYPE_CHECKING:
    from collections.abc import Sequence
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
    """Read a CSV file (comma, UTF-8, one header line); what is wrong with it is added to the findings."""
    empty = Rows(name, [], {column: [] for column in shape.columns})
    before = len(findings)

    def wrong(message: str, row: int | None = None, column: str | None = None, value: str | None = None) -> None:
        findings.append(Finding(name, row, column, value, message))

    text = _text(folder / name, shape, wrong)
    if text is None:
        return empty
    rows = Rows(name, [], {column: [] for column in shape.columns})
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    end = 0
    try:
        header = [column.strip() for column in next(reader)]
        _check_header(header, shape, wrong)
        if len(findings) > before:
            return empty
        absent = [column for column in shape.columns if column not in header]
        end = reader.line_num
        for record in reader:
            line, end = end + 1, reader.line_num
            if not any(field.strip() for field in record):
                continue
            if len(record) != len(header):
                wrong(f"has {len(record)} fields where the header has {len(header)}", line)
                continue
            rows.lines.append(line)
            for column, field in zip(header, record, strict=True):
                rows.fields[column].append(field.strip() or None)
            for column in absent:
                rows.fields[column].append(None)
    except csv.Error as error:
        wrong(f"is not CSV: {error}", end + 1)
    return empty if len(findings) > before else rows


def _text(path: Path, shape: Shape, wrong: _Wrong) -> str | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        wrong("is missing")
        return None
    except OSError as error:
        wrong(f"cannot be read: {error.strerror}")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wrong(f"is not UTF-8: byte {data[error.start]:#04x}; save it as UTF-8", line)
        return None
    if control := find_control(text):
        wrong(control[1], text.count("\n", 0, control[0]) + 1)
        return None
    if not text.strip():
        wrong(f"is empty; its header line must be {','.join(shape.required)}")
        return None
    return text


def _check_header(header: list[str], shape: Shape, wrong: _Wrong) -> None:
    for column in shape.required:
        if column not in header:
            wrong(f"column {column} is missing; columns are {','.join(shape.columns)}", 1)
    for column in dict.fromkeys(header):
        if column not in shape.columns:
            wrong(f"is an unknown column; {nearest(column, shape.columns)}", 1, column)
        elif header.count(column) > 1:
            wrong("stands twice in the header", 1, column)


def _stage(bench: Connection, table: str, rows: Rows, shape: Shape) -> None:
    """Put the rows of a file into a temporary table of text columns, with their line."""
    columns = shape.columns
    unnested = ", ".join(f"unnest(cast(? as varchar[])) as {name}" for name in columns)
    values: Sequence[object] = (rows.lines, *(rows.fields[name] for name in columns))
    bench.exec_driver_sql(
        f"create or replace temp table {table} as select unnest(cast(? as integer[])) as line, {unnested}",
        tuple(values),
    )


if TYPE_CHECKING:
    from typing import Protocol

    class _Wrong(Protocol):
        def __call__(
            self, message: str, row: int | None = None, column: str | None = None, value: str | None = None
        ) -> None: ...
