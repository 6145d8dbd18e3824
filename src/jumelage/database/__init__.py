"""Where the tables are: a URL goes in, a connection in one transaction comes out, on DuckDB or PostgreSQL.

What the rest of the house may use is exported here; Alembic is imported by `migrate` alone.
"""

from jumelage.database.bulk import analyze, append, fetch, orphans, settle, spool, superuser, variables
from jumelage.database.connection import (
    creating,
    in_memory,
    lock,
    make_engine,
    only_read,
    opened,
    reading,
    replacing,
    translated,
    writing,
)
from jumelage.database.sql import file_to_read, from_spool, literal, query, stream
from jumelage.database.state import columns, content_hash, current, head, migrations, outdated
from jumelage.database.urls import DEFAULT, ENVIRONMENT, exists, files, now, resolve_url, shown

__all__ = [
    "DEFAULT",
    "ENVIRONMENT",
    "analyze",
    "append",
    "columns",
    "content_hash",
    "creating",
    "current",
    "exists",
    "fetch",
    "file_to_read",
    "files",
    "from_spool",
    "head",
    "in_memory",
    "literal",
    "lock",
    "make_engine",
    "migrations",
    "now",
    "only_read",
    "opened",
    "orphans",
    "outdated",
    "query",
    "reading",
    "replacing",
    "resolve_url",
    "settle",
    "shown",
    "spool",
    "stream",
    "superuser",
    "translated",
    "variables",
    "writing",
]
