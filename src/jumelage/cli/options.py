"""Options that several commands share, and how commands say and write things."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from jumelage.cli.streams import protect, say, speak
from jumelage.errors import UsageError
from jumelage.render import FORMATS
from jumelage.texts import LANGUAGES, NOT_READ, Label, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from jumelage.revisions.scope import Scope

    FormatName = str
    LangName = str
else:  # the names come from where they are listed
    FormatName = Literal[tuple(FORMATS)]
    LangName = Literal[LANGUAGES]

_COUNTED = Label("{}\u00a0: {}", "{}: {}")
NOTE = Label("remarque\u00a0: {}", "note: {}")

_UNGUARDED = Label(
    "{} peut écrire dans cette base\u00a0; une requête ne fait pourtant que lire\u00a0; jumelage grant en fait un rôle "
    "qui ne peut que cela",
    "{} may write to this database; a query only reads all the same; jumelage grant makes a role that can do no more",
)

Db = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="URL",
        help="Database: a DuckDB file, or postgresql://…; to read alone, lake:FOLDER, which `export --lake` made, or "
        "sparkconnect://HOST?lake=FOLDER. "
        "[default: $JUMELAGE_DATABASE_URL, else ./jumelage.duckdb]",
        show_default=False,
    ),
]
Wave = Annotated[
    str | None,
    typer.Option(
        "--wave",
        metavar="WAVE",
        help="Wave, such as 2006, or a revision of it, such as 2006@1. [default: the latest that is not synthetic]",
        show_default=False,
    ),
]
Waves = Annotated[
    str | None,
    typer.Option(
        "--wave",
        metavar="WAVES",
        help="Wave, such as 2006, or a revision of it, such as 2006@1; for reports that compare waves several, "
        "such as 2006,2012, or all. [default: the latest that is not synthetic]",
        show_default=False,
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="What was loaded and not withdrawn by then: 2012-03-31 (all of that day), or 2012-03-31T17:00 in UTC.",
    ),
]
ClassifiedOn = Annotated[
    str | None,
    typer.Option(
        "--classified-on",
        metavar="DATE",
        help="Put countries into the zones of that date, such as 2007-01-01. [default: each wave's reference date]",
        show_default=False,
    ),
]
Kind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        metavar="KIND",
        help="Kind of authority, such as commune or epci; where a wave asked several, their numbers are not added up.",
    ),
]
Lang = Annotated[
    LangName, typer.Option("--lang", callback=speak, help="Language of titles, labels and all that is said.")
]
WithoutInferred = Annotated[
    bool, typer.Option("--without-inferred", help="Leave out rows that were inferred from totals.")
]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write to this file instead of standard output."),
]
Format = Annotated[FormatName, typer.Option("--format", help="Form of the output.")]
Handed = Annotated[
    Path,
    typer.Argument(
        metavar="HANDED", help="The wave: a folder such as waves/2006, a .zip of it, or a workbook (.xlsx, .xls, .ods)."
    ),
]
Table = Literal["frame", "respondents", "partnerships", "actions", "difficulties", "partner_pairs"]
Aliases = Annotated[
    Path | None,
    typer.Option(
        "--aliases", metavar="FILE", help="More accepted spellings, besides the wave's own (see `jumelage aliases`)."
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
AcceptLoss = Annotated[
    bool,
    typer.Option("--accept-loss", help="Load a correction even if it loses more than a tenth of a table."),
]
Wait = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", help="How long to wait while somebody else writes to it.", min=0),
]
WAITS = 30.0  # seconds, unless --wait says otherwise
Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where to publish; replaced as a whole.")]


_Stored = TypeVar("_Stored")


def stored(path: Path, read: Callable[[str, str], _Stored]) -> _Stored:
    """Read the stored result of a command, of which `read` is given the text and the name; UsageError if it is none."""
    protect(path)
    try:
        return read(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(filled(NOT_READ, path, str(error))) from error


def url_of(ctx: typer.Context, db: str | None) -> URL:
    """Return the database's URL: of the option after the command, else of that before it, else the default."""
    from jumelage.database.urls import files, resolve_url

    url = resolve_url(ctx.obj if db is None else db)
    protect(*files(url))
    return url


def scope_of(
    connection: Connection,
    wave: str | None,
    as_of: str | None,
    classified_on: str | None = None,
    *,
    kind: str | None = None,
    without_inferred: bool = False,
) -> Scope:
    """Find what the options ask for, and say on standard error which of it was withdrawn since."""
    from jumelage.revisions.asked import scope_asked_for

    found, notes = scope_asked_for(connection, wave, as_of, classified_on, kind=kind, without_inferred=without_inferred)
    for note in notes:
        say(filled(NOTE, note))
    return found


def say_unguarded(connection: Connection) -> None:
    """Say that queries are asked with rights to write, which is for whoever manages a server to mend."""
    from jumelage import database

    if role := database.unguarded(connection):
        say(filled(NOTE, filled(_UNGUARDED, role)))


def say_remarks(scope: Scope) -> None:
    """Say on standard error what has no place in csv and json."""
    for remark in scope.remarks:
        say(filled(NOTE, remark))


def say_counts(counts: Mapping[str, int]) -> None:
    """Say how many figures there are of each status."""
    from jumelage.render.statuses import STATUS_NAMES

    for status, number in counts.items():
        say(filled(_COUNTED, Label(STATUS_NAMES[status].fr, status), number))
