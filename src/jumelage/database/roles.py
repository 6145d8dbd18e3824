"""The roles of a database on a server: what is to be done so that each may do what it should and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.database.connection import holding, opened
from jumelage.database.engines import engine_of
from jumelage.database.state import check_migrated, current
from jumelage.database.urls import files
from jumelage.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from jumelage.database.engines import Step


def planned(url: URL, logins: Sequence[str], role: str) -> list[Step]:
    """Return what is to be done for the roles of a database, and do nothing.

    UsageError where the engine knows no roles or there is no such login; DatabaseError for a database that is at
    another migration: one without tables is no error, they come to belong to the owner.
    """
    _check_knows_roles(url)
    with opened(url, read_only=True) as connection:
        return _steps(connection, url, logins, role)


def give(url: URL, logins: Sequence[str], role: str) -> list[Step]:
    """Do that, all of it or nothing, and return what was done; DatabaseError for who may not."""
    _check_knows_roles(url)
    with holding(url) as connection:
        steps = _steps(connection, url, logins, role)
        if steps:
            engine_of(url).check_may_grant(connection, url, steps)
        for step in steps:
            connection.exec_driver_sql(step.sql)
        connection.commit()
    return steps


def _steps(connection: Connection, url: URL, logins: Sequence[str], role: str) -> list[Step]:
    try:
        migrated = current(connection) is not None
    except DatabaseError:  # who administers the database need not read it: what there is the catalog says to everybody
        migrated = False
    if migrated:
        check_migrated(connection, url)
    return list(engine_of(url).roles(connection, logins, role))


def _check_knows_roles(url: URL) -> None:
    """Let an engine of files refuse before a file is opened, or missed."""
    if files(url):
        raise engine_of(url).no_roles(url)
