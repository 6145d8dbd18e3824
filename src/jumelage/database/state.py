"""Which migration, views and code lists a database has, and whether they are those of this version."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jumelage import content
from jumelage.errors import DatabaseError
from jumelage.texts import AND, Label, both, listed

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

from jumelage.database.engines import engine_of
from jumelage.database.sql import query
from jumelage.database.urls import shown


def migrations() -> dict[str, str | None]:
    """Return each migration's revision with the one before it, read without importing Alembic."""
    found = {}
    for path in sorted((content.root() / "alembic" / "versions").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        marks = dict(re.findall(r'^(revision|down_revision)\s*=\s*"?([^"\n]+)"?$', text, re.MULTILINE))
        before = marks["down_revision"]
        found[marks["revision"]] = None if before == "None" else before
    return found


def head() -> str:
    """Return the newest migration."""
    known = migrations()
    (newest,) = set(known) - set(known.values())
    return newest


def current(connection: Connection) -> str | None:
    """Return the migration that the database is at; None before the first."""
    return engine_of(connection).version(connection)


def content_hash(connection: Connection, part: str) -> str:
    """Return the SHA-256 of the `code_lists` or the `views` that this version has for a database."""
    return content.hash_of(part, engine_of(connection).dialect)


def columns(connection: Connection) -> dict[str, list[str]]:
    """Return the columns of each table of schema `survey` that is there."""
    return engine_of(connection).columns(connection, "survey")


def outdated(connection: Connection) -> list[str]:
    """Return which of `code_lists` and `views` in the database are not those of this version."""
    rows = dict(query(connection, "select part, hash from survey.installed")[1])
    parts = ("code_lists", "views")
    return [part for part in parts if rows.get(part) != content_hash(connection, part)]


PARTS = {"code_lists": Label("listes de codes", "code lists"), "views": Label("vues", "views")}


def check_migrated(connection: Connection, url: URL) -> None:
    """Raise DatabaseError, with the remedy, unless the database is as this version's migrate leaves it."""
    at, newest, remedy = current(connection), head(), engine_of(url).fitted
    if at is None:
        raise DatabaseError(
            both(
                "{} n’a pas encore les tables de jumelage\u00a0; {}",
                "{} has no tables of jumelage yet; {}",
                shown(url),
                remedy,
            )
        )
    if at not in migrations():
        raise DatabaseError(
            both(
                "{} est à la migration {}, plus récente que ce jumelage\u00a0; mettez jumelage à jour",
                "{} is at migration {}, newer than this jumelage; upgrade jumelage",
                shown(url),
                at,
            )
        )
    if at != newest:
        raise DatabaseError(
            both(
                "{} est à la migration {}, plus ancienne que {}\u00a0; {}",
                "{} is at migration {}, older than {}; {}",
                shown(url),
                at,
                newest,
                remedy,
            )
        )
    if parts := outdated(connection):
        raise DatabaseError(
            both(
                "{}\u00a0: ses {} ne sont pas celles de ce jumelage\u00a0; {}",
                "{}: its {} are not those of this jumelage; {}",
                shown(url),
                listed((PARTS[part] for part in parts), AND),
                remedy,
            )
        )
