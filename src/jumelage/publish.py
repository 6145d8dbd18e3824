"""Publish a wave: finished beside, then swapped in whole, so that a reader never sees half of it."""

from __future__ import annotations

import hashlib
import html
import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage import __version__, database
from jumelage.content import LANGUAGES
from jumelage.errors import DataError, UsageError
from jumelage.ledger import check
from jumelage.render.html import render_page

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL

    from jumelage.ledger import Ledger

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
)


@dataclass(frozen=True, slots=True)
class Published:
    """The pages of a publication, and the ledger that stands in them."""

    pages: tuple[Path, ...]
    ledger: Ledger


def publish(url: URL, out: Path, wave: str | None) -> Published:
    """Check a wave and publish it into a folder.

    `out` becomes a link to a finished folder beside it, named after its content: the swap is one rename.
    DataError, and nothing published, where the check finds a problem.
    """
    if out.exists() and not out.is_symlink():
        raise UsageError(f"{out} is there and is not a publication of jumelage; remove it or choose another --out")
    with database.reading(url) as connection:
        ledger, sheets = check(connection, database.find_scope(connection, wave))
    if ledger.problems:
        raise DataError("nothing was published; `jumelage check` says:\n" + "\n".join(ledger.problems))
    ordered = {name: sheets[name] for name in sorted(sheets, key=_place)}
    facts = next(iter(ordered.values())).wave
    files = {f"{lang}.html": render_page(ordered, ledger, facts, lang) for lang in LANGUAGES}
    files["index.html"] = _INDEX.format(title=html.escape(facts.title.fr))
    manifest = {
        "wave": facts.wave,
        "revision": facts.revision,
        "content_hash": facts.facts["content_hash"],
        "software": f"jumelage {__version__}",
        "statuses": ledger.counts(),
        "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(files.items())},
    }
    files["manifest.json"] = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    try:
        _swap_in(out, files)
    except OSError as error:
        raise UsageError(f"{out} cannot be published: {error.strerror or error}") from error
    return Published(tuple(out / f"{lang}.html" for lang in LANGUAGES), ledger)


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _swap_in(out: Path, files: dict[str, str]) -> None:
    name = hashlib.sha256(files["manifest.json"].encode()).hexdigest()[:16]
    finished = out.with_name(f".{out.name}-{name}")
    if not finished.is_dir():
        building = out.with_name(f".{out.name}-{name}.{os.getpid()}")
        building.mkdir(parents=True)
        try:
            for file, text in files.items():
                (building / file).write_text(text, encoding="utf-8", newline="\n")
            building.rename(finished)
        except OSError:
            shutil.rmtree(building, ignore_errors=True)
            if not finished.is_dir():
                raise
    link = out.with_name(f".{out.name}.{os.getpid()}")
    link.symlink_to(finished.name)
    link.replace(out)
    for old in out.parent.glob(f".{out.name}-*"):
        if old != finished:
            shutil.rmtree(old, ignore_errors=True)


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
