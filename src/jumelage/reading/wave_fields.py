"""The fields of a wave.toml, or of a sheet in its place, taken one by one; what is wrong with them is noted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from jumelage import content, report_file
from jumelage.rules import Finding, near, rule
from jumelage.texts import Label, label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jumelage.findings import Findings

FILE = "wave.toml"
MOST_PARTS = 8  # of a key
_MOST = 10**12


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the keys of a wave stand: wave.toml, or a sheet with the row of each key and texts for values."""

    file: str = FILE
    sheet: str | None = None
    rows: dict[str, int] = field(default_factory=dict)
    texts: bool = False

    def finding(self, name: str, key: str | None, value: object, /, **details: object) -> Finding:
        """Make a finding at a key."""
        shown = None if value is None else str(value)
        return Finding(rule(name), self.file, self.rows.get(key or ""), key, shown, self.sheet, details)


class Reader:
    """Takes the fields of a TOML table one by one and notes what is missing, wrong or unknown.

    From a sheet all values are texts, which are understood as the kind that is asked for, and stand so in the table
    that was given afterwards.
    """

    def __init__(self, table: dict[str, Any], name: str, origin: Origin, findings: Findings) -> None:
        """Read a table whose keys are called `name` and theirs."""
        self.table, self.name, self.origin, self.findings = dict(table), name, origin, findings
        self._given = table

    def wrong(self, key: str, value: object, broken: str, /, **details: object) -> None:
        """Note that a key breaks a rule."""
        self.findings.append(self.origin.finding(broken, f"{self.name}{key}", value, **details))

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:  # noqa: ANN401
        """Take the value of a key in its type; the default, if there is one, where it is missing or of another type."""
        if key not in self.table:
            if default is ...:
                self.wrong(key, None, "key_missing")
                return None
            return default
        value = self.table.pop(key)
        if self.origin.texts and isinstance(value, str):
            value = self._given[key] = _understood(value, kind)
        # A bool is an int and a datetime is a date to Python, and neither is to people.
        if not isinstance(value, kind) or (isinstance(value, bool | datetime) and kind not in {bool, datetime}):
            self.wrong(key, value, "key_type", kind=_KINDS[kind if isinstance(kind, type) else float])
            return None if default is ... else default
        return value

    def label(self, key: str) -> Label:
        """Take a text in both languages."""
        value = self.table.pop(key, None)
        try:
            return label(value, key)
        except ValueError:
            self.wrong(key, None, "key_missing" if value is None else "label_languages")
            return Label("", "")

    def texts(self, key: str, *, needed: bool = True) -> tuple[str, ...]:
        """Take a list of texts."""
        values = self.take(key, list, ... if needed else []) or []
        if wrong := [value for value in values if not isinstance(value, str)]:
            self.wrong(key, wrong[0], "key_type", kind=_KINDS[str])
        return tuple(value for value in values if isinstance(value, str))

    def choice(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        """Take one of the codes that are allowed."""
        value: str = self.take(key, str, default)
        value = self.code(value, allowed)
        if key in self._given:
            self._given[key] = value
        if value not in allowed:
            self.wrong(key, value, "answer_unknown", near=near(value, allowed))
        return value

    def code(self, value: str, allowed: tuple[str, ...]) -> str:
        """Return the code that a text of a sheet is a label of; the text itself if of none."""
        if not self.origin.texts or value in allowed:
            return value
        for labels in map(content.answers, ("responses", "no_date", "answers")):
            for code, given in labels.items():
                if code in allowed and value.casefold() in {given.fr.casefold(), given.en.casefold()}:
                    return code
        return value

    def report(self, key: str, value: str) -> bool:
        """Tell whether a value names a report, and note it if not."""
        known = report_file.reports_of_a_wave()
        if value not in known:
            self.wrong(key, value, "report_of_wave_unknown", near=near(str(value), known))
        return value in known

    def number(self, key: str) -> float | None:
        """Take a number that is not negative; None where there is none."""
        value: float | None = self.take(key, (int, float), None)
        if value is not None and not 0 <= value < _MOST:
            self.wrong(key, value, "number_range", most=_MOST - 1)
            return None
        return value

    def inner(self, key: str, *, needed: bool = True) -> Reader:
        """Take a table."""
        # A sheet has no empty table: there the keys that are missing in it are named.
        lacking = needed and self.origin.texts and key not in self._given
        table = self._given.setdefault(key, {}) if lacking else self.take(key, dict, ... if needed else {})
        return Reader(table or {}, f"{self.name}{key}.", self.origin, self.findings)

    def end(self, *known: str) -> None:
        """Note every key that was not taken."""
        for key, value in self.table.items():
            shown = None if isinstance(value, dict) else value
            self.wrong(key, shown, "key_unknown", near=near(key, known))


_KINDS = {
    str: Label("un texte", "a text"),
    bool: Label("true ou false (dans une feuille\u00a0: oui ou non)", "true or false (in a sheet: yes or no)"),
    date: Label("une date AAAA-MM-JJ", "a date YYYY-MM-DD"),
    dict: Label("une table", "a table"),
    list: Label("une liste", "a list"),
    float: Label("un nombre", "a number"),
}
_BOOLEANS = {
    **dict.fromkeys(("yes", "oui", "true", "vrai", "1"), True),  # LibreOffice saves a truth as a number
    **dict.fromkeys(("no", "non", "false", "faux", "0"), False),
}


def _understood(text: str, kind: type | tuple[type, ...]) -> Any:  # noqa: ANN401
    """Understand the text of a cell as a value of this kind; the text itself where it is none."""
    try:
        if kind is bool:
            return _BOOLEANS.get(text.casefold(), text)
        if kind is date:
            return date.fromisoformat(text)
        if kind is list:
            return [part for part in re.split(r"[,;]\s*", text) if part]
        return float(text.replace(",", ".")) if isinstance(kind, tuple) else text
    except ValueError:
        return text


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the table that dotted keys describe, each with a text."""
    table: dict[str, Any] = {}
    for key, value in pairs:
        inner = table
        *above, last = key.split(".")
        for part in above:
            below = inner.setdefault(part, {})
            if not isinstance(below, dict):
                below = inner[part] = {}
            inner = below
        inner[last] = value
    return table
