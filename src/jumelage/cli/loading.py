"""The data manager's commands: load a wave, make a workbook to hand out, confirm spellings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jumelage.cli import showing
from jumelage.cli.options import (
    WAITS,
    AcceptLoss,
    Aliases,
    AsOf,
    By,
    Db,
    Format,
    FormatName,
    Handed,
    Lang,
    LangName,
    Output,
    Reason,
    Table,
    Wait,
    say_remarks,
    scope_of,
    url_of,
)
from jumelage.cli.progress import patient
from jumelage.cli.streams import check_output, protect, say, show, speak, write
from jumelage.errors import UsageError
from jumelage.texts import Label, both, filled

if TYPE_CHECKING:
    from datetime import datetime

    from jumelage.loading.revision import Request
    from jumelage.reading.shapes import Rows

_Items = Annotated[
    Path | None,
    typer.Option("--items", metavar="FILE", help="Items of the questions [default: question_items.csv beside]."),
]
_LOADING = Label("chargement de {}", "loading {}")
_ADDED = Label("{0}\u00a0: {1} graphie{1:s} ajoutée{1:s}", "{0}: {1} spelling{1:s} added")
_WOULD_ADD = Label("{0}\u00a0: à ajouter\u00a0: {1} graphie{1:s}", "{0}: {1} spelling{1:s} would be added")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(load)
    app.command()(template)
    app.command("map")(map_)
    app.add_typer(aliases_app, name="aliases")


def load(
    ctx: typer.Context,
    handed: Handed,
    db: Db = None,
    table: Annotated[
        Table | None,
        typer.Option("--table", help="HANDED is one file or sheet for this table; the rest of --wave stays as it is."),
    ] = None,
    wave: Annotated[str | None, typer.Option("--wave", metavar="WAVE", help="With --table: the wave.")] = None,
    reason: Reason = None,
    by: By = None,
    recorded_at: Annotated[
        str | None,
        typer.Option(
            "--recorded-at",
            metavar="TIME",
            help="Files found in an archive: the time in UTC from which they stood, before all records; with --by.",
        ),
    ] = None,
    aliases: Aliases = None,
    map_file: Annotated[
        Path | None,
        typer.Option(
            "--map", metavar="FILE", help="What the columns of an export stand for [default: map.toml in the folder]."
        ),
    ] = None,
    annotate: Annotated[
        Path | None,
        typer.Option("--annotate", metavar="OUT", help="Write a copy of HANDED with each finding where it belongs."),
    ] = None,
    format_: Annotated[
        FormatName | None,
        typer.Option(
            "--format", help="Write all findings (and, with --dry-run, what would change) to standard output."
        ),
    ] = None,
    reports: Annotated[
        Path | None,
        typer.Option(
            "--reports", metavar="FOLDER", help="Report files that come with the wave, if HANDED is a workbook."
        ),
    ] = None,
    lang: Lang = "en",
    output: Output = None,
    accept_loss: AcceptLoss = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and show what would change; load nothing.")
    ] = False,
    wait: Wait = WAITS,
) -> None:
    """Check a wave and load it as a revision.

    Everything is loaded, or nothing and all that is wrong is said. The same content again changes nothing.
    """
    if (table is None) != (wave is None):
        raise UsageError(
            both(
                "--table et --wave vont ensemble\u00a0: un fichier pour une table d’une vague chargée",
                "--table and --wave go together: one file for one table of a wave that is loaded",
            )
        )
    if recorded_at is not None and (not by or table is not None):
        raise UsageError(
            both(
                "--recorded-at va avec une vague entière, et avec --by\u00a0: qui dit qu’elle existait alors",
                "--recorded-at goes with a whole wave, and with --by: who says that it stood then",
            )
        )
    if map_file is not None and table is not None:
        raise UsageError(
            both(
                "--map va avec une vague entière\u00a0; un fichier pour --table a ses propres en-têtes",
                "--map goes with a whole wave; a file for --table has the headings of its table",
            )
        )
    how = showing.Showing(format_, lang, output)
    more = {
        "recorded_at": _past(recorded_at),
        "aliases": aliases,
        "map_file": map_file,
        "annotate": annotate,
        "lang": lang,
        "accept_loss": accept_loss,
        "reports": reports,
    }
    request = request_of(handed, reason, by, table=table, wave=wave, **more, tell=how.copied.append)
    url = url_of(ctx, db)
    check_output(output)
    with patient(wait):
        if dry_run:
            showing.rehearse(url, request, how)
        else:
            showing.load(url, request, how)


def _past(recorded_at: str | None) -> datetime | None:
    """Return the time in UTC from which archived files stood; of a day its beginning."""
    if recorded_at is None:
        return None
    from datetime import time

    from jumelage.revisions.scope import read_time

    return read_time(recorded_at, of_day=time.min)


def request_of(handed: Path, reason: str | None = None, by: str | None = None, **more: Any) -> Request:  # noqa: ANN401
    """Make the request to load what is handed in; an installed jumelage carries the waves of this project."""
    from jumelage import content
    from jumelage.loading.revision import Request

    if not handed.exists() and (packaged := content.root() / handed).is_dir():
        handed = packaged
        say(filled(_LOADING, handed))
    protect(handed)
    protect(*(more[name] for name in ("aliases", "map_file") if more.get(name) is not None))
    return Request(handed, reason, by, **more)


def template(
    ctx: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="The workbook to write.")],
    wave: Annotated[str, typer.Option("--wave", metavar="NEW", help="Code of the new wave, such as 2012.")],
    db: Db = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="WAVE", help="Take the sampling frame, and its own questions, over from this loaded wave."
        ),
    ] = None,
    questions: Annotated[
        Path | None,
        typer.Option("--questions", metavar="FILE", help="CSV file of what the new wave asks on its own."),
    ] = None,
    items: _Items = None,
    as_of: AsOf = None,
    lang: Annotated[LangName, typer.Option("--lang", help="Language of the drop-downs.")] = "fr",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT.xlsx if it is there.")] = False,
) -> None:
    """Write a workbook to hand out for a new wave.

    A sheet per table, instructions, drop-downs, a column for each question; filled in, it loads as it is.
    """
    from jumelage import database
    from jumelage.template import earlier_wave, write_template

    if items is not None and questions is None:
        raise UsageError(both("--items va avec --questions", "--items goes with --questions"))
    source = ctx.get_parameter_source("lang")
    # By default the workbook is French, and what is said is English.
    told = speak(lang) if source and source.name == "COMMANDLINE" else "en"
    earlier = asked = None
    if questions is not None:
        asked = _questions_of(questions, items, told)
    if from_ is not None:
        with database.reading(url_of(ctx, db)) as connection:
            scope = scope_of(connection, from_, as_of)
            earlier = earlier_wave(connection, scope)
        say_remarks(scope)
    check_output(out)
    write_template(out, wave, lang, earlier, asked, overwrite=overwrite)
    say(both("{} est écrit", "wrote {}", out))


def map_(
    export: Annotated[
        Path, typer.Argument(metavar="EXPORT", help="What a survey tool exported: a CSV file or workbook.")
    ],
    questions: Annotated[
        Path | None,
        typer.Option(
            "--questions", metavar="FILE", help="What the wave asks on its own [default: questions.csv beside EXPORT]."
        ),
    ] = None,
    items: _Items = None,
    sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="Of a workbook: the sheet.")] = None,
    lang: Lang = "en",
    output: Output = None,
) -> None:
    """Draft what the columns of an export are likely to stand for.

    Complete it, and keep it as map.toml beside the export in the folder of the wave: `load` reads both.
    """
    from jumelage.reading.draft import draft_map

    if questions is None and (beside := export.with_name("questions.csv")).is_file():
        questions = beside
    protect(export)
    check_output(output)
    asked = _questions_of(questions, items, lang) if questions is not None else {}
    with showing.told(showing.Showing(lang=lang)):
        text = draft_map(export, asked, sheet, lang)
    write([text], output)


def _questions_of(questions: Path, items: Path | None, lang: str) -> dict[str, Rows]:
    """Read questions and their items as a load does, and show what is to be said of them."""
    from jumelage.checking.questions import read_questions

    protect(questions, *([items] if items else []))
    how = showing.Showing(lang=lang)
    with showing.told(how):
        asked, findings = read_questions(questions, items)
    showing.show_findings(findings, how)
    return asked


aliases_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Find codes for names that no list knows.")


@aliases_app.command()
def suggest(
    ctx: typer.Context,
    handed: Annotated[
        Path | None, typer.Argument(metavar="HANDED", help="The wave whose names are looked at, as for `load`.")
    ] = None,
    between: Annotated[
        str | None,
        typer.Option("--between", metavar="WAVES", help="Two loaded waves (2006,2012): partners that may be one."),
    ] = None,
    db: Db = None,
    table: Annotated[Table | None, typer.Option("--table", help="HANDED is one file or sheet for this table.")] = None,
    aliases: Aliases = None,
    format_: Format = "table",
    lang: Lang = "en",
    output: Output = None,
) -> None:
    """List the names that no list knows.

    Each comes with the codes that it may stand for. Write the list as csv, put `yes` under `confirmed`
    where a suggestion is right, and hand it to `aliases accept`. With --between, list the partners of two waves that
    may be one under two spellings, most alike first: write yes or no under `same`, delete the other lines, and load
    the file as partner_pairs.csv of the later wave.
    """
    if (handed is None) == (between is None):
        raise UsageError(
            both(
                "nommez ce qui est remis, ou deux vagues chargées avec --between\u00a0; pas les deux",
                "name what is handed in, or two loaded waves with --between; not both",
            )
        )
    from jumelage.checking.partner_pairs import suggest_pairs
    from jumelage.checking.spellings import suggest as find
    from jumelage.render.grid import of_pairs, of_suggestions

    if handed is None:
        check_output(output)
        show(of_pairs(suggest_pairs(url_of(ctx, db), str(between), lang), lang), format_, output)
        return
    protect(handed, *([aliases] if aliases else []))
    check_output(output)
    with showing.told(showing.Showing(lang=lang)):
        found = find(handed, aliases, table)
    show(of_suggestions(found, lang), format_, output)


@aliases_app.command()
def accept(
    suggestions: Annotated[
        Path, typer.Argument(metavar="SUGGESTIONS", help="What `aliases suggest` wrote, confirmed.")
    ],
    into: Annotated[
        Path, typer.Option("--into", metavar="FILE", help="File of accepted spellings: that of the wave, or any other.")
    ] = Path("aliases.csv"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be accepted; write nothing.")] = False,
    lang: Lang = "en",
) -> None:
    """Add the confirmed spellings to a file.

    `load` reads aliases.csv in the wave's folder, and what --aliases FILE names.
    """
    from jumelage.checking.spellings import accept as take

    protect(suggestions)
    check_output(into)
    with showing.told(showing.Showing(lang=lang)):
        text, added = take(suggestions, into)
    if added and not dry_run:
        write([text], into)
    for line in added:
        say(line)
    say(filled(_WOULD_ADD if dry_run else _ADDED, into, len(added)))
