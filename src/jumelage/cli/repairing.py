"""Commands on what the published tables say together: repairs."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path  # noqa: TC003  # Typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jumelage.cli.options import (
    AsOf,
    Db,
    FormatName,
    Lang,
    Output,
    Wave,
    say_remarks,
    scope_of,
    url_of,
)
from jumelage.cli.progress import SEARCHING, waiting
from jumelage.cli.streams import check_output, say, show, write
from jumelage.errors import UsageError
from jumelage.texts import NOT_READ, Label, both, filled, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from jumelage.repairing.publication import Publication
    from jumelage.repairing.search import Search
    from jumelage.revisions.scope import Scope

_LIMIT = Label(
    "arrêté au bout de {} s\u00a0: au moins {} correction(s), la meilleure réparation trouvée en a {}\u00a0; "
    "--timeout donne plus de temps",
    "stopped after {} s: {} correction(s) at least, the best repair found has {}; --timeout gives more time",
)
_LIST_LIMIT = Label(
    "arrêté au bout de {} s\u00a0: le minimum est prouvé, {}, mais tout ce qui est demandé n’a pu être cherché\u00a0; "
    "--timeout donne plus de temps",
    "stopped after {} s: the minimum is proved, {}, but not all that was asked for could be searched; "
    "--timeout gives more time",
)
_NONE = Label("aucune", "none")
_LIMIT_REACHED = 4
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout", metavar="SECONDS", min=0.1, help="Stop then, and say how far it got. [default: no limit]"
    ),
]
Form = Annotated[
    FormatName | None,
    typer.Option("--format", help="Form of the output. [default: table; json with -o]", show_default=False),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(repair)
    app.command()(implied)


def repair(
    ctx: typer.Context,
    db: Db = None,
    wave: Wave = None,
    as_of: AsOf = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(
            "--fix",
            metavar="REPORT[/KEY]",
            help="Hold the printed cells of a report for right, or those of a key, such as distribution or "
            "countries/eu/*. Of the list of agreements, its rows. May be given several times.",
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights", metavar="FILE", help="CSV of report, key and weight: what a change costs, 1 or more."
        ),
    ] = None,
    slack: Annotated[
        int, typer.Option("--slack", metavar="N", min=0, max=9, help="List the next sizes, too, up to N more.")
    ] = 0,
    most: Annotated[
        int, typer.Option("--most", metavar="N", min=1, help="List no more than so many repairs of a size.")
    ] = 1000,
    timeout: Timeout = None,
    explain: Annotated[
        int | None,
        typer.Option(
            "--explain",
            metavar="N",
            min=1,
            help="Instead: a draft of explanations for wave.toml by the repair of that number; a proposal.",
        ),
    ] = None,
    format_: Form = None,
    lang: Lang = "en",
    output: Output = None,
) -> None:
    """Find the smallest corrections that make print agree.

    It proposes sets of them; no data is changed.

    Exits with 4 where time did not suffice: what is proved is told, and nothing else is called a minimum.
    """
    from jumelage.render.repairs import of_repairs
    from jumelage.repairing.names import read_names
    from jumelage.repairing.search import Asked, search
    from jumelage.repairing.story import story_of, written

    with _reading(ctx, db, wave, as_of, output) as (connection, scope, given, about):
        names = read_names(connection, given)
        contradicted = () if explain is None else _contradicted(connection, scope)
    known = sorted(given.reports)
    asked = Asked(tuple(_pattern(one, known) for one in fix or ()), _weights(weights, known), slack, most, timeout)
    with waiting(SEARCHING):
        found = search(given, asked)
    story = story_of(found, given, asked, names, about)
    say_remarks(scope)
    if explain is not None and found.minimum is not None:
        write(_draft(story, explain, contradicted), output)
        _end(found, timeout)
        return
    form = _form(format_, output)
    if form == "json":
        write([written(story)], output)
    else:
        show(of_repairs(story, lang), form, output, paged=True)
    _end(found, timeout)


def implied(
    ctx: typer.Context,
    report: Annotated[str | None, typer.Argument(help="Name of a report; without it, all that are printed.")] = None,
    db: Db = None,
    wave: Wave = None,
    as_of: AsOf = None,
    timeout: Timeout = None,
    format_: Form = None,
    lang: Lang = "en",
    output: Output = None,
) -> None:
    """Say what printed figures leave open of each cell.

    It stands beside what the rows alone say of it. Where printed figures contradict themselves, it is what all smallest
    repairs leave. Exits with 4 where time does not suffice.
    """
    from jumelage.render.implied import of_implied
    from jumelage.repairing.implications import written
    from jumelage.repairing.implied import implied as implied_of
    from jumelage.repairing.publication import ranges

    with _reading(ctx, db, wave, as_of, output) as (connection, scope, given, about):
        rows = ranges(connection, scope, given)
    if report is not None:
        _pattern(report, sorted(given.reports))
    with waiting(SEARCHING):
        found = implied_of(given, rows, timeout, about, report)
    say_remarks(scope)
    form = _form(format_, output)
    if form == "json":
        write([written(found)], output)
    else:
        show(of_implied(found.cells, lang), form, output, paged=True)


@contextmanager
def _reading(
    ctx: typer.Context, db: str | None, wave: str | None, as_of: str | None, output: Path | None
) -> Iterator[tuple[Connection, Scope, Publication, dict[str, Any]]]:
    """Give what a search is of: what a wave prints and its rows, read once, and which content that is."""
    from jumelage import database
    from jumelage.repairing.publication import about, read

    url = url_of(ctx, db)
    check_output(output)
    with database.reading(url) as connection:
        scope = scope_of(connection, wave, as_of)
        yield connection, scope, read(connection, scope), about(connection, scope)


def _form(format_: str | None, output: Path | None) -> str:
    return format_ or ("table" if output is None else "json")


def _contradicted(connection: Connection, scope: Scope) -> tuple[tuple[str, str, str], ...]:
    """Return the cells that the ledger has contradicted: what agrees needs no explanation."""
    from jumelage.reporting import ledger

    entries = ledger.ledger_of(connection, scope).entries
    return tuple(entry.cell for entry in entries if entry.status == "contradicted")


def _draft(story: dict[str, Any], place: int, cells: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return the text of a draft; UsageError if there is no repair of that number."""
    from jumelage.render.proposal import proposal

    if place > len(story["repairs"]):
        raise UsageError(
            both(
                "il n’y a pas de réparation {}\u00a0; elles vont de 1 à {}",
                "there is no repair {}; they go from 1 to {}",
                place,
                len(story["repairs"]),
            )
        )
    return list(proposal(story, place, cells))


