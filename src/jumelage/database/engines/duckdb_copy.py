"""Whole copies of DuckDB files: made by DuckDB, held against what they are copies of, and put in their place."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jumelage.database.engines.duckdb_file import start_of
from jumelage.database.engines.duckdb_log import passes_over
from jumelage.database.sql import literal
from jumelage.errors import BusyError, DatabaseError
from jumelage.temporary import temporary_folder
from jumelage.texts import Label, both, filled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SMALLEST, USUAL = 16384, 262144  # bytes of a block; a file of few rows is a tenth as large with the smallest
_SOURCE, _TARGET = "jumelage_copied", "jumelage_copy"
_BUSY = Label(
    "{} est occupé\u00a0: un autre processus l’a ouvert\u00a0; réessayez plus tard",
    "{} is busy: another process has it open; try again later",
)
_CHANGED = Label(
    "{} a changé entre-temps\u00a0; relancez la commande", "{} has changed in the meantime; run the command again"
)
# What a file and its log are told apart by, each None where it is not there.
Seen = tuple[tuple[int, int, int] | None, ...]


def copy(source: Path, target: Path, block: int, config: Mapping[str, str]) -> None:
    """Make a new file of all that is in another one: tables, views, comments, what analysts made besides.

    DuckDB reads it, and holds it against writers meanwhile: a copy byte by byte would not have what stands in its log
    alone. Every table is then held against its copy. Raises what DuckDB raises, and DatabaseError for a copy that is
    not the same.
    """
    import duckdb

    with temporary_folder() as scratch, duckdb.connect(config=dict(config)) as connection:
        connection.execute(f"set temp_directory = {literal(scratch)}")
        connection.execute(f"attach {literal(source)} as {_SOURCE} (read_only)")
        connection.execute(f"attach {literal(target)} as {_TARGET} (block_size {block})")
        connection.execute(f"copy from database {_SOURCE} to {_TARGET}")
        tables = connection.execute(
            f"select schema_name, table_name from duckdb_tables() where database_name = '{_SOURCE}' order by all"
        ).fetchall()
        for schema, table in tables:
            sums = [
                connection.execute(
                    "select count(*), sum(cast(hash(jumelage_row) as hugeint)) "
                    f"from {database}.{_quoted(schema)}.{_quoted(table)} as jumelage_row"
                ).fetchone()
                for database in (_SOURCE, _TARGET)
            ]
            if sums[0] != sums[1]:
                raise DatabaseError(
                    both(
                        "{}\u00a0: la copie de {}.{} n’est pas la même",
                        "{}: the copy of {}.{} is not the same",
                        target.name,
                        schema,
                        table,
                    )
                )
        connection.execute(f"detach {_TARGET}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def log_of(place: Path) -> Path:
    """Return where DuckDB keeps the log of a file."""
    return place.with_name(f"{place.name}.wal")


def is_log_damaged(place: Path) -> bool:
    """Tell whether the log beside a file, if there is one, is damaged so that DuckDB would pass over some of it."""
    log = log_of(place)
    try:
        size = log.stat().st_size
        return size > 0 and passes_over(start_of(log, size))
    except OSError:  # it has just gone
        return False


def drop_log_of_replaced(place: Path) -> None:
    """Remove the log of a file that is not there any more: what replaced it was killed before it could.

    Nothing is lost: the log has a second name beside the file that it is of.
    """
    log = log_of(place)
    with suppress(OSError):
        if log.stat().st_nlink > 1 and any(
            log_of(kept).exists() and log_of(kept).samefile(log) and not kept.samefile(place)
            for kept in _all_kept(place)
        ):
            log.unlink()


def seen(place: Path) -> Seen:
    """Return what tells whether a file and its log are still those that were looked at."""
    found: list[tuple[int, int, int] | None] = []
    for path in (place, log_of(place)):
        try:
            there = path.stat()
            found.append((there.st_ino, there.st_size, there.st_mtime_ns))
        except FileNotFoundError:
            found.append(None)
    return tuple(found)


def put_in_place(beside: Path, place: Path, shown: str, before: Seen) -> Path | None:
    """Move a whole file to a place, and return where the one is kept that was there; None if there was none.

    Nobody has that one open meanwhile, and it is as it was seen `before`: BusyError otherwise. At every moment one of
    the two is there, whole.
    """
    if before[0] is None:
        if seen(place)[0] is not None:
            raise BusyError(filled(_CHANGED, shown))
        beside.rename(place)
        return None
    with _nobody_else(place, shown):
        if seen(place) != before:
            raise BusyError(filled(_CHANGED, shown))
        beside.chmod(place.stat().st_mode & 0o777)
        kept = _kept(place)
        log = log_of(place)
        if log.exists():  # of a file that could not be opened: it goes with it, for whoever can
            _link(log, log_of(kept))
        beside.rename(place)
        with suppress(FileNotFoundError):
            log.unlink()
    return kept


def _kept(place: Path) -> Path:
    """Give a file a second name, under which it stays; one that a killed run gave it will do."""
    for path in _all_kept(place):
        if path.samefile(place):
            return path
    name = f"{place.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    kept, number = place.with_name(name), 1
    while kept.exists():
        number += 1
        kept = place.with_name(f"{name}-{number}")
    _link(place, kept)
    return kept


def _all_kept(place: Path) -> list[Path]:
    import glob

    return sorted(place.parent.glob(f"{glob.escape(place.name)}.before-*"))


def _link(path: Path, kept: Path) -> None:
    """Give a file a second name; where a file system has none, move it there: for a moment it is there alone."""
    with suppress(FileExistsError):
        try:
            os.link(path, kept)
        except OSError as error:
            if isinstance(error, FileExistsError):
                raise
            path.rename(kept)


@contextmanager
def _nobody_else(place: Path, shown: str) -> Iterator[None]:
    """Hold a file as DuckDB does who writes to it, so that no one does; it need not be one that DuckDB can read."""
    held = os.open(place, os.O_RDWR)
    try:
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise BusyError(filled(_BUSY, shown)) from None
        yield
    finally:
        os.close(held)
