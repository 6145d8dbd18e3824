"""What a database holds, and whether all of it is as it was recorded: its migration, its records, its hashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.errors import DatabaseError, DataError
from jumelage.loading.recorded import check_rows
from jumelage.texts import Label, both, filled

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

_NO_TABLES = Label("{} n’a pas les tables de jumelage", "{} has no tables of jumelage")
_NEWER = Label(
    "{} est à la migration {}, plus récente que ce jumelage\u00a0; mettez jumelage à jour",
    "{} is at migration {}, newer than this jumelage; upgrade jumelage",
)
# What somebody has recorded: of each table its name, what is said of it, and a hash, where there is one.
_RECORDS = {
    "revisions": (
        "wave || '@' || cast(revision as varchar)",
        ("loaded_at", "loaded_by", "content_hash"),
        Label("{}, chargée le {} UTC par {}", "{}, loaded on {} UTC by {}"),
    ),
    "withdrawals": (
        "wave || '@' || cast(revision as varchar)",
        ("withdrawn_at", "withdrawn_by", "reason"),
        Label("le retrait de {}, le {} UTC par {}", "the withdrawal of {}, on {} UTC by {}"),
    ),
    "registers": (
        "list",
        ("added_at", "added_by", "source"),
        Label("les collectivités {}, ajoutées le {} UTC par {}", "the authorities {}, added on {} UTC by {}"),
    ),
}


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """A revision, a withdrawal or a list of authorities: when and by whom it was recorded, and what tells it apart."""

    table: str
    name: str
    at: datetime | None
    by: str | None
    mark: str | None

    @property
    def said(self) -> Label:
        """Name it, with when and by whom."""
        at = f"{self.at:%Y-%m-%d %H:%M:%S}" if self.at else "?"
        return filled(_RECORDS[self.table][2], self.name, at, self.by or "?")


@dataclass(frozen=True, slots=True)
class Held:
    """What a database holds: its migration, and all that was recorded in it.

    `untold` are revisions of which it cannot be told whether their rows are those that were loaded; `outdated` tells
    that it is not as this version's migrate leaves it.
    """

    migration: str
    records: frozenset[Record]
    untold: tuple[str, ...] = ()
    outdated: bool = False

    @property
    def revisions(self) -> int:
        """The number of revisions."""
        return sum(one.table == "revisions" for one in self.records)


def held(connection: Connection, url: URL) -> Held:
    """Return what a database holds; DatabaseError if it is none of jumelage, or newer than this version."""
    at, known = database.current(connection), database.migrations()
    if at is None:
        raise DatabaseError(filled(_NO_TABLES, database.shown(url)))
    if at not in known:
        raise DatabaseError(filled(_NEWER, database.shown(url), at))
    there = database.columns(connection)
    found: set[Record] = set()
    for table, (name, columns, _) in _RECORDS.items():
        if table in there:
            given = ", ".join(column if column in there[table] else "null" for column in columns)
            rows = database.query(connection, f"select {name}, {given} from survey.{table}")[1]
            found.update(Record(table, *row) for row in rows)
    outdated = at != database.head() or bool(database.outdated(connection))
    return Held(at, frozenset(found), outdated=outdated)


def verified(url: URL, of: URL | None = None) -> Held:
    """Return what a database holds, all of it as it was recorded; `of` is what it is a copy of, to be named.

    DatabaseError if it cannot be read as a whole; DataError if rows of a revision are not those that were loaded.
    """
    with database.opened(url, read_only=True) as connection:
        found = held(connection, of or url)
        checked = check_rows(connection)
    if unfit := [one.name for one in checked if one.fits is False]:
        raise DataError(
            both(
                "{}\u00a0: les lignes de {} ne sont pas celles qui ont été chargées\u00a0; rien n’est fait",
                "{}: the rows of {} are not those that were loaded; nothing is done",
                database.shown(of or url),
                ", ".join(unfit),
            )
        )
    untold = tuple(one.name for one in checked if one.fits is None)
    return Held(found.migration, found.records, untold, found.outdated)
