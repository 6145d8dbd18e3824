"""What a wave asks on its own: its questions and their items, understood and staged."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from jumelage import content, database
from jumelage.database.models import ASKED_OF, NO_ANSWER, QUESTION_KINDS, QUESTION_LISTS, columns_of
from jumelage.database.workbench import put, read_code_lists, workbench
from jumelage.errors import DataError, UsageError
from jumelage.findings import Findings
from jumelage.reading.handed import form_of
from jumelage.reading.package import read_rows
from jumelage.reading.restore import asked
from jumelage.reading.shapes import ITEMS, QUESTIONS, is_question
from jumelage.reading.source import CsvSource
from jumelage.rules import near, said_of
from jumelage.temporary import temporary_folder
from jumelage.texts import Label, both, folded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from sqlalchemy import Connection

    from jumelage.reading.shapes import Rows

CLOSED = ("yes_no", "choice", "choices")
WITH_ITEMS = ("choice", "choices")
_MOST = Decimal(10) ** 12
_LAST_PLACE = 1_000_000_000
_NOT_WRITTEN = Label("rien n’a été écrit", "nothing was written")


@dataclass(frozen=True, slots=True)
class Question:
    """A question as the wave declares it; `least` and `most` are the bounds of a number, None where it has none."""

    code: str
    kind: str
    label: Label
    asked_of: str
    code_list: str | None
    unit: str | None
    least: Decimal | None
    most: Decimal | None
    default: str | None
    place: Decimal


def read_questions(questions: Path, items: Path | None = None) -> tuple[dict[str, Rows], Findings]:
    """Read questions and their items from files of their own, and judge them as a load does.

    The items are in a file beside the questions unless another is given. Returns both as `restore.asked` does, with
    what is to be said of the files. DataError, with findings, for whatever a load would refuse; UsageError for what is
    no file of text.
    """
    findings = Findings()
    for path in filter(None, (questions, items)):
        if path.exists() and form_of(path) != "file":
            raise UsageError(both("{} n’est pas un fichier CSV", "{} is no CSV file", path))
    if items is None and (beside := questions.with_name("question_items.csv")).is_file():
        items = beside
    with temporary_folder() as scratch, database.in_memory().begin() as bench, workbench(bench, scratch) as ready:
        read_code_lists(ready)
        given = read_rows(CsvSource("questions", questions.name, questions, scratch / "questions"), QUESTIONS, findings)
        own = None
        if items is not None:
            own = read_rows(CsvSource("question_items", items.name, items, scratch / "items"), ITEMS, findings)
        stage_questions(ready, given, own, findings)
        read = asked(ready, questions.stem, "staged_", "where true")
    findings = findings.in_order()
    if findings.errors:
        raise DataError(said_of(questions, findings.errors, _NOT_WRITTEN), findings)
    return read, findings


def stage_questions(
    bench: Connection, questions: Rows | None, items: Rows | None, findings: Findings
) -> list[Question]:
    """Understand the questions of a wave with their items, and stage them; what is wrong is added to the findings."""
    known = list(_questions(questions, findings)) if questions is not None else []
    rows = [
        (q.code, q.kind, q.label.fr, q.label.en, q.asked_of, q.code_list, q.unit, q.least, q.most, q.default, i)
        for i, q in enumerate(sorted(known, key=lambda question: question.place), 1)
    ]
    _stage(bench, "questions", rows)
    listed = [row for question in known if question.code_list for row in _from_list(bench, question)]
    own = (
        list(_items(items, known, _doubtful(questions, known, items, findings), findings)) if items is not None else []
    )
    if questions is not None:
        have = {row[0] for row in listed} | set(items.fields["question"] if items is not None else ())
        for line, record in questions.records():
            if record["question"] in {q.code for q in known if q.kind in WITH_ITEMS} - have:
                findings.append(
                    questions.document.finding("question_without_items", line, "question", record["question"])
                )
    _stage(bench, "question_items", [*listed, *own])
    return known


def _stage(bench: Connection, name: str, rows: list[tuple[Any, ...]]) -> None:
    kinds = columns_of(name)
    put(bench, f"staged_{name}", kinds, [[row[i] for row in rows] for i in range(len(kinds))])


# What whoever gives no answer may be taken to have answered: nothing was ticked.
_OTHERWISE = {"yes_no": ("yes", "no"), "choices": ("no",)}


def _questions(rows: Rows, findings: Findings) -> Iterable[Question]:
    first: dict[str, int] = {}
    for order, (line, record) in enumerate(rows.records(), 1):
        before = findings.errors
        wrong = _Wrong(rows, line, record, findings)
        code, kind = record["question"], wrong.choice("kind", QUESTION_KINDS)
        wrong.blanks("question", "kind", "label_fr", "label_en")
        if code and not is_question(code):
            wrong.say("question_code", "question")
        if code in first:
            wrong.say("row_twice", "question", key=Label("question", "question"), first=first[code])
        asked_of = wrong.choice("asked_of", ASKED_OF) or ASKED_OF[0]
        answers = (*_OTHERWISE.get(kind or "", ()), *NO_ANSWER)
        default = wrong.choice("default_answer", answers, content.answers("answers"))
        code_list = wrong.choice("list", QUESTION_LISTS)
        if code_list and kind and kind not in WITH_ITEMS:
            wrong.say("question_without_list", "list", kind=kind)
        least, most, place = wrong.number("least"), wrong.number("most"), wrong.place(order)
        if least is not None and most is not None and least > most:
            wrong.say("bounds_order", "most", least=record["least"])
        if code:
            first.setdefault(code, line)
        if findings.errors == before and code and kind:
            label = Label(record["label_fr"] or "", record["label_en"] or "")
            yield Question(code, kind, label, asked_of, code_list, record["unit"], least, most, default, place)


def _doubtful(rows: Rows | None, questions: list[Question], items: Rows, findings: Findings) -> Collection[str | None]:
    """Return the questions of which nobody knows whether they have items: those in which something else is wrong."""
    if rows is None:
        return ()
    place = rows.document.file, rows.document.sheet
    if not any(rows.lines) and any(found[:2] == place for found in findings.places):
        return set(items.fields["question"])
    return set(rows.fields["question"]) - {question.code for question in questions}


def _items(
    rows: Rows, questions: list[Question], doubtful: Collection[str | None], findings: Findings
) -> Iterable[tuple[Any, ...]]:
    with_items = [question.code for question in questions if question.kind in WITH_ITEMS and not question.code_list]
    listed = {(record["question"], record["item"]) for _, record in rows.records()}
    first: dict[tuple[str | None, str | None], int] = {}
    for order, (line, record) in enumerate(rows.records(), 1):
        before = findings.errors
        wrong = _Wrong(rows, line, record, findings)
        wrong.blanks("question", "item", "label_fr", "label_en")
        question, item, parent = record["question"], record["item"], record["parent"]
        if question and question not in with_items and question not in doubtful:
            wrong.say("item_of_no_question", "question", near=near(question, with_items))
        if parent and ((question, parent) not in listed or parent == item):
            known = [code for of, code in sorted(listed, key=str) if of == question and code and code != item]
            wrong.say("item_parent_unknown", "parent", near=near(parent, known))
        if (question, item) in first:
            key = Label("question et item", "question and item")
            wrong.say("row_twice", "item", key=key, first=first[question, item])
        first.setdefault((question, item), line)
        place = wrong.place(order)
        if findings.errors == before:
            yield question, item, parent, record["label_fr"], record["label_en"], place


def _from_list(bench: Connection, question: Question) -> Iterable[tuple[Any, ...]]:
    """Return the items that a question takes from a code list: what it is today is what was asked."""
    name = question.code_list
    parent = "parent_code" if name in {"actions", "difficulties"} else "null"
    order = "sort_key(label_fr)" if name == "countries" else "cast(position as integer)"
    rows = bench.exec_driver_sql(
        f"select code, {parent}, label_fr, label_en, cast(row_number() over (order by {order}) as integer) "
        f"from list_{name}"
    )
    return [(question.code, code, parent, fr, en, position) for code, parent, fr, en, position in rows]


class _Wrong:
    """What is wrong with one row of definitions."""

    def __init__(self, rows: Rows, line: int, record: dict[str, str | None], findings: Findings) -> None:
        self._document, self._line, self._record, self._findings = rows.document, line, record, findings

    def say(self, rule: str, column: str, **details: object) -> None:
        """Add a finding on a column."""
        self._findings.append(self._document.finding(rule, self._line, column, self._record[column], **details))

    def blanks(self, *columns: str) -> None:
        """Find what is missing."""
        for column in columns:
            if not self._record[column]:
                self.say("value_missing", column)

    def choice(self, column: str, codes: Collection[str], labels: dict[str, Label] | None = None) -> str | None:
        """Return the code that is chosen, by itself or by its label; None if it is blank, or a finding."""
        text = self._record[column]
        if not text:
            return None
        spelled = {folded(code): code for code in codes}
        spelled |= {folded(one): code for code in codes if labels for one in (labels[code].fr, labels[code].en)}
        if (code := spelled.get(folded(text))) is None:
            self.say("choice", column, choices=", ".join(codes))
        return code

    def place(self, order: int) -> Decimal:
        """Return the place that a row asks for in lists and reports, a whole number; else that of the row."""
        place = self.number("position")
        if place is not None and (place != place.to_integral_value() or abs(place) > _LAST_PLACE):
            self.say("not_a_number", "position")
        return Decimal(order) if place is None else place

    def number(self, column: str) -> Decimal | None:
        """Return a number; None if it is blank, or a finding."""
        text = self._record[column]
        if not text:
            return None
        try:
            number = Decimal(text.replace(" ", "").replace("\u00a0", "").replace("\u202f", "").replace(",", "."))
        except InvalidOperation:
            number = _MOST
        if not number.is_finite() or abs(number) >= _MOST:
            self.say("not_a_number", column)
            return None
        return number
