"""Where a database is: its URL, as it is given and as it may be shown."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from jumelage.errors import UsageError

ENVIRONMENT = "JUMELAGE_DATABASE_URL"
DEFAULT = "jumelage.duckdb"
_RESERVED = {"survey", "main", "temp", "system", "information_schema", "pg_catalog"}


def resolve_url(option: str | None) -> URL:
    """Return the database's URL: of the option, else of the environment, else ./jumelage.duckdb.

    A plain path is a DuckDB file. UsageError for what is no URL of an engine that jumelage runs on.
    """
    given = option if option is not None else os.environ.get(ENVIRONMENT) or DEFAULT
    if not given.strip():
        raise UsageError("--db is empty; give a DuckDB file or a URL")
    if "://" not in given:
        if re.match(r"[a-z+]{2,}:|.*\b(host|dbname|password)=", given):
            raise UsageError("the database URL cannot be read; write engine://user@host/name")
        url = URL.create("duckdb", database=given)
    else:
        try:
            url = make_url(given)
        except (ArgumentError, ValueError):
            raise UsageError("the database URL cannot be read; write engine://user@host/name") from None
    engine = url.get_backend_name()
    if engine in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if engine != "duckdb":
        raise UsageError(f"{engine} databases are not supported; use duckdb:///file or postgresql://…")
    if not url.database or url.database == ":memory:":
        raise UsageError("a DuckDB database needs a file: duckdb:///jumelage.duckdb")
    if Path(url.database).stem.lower() in _RESERVED:
        raise UsageError(f"{url.database}: a DuckDB file of that name hides a schema; choose another name")
    return url


def shown(url: URL) -> str:
    """Return a URL as it may be printed: a file's path, or a server's address without any secret."""
    if url.get_backend_name() == "duckdb":
        return str(url.database)
    plain = url.set(drivername="postgresql", query={})
    return plain.render_as_string(hide_password=True)


def secrets_in(url: URL) -> list[str]:
    """Return what of a URL must never be printed."""
    values = [url.password, *(url.query.get(name) for name in ("password", "sslpassword", "passfile"))]
    return [str(value) for value in values if value]


def exists(url: URL) -> bool:
    """Tell whether there is a database; of a server's only its connection can tell."""
    return url.get_backend_name() != "duckdb" or Path(str(url.database)).exists()
