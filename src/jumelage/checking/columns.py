"""Values of rows understood, column by column: every distinct text once, whatever the number of rows.

For each column of a table, `meant_TABLE_COLUMN` says what its texts stand for; `resolved_TABLE` are the rows with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jumelage import content, report_file
from jumelage.checking.no_answer import NOT_ANSWERED, SENTINELS, says_nothing
from jumelage.checking.numbers import ambiguous, number, two_readings
from jumelage.checking.periods import Period, plain_days, understand
from jumelage.database.sql import literal
from jumelage.database.workbench import put
from jumelage.reading.shapes import SHAPES
from jumelage.reading.wave_toml import MISSING
from jumelage.rules import near
from jumelage.texts import Label, find_control, find_damage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    from jumelage.checking.names import Broken, Names
    from jumelage.reading.source import Document
    from jumelage.reading.wave_toml import Wave
    from jumelage.rules import Finding

MOST_AGREEMENTS = 999
_LONGEST_NAME = 500  # characters
_SHORT = 10  # characters; an abbreviation is no longer
_MOST_PEOPLE = 999_999_999
LISTS = {
    "city": "cities",
    "country": "countries",
    "action": "actions",
    "difficulty": "difficulties",
    "response": "responses",
    "answer": "answers",
    "inferred": "yes_no",
    "same": "yes_no",
}
NUMBERS = {
    "population": (0, _MOST_PEOPLE, "not_a_population"),
    "agreements": (1, MOST_AGREEMENTS, "not_a_count"),
    "declared_agreements": (0, MOST_AGREEMENTS, "not_a_count"),
}
DATES = ("since", "until")
PARTNERS = ("partner", "partner_before")
_CLOSED = {"responses", "answers", "yes_no"}
# What may stand where there is no end.
_NO_END = Label(
    "rien si l’accord est en vigueur\u00a0; s’il a pris fin on ne sait quand, écrivez «\u00a0avant\u00a0» et une date",
    "nothing where the agreement is in force; if it has ended and nobody knows when, write “before” and a date",
)
_DOUBT = re.compile(r"[?*†]")
_AT_TIMES = ("city_code", "until")  # columns that a table has where its file has them
_Texts = dict[tuple[str, str], dict[str, str | None]]


def list_of(table: str, column: str) -> str | None:
    """Return the code list that a column is looked up in; what a wave asks on its own has a kind of its own."""
    return None if (table, column) == ("answers", "answer") else LISTS.get(column)


def understand_columns(
    bench: Connection, documents: Mapping[str, Document], names: Names, wave: Wave | None
) -> Iterator[Finding]:
    """Understand every column of every table; yield all values that cannot be."""
    names.places.read_populations()
    known = _look_up(bench, documents, names, wave)
    for document in documents.values():
        yield from _too_long(bench, document)
        for column in SHAPES[document.name].columns:
            if list_of(document.name, column):
                yield from _names(bench, document, column, known[document.name, column], names, wave)
            elif column in NUMBERS:
                yield from _numbers(bench, document, column, names, wave)
            elif column in DATES:
                yield from _periods(bench, document, column, known.get((document.name, column), {}), wave)
            elif column in PARTNERS and column in document.columns:
                yield from _partners(bench, document, column, wave)
                yield from _free_texts(bench, document, column)
            elif column == "source":
                yield from _sources(bench, document)
        if "city_code" in document.columns:
            yield from _codes(bench, document, names)


def _look_up(bench: Connection, documents: Mapping[str, Document], names: Names, wave: Wave | None) -> _Texts:
    """Make `meanings`, every distinct text of the columns of names with the code that it stands for, in one query.

    Returns, by table and column, the texts of columns of few, and those of dates that are no plain date, with their
    codes.
    """
    cells = {
        (name, column): list_of(name, column) or ("cities" if column == "city_code" else "no_date")
        for name, document in documents.items()
        for column in SHAPES[name].columns
        if list_of(name, column) or column == "since" or (column in _AT_TIMES and column in document.columns)
    }
    # Plain dates are understood all at once, unless the wave gives one another meaning.
    words = "".join(f", {literal(word)}" for word in sorted(missing_words(wave, "since")))
    odd = f" where {plain_days('text')[0]} is null or text in (''{words})"
    queries = [
        f"select '{code_list}', '{name}/{column}', text from (select distinct {column} as text from raw_{name} "
        f"where length({column}) <= {_LONGEST_NAME}){odd if code_list == 'no_date' else ''}"
        for (name, column), code_list in cells.items()
    ]
    names.look_up(" union all ".join(queries), "meanings", frame="frame/city")
    bench.exec_driver_sql(
        "create or replace temp table odd as select * from meanings "
        f"where list <> 'no_date' and (code is null or regexp_matches(text, {literal(_DOUBT.pattern)}))"
    )
    found: _Texts = {cell: {} for cell in cells}
    few = ", ".join(map(literal, (*sorted(_CLOSED), "no_date")))
    for place, text, code in bench.exec_driver_sql(
        "select l.place, l.text, m.code from looked_up l join meanings m on m.list = l.list and m.text = l.text "
        f"where l.list in ({few})"
    ):
        name, column = place.split("/")
        found[name, column][text] = code
    return found


def _distinct(bench: Connection, table: str, column: str) -> list[str]:
    rows = bench.exec_driver_sql(f"select distinct {column} from raw_{table} where {column} is not null")
    return sorted(value for (value,) in rows)


def missing_words(wave: Wave | None, column: str) -> dict[str, str]:
    """Return what the wave declares as standing for a missing answer in a column, by case-folded text."""
    if wave is None:
        return {}
    return {**wave.missing.get("*", {}), **wave.missing.get(column, {})}


def _meaning(
    bench: Connection, table: str, column: str, kinds: Mapping[str, str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Keep what the texts of a column stand for: the text, then values of these kinds."""
    listed = list(rows)
    every = {"text": "varchar", **kinds}
    put(bench, f"meant_{table}_{column}", every, [[row[i] for row in listed] for i in range(len(every))])


