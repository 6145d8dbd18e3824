"""What came of a run, handed to a command of the site's own: a mail, a copy to a server, a chart of a monitor."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from jumelage.texts import Label, both

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LONGEST = 3600.0  # seconds that a command may take: a run that waits for ever would keep all later ones out
_ERROR_OUTPUT = 2


def hand_over(command: Sequence[str], text: str, environment: dict[str, str], folder: Path) -> Label | None:
    """Run a command in a folder, without a shell, with a text on its standard input; say how it failed, None if not.

    A command with a / in its name begins in the folder too. What it prints goes to standard error.
    """
    program = str(folder / command[0]) if "/" in command[0] else command[0]
    try:
        with (
            subprocess.Popen(  # noqa: S603  # it is the site's own
                [program, *command[1:]],
                stdin=subprocess.PIPE,
                stdout=_ERROR_OUTPUT,
                cwd=folder,
                env=os.environ | environment,
                start_new_session=True,
            ) as process
        ):
            try:
                process.communicate(text.encode(), timeout=LONGEST)
            except BaseException:  # too long, or this process is told to end: nothing of it goes on
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise
    except subprocess.TimeoutExpired:
        return both("{}\u00a0: pas fini après {} secondes", "{}: not done after {} seconds", program, int(LONGEST))
    except (OSError, ValueError) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        return both("{} ne peut être lancé\u00a0: {}", "{} cannot be run: {}", program, why)
    if process.returncode:
        return both("{} a fini avec le code {}", "{} ended with exit code {}", program, process.returncode)
    return None
