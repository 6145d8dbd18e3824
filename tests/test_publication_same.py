"""The same number in every format: page, paper, workbook, CSV, JSON and Parquet, for every report and language."""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pypdfium2
import pytest
from sqlalchemy.engine import URL

from jumelage.publication.files import DATA_FORMATS
from jumelage.reporting.sheet import number
from jumelage.texts import LANGUAGES
from tests.conftest import address, run
from tests.published import section

FORMATS = ",".join(("site", "pdf", "xlsx", *DATA_FORMATS))


def plain(value: Any) -> str:
    """A value without its type: nothing, a number as the CSV writes it, a text."""
    if value is None:
        return ""
    if isinstance(value, float | Decimal):
        exact = Decimal(str(value))
        return format(exact.quantize(1) if exact == exact.to_integral_value() else exact.normalize(), "f")
    return str(value)


@pytest.mark.parametrize("waves", ["2006", pytest.param("2006,2012-demo", marks=pytest.mark.long)])
def test_every_format_has_the_same_numbers(shown: URL, tmp_path: Path, waves: str) -> None:
    out = tmp_path / "public"
    done = run("publish", "--wave", waves, "--formats", FORMATS, "--out", out, "--db", address(shown))
    assert done.code == 0, done.err
    paper = {}
    books = {}
    for lang in LANGUAGES:
        with pypdfium2.PdfDocument(out / f"survey.{lang}.pdf") as document:
            texts = [page.get_textpage().get_text_range() for page in document]
        paper[lang] = re.sub(r"[\s\ufffe]", "", "".join(texts))
        books[lang] = openpyxl.load_workbook(out / f"survey.{lang}.xlsx", data_only=True)
    compared = 0
    for path in sorted((out / "data").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"), parse_float=Decimal)
        assert [[plain(one[name]) for name in header] for one in told] == [[plain(one) for one in row] for row in rows]
        columns = ", ".join(f'"{name}"' for name in header)
        with duckdb.connect() as plain_duckdb:
            read = f"select {columns} from read_parquet('{path.with_suffix('.parquet')}')"
            kept = plain_duckdb.execute(read).fetchall()
        assert [[plain(value) for value in row] for row in kept] == rows, path
        numeric = [
            place for place, name in enumerate(header) if any(isinstance(one[name], int | Decimal) for one in told)
        ]
        for lang in LANGUAGES:
            sheet = books[lang][path.stem[:31]]
            cells = list(sheet.iter_rows(min_row=4, max_row=3 + len(rows), values_only=True))
            page = re.sub(r"\s", "", unescape(re.sub("<[^>]*>", " ", section(out, lang, path.stem))))
            for row, cell in zip(rows, cells, strict=True):
                for place in numeric:
                    if row[place] == "":
                        assert not isinstance(cell[place], int | float)
                        continue
                    assert Decimal(str(cell[place])) == Decimal(row[place]), (path, row, cell)
                    said = re.sub(r"\s", "", number(Decimal(row[place]), lang))
                    if not header[place].endswith("_high"):  # the upper end may be left out where it is no other
                        assert said in page, (path, row[place])
                        assert said in paper[lang], (path, row[place])
                    compared += 1
    assert compared > 500
