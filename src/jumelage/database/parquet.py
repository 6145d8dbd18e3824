"""A Parquet file of rows that stand in a file, JSON or spooled: DuckDB reads the one and writes the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.database.connection import in_memory
from jumelage.database.engines import engine_of
from jumelage.database.sql import file_to_read, from_spool, literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_parquet(rows: Path, kinds: Mapping[str, str], out: Path) -> None:
    """Write a Parquet file of a JSON array, one object per row; `kinds` are the columns in order, with their types.

    The same rows give the same bytes, whatever the machine. What does not fit into memory goes beside `out`.
    """
    listed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in kinds.items())
    _copy(
        f"select * from read_json({file_to_read(rows)}, format = 'array', records = true, columns = {{{listed}}})",
        out,
    )


def parquet_of_spool(rows: Path, kinds: Mapping[str, str], out: Path) -> None:
    """Write a Parquet file of rows that `spool` wrote, as `write_parquet` does."""
    _copy(from_spool(rows, kinds), out)


def _copy(sql: str, out: Path) -> None:
    with in_memory().begin() as bench:
        engine_of(bench).room(bench, out.parent)
        bench.exec_driver_sql("set threads = 1")
        bench.exec_driver_sql(f"copy ({sql}) to {literal(out)} (format parquet, compression zstd)")
