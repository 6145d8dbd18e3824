"""What a wave says of itself: wave.toml, read and checked."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from jumelage import content
from jumelage.content import Label, label
from jumelage.errors import Finding, find_control, nearest
from jumelage.models import ANSWERS, MANAGEMENT, NO_DATE, QUESTIONS, RESPONSES

if TYPE_CHECKING:
    from pathlib import Path

FILE = "wave.toml"
_MOST = 10**12
SOURCED = ("frame", "respondents", *QUESTIONS)


@dataclass(frozen=True, slots=True)
class Words:
    """What printed words stand for: a number, or the interval they imply."""

    value: float | None = None
    at_least: float | None = None
    more_than_share: float | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why printed figures of one measure disagree with the rows."""

    report: str
    keys: tuple[str, ...]
    measure: str
    because: Label
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave.toml, with every field in its type."""

    code: str
    title: Label
    reference_date: date
    synthetic: bool
    frame_rule: Label
    population: str
    source: str
    fieldwork_from: date
    fieldwork_to: date
    mode: str
    agreements_complete: bool
    printed_complete: tuple[str, ...]
    defaults: dict[str, str]
    default_items: dict[str, dict[str, str]]
    sources: dict[str, str]
    several_mark: str | None
    decimal: str
    words: dict[str, Words]
    explanations: tuple[Explanation, ...]


class _Reader:
    """Takes the fields of a TOML table one by one and notes what is missing, wrong or unknown."""

    def __init__(self, table: dict[str, Any], name: str, findings: list[Finding]) -> None:
        self.table, self.name, self.findings = dict(table), name, findings

    def wrong(self, key: str, value: object, message: str) -> None:
        shown = None if value is None else str(value)
        self.findings.append(Finding(FILE, None, f"{self.name}{key}", shown, message))

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:  # noqa: ANN401
        if key not in self.table:
            if default is ...:
                self.wrong(key, None, "is missing")
                return None
            return default
        value = self.table.pop(key)
        # A bool is an int and a datetime is a date to Python, and neither is to people.
        if not isinstance(value, kind) or (isinstance(value, bool | datetime) and kind not in {bool, datetime}):
            wanted = kind.__name__ if isinstance(kind, type) else "number"
            self.wrong(key, value, f"must be a {wanted}")
            return None if default is ... else default
        return value

    def label(self, key: str) -> Label:
        try:
            return label(self.table.pop(key, None), key)
        except ValueError as error:
            self.wrong(key, None, str(error))
            return Label("", "")

    def texts(self, key: str, *, needed: bool = True) -> tuple[str, ...]:
        values = self.take(key, list, ... if needed else []) or []
        if wrong := [value for value in values if not isinstance(value, str)]:
            self.wrong(key, wrong[0], "must be a text")
        return tuple(value for value in values if isinstance(value, str))

    def choice(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        value: str = self.take(key, str, default)
        if value not in allowed:
            self.wrong(key, value, f"is no answer here; {nearest(value, allowed)}")
        return value

    def report(self, key: str, value: str) -> bool:
        known = content.report_names()
        if value not in known:
            self.wrong(key, value, f"there is no such report; {nearest(str(value), known)}")
        return value in known

    def number(self, key: str) -> float | None:
        value: float | None = self.take(key, (int, float), None)
        if value is not None and not 0 <= value < _MOST:
            self.wrong(key, value, f"must be a number from 0 to {_MOST - 1}")
            return None
        return value

    def inner(self, key: str, *, needed: bool = True) -> _Reader:
        table = self.take(key, dict, ... if needed else {})
        return _Reader(table or {}, f"{self.name}{key}.", self.findings)

    def end(self, *known: str) -> None:
        for key, value in self.table.items():
            self.wrong(key, value, f"is unknown; {nearest(key, known)}")


def read_wave(path: Path, findings: list[Finding]) -> Wave | None:
    """Read wave.toml; None if it cannot be read at all.

    What is wrong is added to the findings; the fields concerned are then not to be relied on.
    """
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        findings.append(Finding(FILE, None, None, None, "is missing; it says what wave this is"))
        return None
    except OSError as error:
        findings.append(Finding(FILE, None, None, None, f"cannot be read: {error.strerror}"))
        return None
    except UnicodeDecodeError as error:
        findings.append(Finding(FILE, None, None, None, f"is not UTF-8: byte {error.start + 1}"))
        return None
    except tomllib.TOMLDecodeError as error:
        findings.append(Finding(FILE, None, None, None, f"is not TOML: {error}"))
        return None
    _find_controls(table, "", findings)
    return _wave(_Reader(table, "", findings))


def _find_controls(value: object, name: str, findings: list[Finding]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _find_controls(inner, f"{name}.{key}" if name else key, findings)
    elif isinstance(value, list):
        for inner in value:
            _find_controls(inner, name, findings)
    elif isinstance(value, str) and (control := find_control(value)):
        findings.append(Finding(FILE, None, name, value, control[1]))


def _wave(top: _Reader) -> Wave:
    fieldwork, complete, sources = top.inner("fieldwork"), top.inner("complete"), top.inner("sources")
    defaults, printed = top.inner("defaults"), top.inner("printed", needed=False)
    words, several_mark, decimal = _printed(printed)
    wave = Wave(
        code=top.take("wave", str),
        title=top.label("title"),
        reference_date=top.take("reference_date", date),
        synthetic=top.take("synthetic", bool),
        frame_rule=top.label("frame_rule"),
        population=top.take("population", str),
        source=top.take("source", str),
        fieldwork_from=fieldwork.take("from", date),
        fieldwork_to=fieldwork.take("to", date),
        mode=fieldwork.take("mode", str),
        agreements_complete=complete.take("agreements", bool),
        printed_complete=complete.texts("printed", needed=False),
        defaults={
            "response": defaults.choice("response", RESPONSES, "not_published"),
            "since": defaults.choice("since", NO_DATE, "no_answer"),
            **{name: defaults.choice(name, ANSWERS, "no_answer") for name in MANAGEMENT},
        },
        default_items={question: _default_items(defaults, question) for question in QUESTIONS},
        sources={table: _source(sources, table) for table in SOURCED},
        several_mark=several_mark,
        decimal=decimal,
        words=words,
        explanations=_explanations(top),
    )
    if wave.code is not None and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", wave.code):
        top.wrong("wave", wave.code, "must be lower-case letters, digits and hyphens")
    for report in wave.printed_complete:
        complete.report("printed", report)
    if wave.fieldwork_from and wave.fieldwork_to and wave.fieldwork_to < wave.fieldwork_from:
        fieldwork.wrong("to", wave.fieldwork_to, "is before fieldwork.from")
    fieldwork.end("from", "to", "mode")
    complete.end("agreements", "printed")
    sources.end(*SOURCED)
    defaults.end("response", "since", *MANAGEMENT, *QUESTIONS)
    top.end("wave", "title", "reference_date", "synthetic", "frame_rule", "population", "source")
    return wave


def _default_items(defaults: _Reader, question: str) -> dict[str, str]:
    items: dict[str, str] = defaults.take(question, dict, {"*": "no_answer"})
    for item, answer in items.items():
        if answer not in ANSWERS:
            defaults.wrong(f"{question}.{item}", answer, f"is no answer; {nearest(str(answer), ANSWERS)}")
    return {"" if item == "*" else item: answer for item, answer in items.items()}


def _source(sources: _Reader, table: str) -> str:
    source: str = sources.take(table, str, "")
    if source:
        sources.report(table, source.split("/", maxsplit=1)[0])
    return source


def _printed(printed: _Reader) -> tuple[dict[str, Words], str | None, str]:
    several_mark = printed.take("several_mark", str, None)
    if several_mark is not None and several_mark.count("{n}") != 1:
        printed.wrong("several_mark", several_mark, "must have {n} in the place of the number")
    decimal = printed.choice("decimal", (",", "."), ",")
    words = {}
    for word, spec in printed.take("words", dict, {}).items():
        reader = _Reader(spec if isinstance(spec, dict) else {"": spec}, f"printed.words.{word}.", printed.findings)
        words[word.casefold()] = Words(
            reader.number("value"), reader.number("at_least"), reader.number("more_than_share")
        )
        reader.end("value", "at_least", "more_than_share")
    printed.end("several_mark", "decimal", "words")
    return words, several_mark, decimal


def _explanations(top: _Reader) -> tuple[Explanation, ...]:
    made: list[Explanation] = []
    cells: set[tuple[str, str, str]] = set()
    for entry in top.take("explanations", list, []):
        if not isinstance(entry, dict):
            top.wrong("explanations", entry, "must be tables: [[explanations]]")
            continue
        explanation = _explanation(top, entry)
        for key in explanation.keys:
            cell = (explanation.report, key, explanation.measure)
            if cell in cells:
                top.wrong(
                    "explanations.keys", key, f"{explanation.report} {key} {explanation.measure} is explained twice"
                )
            cells.add(cell)
        made.append(explanation)
    return tuple(made)


def not_a_query(sql: str) -> str:
    """Say why a text of a wave is not one query that only reads; empty if it is one."""
    if ";" in sql or not re.match(r"(\s|--[^\n]*\n)*(select|with)\b", sql, re.IGNORECASE):
        return "must be one query, beginning with select or with, and without semicolons"
    return ""


def _explanation(top: _Reader, entry: dict[str, Any]) -> Explanation:
    reader = _Reader(entry, "explanations.", top.findings)
    made = Explanation(
        report=reader.take("report", str),
        keys=reader.texts("keys"),
        measure=reader.take("measure", str),
        because=reader.label("because"),
        evidence=reader.take("evidence", str, None),
    )
    if made.evidence and (message := not_a_query(made.evidence)):
        reader.wrong("evidence", made.evidence, message)
    reader.end("report", "keys", "measure", "because", "evidence")
    if made.report == "claims":
        return made
    if reader.report("report", made.report) and made.measure not in (measures := content.report(made.report).measures):
        reader.wrong(
            "measure",
            made.measure,
            f"{made.report} has no such measure; {nearest(str(made.measure), measures)}",
        )
    return made


def canonical(wave: Wave) -> str:
    """Return what a wave says of itself as one text: equal for equal meaning, whatever the file's order."""
    fields = {name: getattr(wave, name) for name in Wave.__slots__ if name not in {"words", "explanations"}}
    return json.dumps(fields, sort_keys=True, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    return [value.fr, value.en] if isinstance(value, Label) else str(value)