def _offenders(bench: Connection, document: Document, column: str, broken: Broken) -> Iterator[Finding]:
    """Yield a finding for each row whose value breaks a rule, by value: the rule and its details."""
    if not broken:
        return
    rows = bench.exec_driver_sql(
        f"select line, {column} from raw_{document.name} where {column} in (select unnest(cast(? as varchar[]))) "
        "order by line",
        (sorted(broken),),
    )
    for line, value in rows:
        yield document.finding(broken[value][0], line, column, value, **broken[value][1])


def _names(
    bench: Connection,
    document: Document,
    column: str,
    found: dict[str, str | None],
    names: Names,
    wave: Wave | None,
) -> Iterator[Finding]:
    code_list = LISTS[column]
    if code_list not in _CLOSED:
        yield from _open_names(bench, document, column, names, code_list)
        return
    declared = missing_words(wave, column) if code_list != "yes_no" else {}
    known = {text: declared.get(text.casefold(), code) for text, code in found.items()}
    _meaning(bench, document.name, column, {"code": "varchar"}, [entry for entry in known.items() if entry[1]])
    unknown = sorted(text for text, code in known.items() if code is None and not find_control(text))
    choices = {"choices": choices_of(code_list)}
    yield from _offenders(bench, document, column, dict.fromkeys(unknown, ("choice", choices)))


def _open_names(bench: Connection, document: Document, column: str, names: Names, code_list: str) -> Iterator[Finding]:
    """Understand a column whose list a wave may have many thousand names of."""
    bench.exec_driver_sql(
        f"create or replace temp view meant_{document.name}_{column} as "
        f"select text, code from meanings where list = '{code_list}' and code is not null"
    )
    odd = bench.exec_driver_sql(
        f"select text, code from odd where list = '{code_list}' and text in (select {column} from raw_{document.name})"
    ).fetchall()
    unknown = sorted(text for text, code in odd if code is None and not find_control(text))
    doubtful = sorted(text for text, _ in odd if _DOUBT.search(text) and not find_damage(text))
    broken: Broken = dict.fromkeys(doubtful, ("name_marked", {}))
    broken |= {text: ("text_damaged", {"what": what}) for text in unknown if (what := find_damage(text))}
    broken |= names.unknown(code_list, [text for text in unknown if text not in broken])
    yield from _offenders(bench, document, column, broken)


