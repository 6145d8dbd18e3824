"""The views of the default schema: dropped before a migration, made again at head with the grants they had.

Views are not migrations. PostgreSQL refuses to alter a table under a view, and DuckDB lets it pass and fails at use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage import content
from jumelage.database.sql import is_duckdb, query

if TYPE_CHECKING:
    from sqlalchemy import Connection

_OURS = "jumelage: "


def drop(connection: Connection) -> list[str]:
    """Drop the views that jumelage made; return the statements that grant again what was granted on them."""
    if is_duckdb(connection):
        sql = (
            "select view_name from duckdb_views() where not internal and database_name = current_database() "
            f"and schema_name = current_schema() and comment like '{_OURS}%'"
        )
    else:
        sql = (
            "select c.relname from pg_class c where c.relkind = 'v' and c.relnamespace = "
            f"quote_ident(current_schema())::regnamespace and obj_description(c.oid, 'pg_class') like '{_OURS}%'"
        )
    names = [name for (name,) in query(connection, sql)[1]]
    grants = [] if is_duckdb(connection) else _grants(connection)
    if is_duckdb(connection):
        for name in names:
            connection.exec_driver_sql(f'drop view "{name}"')
    elif names:
        quoted = ", ".join(f'"{name}"' for name in names)
        connection.exec_driver_sql(f"drop view {quoted}")
    return grants


def _grants(connection: Connection) -> list[str]:
    ours = (
        "c.relkind = 'v' and c.relnamespace = quote_ident(current_schema())::regnamespace "
        f"and obj_description(c.oid, 'pg_class') like '{_OURS}%'"
    )
    grantee = "case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end"
    sql = (
        f"select c.relname, a.privilege_type, a.is_grantable, {grantee} "
        f"from pg_class c, aclexplode(c.relacl) a where {ours} and a.grantee <> c.relowner union all "
        f"select c.relname, a.privilege_type || ' (' || quote_ident(t.attname) || ')', a.is_grantable, {grantee} "
        f"from pg_class c join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a "
        f"where {ours} order by 1, 2, 4"
    )
    return [
        f'grant {privilege} on "{view}" to {grantee}{" with grant option" if again else ""}'
        for view, privilege, again, grantee in query(connection, sql)[1]
        if view in content.views(connection.dialect.name)
    ]


def create(connection: Connection, grants: list[str]) -> None:
    """Make every view, which both engines bind as they make it, and grant again what was granted."""
    for name, text in content.views(connection.dialect.name).items():
        comment = text.split("\n", 1)[0].removeprefix("-- ").replace("'", "''")
        connection.exec_driver_sql(f"create view {name} as\n{text}")
        connection.exec_driver_sql(f"comment on view {name} is '{_OURS}{comment}'")
    for grant in grants:
        connection.exec_driver_sql(grant)
