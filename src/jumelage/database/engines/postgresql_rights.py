"""PostgreSQL: what is granted to others, which a view or table that is dropped and made again has lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jumelage.database.engines import OURS
from jumelage.database.models import SCHEMA
from jumelage.database.sql import literal, query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from jumelage.database.engines import Rights

_NAME = (
    "case when c.relnamespace = to_regnamespace('survey') then 'survey.' || c.relname "
    "when c.relnamespace = quote_ident(current_schema())::regnamespace then '\"' || c.relname || '\"' end"
)
_WHO = "case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end"
_HOME = ("schema", f"schema {SCHEMA}")
_GRANTED = (
    f"select {_NAME}, a.privilege_type, {_WHO}, a.is_grantable "
    "from pg_class c, aclexplode(c.relacl) a where a.grantee <> c.relowner and c.relkind in ('r', 'v') "
    "union all "
    f"select {_NAME}, a.privilege_type || ' (' || quote_ident(t.attname) || ')', {_WHO}, a.is_grantable "
    "from pg_class c join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a "
    "where a.grantee <> c.relowner and c.relkind in ('r', 'v') and not t.attisdropped "  # which keeps its rights
    "union all "
    f"select {literal(_HOME[1])}, a.privilege_type, {_WHO}, a.is_grantable "
    f"from pg_namespace n, aclexplode(n.nspacl) a where a.grantee <> n.nspowner and n.nspname = {literal(SCHEMA)}"
)
_COLUMNS = (
    f"select {_NAME}, '(' || quote_ident(t.attname) || ')' from pg_class c join pg_attribute t on t.attrelid = c.oid "
    "where c.relkind in ('r', 'v') and t.attnum > 0 and not t.attisdropped"
)
# Of the version table, the one thing of ours that stays at base. What follows is the rights on what a way down took.
_COMMENT = f"{OURS}the migration that it is at."
_KEPT = " Rights to grant again: "


def granted(connection: Connection, relations: Sequence[tuple[str, str]], *, kept: bool = False) -> Rights:
    """Return what is granted on relations and on their schema; with `kept`, also on what a way down took."""
    found: Rights = {relation: set() for relation in (*relations, *_schema(connection))}
    kinds = {name: (kind, name) for kind, name in found}
    for name, privilege, role, again in query(connection, _GRANTED)[1]:
        if name in kinds:
            found[kinds[name]].add((privilege, role, again))
    for relation, rights in _kept(connection).items() if kept else ():
        found.setdefault(relation, set()).update(rights)
    return found


def grant(connection: Connection, relations: Sequence[tuple[str, str]], before: Rights) -> Rights:
    """Grant what is missing of what was granted before, and on what is new what was granted on all of its kind.

    Return the rights on what is there no longer, columns of what is there included.
    """
    there = granted(connection, relations)
    kept = {relation: rights for relation, rights in before.items() if relation not in there}
    roles = {"public", *(role for (role,) in query(connection, "select quote_ident(rolname) from pg_roles")[1])}
    columns = set(query(connection, _COLUMNS)[1])
    of_tables = [rights for (kind, _), rights in before.items() if kind != _HOME[0]]
    for kind, name in there:
        if (kind, name) in before:
            rights = before[kind, name] - there[kind, name]
        elif kind == _HOME[0]:
            continue
        else:
            alike = [rights for (other, _), rights in before.items() if other == kind] or of_tables
            rights = set.intersection(*alike) if alike else set()
        for privilege, role, again in sorted(rights):
            _, _, column = privilege.partition(" ")
            if column and (name, column) not in columns:
                kept.setdefault((kind, name), set()).add((privilege, role, again))
            elif role in roles:
                on = f"{name} to {role}{' with grant option' if again else ''}"
                connection.exec_driver_sql(f"grant {privilege} on {on}")
    return kept


def mark_version(connection: Connection, kept: Rights) -> None:
    """Comment the version table, so that no other one is taken for it; keep the rights on what is gone."""
    text = _COMMENT
    if any(kept.values()):
        text += _KEPT + json.dumps([[*relation, sorted(rights)] for relation, rights in sorted(kept.items())])
    connection.exec_driver_sql(f"comment on table alembic_version is {literal(text)}")


def _kept(connection: Connection) -> Rights:
    """Return the rights that were on what a way down took."""
    text = connection.exec_driver_sql("select obj_description(to_regclass('alembic_version'), 'pg_class')").scalar()
    _, _, found = (text or "").partition(_COMMENT + _KEPT)
    kept: Rights = {}
    for kind, name, rights in json.loads(found or "[]"):
        kept[kind, name] = {(privilege, role, again) for privilege, role, again in rights}
    return kept


def _schema(connection: Connection) -> list[tuple[str, str]]:
    return [_HOME for _ in query(connection, f"select 1 from pg_namespace where nspname = {literal(SCHEMA)}")[1]]
