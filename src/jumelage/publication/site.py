"""Publish a wave: finished in a folder beside, then swapped in whole, so that a reader never sees half of it."""

from __future__ import annotations

import fcntl
import hashlib
import html
import json
import os
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from jumelage import __version__, report_file
from jumelage.document import parts_of
from jumelage.errors import BusyError, DataError, OutputError, UsageError
from jumelage.render.html import page_title, render_page, waves_of
from jumelage.reporting.ledger import check
from jumelage.reporting.own_reports import own_reports
from jumelage.reporting.run import run_each
from jumelage.texts import LANGUAGES, both, same

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection

    from jumelage.document import Part
    from jumelage.reporting.entries import Ledger
    from jumelage.reporting.sheet import Sheet
    from jumelage.revisions.scope import Scope

_MANIFEST = "manifest.json"
_FILES = frozenset((*(f"{lang}.html" for lang in LANGUAGES), "index.html", _MANIFEST))
_WAIT = 30.0  # seconds for whoever else publishes into the same folder


@dataclass(frozen=True, slots=True)
class Published:
    """The pages of a publication, and the ledger that stands in them; None where waves are compared.

    `kept` is the folder of the publication before, if it holds files that no publication made.
    """

    pages: tuple[Path, ...]
    ledger: Ledger | None
    kept: Path | None = None


def check_out(out: Path) -> None:
    """Raise UsageError unless a publication can be swapped in there."""
    if not out.name:
        raise UsageError(both("--out doit nommer un dossier", "--out must name a folder"))
    if os.path.lexists(out) and _finished(out) is None:
        raise UsageError(
            both(
                "{} est là et n’est pas une publication de jumelage\u00a0; supprimez-le ou choisissez un autre --out",
                "{} is there and is not a publication of jumelage; remove it or choose another --out",
                out,
            )
        )


def publish(connection: Connection, scope: Scope, out: Path) -> Published:
    """Check the wave in scope and publish it into a folder; of several waves, publish the reports that tell them apart.

    `out` becomes a link to a finished folder beside it, named after its content: the swap is one rename.
    DataError, and nothing published, where the check finds a problem.
    """
    check_out(out)
    ledger, sheets = _compute(connection, scope)
    parts = _arranged(sheets, compared=ledger is None)
    waves = waves_of(sheets.values())
    files = {f"{lang}.html": render_page(parts, ledger, lang) for lang in LANGUAGES}
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
    files[_MANIFEST] = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        kept = _swap_in(out, files)
    except OSError as error:
        raise OutputError(
            both("{} ne peut être publié\u00a0: {}", "{} cannot be published: {}", out, error.strerror or str(error))
        ) from error
    return Published(tuple(out / f"{lang}.html" for lang in LANGUAGES), ledger, kept)


def _arranged(sheets: dict[str, Sheet], *, compared: bool) -> list[tuple[Part, list[Sheet]]]:
    """Return the sections of the publication with the sheets that stand in each; what none names is in the last."""
    shown = [sheet for _, sheet in sorted(sheets.items()) if sheet.rows or not sheet.report.asks]
    parts = parts_of(compared=compared)
    named = {report for part in parts for report in part.reports}
    arranged = [
        (part, [sheet for report in part.reports for sheet in shown if sheet.report.name == report]) for part in parts
    ]
    arranged[-1][1].extend(sheet for sheet in shown if sheet.report.name not in named)
    return [(part, found) for part, found in arranged if found]


def _compute(connection: Connection, scope: Scope) -> tuple[Ledger | None, dict[str, Sheet]]:
    """Return the ledger of the wave in scope and its reports; of several waves, no ledger."""
    if len(scope.revisions) > 1:
        with own_reports(connection, scope):
            reports = [report for report in map(report_file.report, report_file.report_names()) if report.by_wave]
            enough = [report for report in reports if report.waves <= len(scope.revisions)]
            each = (sheet for report in enough for sheet in run_each(connection, report, scope))
            return None, {sheet.name: sheet for sheet in each}
    ledger, sheets = check(connection, scope)
    if ledger.problems:
        raise DataError(
            both(
                "rien n’a été publié\u00a0; `jumelage check` dit\u00a0:\n{}",
                "nothing was published; `jumelage check` says:\n{}",
                same("\n".join(ledger.problems)),
            )
        )
    return ledger, sheets


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Become the only one who publishes into a folder, and tell whether that worked; a lock ends with its process.

    BusyError if somebody else goes on for longer than a publication takes. Some file systems know no locks.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + _WAIT
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise BusyError(
                        both(
                            "{}\u00a0: un autre processus y publie\u00a0; réessayez plus tard",
                            "{}: another process is publishing there; try again later",
                            folder,
                        )
                    ) from None
                time.sleep(0.05)
            except OSError:
                yield False
                return
            else:
                yield True
                return
    finally:
        os.close(handle)


def _swap_in(out: Path, files: dict[str, str]) -> Path | None:
    """Build the finished folder beside the link, point the link at it, and remove what it pointed at before.

    A finished folder is used again as long as it holds what it should. Returns the folder of before where it is kept,
    since it holds what no publication made.
    """
    with _alone(out.parent) as alone:
        if alone:
            _remove_what_was_left(out)
        name = hashlib.sha256(files[_MANIFEST].encode()).hexdigest()[:16]
        candidates = (out.with_name(f".{out.name}-{name}-{number}") for number in count(1))
        finished = next(path for path in candidates if not path.exists() or _holds(path, files))
        if not finished.exists():
            _build(out, finished, files)
        before = _finished(out)
        link = out.with_name(f".{out.name}-link-{os.getpid()}")
        link.symlink_to(finished.name)
        link.replace(out)
        if before is not None and before.name != finished.name and not _remove(before, _made(before)):
            return before
    return None


def _build(out: Path, finished: Path, files: dict[str, str]) -> None:
    building = Path(mkdtemp(prefix=f".{out.name}-building-", dir=out.parent))
    try:
        building.chmod(0o755)
        for file, text in files.items():
            (building / file).write_text(text, encoding="utf-8", newline="\n")
        building.rename(finished)
    except OSError:
        _remove(building, set(files))
        if not _holds(finished, files):
            raise


def _remove_what_was_left(out: Path) -> None:
    """Remove what killed publications left behind: whoever holds the lock knows that none of them is still running."""
    for path in out.parent.iterdir():
        if path.is_symlink() and re.fullmatch(re.escape(f".{out.name}-link-") + "[0-9]+", path.name):
            path.unlink()
        elif path.is_dir() and re.fullmatch(re.escape(f".{out.name}-building-") + r"\w+", path.name):
            _remove(path, _FILES)


def _made(folder: Path) -> set[str]:
    """Return which files of a finished folder are those that its publication made, byte for byte."""
    try:
        text = (folder / _MANIFEST).read_bytes()
        known = dict(json.loads(text)["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    if not folder.name.split("-")[-2].startswith(hashlib.sha256(text).hexdigest()[:16]):
        return set()
    same = {
        name
        for name, digest in known.items()
        if name in _FILES
        and (folder / name).is_file()
        and hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    }
    return same | {_MANIFEST}


def _remove(folder: Path, names: Collection[str]) -> bool:
    """Remove these files of a folder, and the folder if that was all; tell whether it is gone."""
    try:
        if {path.name for path in folder.iterdir()} <= set(names):
            for name in names:
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()
    except OSError:
        return False
    return not folder.exists()


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
