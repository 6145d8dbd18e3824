"""A draft of map.toml from the headings and values of an export, for a person to complete."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.database.workbench import read_code_lists, workbench
from jumelage.errors import DataError, UnreadableError
from jumelage.findings import Findings
from jumelage.reading.export import find_header, stage_export
from jumelage.reading.exported import unknown_values
from jumelage.reading.handed import open_export
from jumelage.reading.management import with_management
from jumelage.reading.mapping import ExportMap, heading_of
from jumelage.reading.targets import ITEM, LISTED, OPEN, Target, Targets, targets_of
from jumelage.rules import Finding, rule, said_of
from jumelage.temporary import temporary_folder
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from jumelage.reading.exported import Exported, Field
    from jumelage.reading.shapes import Rows

# What the tools write of the interview, not of its subject.
_METADATA = re.compile(
    r"_.*|start|end|today|username|deviceid|phonenumber|meta/.*|formhub/.*"  # KoboToolbox
    r"|id|submitdate|lastpage|startlanguage|seed|startdate|datestamp|ipaddr|refurl|token|(interview|group|question)time.*"
    r"|record_id|redcap_.*|.*_complete|.*_timestamp"  # REDCap
)
_MOST_VALUES = 30
_NOT_DRAFTED = Label("aucune ébauche n’a été faite", "nothing was drafted")
_HEAD = Label(
    "# Ce que sont les colonnes de {}. Ébauche à relire\u00a0: une ligne qui commence par # n’est qu’une proposition.",
    "# What the columns of {} stand for. A draft to be looked through: a line that begins with # is a mere suggestion.",
)


def draft_map(export: Path, asked: Mapping[str, Rows], sheet: str | None = None, lang: str = "en") -> str:
    """Return the text of a map of this export, for a wave that asks these questions.

    A heading that names a column or question by its end is written as standing for it; where one is only near, the
    line is commented out, so that a load still asks for it. Values that are no answers are listed, without a meaning.
    DataError if the export cannot be read.
    """
    findings, mapped = Findings(), ExportMap(sheet=sheet)
    with (
        temporary_folder() as scratch,
        database.in_memory().begin() as bench,
        workbench(bench, scratch) as ready,
        ExitStack() as opened,
    ):
        read_code_lists(ready)
        targets = targets_of(ready, with_management(asked.get("questions"), None), asked.get("question_items"))
        document = None
        try:
            if (source := open_export(export, scratch, mapped, findings, opened)) is not None:
                findings += source.open()
                document = find_header(source, mapped, targets, findings)
        except UnreadableError as error:
            findings.append(Finding(rule(error.rule), export.name, error.row, error.column, details=error.details))
        if source is None or document is None:
            raise DataError(said_of(export, findings.errors, _NOT_DRAFTED), findings)
        found = _Draft(document, targets)
        fields = stage_export(ready, source, document, found.map(), targets, scratch)
        head = filled(_HEAD, export.name).text(lang)
        return f"{head}\n" + "".join(found.text(ready, export.name, sheet, fields))


class _Draft:
    """What the headings of an export are likely to stand for."""

    def __init__(self, document: Exported, targets: Targets) -> None:
        self._targets = targets
        self._ignored: list[str] = []
        self._known: dict[str, Target] = {}
        self._likely: dict[str, list[str]] = {}
        for heading in filter(None, map(heading_of, document.headings)):
            likely = targets.likely(heading)
            if (target := self._named(heading)) is not None:
                self._known[heading] = target
            elif _METADATA.fullmatch(heading):
                self._ignored.append(heading)
            else:
                self._likely[heading] = likely
        with_items = {target.name for target in self._known.values() if target.item}
        seen: set[str] = set()
        for heading, target in list(self._known.items()):  # one column of all items where each has its own
            if (target.kind == LISTED and target.name in with_items) or target.code in seen:
                self._ignored.append(heading)
                del self._known[heading]
            seen.add(target.code)

    def _named(self, heading: str) -> Target | None:
        """Return what a heading names by itself, or behind the groups that it stands in."""
        parts = heading.split("/")
        ends = ("/".join(parts[start:]) for start in range(len(parts)))
        return next((target for end in ends if (target := self._targets.find(self._targets.plain(end)))), None)

    def map(self) -> ExportMap:
        """Return what is sure so far as a map."""
        columns = {heading: target.code for heading, target in self._known.items()}
        return ExportMap(columns=columns, ignore=(*self._ignored, *self._likely))

    def text(self, bench: Connection, name: str, sheet: str | None, fields: list[Field]) -> Iterator[str]:
        """Yield the lines of the map."""
        yield f"file = {_quoted(name)}\n"
        if sheet is not None:
            yield f"sheet = {_quoted(sheet)}\n"
        yield "ignore = [\n" + "".join(f"  {_quoted(heading)},\n" for heading in self._ignored) + "]\n"
        yield "\n[columns]\n"
        for heading, target in self._known.items():
            yield f"{_quoted(heading)} = {_quoted(target.code)}\n"
        for heading, likely in self._likely.items():
            others = f"  # {', '.join(likely[1:])}" if likely[1:] else ""
            yield f"# {_quoted(heading)} = {_quoted(likely[0] if likely else '')}{others}\n"
        if not any(target.name == "response" for target in self._known.values()):
            yield '\n[constants]\nresponse = "responded"\n'
        yield from self._values(bench, fields)

    def _values(self, bench: Connection, fields: list[Field]) -> Iterator[str]:
        """Yield the values of closed columns that are no answers by themselves."""
        found: dict[str, list[str]] = {}
        for one in fields:
            if one.target.kind == OPEN:
                continue
            name = "*" if one.target.kind in {ITEM, "yes_no"} else one.target.name
            vocabulary = self._targets.vocabulary(one.target) or self._targets.spellings(one.target)
            listed = found.setdefault(name, [])
            for _, text in unknown_values(bench, one, vocabulary):
                if text not in listed and len(listed) < _MOST_VALUES:
                    listed.append(text)
        for name, texts in sorted(found.items()):
            if texts:
                yield f"\n[values.{_quoted(name)}]\n"
                yield from (f'# {_quoted(text)} = ""\n' for text in sorted(texts))


def _quoted(text: str) -> str:
    """Write a text as TOML does."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
