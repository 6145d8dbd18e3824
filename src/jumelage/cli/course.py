"""The course of a scheduled job, which `run` and `reproduce` share: migrate, load, check, publish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.cli.migrating import bring_up
from jumelage.cli.options import say_counts
from jumelage.cli.progress import CHECKING, waiting
from jumelage.cli.publishing import publish_into
from jumelage.cli.streams import say
from jumelage.content import ALL
from jumelage.errors import DataError
from jumelage.texts import both, same

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.engine import URL

    from jumelage.publication.publish import Published, Wanted


def course(url: URL, load: Callable[[], str | None], out: Path, wanted: Wanted) -> Published:
    """Migrate, load, check and publish; `load` returns the waves that are to be published, each for itself too."""
    bring_up(url)
    waves = load()
    return publish_into(url, out, wanted, wave=waves, every=waves is not None and (waves == ALL or "," in waves))


def check_each(url: URL, waves: str | None) -> tuple[str, ...]:
    """Check each wave, and return their names; DataError where one has a problem."""
    from jumelage import database
    from jumelage.reporting.ledger import ledger_of
    from jumelage.revisions.scope import find_scope

    with database.reading(url) as connection:
        names = tuple(f"{wave}@{revision}" for wave, revision in find_scope(connection, waves).revisions)
        for name in names:
            with waiting(CHECKING):
                ledger = ledger_of(connection, find_scope(connection, name))
            say(same(f"{name}:"))
            say_counts(ledger.counts())
            if ledger.problems:
                raise DataError(
                    both("{}\u00a0; `jumelage check` dit\u00a0:\n{}", "{}; `jumelage check` says:\n{}", name,
                         same("\n".join(ledger.problems)))
                )  # fmt: skip
    return names
