"""What the data manager sees of a load: progress while it lasts, then findings, and what it did or would do."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage.cli.options import say
from jumelage.errors import DataError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy.engine import URL

    from jumelage.loading.revision import Loaded, Request
    from jumelage.rules import Finding

MOST_SHOWN = 100
MOST_OF_A_RULE = 20
_STEPS = 8  # five tables, checking, comparing, writing


@dataclass(frozen=True, slots=True)
class Showing:
    """How findings are shown: lines on standard error, or all of them in a format on standard output or in a file."""

    format: str | None = None
    lang: str = "en"
    output: Path | None = None
    write: Callable[[str, Path | None], None] = lambda _text, _output: None


def load(url: URL, request: Request, showing: Showing) -> Loaded:
    """Load, and say what was done; on DataError the findings are shown before it goes on."""
    from jumelage.loading.load import load as load_wave

    with told(showing, request), _progress() as step:
        done = load_wave(url, request, step=step)
    show_findings(done.findings, showing)
    _say_done(done, "loaded", showing.lang)
    return done


def rehearse(url: URL, request: Request, showing: Showing) -> None:
    """Check everything and show what a load would change."""
    from jumelage.loading.dry_run import rehearse as try_out
    from jumelage.render import renderer
    from jumelage.render.grid import of_changes

    with told(showing, request), _progress() as step:
        done, changes = try_out(url, request, step)
    show_findings(done.findings, Showing(lang=showing.lang))
    _say_done(done, "would be loaded", showing.lang)
    if changes or showing.format is not None or showing.output is not None:
        most = MOST_SHOWN if showing.format is None and showing.output is None else None
        showing.write(renderer(showing.format or "table")(of_changes(changes, most)), showing.output)


def _say_done(done: Loaded, verb: str, lang: str) -> None:
    rows = ", ".join(f"{number} {table.replace('_', ' ')}" for table, number in done.rows.items())
    made_up = " (synthetic)" if done.synthetic else ""
    say(f"wave {done.wave}{made_up}, revision {done.revision}: {f'{verb}: {rows}' if done.new else 'unchanged'}")
    for loss in done.losses:
        say(f"lost: {loss.text(lang)}")


@contextmanager
def told(showing: Showing, request: Request | None = None) -> Iterator[None]:
    """Show the findings of a DataError before it goes on, and say where they are annotated."""
    try:
        yield
    except DataError as error:
        show_findings(error.findings, showing)
        _say_copy(request)
        raise
    _say_copy(request)


def _say_copy(request: Request | None) -> None:
    if request is not None and request.annotate is not None and request.annotate.exists():
        say(f"wrote {request.annotate}")


def show_findings(findings: Sequence[Finding], showing: Showing) -> None:
    """Show findings: all in the format asked for, else as lines: the first of each rule, up to a hundred."""
    if showing.format is not None or showing.output is not None:
        from jumelage.render import renderer
        from jumelage.render.grid import of_findings

        text = renderer(showing.format or "table")(of_findings(findings, showing.lang))
        try:
            showing.write(text, showing.output)
        except OutputError:
            show_findings(findings, Showing(lang=showing.lang))
            raise
        return
    seen: Counter[str] = Counter()
    shown = 0
    for finding in findings:
        seen[finding.rule.name] += 1
        if seen[finding.rule.name] <= MOST_OF_A_RULE and shown < MOST_SHOWN:
            text = finding.text(showing.lang)
            say(text if finding.severity == "error" else f"{finding.severity}: {text}")
            shown += 1
    if shown < len(findings):
        say(f"showing {shown} of {len(findings)} findings; all of them: --format csv -o FILE")


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show a bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _step: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("opening", total=_STEPS)

        def step(name: str) -> None:
            progress.update(task, description=name, advance=1)

        yield step
