"""Plain dates are read by SQL, a column at once; what it says of a text must be what the reader of dates says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jumelage import database
from jumelage.checking.periods import Period, plain_days, understand
from jumelage.database.workbench import workbench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@pytest.fixture(scope="module")
def bench() -> Iterator[Connection]:
    with database.in_memory().begin() as connection, workbench(connection) as ready:
        yield ready


_PARTS = st.integers(0, 10_000).map(str) | st.integers(0, 40).map("{:02}".format)


@given(st.lists(st.lists(_PARTS, min_size=1, max_size=3).map("-".join), min_size=20, max_size=20))
@example(["1958", "0000", "0999", "9999", "2004-02", "2003-02-29", "2004-02-29", "2004-13", "2004-00", "2004-2"])
@example(["1958/01", "1958-01-01 ", " 1958", "1958-1-1", "+1958", "01958", "1958-01-01-01", "1958-", "12/11/1999", "x"])
def test_a_plain_date_is_the_same_period_in_sql(bench: Connection, texts: list[str]) -> None:
    first, last = plain_days("text")
    rows = bench.exec_driver_sql(
        f"select text, {first}, {last} from (select unnest(cast(? as varchar[])) as text)", (texts,)
    ).fetchall()
    assert len(rows) == len(texts)
    for text, *days in rows:
        if days != [None, None]:
            assert understand(text, None, day_first=False) == Period(*days), text


def test_every_plain_date_is_read_by_sql(bench: Connection) -> None:
    texts = [
        "1000",
        "1958",
        "9999",
        "1958-01",
        "2004-02",
        "1900-02",
        "9999-12",
        "1958-01-31",
        "2004-02-29",
        "9999-12-31",
    ]
    first, _ = plain_days("text")
    rows = bench.exec_driver_sql(
        f"select text from (select unnest(cast(? as varchar[])) as text) where {first} is null", (texts,)
    ).fetchall()
    assert rows == []
