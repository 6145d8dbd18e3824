"""The code lists of a database: made to say what the CSV files of schema/codes say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from jumelage.database.bulk import append, orphans
from jumelage.database.models import CODE_LISTS, QUESTIONS, SCHEMA, metadata
from jumelage.database.sql import query
from jumelage.database.workbench import read_code_lists, workbench
from jumelage.errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_KEYS = {
    "sort_key": {"countries": "sort_key(label_fr)", "cities": "sort_key(name)"},
    "match_key": {
        "cities": "match_key(name)",
        "communes": "match_key(name)",
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
                f"{_KEYS.get(column.name, {}).get(name, _typed(column.name, str(column.type)))} as {column.name}"
                for column in table.columns
            )
            connection.exec_driver_sql(f"create temp table new_{name} as select * from survey.{name} limit 0")
            try:
                append(bench, f"select {values} from list_{name}", connection, f"new_{name}", columns)
            except DBAPIError as error:
                raise DatabaseError(f"schema/codes/{name}.csv: {str(error.orig).splitlines()[0]}") from error
            keys = ", ".join(column.name for column in table.primary_key)
            twice = f"select {keys} from new_{name} group by {keys} having count(*) > 1 order by {keys}"
            if found := query(connection, twice)[1]:
                raise DatabaseError(f"schema/codes/{name}.csv: {found[0]} stands there twice; keep one line")
        for name in reversed(CODE_LISTS):
            same = _same_key(name)
            connection.exec_driver_sql(
                f"delete from survey.{name} o where not exists (select 1 from new_{name} n where {same})"
            )
        for name in CODE_LISTS:
            table = metadata.tables[f"{SCHEMA}.{name}"]
            keys = ", ".join(column.name for column in table.primary_key)
            every = ", ".join(column.name for column in table.columns)
            changed = ", ".join(f"{c.name} = excluded.{c.name}" for c in table.columns if not c.primary_key)
            connection.exec_driver_sql(
                f"insert into survey.{name} ({every}) select {every} from new_{name} "
                f"on conflict ({keys}) do update set {changed}"
            )
            connection.exec_driver_sql(f"drop table new_{name}")
    for question in QUESTIONS:
        lost = (
            f"select distinct wave, item from survey.default_answers where question = '{question}' "
            f"and item <> '' and item not in (select code from survey.{question}) order by wave, item"
        )
        if found := query(connection, lost)[1]:
            raise DatabaseError(f"schema/codes/{question}.csv lacks a code that default answers of a wave use: {found}")
    if broken := orphans(connection):
        raise DatabaseError("the code lists do not fit the database:\n" + "\n".join(broken))


def _typed(column: str, kind: str) -> str:
    return column if kind == "TEXT" else f"cast({column} as {kind})"


def _same_key(name: str) -> str:
    key = metadata.tables[f"{SCHEMA}.{name}"].primary_key
    return " and ".join(f"n.{column.name} = o.{column.name}" for column in key)
