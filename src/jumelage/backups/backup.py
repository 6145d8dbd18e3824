"""Make a backup: a small file of all that is in a database, verified before it takes its place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.backups.verifying import Held, verified
from jumelage.errors import DatabaseError, UsageError
from jumelage.texts import both, listed, same

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL


def backup(url: URL, out: Path, *, force: bool = False) -> Held:
    """Copy a database into a file that was not there, and return what the copy holds; others may read meanwhile.

    With `force` an earlier backup may be there that holds nothing which this one lacks. UsageError otherwise, and where
    a server has tools of its own; DataError, and no file, for rows that are not those that were loaded; BusyError while
    somebody writes.
    """
    place = database.resolve_url(str(out))
    with database.copied(url, place, compact=True) as (beside, keep):
        made = verified(beside, url)
        with database.opened(url, read_only=True) as connection:
            found = database.current(connection)
        if found != made.migration:
            raise DatabaseError(
                both("{}\u00a0: la copie n’est pas la même", "{}: the copy is not the same", database.shown(place))
            )
        check_out(place, out, made, force=force)
        keep()
    return made


def check_out(place: URL, out: Path, made: Held | None = None, *, force: bool) -> None:
    """Raise UsageError unless a backup can go there, and nothing is lost by it; `made` is what it holds, if known.

    DatabaseError for a damaged one: it may be the only one of its time.
    """
    if not os.path.lexists(out):
        return
    if not force or not out.is_file():
        raise UsageError(
            both(
                "{} est là\u00a0; choisissez un autre fichier, ou --force pour remplacer une sauvegarde",
                "{} is there; choose another file, or --force to replace a backup",
                out,
            )
        )
    before = verified(place)
    if made is not None and (lost := sorted(before.records - made.records)):
        raise UsageError(
            both(
                "{} contient ce que cette base n’a pas\u00a0: {}\u00a0; choisissez un autre fichier",
                "{} holds what this database does not: {}; choose another file",
                out,
                listed((one.said for one in lost), same("; ")),
            )
        )
