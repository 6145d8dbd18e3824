"""PostgreSQL: who holds what a session of ours waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jumelage.database.engines import OURS
from jumelage.database.engines.postgresql_session import parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import URL

HOLDERS = """
select distinct a.pid, a.usename, a.application_name, a.state,
  to_char(a.xact_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
where l.granted and l.pid <> pg_backend_pid() and a.datname = current_database() and ({held}) order by 5, 1
"""
_OF_OURS = (
    "l.relation in (select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
    "where n.nspname = 'survey' or c.relname = 'alembic_version' "
    f"or obj_description(c.oid, 'pg_class') like '{OURS}%')"
)


def told_holders(rows: Sequence[Any]) -> str:
    """Say who they are: the server shows a state and a time only of one's own, or to who may see all."""
    told = []
    for pid, user, application, state, since in rows[:3]:
        facts = [
            f"process {pid}",
            f"user {user}",
            application or "",
            state or "",
            f"since {since} UTC" if since else "",
        ]
        told.append(", ".join(fact for fact in facts if fact))
    more = f" and {len(rows) - 3} more" if len(rows) > len(told) else ""
    return f": {'; '.join(told)}{more}" if told else ""


def in_the_way(url: URL) -> str:
    """Say who holds a lock on anything of ours, asked by a connection of its own: ours has just failed."""
    import psycopg

    try:
        with psycopg.connect(**parameters(url), autocommit=True) as connection:
            return told_holders(connection.execute(HOLDERS.format(held=_OF_OURS).encode()).fetchall())
    except psycopg.Error:
        return ""
