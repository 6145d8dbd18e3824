"""Options that several commands share, and how commands say and write things."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from jumelage.errors import OutputError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

Db = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="URL",
        help="Database: a DuckDB file, or postgresql://… [default: $JUMELAGE_DATABASE_URL, else ./jumelage.duckdb]",
        show_default=False,
    ),
]
Wave = Annotated[
    str | None,
    typer.Option("--wave", metavar="WAVE", help="Wave, such as 2006. [default: the latest]", show_default=False),
]
Lang = Annotated[Literal["fr", "en"], typer.Option("--lang", help="Language of titles and labels.")]
WithoutInferred = Annotated[
    bool, typer.Option("--without-inferred", help="Leave out rows that were inferred from totals.")
]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write there instead of to standard output."),
]
Format = Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="Form of the output.")]
Handed = Annotated[
    Path,
    typer.Argument(
        metavar="HANDED", help="The wave: a folder such as waves/2006, a .zip of it, or a workbook (.xlsx, .xls, .ods)."
    ),
]
Table = Literal["frame", "respondents", "partnerships", "actions", "difficulties"]
Aliases = Annotated[
    Path | None,
    typer.Option(
        "--aliases", metavar="FILE", help="More accepted spellings, beside the wave's own (see `jumelage aliases`)."
    ),
]
Reason = Annotated[
    str | None,
    typer.Option("--reason", metavar="TEXT", help="Why the wave changes; needed from the second revision on."),
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who loads it. [default: the system's user]", show_default=False),
]
Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where to publish; swapped in whole.")]


def url_of(ctx: typer.Context, db: str | None) -> URL:
    """Return the database's URL: of the option after the command, else of that before it, else the default."""
    from jumelage.database import resolve_url

    return resolve_url(ctx.obj if db is None else db)


def say(text: str) -> None:
    """Say something to the person at the terminal, on standard error."""
    typer.echo(text, err=True)


def write(text: str, output: Path | None) -> None:
    """Write to standard output, or to a file that is there whole or not at all."""
    try:
        if output is None:
            sys.stdout.buffer.write(text.encode("utf-8"))
            sys.stdout.buffer.flush()
        elif output.exists() and not output.is_file():  # a pipe or a device; a folder refuses
            output.write_bytes(text.encode("utf-8"))
        else:
            _write_whole(text, output.resolve())
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise OutputError(f"{output or 'standard output'} cannot be written: {why}") from error


def _write_whole(text: str, output: Path) -> None:
    beside = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        beside.write_bytes(text.encode("utf-8"))
        beside.replace(output)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
