"""The tables of a revision as files: those that a load takes, and the code lists that they refer to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jumelage import database, report_file
from jumelage.database.parquet import parquet_of_spool
from jumelage.database.register import asked_authorities
from jumelage.database.workbench import put
from jumelage.exporting.words import field, field_of_report
from jumelage.reading.handed import PAIRS, PUBLISHED
from jumelage.reading.restore import ROWS
from jumelage.reading.shapes import ALIASES, CLAIMS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from jumelage.reading.shapes import Rows

_NEEDED = ("frame", "respondents", "partnerships", "actions", "difficulties")
_ORDER = {
    "frame": "city",
    "respondents": "city",
    "partnerships": "line",
    "actions": "city, action",
    "difficulties": "city, difficulty",
    "answers": "city, question, item nulls first",
    PAIRS: "city, country, partner_before, partner",
}
_AUTHORITIES = (
    *("code", "kind", "name", "status", "part_of", "departement"),
    *("population", "valid_from", "valid_to", "country"),
)
_LABELS = ("code", "label_fr", "label_en")


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be written: its file without an ending, the fields of its schema, and its rows in the workbench."""

    name: str
    path: str
    fields: list[dict[str, Any]]
    sql: str

    @property
    def columns(self) -> list[str]:
        """The names of its columns."""
        return [field["name"] for field in self.fields]


def tables(
    connection: Connection, bench: Connection, of: tuple[str, int], asked: dict[str, Rows], lang: str
) -> Iterator[Table]:
    """Yield the tables of a revision that is laid out in the workbench: those with rows, and those that must be.

    `asked` are its questions.
    """
    for table in (*_of_the_wave(bench, asked, lang), *_published(bench, lang), *_codes(connection, bench, of, lang)):
        if table.name in _NEEDED or bench.exec_driver_sql(f"select 1 from ({table.sql}) t limit 1").fetchall():
            yield table


def _of_the_wave(bench: Connection, asked: dict[str, Rows], lang: str) -> Iterator[Table]:
    for name, (_, columns) in ROWS.items():
        yield _table(name, tuple(columns), f"raw_{name} order by {_ORDER[name]}", lang)
    for name, rows in asked.items():
        put(bench, f"raw_{name}", dict.fromkeys(rows.fields, "varchar"), list(rows.fields.values()))
        yield _table(name, tuple(rows.fields), f"raw_{name}", lang)
    yield _table("claims", CLAIMS.columns, "staged_claims order by position", lang)
    yield _table("aliases", ALIASES.columns, "raw_aliases", lang)


def _published(bench: Connection, lang: str) -> Iterator[Table]:
    reports = bench.exec_driver_sql("select distinct report from staged_published_figures order by report").fetchall()
    for (name,) in reports:
        report = report_file.report(name)
        key = ", ".join(f"string_split(key, '/')[{i}] as {column}" for i, column in enumerate(report.key, 1))
        rest = ("measure", "printed", "place")
        sql = (
            f"select {key}, {', '.join(rest)} from staged_published_figures "
            f"where report = {database.literal(name)} order by position"
        )
        path = f"{PUBLISHED}/{name}"
        fields = [field_of_report(report.column(column), lang) for column in report.key]
        yield Table(path, path, [*fields, *(field(path, column, lang) for column in rest)], sql)


def _codes(connection: Connection, bench: Connection, of: tuple[str, int], lang: str) -> Iterator[Table]:
    """Yield the lists that the codes of the tables are from; of the register, the authorities that were asked."""
    asked = asked_authorities(f"wave = {database.literal(of[0])} and revision = {of[1]}")
    for name, columns, rows in (
        ("authorities", _AUTHORITIES, f"cities where code in ({asked})"),
        ("countries", _LABELS, "countries"),
        ("actions", (*_LABELS, "parent_code"), "actions"),
        ("difficulties", (*_LABELS, "parent_code"), "difficulties"),
    ):
        sql = f"select {', '.join(columns)} from survey.{rows}"
        database.fetch(connection, sql, bench, f"codes_{name}", dict.fromkeys(columns, "varchar"))
        yield replace(_table(f"codes-{name}", columns, f"codes_{name} order by code", lang), path=f"codes/{name}")


def _table(name: str, columns: tuple[str, ...], rows: str, lang: str) -> Table:
    fields = [field(name, column, lang) for column in columns]
    return Table(name, name, fields, f"select {', '.join(columns)} from {rows}")


def write_csv(bench: Connection, table: Table, path: Path) -> None:
    """Write a table as CSV, some rows at a time: commas, a header, what is null an empty field."""
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.write(f"{','.join(table.columns)}\n".encode())
        database.spool(bench, table.sql, table.columns, file)


def write_parquet(bench: Connection, table: Table, path: Path, scratch: Path) -> None:
    """Write a table as Parquet: numbers where nothing but numbers stands, else texts."""
    path.parent.mkdir(exist_ok=True)
    rows = scratch / "rows.csv"
    with rows.open("wb") as file:
        database.spool(bench, table.sql, table.columns, file)
    parquet_of_spool(rows, {one["name"]: _kind(one) for one in table.fields}, path)


def _kind(of: dict[str, Any]) -> str:
    kinds = {"integer": "bigint", "number": "decimal(18, 6)", "date": "date"}
    return "varchar" if "missingValues" in of else kinds.get(of["type"], "varchar")
