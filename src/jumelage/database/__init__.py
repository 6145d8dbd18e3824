"""Where the tables are: a URL goes in, a connection in one transaction comes out, on DuckDB or PostgreSQL.

What the rest of the house may use is exported here; Alembic is imported by `migrate` alone.
"""

from jumelage.database.bulk import (
    analyze,
    append,
    fetch,
    fingerprint,
    orphans,
    read_through,
    settle,
    spool,
    superuser,
    variables,
)
from jumelage.database.connection import (
    copied,
    creating,
    holding,
    in_memory,
    make_engine,
    only_read,
    opened,
    reading,
    replacing,
    translated,
    writing,
)
from jumelage.database.people import columns_to_read, hidden, readable, unguarded
from jumelage.database.sql import file_to_read, from_spool, literal, query, stream
from jumelage.database.state import columns, content_hash, current, head, migrations, outdated
from jumelage.database.urls import DEFAULT, ENVIRONMENT, check_copies, exists, files, now, resolve_url, shown

__all__ = [
    "DEFAULT",
    "ENVIRONMENT",
    "analyze",
    "append",
    "check_copies",
    "columns",
    "columns_to_read",
    "content_hash",
    "copied",
    "creating",
    "current",
    "exists",
    "fetch",
    "file_to_read",
    "files",
    "fingerprint",
    "from_spool",
    "head",
    "hidden",
    "holding",
    "in_memory",
    "literal",
    "make_engine",
    "migrations",
    "now",
    "only_read",
    "opened",
    "orphans",
    "outdated",
    "query",
    "read_through",
    "readable",
    "reading",
    "replacing",
    "resolve_url",
    "settle",
    "shown",
    "spool",
    "stream",
    "superuser",
    "translated",
    "unguarded",
    "variables",
    "writing",
]
