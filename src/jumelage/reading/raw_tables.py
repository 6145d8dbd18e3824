"""Rows of a file or sheet put into the workbench as text, each with its row: table `raw_NAME`."""

from __future__ import annotations

import csv
from itertools import chain
from os import SEEK_END
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from jumelage import database
from jumelage.errors import UnreadableError
from jumelage.reading.source import LONGEST_FIELD, CsvSource, Document, Shape
from jumelage.texts import ACCENTS, CONTROLS_IN_SQL, SPREADSHEET_ERROR, find_control

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from jumelage.reading.source import Source
    from jumelage.rules import Finding

_LONGEST_LINE = 64 << 20
# Without the second, a file of any size up to a gigabyte is read at once.
_IN_PARTS = f"max_line_size = {_LONGEST_LINE}, buffer_size = {_LONGEST_LINE}"
# What Unicode calls white space, without control characters but tab and line ends.
_ANY = " \t\n\r\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
_NOTHING = "cast(null as varchar)"
_NO_CHARACTER = "\x01"  # a delimiter that no text holds which comes this far


def stage(bench: Connection, source: Source, document: Document, shape: Shape, scratch: Path) -> Iterator[Finding]:
    """Put the records after the header into `raw_NAME`: `line`, and the columns of the shape, trimmed, blank as null.

    Blank records are left out. Those with too many or too few fields, or with a field under no heading, are returned
    as findings and left out; where a file stops being CSV, it ends.
    """
    # Without quotes a line is a record, and the database splits it. With them it may read records of one line each;
    # for any other the csv module knows where one ends.
    broken: list[Finding] = []
    clean = plain = False
    relation, spaces = "", _ANY
    if isinstance(source, CsvSource):
        clean = not source.text.features.controls
        plain = clean and not source.text.features.quotes
        if plain:
            relation, spaces = _lines(bench, source, document), _spaces(bench, source)
        elif clean and (relation := _quoted_lines(source, document)):
            spaces = _ANY if source.text.features.spaces else " "
    relation = relation or _records(source, document, scratch, broken)
    fields = [_trimmed(f"f[{i + 1}]" if plain else f"f{i + 1}", spaces) for i in range(len(document.columns))]
    found = dict(zip(document.columns, fields, strict=True))
    columns = ", ".join(f"{found.get(column, _NOTHING)} as {column}" for column in shape.columns)
    loose = ", ".join([_NOTHING, *(fields[i] for i in document.bare)])
    bench.exec_driver_sql(
        f"create or replace temp table raw_{document.name} as "
        f"select * from (select line, {columns}, coalesce({loose}) as loose, odd "
        f"from ({relation}) where line > {document.header}) "
        f"where coalesce({', '.join(shape.columns)}, loose, cast(odd as varchar)) is not null"
    )
    bench.exec_driver_sql("drop table if exists lines")
    if not isinstance(source, CsvSource) or source.text.features.accents:
        _compose(bench, document)
    errors = isinstance(source, CsvSource) and source.text.features.errors
    return chain(
        _odd_records(bench, document),
        () if clean else _controls(bench, document),
        broken,
        _errors(bench, document) if errors else (),
    )


def _compose(bench: Connection, document: Document) -> None:
    """Write accents that are characters of their own with their letters: one text has one form."""
    named = [column for column in document.columns if column]
    other = {column: f"regexp_matches({column}, '{ACCENTS}')" for column in named}
    composed = ", ".join(
        f"{column} = case when {has} then nfc_normalize({column}) else {column} end" for column, has in other.items()
    )
    bench.exec_driver_sql(f"update raw_{document.name} set {composed} where {' or '.join(other.values())}")


def _errors(bench: Connection, document: Document) -> Iterator[Finding]:
    """Yield the errors of a spreadsheet that were written into a text."""
    for line, column, value in _texts(bench, document, f"regexp_full_match({{}}, '{SPREADSHEET_ERROR}', 'i')"):
        yield document.finding("cell_error", line, column, value)


def _controls(bench: Connection, document: Document) -> Iterator[Finding]:
    """Yield control characters, value by value."""
    for line, column, value in _texts(bench, document, f"regexp_matches({{}}, '{CONTROLS_IN_SQL}')"):
        yield document.finding("control_character", line, column, value, code=find_control(value))


