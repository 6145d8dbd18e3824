"""What the data manager sees of a load: progress while it lasts, then findings, and what it did or would do."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jumelage.cli.progress import steps
from jumelage.cli.streams import say, show
from jumelage.errors import DataError, OutputError
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from sqlalchemy.engine import URL

    from jumelage.loading.revision import Loaded, Request
    from jumelage.rules import Finding

MOST_SHOWN = 100
MOST_OF_A_RULE = 20
_LOADED = Label("vague {}{}, révision {}\u00a0: chargée\u00a0: {}", "wave {}{}, revision {}: loaded: {}")
_WOULD_LOAD = Label(
    "vague {}{}, révision {}\u00a0: serait chargée\u00a0: {}", "wave {}{}, revision {}: would be loaded: {}"
)
_SUPERUSER = Label(
    "attention\u00a0: {} est un super-utilisateur du serveur\u00a0; chargez avec un rôle à part, qui n’a de droits "
    "que sur ces tables",
    "warning: {} is a superuser of the server; load with a role of its own, which has rights on these tables alone",
)
_LOST = Label("perdu\u00a0: {}", "lost: {}")
_UNCHANGED = Label("vague {}{}, révision {}\u00a0: inchangée", "wave {}{}, revision {}: unchanged")
_AS_OF = Label("enregistrée au {} UTC, avant tout le reste", "recorded as of {} UTC, before all else")
_MADE_UP = Label(" (synthétique)", " (synthetic)")
_SHOWING = Label(
    "{} constats montrés sur {}\u00a0; tous\u00a0: --format csv -o FICHIER",
    "showing {} of {} findings; all of them: --format csv -o FILE",
)
_OF_SEVERITY = Label("{}\u00a0: {}", "{}: {}")


@dataclass(frozen=True, slots=True)
class Showing:
    """How findings are shown: lines on standard error, or all of them in a format on standard output or in a file."""

    format: str | None = None
    lang: str = "en"
    output: Path | None = None
    copied: list[Label] = field(default_factory=list)  # what is to be said of the annotated copy


def load(url: URL, request: Request, showing: Showing, *, dry_run: bool = False) -> Loaded:
    """Load, and say what was done, or would be; on DataError the findings are shown before it goes on."""
    from jumelage.loading.load import load as load_wave

    with told(showing), steps() as step:
        done = load_wave(url, request, dry_run=dry_run, step=step)
    show_findings(done.findings, showing)
    _say_done(done, request, _WOULD_LOAD if dry_run else _LOADED, showing.lang)
    return done


def rehearse(url: URL, request: Request, showing: Showing) -> None:
    """Check everything and show what a load would change."""
    from jumelage.loading.dry_run import rehearse as try_out
    from jumelage.render.grid import of_changes

    with told(showing), steps() as step:
        done, changes = try_out(url, request, step)
    show_findings(done.findings, Showing(lang=showing.lang))
    _say_done(done, request, _WOULD_LOAD, showing.lang)
    if changes or showing.format is not None or showing.output is not None:
        most = MOST_SHOWN if showing.format is None and showing.output is None else None
        show(of_changes(changes, showing.lang, most), showing.format or "table", showing.output)


def _say_done(done: Loaded, request: Request, said: Label, lang: str) -> None:
    from jumelage.render.words import counted

    rows = ", ".join(counted(table, number).text(lang) for table, number in done.rows.items())
    made_up = _MADE_UP.text(lang) if done.synthetic else ""
    say(filled(said if done.new else _UNCHANGED, done.wave, made_up, done.revision, rows))
    if request.recorded_at:
        say(filled(_AS_OF, request.recorded_at))
    for loss in done.losses:
        say(filled(_LOST, Label(loss.text("fr"), loss.text("en"))))
    if done.superuser:
        say(filled(_SUPERUSER, done.superuser))


@contextmanager
def told(showing: Showing) -> Iterator[None]:
    """Show the findings of a DataError before it goes on, and say where they are annotated."""
    try:
        yield
    except DataError as error:
        show_findings(error.findings, showing)
        raise
    finally:
        for remark in showing.copied:
            say(remark)


def show_findings(findings: Collection[Finding], showing: Showing) -> None:
    """Show findings: all in the format asked for, else as lines: the first of each rule, up to a hundred."""
    if showing.format is not None or showing.output is not None:
        from jumelage.render.grid import of_findings

        try:
            show(of_findings(findings, showing.lang), showing.format or "table", showing.output)
        except OutputError:
            show_findings(findings, Showing(lang=showing.lang))
            raise
        return
    from jumelage.rules import ERROR, severity_name

    seen: Counter[str] = Counter()
    shown = 0
    for finding in findings:
        seen[finding.rule.name] += 1
        if seen[finding.rule.name] <= MOST_OF_A_RULE and shown < MOST_SHOWN:
            text, severity = finding.text(showing.lang), severity_name(finding.severity).text(showing.lang)
            say(text if finding.severity == ERROR else filled(_OF_SEVERITY, severity, text))
            shown += 1
    if shown < len(findings):
        say(filled(_SHOWING, shown, len(findings)))
