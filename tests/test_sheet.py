"""A sheet's rows: kept by column, looked up by key, and held to what their header says, without any database."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest

from jumelage.errors import ReportError
from jumelage.report_file import Column, Report
from jumelage.reporting.contract import check
from jumelage.reporting.sheet import Cells, Packed, Value
from jumelage.texts import Label

WORD = Label("mot", "word")
REPORT = Report(
    name="pairs",
    title=WORD,
    source=None,
    key=("zone", "year"),
    columns=(Column("zone", WORD), Column("year", WORD), Column("towns", WORD)),
    not_additive=(),
    listing=None,
    sql="",
    detail_sql="",
)
Rows = tuple[tuple[Value, ...], ...]
ROWS: Rows = (("eu", 2006, 3), ("eu", 2012, None), ("world", 2006, Decimal("0.5")), ("total", 2006, 3))


def test_packed_rows_are_the_rows() -> None:
    packed = Packed([ROWS[:3], ROWS[3:]])
    assert tuple(packed) == ROWS
    assert tuple(packed) == ROWS  # again
    assert (len(packed), packed[2], packed[1:3]) == (4, ROWS[2], list(ROWS[1:3]))
    assert (list(Packed([])), len(Packed([])), list(Packed([[]]))) == ([], 0, [])


def test_cells_are_looked_up_by_their_key_also_in_another_process() -> None:
    for rows in (ROWS, Packed([ROWS])):
        cells = Cells(REPORT, rows)
        assert list(cells) == ["eu/2006", "eu/2012", "world/2006", "total/2006"]
        assert cells["world/2006"] == {"zone": "world", "year": 2006, "towns": Decimal("0.5")}
        assert (len(cells), "eu/2012" in cells, "eu/2013" in cells, cells.get("eu")) == (4, True, False, None)
        other = pickle.loads(pickle.dumps(cells))  # noqa: S301
        assert dict(other) == dict(cells)


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        (ROWS, ""),
        ((ROWS[0], ROWS[2], ROWS[1]), ""),  # a zone that comes back
        ((), ""),
        ((*ROWS, ROWS[0]), "the key eu/2006 is null or appears twice"),
        ((ROWS[0], ROWS[0]), "the key eu/2006 is null or appears twice"),
        ((("eu", None, 1),), "the key eu/None is null or appears twice"),
        ((("e/u", 2006, 1),), "the key e/u/2006 has a part with /"),
    ],
)
def test_each_row_has_a_key_of_its_own(rows: Rows, wrong: str) -> None:
    for given in (rows, Packed([rows] if rows else [])):
        if not wrong:
            check(REPORT, ["zone", "year", "towns"], given)
            continue
        with pytest.raises(ReportError, match=wrong):
            check(REPORT, ["zone", "year", "towns"], given)
