"""Publish a wave: finished beside, then swapped in whole, so that a reader never sees half of it."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from jumelage import __version__, report_file
from jumelage.errors import DataError, OutputError, UsageError
from jumelage.render.html import page_title, render_page
from jumelage.reporting.ledger import check
from jumelage.reporting.run import run
from jumelage.texts import LANGUAGES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jumelage.reporting.judging import Ledger
    from jumelage.reporting.sheet import Sheet
    from jumelage.revisions.scope import Scope

# The order of the printed survey; what is not named here follows, by name.
_ORDER = (
    "participation",
    "distribution",
    "zones",
    "countries",
    "seniority",
    "actions",
    "management",
    "difficulties",
    "cities_alphabetical",
    "cities_by_population",
    "agreements_by_country",
    "evolution",
    "bridge",
    "bridge_towns",
    "panel",
    "response",
)


@dataclass(frozen=True, slots=True)
class Published:
    """The pages of a publication, and the ledger that stands in them; None where waves are compared."""

    pages: tuple[Path, ...]
    ledger: Ledger | None


def check_out(out: Path) -> None:
    """Raise UsageError unless a publication can be swapped in there."""
    if not out.name:
        raise UsageError("--out must name a folder")
    if os.path.lexists(out) and _finished(out) is None:
        raise UsageError(f"{out} is there and is not a publication of jumelage; remove it or choose another --out")


def publish(connection: Connection, scope: Scope, out: Path) -> Published:
    """Check the wave in scope and publish it into a folder; of several waves, publish the reports that tell them apart.

    `out` becomes a link to a finished folder beside it, named after its content: the swap is one rename.
    DataError, and nothing published, where the check finds a problem.
    """
    check_out(out)
    ledger, sheets = _compute(connection, scope)
    ordered = {name: sheets[name] for name in sorted(sheets, key=_place)}
    waves = next(iter(ordered.values())).waves
    files = {f"{lang}.html": render_page(ordered, ledger, lang) for lang in LANGUAGES}
    files["index.html"] = _INDEX.format(title=html.escape(page_title(waves, "fr")))
    of_waves = [
        {
            "wave": one.wave,
            "revision": one.revision,
            "synthetic": one.synthetic,
            "content_hash": one.facts["content_hash"],
        }
        for one in waves
    ]
    manifest = {
        **(of_waves[0] if ledger else {"waves": of_waves}),
        "software": f"jumelage {__version__}",
        "statuses": ledger.counts() if ledger else {},
        "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(files.items())},
    }
    files["manifest.json"] = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _swap_in(out, files)
    except OSError as error:
        raise OutputError(f"{out} cannot be published: {error.strerror or error}") from error
    return Published(tuple(out / f"{lang}.html" for lang in LANGUAGES), ledger)


def _compute(connection: Connection, scope: Scope) -> tuple[Ledger | None, dict[str, Sheet]]:
    """Return the ledger of the wave in scope and its reports; of several waves, no ledger."""
    if len(scope.revisions) > 1:
        reports = [report for report in map(report_file.report, report_file.report_names()) if report.by_wave]
        enough = [report for report in reports if report.waves <= len(scope.revisions)]
        return None, {report.name: run(connection, report, scope) for report in enough}
    ledger, sheets = check(connection, scope)
    if ledger.problems:
        raise DataError("nothing was published; `jumelage check` says:\n" + "\n".join(ledger.problems))
    return ledger, sheets


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _swap_in(out: Path, files: dict[str, str]) -> None:
    """Build the finished folder beside the link, point the link at it, and remove what it pointed at before.

    A finished folder is used again as long as it holds what it should.
    """
    name = hashlib.sha256(files["manifest.json"].encode()).hexdigest()[:16]
    candidates = (out.with_name(f".{out.name}-{name}-{number}") for number in count(1))
    finished = next(path for path in candidates if not path.exists() or _holds(path, files))
    if not finished.exists():
        building = Path(mkdtemp(prefix=f".{out.name}-building-", dir=out.parent))
        try:
            building.chmod(0o755)
            for file, text in files.items():
                (building / file).write_text(text, encoding="utf-8", newline="\n")
            building.rename(finished)
        except OSError:
            shutil.rmtree(building, ignore_errors=True)
            if not _holds(finished, files):
                raise
    before = _finished(out)
    link = out.with_name(f".{out.name}-link-{os.getpid()}")
    link.unlink(missing_ok=True)
    link.symlink_to(finished.name)
    link.replace(out)
    if before is not None and before.name != finished.name:
        shutil.rmtree(before, ignore_errors=True)


def _holds(folder: Path, files: dict[str, str]) -> bool:
    """Tell whether a finished folder holds these files as they should be."""
    try:
        return all((folder / name).read_bytes() == text.encode() for name, text in files.items())
    except OSError:
        return False


def _finished(out: Path) -> Path | None:
    """Return the finished folder that a publication's link points at; None if it is no link of a publication."""
    if not out.is_symlink():
        return None
    target = out.readlink().name
    named = re.fullmatch(re.escape(f".{out.name}-") + "[0-9a-f]{16}-[0-9]+", target)
    return out.with_name(target) if named else None


_INDEX = """<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
<ul>
<li><a href="fr.html" hreflang="fr">Français</a></li>
<li><a href="en.html" hreflang="en" lang="en">English</a></li>
</ul>
</body>
</html>
"""
