"""A snapshot: a DuckDB file of the revisions that are published and of nothing else, which can only be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jumelage import content, database
from jumelage.database import views
from jumelage.database.engines import OURS
from jumelage.database.models import CODE_LISTS, metadata
from jumelage.database.register import asked_authorities
from jumelage.database.replica import digest, make_tables, make_views
from jumelage.errors import UsageError
from jumelage.revisions.scope import Scope
from jumelage.temporary import temporary_folder
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Table

_COPIED = [table for table in metadata.sorted_tables if table.name != "installed"]

# Of the register, the rows of these authorities alone, by the column that names them.
_OF_THE_REGISTER = {"cities": "code", "city_aliases": "city", "city_changes": "city"}


def write_snapshot(connection: Connection, scopes: Scope | Iterable[Scope], path: Path) -> str:
    """Write the revisions of one or more scopes into a DuckDB file, and return a hash of its rows.

    It has the tables and views of any database of jumelage, so that every command that reads works on it and gives the
    same numbers: with the rows of these revisions, the code lists, and of the register the authorities that were asked
    and what they are or became part of. Who recorded something and why is empty in it, and nothing is said of how an
    export was read. Without any setting its views show the latest real wave, or else the latest one.

    The file is made beside its place and put there when it is whole, instead of one that may be there. It is not the
    same to the byte each time; the hash is, for the same rows, whatever engine they come from and whoever loaded them
    when. UsageError for the database itself, and for a name that DuckDB could not open.
    """
    url = database.resolve_url(str(path))
    _check_other(connection, path)
    revisions = dict.fromkeys(
        revision for scope in ([scopes] if isinstance(scopes, Scope) else scopes) for revision in scope.revisions
    )
    with temporary_folder() as folder:
        unseen = database.hidden(connection)
        for table in _COPIED:
            with (folder / f"{table.name}.csv").open("wb") as file:
                database.spool(connection, _rows(table, tuple(revisions), unseen), _names(table), file)
        with database.replacing(url) as made:
            make_tables(made, folder)
            for table in _COPIED:
                kinds = {column.name: str(column.type) for column in table.columns}
                rows = database.from_spool(folder / f"{table.name}.csv", kinds)
                made.exec_driver_sql(f"insert into {table.fullname} ({', '.join(kinds)}) {rows}")
            # What the columns of an export stood for, and its file, is for those who loaded it.
            made.exec_driver_sql(
                "update survey.revisions set declared = json_merge_patch(declared, '{\"map\": null}') "
                "where json_exists(declared, '$.map')"
            )
            make_views(made)
            _show_at_once(made)
            return digest(made, _COPIED)


def _check_other(connection: Connection, path: Path) -> None:
    """Raise UsageError where the database itself would be written over."""
    of = connection.engine.url.database
    if of and path.exists() and Path(of).exists() and path.samefile(of):
        raise UsageError(
            both(
                "{} est la base elle-même\u00a0; donnez un autre fichier",
                "{} is the database itself; name another file",
                path,
            )
        )


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _rows(table: Table, revisions: tuple[tuple[str, int], ...], unseen: frozenset[str]) -> str:
    """Return the query for what is kept of a table; what may not be read is empty as it is for everybody."""
    chosen = " or ".join(f"wave = {database.literal(wave)} and revision = {number}" for wave, number in revisions)
    columns = ", ".join(
        f"'' as {column.name}"
        if f"{table.fullname}.{column.name}" in unseen
        else f"case when {column.name} is not null then '' end as {column.name}"
        if column.info.get("private")
        else column.name
        for column in table.columns
    )
    if table.name in _OF_THE_REGISTER:
        where = f"{_OF_THE_REGISTER[table.name]} in ({asked_authorities(chosen or 'false')})"
    elif table.name in (*CODE_LISTS, "registers"):
        where = "true"
    elif table.name == "waves":
        where = f"wave in ({', '.join(database.literal(wave) for wave, _ in revisions) or 'null'})"
    else:
        where = chosen or "false"
    return f"select {columns} from {table.fullname} where {where}"


def _show_at_once(made: Connection) -> None:
    """Let the views show a wave before anything is chosen, one that is made up too where there is no other."""
    _, latest = database.query(
        made,
        "select r.wave || '@' || r.revision from survey.revisions r join survey.waves w on w.wave = r.wave "
        "order by w.synthetic, r.reference_date desc, r.wave desc, r.revision desc limit 1",
    )
    for (name,) in latest:
        settings = content.views("duckdb")["settings"]
        said = f"select s.* replace (coalesce(s.scope, {database.literal(name)}) as scope) from (\n{settings}) s"
        made.exec_driver_sql(f"create or replace view settings as {said}")
        made.exec_driver_sql(
            f"comment on view settings is '{OURS}What this session has chosen to see, else a published wave.'"
        )
        views.describe(made, "settings")  # a view that is replaced has lost what was said of its columns
