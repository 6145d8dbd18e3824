"""A session on PostgreSQL: how we connect, and the settings that are ours whatever was told beforehand.

A pooler such as PgBouncer may give each transaction another session of the server, and each session to many: so what
is set is set for a transaction, as it begins, and no statement is prepared under a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from jumelage.database.engines import OURS, WAIT
from jumelage.database.sql import literal
from jumelage.errors import DatabaseError
from jumelage.texts import both

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

# How to connect, unless the URL says otherwise. A client that is gone is noticed, by it and by the server.
_CONNECT = {
    "connect_timeout": "10",
    "application_name": "jumelage",
    "keepalives_idle": "60",
    "keepalives_interval": "10",
    "keepalives_count": "6",
}
# Whatever the server, the database, the role, the environment or the URL say, these are ours. A server that does not
# know one of them does without.
_PINNED = {
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "xmlbinary": "base64",
    "standard_conforming_strings": "on",
    "transform_null_equals": "off",
    "array_nulls": "on",
    "cursor_tuple_fraction": "1",  # who asks for rows some at a time reads them all
    "row_security": "off",  # rows hidden from the role are an error, and never a smaller number
    "session_replication_role": "origin",  # foreign keys are kept
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "statement_timeout": "0",
    "lock_timeout": f"{WAIT}s",
    "jit": "off",  # compiling a query of views upon views takes longer than running it
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
    "client_connection_check_interval": "2s",
    "tcp_keepalives_idle": "60",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "6",
}
# The schema of the version table and the views: where they were put, whatever the search path says since.
_HOME = f"""
select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral (select coalesce(obj_description(c.oid, 'pg_class') like '{OURS}%', false) as marked,
  exists (select 1 from pg_catalog.pg_class v where v.relnamespace = n.oid and v.relkind = 'v'
    and obj_description(v.oid, 'pg_class') like '{OURS}%') as viewed,
  coalesce(n.nspname = current_schema(), false) as first) x
where c.relname = 'alembic_version' and c.relkind = 'r'
and (x.marked or x.viewed or x.first or to_regnamespace('survey') is not null)
order by x.marked desc, x.viewed desc, x.first desc, n.nspname = 'public' desc, n.nspname limit 1
"""
# Only what differs is set: some may be set by nobody but a superuser, and are what they should be.
_PIN = (
    "set local statement_timeout = 0; "
    "select set_config(s.name, v.value, true) from pg_catalog.pg_settings s join (values "
    + ", ".join(f"({literal(name)}, {literal(value)})" for name, value in _PINNED.items())
    + ") as v (name, value) on lower(v.name) = lower(s.name) where s.setting <> v.value; "
    f"select set_config('search_path', quote_ident(coalesce(({_HOME}), current_schema())), true) "
    f"where coalesce(({_HOME}), current_schema()) is not null"
)


class OneStatement(psycopg.Cursor[Any]):
    """A cursor that sends one statement at a time: the server refuses a second one, which might end READ ONLY.

    With a statement prepared under a name it would be the same, and a pooler would not know the name.
    """

    def _execute_send(self, query: Any, *, force_extended: bool = True, binary: bool | None = None) -> None:  # noqa: ANN401
        del force_extended
        super()._execute_send(query, force_extended=True, binary=binary)


def parameters(url: URL) -> dict[str, Any]:
    """Return what libpq is to be given for a URL."""
    said = {"host": url.host, "port": url.port, "user": url.username, "password": url.password, "dbname": url.database}
    given = {name: str(value) for name, value in said.items() if value not in {None, ""}}
    given |= {name: str(value) for name, value in url.query.items()}
    return _CONNECT | given | {"client_encoding": "UTF8"}


def check_encoding(raw: psycopg.Connection[Any], shown: str) -> None:
    """Refuse a database that is not in UTF-8."""
    encoding = raw.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise DatabaseError(
            both(
                "{}\u00a0: la base est en {}, et jumelage a besoin d’UTF-8\u00a0; "
                "faites-en une\u00a0: createdb --encoding UTF8 --template template0 NOM",
                "{}: the database is in {}, and jumelage needs UTF-8; "
                "make one: createdb --encoding UTF8 --template template0 NAME",
                shown,
                encoding,
            )
        )


def begin(raw: psycopg.Connection[Any], *, read_only: bool) -> None:
    """Begin a transaction with the settings that are ours.

    All of it is one message: a server that ends whoever is idle in a transaction has no moment for it. Whether a
    writer may write is the server's to say: default_transaction_read_only stands.
    """
    how = "repeatable read read only" if read_only else "read committed"
    raw.autocommit = True  # psycopg begins nothing by itself then; it commits and rolls back as ever
    psycopg.Cursor(raw).execute(f"begin isolation level {how}; {_PIN}".encode(), prepare=False)
