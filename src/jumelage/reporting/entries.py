"""What the ledger is made of: figures and claims as printed, what they are held against, and entries with a status."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jumelage.reporting.sheet import Value, known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from jumelage.report_file import Report
    from jumelage.texts import Label

# In the order in which people are told of them.
STATUSES = (
    "source",
    "reproduced",
    "reproduced_with_inferred",
    "bounded",
    "published_only",
    "wording",
    "contradicted",
    "error",
)
# From what proves most to what is wrong: of a cell that is printed in several places, the last one counts.
_SEVERITY = (
    "reproduced",
    "reproduced_with_inferred",
    "source",
    "wording",
    "bounded",
    "published_only",
    "contradicted",
    "error",
)
CLAIMS = "claims"
STATEMENT = "statement"


def worst(statuses: Iterable[str]) -> str:
    """Return the status of a cell from those of its figures: the worst."""
    return max(statuses, key=_SEVERITY.index)


@dataclass(frozen=True, slots=True)
class Entry:
    """A published figure and what the rows say of it: `low` and `high` are what can be computed, or None.

    `because` explains a contradiction; `statement` says in our own words what a claim says; `value` is the number that
    the printed text states, if it does.
    """

    report: str
    key: str
    measure: str
    printed: str
    place: str
    low: Value
    high: Value
    status: str
    because: Label | None = None
    statement: Label | None = None
    value: Decimal | None = None

    @property
    def cell(self) -> tuple[str, str, str]:
        """The cell of a report that the figure is about."""
        return self.report, self.key, self.measure


@dataclass(frozen=True, slots=True)
class Figure:
    """A printed figure: where it stands, its text, and the number or code that the text states."""

    report: str
    key: str
    measure: str
    place: str
    position: int
    printed: str
    value: Decimal | None
    decimals: int | None
    code: str | None
    at_least: Decimal | None
    more_than_share: Decimal | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of the publication; `offenders` is a query for what contradicts it."""

    claim: str
    place: str
    printed: str
    statement: Label
    kind: str
    offenders: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a printed figure disagrees with the rows; `evidence` is a query for what speaks against that."""

    report: str
    key: str
    measure: str
    because: Label
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a wave's publication says; `complete` are the reports whose printed table lacks nothing.

    `elsewhere` are figures that are not asked about, which those that are may be held against; `headers` are the
    reports of all of them, and `frame` is how many authorities were contacted.
    """

    figures: tuple[Figure, ...]
    complete: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    elsewhere: tuple[Figure, ...] = ()
    headers: Mapping[str, Report] = field(default_factory=dict)
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A report run: its cells with and without inferred rows, and what its rows were made from.

    `complete` tells whether the list of agreements is claimed complete; `labels` are those of the code lists shown.
    """

    report: Report
    all_rows: Mapping[str, dict[str, Value]]
    reported: Mapping[str, dict[str, Value]]
    sources: dict[tuple[str, str], set[str]]
    complete: bool = True
    labels: Mapping[str, Mapping[str, Label]] = field(default_factory=dict)

    def known(self, key: str, measure: str) -> tuple[Value, Value]:
        """Return what all rows say of a cell, from low to high."""
        return known(self.report, self.all_rows, key, measure, complete=self.complete)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a query that selects offenders found: none, some, or an error of its own.

    `unchecked` tells that it could not be asked.
    """

    holds: bool
    text: str = ""
    failed: bool = False
    unchecked: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """The verdicts of the wave's own queries: of claims without and with inferred rows, and of evidence."""

    reported: Mapping[str, Verdict] = field(default_factory=dict)
    all_rows: Mapping[str, Verdict] = field(default_factory=dict)
    evidence: Mapping[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every published figure of a wave, the problems that make `check` fail, and the cells that nobody could check.

    `kind` is the kind of authority that the figures are of, where several were asked.
    """

    entries: tuple[Entry, ...]
    problems: tuple[str, ...]
    unchecked: tuple[tuple[str, str, str], ...] = ()
    kind: str | None = None

    def of(self, report: str, kind: str | None) -> tuple[Entry, ...] | None:
        """Return the entries of a report; None for a kind of authority that the figures are not of."""
        return tuple(entry for entry in self.entries if entry.report == report) if kind == self.kind else None

    def counts(self) -> dict[str, int]:
        """Return the number of figures of each status, in the order of the statuses."""
        found = Counter(entry.status for entry in self.entries)
        return {status: found[status] for status in STATUSES if found[status]}
