"""Everything that can go wrong for a user, in one shallow tree.

JumelageError            exit code
├── DataError            1   the data handed in is wrong; carries every finding
├── ReportError          1   a report file breaks its contract, or its query fails
├── UsageError           2   the command asks for something that does not exist
├── DatabaseError        3   the database is missing, at another migration, or refuses
│   └── DamagedError     3   its file is damaged, cut off, or of another version of DuckDB
├── OutputError          3   what was asked for cannot be written
├── BusyError            4   somebody else is writing; try again
└── LimitError           4   a query or a search took more time or memory than it may have
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection


class _Said(Protocol):
    """A text in both languages."""

    def text(self, lang: str) -> str:
        """Return the text in `fr` or `en`."""


class JumelageError(Exception):
    """The root: what the command line catches and prints without a traceback."""

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str | _Said) -> None:
        """Keep what is to be said, in both languages where it is known so."""
        super().__init__(message if isinstance(message, str) else message.text("en"))
        self._message = message

    def text(self, lang: str) -> str:
        """Say what went wrong, in English where it is not known otherwise."""
        return self._message if isinstance(self._message, str) else self._message.text(lang)


class DataError(JumelageError):
    """The data handed in is wrong; nothing was written."""

    exit_code = 1

    def __init__(self, message: str | _Said, findings: Collection[Any] = ()) -> None:
        """Keep the findings (`rules.Finding`): all of them, in file and row order."""
        super().__init__(message)
        self.findings = tuple(findings) if isinstance(findings, list) else findings


class ReportError(JumelageError):
    """A report file breaks its contract, or its query fails."""

    exit_code = 1


class UsageError(JumelageError):
    """The command asks for something that does not exist or cannot be combined."""

    exit_code = 2


class DatabaseError(JumelageError):
    """The database is missing, at another migration than the code, or refused a statement."""

    exit_code = 3


class DamagedError(DatabaseError):
    """The file of a database is damaged, cut off, or of another version of its engine; nothing was changed in it."""

    def __init__(self, what: _Said, message: _Said) -> None:
        """Keep what is wrong besides what is said of it: what is to be done depends on who reads the file."""
        super().__init__(message)
        self.what = what


class OutputError(JumelageError):
    """What was asked for cannot be written: no space, no permission, no such folder."""

    exit_code = 3


class BusyError(JumelageError):
    """Somebody else is writing to the database."""

    exit_code = 4

    def __init__(self, message: str | _Said, state: str | _Said | None = None) -> None:
        """Keep who it is, `state`, without the advice that `message` ends with."""
        super().__init__(message)
        self.state = message if state is None else state


class LimitError(JumelageError):
    """A query of an analyst, or a search, took more time or memory than it may have."""

    exit_code = 4


class UnreadableError(Exception):
    """A file, sheet or text that cannot be read: the name of the rule it breaks, where, and the rule's details."""

    def __init__(self, rule: str, *, row: int | None = None, column: str | None = None, **details: object) -> None:
        """Keep the place and the details."""
        super().__init__(rule)
        self.rule, self.row, self.column, self.details = rule, row, column, details
