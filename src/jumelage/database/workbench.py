"""The DuckDB in which rows are read and checked before they go anywhere, whatever the target.

On a DuckDB target it is the target's own connection, with temporary tables; on PostgreSQL a database in memory.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from jumelage import content
from jumelage.database.connection import in_memory
from jumelage.database.engines import engine_of
from jumelage.database.keys import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection


@contextmanager
def workbench(target: Connection, scratch: Path | None = None) -> Iterator[Connection]:
    """Open the workbench for a target; what does not fit into memory goes to the folder `scratch`."""
    if (bench := engine_of(target).workbench(target)) is not None:
        _prepare(bench, scratch)
        yield bench
        return
    with in_memory().begin() as bench:
        _prepare(bench, scratch)
        yield bench


def _prepare(bench: Connection, scratch: Path | None) -> None:
    if scratch is not None:
        engine_of(bench).room(bench, scratch)
    for macro in KEYS:
        bench.exec_driver_sql(macro)


def put(bench: Connection, table: str, kinds: dict[str, str], columns: Sequence[Sequence[object]]) -> None:
    """Put columns of values into a new temporary table: `kinds` are the columns' names with their types."""
    unnested = ", ".join(f"unnest(cast(? as {kind}[])) as {name}" for name, kind in kinds.items())
    bench.exec_driver_sql(f"create or replace temp table {table} as select {unnested}", tuple(columns))


def read_code_lists(bench: Connection) -> None:
    """Read every code list of the project, all columns as text, into a temporary table `list_NAME`."""
    for name, path in content.code_lists().items():
        try:
            bench.exec_driver_sql(
                f"create or replace temp table list_{name} as select * from read_csv(?, all_varchar = true, "
                "header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '')",
                (str(path),),
            )
        except DBAPIError:
            content.read_text(path)  # says so if it is not UTF-8
            raise
