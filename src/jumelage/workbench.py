"""The DuckDB in which rows are read and checked before they go anywhere, whatever the target.

On a DuckDB target it is the target's own connection, with temporary tables; on PostgreSQL a database in memory.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from jumelage import content, database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

# match_key finds names and never orders; sort_key orders as French lists do, without any collation.
_MACROS = (
    """create or replace temp macro folded(x) as
       replace(replace(replace(lower(strip_accents(x)), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss')""",
    r"""create or replace temp macro match_key(x) as
        nullif(trim(regexp_replace(regexp_replace(
            ' ' || regexp_replace(folded(x), '[^\p{L}\p{N}]+', ' ', 'g') || ' ',
            ' st ', ' saint ', 'g'), ' ste ', ' sainte ', 'g')), '')""",
    "create or replace temp macro sort_key(x) as regexp_replace(folded(x), '[^a-z0-9]', '', 'g')",
)


@contextmanager
def workbench(target: Connection) -> Iterator[Connection]:
    """Open the workbench for a target."""
    if database.is_duckdb(target):
        _prepare(target)
        yield target
        return
    with database.in_memory().begin() as bench:
        _prepare(bench)
        yield bench


def _prepare(bench: Connection) -> None:
    for macro in _MACROS:
        bench.exec_driver_sql(macro)


def put(bench: Connection, table: str, kinds: dict[str, str], columns: Sequence[Sequence[object]]) -> None:
    """Put columns of values into a new temporary table: `kinds` are the columns' names with their types."""
    unnested = ", ".join(f"unnest(cast(? as {kind}[])) as {name}" for name, kind in kinds.items())
    bench.exec_driver_sql(f"create or replace temp table {table} as select {unnested}", tuple(columns))


def read_code_lists(bench: Connection) -> None:
    """Read every code list of the project, all columns as text, into a temporary table `list_NAME`."""
    for name, path in content.code_lists().items():
        bench.exec_driver_sql(
            f"create or replace temp table list_{name} as select * from read_csv(?, all_varchar = true, "
            "header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '')",
            (str(path),),
        )
