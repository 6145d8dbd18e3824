"""What somebody asks for, in words, as a scope: the command line and Python read it alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.revisions.kinds import of_kind
from jumelage.revisions.scope import find_scope, is_to_come, read_day, read_time
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jumelage.revisions.scope import Scope

_NOT_OVER = Label(
    "{} n’est pas terminé (UTC)\u00a0: ce qui sera chargé plus tard ce jour-là compte aussi",
    "{} is not over (UTC): what is loaded later that day counts too",
)


def scope_asked_for(
    connection: Connection,
    wave: str | None,
    as_of: str | None,
    classified_on: str | None = None,
    *,
    kind: str | None = None,
    without_inferred: bool = False,
) -> tuple[Scope, tuple[Label, ...]]:
    """Find a scope by the texts that ask for it, with what its reader should know: a day not over, a withdrawal.

    UsageError for what cannot be read, or is not there.
    """
    time = read_time(as_of) if as_of is not None else None
    early = (filled(_NOT_OVER, as_of),) if time is not None and is_to_come(time) else ()
    found = find_scope(
        connection,
        wave,
        as_of=time,
        classified_on=read_day(classified_on) if classified_on is not None else None,
        with_inferred=not without_inferred,
    )
    notes = (*early, *found.withdrawn)
    return (found if kind is None else of_kind(connection, found, kind)), notes
