"""The commands for scheduled jobs: migrate, load, check and publish in one go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from jumelage.cli import loading, showing
from jumelage.cli.course import course
from jumelage.cli.options import WAITS, AcceptLoss, By, Db, Handed, Lang, Out, Reason, Wait, url_of
from jumelage.cli.progress import patient
from jumelage.cli.publishing import Formats, listed_formats
from jumelage.cli.streams import write
from jumelage.errors import UsageError
from jumelage.texts import both


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(reproduce)


def run(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="JOB.toml", help="What is to be done: see docs/scheduling.md.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    format_: Annotated[
        Literal["text", "json"],
        typer.Option("--format", help="With json, what came of it is a line on standard output."),
    ] = "text",
    lang: Lang = "en",
) -> None:
    """Do a scheduled job as its file says.

    Migrate, load what lies in the inbox, check, publish, hand what came of it to a command. One run of a job at a time.
    """
    from jumelage.cli.job_run import DryRun, Run
    from jumelage.jobs.job_file import read_job

    if ctx.obj is not None:
        raise UsageError(
            both(
                "--db ne va pas avec run\u00a0: {} dit quelle base",
                "--db does not go with run: {} says which database",
                str(file),
            )
        )
    job = read_job(file)
    found = (DryRun if dry_run else Run)(job, lang).result()
    if format_ == "json":
        write((json.dumps(found) + "\n",), None)
    if found["exit"]:
        raise typer.Exit(found["exit"])


def reproduce(
    ctx: typer.Context,
    handed: Handed,
    out: Out = Path("public"),
    db: Db = None,
    reason: Reason = None,
    by: By = None,
    lang: Lang = "en",
    accept_loss: AcceptLoss = False,
    formats: Formats = "site,csv",
    wait: Wait = WAITS,
) -> None:
    """Migrate, load, check and publish in one go.

    For scheduled jobs: what is up to date already is left as it is.
    """
    from jumelage.publication.publish import Wanted

    url = url_of(ctx, db)
    showed = showing.Showing(lang=lang)
    more = {"lang": lang, "accept_loss": accept_loss, "tell": showed.copied.append}
    wanted = Wanted(listed_formats(formats))
    with patient(wait):
        course(url, lambda: showing.load(url, loading.request_of(handed, reason, by, **more), showed).wave, out, wanted)