def _too_long(bench: Connection, document: Document) -> Iterator[Finding]:
    """Find names and dates that are too long to be looked up; the finding has the beginning of each."""
    shown = [column for column in SHAPES[document.name].columns if column in document.columns]
    columns = [column for column in shown if list_of(document.name, column) or column in DATES]
    if not columns:
        return
    longest = ", ".join(f"max(strlen({column}))" for column in columns)  # of bytes, which is the cheaper one
    found = bench.exec_driver_sql(f"select {longest} from raw_{document.name}").one()
    for column in (column for column, most in zip(columns, found, strict=True) if (most or 0) > _LONGEST_NAME):
        rows = bench.exec_driver_sql(
            f"select line, left({column}, 200) from raw_{document.name} where length({column}) > {_LONGEST_NAME} "
            "order by 1"
        )
        for line, value in rows:
            if column in DATES:
                yield document.finding("not_a_date", line, column, value, choices=_instead_of_a_date(column))
            else:
                yield document.finding("name_too_long", line, column, value, most=_LONGEST_NAME)


def choices_of(code_list: str) -> Label:
    """Return what may stand in a closed column: in French the labels, with their codes."""
    answers = content.answers(code_list)
    return Label(", ".join(f"{label.fr} ({code})" for code, label in answers.items()), ", ".join(answers))


def _numbers(bench: Connection, document: Document, column: str, names: Names, wave: Wave | None) -> Iterator[Finding]:
    least, most, rule_name = NUMBERS[column]
    declared = _unanswered(bench, document, column, names, wave) if column == "declared_agreements" else {}
    table = f"meant_{document.name}_{column}"
    suspect = "false" if column == "population" else f"text in ({SENTINELS})"
    bench.exec_driver_sql(
        f"create or replace temp table {table} as with texts as ("
        f"select distinct {column} as text from raw_{document.name} where {column} is not null), "
        f"read as (select text, {number('text')} as number from texts) "
        "select text, cast(number as integer) as number from read "
        f"where number between {least} and {most} and not ({suspect})"
    )
    if column == "declared_agreements":
        bench.exec_driver_sql(f"alter table {table} add column missing varchar")
        for text, answer in declared.items():
            bench.exec_driver_sql(f"delete from {table} where lower(text) = ?", (text,))
            bench.exec_driver_sql(
                f"insert into {table} select distinct {column}, cast(null as integer), ? from raw_{document.name} "
                f"where lower({column}) = ?",
                (answer, text),
            )
    rows = bench.exec_driver_sql(
        f"select text, {ambiguous('text')}, {suspect} from (select distinct {column} as text "
        f"from raw_{document.name} where {column} is not null) where text not in (select text from {table})"
    )
    broken: Broken = {}
    for text, doubtful, sentinel in rows:
        if sentinel:
            broken[text] = ("sentinel_undeclared", {})
        elif doubtful:
            broken[text] = ("number_ambiguous", two_readings(text))
        else:
            broken[text] = (rule_name, {"least": least, "most": most})
    return _offenders(bench, document, column, broken)


def _unanswered(bench: Connection, document: Document, column: str, names: Names, wave: Wave | None) -> dict[str, str]:
    """Return what stands for a missing answer in a column of numbers: codes, labels and what the wave declares."""
    known = names.resolve("answers", _distinct(bench, document.name, column))
    answers = {text.casefold(): code for text, code in known.items() if code in MISSING[column]}
    return {**answers, **missing_words(wave, column)}


