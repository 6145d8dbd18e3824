"""What a report is once it has run: a sheet of cells, with what is known of each; no database is needed for it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, overload

from jumelage.content import ALL, TOTAL, UNKNOWN
from jumelage.texts import Label

if TYPE_CHECKING:
    from jumelage.report_file import Report

Value = int | Decimal | str | None

SPECIAL = {
    TOTAL: Label("Total", "Total"),
    ALL: Label("Ensemble", "All"),
    UNKNOWN: Label("non précisé", "not stated"),
}


@dataclass(frozen=True, slots=True)
class WaveFacts:
    """Where the figures come from: the wave and revision in scope."""

    wave: str
    revision: int
    title: Label
    frame_rule: Label
    source: str
    synthetic: bool
    several_mark: str | None
    facts: dict[str, Any]


class Packed(Sequence[tuple[Value, ...]]):
    """Rows kept by column, equal values once: a sixth of the memory, for those that are held while others are made."""

    def __init__(self, pieces: Iterable[Sequence[tuple[Value, ...]]]) -> None:
        """Keep rows that come some at a time."""
        kept: dict[Value, Value] = {}
        self._columns: list[list[Value]] = []
        for rows in pieces:
            columns = list(zip(*rows, strict=True))
            self._columns = self._columns or [[] for _ in columns]
            for column, values in zip(self._columns, columns, strict=True):
                column.extend(map(kept.setdefault, values, values))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._columns[0]) if self._columns else 0

    @overload
    def __getitem__(self, place: int) -> tuple[Value, ...]: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[tuple[Value, ...]]: ...

    def __getitem__(self, place: int | slice) -> tuple[Value, ...] | Sequence[tuple[Value, ...]]:
        """Return the one at a place, or those of a slice."""
        if isinstance(place, int):
            return tuple(column[place] for column in self._columns)
        return list(zip(*(column[place] for column in self._columns), strict=True))

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        """Give them in order."""
        return zip(*self._columns, strict=True)


class Cells(Mapping[str, dict[str, Value]]):
    """The values of each row of a report by its key, the parts joined by /.

    A row is made such values when it is asked for: beside a million rows there are no million dictionaries, and where
    a key stands is found out once.
    """

    def __init__(self, report: Report, rows: Sequence[tuple[Value, ...]]) -> None:
        """Keep the rows, which are in the columns of the report."""
        self._names = [column.name for column in report.columns]
        self._rows, self._keys = rows, key_places(report)

    @cached_property
    def _places(self) -> dict[str, int]:
        parts = ([str(row[place]) for row in self._rows] for place in self._keys)
        return {key: i for i, key in enumerate(map("/".join, zip(*parts, strict=True)))}

    def __getitem__(self, key: str) -> dict[str, Value]:
        """Return the values of the row of a key, by column."""
        return dict(zip(self._names, self._rows[self._places[key]], strict=True))

    def __contains__(self, key: object) -> bool:
        """Tell whether a row has this key."""
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        """Give the keys, in the order of the rows."""
        return iter(self._places)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._places)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out where the keys stand, which another process finds out itself."""
        return {name: value for name, value in self.__dict__.items() if name != "_places"}


