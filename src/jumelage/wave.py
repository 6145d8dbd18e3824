"""What a wave says of itself: wave.toml, read and checked."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from jumelage import content
from jumelage.content import Label, label
from jumelage.errors import find_control
from jumelage.models import ANSWERS, MANAGEMENT, NO_DATE, QUESTIONS, RESPONSES
from jumelage.rules import Finding, near, rule

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "wave.toml"
_MOST = 10**12
# Columns in which the files may write abbreviations and sentinels, with what these can stand for.
MISSING = {
    "*": tuple(answer for answer in NO_DATE if answer in ANSWERS),
    "since": NO_DATE,
    "response": RESPONSES,
    "answer": ANSWERS,
    "partner": ("dont_know", "no_answer"),
    "declared_agreements": ("dont_know", "refused", "no_answer"),
    **dict.fromkeys(MANAGEMENT, ANSWERS),
}
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
    missing: dict[str, dict[str, str]]
    day_first: bool
    declared: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the keys of a wave stand: wave.toml, or a sheet with the row of each key and texts for values."""

    file: str = FILE
    sheet: str | None = None
    rows: dict[str, int] = field(default_factory=dict)
    texts: bool = False

    def finding(self, name: str, key: str | None, value: object, /, **details: Any) -> Finding:
        """Make a finding at a key."""
        shown = None if value is None else str(value)
        return Finding(rule(name), self.file, self.rows.get(key or ""), key, shown, self.sheet, details)


