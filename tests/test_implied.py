"""What the printed figures imply: the stored result of `implied`, and its column of the ledger in every format."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import load_workbook
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.repairing.implications import Implications, Implied, read_implications, written
from jumelage.repairing.publication import about
from jumelage.revisions.asked import scope_asked_for
from tests.conftest import address, run
from tests.small_surveys import figure, survey

pytestmark = pytest.mark.on_duckdb
RESPONDED = ("participation", "responded", "value")
MEAN = ("participation", "mean_agreements", "value")
ACTION = ("actions", "solidarity", "cities")
CELLS = (
    Implied(RESPONDED, "25", (21, 29), 25, 25, (25, 25)),
    Implied(MEAN, "4", (Decimal("3.4"), Decimal("4.8")), Decimal("3.5"), Decimal("4.4"), (Decimal("3.4"), 4)),
    Implied(ACTION, "5", (0, 21), 5, 5, (0, 21), "all no"),
)
COLUMNS = ("implied_low", "implied_high", "fixed", "open_answers")
TOGETHER = {"fr": "Ce que laissent ensemble les chiffres imprimés", "en": "What the printed figures together leave"}


def _made(url: URL, **more: Any) -> Implications:
    with database.reading(url) as connection:
        scope = scope_asked_for(connection, None, None, None, kind=None, without_inferred=False)[0]
        of = about(connection, scope)
    return Implications(**{"about": of, "report": None, "minimum": 3, "cells": CELLS} | more)


@pytest.fixture
def stored(loaded: URL, tmp_path: Path) -> Path:
    path = tmp_path / "implied.json"
    path.write_text(written(_made(loaded)), encoding="utf-8")
    return path


def _marked(text: str) -> dict[tuple[str, str, str], tuple[str, ...]]:
    rows = csv.DictReader(io.StringIO(text))
    return {(row["report"], row["key"], row["measure"]): tuple(row[name] for name in COLUMNS) for row in rows}


def test_what_is_stored_is_read_as_it_was(loaded: URL) -> None:
    for found in (_made(loaded), _made(loaded, report="participation", minimum=0, cells=())):
        assert read_implications(written(found), "") == found


def test_the_command_stores_json_and_says_which_report_it_is_of(loaded: URL, tmp_path: Path) -> None:
    path = tmp_path / "implied.json"
    result = run("--db", address(loaded), "implied", "management", "-o", path)
    assert result.code == 0, result.err
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept | {"cells": []} == {
        "format": 1,
        **_made(loaded).about,
        "report": "management",
        "minimum": 3,
        "cells": [],
    }
    cells = {one["key"]: one for one in kept["cells"] if one["measure"] == "cities"}
    assert cells["service"] == {
        "report": "management",
        "key": "service",
        "measure": "cities",
        "printed": "12",
        "rows": [0, 21],
        "implied": [12, 12],
        "others": [0, 21],
        "fixed": False,
        "told": "",
    }
    check = run("--db", address(loaded), "check", "--implied", path)
    assert "This was looked for in one table alone, “management”" in check.out


@pytest.mark.long
def test_all_figures_of_2006_that_are_bounded_are_fixed_by_the_others(loaded: URL, tmp_path: Path) -> None:
    path = tmp_path / "implied.json"
    assert run("--db", address(loaded), "implied", "-o", path).code == 0
    rows = list(
        csv.DictReader(io.StringIO(run("--db", address(loaded), "check", "--implied", path, "--format", "csv").out))
    )
    bounded = [row for row in rows if row["status"] == "bounded"]
    assert len(bounded) == 5
    assert [row for row in rows if row["fixed"]] == bounded
    assert not any(row["open_answers"] for row in rows)


def test_check_has_the_column_only_where_it_is_given(loaded: URL, stored: Path) -> None:
    url = address(loaded)
    plain = run("--db", url, "check", "--format", "csv").out
    assert not set(COLUMNS) & set(next(csv.reader(io.StringIO(plain))))
    marked = _marked(run("--db", url, "check", "--implied", stored, "--format", "csv").out)
    assert marked[RESPONDED] == ("25", "25", "yes", "")
    assert marked[MEAN] == ("3.5", "4.4", "", "")
    assert marked[ACTION] == ("5", "5", "", "all no")
    assert {value for cell, value in marked.items() if cell not in {RESPONDED, MEAN, ACTION}} == {("",) * 4}
    french = run("--db", url, "check", "--implied", stored, "--lang", "fr").out
    assert "25 (fixé par les autres)" in french
    assert "il faut 3 corrections au moins" in french


def test_the_column_has_the_same_numbers_in_every_format(loaded: URL, stored: Path, tmp_path: Path) -> None:
    out = tmp_path / "public"
    options = ("--out", out, "--formats", "site,csv,json,parquet,xlsx,pdf", "--implied", stored)
    result = run("--db", address(loaded), "publish", *options)
    assert result.code == 0, result.err
    marked = _marked((out / "ledger.csv").read_text(encoding="utf-8"))
    assert [marked[cell][:2] for cell in (RESPONDED, MEAN, ACTION)] == [("25", "25"), ("3.5", "4.4"), ("5", "5")]
    listed = json.loads((out / "ledger.json").read_text(encoding="utf-8"))
    for row in listed:
        own = marked[row["report"], row["key"], row["measure"]]
        assert tuple("" if row[name] is None else str(row[name]) for name in COLUMNS) == own
    sql = f"select key, implied_low, implied_high from '{out}/ledger.parquet' where implied_low >= 0"
    found = {(key, Decimal(low), Decimal(high)) for key, low, high in duckdb.execute(sql).fetchall()}
    assert found == {(one.cell[1], Decimal(one.low), Decimal(one.high)) for one in CELLS}
    assert read_implications((out / "implied.json").read_text(encoding="utf-8"), "").cells == CELLS
    said = {
        "fr": ("25 fixé par les autres", "3,5–4,4", "5 les réponses ouvertes sont toutes non"),
        "en": ("25 fixed by the others", "3.5–4.4", "5 open answers are all no"),
    }
    for lang, (fixed, mean, told) in said.items():
        page = (out / lang / "ledger.html").read_text(encoding="utf-8")
        assert f'<th scope="col" class="n">{TOGETHER[lang]}</th>' in page
        texts = re.findall(r'<td class="n text">(.*?)</td>', page)
        shown = {re.sub(r"<[^>]*>", "", text) for text in texts}
        assert shown == {"", fixed, mean, told}
        sheet = load_workbook(out / f"survey.{lang}.xlsx")["registre" if lang == "fr" else "ledger"]
        headings = [cell.value for cell in sheet[3]]
        first = next(i for i, text in enumerate(headings) if str(text).startswith(TOGETHER[lang]))
        rows = {tuple(row[first : first + 2]) for row in sheet.iter_rows(min_row=4, values_only=True)}
        assert {(25, 25), (3.5, 4.4), (5, 5)} <= rows
        assert all(isinstance(low, int | float) for low, _ in rows if low)


def test_the_page_explains_the_column_and_leads_on(loaded: URL, stored: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "public", tmp_path / "public" / "fr" / "ledger.html"
    options = ("--db", address(loaded), "publish", "--out", out, "--formats", "site")
    assert run(*options).code == 0
    assert TOGETHER["fr"] not in page.read_text(encoding="utf-8")
    assert run(*options, "--implied", stored).code == 0
    text = page.read_text(encoding="utf-8")
    assert "elle n’est le fait d’aucune ligne" in text
    assert 'href="../implied.json"' in text
    assert "repairs.html" not in text
    assert "What is shown of `jumelage implied` has changed." in (out / "CHANGES").read_text(encoding="utf-8")
    assert "nothing has changed" in run(*options, "--implied", stored).err
    agreed = written(_made(loaded, minimum=0, report="participation"))
    stored.write_text(agreed, encoding="utf-8")
    assert run(*options, "--implied", stored).code == 0
    text = page.read_text(encoding="utf-8")
    assert "corrections au moins" not in text
    assert "que pour un tableau, «\u00a0Participation" in text


def test_a_result_of_another_content_is_refused(loaded: URL, stored: Path, tmp_path: Path) -> None:
    other = _made(loaded, about={"wave": "2012", "revision": 4, "content_hash": "0"})
    stored.write_text(written(other), encoding="utf-8")
    for command in (("publish", "--out", tmp_path / "public"), ("check",)):
        refused = run("--db", address(loaded), *command, "--implied", stored)
        assert refused.code == 2
        assert "the result of `jumelage implied` is of another content" in refused.err
        assert "it is of 2012@4" in refused.err
    assert not (tmp_path / "public").exists()


def _without(name: str, **more: object) -> dict[str, Any]:
    kept = {"format": 1, "wave": "2006", "revision": 1, "content_hash": "0", "report": None, "minimum": 3, "cells": []}
    return {key: value for key, value in (kept | more).items() if key != name}


def _cell(**more: object) -> dict[str, object]:
    cell = {"report": "zones", "key": "eu", "measure": "agreements", "printed": "3", "rows": [3, None]}
    return cell | {"implied": [3, 3], "others": None, "fixed": False, "told": ""} | more


def test_a_whole_file_is_none_of_the_broken_ones() -> None:
    assert len(read_implications(json.dumps(_without("", cells=[_cell()])), "").cells) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "[" * 100_000,
        *(json.dumps(_without(name)) for name in ("format", "wave", "content_hash", "report", "minimum", "cells")),
        json.dumps(_without("", format=2)),
        json.dumps(_without("", minimum=True)),
        json.dumps(_without("", revision="1")),
        json.dumps(_without("", content_hash=["0"])),
        json.dumps(_without("", cells={})),
        json.dumps(_without("", cells=[1])),
        json.dumps(_without("", cells=[{"report": "zones"}])),
        *(
            json.dumps(_without("", cells=[_cell(**{name: value})]))
            for name, value in (
                ("implied", [3]),
                ("implied", [4, 3]),
                ("implied", ["3", "3"]),
                ("implied", [None, 3]),
                ("rows", 3),
                ("fixed", True),
                ("fixed", 0),
                ("others", [3, 3]),
                ("told", "maybe"),
                ("told", []),
                ("key", None),
            )
        ),
        json.dumps(_without("", cells=[_cell()])).replace("[3, 3]", "[NaN, 3]"),
        json.dumps(_without("", cells=[_cell()])).replace("[3, 3]", "[3, 1e999999999999999999999]"),
        json.dumps({"format": 1, "repairs": [], "content_hash": "0"}),
    ],
)
def test_a_broken_file_is_refused(loaded: URL, tmp_path: Path, text: str) -> None:
    path = tmp_path / "implied.json"
    path.write_text(text, encoding="utf-8")
    refused = run("--db", address(loaded), "check", "--implied", path)
    assert refused.code == 2
    assert "is no result of `jumelage implied -o`; make it again" in refused.err
    assert "Traceback" not in refused.err


def test_a_file_that_cannot_be_read_is_told(loaded: URL, tmp_path: Path) -> None:
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\xff")
    for name in ("none.json", "bytes.json"):
        refused = run("--db", address(loaded), "publish", "--out", tmp_path / "out", "--implied", tmp_path / name)
        assert (refused.code, name in refused.err, "Traceback" in refused.err) == (2, True, False)


def test_one_result_is_not_taken_for_the_other(loaded: URL, stored: Path, tmp_path: Path) -> None:
    refused = run("--db", address(loaded), "publish", "--out", tmp_path / "public", "--repairs", stored)
    assert (refused.code, "is no result of `jumelage repair -o`" in refused.err) == (2, True)


def test_a_stored_result_is_not_written_over(loaded: URL, stored: Path) -> None:
    refused = run("--db", address(loaded), "check", "--implied", stored, "-o", stored)
    assert (refused.code, "would overwrite what this command reads" in refused.err) == (2, True)


def test_no_solver_is_needed_to_show_it(
    loaded: URL, stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in sys.modules if one.split(".")[0] == "ortools"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ortools", None)
    options = ("--out", tmp_path / "public", "--formats", "site", "--implied", stored)
    assert run("--db", address(loaded), "publish", *options).code == 0
    assert run("--db", address(loaded), "check", "--implied", stored).code == 0
    refused = run("--db", address(loaded), "implied", "management")
    assert (refused.code, "pip install 'jumelage[repair]'" in refused.err) == (2, True)


def test_a_figure_that_is_left_out_of_a_complete_table_is_not_taken_for_blank() -> None:
    """Of two towns it is not told whether they responded: without the figure of those without agreements, 0 to 2."""
    from jumelage.repairing.implied import implied

    cell = ("distribution", "0", "cities")
    towns = {"A": "responded", "B": "responded", "C": "not_published", "D": "not_published"}
    rows = {("A", "DE"): 2, ("B", "DE"): 1, ("B", "ML"): 1}
    figures = [figure("distribution", "0", "cities", 1), figure("distribution", "2", "cities", 2)]
    found = implied(survey(rows, figures, towns), {cell: (0, 2)}, None, {}).by_cell()[cell]
    assert (found.low, found.high, found.others, found.fixed) == (1, 1, (0, 2), False)
