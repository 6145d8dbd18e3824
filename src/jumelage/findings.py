"""Everything found wrong in one load, however much it is: what does not fit into memory is kept in a file."""

from __future__ import annotations

import heapq
import pickle
import weakref
from collections.abc import Collection
from itertools import groupby, islice
from operator import itemgetter
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Self

from jumelage.rules import ERROR, Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

_IN_MEMORY = 20_000
_AT_ONCE = 100  # read of each part while the parts are merged
# What else is said of a cell that breaks one of these follows from it.
_FIRST_CAUSES = frozenset(
    {
        "control_character",
        "formula_without_value",
        "cell_error",
        "time_of_day",
        "several_mark_undeclared",
        "mark_or_departement",
        "number_as_date",
        "date_in_part",
        "shown_otherwise",
        "value_not_recoded",
    }
)

_Row = tuple[Any, ...]  # the order of a finding, then its parts


def _cell(row: _Row) -> object:
    """Return what findings of one cell have in common; None for those of no cell."""
    return row[0][:4] if row[4] else None


class Findings(Collection[Finding]):
    """Findings added in any order and given back by file, sheet, row and column once they are sorted.

    `errors` is how many of them stop a load; `places` are the (file, sheet, column) in which an error stands.
    """

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        """Begin with these."""
        self.errors = 0
        self.places: set[tuple[str, str | None, str | None]] = set()
        self._number = 0
        self._few: list[_Row] = []
        self._parts: list[list[int]] = []
        self._file: IO[bytes] | None = None
        self += findings

    def append(self, finding: Finding) -> None:
        """Add a finding."""
        parts = (finding.file, finding.row, finding.column, finding.value, finding.sheet, finding.details)
        self._add((finding.order, finding.rule.name, *parts, finding.heading))

    def _add(self, row: _Row) -> None:
        _, name, file, _, column, _, sheet, *_ = row
        if rule(name).severity == ERROR:
            self.errors += 1
            self.places.add((file, sheet, column))
        self._few.append(row)
        self._number += 1
        if len(self._few) >= _IN_MEMORY:
            self._set_aside()

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add findings one by one, as they are made."""
        for finding in findings:
            self.append(finding)

    def __iadd__(self, findings: Iterable[Finding]) -> Self:
        """Add findings one by one, as they are made."""
        self.extend(findings)
        return self

    def __len__(self) -> int:
        """Return how many there are."""
        return self._number

    def __iter__(self) -> Iterator[Finding]:
        """Yield them in order."""
        for _, name, file, row, column, value, sheet, details, heading in self._rows():
            yield Finding(rule(name), file, row, column, value, sheet, details, heading)

    def __getitem__(self, number: int) -> Finding:
        """Return one of them, in order."""
        return next(islice(self, number, None))

    def in_order(self) -> Findings:
        """Return them in order, each once, without those of a cell that only follow from another finding there."""
        kept = Findings()
        for cell, rows in groupby(self._rows(), key=_cell):
            if cell is None:
                for row in rows:
                    kept._add(row)
                continue
            of_cell = list(rows)
            first = [row for row in of_cell if row[1] in _FIRST_CAUSES]
            told: list[_Row] = []
            for row in first or of_cell:
                if row not in told[-_AT_ONCE:]:  # of a cell that stands in several tables, the same is said once
                    told.append(row)
                    kept._add(row)
        return kept

    def _set_aside(self) -> None:
        """Write what is in memory down, sorted."""
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115  # it has no name, and goes with these findings
            weakref.finalize(self, self._file.close)
        self._few.sort(key=itemgetter(0))
        self._file.seek(0, 2)
        places = []
        for start in range(0, len(self._few), _AT_ONCE):
            places.append(self._file.tell())
            pickle.dump(self._few[start : start + _AT_ONCE], self._file)
        self._parts.append(places)
        self._few = []

    def __contains__(self, finding: object) -> bool:
        """Tell whether it is among them."""
        return any(found == finding for found in self)

    def _rows(self) -> Iterator[_Row]:
        parts = [self._read(self._file, places) for places in self._parts] if self._file is not None else []
        return heapq.merge(*parts, iter(sorted(self._few, key=itemgetter(0))), key=itemgetter(0))

    @staticmethod
    def _read(file: IO[bytes], places: list[int]) -> Iterator[_Row]:
        for place in places:
            file.seek(place)
            yield from pickle.load(file)  # noqa: S301  # written by this process into a file without a name
