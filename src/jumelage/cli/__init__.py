"""The command line: options in, exit codes out; nothing is decided here."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from typing import Annotated, Any, cast

import typer

from jumelage.cli import (
    exporting,
    granting,
    keeping,
    loading,
    migrating,
    publishing,
    querying,
    registering,
    repairing,
    reporting,
    revisions,
    running,
    searching,
    serving,
)
from jumelage.cli.ending import heeding, say_why
from jumelage.cli.options import Db  # noqa: TC001  # Typer reads annotations at run time
from jumelage.cli.streams import Stream, begin, hold_standard_files, say
from jumelage.texts import Label

_STOPPED = Label("arrêté\u00a0; ce qui n’était pas fini est défait", "stopped; what was not finished is undone")

app = typer.Typer(
    name="jumelage",
    help="A relational database for survey waves; every printed number has its SQL, its rows and its status.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]} | ({"color": False} if os.environ.get("NO_COLOR") else {}),
)


def _version(asked: bool) -> None:
    if asked:
        from jumelage import __version__

        typer.echo(f"jumelage {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    db: Db = None,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    begin()
    ctx.obj = db


for module in (
    migrating,
    granting,
    registering,
    loading,
    revisions,
    reporting,
    repairing,
    querying,
    searching,
    publishing,
    exporting,
    keeping,
    running,
    serving,
):
    module.add_to(app)


def main() -> None:
    """Run the command line; errors that a user can cause end in a message and an exit code, never a traceback."""
    gc.set_threshold(100_000, 20, 20)  # a command ends soon: looking for cycles every 700 objects is a fiftieth of it
    atexit.register(gc.freeze)  # nor need those be looked for that end with the process: a tenth of a second
    hold_standard_files()
    if sys.stdout is not None:
        sys.stdout = cast("Any", Stream(sys.stdout, clean=False))
    if sys.stderr is not None:
        sys.stderr = cast("Any", Stream(sys.stderr, clean=True))
    with heeding() as came:
        try:
            app()
        except BaseException as error:
            if came:  # whatever became of it on the way: a driver makes an error of its own of it
                say(_STOPPED)
                raise SystemExit(128 + came[0]) from None
            if not isinstance(error, Exception):
                raise
            raise SystemExit(say_why(error)) from None
