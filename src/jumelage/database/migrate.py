"""The schema in a database: migrations, then views and code lists, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from jumelage import content
from jumelage.database import (
    alembic_duckdb,  # noqa: F401  # Alembic finds it by its being imported
    code_lists,
    views,
    way_down,
)
from jumelage.database.connection import creating, holding, opened
from jumelage.database.engines import engine_of
from jumelage.database.models import SCHEMA, metadata
from jumelage.database.state import content_hash, current, head, migrations, outdated
from jumelage.database.urls import resolve_url
from jumelage.errors import DatabaseError, UsageError
from jumelage.texts import Label, both, nearest

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from alembic.runtime.environment import EnvironmentContext
    from sqlalchemy.engine import URL


@dataclass(frozen=True, slots=True)
class Plan:
    """What migrate would do: the revisions to go through, up or down, and the parts to bring up to date.

    `lost` is what a way down took with it, `unfit` the revisions whose rows were not what was loaded.
    """

    at: str | None
    to: str
    revisions: tuple[str, ...]
    parts: tuple[str, ...]
    down: bool
    lost: tuple[Label, ...] = ()
    unfit: tuple[str, ...] = ()

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


def find(to: str) -> str:
    """Return the revision that is meant, `base` for the one before the first; UsageError if there is none."""
    known = migrations()
    goal = head() if to == "head" else to
    if goal not in known and goal != "base":
        raise UsageError(
            both(
                "il n’y a pas de migration {!r}\u00a0; {}",
                "there is no migration {!r}; {}",
                to,
                nearest(to, [*known, "head", "base"]),
            )
        )
    return goal


def plan(connection: Connection, to: str = "head") -> Plan:
    """Find out what migrate has to do; UsageError for an unknown revision, DatabaseError for a newer database."""
    known = migrations()
    goal = find(to)
    at = current(connection)
    if at is not None and at not in known:
        raise DatabaseError(
            both(
                "la base est à la migration {}, plus récente que ce jumelage\u00a0; mettez jumelage à jour",
                "the database is at migration {}, newer than this jumelage; upgrade jumelage",
                at,
            )
        )
    forward = _between(known, at, None if goal == "base" else goal)
    back = _between(known, None if goal == "base" else goal, at)
    if forward:
        parts: list[str] = ["code_lists", "views"] if goal == head() else []
    elif back or goal != at or at != head():
        parts = []
    else:
        parts = outdated(connection)
    return Plan(at, goal, tuple(forward or back), tuple(parts), down=bool(back))


def _between(known: dict[str, str | None], start: str | None, end: str | None) -> list[str]:
    """Return the revisions after `start` up to `end`, oldest first; none if `end` does not come after."""
    path: list[str] = []
    while end is not None and end != start:
        path.append(end)
        end = known[end]
    return path[::-1] if end == start else []


def rehearse(url: URL, to: str = "head") -> Plan:
    """Find out what migrate would do to a database, with what a way down would lose, and do nothing.

    A way down is gone and undone: only so is it seen what it takes with it.
    """
    with opened(url, read_only=True) as connection:
        todo = plan(connection, to)
    if not todo.down:
        return todo
    with holding(url) as connection:
        engine_of(url).become(connection, "owner")
        return migrate(connection, to, dry_run=True)


def migrate(connection: Connection, to: str = "head", *, accept_loss: bool = False, dry_run: bool = False) -> Plan:
    """Bring the database to a revision, and at head its views and code lists up to date.

    UsageError, and nothing done, for a way down that loses what was recorded, or that begins from rows that are not
    what was loaded, unless that is accepted, or only looked at: whoever asks for a dry run undoes it.
    """
    todo = plan(connection, to)
    if todo.empty:
        return todo
    move = command.downgrade if todo.down else command.upgrade
    settings = config(connection)
    settings.attributes |= {"accept_loss": accept_loss, "dry_run": dry_run}
    try:
        move(settings, todo.to)
    except CommandError as error:
        raise DatabaseError(str(error)) from error
    lost, unfit = (tuple(settings.attributes.get(name, ())) for name in ("lost", "unfit"))
    return replace(todo, lost=lost, unfit=unfit)


Unfit = Callable[[Connection], list[str]]


# --- what env.py runs --------------------------------------------------------------------------------------


def run_environment(context: EnvironmentContext, unfit: Unfit = lambda _: []) -> None:
    """Run an Alembic command: in a given connection, or in one opened for it.

    `unfit` names the revisions whose rows are not what was loaded; a way down asks for it before it begins.
    """
    given = context.config.attributes.get("connection")
    url = resolve_url(context.get_x_argument(as_dictionary=True).get("db"))
    if context.is_offline_mode():
        _configure(context, dialect_name=engine_of(url).name, literal_binds=True)
        with context.begin_transaction():
            context.run_migrations()
    elif isinstance(given, Connection):
        _run(context, given, unfit)
    elif given is not None:
        with given.begin() as connection:
            _run(context, connection, unfit)
    else:
        with _open(context, url) as connection:
            _run(context, connection, unfit)


def _open(context: EnvironmentContext, url: URL) -> AbstractContextManager[Connection]:
    """Open the database: a command that only looks creates none."""
    return creating(url) if _moves(context) else opened(url, read_only=False)


def _moves(context: EnvironmentContext) -> bool:
    """Tell whether the command changes the database, unlike `alembic current`."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    return True


