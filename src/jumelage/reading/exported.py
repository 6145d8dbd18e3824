"""The records of an export made into the raw tables of a wave, and where what is found in these tables stands in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jumelage import content
from jumelage.database.models import NO_ANSWER, QUESTIONS
from jumelage.database.sql import literal
from jumelage.reading.shapes import SHAPES, own_columns
from jumelage.reading.source import Document
from jumelage.reading.targets import FRAME, ITEM, LISTED
from jumelage.rules import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from jumelage.reading.shapes import Rows
    from jumelage.reading.targets import Target

WIDTH = 4096  # of an export: a line of a long table is its row times this and the place of its column
_LONGEST_SHOWN = 80
_SEPARATED = r"\s*[;|\n]\s*"
_OF_NO_TABLE = re.compile("[io][0-9]+")  # columns that are read and stand for an item, or choose rows
_COLUMNS_OF = {"actions": "action", "difficulties": "difficulty"}


@dataclass(slots=True)
class Field:
    """A physical column of an export, counted from 0, and what it stands for.

    `values` gives for a text what it means; with `coded` a closed question has no others. `separator` stands between
    the items of a list.
    """

    place: int
    target: Target
    values: dict[str, str] = field(default_factory=dict)
    separator: str | None = None
    coded: bool = False

    @property
    def column(self) -> str:
        """Its name in `raw_export`."""
        return self.target.column or f"i{self.place}"

    @property
    def table(self) -> str:
        """The table that it has rows of, beside its town."""
        if self.target.name == FRAME:
            return "frame"
        if self.target.column:
            return "respondents"
        return self.target.name if self.target.name in QUESTIONS else "answers"

    @property
    def parts(self) -> str:
        """The texts of a list, set apart, as SQL."""
        if self.separator is None:
            return f"string_split_regex({self.column}, '{_SEPARATED}')"
        if not self.separator.strip():  # any white space
            return f"string_split_regex({self.column}, '\\s+')"
        return f"string_split({self.column}, {literal(self.separator.strip())})"

    def recoded(self, text: str) -> str:
        """Return SQL for what a text means, itself where nothing is said."""
        cases = " ".join(
            f"when {literal(written)} then {literal(meant) if meant else 'null'}"
            for written, meant in self.values.items()
            if written
        )
        return f"case {text} {cases} else {text} end" if cases else text

    @property
    def meaning(self) -> str:
        """What a cell means, as SQL: of a list its items, set apart by semicolons."""
        blank = f", {literal(self.values[''])}" if self.values.get("") and self.target.kind != ITEM else ""
        if self.target.kind != LISTED or (self.separator is None and not self.values):
            cell = self.recoded(self.column)
        else:
            whole = ", ".join(literal(written) for written in self.values if written)
            parts = f"[{self.recoded('trim(p)')} for p in {self.parts} if trim(p) <> '']"
            cell = f"array_to_string({parts}, '; ')"
            if whole:
                cell = f"case when {self.column} in ({whole}) then {self.recoded(self.column)} else {cell} end"
        return f"coalesce({cell}{blank})" if blank else cell


@dataclass(frozen=True, slots=True)
class Exported(Document):
    """A table made of columns of an export: what is found in it is told by the rows and headings of the export.

    In a `long` one, a line stands for a cell: see `WIDTH`. `written` gives, by column and by the text that was put in
    its place, what stood there.
    """

    long: bool = False
    written: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def heading(self, column: str | None) -> str | None:
        """Return how the export heads a column; None for one that it has not."""
        if column is None or column not in self.columns:
            return None
        return self.heading_at(self.columns.index(column))

    def heading_at(self, place: int) -> str:
        """Return the heading of a physical column, counted from 0."""
        return " ".join(self.headings[place].split())[:_LONGEST_SHOWN]

    def finding(
        self,
        name: str,
        row: int | None = None,
        column: str | None = None,
        value: str | None = None,
        /,
        **details: object,
    ) -> Finding:
        """Make a finding at a cell of the export."""
        heading = self.heading(column)
        if self.long and row is not None:
            row, place = divmod(row, WIDTH)
            if heading is None:
                column = heading = self.heading_at(place)
            if isinstance(first := details.get("first"), int):
                details["first"] = first // WIDTH
        elif heading is not None and column is not None and _OF_NO_TABLE.fullmatch(column):
            column = heading
        if isinstance(first := details.get("first"), str):  # a table and its line
            table, _, line = first.rpartition(" ")
            if table in {self.name, "respondents"}:
                details["first"] = f"{self.file} {int(line) // (WIDTH if table == self.name and self.long else 1)}"
        if column is not None and value is not None:
            value = self.written.get(column, {}).get(value, value)
        return Finding(rule(name), self.file, row, column, value, self.sheet, details, heading)


def unknown_values(bench: Connection, one: Field, vocabulary: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield line and text of the values of a closed column that are neither recoded nor among the answers."""
    known = ", ".join(literal(written) for written in one.values if written)
    column, relation = one.column, "raw_export"
    if one.target.kind == LISTED:
        column = "part"
        relation = f"(select distinct line, trim(unnest({one.parts})) as part from raw_export"
        relation += f" where {one.column} not in ({known}))" if known else ")"
    conditions = ["text <> ''"]
    if known:
        conditions.append(f"text not in ({known})")
    if vocabulary:
        spelled = ", ".join(map(literal, vocabulary))
        conditions.append(f"coalesce(match_key(text), '') not in (select match_key(unnest([{spelled}])))")
    sql = (  # every distinct text is looked at once
        f"select line, {column} from {relation} where {column} in (select text from "
        f"(select distinct {column} as text from {relation}) where {' and '.join(conditions)}) order by 1, 2"
    )
    for line, text in bench.exec_driver_sql(sql):
        yield int(line), str(text)


