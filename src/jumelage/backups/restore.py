"""Restore a backup: verified as a whole before anything, and put in place of a database, which is kept beside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.backups.verifying import Held, Record, held, verified
from jumelage.errors import DamagedError, DatabaseError, DataError, UsageError
from jumelage.texts import Label, both, filled, listed, same

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL

_UNUSABLE = Label(
    "{} ne peut servir de sauvegarde\u00a0: {}\u00a0; prenez une autre sauvegarde",
    "{} is no good as a backup: {}; take another backup",
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did, or would do: what the backup holds, and what the database had of which it is not a part.

    `there` tells that there was a database; `damage` says what is wrong with it, if it cannot be read. `kept` is where
    it is kept.
    """

    backup: Held
    there: bool = False
    lost: tuple[Record, ...] = ()
    gained: tuple[Record, ...] = ()
    damage: Label | None = None
    kept: Path | None = field(default=None, compare=False)

    @property
    def refused(self) -> bool:
        """Whether it has to be confirmed: something is lost, or nobody can tell."""
        return bool(self.lost) or self.damage is not None


def restore(backup: Path, url: URL, *, accept_loss: bool = False, dry_run: bool = False) -> Restored:
    """Put a backup in the place of a database, and keep beside what was there.

    UsageError, and nothing done, where records are lost that the backup lacks, unless that is accepted; DatabaseError
    or DataError for a backup that is not whole; BusyError while somebody has the database open.
    """
    source = database.resolve_url(str(backup))
    if backup.exists() and any(file.exists() and backup.samefile(file) for file in database.files(url)):
        raise UsageError(
            both(
                "{} est la base elle-même\u00a0; nommez une sauvegarde",
                "{} is the database itself; name a backup",
                backup,
            )
        )
    found = _backup(source)
    if dry_run:
        return _compared(found, url)
    if database.exists(url):
        _take_in_log(url)
    with database.copied(source, url, compact=False) as (beside, put):
        made = verified(beside, source)
        if made.records != found.records:
            raise DatabaseError(
                both("{}\u00a0: la copie n’est pas la même", "{}: the copy is not the same", database.shown(url))
            )
        done = _compared(found, url)
        if done.refused and not accept_loss:
            raise UsageError(_why(done, url))
        kept = put()
    return Restored(found, done.there, done.lost, done.gained, done.damage, kept)


def _backup(source: URL) -> Held:
    if not database.exists(source):
        raise DatabaseError(both("il n’y a pas de sauvegarde {}", "there is no backup {}", database.shown(source)))
    try:
        return verified(source)
    except DamagedError as error:
        raise DatabaseError(filled(_UNUSABLE, database.shown(source), error.what)) from error
    except DataError as error:
        said = Label(error.text("fr"), error.text("en"))
        raise DataError(
            filled(Label("{}\u00a0; prenez une autre sauvegarde", "{}; take another backup"), said)
        ) from error


def _take_in_log(url: URL) -> None:
    """Let DuckDB take what stands in the log alone into the file, which is then all there is of the database."""
    log = database.files(url)[1]
    if not log.exists():
        return
    try:
        with database.opened(url, read_only=False):
            pass
        if log.exists():  # with no whole entry, as a kill leaves it: DuckDB removes that with the next write
            with database.opened(url, read_only=False) as connection:
                connection.exec_driver_sql("create schema jumelage_written")
                connection.exec_driver_sql("drop schema jumelage_written")
                connection.commit()
    except DamagedError:
        return  # it goes with the file
    if log.exists():
        raise DatabaseError(
            both(
                "{}\u00a0: son journal ne peut y être écrit\u00a0; faites de la place",
                "{}: its log cannot be written into it; make room",
                database.shown(url),
            )
        )


def _compared(found: Held, url: URL) -> Restored:
    """Return what would be lost and gained."""
    if not database.exists(url):
        return Restored(found, gained=tuple(sorted(found.records)))
    try:
        with database.opened(url, read_only=True) as connection:
            if database.current(connection) is None:  # of somebody else, or of before the first migration
                return Restored(found, True, damage=_strange(url))
            now = held(connection, url).records
    except DamagedError as error:
        return Restored(
            found, True, gained=tuple(sorted(found.records)), damage=Label(error.what.text("fr"), error.what.text("en"))
        )
    return Restored(found, True, tuple(sorted(now - found.records)), tuple(sorted(found.records - now)))


def _strange(url: URL) -> Label:
    return both("{} n’a pas les tables de jumelage", "{} has no tables of jumelage", database.shown(url))


def _why(done: Restored, url: URL) -> Label:
    if done.damage is not None:
        return both(
            "{} ne peut être lu\u00a0: {}\u00a0; nul ne peut dire ce que la sauvegarde n’en a pas\u00a0; si elle doit "
            "le remplacer\u00a0: --accept-loss (il est gardé à côté)",
            "{} cannot be read: {}; nobody can tell what of it the backup lacks; if it is to be replaced: "
            "--accept-loss (it is kept beside)",
            database.shown(url),
            done.damage,
        )
    return both(
        "la sauvegarde n’a pas ce qui est dans {}\u00a0: {}\u00a0; si cela doit être perdu\u00a0: --accept-loss "
        "(ce qui est remplacé est gardé à côté)",
        "the backup lacks what is in {}: {}; if that is to be lost: --accept-loss (what is replaced is kept beside)",
        database.shown(url),
        listed((one.said for one in done.lost), same("; ")),
    )