@dataclass(frozen=True)
class Sheet:
    """A report run: one row per cell, in the columns of the report; codes, with the labels to show for them.

    `waves` are those in scope, by reference date; `remarks` must stand beside the figures. `details` are the codes
    that are a kind of another one of their list: people see them indented. `kind` is the kind of authority that it is
    of, where several were asked.
    """

    report: Report
    waves: tuple[WaveFacts, ...]
    remarks: tuple[Label, ...]
    rows: Sequence[tuple[Value, ...]]
    labels: dict[str, dict[str, Label]]
    details: frozenset[str]
    kind: str | None = None

    @property
    def name(self) -> str:
        """The name of the report, and of the kind of authority where several were asked: fit for a file and a link.

        A kind of another country may be any text.
        """
        if self.kind is None:
            return self.report.name
        plain = re.sub("[^a-z0-9_]+", "-", self.kind)
        told = "" if plain == self.kind else f"-{hashlib.sha256(self.kind.encode()).hexdigest()[:6]}"
        return f"{self.report.name}-{plain}{told}"

    @property
    def wave(self) -> WaveFacts:
        """The wave in scope; the latest one of several."""
        return self.waves[-1]

    @cached_property
    def cells(self) -> Cells:
        """The values of each row by its key, the parts joined by /."""
        return Cells(self.report, self.rows)

    def known(self, key: str, measure: str) -> tuple[Value, Value]:
        """Return what the rows say of a cell, from low to high."""
        return known(self.report, self.cells, key, measure, complete=self.complete)

    @property
    def complete(self) -> bool:
        """Whether the list of agreements of every wave is claimed complete, and lacks none of the kind shown."""
        return all(wave.facts["complete"] for wave in self.waves)

    @property
    def numbers(self) -> frozenset[str]:
        """The columns that can only have numbers: those with ends and bases, these, and what a list counts."""
        columns, listing = self.report.columns, self.report.listing
        bounded = {column.name for column in columns if column.high or column.base}
        named = {name for column in columns for name in (column.high, column.base) if name}
        return frozenset(bounded | named | ({listing.count} if listing else set()))

    def with_rows(self, keys: Iterable[str]) -> Sheet:
        """Return the sheet with a row for each of these keys; rows that it lacks are put where they belong."""
        cells = self.cells
        order = list(cells)
        for key in dict.fromkeys(key for key in keys if key not in cells):
            after = [i for i, other in enumerate(order) if _before(other, key)]
            order.insert(after[-1] + 1 if after else 0, key)
        rows = dict(zip(cells, self.rows, strict=True))
        return replace(self, rows=tuple(rows.get(key) or self._row(key) for key in order))

    def _row(self, key: str) -> tuple[Value, ...]:
        """Return the row of a key that no row computes."""
        parts = dict(zip(self.report.key, key.split("/"), strict=True))
        names = [column.name for column in self.report.columns]
        numbers = {name for row in self.rows for name, value in zip(names, row, strict=True) if isinstance(value, int)}
        return tuple(
            _uncounted(self.report, name, complete=self.complete)
            if name not in parts
            else int(parts[name])
            if name in numbers and parts[name].isdigit()
            else parts[name]
            for name in names
        )

    def can_have(self, key: str) -> bool:
        """Tell whether a row may have this key: each part is a code of its list, or the column has no list."""
        for name, part in zip(self.report.key, key.split("/"), strict=True):
            spec = self.report.column(name)
            listed = {**self.labels.get(spec.codes or "", {}), **(spec.labels or {})}
            if (spec.codes or spec.labels) and part not in listed and part not in SPECIAL:
                return False
        return True

    def shown(self, column: str, value: Value, lang: str) -> str:
        """Return what people read for a value: the label of a code, a number in the language's typography."""
        if value is None:
            return ""
        if isinstance(value, int | Decimal):
            return number(value, lang)
        spec = self.report.column(column)
        own = (spec.labels or {}).get(value)
        label = own or self.labels.get(spec.codes or "", {}).get(value) or SPECIAL.get(value)
        indent = "\u2003" if value in self.details else ""
        return indent + (label.text(lang) if label else value)


@dataclass(frozen=True, slots=True)
class Detail:
    """The rows behind a cell, to be read once, while the connection that they come from is open."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Value, ...]]
    additive: bool


def key_places(report: Report) -> tuple[int, ...]:
    """Return where the columns of the key stand in a row of a report."""
    names = [column.name for column in report.columns]
    return tuple(names.index(name) for name in report.key)


def known(
    report: Report, cells: Mapping[str, dict[str, Value]], key: str, measure: str, *, complete: bool
) -> tuple[Value, Value]:
    """Return what computed cells say of one, from low to high; `complete` as for a sheet."""
    high = report.column(measure).high or measure
    cell = cells.get(key) or {name: _uncounted(report, name, complete=complete) for name in (measure, high)}
    return cell[measure], cell[high]


def _uncounted(report: Report, name: str, *, complete: bool) -> Value:
    """Return what a column holds in a row that nothing computes: zero, or zero and more if the list is not complete.

    This is the one place where that is decided.
    """
    if report.column(name).codes or (not complete and name in {column.high for column in report.columns}):
        return None
    return 0


def _before(other: str, key: str) -> bool:
    """Tell whether a row stands before one that is to be put in: numbers in order, totals last."""
    if TOTAL in other.split("/"):
        return False
    if other.isdigit() and key.isdigit():
        return int(other) < int(key)
    return True


def number(value: int | Decimal, lang: str) -> str:
    """Write a number: French sets thousands apart by a narrow no-break space and writes a decimal comma."""
    text = f"{value:,}".replace("-", "\u2212")
    return text if lang == "en" else text.translate({ord(","): "\u202f", ord("."): ","})


def plain(value: Any) -> Value:  # noqa: ANN401
    """Turn a driver's value into one that is equal on every engine: whole numbers are int, others Decimal.

    What is no number, or infinite, is a text.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | Decimal | float):
        exact = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
        if not exact.is_finite():
            return str(float(exact))
        return int(exact) if exact == exact.to_integral_value() else exact.normalize()
    return str(value)


_PLAIN = {int, str, type(None)}


def plain_rows(rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Value, ...]]:
    """Make each value of rows plain."""
    if set(map(type, chain.from_iterable(rows))) <= _PLAIN:  # so they are, mostly: by the million it counts
        return rows
    return [tuple(plain(value) for value in row) for row in rows]
