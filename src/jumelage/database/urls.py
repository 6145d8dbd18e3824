"""Where a database is: its URL, as it is given and as it may be shown."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from jumelage.database.engines import ENGINES, UNREADABLE_URL, engine_named, engine_of
from jumelage.errors import UsageError
from jumelage.texts import Label, both, filled, same

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL

ENVIRONMENT = "JUMELAGE_DATABASE_URL"
DEFAULT = "jumelage.duckdb"
_BY_DEFAULT = Label(
    " (là où elle est si ni --db ni ${} n’en nomment une)", " (where it is unless --db or ${} names one)"
)
_UNREADABLE = filled(UNREADABLE_URL, Label("écrivez engine://user@host/name", "write engine://user@host/name"))


def resolve_url(option: str | None) -> URL:
    """Return the database's URL: of the option, else of the environment, else ./jumelage.duckdb.

    A plain path is a DuckDB file. UsageError for what is no URL of an engine that jumelage runs on; what is given is
    not repeated then, since it may hold a password.
    """
    given = option if option is not None else os.environ.get(ENVIRONMENT) or DEFAULT
    if not given.strip():
        raise UsageError(
            both(
                "--db est vide\u00a0; donnez un fichier DuckDB ou une URL", "--db is empty; give a DuckDB file or a URL"
            )
        )
    scheme, found, _ = given.partition("://")
    for engine in map(engine_named, ENGINES if ":" in given else ()):
        if given.lower().startswith(engine.schemes):
            return engine.read_url(given)
    if not found:
        if re.match(r"[a-z+]{2,}:|.*:.*@|.*\b(host|dbname|password|service)\s*=", given):
            raise UsageError(_UNREADABLE)
        return engine_named("duckdb").read_url(given)
    name = scheme.partition("+")[0].lower()
    if not re.fullmatch(r"[a-z0-9]+", name):
        raise UsageError(_UNREADABLE)
    for engine in map(engine_named, ENGINES):
        if f"{name}://" in engine.schemes:
            return engine.read_url(given)
    raise UsageError(
        both(
            "les bases {} ne sont pas prises en charge\u00a0; employez duckdb:///fichier ou postgresql://…, "
            "et pour lire seulement lake:dossier ou sparkconnect://…",
            "{} databases are not supported; use duckdb:///file or postgresql://…, and only to read lake:folder or "
            "sparkconnect://…",
            name,
        )
    )


def where_named(url: URL) -> Label:
    """Say, after the place of a database, why it was looked for there; nothing where somebody has just named it."""
    given = os.environ.get(ENVIRONMENT)
    if given and url == resolve_url(given):
        return same(f" (${ENVIRONMENT})")
    if not given and url == resolve_url(DEFAULT):
        return filled(_BY_DEFAULT, ENVIRONMENT)
    return same("")


def resolve_beside(given: str, folder: Path) -> URL:
    """Return the URL of the database that a file in a folder names: the path of a database file begins there."""
    url = resolve_url(given)
    return url.set(database=str(folder / str(url.database))) if files(url) else url


def shown(url: URL) -> str:
    """Return a URL as it may be printed: a file's path, or a server's address without any secret."""
    return engine_of(url).shown(url)


def exists(url: URL) -> bool:
    """Tell whether there is a database; of a server's only its connection can tell."""
    return engine_of(url).exists(url)


def check_copies(url: URL) -> None:
    """Raise UsageError where copies of a database are made by tools of its server."""
    engine_of(url).check_copies(url)


def now(url: URL) -> URL:
    """Return the URL of what is there now: all that is opened by it is the same, whatever is put there since."""
    return engine_of(url).now(url)


def files(url: URL) -> tuple[Path, ...]:
    """Return the files of this machine that a database consists of, or the folder that holds nothing else."""
    return engine_of(url).files(url)
