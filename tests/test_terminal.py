"""Tables for people are drawn row by row; each line must be the one that the library draws of the whole table."""

from __future__ import annotations

from io import StringIO

from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from jumelage.render.grid import Grid, Shown
from jumelage.render.terminal import _drawn, _table, _widths, render

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Mn", "Me", "Mc"]), max_size=12)
_NUMBER = st.integers(-9999, 9999).map("{:,}".format)


@st.composite
def _shown(draw: st.DrawFn) -> Shown:
    columns = draw(st.integers(1, 4))
    numeric = tuple(draw(st.booleans()) for _ in range(columns))
    headings = tuple(draw(st.sampled_from(["Town", "Agreements per respondent, on average", "n"])) for _ in numeric)
    row = st.tuples(*(_NUMBER if number else _TEXT for number in numeric))
    return Shown("", headings, tuple(draw(st.lists(row, max_size=6))), numeric, frozenset(draw(st.sets(st.just(0)))))


@given(_shown())
@example(Shown("", ("Town",), (("00\x1f\x1f\x08",), ("000000000\x1f\n0",)), (False,)))
def test_a_table_is_drawn_as_the_library_draws_it(shown: Shown) -> None:
    console = Console(file=StringIO(), width=100_000, highlight=False, emoji=False, markup=False)
    expected = _drawn(console, _table(shown, list(shown.rows)))
    _widths(expected)  # takes the crosses out
    drawn = "".join(render(Grid((), (), lambda: shown))).splitlines()
    assert drawn[: len(expected) - 1] == expected[:-1]
