"""What there is to ask about: tables with their columns, codes with their names, waves, as a database has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage import database, report_file
from jumelage.database.free_queries import readable
from jumelage.querying.completing import Code, Known
from jumelage.querying.output import ALL
from jumelage.reporting.own_reports import came_with
from jumelage.revisions.scope import recorded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from jumelage.revisions.scope import Scope

_LISTS = {"country": "countries", "zone": "zones", "action": "actions", "difficulty": "difficulties"}


def known_of(connection: Connection, scope: Scope, functions: Iterable[str], lang: str) -> Known:
    """Read what a person may want to name in a scope, codes with their names in a language."""
    tables: dict[str, dict[str, str]] = {}
    may_be_read = readable()
    _, rows = database.query(
        connection,
        "select table_schema, table_name, column_name, data_type from information_schema.columns "
        "order by table_schema, table_name, ordinal_position",
    )
    for schema, table, column, kind in rows:
        whole = f"survey.{table}" if schema == "survey" else table
        if whole in may_be_read:
            tables.setdefault(whole, {})[column] = kind.lower()
    codes = [
        Code(column, code, label)
        for column, table in _LISTS.items()
        for code, label in database.query(connection, f"select code, label_{lang} from {table} order by code")[1]
    ]
    waves = dict.fromkeys(name for one in recorded(connection) for name in (one.wave, one.name))
    return Known(
        dict(sorted(tables.items(), key=lambda item: ("." in item[0], item[0]))),
        sorted(functions),
        codes,
        sorted({*report_file.report_names(), *came_with(connection, scope)}),
        tuple(waves),
        ALL,
    )