def fill(
    bench: Connection,
    document: Exported,
    fields: Mapping[int, Field],
    constants: Mapping[str, str],
    questions: Rows,
    asked: Mapping[str, Sequence[str]],
) -> dict[str, Document]:
    """Make the raw tables that an export has rows of; return where they stand, by table.

    `constants` are texts by column of respondents, `asked` the items of the lists that have a table of their own.
    """
    own = [one for one in fields.values() if one.target.column]
    cells = {one.column: one.meaning for one in own} | {name: literal(text) for name, text in constants.items()}
    columns = {one.place: one.column for one in own}
    cities = {name: cells.get(name, "cast(null as varchar)") for name in ("city", "city_code")}
    made: dict[str, Document] = {}

    def put(name: str, rows: str, shown: Mapping[int, str], *, long: bool = False) -> None:
        bench.exec_driver_sql(f"create or replace temp table raw_{name} as {rows}")
        named = tuple(shown.get(place) for place in range(len(document.columns)))
        made[name] = replace(document, name=name, columns=named, long=long)

    wide = (*SHAPES["respondents"].columns, *own_columns(questions))
    put("respondents", _wide(wide, cells), {place: name for place, name in columns.items() if name != FRAME})
    if FRAME in cells:
        shape = SHAPES["frame"].columns
        put("frame", _wide(shape, cells), {place: name for place, name in columns.items() if name in shape})
    towns = {place: name for place, name in columns.items() if name in cities}
    for table in (*QUESTIONS, "answers"):
        listed = [one for one in fields.values() if one.table == table]
        if listed:
            rows = [row for one in listed for row in _long(one, listed, cities, asked)]
            put(table, _of_shape(table, " union all ".join(rows)), towns, long=True)
    return made


def _wide(columns: Sequence[str], cells: Mapping[str, str]) -> str:
    chosen = ", ".join(f"{cells.get(name, 'null')}::varchar as {name}" for name in columns)
    return f"select line, {chosen}, cast(null as varchar) as loose, cast(null as integer) as odd from raw_export"


def _of_shape(table: str, rows: str) -> str:
    """Return rows (line, city, city_code, question, item, answer) in the columns of their table."""
    named = {"city": "city", "city_code": "city_code", "answer": "answer", "question": "question", "item": "item"}
    named |= dict.fromkeys(_COLUMNS_OF.values(), "item")
    chosen = ", ".join(f"{named[column]} as {column}" for column in SHAPES[table].columns)
    return (
        f"select line, {chosen}, cast(null as varchar) as loose, cast(null as integer) as odd from ({rows}) "
        "where coalesce(city, city_code) is not null and answer is not null"
    )


def _long(
    one: Field, listed: Sequence[Field], cities: Mapping[str, str], asked: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Give queries of rows (line, city, city_code, question, item, answer): of an item, or of all those of a list."""
    where = f"cast(line as bigint) * {WIDTH} + {one.place} as line"
    towns = ", ".join(f"{text}::varchar as {name}" for name, text in cities.items())
    question = literal(one.target.name)
    if one.target.item:
        answer = one.recoded(one.column)
        if blank := one.values.get(""):  # a blank says something only where the question was answered at all
            group = ", ".join(other.column for other in listed if other.target.name == one.target.name)
            none = f"{one.column} is null and coalesce({group}) is not null"
            answer = f"case when {none} then {literal(blank)} else {answer} end"
        yield (
            f"select {where}, {towns}, {question} as question, {literal(one.target.item)} as item, "
            f"{answer} as answer from raw_export"
        )
        return
    # Of a list in one column, what is named is yes and all else that was asked no, unless the whole is an answer.
    labels = content.answers("answers")
    spelled = [(text, code) for code in ("no", *NO_ANSWER) for text in (code, labels[code].fr, labels[code].en)]
    words = ", ".join(f"({literal(text)}, {literal(code)})" for text, code in spelled)
    items = ", ".join(map(literal, asked[one.target.name]))
    blank = literal(one.values.get("", ""))
    whole = f"coalesce({one.recoded(one.column)}, nullif({blank}, ''))"
    source = (
        f"(select {where}, {towns}, (select min(w.code) from (values {words}) w(text, code) "
        f"where match_key(w.text) = match_key({whole})) as whole, "
        f"[{one.recoded('trim(p)')} for p in {one.parts} if trim(p) <> ''] as parts "
        f"from raw_export where {whole} is not null)"
    )
    named = (
        f"(select x.*, coalesce(l.code, x.part) as item from (select *, unnest(parts) as part from {source} "
        f"where whole is null) x left join (select code, match_key(unnest([code, label_fr, label_en])) as key "
        f"from list_{one.target.name}) l on l.key = match_key(x.part))"
    )
    yield f"select distinct line, city, city_code, {question} as question, item, 'yes' as answer from {named}"
    yield (
        f"select s.line, s.city, s.city_code, {question} as question, i.item, coalesce(s.whole, 'no') as answer "
        f"from {source} s "
        f"cross join (select unnest([{items}]::varchar[]) as item) i "
        f"where not exists (select 1 from {named} n where n.line = s.line and n.item = i.item)"
    )
