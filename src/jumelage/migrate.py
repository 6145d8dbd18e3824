"""The schema in a database: migrations, then views and code lists, all in one transaction.

Views are not migrations. PostgreSQL refuses to alter a table under a view and DuckDB lets it pass and fails at
use, so they are dropped before a migration and made again at head, with the grants they had.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.ddl.impl import DefaultImpl
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from jumelage import content, database
from jumelage.errors import DatabaseError, UsageError, nearest
from jumelage.models import SCHEMA, metadata
from jumelage.workbench import read_code_lists, workbench

if TYPE_CHECKING:
    from alembic.runtime.environment import EnvironmentContext

_OURS = "jumelage: "
_CODE_LISTS = (
    "zones",
    "countries",
    "country_zones",
    "country_aliases",
    "actions",
    "difficulties",
    "cities",
    "city_aliases",
)
_KEYS = {
    "sort_key": {"countries": "sort_key(label_fr)", "cities": "sort_key(name)"},
    "match_key": {
        "cities": "match_key(name)",
        "city_aliases": "match_key(alias)",
        "country_aliases": "match_key(alias)",
    },
}


class DuckDBImpl(DefaultImpl):
    """Alembic's DDL on DuckDB, where it is transactional."""

    __dialect__ = "duckdb"
    transactional_ddl = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What migrate would do: the revisions to go through, and the parts to bring up to date."""

    at: str | None
    to: str
    revisions: tuple[str, ...]
    parts: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.revisions and not self.parts


def config(connection: Connection | None = None) -> Config:
    """Make Alembic's configuration; with a connection, its commands run in that connection's transaction."""
    made = Config(str(content.root() / "alembic.ini"))
    if connection is not None:
        made.attributes["connection"] = connection
    return made


def plan(connection: Connection, to: str = "head") -> Plan:
    """Find out what migrate has to do; UsageError for an unknown revision, DatabaseError for a newer database."""
    known = database.migrations()
    goal = database.head() if to == "head" else to
    if goal not in known and goal != "base":
        raise UsageError(f"there is no migration {to!r}; {nearest(to, [*known, 'head', 'base'])}")
    at = database.current(connection)
    if at is not None and at not in known:
        raise DatabaseError(f"the database is at migration {at}, newer than this jumelage; upgrade jumelage")
    forward = _between(known, at, None if goal == "base" else goal)
    back = _between(known, None if goal == "base" else goal, at)
    if forward:
        parts: list[str] = ["code_lists", "views"] if goal == database.head() else []
    elif back or goal != at or at != database.head():
        parts = []
    else:
        parts = database.outdated(connection)
    return Plan(at, goal, tuple(forward or back), tuple(parts))


def _between(known: dict[str, str | None], start: str | None, end: str | None) -> list[str]:
    """Return the revisions after `start` up to `end`, oldest first; none if `end` does not come after."""
    path: list[str] = []
    while end is not None and end != start:
        path.append(end)
        end = known[end]
    return path[::-1] if end == start else []


def migrate(connection: Connection, to: str = "head") -> Plan:
    """Bring the database to a revision, and at head its views and code lists up to date."""
    todo = plan(connection, to)
    if todo.empty:
        return todo
    downwards = todo.to == "base" or (todo.at is not None and todo.to in _between(database.migrations(), None, todo.at))
    move = command.downgrade if downwards and todo.revisions else command.upgrade
    try:
        move(config(connection), todo.to)
    except CommandError as error:
        raise DatabaseError(str(error)) from error
    return todo


# --- what env.py runs --------------------------------------------------------------------------------------


def run_environment(context: EnvironmentContext) -> None:
    """Run an Alembic command: in a given connection, or in one opened for it."""
    given = context.config.attributes.get("connection")
    url = database.resolve_url(context.get_x_argument(as_dictionary=True).get("db"))
    if context.is_offline_mode():
        _configure(context, dialect_name=url.get_backend_name(), literal_binds=True)
        with context.begin_transaction():
            context.run_migrations()
    elif isinstance(given, Connection):
        _run(context, given)
    elif given is not None:
        with given.begin() as connection:
            _run(context, connection)
    else:
        with database.creating(url) as connection:
            _run(context, connection)


def _configure(context: EnvironmentContext, **options: Any) -> None:  # noqa: ANN401
    context.configure(
        target_metadata=metadata,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
        **options,
    )


def _run(context: EnvironmentContext, connection: Connection) -> None:
    _configure(context, connection=connection)
    try:
        context.get_revision_argument()
        moves = True
    except KeyError:  # a command that only looks, such as `alembic current`
        moves = False
    with context.begin_transaction():
        grants = _drop_views(connection) if moves else []
        context.run_migrations()
        script = ScriptDirectory.from_config(context.config)
        if moves and context.get_context().get_current_revision() == script.get_current_head():
            _install(connection, grants)


def _install(connection: Connection, grants: list[str]) -> None:
    _synchronise_code_lists(connection)
    _create_views(connection, grants)
    for part in ("code_lists", "views"):
        connection.exec_driver_sql(f"delete from survey.installed where part = '{part}'")
        found = database.content_hash(part, connection.dialect.name)
        connection.exec_driver_sql(f"insert into survey.installed (part, hash) values ('{part}', '{found}')")


# --- views -------------------------------------------------------------------------------------------------


def _drop_views(connection: Connection) -> list[str]:
    """Drop the views that jumelage made; return the statements that grant again what was granted on them."""
    if database.is_duckdb(connection):
        sql = (
            "select view_name from duckdb_views() where not internal and database_name = current_database() "
            f"and schema_name = current_schema() and comment like '{_OURS}%'"
        )
    else:
        sql = (
            "select c.relname from pg_class c where c.relkind = 'v' and c.relnamespace = "
            f"current_schema()::regnamespace and obj_description(c.oid, 'pg_class') like '{_OURS}%'"
        )
    names = [name for (name,) in database.query(connection, sql)[1]]
    grants = [] if database.is_duckdb(connection) else _grants(connection)
    if database.is_duckdb(connection):
        for name in names:
            connection.exec_driver_sql(f'drop view "{name}"')
    elif names:
        quoted = ", ".join(f'"{name}"' for name in names)
        connection.exec_driver_sql(f"drop view {quoted}")
    return grants


def _grants(connection: Connection) -> list[str]:
    sql = (
        "select c.relname, a.privilege_type, a.is_grantable, "
        "case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end "
        "from pg_class c, aclexplode(c.relacl) a where c.relkind = 'v' and a.grantee <> c.relowner "
        f"and c.relnamespace = current_schema()::regnamespace "
        f"and obj_description(c.oid, 'pg_class') like '{_OURS}%' order by 1, 2, 4"
    )
    return [
        f'grant {privilege} on "{view}" to {grantee}{" with grant option" if again else ""}'
        for view, privilege, again, grantee in database.query(connection, sql)[1]
        if view in content.views(connection.dialect.name)
    ]


def _create_views(connection: Connection, grants: list[str]) -> None:
    for name, text in content.views(connection.dialect.name).items():
        comment = text.split("\n", 1)[0].removeprefix("-- ").replace("'", "''")
        connection.exec_driver_sql(f"create view {name} as\n{text}")
        connection.exec_driver_sql(f"comment on view {name} is '{_OURS}{comment}'")
        database.query(connection, f"select * from {name} limit 0")
    for grant in grants:
        connection.exec_driver_sql(grant)


# --- code lists ----------------------------------------------------------------------------------------------


def _synchronise_code_lists(connection: Connection) -> None:
    """Make the code tables say what the CSV files say: rows added, changed, and removed where nothing uses them."""
    with workbench(connection) as bench:
        read_code_lists(bench)
        for name in _CODE_LISTS:
            table = metadata.tables[f"{SCHEMA}.{name}"]
            columns = [column.name for column in table.columns]
            values = ", ".join(
                f"{_KEYS.get(column.name, {}).get(name, _typed(column.name, str(column.type)))} as {column.name}"
                for column in table.columns
            )
            connection.exec_driver_sql(f"create temp table new_{name} as select * from survey.{name} limit 0")
            database.append(bench, f"select {values} from list_{name}", connection, f"new_{name}", columns)
        for name in reversed(_CODE_LISTS):
            same = _same_key(name)
            connection.exec_driver_sql(
                f"delete from survey.{name} o where not exists (select 1 from new_{name} n where {same})"
            )
        for name in _CODE_LISTS:
            table = metadata.tables[f"{SCHEMA}.{name}"]
            keys = ", ".join(column.name for column in table.primary_key)
            every = ", ".join(column.name for column in table.columns)
            changed = ", ".join(f"{c.name} = excluded.{c.name}" for c in table.columns if not c.primary_key)
            connection.exec_driver_sql(
                f"insert into survey.{name} ({every}) select {every} from new_{name} "
                f"on conflict ({keys}) do update set {changed}"
            )
            connection.exec_driver_sql(f"drop table new_{name}")
    if database.is_duckdb(connection) and (broken := database.orphans(connection)):
        raise DatabaseError("the code lists do not fit the database:\n" + "\n".join(broken))


def _typed(column: str, kind: str) -> str:
    return column if kind == "TEXT" else f"cast({column} as {kind})"


def _same_key(name: str) -> str:
    key = metadata.tables[f"{SCHEMA}.{name}"].primary_key
    return " and ".join(f"n.{column.name} = o.{column.name}" for column in key)
