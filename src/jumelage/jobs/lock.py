"""One run of a job at a time: by a lock that the system takes back when its process ends, however it ends."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from jumelage.errors import OutputError, UsageError
from jumelage.locking import wait_for_lock
from jumelage.texts import NOT_READ, both, filled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jumelage.jobs.job_file import Job


@contextmanager
def alone(job: Job) -> Iterator[None]:
    """Be the only run of a job, and the only one that takes from its inbox, as long as this process lives.

    BusyError if another one goes on for longer than the job waits. Nothing is written: the lock is on the job file and
    on the inbox themselves.
    """
    until = time.monotonic() + job.wait
    with ExitStack() as held:
        if not _lock(job.file, until, held):
            raise OutputError(
                both(
                    "{} ne peut être verrouillé\u00a0: son système de fichiers ne connaît pas de verrous\u00a0; "
                    "mettez le fichier du travail sur un disque local",
                    "{} cannot be locked: its file system knows no locks; put the job file on a local disk",
                    str(job.file),
                )
            )
        if job.inbox is not None:
            if not job.inbox.is_dir():
                raise UsageError(
                    both(
                        "inbox\u00a0: il n’y a pas de dossier {}\u00a0; créez-le, ou montez son disque",
                        "inbox: there is no folder {}; create it, or mount its disk",
                        str(job.inbox),
                    )
                )
            _lock(job.inbox, until, held)  # a share may know no locks: that of the job file counts
        yield


def _lock(path: Path, until: float, held: ExitStack) -> bool:
    """Lock a file or a folder until the stack is left; tell whether that can be done there at all."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise OutputError(filled(NOT_READ, str(path), error.strerror)) from error
    held.callback(os.close, handle)
    return wait_for_lock(
        handle,
        until,
        both(
            "{}\u00a0: un autre passage de ce travail est en cours\u00a0; réessayez plus tard",
            "{}: another run of this job is going on; try again later",
            str(path),
        ),
    )
