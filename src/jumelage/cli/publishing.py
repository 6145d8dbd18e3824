"""The command that publishes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer  # Typer reads annotations at run time

from jumelage.cli.options import (
    NOTE,
    AsOf,
    Db,
    Out,
    Waves,
    say_counts,
    scope_of,
    stored,
    url_of,
)
from jumelage.cli.progress import PUBLISHING, waiting
from jumelage.cli.streams import say, speak, write
from jumelage.content import ALL
from jumelage.errors import UsageError
from jumelage.texts import LANGUAGES, Label, both, filled, nearest

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from jumelage.publication.publish import Published, Wanted

_CARRIED = Label("note\u00a0: repris de la publication d’avant\u00a0: {}", "note: carried over from before: {}")
_KEPT = Label(
    "note\u00a0: {} est gardé\u00a0: des fichiers que publish y a faits ont été changés",
    "note: {} is kept: files that publish made there have been changed",
)
_ROLLED_BACK = Label("de nouveau publié\u00a0: {}", "published again: {}")
_PUBLISHED = Label("publié\u00a0: {}", "published: {}")
_UNCHANGED = Label(
    "rien n’a changé depuis la dernière publication, qui reste\u00a0: {}\u00a0; --force publie de nouveau",
    "nothing has changed since the last publication, which stays: {}; --force publishes again",
)
_WITH_FINDINGS = Label(
    "publié bien que la vérification ait trouvé {} problème(s)",
    "published although the check found {} problem(s)",
)


Formats = Annotated[
    str,
    typer.Option(
        "--formats",
        metavar="LIST",
        help="What to publish: all, or some of site, rows, charts, pdf, xlsx, csv, json, parquet, duckdb.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(publish)


def publish(
    ctx: typer.Context,
    out: Out = Path("public"),
    db: Db = None,
    wave: Waves = None,
    as_of: AsOf = None,
    every: Annotated[
        bool, typer.Option("--all", help="Publish every wave in a folder of its own, and what compares them.")
    ] = False,
    formats: Formats = "all",
    langs: Annotated[
        str, typer.Option("--lang", metavar="LIST", help="Languages to publish in; the first is also that of messages.")
    ] = "en,fr",
    base_url: Annotated[
        str,
        typer.Option(
            "--base-url",
            metavar="URL",
            help="Where the folder will stand: numbers of the PDF then lead there, not to the files beside it.",
        ),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Publish even if nothing has changed.")] = False,
    allow_findings: Annotated[
        bool,
        typer.Option("--allow-findings", help="Publish even if the check finds something; every page then says so."),
    ] = False,
    wait: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", help="How long to wait for another run.", min=0)
    ] = 30.0,
    repairs: Annotated[
        list[Path] | None,
        typer.Option(
            "--repairs",
            metavar="FILE",
            help="Show what `jumelage repair -o FILE` found, with the wave that it is of. May be given several times.",
        ),
    ] = None,
    implied: Annotated[
        list[Path] | None,
        typer.Option(
            "--implied",
            metavar="FILE",
            help="Show what `jumelage implied -o FILE` found, in the ledger of the wave that it is of. May be given "
            "several times.",
        ),
    ] = None,
    format_: Annotated[
        Literal["text", "json"],
        typer.Option("--format", help="With json, one line on standard output says what was done."),
    ] = "text",
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Publish again what was published before; the last three are kept.")
    ] = False,
) -> None:
    """Publish a wave as pages, PDF, workbook and data.

    All its tables and their ledger; of several waves, the reports that compare them. Swapped in whole; what has not
    changed is left as it is.
    """
    chosen = _listed("--lang", langs, LANGUAGES)
    speak(chosen[0])
    if rollback:
        from jumelage.publication.swap import roll_back

        say(filled(_ROLLED_BACK, roll_back(out)))
        return
    from jumelage.publication.publish import Wanted
    from jumelage.repairing.implications import read_implications
    from jumelage.repairing.story import read_story

    if base_url and not base_url.startswith(("http://", "https://")):
        raise UsageError(
            both(
                "--base-url\u00a0: {!r} ne commence pas par https://",
                "--base-url: {!r} does not begin with https://",
                base_url,
            )
        )
    languages = tuple(lang for lang in LANGUAGES if lang in chosen)
    wanted = Wanted(
        listed_formats(formats),
        languages,
        force=force,
        allow_findings=allow_findings,
        wait=wait,
        base_url=base_url,
        repairs=tuple(stored(path, read_story) for path in repairs or ()),
        implied=tuple(stored(path, read_implications) for path in implied or ()),
    )
    done = publish_into(url_of(ctx, db), out, wanted, wave=wave, as_of=as_of, every=every)
    if format_ == "json":
        write((json.dumps(as_json(done, out), ensure_ascii=False) + "\n",), None)


def listed_formats(listed: str) -> tuple[str, ...]:
    """Return the formats that a list names; UsageError for one that there is not."""
    from jumelage.publication.files import FORMATS

    return FORMATS if listed.strip() == ALL else _listed("--formats", listed, FORMATS)


def _listed(option: str, listed: str, known: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(name.strip() for name in listed.split(",")))
    for name in found:
        if name not in known:
            near = nearest(name, known)
            raise UsageError(
                both("{}\u00a0: {!r} n’en est pas un\u00a0; {}", "{}: {!r} is none; {}", option, name, near)
            )
    return found


def publish_into(
    url: URL, out: Path, wanted: Wanted, *, wave: str | None = None, as_of: str | None = None, every: bool = False
) -> Published:
    """Publish what is asked for, each wave of several for itself too if `every` is, and say what was done."""
    from jumelage import database
    from jumelage.publication.publish import publish as publish_scopes
    from jumelage.publication.swap import check_out

    check_out(out)
    with database.reading(url) as connection:
        scopes = [scope_of(connection, ALL if every and wave is None else wave, as_of)]
        if every and len(scopes[0].revisions) > 1:
            each = (scope_of(connection, f"{name}@{revision}", as_of) for name, revision in scopes[0].revisions)
            scopes = [*each, *scopes]
        with waiting(PUBLISHING):
            done = publish_scopes(connection, scopes, out, wanted)
    for remark in dict.fromkeys(remark for scope in scopes for remark in scope.remarks):
        say(filled(NOTE, remark))
    say_counts(done.statuses)
    if done.findings:
        say("\n".join(done.findings))
        say(filled(_WITH_FINDINGS, len(done.findings)))
    if done.swapped and done.swapped.carried:
        say(filled(_CARRIED, ", ".join(done.swapped.carried)))
    if done.swapped and done.swapped.kept:
        say(filled(_KEPT, done.swapped.kept))
    pages = ", ".join(str(page) for page in done.pages)
    say(filled(_PUBLISHED, pages) if done.swapped else filled(_UNCHANGED, pages))
    return done


def as_json(done: Published, out: Path) -> dict[str, object]:
    """Return what a program may want to know of a publication."""
    return {
        "out": str(out),
        "waves": list(done.waves),
        "published": done.swapped is not None,
        "pages": [str(page) for page in done.pages],
        "statuses": done.statuses,
        "findings": list(done.findings),
        "carried": list(done.swapped.carried) if done.swapped else [],
        "kept": str(done.swapped.kept) if done.swapped and done.swapped.kept else None,
    }
