"""Queries that are kept for all readers: files NAME.sql of a folder, whose first comment is their title."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage.database.free_queries import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = re.compile(r"[\w-][\w.-]*")


@dataclass(frozen=True, slots=True)
class Stored:
    """A query that is kept: the name of its file, its title and its text."""

    name: str
    title: str
    sql: str


def stored_queries(folder: Path | None) -> list[Stored]:
    """Return the queries of a folder by title; what cannot be read, or lies elsewhere, is left out."""
    return sorted(_read(folder), key=lambda one: (one.title.casefold(), one.name)) if folder else []


def _read(folder: Path) -> Iterator[Stored]:
    for path in folder.glob("*.sql"):
        try:
            if not path.resolve().is_relative_to(folder.resolve()) or path.stat().st_size > LONGEST:
                continue
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            continue
        if _NAME.fullmatch(path.stem):
            first = text.lstrip().partition("\n")[0]
            title = first.removeprefix("--").strip() if first.startswith("--") else ""
            yield Stored(path.stem, title or path.stem, text)
