"""What a person at a terminal sees while something takes long: what is being done, on standard error alone."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jumelage.cli.streams import say, spoken
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jumelage.errors import BusyError

BACKING_UP = Label("sauvegarde", "making a backup")
CHECKING = Label("confrontation des chiffres à leurs lignes", "holding figures against their rows")
COMPARING = Label("comparaison", "comparing")
COMPUTING = Label("calcul", "computing")
EXPORTING = Label("export", "exporting")
PUBLISHING = Label("publication", "publishing")
RESTORING = Label("restauration", "restoring")
SEARCHING = Label("recherche de réparations", "searching repairs")
_WAITING = Label("attente, {} s au plus\u00a0: {}", "waiting, for at most {} s: {}")
_STEPS = 8  # five tables, checking, comparing, writing
_STEP_NAMES = {
    "opening": Label("ouverture", "opening"),
    "reading": Label("lecture", "reading"),
    "checking": Label("vérification", "checking"),
    "comparing": COMPARING,
    "writing": Label("écriture", "writing"),
}


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Show a bar on a terminal, and nothing elsewhere; what is given is told what begins."""
    if not _watched():
        yield lambda _step: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.__stderr__), transient=True) as progress:
        task = progress.add_task(_step_name("opening"), total=_STEPS)

        def step(name: str) -> None:
            progress.update(task, description=_step_name(name), advance=1)

        yield step


@contextmanager
def waiting(what: Label) -> Iterator[None]:
    """Show on a terminal what is being done and for how long, and nothing elsewhere."""
    if not _watched():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.__stderr__), transient=True) as progress:
        progress.add_task(spoken(what), total=None)
        yield


@contextmanager
def patient(seconds: float) -> Iterator[None]:
    """Let whoever writes meanwhile wait so long for somebody else, and say on a terminal for whom and since when."""
    from jumelage.database.patience import patient as waiting_so_long

    def tell(busy: BusyError, most: float) -> None:
        if _watched():
            state = busy.state
            what = state if isinstance(state, str) else Label(state.text("fr"), state.text("en"))
            say(filled(_WAITING, f"{most:g}", what))

    with waiting_so_long(seconds, tell):
        yield


def _watched() -> bool:
    """Tell whether a person sees what moves: a terminal that only shows lines shows nothing of it."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _step_name(name: str) -> str:
    verb, blank, what = name.partition(" ")
    return f"{spoken(_STEP_NAMES[verb]) if verb in _STEP_NAMES else verb}{blank}{what}"
