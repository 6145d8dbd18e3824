"""What a wave says of itself: wave.toml, read and checked."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from jumelage import content, report_file
from jumelage.database.models import ANSWERS, MANAGEMENT, NO_DATE, QUESTIONS, RESPONSES
from jumelage.database.wave_queries import is_query
from jumelage.findings import Findings
from jumelage.reading.wave_document import read_parts
from jumelage.reading.wave_fields import MOST_PARTS, Origin, Reader
from jumelage.rules import near
from jumelage.texts import Label, find_control, find_damage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jumelage.document import Part

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
HOME = "FR"
TERRITORY = ("FR-59", "FR-62")  # of a wave that declares none: Nord and Pas-de-Calais
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
    asked: dict[str, tuple[str, ...]]
    sources: dict[str, str]
    several_mark: str | None
    decimal: str
    words: dict[str, Words]
    explanations: tuple[Explanation, ...]
    missing: dict[str, dict[str, str]]
    day_first: bool
    home_country: str
    home_apart: bool
    territory: tuple[str, ...]
    publication: tuple[Part, ...]
    declared: str


def read_wave(path: Path, findings: Findings) -> Wave | None:
    """Read wave.toml; None if it cannot be read at all.

    What is wrong is added to the findings; the fields concerned are then not to be relied on.
    """
    origin = Origin()
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        findings.append(origin.finding("wave_missing", None, None))
    except OSError as error:
        findings.append(origin.finding("file_unreadable", None, None, why=error.strerror))
    except UnicodeDecodeError as error:
        place = {"byte": f"{error.object[error.start]:#04x}", "line": error.object.count(b"\n", 0, error.start) + 1}
        findings.append(origin.finding("wave_not_utf8", None, None, **place))
    except (ValueError, RecursionError) as error:  # also of numbers and nests beyond all measure
        findings.append(origin.finding("not_toml", None, None, why=str(error)[:200]))
    else:
        if (deep := _too_deep(table)) is None:
            return wave_of(table, origin, findings)
        findings.append(origin.finding("key_too_deep", deep, None, most=MOST_PARTS))
    return None


def _too_deep(table: dict[str, Any]) -> str | None:
    """Return the outermost key under which tables or lists are nested beyond measure."""
    for key, value in table.items():
        level = [value]
        for _ in range(MOST_PARTS):
            level = [
                inner
                for outer in level
                for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            ]
        if level:
            return key
    return None


def wave_of(table: dict[str, Any], origin: Origin, findings: Findings) -> Wave:
    """Understand the table of a wave.toml or of a sheet; what is wrong is added to the findings."""
    _find_controls(table, "", origin, findings)
    return _wave(Reader(table, "", origin, findings), _kept(table))


def _kept(table: dict[str, Any]) -> str:
    return json.dumps(table, default=str, ensure_ascii=False, sort_keys=True)


def with_map(wave: Wave, said: dict[str, Any]) -> Wave:
    """Keep with a wave the map by which its export was read, under the key `map`."""
    return replace(wave, declared=_kept({**json.loads(wave.declared), "map": said}))


_NO_TEXTS = ("evidence", "several_mark")  # keys of what is no text for people


def _find_controls(value: object, name: str, origin: Origin, findings: Findings) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            place = f"{name}.{key}" if name else key
            if code := find_control(key):
                findings.append(origin.finding("control_character", place, None, code=code))
            _find_controls(inner, place, origin, findings)
    elif isinstance(value, list):
        for inner in value:
            _find_controls(inner, name, origin, findings)
    elif isinstance(value, str) and (code := find_control(value)):
        findings.append(origin.finding("control_character", name, value, code=code))
    elif isinstance(value, str) and not name.endswith(_NO_TEXTS) and (what := find_damage(value)):
        findings.append(origin.finding("text_damaged", name, value, what=what))


def typed(declared: str) -> dict[str, Any]:
    """Return what a wave is kept to say of itself as wave.toml has it: each value in its type, which JSON lacks.

    What the columns of an export stood for is left out.
    """
    table: dict[str, Any] = json.loads(declared)
    table.pop("map", None)
    wave_of(table, Origin(texts=True), Findings())  # it was understood when it was loaded
    return table


def _wave(top: Reader, declared: str) -> Wave:
    fieldwork, complete = top.inner("fieldwork"), top.inner("complete")
    home = top.inner("home", needed=False)
    sources = top.inner("sources")
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
            **{name: defaults.choice(name, ANSWERS, "no_answer") for name in MANAGEMENT if name in defaults.table},
        },
        default_items={question: _default_items(defaults, question) for question in QUESTIONS},
        asked=_asked(top.inner("asked", needed=False)),
        sources={table: _source(sources, table) for table in SOURCED},
        several_mark=several_mark,
        decimal=decimal,
        words=words,
        explanations=_explanations(top),
        missing=_missing(top.take("missing", dict, {}), top),
        home_country=home.take("country", str, HOME),
        home_apart=home.take("apart", bool, False),
        territory=top.texts("territory", needed=False) or TERRITORY,
        publication=read_parts(top),
        day_first=top.choice("dates", ("iso", "day/month"), "iso") == "day/month",
        declared=declared,
    )
    if wave.code is not None and not is_code(wave.code):
        top.wrong("wave", wave.code, "wave_code")
    for report in wave.printed_complete:
        complete.report("printed", report)
    if wave.fieldwork_from and wave.fieldwork_to and wave.fieldwork_to < wave.fieldwork_from:
        fieldwork.wrong("to", wave.fieldwork_to, "fieldwork_order")
    fieldwork.end("from", "to", "mode")
    complete.end("agreements", "printed")
    home.end("country", "apart")
    sources.end(*SOURCED)
    defaults.end("response", "since", *MANAGEMENT, *QUESTIONS)
    top.end(
        "wave",
        "title",
        "reference_date",
        "synthetic",
        "frame_rule",
        "population",
        "source",
        "missing",
        "dates",
        "territory",
        "publication",
    )
    return wave


def _default_items(defaults: Reader, question: str) -> dict[str, str]:
    items: dict[str, str] = defaults.take(question, dict, {"*": "no_answer"})
    items.update((item, defaults.code(text, ANSWERS)) for item, text in tuple(items.items()) if isinstance(text, str))
    for item, answer in items.items():
        if answer not in ANSWERS:
            defaults.wrong(f"{question}.{item}", answer, "answer_unknown", near=near(str(answer), ANSWERS))
    return {"" if item == "*" else item: answer for item, answer in items.items()}


def _asked(asked: Reader) -> dict[str, tuple[str, ...]]:
    """Return the items that the wave says it asked, by list; nothing of a list of which it does not say so."""
    found = {question: asked.texts(question) for question in QUESTIONS if question in asked.table}
    asked.end(*QUESTIONS)
    return found


def _missing(given: dict[str, Any], top: Reader) -> dict[str, dict[str, str]]:
    """Return, by column (`*` for all), what the files write for answers that are missing."""
    found: dict[str, dict[str, str]] = {}
    answers = [entry for name in ("answers", "responses", "no_date") for entry in content.answers(name).items()]
    known = {text.casefold() for code, label in answers for text in (code, label.fr, label.en)}
    for column, texts in given.items():
        if column not in MISSING:
            top.wrong(f"missing.{column}", None, "missing_column_unknown", near=near(column, MISSING))
            continue
        reader = Reader({"texts": texts}, f"missing.{column}", top.origin, top.findings)
        for text, answer in (reader.take("texts", dict, {}) or {}).items():
            allowed = MISSING[column]
            if answer not in allowed:
                top.wrong(f"missing.{column}.{text}", answer, "answer_unknown", near=near(str(answer), allowed))
            if text.casefold() in known:
                top.wrong(f"missing.{column}.{text}", answer, "missing_is_answer")
            found.setdefault(column, {})[text.casefold()] = answer
    return found


def _source(sources: Reader, table: str) -> str:
    source: str = sources.take(table, str, "")
    if source:
        sources.report(table, source.split("/", maxsplit=1)[0])
    return source


def _printed(printed: Reader) -> tuple[dict[str, Words], str | None, str]:
    several_mark = printed.take("several_mark", str, None)
    if several_mark is not None and several_mark.count("{n}") != 1:
        printed.wrong("several_mark", several_mark, "several_mark_form")
    decimal = printed.choice("decimal", (",", "."), ",")
    words = {}
    for word, spec in printed.take("words", dict, {}).items():
        table = spec if isinstance(spec, dict) else {"": spec}
        reader = Reader(table, f"printed.words.{word}.", printed.origin, printed.findings)
        words[word.casefold()] = Words(
            reader.number("value"), reader.number("at_least"), reader.number("more_than_share")
        )
        reader.end("value", "at_least", "more_than_share")
    printed.take("kind", str, None)  # read from what is declared
    printed.end("several_mark", "decimal", "words", "kind")
    return words, several_mark, decimal


def _explanations(top: Reader) -> tuple[Explanation, ...]:
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


def is_code(text: str) -> bool:
    """Tell whether a text may be the code of a wave: `all`, `total` and `unknown` have a meaning of their own."""
    reserved = {content.ALL, content.TOTAL, content.UNKNOWN}
    return re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", text) is not None and text not in reserved


def _explanation(top: Reader, entry: dict[str, Any]) -> Explanation:
    reader = Reader(entry, "explanations.", top.origin, top.findings)
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
    if reader.report("report", made.report) and made.measure not in (
        measures := report_file.report(made.report).measures
    ):
        near_ones = near(str(made.measure), measures)
        reader.wrong("measure", made.measure, "measure_unknown", report=made.report, near=near_ones)
    return made


# How the files are written, and what stands in rows of its own, say nothing about the content.
_OF_THE_FILES = {"asked", "words", "explanations", "missing", "day_first", "declared"}

# What came later, with what holds unless it is said: the text is then what it always was.
_LATER = {"home_country": HOME, "home_apart": False, "territory": TERRITORY, "publication": ()}


def canonical(wave: Wave, defaults: Mapping[str, str]) -> str:
    """Return what a wave says of itself as one text: equal for equal meaning, whatever the file's order.

    `defaults` are those of questions, which may stand in their rows instead of here.
    """
    fields = {name: getattr(wave, name) for name in Wave.__slots__ if name not in _OF_THE_FILES}
    fields["defaults"] = {**wave.defaults, **defaults}
    for name, unless_said in _LATER.items():
        if fields[name] == unless_said:
            del fields[name]
    return json.dumps(fields, sort_keys=True, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    return [value.fr, value.en] if isinstance(value, Label) else str(value)
