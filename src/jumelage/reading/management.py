"""The questions on management, which a wave asks without declaring them.

They are those of 2006. A wave that declares one of them in its own questions asks those that it declares, as it says,
and those to which `[defaults]` gives an answer; any other wave asks all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jumelage import content
from jumelage.database.models import ANSWERS, MANAGEMENT
from jumelage.reading.shapes import QUESTIONS, Rows
from jumelage.reading.source import Document
from jumelage.texts import folded

if TYPE_CHECKING:
    from jumelage.findings import Findings
    from jumelage.reading.wave_fields import Origin
    from jumelage.reading.wave_toml import Wave


def with_management(declared: Rows | None, wave: Wave | None) -> Rows:
    """Return the questions that a wave asks: those on management, and those that it declares.

    The line of one that is not declared is 0. A default that only `[defaults]` gives is put in.
    """
    nowhere = Document("questions", "questions.csv", None, Path(), 0, ())
    given = declared or Rows(nowhere, [], {column: [] for column in QUESTIONS.columns})
    said = wave.defaults if wave is not None else {}
    defaults = {name: said[name] for name in MANAGEMENT if said.get(name) in ANSWERS}
    named = set(given.fields["question"])
    more = [name for name in MANAGEMENT if name not in named and (name in defaults or named.isdisjoint(MANAGEMENT))]
    undeclared = {
        "question": more,
        "kind": ["yes_no" for _ in more],
        "label_fr": [MANAGEMENT[name][0] for name in more],
        "label_en": [MANAGEMENT[name][1] for name in more],
        "asked_of": ["engaged" for _ in more],
    }
    nothing = [None for _ in more]
    fields = {column: [*undeclared.get(column, nothing), *values] for column, values in given.fields.items()}
    fields["default_answer"] = [
        answer or defaults.get(name or "")
        for name, answer in zip(fields["question"], fields["default_answer"], strict=True)
    ]
    return Rows(given.document, [*(0 for _ in more), *given.lines], fields)


def find_two_defaults(declared: Rows | None, wave: Wave, origin: Origin, findings: Findings) -> None:
    """Find the questions whose default stands in their own row and, another one, in what the wave says of itself."""
    known = content.answers("answers")
    for _, record in declared.records() if declared is not None else ():
        name, answer = record["question"] or "", record["default_answer"]
        given = wave.defaults.get(name) if name in MANAGEMENT else None
        if given and answer and folded(answer) not in {folded(given), folded(known[given].fr), folded(known[given].en)}:
            findings.append(origin.finding("default_twice", f"defaults.{name}", given, other=answer))
