"""What a column of an export can stand for: a column of the tables of a wave, a question, or an item of its list."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jumelage import content
from jumelage.database.models import ANSWERS, NO_ANSWER, QUESTIONS, RESPONSES
from jumelage.reading.headings import HEADINGS, meanings
from jumelage.reading.shapes import SHAPES
from jumelage.rules import Near
from jumelage.texts import folded, near_names

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jumelage.reading.shapes import Rows

FRAME = "population"
ITEM = "item"  # kind of a column that is one item of several: a question of its own, with the answers of yes or no
OPEN = "open"
LISTED = "choices"
_KINDS = {folded(kind): kind for kind in ("yes_no", "choice", LISTED)}
_CLOSED = {"response": RESPONSES, "yes_no": ANSWERS, ITEM: ANSWERS}
_FEW = 30  # names that are all listed where none is near
# What sets the item apart from its question in a heading: Kobo's question/item, question[item], question___item.
_ITEM_HEADING = re.compile(r"^(.+?)(?:/|\[|___)([^/\[\]]+)\]?$")


@dataclass(frozen=True, slots=True)
class Target:
    """What a column stands for: `name` is a column or a question, `item` one of its list; `kind` says how it answers.

    `column` is the column of the table of respondents, empty for a list, which has a table of its own.
    """

    name: str
    kind: str
    column: str = ""
    item: str = ""

    @property
    def code(self) -> str:
        """How a map calls it."""
        return f"{self.name}/{self.item}" if self.item else self.name


@dataclass(slots=True)
class Targets:
    """All that columns of an export can stand for, by every name that it has."""

    _named: dict[str, Target] = field(default_factory=dict)
    _spelled: dict[str, str] = field(default_factory=dict)
    _items: dict[str, dict[str, str]] = field(default_factory=dict)
    _texts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        """What can be written in a map, but for items."""
        return sorted(self._named)

    def items(self, name: str) -> list[str]:
        """Return the items of a list, in its order."""
        return list(dict.fromkeys(self._items.get(name, {}).values()))

    def find(self, text: str) -> Target | None:
        """Return what a text names: a code or label, or question/item; None if nothing."""
        if (code := self._spelled.get(folded(text))) is not None:
            return self._named[code]
        question, slash, item = text.partition("/")
        name = self._spelled.get(folded(question))
        if not slash or name is None or self._named[name].kind != LISTED:
            return None
        known = self._items.get(name, {}).get(folded(item))
        return Target(name, ITEM, item=known) if known else None

    def plain(self, heading: str) -> str:
        """Return a heading with its item behind a slash, whichever way it is set apart from its question."""
        split = _ITEM_HEADING.match(heading)
        return "/".join(split.groups()) if split else heading

    def near(self, text: str) -> Near:
        """Return what may have been meant, best first."""
        few = len(self._named) <= _FEW
        return Near(tuple(self.likely(text)), tuple(self.codes) if few else ())

    def likely(self, heading: str) -> list[str]:
        """Return what a heading is likely to stand for, best first: by its end, where groups stand before it."""
        found: list[str] = []
        parts = heading.split("/")
        for start in range(len(parts)):
            text = "/".join(parts[start:])
            if (target := self.find(text)) is not None:
                return [target.code]
            if split := _ITEM_HEADING.match(text):
                found += self._likely_items(*split.groups())
        for part in (parts[-1], heading):
            close, _ = near_names(folded(part), self._spelled)
            found += [self._spelled[name] for name in close]
        return list(dict.fromkeys(found))[:3]

    def _likely_items(self, question: str, item: str) -> list[str]:
        close, _ = near_names(folded(question), self._spelled)
        names = [self._spelled[name] for name in close if self._named[self._spelled[name]].kind == LISTED]
        for name in dict.fromkeys(names):
            near_items, _ = near_names(folded(item), self._items.get(name, {}))
            if near_items:
                return [f"{name}/{self._items[name][near_item]}" for near_item in near_items]
        return [f"{name}/…" for name in dict.fromkeys(names)]

    def answer(self, target: Target, text: str) -> str | None:
        """Return the code of what a closed target can be answered with; the text itself where any may be."""
        if target.kind == OPEN or not text:
            return text
        allowed = _CLOSED.get(target.kind, ("no", *NO_ANSWER) if target.kind == LISTED else NO_ANSWER)
        labels = content.answers("responses" if target.kind == "response" else "answers")
        for code in allowed:
            if folded(text) in {folded(code), folded(labels[code].fr), folded(labels[code].en)}:
                return code
        return self._items.get(target.name, {}).get(folded(text)) if target.kind in {"choice", LISTED} else None

    def answers(self, target: Target) -> list[str]:
        """Return what a closed target can be answered with, by code."""
        return [*self.items(target.name), *_CLOSED.get(target.kind, NO_ANSWER)]

    def vocabulary(self, target: Target) -> list[str]:
        """Return the spellings of the answers of a target that has no items; empty for any other."""
        labels = content.answers("responses" if target.kind == "response" else "answers")
        return [text for code in _CLOSED.get(target.kind, ()) for text in (code, labels[code].fr, labels[code].en)]

    def spellings(self, target: Target) -> list[str]:
        """Return the spellings of the answers of a target that has items."""
        labels = content.answers("answers")
        words = [text for code in ("no", *NO_ANSWER) for text in (code, labels[code].fr, labels[code].en)]
        return [*self._texts.get(target.name, ()), *words]

    def add(self, target: Target, *names: str | None) -> None:
        """Add a target with what it is called: a code first, which counts before every label."""
        self._named[target.name] = target
        self.call(target.name, *names)

    def call(self, code: str, *names: str | None) -> None:
        """Let a target be called by more names, unless they are those of another one."""
        for name in filter(None, names):
            self._spelled.setdefault(folded(name), code)

    def add_item(self, name: str, item: str, *names: str | None) -> None:
        """Add an item of a list, with what it is called."""
        for text in filter(None, (item, *names)):
            self._texts.setdefault(name, []).append(text)
            self._items.setdefault(name, {}).setdefault(folded(text), item)


def targets_of(bench: Connection, questions: Rows, items: Rows | None) -> Targets:
    """Return what the columns of an export can stand for in a wave that asks these questions."""
    found = Targets()
    for name in ("city", "city_code", FRAME):
        found.add(Target(name, OPEN, name), name)
    for name in SHAPES["respondents"].columns:
        if name not in {"city", "city_code"}:
            kind = "response" if name == "response" else OPEN
            found.add(Target(name, kind, name), name)
    for name in QUESTIONS:
        found.add(Target(name, LISTED), name)
        _add_list(bench, found, name, name)
    asked = questions.records()
    for _, record in asked:
        code, kind = record["question"] or "", _KINDS.get(folded(record["kind"] or ""), OPEN)
        found.add(Target(code, kind, f"q_{code}"), code)
        if record["list"] in {"actions", "difficulties", "countries", "zones"}:
            _add_list(bench, found, code, str(record["list"]))
    for _, record in items.records() if items is not None else ():
        found.add_item(record["question"] or "", record["item"] or "", record["label_fr"], record["label_en"])
    for _, record in asked:  # labels, once all codes are known
        code = record["question"] or ""
        found.call(code, record["label_fr"], record["label_en"], *HEADINGS.get(code, ()))
    columns = (*SHAPES["respondents"].columns, FRAME)
    for name in columns:  # as in a file of their own
        found.call(name, *(heading for heading in HEADINGS.get(name, ()) if meanings(heading, columns) == (name,)))
    return found


def _add_list(bench: Connection, found: Targets, name: str, code_list: str) -> None:
    for code, fr, en in bench.exec_driver_sql(f"select code, label_fr, label_en from list_{code_list}"):
        found.add_item(name, code, fr, en)
