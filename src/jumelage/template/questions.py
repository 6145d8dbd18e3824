"""The columns for what a new wave asks on its own: their headings, what may be typed below, and what is said of it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from jumelage import content
from jumelage.database.models import NO_ANSWER
from jumelage.reading.shapes import SHAPES
from jumelage.reading.shapes import own_columns as own_names
from jumelage.texts import LANGUAGES, Label, bounded, folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jumelage.reading.shapes import Rows

_MOST_TOLD = 30  # items in the note on a heading
_LIST = "question {}"
_WIDTHS = {"yes_no": 20, "choice": 36, "choices": 44, "number": 20, "date": 24, "text": 44}
_OFFER_ALL = ("yes_no", "choice")  # their drop-down lists hold the reasons for a missing answer too
_SETS_APART = re.compile("[;|\n]")


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the new wave: its record, and its items with the label by which an answer names each."""

    record: dict[str, str | None]
    items: tuple[Label, ...]

    @property
    def code(self) -> str:
        """Its code."""
        return str(self.record["question"])

    def offered(self, lang: str) -> dict[str, str]:
        """Return the drop-down list of a choice: its items, then the reasons why there may be no answer."""
        items = [item.text(lang) for item in self.items]
        if self.record["list"] == "countries":  # whose order is that of the alphabet
            items.sort(key=folded)
        reasons = [content.answers("answers")[reason].text(lang) for reason in NO_ANSWER]
        return {text: text for text in (*items, *reasons)}

    def column(self, heading: str, said: dict[str, Any]) -> dict[str, Any]:
        """Return its column as schema/template.toml describes columns; `said` are the texts of it."""
        kind, unit = str(self.record["kind"]), self.record["unit"]
        least, most = (Decimal(end) if (end := self.record[name]) else None for name in ("least", "most"))
        column: dict[str, Any] = {"name": f"q_{self.code}", "heading": heading, "width": _WIDTHS[kind]}
        column["note"] = {lang: self._note(said, lang, bounded(least, most, unit)) for lang in LANGUAGES}
        if kind == "yes_no":
            column["choices"] = "answers"
        elif kind == "choice":
            column["choices"] = _LIST.format(self.code)
        elif kind == "number" and (least is not None or most is not None):
            column |= {"bounds": bounded(least, most, None), "asks": True}
            column |= {name: end for name, end in (("least", least), ("most", most)) if end is not None}
        elif kind in {"choices", "text"}:
            column["format"] = "@"
        return column

    def _note(self, said: dict[str, Any], lang: str, bounds: Label) -> str:
        """Say what the question is, what is typed, of whom it is asked, and what a blank means."""
        record, answers = self.record, content.answers("answers")
        kind = str(record["kind"])
        if kind == "number":
            kind = "number_within" if bounds.text(lang) else "number_in" if record["unit"] else "number"
        label = str(record[f"label_{lang}"])
        parts = [label if label.endswith((".", "?", "!", "…")) else f"{label}.", said[kind][lang]]
        if self.items and record["kind"] == "choices":
            few = len(self.items) <= _MOST_TOLD
            parts.append(said["items" if few else "items_of_list" if record["list"] else "items_elsewhere"][lang])
        parts.append(said["engaged"][lang] if record["asked_of"] == "engaged" else "")
        parts += [said["missing"][lang] if kind not in _OFFER_ALL else "", said["blank"][lang]]
        values = {
            "bounds": bounds.text(lang),
            "unit": record["unit"],
            "items": "; ".join(item.text(lang) for item in self.items),
            "default": answers[record["default_answer"] or "no_answer"].text(lang),
            "reasons": ", ".join(answers[reason].text(lang) for reason in NO_ANSWER),
        }
        return " ".join(part if part is parts[0] else part.format(**values) for part in parts if part)


def own_columns(asked: dict[str, Rows], said: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the columns of respondents for the questions of a wave, as schema/template.toml describes columns."""
    questions = _questions(asked)
    return [question.column(heading, said) for question, heading in zip(questions, _headings(asked), strict=True)]


def own_lists(asked: dict[str, Rows], lang: str) -> dict[str, dict[str, str]]:
    """Return the drop-down lists that these columns have of their own, by name."""
    chosen = (question for question in _questions(asked) if question.record["kind"] == "choice")
    return {_LIST.format(question.code): question.offered(lang) for question in chosen}


def _questions(asked: dict[str, Rows]) -> Iterator[Question]:
    for _, record in asked["questions"].records() if asked else ():
        if name := record["list"]:
            items = {row["code"]: Label(row["label_fr"], row["label_en"]) for row in content.code_list(name)}
        else:
            items = {
                str(row["item"]): Label(str(row["label_fr"]), str(row["label_en"]))
                for _, row in asked["question_items"].records()
                if row["question"] == record["question"]
            }
        words = NO_ANSWER if record["kind"] == "choice" else ("yes", "no", *NO_ANSWER)
        yield Question(record, _named(items, words))


def _named(items: dict[str, Label], answers: Sequence[str]) -> tuple[Label, ...]:
    """Return what an answer calls each item: its label, or its code where the label would be read as something else."""
    said = ((code, content.answers("answers")[code]) for code in answers)
    words = {folded(word) for code, label in said for word in (code, label.fr, label.en)}
    bearers = Counter(key for code, label in items.items() for key in {*map(folded, (code, label.fr, label.en))})

    def name(text: str, code: str) -> str:
        sure = bearers[folded(text)] == 1 and folded(text) not in words and not _SETS_APART.search(text)
        return text if sure else code

    return tuple(Label(name(label.fr, code), name(label.en, code)) for code, label in items.items())


def _headings(asked: dict[str, Rows]) -> Iterator[str]:
    """Yield the heading of each question: its labels, with its code where they would not name it alone."""
    own = own_names(asked["questions"]) if asked else {}
    shape = replace(SHAPES["respondents"], own=own)
    for column, (code, *labels) in own.items():
        both = " / ".join(dict.fromkeys(" ".join(label.split()) for label in labels))
        yield next((text for text in (both, f"{both} / {code}") if shape.column_of(text) == column), code)
