"""What a report's header says of its chart: which kind, of which columns, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jumelage.errors import UsageError
from jumelage.texts import Label, both, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

BARS, STACKED, DOTS, MAP, SLOPE, WATERFALL = "bars", "stacked", "dots", "map", "slope", "waterfall"
# What each kind must say, and what it may say besides.
_MUST = {
    BARS: {"x", "y"},
    STACKED: {"x", "y"},
    DOTS: {"x", "y"},
    MAP: {"x", "y"},
    SLOPE: {"x", "y"},
    WATERFALL: {"row"},
}
_INFERRED = "inferred"
_MAY = {BARS: {"sort"}, STACKED: {"sort"}, DOTS: {"sort"}, MAP: {_INFERRED}}
BY_VALUE = "value"
_SORTS = (BY_VALUE, "given")
_COUNTRIES = "countries"
_SEVERAL = 2
MOST_STACKED = 8  # measures that colours tell apart


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """A chart of a report: `x` and `y` are columns, several for the measures that are stacked.

    `sort` is `value`, the largest first, or `given`, in the order of the query. A waterfall draws the report's
    [balance], of the rows whose key ends in `row`. A map marks the countries of which `inferred`, a column, has some.
    """

    kind: str
    x: tuple[str, ...] = ()
    y: str = ""
    sort: str = "given"
    row: str = ""
    inferred: str = ""


def chart_spec(
    table: object, key: Collection[str], codes: Mapping[str, str | None], *, balanced: bool, name: str
) -> ChartSpec:
    """Return what a [chart] says; `codes` are the code lists of columns by name, `balanced` if it has a [balance].

    UsageError names the report and what is wrong.
    """
    if not isinstance(table, dict):
        raise _wrong(name, both("il faut une table", "it must be a table"))
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in _MUST:
        raise _wrong(
            name,
            both("il n’y a pas de genre {!r}\u00a0; {}", "there is no kind {!r}; {}", str(kind), _near(kind, _MUST)),
        )
    must, may = _MUST[kind], _MAY.get(kind, set())
    for word in table:
        if word not in {"kind", *must, *may}:
            near = nearest(word, {"kind", *must, *may})
            raise _wrong(
                name, both("clé inconnue {!r} pour {}\u00a0; {}", "unknown key {!r} for {}; {}", word, kind, near)
            )
    for word in sorted(must - set(table)):
        raise _wrong(name, both("il manque {!r}", "{!r} is missing", word))
    if kind == WATERFALL:
        if not balanced:
            raise _wrong(name, both("waterfall demande une table [balance]", "a waterfall needs a table [balance]"))
        return ChartSpec(kind, row=_column(table["row"], "row", None, name))
    measures = [column for column in codes if column not in key]
    across, up = (list(key), measures) if kind == SLOPE else (measures, list(key))
    x, y = _several(table["x"], across, kind, name), _column(table["y"], "y", up, name)
    sort: Any = table.get("sort", "given")
    if sort not in _SORTS:
        raise _wrong(name, both("sort\u00a0: {!r}\u00a0; {}", "sort: {!r}; {}", str(sort), _near(sort, _SORTS)))
    if kind == MAP and codes[y] != _COUNTRIES:
        raise _wrong(name, both("y\u00a0: {!r} n’est pas une colonne de pays", "y: {!r} is no column of countries", y))
    inferred = _column(table[_INFERRED], _INFERRED, measures, name) if _INFERRED in table else ""
    return ChartSpec(kind, x, y, sort, inferred=inferred)


def _several(said: Any, known: Collection[str], kind: str, name: str) -> tuple[str, ...]:  # noqa: ANN401
    if kind != STACKED:
        return (_column(said, "x", known, name),)
    if not isinstance(said, list) or not _SEVERAL <= len(said) <= MOST_STACKED:
        fr, en = (
            "x\u00a0: stacked demande plusieurs colonnes, {} au plus",
            "x: stacked needs several columns, {} at most",
        )
        raise _wrong(name, both(fr, en, MOST_STACKED))
    found = tuple(_column(one, "x", known, name) for one in said)
    if len(set(found)) < len(found):
        raise _wrong(name, both("x\u00a0: une colonne y est deux fois", "x: a column stands there twice"))
    return found


def _column(said: Any, word: str, known: Collection[str] | None, name: str) -> str:  # noqa: ANN401
    if not isinstance(said, str):
        raise _wrong(name, both("{} doit être un texte", "{} must be a text", word))
    if known is not None and said not in known:
        raise _wrong(
            name,
            both(
                "{}\u00a0: colonne inconnue {!r}\u00a0; {}",
                "{}: unknown column {!r}; {}",
                word,
                said,
                nearest(said, known),
            ),
        )
    return said


def _near(said: object, known: Collection[str]) -> Label:
    return nearest(str(said), known)


def _wrong(name: str, why: Label) -> UsageError:
    return UsageError(both("{}.sql\u00a0: en-tête\u00a0: [chart]\u00a0: {}", "{}.sql: header: [chart]: {}", name, why))
