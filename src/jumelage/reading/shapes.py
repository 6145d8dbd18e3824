"""The columns of every table that is handed in, by which it is read, and small tables record by record."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jumelage.reading.handed import PAIRS
from jumelage.reading.headings import HEADINGS, meanings
from jumelage.reading.source import Shape

if TYPE_CHECKING:
    from jumelage.reading.source import Document

SHAPES = {
    "frame": Shape(("city", "population"), ("city_code",)),
    "respondents": Shape(("city", "response"), ("city_code", "declared_agreements")),
    "partnerships": Shape(
        ("city", "country"), ("city_code", "agreements", "partner", "since", "until", "inferred", "source")
    ),
    "actions": Shape(("city", "action", "answer"), ("city_code",)),
    "difficulties": Shape(("city", "difficulty", "answer"), ("city_code",)),
    "answers": Shape(("city", "question", "answer"), ("city_code", "item")),
    PAIRS: Shape(("city", "country", "partner_before", "partner", "same"), ("city_code", "likeness")),
}
ALIASES = Shape(("list", "spelling", "code"))
QUESTIONS = Shape(
    ("question", "kind", "label_fr", "label_en"),
    ("asked_of", "list", "unit", "least", "most", "default_answer", "position"),
)
ITEMS = Shape(("question", "item", "label_fr", "label_en"), ("parent", "position"))
CLAIMS = Shape(("claim", "place", "printed", "unit", "statement_fr", "statement_en", "kind", "offenders"))
_QUESTION = re.compile("[a-z][a-z0-9_]{0,49}")
WAVE_SHEET = Shape(("key", "value"), ("explication", "explanation"))


@dataclass(frozen=True, slots=True)
class Rows:
    """The records of a small table: for each its row, and its fields by column, trimmed; None for a blank one."""

    document: Document
    lines: list[int] = field(default_factory=list)
    fields: dict[str, list[str | None]] = field(default_factory=dict)

    def records(self) -> list[tuple[int, dict[str, str | None]]]:
        """Return the records one by one."""
        names = list(self.fields)
        values = zip(*self.fields.values(), strict=True)
        return [(line, dict(zip(names, row, strict=True))) for line, row in zip(self.lines, values, strict=True)]


def own_columns(questions: Rows) -> dict[str, tuple[str, ...]]:
    """Return the columns that respondents may have for these questions, each with what it may be headed.

    These are its code, its labels, and what else people call it.
    """
    return {
        f"q_{code}": tuple(filter(None, (code, record["label_fr"], record["label_en"], *HEADINGS.get(code, ()))))
        for _, record in questions.records()
        if (code := record["question"]) and is_question(code)
    }


def is_question(code: str) -> bool:
    """Tell whether a text may be the code of a question: it may also be the heading of a column."""
    return _QUESTION.fullmatch(code) is not None and not meanings(code, SHAPES["respondents"].columns)
