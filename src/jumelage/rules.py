"""Rules: what may be wrong with what is handed in, and the findings that say where it is.

A rule stands in schema/rules, with its words in French and English: in a TOML file of rules that the readers and
checks find by themselves, or in an SQL file of its own whose query selects the offenders.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from jumelage import content, report_file
from jumelage.texts import MEANT, Label, both, either, filled, label, near_names, one_line, worded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ERROR, WARNING, NOTICE = SEVERITIES = ("error", "warning", "notice")
_SEVERITY_NAMES = {
    ERROR: Label("erreur", "error"),
    WARNING: Label("avertissement", "warning"),
    NOTICE: Label("remarque", "notice"),
}
FIELDS = ("file", "sheet", "row", "column", "value", "rule", "severity", "message", "suggestion")
_LONGEST = 80
_KEYS = {"severity", "message", "remedy", "table", "reads", "column", "row_by_row"}
_KNOWN = Label("connus\u00a0: {}", "known: {}")
_NONE_NEAR = Label("rien d’approchant", "none is near")
_COLUMN, _KEY = Label("colonne", "column"), Label("clé", "key")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its severity, and what is said where it is broken, with {details} and {near} to be filled in.

    `table` and `column` are those that the offenders of `sql` stand in; `reads` are all tables that it looks at. What
    a rule `row_by_row` says of a row is true whatever may be wrong with others; any other rule waits until the tables
    that it looks at are sound.
    """

    name: str
    severity: str
    message: Label
    remedy: Label | None
    table: str = ""
    column: str = ""
    sql: str = ""
    row_by_row: bool = False
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Near:
    """Names that may have been meant: those that are near, best first, or all where they are few."""

    near: tuple[str, ...]
    known: tuple[str, ...]

    def text(self, lang: str) -> str:
        """Say so in `fr` or `en`."""
        if self.near:
            return filled(MEANT, either(self.near)).text(lang)
        return _KNOWN.text(lang).format(", ".join(self.known)) if self.known else _NONE_NEAR.text(lang)


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where something breaks a rule.

    `row` is the row as the editor or spreadsheet shows it, from 1; None for a file or sheet as a whole. `column` is the
    name that we give to the column, `heading` that which the file gives it: people are shown the latter.
    """

    rule: Rule
    file: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    sheet: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    heading: str | None = None

    @property
    def headed(self) -> str | None:
        """The column as the file calls it; a key of wave.toml as it stands."""
        return self.heading or self.column

    @property
    def severity(self) -> str:
        """`error` stops a load; `warning` and `notice` do not."""
        return self.rule.severity

    def message(self, lang: str) -> str:
        """Say what is wrong."""
        return _filled(self.rule.message, self.details, lang)

    def remedy(self, lang: str) -> str:
        """Say what to do; empty where the message says it."""
        return "" if self.rule.remedy is None else _filled(self.rule.remedy, self.details, lang)

    def text(self, lang: str) -> str:
        """Write one line: where, what stands there, what is wrong and what to do."""
        place = one_line(self.file if self.sheet is None else f"{self.file}[{self.sheet}]")
        if self.row is not None:
            place = f"{place}:{self.row}"
        if self.headed:
            kind = _KEY if self.file.endswith(".toml") else _COLUMN
            place += f", {kind.text(lang)} {one_line(self.headed)}"
        between = "\u00a0; " if lang == "fr" else "; "
        colon = "\u00a0:" if lang == "fr" else ":"
        value = f"{colon} {_short(self.value)!r}" if self.value is not None else ""
        said = between.join(filter(None, (self.message(lang), self.remedy(lang))))
        return f"{place}{value}{colon} {said}"

    def fields(self, lang: str) -> tuple[str | int | None, ...]:
        """Return all that is to be said, in the order of `FIELDS`."""
        place = (self.file, self.sheet, self.row, self.headed, self.value)
        return *place, self.rule.name, self.severity, self.message(lang), self.remedy(lang)

    @property
    def order(self) -> tuple[str, str, int, str, str]:
        """The order of findings: by file, sheet, row, column."""
        return self.file, self.sheet or "", self.row or 0, self.column or "", self.rule.name


def _filled(text: Label, details: dict[str, Any], lang: str) -> str:
    words = {name: value.text(lang) if isinstance(value, Near | Label) else value for name, value in details.items()}
    return text.text(lang).format(**{name: worded(value, lang) for name, value in words.items()})


def _short(text: str) -> str:
    """Cut a text to what a person can take in."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def severity_name(severity: str) -> Label:
    """Return what people call a severity."""
    return _SEVERITY_NAMES[severity]


def near(word: str, known: Iterable[str]) -> Near:
    """Find the names that are near a word."""
    return Near(*near_names(word, dict.fromkeys(known)))


def errors_in(findings: Iterable[Finding]) -> int:
    """Return how many of the findings stop a load."""
    return sum(finding.severity == ERROR for finding in findings)


def said_of(path: Path, number: int, outcome: Label) -> Label:
    """Say of something handed in how many findings stop what was to be done with it, and what was not done."""
    return both(
        "{0}\u00a0: {1} constat{1:s}\u00a0; {2}",
        "{0}: {1} finding{1:s}; {2}",
        path,
        number,
        outcome,
    )


NOT_LOADED = Label("rien n’a été chargé", "nothing was loaded")


def folder() -> Path:
    """Return the folder of the rules."""
    return content.root() / "schema" / "rules"


@cache
def rules() -> dict[str, Rule]:
    """Return every rule by name, those of each TOML file in its order and then those with a query.

    ValueError for a rule that is not whole: it names the file.
    """
    found: dict[str, Rule] = {}
    for path in sorted(folder().glob("*.toml")):
        for name, table in tomllib.loads(content.read_text(path)).items():
            _add(found, _rule(path, name, table, ""))
    for path in sorted(folder().glob("*.sql")):
        header, sql = report_file.split_header(path)
        _add(found, _rule(path, path.stem, header, sql))
    return found


def rule(name: str) -> Rule:
    """Return a rule by its name; KeyError if there is none."""
    return rules()[name]


def _add(found: dict[str, Rule], made: Rule) -> None:
    if made.name in found:
        raise ValueError(f"schema/rules: there are two rules {made.name}")
    found[made.name] = made


def _rule(path: Path, name: str, table: dict[str, Any], sql: str) -> Rule:
    if unknown := set(table) - _KEYS:
        raise ValueError(f"{path.name}: {name}: unknown keys {', '.join(sorted(unknown))}")
    severity = table.get("severity", ERROR)
    if severity not in SEVERITIES:
        raise ValueError(f"{path.name}: {name}: no severity {severity!r}")
    if sql and not table.get("reads"):
        raise ValueError(f"{path.name}: {name}: reads must name the tables that the query looks at")
    remedy = label(table["remedy"], f"{path.name}: {name}: remedy") if "remedy" in table else None
    message = label(table.get("message"), f"{path.name}: {name}: message")
    return Rule(
        name,
        severity,
        message,
        remedy,
        table.get("table", ""),
        table.get("column", ""),
        sql,
        table.get("row_by_row", False),
        tuple(table.get("reads", ())),
    )