class _Reader:
    """Takes the fields of a TOML table one by one and notes what is missing, wrong or unknown.

    From a sheet all values are texts, which are understood as the kind that is asked for.
    """

    def __init__(self, table: dict[str, Any], name: str, origin: Origin, findings: list[Finding]) -> None:
        self.table, self.name, self.origin, self.findings = dict(table), name, origin, findings

    def wrong(self, key: str, value: object, broken: str, /, **details: Any) -> None:
        self.findings.append(self.origin.finding(broken, f"{self.name}{key}", value, **details))

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:  # noqa: ANN401
        if key not in self.table:
            if default is ...:
                self.wrong(key, None, "key_missing")
                return None
            return default
        value = self.table.pop(key)
        if self.origin.texts and isinstance(value, str):
            value = _understood(value, kind)
        # A bool is an int and a datetime is a date to Python, and neither is to people.
        if not isinstance(value, kind) or (isinstance(value, bool | datetime) and kind not in {bool, datetime}):
            self.wrong(key, value, "key_type", kind=_KINDS[kind if isinstance(kind, type) else float])
            return None if default is ... else default
        return value

    def label(self, key: str) -> Label:
        value = self.table.pop(key, None)
        try:
            return label(value, key)
        except ValueError:
            self.wrong(key, None, "key_missing" if value is None else "label_languages")
            return Label("", "")

    def texts(self, key: str, *, needed: bool = True) -> tuple[str, ...]:
        values = self.take(key, list, ... if needed else []) or []
        if wrong := [value for value in values if not isinstance(value, str)]:
            self.wrong(key, wrong[0], "key_type", kind=_KINDS[str])
        return tuple(value for value in values if isinstance(value, str))

    def choice(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        value: str = self.take(key, str, default)
        value = self.code(value, allowed)
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
        known = content.report_names()
        if value not in known:
            self.wrong(key, value, "report_of_wave_unknown", near=near(str(value), known))
        return value in known

    def number(self, key: str) -> float | None:
        value: float | None = self.take(key, (int, float), None)
        if value is not None and not 0 <= value < _MOST:
            self.wrong(key, value, "number_range", most=_MOST - 1)
            return None
        return value

    def inner(self, key: str, *, needed: bool = True) -> _Reader:
        table = self.take(key, dict, ... if needed else {})
        return _Reader(table or {}, f"{self.name}{key}.", self.origin, self.findings)

    def end(self, *known: str) -> None:
        for key, value in self.table.items():
            self.wrong(key, value, "key_unknown", near=near(key, known))


_KINDS = {
    str: Label("un texte", "a text"),
    bool: Label("true ou false (dans une feuille : oui ou non)", "true or false (in a sheet: yes or no)"),
    date: Label("une date AAAA-MM-JJ", "a date YYYY-MM-DD"),
    dict: Label("une table", "a table"),
    list: Label("une liste", "a list"),
    float: Label("un nombre", "a number"),
}
_BOOLEANS = {"yes": True, "oui": True, "true": True, "vrai": True, "no": False, "non": False, "false": False,
             "faux": False}  # fmt: skip


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


def read_wave(path: Path, findings: list[Finding]) -> Wave | None:
    """Read wave.toml; None if it cannot be read at all.

    What is wrong is added to the findings; the fields concerned are then not to be relied on.
    """
    origin = Origin()
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        findings.append(origin.finding("file_missing", None, None))
    except OSError as error:
        findings.append(origin.finding("file_unreadable", None, None, why=error.strerror))
    except UnicodeDecodeError as error:
        findings.append(origin.finding("wave_not_utf8", None, None, byte=error.start + 1))
    except tomllib.TOMLDecodeError as error:
        findings.append(origin.finding("not_toml", None, None, why=error))
    else:
        return wave_of(table, origin, findings)
    return None


def wave_of(table: dict[str, Any], origin: Origin, findings: list[Finding]) -> Wave:
    """Understand the table of a wave.toml or of a sheet; what is wrong is added to the findings."""
    _find_controls(table, "", origin, findings)
    return _wave(_Reader(table, "", origin, findings), table)


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


def _find_controls(value: object, name: str, origin: Origin, findings: list[Finding]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _find_controls(inner, f"{name}.{key}" if name else key, origin, findings)
    elif isinstance(value, list):
        for inner in value:
            _find_controls(inner, name, origin, findings)
    elif isinstance(value, str) and (code := find_control(value)):
        findings.append(origin.finding("control_character", name, value, code=code))


def _wave(top: _Reader, table: dict[str, Any]) -> Wave:
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
        missing=_missing(top.take("missing", dict, {}), top),
        day_first=top.choice("dates", ("iso", "day/month"), "iso") == "day/month",
        declared=json.dumps(table, default=str, ensure_ascii=False),
    )
    if wave.code is not None and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", wave.code):
        top.wrong("wave", wave.code, "wave_code")
    for report in wave.printed_complete:
        complete.report("printed", report)
    if wave.fieldwork_from and wave.fieldwork_to and wave.fieldwork_to < wave.fieldwork_from:
        fieldwork.wrong("to", wave.fieldwork_to, "fieldwork_order")
    fieldwork.end("from", "to", "mode")
    complete.end("agreements", "printed")
    sources.end(*SOURCED)
    defaults.end("response", "since", *MANAGEMENT, *QUESTIONS)
    top.end("wave", "title", "reference_date", "synthetic", "frame_rule", "population", "source", "missing", "dates")
    return wave


def _default_items(defaults: _Reader, question: str) -> dict[str, str]:
    items: dict[str, str] = defaults.take(question, dict, {"*": "no_answer"})
    items = {item: defaults.code(answer, ANSWERS) if isinstance(answer, str) else answer for item, answer in items.items()}
    for item, answer in items.items():
        if answer not in ANSWERS:
            defaults.wrong(f"{question}.{item}", answer, "answer_unknown", near=near(str(answer), ANSWERS))
    return {"" if item == "*" else item: answer for item, answer in items.items()}


def _missing(given: dict[str, Any], top: _Reader) -> dict[str, dict[str, str]]:
    """Return, by column (`*` for all), what the files write for answers that are missing."""
    found: dict[str, dict[str, str]] = {}
    for column, texts in given.items():
        if column not in MISSING:
            top.wrong(f"missing.{column}", None, "missing_column_unknown", near=near(column, MISSING))
            continue
        reader = _Reader({"texts": texts}, f"missing.{column}", top.origin, top.findings)
        for text, answer in (reader.take("texts", dict, {}) or {}).items():
            allowed = MISSING[column]
            if answer not in allowed:
                top.wrong(f"missing.{column}.{text}", answer, "answer_unknown", near=near(str(answer), allowed))
            found.setdefault(column, {})[text.casefold()] = answer
    return found


def _source(sources: _Reader, table: str) -> str:
    source: str = sources.take(table, str, "")
    if source:
        sources.report(table, source.split("/", maxsplit=1)[0])
    return source


def _printed(printed: _Reader) -> tuple[dict[str, Words], str | None, str]:
    several_mark = printed.take("several_mark", str, None)
    if several_mark is not None and several_mark.count("{n}") != 1:
        printed.wrong("several_mark", several_mark, "several_mark_form")
    decimal = printed.choice("decimal", (",", "."), ",")
    words = {}
    for word, spec in printed.take("words", dict, {}).items():
        table = spec if isinstance(spec, dict) else {"": spec}
        reader = _Reader(table, f"printed.words.{word}.", printed.origin, printed.findings)
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
            top.wrong("explanations", entry, "explanations_form")
            continue
        explanation = _explanation(top, entry)
        for key in explanation.keys:
            cell = (explanation.report, key, explanation.measure)
            if cell in cells:
                said = {"report": explanation.report, "key": key, "measure": explanation.measure}
                top.wrong("explanations.keys", key, "explained_twice", **said)
            cells.add(cell)
        made.append(explanation)
    return tuple(made)


def is_query(sql: str) -> bool:
    """Tell whether a text of a wave is one query that only reads."""
    return ";" not in sql and re.match(r"(\s|--[^\n]*\n)*(select|with)\b", sql, re.IGNORECASE) is not None


def _explanation(top: _Reader, entry: dict[str, Any]) -> Explanation:
    reader = _Reader(entry, "explanations.", top.origin, top.findings)
    made = Explanation(
        report=reader.take("report", str),
        keys=reader.texts("keys"),
        measure=reader.take("measure", str),
        because=reader.label("because"),
        evidence=reader.take("evidence", str, None),
    )
    if made.evidence and not is_query(made.evidence):
        reader.wrong("evidence", made.evidence, "not_a_query")
    reader.end("report", "keys", "measure", "because", "evidence")
    if made.report == "claims":
        return made
    if reader.report("report", made.report) and made.measure not in (measures := content.report(made.report).measures):
        near_ones = near(str(made.measure), measures)
        reader.wrong("measure", made.measure, "measure_unknown", report=made.report, near=near_ones)
    return made


# How the files are written, and what stands in rows of its own, say nothing about the content.
_OF_THE_FILES = {"words", "explanations", "missing", "day_first", "declared"}


def canonical(wave: Wave) -> str:
    """Return what a wave says of itself as one text: equal for equal meaning, whatever the file's order."""
    fields = {name: getattr(wave, name) for name in Wave.__slots__ if name not in _OF_THE_FILES}
    return json.dumps(fields, sort_keys=True, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    return [value.fr, value.en] if isinstance(value, Label) else str(value)