def _periods(
    bench: Connection, document: Document, column: str, found: dict[str, str | None], wave: Wave | None
) -> Iterator[Finding]:
    """Understand dates. Only `since` accepts an answer in place of a date; an end always lies before some day."""
    missing: dict[str, str] = {}
    if takes_answers := column == "since":
        declared = missing_words(wave, column)
        known = {text: declared.get(text.casefold(), code) for text, code in found.items()}
        missing = {text: code for text, code in known.items() if code is not None}
    latest = wave.fieldwork_to if wave is not None else None
    rows: list[tuple[Any, ...]] = [(text, None, None, answer) for text, answer in missing.items()]
    broken: Broken = {}
    choices = {"choices": _instead_of_a_date(column)}
    for text in sorted(found.keys() - missing.keys()):
        period = understand(text, latest, day_first=wave is not None and wave.day_first)
        if isinstance(period, Period):
            rows.append((text, period.first, period.last, None))
        elif takes_answers and says_nothing(text):
            broken[text] = ("sentinel_undeclared", {})
        else:
            broken[text] = (period, choices)
    kinds = {f"{column}_from": "date", f"{column}_to": "date", "missing": "varchar"}
    _meaning(bench, document.name, column, kinds, rows)
    if column not in document.columns:
        return
    first, last = plain_days("text")
    table = f"meant_{document.name}_{column}"
    bench.exec_driver_sql(
        f"insert into {table} select text, {first}, {last}, null "
        f"from (select distinct {column} as text from raw_{document.name}) "
        f"where {first} is not null and text not in (select text from {table})"
    )
    yield from _offenders(bench, document, column, broken)


def _instead_of_a_date(column: str) -> Label:
    """Return what may stand where a date is looked for."""
    answers = choices_of("no_date")
    return Label(answers.fr, f"one of {answers.en}") if column == "since" else _NO_END


def _partners(bench: Connection, document: Document, column: str, wave: Wave | None) -> Iterator[Finding]:
    """Take declared abbreviations for an unknown partner; find undeclared ones."""
    if declared := missing_words(wave, "partner"):
        bench.exec_driver_sql(
            f"update raw_{document.name} set {column} = null "
            f"where lower({column}) in (select unnest(cast(? as varchar[])))",
            (sorted(declared),),
        )
    rows = bench.exec_driver_sql(
        f"select line, {column} from raw_{document.name} where length({column}) <= {_SHORT} "
        f"and (not regexp_matches({column}, '[\\p{{L}}\\p{{N}}]') "
        f"or list_contains({sorted(NOT_ANSWERED)}, lower(regexp_replace(strip_accents({column}), '[. /]', '', 'g')))) "
        "order by line"
    )
    for line, value in rows:
        if says_nothing(value):
            yield document.finding("sentinel_undeclared", line, column, value)


_MAY_BE_DAMAGED = r"[^\p{L}\p{M}\p{N} ,.()/’-]|[\x{C2}-\x{C5}]|^''|_x"


def _free_texts(bench: Connection, document: Document, column: str) -> Iterator[Finding]:
    """Find names of partners that were damaged on their way, or that bear a sign of doubt or of a note."""
    if column not in document.columns or not document.doubts:
        return
    rows = bench.exec_driver_sql(
        f"select distinct {column} from raw_{document.name} where regexp_matches({column}, '{_MAY_BE_DAMAGED}')"
    )
    broken: Broken = {}
    for (text,) in rows:
        if what := find_damage(text):
            broken[text] = ("text_damaged", {"what": what})
        elif _DOUBT.search(text) and not says_nothing(text):
            broken[text] = ("name_marked", {})
    yield from _offenders(bench, document, column, broken)


def _sources(bench: Connection, document: Document) -> Iterator[Finding]:
    known = report_file.reports_of_a_wave()
    texts = _distinct(bench, document.name, "source")
    wrong = [text for text in texts if text.split("/", maxsplit=1)[0] not in known]
    broken = {text: ("source_unknown", {"near": near(text, known)}) for text in wrong}
    return _offenders(bench, document, "source", broken)


def _codes(bench: Connection, document: Document, names: Names) -> Iterator[Finding]:
    """Hold codes against names; a code alone stands for the name."""
    table = f"raw_{document.name}"
    yield from _open_names(bench, document, "city_code", names, "cities")
    rows = bench.exec_driver_sql(
        f"select r.line, r.city_code, r.city, c.name from {table} r "
        f"join meant_{document.name}_city_code m on m.text = r.city_code "
        f"join meant_{document.name}_city n on n.text = r.city join register c on c.code = m.code "
        "where m.code <> n.code order by r.line"
    )
    for line, code, name, other in rows:
        yield document.finding("code_contradicts_name", line, "city_code", code, other=other, name=name)
