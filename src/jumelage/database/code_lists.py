"""The code lists of a database: made to say what the CSV files of schema/codes say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, IntegrityError

from jumelage.database.bulk import analyze, append, orphans
from jumelage.database.models import ANSWERS, CODE_LISTS, LISTED, NO_DATE, QUESTIONS, RESPONSES, SCHEMA, metadata
from jumelage.database.register import SHIPPED, SHIPPED_REGISTER
from jumelage.database.sql import query
from jumelage.database.workbench import read_code_lists, workbench
from jumelage.errors import DatabaseError
from jumelage.texts import Label, both, filled, listed, same

if TYPE_CHECKING:
    from sqlalchemy import Connection

# For the tables that are no file of their own, what they are made of.
_MADE_OF = {"cities": f"({SHIPPED_REGISTER})"}
# Rows of other lists, which `register add` put there, are not the files' to change.
_OURS = {"cities": f" and o.list = '{SHIPPED}'"}
_KEYS = {
    "sort_key": {"countries": "sort_key(label_fr)", "cities": "sort_key(name)"},
    "match_key": {
        "cities": "match_key(name)",
        "city_aliases": "match_key(alias)",
        "country_aliases": "match_key(alias)",
    },
}


def synchronise(connection: Connection) -> None:
    """Make the code tables say what the CSV files say: rows added, changed, and removed where nothing uses them."""
    with workbench(connection) as bench:
        read_code_lists(bench)
        for name in CODE_LISTS:
            table = metadata.tables[f"{SCHEMA}.{name}"]
            columns = [column.name for column in table.columns]
            values = ", ".join(
                f"{_value(name, column.name, str(column.type))} as {column.name}" for column in table.columns
            )
            connection.exec_driver_sql(f"create temp table new_{name} as select * from survey.{name} limit 0")
            try:
                append(
                    bench,
                    f"select {values} from {_MADE_OF.get(name, f'list_{name}')}",
                    connection,
                    f"new_{name}",
                    columns,
                )
            except DBAPIError as error:
                raise DatabaseError(_wrong(name, str(error.orig).splitlines()[0])) from error
        _check_keys(connection)
        _check_answers(connection)
        there = query(connection, "select 1 from survey.answer_codes limit 1")[1]  # not in a new database
        for name in reversed(CODE_LISTS) if there else ():
            kept = _same_key(name)
            connection.exec_driver_sql(
                f"delete from survey.{name} o where not exists (select 1 from new_{name} n where {kept})"
                f"{_OURS.get(name, '')}"
            )
        for name in CODE_LISTS:
            table = metadata.tables[f"{SCHEMA}.{name}"]
            keys = ", ".join(column.name for column in table.primary_key)
            every = ", ".join(column.name for column in table.columns)
            changed = ", ".join(f"{c.name} = excluded.{c.name}" for c in table.columns if not c.primary_key)
            try:
                connection.exec_driver_sql(
                    f"insert into survey.{name} ({every}) select {every} from new_{name} "
                    f"on conflict ({keys}) do update set {changed}"
                )
            except IntegrityError as error:
                raise DatabaseError(_wrong(name, same(str(error.orig).strip()))) from error
            connection.exec_driver_sql(f"drop table new_{name}")
    _check_asked(connection)
    analyze(connection, [f"{SCHEMA}.{name}" for name in CODE_LISTS])
    if broken := orphans(connection):
        raise DatabaseError(
            both(
                "les listes de codes ne conviennent pas à la base\u00a0:\n{}",
                "the code lists do not fit the database:\n{}",
                same("\n".join(broken)),
            )
        )


def _check_asked(connection: Connection) -> None:
    """Raise DatabaseError where a list lacks an item that a revision asked: its sheet would lack a line."""
    lost: dict[str, dict[str, list[str]]] = {}
    items = " union all ".join(
        f"select '{question}' as question, code from survey.{question}" for question in QUESTIONS
    )
    for question, item, wave in query(
        connection,
        f"select distinct l.question, l.item, l.wave from survey.{LISTED} l "
        f"left join ({items}) i on i.question = l.question and i.code = l.item "
        "where i.code is null order by l.question, l.item, l.wave",
    )[1]:
        lost.setdefault(question, {}).setdefault(item, []).append(wave)
    for question, waves in lost.items():
        used = ", ".join(f"{item} ({', '.join(of)})" for item, of in waves.items())
        raise DatabaseError(
            _wrong(
                question,
                both(
                    "il y manque des codes sur lesquels une vague a interrogé\u00a0: {}",
                    "it lacks codes that a wave asked: {}",
                    used,
                ),
            )
        )


_UNKNOWN_ANSWER = Label(
    "{}, {} n’est pas un code que les tables et les vues connaissent",
    "{}, {} is not one that the tables and views know",
)
_LACKING_ANSWER = Label(
    "{}, {} manque, et des vagues chargées peuvent le contenir", "{}, {} is missing, and loaded waves may hold it"
)
_CLOSED_LISTS = Label(
    "libellés et ordre sont libres ici, mais une nouvelle réponse demande une migration, la liste de "
    "database/models.py et les vues\u00a0: voir schema/codes/README.md",
    "labels and order are free here, but a new answer needs a "
    "migration, the list in database/models.py and the views: see schema/codes/README.md",
)
# What answers mean is in the tables and views, which a line does not change.
_CLOSED = {"answers": ANSWERS, "responses": RESPONSES, "no_date": NO_DATE, "yes_no": ("yes", "no")}


def _check_keys(connection: Connection) -> None:
    """Raise DatabaseError where a list has a key twice."""
    queries = []
    for number, name in enumerate(CODE_LISTS):
        keys = [column.name for column in metadata.tables[f"{SCHEMA}.{name}"].primary_key]
        shown = " || ', ' || ".join(f"cast({key} as varchar)" for key in keys)
        queries.append(
            f"select {number} as place, min({shown}) as code from (select {', '.join(keys)} from new_{name} "
            f"group by {', '.join(keys)} having count(*) > 1) k having count(*) > 0"
        )
    for number, code in sorted(query(connection, " union all ".join(queries))[1])[:1]:
        raise DatabaseError(
            _wrong(
                CODE_LISTS[number],
                both(
                    "{} y est deux fois\u00a0; gardez une seule ligne",
                    "{} appears there twice; keep one line",
                    code,
                ),
            )
        )


def _check_answers(connection: Connection) -> None:
    """Raise DatabaseError where the lists of answers have other codes than the tables take."""
    rows = set(query(connection, "select list, code from new_answer_codes")[1])
    wanted = {(name, code) for name, codes in _CLOSED.items() for code in codes}
    said = [
        *(filled(_UNKNOWN_ANSWER, name, code) for name, code in sorted(rows - wanted)),
        *(filled(_LACKING_ANSWER, name, code) for name, code in sorted(wanted - rows)),
    ]
    if said:
        raise DatabaseError(_wrong("answer_codes", listed((*said, _CLOSED_LISTS), Label("\u00a0; ", "; "))))


def _wrong(name: str, what: Label | str) -> Label:
    return both("schema/codes/{}.csv\u00a0: {}", "schema/codes/{}.csv: {}", name, what)


def _value(name: str, column: str, kind: str) -> str:
    """Return what a column of a table is made of."""
    if name in _KEYS.get(column, {}):
        return _KEYS[column][name]
    return column if kind == "TEXT" else f"cast({column} as {kind})"


def _same_key(name: str) -> str:
    key = metadata.tables[f"{SCHEMA}.{name}"].primary_key
    return " and ".join(f"n.{column.name} = o.{column.name}" for column in key)