def _texts(bench: Connection, document: Document, condition: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, column and text of those for which a condition on `{}` holds."""
    for column in filter(None, document.columns):
        where = condition.replace("{}", column)
        rows = bench.exec_driver_sql(f"select line, {column} from raw_{document.name} where {where} order by line")
        for line, value in rows:
            yield line, column, value


def _odd_records(bench: Connection, document: Document) -> Iterator[Finding]:
    """Yield the records that do not fit under the header, and leave them out of the table."""
    table = f"raw_{document.name}"
    rows = bench.exec_driver_sql(
        f"select line, odd, loose from {table} where coalesce(cast(odd as varchar), loose) is not null order by line"
    )
    any_odd = False
    for line, odd, loose in rows:
        any_odd = True
        if odd is None:
            yield document.finding("field_without_heading", line, None, loose)
        elif odd <= LONGEST_FIELD:
            yield document.wrong_width(line, odd)
        else:
            yield document.finding("field_too_long", line, most=f"{LONGEST_FIELD:,}")
    if any_odd:
        bench.exec_driver_sql(f"delete from {table} where coalesce(cast(odd as varchar), loose) is not null")


def _lines(bench: Connection, source: CsvSource, document: Document) -> str:
    """Return the query of the lines of a text without quotes: `line`, fields `f`, `odd` if they are too many or few.

    `odd` is their number, or the length of a line in which a field may be too long.
    """
    # In a step of its own: numbering keeps to one thread, splitting does not.
    bench.exec_driver_sql(
        "create or replace temp table lines as select cast(row_number() over () as integer) as line, "
        "coalesce(t, '') as t from read_csv("
        f"{database.file_to_read(source.text.path)}, header = false, auto_detect = false, delim = '{_NO_CHARACTER}', "
        f"quote = '', escape = '', comment = '', {_IN_PARTS}, columns = {{'t': 'varchar'}})"
    )
    wanted = len(document.columns)
    anything = _trimmed("array_to_string(f, '')", _ANY)
    return (
        f"select line, f, case when length(t) > {LONGEST_FIELD} then length(t) "
        f"when len(f) <> {wanted} and {anything} is not null then len(f) end as odd "
        f"from (select line, t, string_split(t, '{source.delimiter}') as f from lines)"
    )


def _quoted_lines(source: CsvSource, document: Document) -> str:
    """Return the query of a CSV file of which each line is a record of the right width; empty if it is any other.

    The database is lenient with what it reads. It is believed only where every byte of the file is accounted for: those
    of the fields, the quotes that no field holds, and a delimiter or line end after each field; and not where blanks
    alone stand between two quotes, of which it makes one field: "Lille" "Lens".
    """
    if source.text.features.apart:
        return ""
    wanted = len(document.columns)
    fields = [f"f{i + 1}" for i in range(wanted)]
    kinds = ", ".join(f"'{name}': 'varchar'" for name in fields)
    read = (
        f"read_csv({database.file_to_read(source.text.path)}, header = false, auto_detect = false, "
        f"delim = '{source.delimiter}', quote = '\"', escape = '\"', comment = '', strict_mode = true, "
        f"{_IN_PARTS}, columns = {{{kinds}}})"
    )
    try:
        # Apart from the workbench, whose transaction a refusal would end.
        with database.in_memory().connect() as apart:
            held, quotes, ends, longest, number = apart.exec_driver_sql(
                f"select sum({_summed('strlen({0})', fields)}), sum({_summed(_QUOTES_IN, fields)}), "
                f"count(*) filter (contains(concat({', '.join(fields)}), chr(10))), "
                f"max(greatest({', '.join(f'coalesce(length({field}), 0)' for field in fields)})), count(*) from {read}"
            ).one()
    except DBAPIError:
        return ""
    accounted = (held or 0) + source.text.features.quotes - (quotes or 0) + number * wanted
    if ends or (longest or 0) > LONGEST_FIELD or accounted != _size(source.text.path):
        return ""
    return f"select cast(row_number() over () as integer) as line, *, cast(null as integer) as odd from {read}"


def _size(path: Path) -> int:
    """Return the bytes of a text, a line end for the last line included."""
    with path.open("rb") as file:
        size = file.seek(0, SEEK_END)
        file.seek(max(0, size - 1))
        return size + (file.read(1) != b"\n")


_QUOTES_IN = "strlen({0}) - strlen(replace({0}, chr(34), ''))"


def _summed(expression: str, fields: list[str]) -> str:
    return " + ".join(f"coalesce({expression.format(field)}, 0)" for field in fields)


def _records(source: Source, document: Document, scratch: Path, broken: list[Finding]) -> str:
    """Write the records one by one into a file, and return the query that reads it: as `_lines`, with fields f1 …."""
    spool = scratch / f"{document.name}.records"
    wanted = len(document.columns)
    with spool.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        try:
            for line, record in source.records():
                if len(record) == wanted:
                    writer.writerow((line, "", *record))
                elif any(field.strip() for field in record):
                    writer.writerow((line, len(record), *(record + [""] * wanted)[:wanted]))
        except UnreadableError as error:
            broken.append(document.finding(error.rule, error.row, error.column, **error.details))
    kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in (
        ("line", "integer"), ("odd", "integer"), *((f"f{i + 1}", "varchar") for i in range(wanted))
    ))  # fmt: skip
    return (
        f"select * from read_csv({database.file_to_read(spool)}, header = false, auto_detect = false, delim = ',', "
        f"quote = '\"', escape = '\"', {_IN_PARTS}, columns = {{{kinds}}})"
    )


def _spaces(bench: Connection, source: CsvSource) -> str:
    """Return the white space that may stand around a field of the lines: to trim what is not there costs time."""
    if source.text.features.spaces:
        return _ANY
    edge = f"contains(t, '{source.delimiter} ') or contains(t, ' {source.delimiter}') or t[1] = ' ' or t[-1] = ' '"
    return " " if bench.exec_driver_sql(f"select bool_or({edge}) from lines").scalar() else ""


def _trimmed(field: str, spaces: str) -> str:
    return f"nullif(trim({field}, '{spaces}'), '')" if spaces else f"nullif({field}, '')"
