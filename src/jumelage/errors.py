"""Everything that can go wrong for a user, in one shallow tree.

JumelageError            exit code
├── DataError            1   the data handed in is wrong; carries every finding
├── ReportError          1   a report file breaks its contract, or its query fails
├── UsageError           2   the command asks for something that does not exist
├── DatabaseError        3   the database is missing, at another migration, or refuses
├── OutputError          3   what was asked for cannot be written
└── BusyError            4   somebody else is writing; try again
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST = 80


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing wrong with what was handed in (severity `error`), or worth knowing (`notice`).

    `row` is the line of the file as an editor shows it (the header is line 1); None for the file as a whole.
    """

    file: str
    row: int | None
    column: str | None
    value: str | None
    message: str
    severity: str = "error"

    def __str__(self) -> str:
        """One line: where, what stands there, what is wrong and what to do."""
        place = self.file if self.row is None else f"{self.file}:{self.row}"
        column = f", column {self.column}" if self.column else ""
        value = f": {_short(self.value)!r}" if self.value is not None else ""
        return f"{place}{column}{value}: {self.message}"


def _short(text: str) -> str:
    """Cut a text to what a person can take in."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


class JumelageError(Exception):
    """The root: what the command line catches and prints without a traceback."""

    exit_code: ClassVar[int] = 70


class DataError(JumelageError):
    """The data handed in is wrong; nothing was written."""

    exit_code = 1

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        """Keep the findings: all of them, in file and row order."""
        super().__init__(message)
        self.findings = tuple(findings)


class ReportError(JumelageError):
    """A report file breaks its contract, or its query fails."""

    exit_code = 1


class UsageError(JumelageError):
    """The command asks for something that does not exist or cannot be combined."""

    exit_code = 2


class DatabaseError(JumelageError):
    """The database is missing, at another migration than the code, or refused a statement."""

    exit_code = 3


class OutputError(JumelageError):
    """What was asked for cannot be written: no space, no permission, no such folder."""

    exit_code = 3


class BusyError(JumelageError):
    """Somebody else is writing to the database."""

    exit_code = 4


# Characters that no name or number holds: controls but tab and line ends, and those that turn the direction of text.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def find_control(text: str) -> tuple[int, str] | None:
    """Find the first control character of a text: where it stands, and what to say of it."""
    if found := _CONTROLS.search(text):
        return found.start(), f"holds the control character U+{ord(found[0]):04X}; remove it"
    return None


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known names are near a word, or list them all where they are few."""
    names = sorted(known)
    near = get_close_matches(word, names, n=3, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= 12 else "none is near"  # noqa: PLR2004