def _asked(context: EnvironmentContext, name: str) -> bool:
    return context.get_x_argument(as_dictionary=True).get(name) in {"yes", "true", "1"}


def _goes_down(context: EnvironmentContext, connection: Connection) -> bool:
    """Tell whether the command goes to an earlier migration."""
    at, goal, known = current(connection), context.get_revision_argument(), migrations()
    if at is None or at not in known:
        return False
    goals = (goal,) if isinstance(goal, str | None) else tuple(goal)
    return any(bool(_between(known, one, at)) if one is None or one in known else one[0] == "-" for one in goals)


def _configure(context: EnvironmentContext, **options: Any) -> None:  # noqa: ANN401
    context.configure(
        target_metadata=metadata,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
        **options,
    )


def _run(context: EnvironmentContext, connection: Connection, unfit: Unfit) -> None:
    engine = engine_of(connection)
    options = {"autogenerate_plugins": list(plugins)} if (plugins := engine.alembic_plugins) else {}
    _configure(context, connection=connection, **options)
    moves = _moves(context)
    with context.begin_transaction():
        if not moves:
            context.run_migrations()
            return
        told = context.config.attributes
        dry_run = bool(told.get("dry_run"))
        accepted = dry_run or told.get("accept_loss") or _asked(context, "accept_loss")
        goes_down = _goes_down(context, connection)
        if goes_down and (dry_run or not accepted):
            told["unfit"] = unfit(connection)
            if not dry_run:
                way_down.check_fit(told["unfit"])
        rights = engine.rights(connection)
        views.drop(connection)
        before = way_down.counts(connection) if goes_down else {}
        context.run_migrations()
        if goes_down:
            lost = way_down.losses(before, way_down.counts(connection))
            way_down.check_accepted(current(connection) or "base", lost, accepted=bool(accepted))
            told["lost"] = lost
        script = ScriptDirectory.from_config(context.config)
        at_head = context.get_context().get_current_revision() == script.get_current_head()
        if at_head:
            _install(connection)
        kept = engine.grant(connection, rights)
        if at_head:
            engine.renew(connection)
        engine.mark_version(connection, {} if at_head else kept)


def _install(connection: Connection) -> None:
    code_lists.synchronise(connection)
    views.create(connection)
    for part in ("code_lists", "views"):
        connection.exec_driver_sql(f"delete from survey.installed where part = '{part}'")
        found = content_hash(connection, part)
        connection.exec_driver_sql(f"insert into survey.installed (part, hash) values ('{part}', '{found}')")
