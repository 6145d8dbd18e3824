"""The commands that make a backup of a database and restore one."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # Typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated

import typer

from jumelage.cli.options import NOTE, Db, Lang, url_of
from jumelage.cli.progress import BACKING_UP, RESTORING, waiting
from jumelage.cli.streams import check_output, say
from jumelage.texts import Label, filled, readable_size

if TYPE_CHECKING:
    from jumelage.backups.verifying import Held

_MADE = Label(
    "sauvegarde\u00a0: {0}\u00a0: {1} révision{1:s}, à la migration {2}, {3}\u00a0; chaque contenu a l’empreinte qui a "
    "été enregistrée",
    "backup: {0}: {1} revision{1:s}, at migration {2}, {3}; the content of each has the hash that was recorded",
)
_RESTORED = Label(
    "restauré\u00a0: {0}, de {1}\u00a0: {2} révision{2:s}, à la migration {3}\u00a0; chaque contenu a l’empreinte "
    "qui a été enregistrée",
    "restored: {0}, from {1}: {2} revision{2:s}, at migration {3}; the content of each has the hash that was recorded",
)
_WOULD_RESTORE = Label(
    "{0} serait restauré de {1}\u00a0: {2} révision{2:s}, à la migration {3}",
    "{0} would be restored from {1}: {2} revision{2:s}, at migration {3}",
)
_KEPT = Label("ce qui était là est gardé\u00a0: {}", "what was there is kept: {}")
_LOST = Label("perdu\u00a0: {}", "lost: {}")
_WOULD_BE_LOST = Label("serait perdu\u00a0: {}", "would be lost: {}")
_GAINED = Label("retrouvé\u00a0: {}", "gained: {}")
_WOULD_BE_GAINED = Label("serait retrouvé\u00a0: {}", "would be gained: {}")
_UNREADABLE = Label("{} ne peut être lu\u00a0: {}", "{} cannot be read: {}")
_WOULD_BE_REFUSED = Label("serait refusé sans --accept-loss", "it would be refused without --accept-loss")
_UNTOLD = Label(
    "de {} on ne peut le dire, leur wave.toml n’ayant pas été gardé",
    "of {} it cannot be told, since their wave.toml was not kept",
)
_MIGRATE = Label("lancez maintenant\u00a0: jumelage migrate", "now run: jumelage migrate")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(backup)
    app.command()(restore)


def backup(
    ctx: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to make.")],
    db: Db = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an earlier backup, if it holds nothing that this one lacks.")
    ] = False,
    lang: Lang = "en",  # noqa: ARG001
) -> None:
    """Make a backup of a DuckDB file, while others read it.

    A small file that can only be read, with everything that is in the database. The hash of every revision is computed
    in it and held against the one that was recorded before it takes its place.
    """
    from jumelage import database
    from jumelage.backups.backup import backup as make
    from jumelage.backups.backup import check_out

    url = url_of(ctx, db)
    check_output(out)
    database.check_copies(url)
    check_out(database.resolve_url(str(out)), out, force=force)
    with waiting(BACKING_UP):
        made = make(url, out, force=force)
    say(filled(_MADE, out, made.revisions, made.migration, readable_size(out.stat().st_size)))
    _say_untold(made)


def restore(
    ctx: typer.Context,
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="What `backup` made.")],
    db: Db = None,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Restore even if the database holds what the backup lacks.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be lost and gained; change nothing.")
    ] = False,
    lang: Lang = "en",  # noqa: ARG001
) -> None:
    """Put a backup in the place of a DuckDB file.

    The backup is verified as a whole first: the hash of every revision, and everything else is read. The file that it
    replaces is kept beside. Where that holds revisions that the backup lacks, --accept-loss is needed.
    """
    from jumelage import database
    from jumelage.backups.restore import restore as put

    url = url_of(ctx, db)
    database.check_copies(url)
    with waiting(RESTORING):
        done = put(backup, url, accept_loss=accept_loss, dry_run=dry_run)
    where, held = database.shown(url), done.backup
    if done.damage is not None:
        say(filled(_UNREADABLE, where, done.damage))
    for lost in done.lost:
        say(filled(_WOULD_BE_LOST if dry_run else _LOST, lost.said))
    for gained in done.gained if done.there else ():
        say(filled(_WOULD_BE_GAINED if dry_run else _GAINED, gained.said))
    say(filled(_WOULD_RESTORE if dry_run else _RESTORED, where, backup, held.revisions, held.migration))
    _say_untold(held)
    if done.kept is not None:
        say(filled(_KEPT, done.kept))
    if dry_run and done.refused and not accept_loss:
        say(_WOULD_BE_REFUSED)
    if held.outdated and not dry_run:
        say(_MIGRATE)


def _say_untold(held: Held) -> None:
    if held.untold:
        say(filled(NOTE, filled(_UNTOLD, ", ".join(held.untold))))
