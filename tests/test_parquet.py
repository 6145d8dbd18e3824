"""Parquet: the values of the CSV and the JSON, each column of one type, and the same bytes for the same rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy.engine import URL

from jumelage import database, report_file
from jumelage.render import renderer
from jumelage.render.grid import Grid, Shown, of_sheet
from jumelage.render.parquet import render_parquet
from jumelage.reporting.ledger import check, of_report
from jumelage.reporting.run import run
from jumelage.reporting.sheet import Value
from jumelage.revisions.scope import find_scope

NOT_SHOWN = Shown("", (), (), ())


def made(rows: Sequence[tuple[Value, ...]], *names: str, numbers: frozenset[str] = frozenset()) -> Grid:
    """A grid of rows, whatever they are of."""
    return Grid(names, iter(rows), lambda: NOT_SHOWN, numbers=numbers)


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Reads what was written: columns with their types, and the rows."""

    def opened(data: bytes) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
        file = tmp_path / "rows.parquet"
        file.write_bytes(data)
        found = duckdb.read_parquet(str(file))
        return dict(zip(found.columns, map(str, found.types), strict=True)), found.fetchall()

    return opened


def as_text(value: object) -> str:
    if value is None:
        return ""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def as_json(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("wave", ["2006", "2012-demo"])
def test_every_report_has_the_values_of_the_csv_and_of_the_json(shown: URL, wave: str, read: Any) -> None:
    kinds = set()
    with database.reading(shown) as connection:
        scope = find_scope(connection, wave)
        _, sheets = check(connection, scope)
        assert set(report_file.reports_of_a_wave()) <= {sheet.report.name for sheet in sheets.values()}
        for name, sheet in sheets.items():
            judged = of_report(connection, scope, sheet.report.name)
            columns, rows = read(render_parquet(of_sheet(sheet, "en", judged)))
            kinds |= set(columns.values())
            written = csv.reader(io.StringIO("".join(renderer("csv")(of_sheet(sheet, "en", judged)))))
            assert [list(columns), *([as_text(value) for value in row] for row in rows)] == list(written), name
            objects = json.loads("".join(renderer("json")(of_sheet(sheet, "en", judged))))
            told = [dict(zip(columns, map(as_json, row), strict=True)) for row in rows]
            wanted = [{key: _as_kind(columns[key], value) for key, value in one.items()} for one in objects]
            assert told == wanted, name
    assert {"BIGINT", "VARCHAR"} <= kinds


def _as_kind(kind: str, value: object) -> object:
    """What the JSON has as a number, in a column that has texts too."""
    return str(value) if kind == "VARCHAR" and isinstance(value, int) else value


def test_a_column_has_one_type_and_every_value_its_exact_one(read: Any) -> None:
    texts: list[Value] = [
        'a "quoted", one',
        "two\nlines\r\n",
        "",
        "007",
        "1e3",
        "NULL",
        "é\u2003\U0001f600",
        "a\\b",
        None,
    ]
    rows: list[tuple[Value, ...]] = [(i, text, Decimal(i) / 8, None) for i, text in enumerate(texts)]
    columns, found = read(render_parquet(made(rows, "n", "text", "share", "nothing")))
    assert columns == {"n": "BIGINT", "text": "VARCHAR", "share": "DECIMAL(18,3)", "nothing": "VARCHAR"}
    assert found == rows


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, -(2**63) + 1], "BIGINT"),
        ([2**63], "DECIMAL(38,0)"),
        ([1, Decimal("2.5")], "DECIMAL(18,1)"),
        ([10**17, Decimal("0.25")], "DECIMAL(38,2)"),
        ([Decimal("123456789012.123456")], "DECIMAL(18,6)"),
        ([Decimal("1E-30"), 10**9], "VARCHAR"),
        ([1, "total"], "VARCHAR"),
    ],
)
def test_a_number_is_as_exact_as_in_the_csv(values: list[Value], kind: str, read: Any) -> None:
    columns, rows = read(render_parquet(made([(value,) for value in values], "n")))
    assert columns == {"n": kind}
    said = [
        format(value, "f") if isinstance(value, Decimal) else None if value is None else str(value) for value in values
    ]
    assert [value for (value,) in rows] == (said if kind == "VARCHAR" else values)


def test_a_column_of_numbers_is_one_before_it_has_any(read: Any) -> None:
    for rows in ([], [(None, None)]):
        columns, found = read(render_parquet(made(rows, "high", "name", numbers=frozenset({"high"}))))
        assert columns == {"high": "BIGINT", "name": "VARCHAR"}
        assert found == rows


def test_an_upper_end_that_nothing_bounds_is_a_column_of_numbers(shown: URL) -> None:
    with database.reading(shown) as connection:
        sheet = run(connection, report_file.report("zones"), find_scope(connection, "2006"))
    grid = of_sheet(sheet, "en")
    assert {column.high for column in sheet.report.columns if column.high} <= grid.numbers
    assert not {"zone"} & grid.numbers


def test_the_same_rows_give_the_same_bytes() -> None:
    rows: list[tuple[Value, ...]] = [(i, f"town {i % 7}", Decimal(i) / 10) for i in range(30_000)]
    first, second = (render_parquet(made(rows, "n", "town", "share")) for _ in range(2))
    assert first == second
    assert render_parquet(made(rows[::-1], "n", "town", "share")) != first
