"""An export of a survey tool, one wide file with a row per respondent, read by its map as the tables of a wave.

`raw_export` has its records as text. What they say becomes the `raw_` tables of respondents, of items and of the frame
by SQL, and findings in these tables stand where the export has what they speak of.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jumelage.database.models import QUESTIONS, RESPONSES
from jumelage.database.sql import literal
from jumelage.errors import UnreadableError
from jumelage.findings import Findings
from jumelage.reading.exported import WIDTH, Exported, Field, fill, unknown_values
from jumelage.reading.mapping import EVERY, EXPORT, ExportMap, heading_of
from jumelage.reading.raw_tables import stage
from jumelage.reading.source import SKIPPED, CsvSource, Shape
from jumelage.reading.targets import FRAME, LISTED, OPEN, Targets, targets_of
from jumelage.rules import Finding, near, rule
from jumelage.texts import find_control, folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from jumelage.reading.shapes import Rows
    from jumelage.reading.source import Document, Source
    from jumelage.reading.wave_toml import Wave

_CITIES = ("city", "city_code")
_LONGEST = 80


@dataclass(slots=True)
class Layout:
    """What the physical columns of an export stand for: `fields` by place, from 0; `only` the columns that choose.

    `constants` are texts by column of respondents, `doubtful` what several columns stand for.
    """

    fields: dict[int, Field] = field(default_factory=dict)
    only: dict[int, tuple[str, ...]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)

    def of(self, code: str) -> Field | None:
        """Return the first column that stands for this."""
        return next((one for one in self.fields.values() if one.target.code == code), None)


def read_export(
    bench: Connection,
    source: Source,
    mapped: ExportMap,
    asked: tuple[Rows, Rows | None],
    wave: Wave | None,
    scratch: Path,
    findings: Findings,
) -> dict[str, Document]:
    """Read an export by its map into the raw tables that it has rows of, and return where these stand, by table.

    `asked` are the questions of the wave and their items. All that is wrong with the map and the headings is found at
    once; what cannot be understood for that reason is left out. Nothing is returned if the export cannot be read.
    """
    targets = targets_of(bench, *asked)
    try:
        findings += source.open()
        document = find_header(source, mapped, targets, findings)
    except UnreadableError as error:
        details = error.details
        findings.append(Finding(rule(error.rule), source.file, error.row, error.column, None, source.sheet, details))
        return {}
    except OSError as error:
        details = {"why": error.strerror}
        findings.append(Finding(rule("file_unreadable"), source.file, sheet=source.sheet, details=details))
        return {}
    if document is None:
        return {}
    layout = _layout(document, mapped, targets, findings)
    if (document := _staged(bench, source, document, layout, scratch, findings)) is None:
        return {}
    _choose_rows(bench, document, layout, mapped, findings)
    words = [text for texts in wave.missing.values() for text in texts] if wave is not None else []
    findings += _not_recoded(bench, document, layout, targets, words)
    if not any(layout.of(name) for name in _CITIES):
        return {}
    lists = {name: _asked(name, wave, layout, targets) for name in QUESTIONS}
    document = replace(document, written=_written(document, layout))
    return fill(bench, document, layout.fields, layout.constants, asked[0], lists)


def stage_export(
    bench: Connection, source: Source, document: Exported, mapped: ExportMap, targets: Targets, scratch: Path
) -> list[Field]:
    """Put the columns that a map names into `raw_export`, whatever is wrong with them, and return them."""
    findings = Findings()
    layout = _layout(document, mapped, targets, findings)
    staged = _staged(bench, source, document, layout, scratch, findings)
    return list(layout.fields.values()) if staged is not None else []


def _staged(
    bench: Connection, source: Source, document: Exported, layout: Layout, scratch: Path, findings: Findings
) -> Exported | None:
    """Make `raw_export`; None if no column is known."""
    document = replace(document, columns=_columns(document, layout))
    used = tuple(column for column in document.columns if column)
    if not used:
        return None
    findings += stage(bench, source, document, Shape(used), scratch)
    findings += source.marks(document)
    return document


def find_header(source: Source, mapped: ExportMap, targets: Targets, findings: Findings) -> Exported | None:
    """Find the headings: the first row that is not blank, with the delimiter under which most of them are known."""
    best: tuple[int, int, int, list[str]] | None = None
    for way, head in enumerate(source.heads()):
        row = next(((line, fields) for line, fields in head if any(text.strip() for text in fields)), None)
        if row is None:
            continue
        known = sum(_meaning(heading_of(text), mapped, targets) is not None for text in row[1])
        if best is None or (known, len(row[1])) > (best[0], len(best[3])):
            best = known, way, row[0], row[1]
    if best is None:
        findings.append(Finding(rule("file_empty"), source.file, sheet=source.sheet, details={"columns": "…"}))
        return None
    _, way, header, fields = best
    if len(fields) >= WIDTH:
        raise UnreadableError("too_many_columns", row=header, found=f"{len(fields):,}", most=f"{WIDTH - 1:,}")
    source.choose(way)
    bare = tuple(i for i, text in enumerate(fields) if not text.strip())
    columns = (None,) * len(fields)
    document = Exported(EXPORT, source.file, source.sheet, source.path, header, columns, bare, headings=tuple(fields))
    if isinstance(source, CsvSource):
        features = source.text.features
        document = replace(document, marks=features.marks, doubts=features.doubts, delimiter=source.delimiter)
    return document


def _matches(pattern: str, heading: str) -> str | None:
    """Return the part of a heading that the star of a pattern stands for; None if it does not fit."""
    before, star, after = pattern.partition(EVERY)
    fits = star and len(heading) >= len(before) + len(after)
    if fits and heading.startswith(before) and heading.endswith(after):
        return heading[len(before) : len(heading) - len(after)]
    return None


def _meaning(heading: str, mapped: ExportMap, targets: Targets) -> tuple[str, str] | None:
    """Return what a heading stands for and the key of the map that says so; empty if it is ignored, None if unknown.

    A heading that is named as a whole comes before patterns, the longest of them first, and the map before the names of
    questions.
    """
    if heading in mapped.columns:
        return mapped.columns[heading], heading
    if heading in mapped.ignore or folded(heading) in SKIPPED:
        return "", heading
    patterns = [*mapped.columns, *mapped.ignore]
    fitting = [pattern for pattern in patterns if _matches(pattern, heading) is not None]
    if fitting:
        pattern = max(fitting, key=len)
        return mapped.columns.get(pattern, "").replace(EVERY, _matches(pattern, heading) or ""), pattern
    target = targets.find(heading)
    return (target.code, "") if target is not None else None


def _layout(document: Exported, mapped: ExportMap, targets: Targets, findings: Findings) -> Layout:
    """Understand every heading, and find all that is wrong with them and with the map."""
    layout, said = Layout(), mapped.origin
    headings = [heading_of(text) for text in document.headings]
    used: dict[str, list[int]] = {}
    for place, heading in enumerate(headings):
        if not heading:
            continue
        if code := find_control(heading):
            findings.append(_at_heading(document, "control_character", place, code=code))
            continue
        meaning = _meaning(heading, mapped, targets)
        if meaning is None:
            if heading not in mapped.only:
                findings.append(_at_heading(document, "export_column_unknown", place, near=targets.near(heading)))
            continue
        text, key = meaning
        if not text:
            continue
        used.setdefault(key, []).append(place)
        if (target := targets.find(text)) is None:
            findings.append(said.finding("map_target_unknown", f"columns.{key}", text, near=targets.near(text)))
            continue
        layout.fields[place] = Field(place, target, {}, mapped.separators.get(target.name))
    for key, text in mapped.columns.items():
        if key not in used:
            broken = "map_pattern_unused" if EVERY in key else "map_column_missing"
            findings.append(said.finding(broken, f"columns.{key}", text, near=near(key, headings)))
    _twice(document, layout, findings)
    findings += _chosen(headings, mapped, layout)
    findings += _constants(mapped, targets, layout)
    findings += _lacking(mapped, layout)
    findings += _values(mapped, targets, layout)
    findings += _separators(mapped, targets, layout)
    return layout


def _at_heading(document: Exported, name: str, place: int, **details: object) -> Finding:
    shown = heading_of(document.headings[place])[:_LONGEST]
    return Finding(rule(name), document.file, document.header, shown, None, document.sheet, details)


def _twice(document: Exported, layout: Layout, findings: Findings) -> None:
    """Find columns that stand for what another one stands for too, and leave all but the first out."""
    first: dict[str, int] = {}
    whole = {one.target.name: place for place, one in layout.fields.items() if one.target.kind == LISTED}
    left_out = set()
    for place, one in layout.fields.items():
        before = first.setdefault(one.target.code, place)
        if before == place and one.target.item:
            before = whole.get(one.target.name, place)
            left_out |= {before} - {place}  # nobody knows which of the two forms is meant
        if before != place:
            other = heading_of(document.headings[before])[:_LONGEST]
            findings.append(_at_heading(document, "map_target_twice", place, target=one.target.code, other=other))
            left_out.add(place)
    layout.doubtful = {layout.fields[place].target.name for place in left_out}
    for place in left_out:
        del layout.fields[place]


def _chosen(headings: Sequence[str], mapped: ExportMap, layout: Layout) -> Iterator[Finding]:
    for heading, values in mapped.only.items():
        if headings.count(heading) == 1:
            layout.only[headings.index(heading)] = values
        else:
            broken = "map_column_missing" if heading not in headings else "map_column_doubled"
            yield mapped.origin.finding(broken, f"only.{heading}", None, near=near(heading, headings))


def _constants(mapped: ExportMap, targets: Targets, layout: Layout) -> Iterator[Finding]:
    for name, text in mapped.constants.items():
        target = targets.find(name)
        if target is None or target.name in {*_CITIES, FRAME} or not target.column or target.kind == LISTED:
            known = [code for code in targets.codes if code not in {*_CITIES, FRAME}]
            yield mapped.origin.finding("map_target_unknown", f"constants.{name}", text, near=near(name, known))
        elif layout.of(target.code) is not None:
            yield mapped.origin.finding("map_constant_twice", f"constants.{name}", text)
        elif (answer := targets.answer(target, text)) is None:
            known_answers = near(text, targets.answers(target))
            yield mapped.origin.finding("map_value_unknown", f"constants.{name}", text, near=known_answers)
        else:
            layout.constants[target.column] = answer


def _lacking(mapped: ExportMap, layout: Layout) -> Iterator[Finding]:
    """Find what every export has to say: of which town a row is, and whether it has responded."""
    if not any(layout.of(name) for name in _CITIES):
        yield mapped.origin.finding("map_without_city", "columns", None)
    if layout.of("response") is None and "response" not in layout.constants:
        if "response" not in mapped.constants:
            yield mapped.origin.finding("map_without_response", "constants", None)
        layout.constants["response"] = RESPONSES[0]  # so that it is not said again of every row


def _values(mapped: ExportMap, targets: Targets, layout: Layout) -> Iterator[Finding]:
    """Understand what values are recoded as, by the answers that each column can have."""
    fitting: set[str] = set()
    for name, values in sorted(mapped.values.items(), key=lambda entry: "/" in entry[0]):
        named = targets.find(name) if name != EVERY else None
        if name != EVERY and named is None:
            yield mapped.origin.finding("map_target_unknown", f"values.{name}", None, near=targets.near(name))
            continue
        concerned = [
            one
            for one in layout.fields.values()
            if (one.target.kind != OPEN if named is None else one.target.name == named.name)
            and not (named is not None and named.item and one.target.item != named.item)
        ]
        if not concerned and (named is None or named.name not in layout.doubtful):
            yield mapped.origin.finding("map_values_unused", f"values.{name}", None)
        for text, meant in values.items():
            answers = {one.place: targets.answer(one.target, meant) for one in concerned}
            if concerned and None in answers.values() and (named is not None or set(answers.values()) == {None}):
                target = next(one.target for one in concerned if answers[one.place] is None)
                known = near(meant, targets.answers(target))
                yield mapped.origin.finding("map_value_unknown", f"values.{name}.{text}", meant, near=known)
            for one in concerned:
                if (answer := answers[one.place]) is not None and (named is not None or text not in one.values):
                    one.values[text] = answer
        fitting |= {one.target.name for one in concerned} if named is not None else set()
    for one in layout.fields.values():
        one.coded = one.target.kind != OPEN and one.target.name in fitting


def _separators(mapped: ExportMap, targets: Targets, layout: Layout) -> Iterator[Finding]:
    for name, separator in mapped.separators.items():
        target = targets.find(name)
        if target is None:
            yield mapped.origin.finding("map_target_unknown", f"separators.{name}", separator, near=targets.near(name))
        elif target.name in layout.doubtful:
            continue
        elif not separator or target.kind != LISTED or (one := layout.of(target.code)) is None:
            yield mapped.origin.finding("map_separator", f"separators.{name}", separator)
        else:
            one.separator = separator


def _columns(document: Exported, layout: Layout) -> tuple[str | None, ...]:
    """Name the columns that are read."""
    chosen = {place: f"o{place}" for place in layout.only}
    named = {place: one.column for place, one in layout.fields.items()}
    return tuple((chosen | named).get(place) for place in range(len(document.columns)))


def _written(document: Exported, layout: Layout) -> dict[str, dict[str, str]]:
    """Return, by column, what stood where a recoded text stands now, if it can be one text only."""
    found: dict[str, dict[str, str]] = {}
    for one in layout.fields.values():
        meant = list(one.values.values())
        back = {answer: text for text, answer in one.values.items() if text and meant.count(answer) == 1}
        found[one.target.column or document.heading_at(one.place)] = back
    return found


def _choose_rows(bench: Connection, document: Exported, layout: Layout, mapped: ExportMap, findings: Findings) -> None:
    """Leave the rows out that the map does not choose, and say how many."""
    for place, values in layout.only.items():
        listed = ", ".join(map(literal, values))
        rejected = f"coalesce({document.columns[place]}, '') not in ({listed or literal('')})"
        number = bench.exec_driver_sql(f"select count(*) from raw_export where {rejected}").scalar()
        if number:
            bench.exec_driver_sql(f"delete from raw_export where {rejected}")
            key = f"only.{heading_of(document.headings[place])}"
            findings.append(mapped.origin.finding("rows_not_chosen", key, ", ".join(values), number=number))


def _not_recoded(
    bench: Connection, document: Exported, layout: Layout, targets: Targets, words: Sequence[str]
) -> Iterator[Finding]:
    """Find the values of closed questions that are neither recoded nor answers, nor `words` that the wave declares."""
    for one in layout.fields.values():
        vocabulary = targets.vocabulary(one.target)
        if not vocabulary and not one.coded:
            continue
        known = ", ".join(text for text in one.values if text) or ", ".join(targets.answers(one.target))
        for line, value in unknown_values(bench, one, [*vocabulary, *words] if vocabulary else ()):
            details = {"target": one.target.name, "known": known}
            yield document.finding("value_not_recoded", line, one.column, value, **details)


def _asked(name: str, wave: Wave | None, layout: Layout, targets: Targets) -> list[str]:
    """Return the items of a list to which a town that names others says no: those recoded, else those asked."""
    one = layout.of(name)
    known = targets.items(name)
    recoded = [item for item in known if one is not None and one.coded and item in one.values.values()]
    return recoded or list(wave.asked.get(name, known) if wave is not None else known)