def _end(found: Search, timeout: float | None) -> None:
    """Exit with the code of a limit that was reached."""
    if found.minimum is None:
        say(filled(_LIMIT, f"{timeout:g}", found.low, _NONE if found.best is None else found.best))
        raise typer.Exit(_LIMIT_REACHED)
    if not found.finished:
        say(filled(_LIST_LIMIT, f"{timeout:g}", found.minimum))
        raise typer.Exit(_LIMIT_REACHED)


def _pattern(text: str, known: Sequence[str]) -> tuple[str, str]:
    """Return the report and the pattern of its keys; UsageError if the wave prints no such report."""
    report, _, key = text.partition("/")
    if report not in known:
        raise UsageError(
            both(
                "la vague n’imprime rien du rapport {!r}\u00a0; {}",
                "the wave prints nothing of the report {!r}; {}",
                report,
                nearest(report, known),
            )
        )
    return report, key


def _weights(path: Path | None, known: Sequence[str]) -> tuple[tuple[str, str, int], ...]:
    """Read the weights of a file; UsageError names the line that is wrong."""
    if path is None:
        return ()
    import csv

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(filled(NOT_READ, path, str(error))) from error
    found = []
    for line, row in enumerate(rows, 2):
        weight = (row.get("weight") or "").strip()
        if set(row) != {"report", "key", "weight"} or not weight.isdecimal() or not int(weight):
            raise UsageError(
                both(
                    "{}, ligne {}\u00a0: il faut report,key,weight, un poids étant un nombre entier, 1 ou plus",
                    "{}, line {}: it must be report,key,weight, where a weight is a whole number, 1 or more",
                    path,
                    line,
                )
            )
        report, _ = _pattern(row["report"], known)
        found.append((report, row["key"] or "", int(weight)))
    return tuple(found)
