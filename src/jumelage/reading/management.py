"""The questions on management, which a wave may ask without declaring them: it is enough to answer them.

They are those of 2006. A wave that declares one of them in its own questions asks that one as
it says. Of the others it asks those to which it gives an answer, or a default in `[defaults]`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jumelage import content
from jumelage.database.models import MANAGEMENT
from jumelage.reading.shapes import QUESTIONS, Rows
from jumelage.reading.source import Document
from jumelage.texts import folded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from jumelage.findings import Findings
    from jumelage.reading.wave_fields import Origin
    from jumelage.reading.wave_toml import Wave


# The questions on management as they are asked by a wave that does not declare them.
_UNDECLARED = tuple(
    {"question": question, "kind": "yes_no", "label_fr": fr, "label_en": en, "asked_of": "engaged"}
    for question, (fr, en) in MANAGEMENT.items()
)


def with_management(questions: Rows | None) -> Rows:
    """Return the questions that a wave declares, and behind them those on management that it may ask all the same."""
    document = Document("questions", "questions.csv", None, Path(), 0, ())
    given = questions or Rows(document, [], {column: [] for column in QUESTIONS.columns})
    fields = {column: [*values] for column, values in given.fields.items()}
    more = [record for record in _UNDECLARED if record["question"] not in fields["question"]]
    for record in more:
        for column, values in fields.items():
            values.append(record.get(column))
    return Rows(given.document, [*given.lines, *(0 for _ in more)], fields)


def asked(
    bench: Connection,
    possible: Rows,
    declared: Rows | None,
    documents: Mapping[str, Document],
    wave: Wave | None,
) -> Rows:
    """Return which of these questions the wave asks, each with its default.

    `possible` are those of `with_management`, `declared` those that the wave declares, which it asks.
    """
    sure = set(declared.fields["question"]) if declared is not None else set()
    defaults = {name: wave.defaults[name] for name in MANAGEMENT if wave is not None and name in wave.defaults}
    open_ones = [name for name in MANAGEMENT if name not in sure and name not in defaults]
    answered = _answered(bench, open_ones, documents)
    kept = [
        i for i, name in enumerate(possible.fields["question"]) if name in {*sure, *defaults, *answered} or name is None
    ]
    fields = {column: [values[i] for i in kept] for column, values in possible.fields.items()}
    fields["default_answer"] = [
        answer or defaults.get(name or "")
        for name, answer in zip(fields["question"], fields["default_answer"], strict=True)
    ]
    return Rows(possible.document, [possible.lines[i] for i in kept], fields)


def _answered(bench: Connection, names: Collection[str], documents: Mapping[str, Document]) -> set[str]:
    """Return which of these questions have an answer, in a column of respondents or in a row."""
    wide = [name for name in names if f"q_{name}" in documents["respondents"].columns]
    parts = [f"select '{name}' where exists (from raw_respondents where q_{name} is not null)" for name in wide]
    if names and documents["answers"].columns:
        parts.append("select distinct question from raw_answers")
    if not parts:
        return set()
    spelled = {
        folded(text): record["question"]
        for record in _UNDECLARED
        for text in (record["question"], record["label_fr"], record["label_en"])
    }
    found = bench.exec_driver_sql(" union all ".join(parts))
    return {spelled.get(folded(text), "") for (text,) in found if text} & set(names)


def find_two_defaults(declared: Rows | None, wave: Wave, origin: Origin, findings: Findings) -> None:
    """Find the questions whose default stands in their own row and, another one, in what the wave says of itself."""
    for _, record in declared.records() if declared is not None else ():
        name, answer = record["question"] or "", record["default_answer"]
        given = wave.defaults.get(name) if name in MANAGEMENT else None
        known = content.answers("answers")
        said = {folded(text) for code in (given,) if code for text in (code, known[code].fr, known[code].en)}
        if given and answer and folded(answer) not in said:
            findings.append(origin.finding("default_twice", f"defaults.{name}", given, other=answer))
