"""Export into a lake: what a database holds beyond what is in the lake, file by file, and the index last."""

from __future__ import annotations

import os
import re
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from jumelage import __version__, database
from jumelage.database.lake import INDEX, File, Index, by_revision, check_files, held, read_index
from jumelage.database.models import OF_A_REVISION, SCHEMA
from jumelage.database.workbench import workbench
from jumelage.errors import DatabaseError, OutputError, UsageError
from jumelage.exporting.descriptor import fingerprint
from jumelage.locking import wait_for_lock
from jumelage.temporary import folder_in, temporary_folder
from jumelage.texts import NOT_WRITTEN, both, filled
from jumelage.writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection, Table
    from sqlalchemy.engine import URL

WAIT = 30.0  # seconds for another export
_STAYS = timedelta(days=1)  # of a file that no index names any more: somebody may still read by the one before
_NAMED = 16  # characters of its hash, by which a file is named
_PART = ".jumelage-part-"
_OURS = re.compile(r"(\w+)/(?:[0-9a-f]{16}|wave=[a-z0-9-]+/revision=[0-9]+/[0-9a-z]+)\.parquet")


@dataclass(frozen=True, slots=True)
class Done:
    """What an export into a lake did: the revisions that it added, and how many files it wrote of how many bytes."""

    revisions: tuple[str, ...]
    files: int
    bytes: int


def export_lake(url: URL, folder: Path, wait: float = WAIT) -> Done:
    """Bring a lake to what the database says now: only what is new is written, and no file of the lake again.

    Whenever it is killed, the lake is as before or as after. UsageError for a folder that holds something else, or a
    lake of another database; BusyError if another export into it goes on for longer than `wait` seconds.
    """
    try:
        _check_place(folder)
        folder.mkdir(parents=True, exist_ok=True)
        # The database is opened under the lock: of two exports, the later one has seen at least as much.
        with alone(folder, time.monotonic() + wait), _tidied(folder), database.reading(url) as connection:
            return _export(connection, folder)
    except OSError as error:
        raise OutputError(filled(NOT_WRITTEN, error.filename or folder, error.strerror or str(error))) from error


def _export(connection: Connection, folder: Path) -> Done:
    before = _index_of(folder)
    _remove_unnamed(folder, before)
    there = _revisions(connection)
    if before is not None:
        check_files(folder, before)
        _check_same_database(before, there, folder)
    migration = str(database.current(connection))
    # What is of another migration has other columns: all is written again, under other names.
    known = before.files() if before and before.migration == migration else {}
    new = [name for name in there if not known or before is None or name not in before.revisions]
    tables: dict[str, list[File]] = {name: [] for name in sorted(by_revision())}
    for file in known.values():
        if file.wave is not None:
            tables[file.path.partition("/")[0]].append(file)
    with _Writer(connection, folder, migration) as writer:
        for table in held():
            if table.name in by_revision():
                found = (writer.revision(table, *name.split("@")) for name in new)
                tables[table.name] += filter(None, found)
            else:
                tables[table.name] = [writer.whole(table, known)]
        made = Index(
            migration=migration,
            code_lists=database.content_hash(connection, "code_lists"),
            software=__version__,
            written_at=_now(),
            revisions=there,
            tables={name: tuple(sorted(files, key=lambda file: file.path)) for name, files in sorted(tables.items())},
            superseded={},
        )
    _put(folder, before, made)
    return Done(tuple(new), writer.files, writer.bytes)


def _index_of(folder: Path) -> Index | None:
    return read_index(folder) if (folder / INDEX).exists() else None


def _put(folder: Path, before: Index | None, made: Index) -> None:
    """Put the index in its place, once all that it names is on the disk, and remove what has waited long enough."""
    named = made.files()
    superseded = {name: until for name, until in (before.superseded if before else {}).items() if name not in named}
    gone = [name for name, until in superseded.items() if until < _now()]
    for name in before.files() if before else ():
        if name not in named:
            superseded.setdefault(name, _now(_STAYS))
    made = replace(made, superseded={name: until for name, until in superseded.items() if name not in gone})
    if before is None or replace(made, software=before.software, written_at=before.written_at) != before:
        write_whole((made.text().encode(),), folder / INDEX)
        _keep(folder)
    for name in gone:
        (folder / name).unlink(missing_ok=True)


def _now(later: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) + later).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Writer:
    """Writes files of Parquet beside, and puts each in its place when it is whole and on the disk."""

    def __init__(self, connection: Connection, folder: Path, migration: str) -> None:
        self._connection, self._folder, self._migration = connection, folder, migration
        self._kept = ExitStack()
        self.files = self.bytes = 0

    def __enter__(self) -> Self:
        self._scratch = self._kept.enter_context(temporary_folder())
        self._beside = self._kept.enter_context(folder_in(self._folder, _PART))
        self._bench = self._kept.enter_context(
            workbench(self._kept.enter_context(database.in_memory().begin()), self._scratch)
        )
        # The same rows are the same bytes, by which a file is named.
        self._bench.exec_driver_sql("set threads = 1")
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    def revision(self, table: Table, wave: str, revision: str) -> File | None:
        """Write the rows of a revision, if there are any."""
        where = f"where wave = {database.literal(wave)} and revision = {int(revision)}"
        rows = self._write(table, [column.name for column in table.columns if column.name not in OF_A_REVISION], where)
        if not rows:
            return None
        path = f"{table.name}/wave={wave}/revision={revision}/{self._migration}.parquet"
        return self._placed(File(path, rows, *self._made(), wave=wave, revision=int(revision)), {})

    def whole(self, table: Table, known: Mapping[str, File]) -> File:
        """Write all rows of a table, if a file that is known does not hold just these."""
        rows = self._write(table, [column.name for column in table.columns], "")
        size, digest = self._made()
        return self._placed(File(f"{table.name}/{digest[:_NAMED]}.parquet", rows, size, digest), known)

    @property
    def _part(self) -> Path:
        return self._beside / "part.parquet"

    def _made(self) -> tuple[int, str]:
        return self._part.stat().st_size, fingerprint(self._part)

    def _write(self, table: Table, columns: list[str], where: str) -> int:
        kinds = {name: str(table.columns[name].type) for name in columns}
        # Rows of a revision stay in the order in which they were handed in; of all others none is known.
        keys = "" if where else ", ".join(column.name for column in table.primary_key.columns)
        rows = self._scratch / "rows.csv"
        with rows.open("wb") as file:
            sql = f"select {', '.join(columns)} from {table.fullname} {where}"
            database.spool(self._connection, sql, columns, file)
        if where and not rows.stat().st_size:
            return 0
        order = f" order by {keys}" if keys else ""
        self._part.unlink(missing_ok=True)
        done = self._bench.exec_driver_sql(
            f"copy (from ({database.from_spool(rows, kinds)}){order}) to {database.literal(self._part)} "
            "(format parquet, compression zstd)"
        )
        return int(done.scalar() or 0)

    def _placed(self, file: File, known: Mapping[str, File]) -> File:
        if file.path not in known:
            path = self._folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            _keep(self._part)
            self._part.rename(path)
            for above in path.parents:
                _keep(above)
                if above == self._folder:
                    break
            self.files += 1
            self.bytes += file.bytes
        return file


def _revisions(connection: Connection) -> dict[str, str]:
    """Return the content hash of every revision of a database."""
    sql = f"select wave, revision, content_hash from {SCHEMA}.revisions order by wave, revision"
    return {f"{wave}@{revision}": found for wave, revision, found in database.query(connection, sql)[1]}


def _check_same_database(before: Index, there: Mapping[str, str], folder: Path) -> None:
    for name, found in before.revisions.items():
        if there.get(name) != found:
            raise UsageError(
                both(
                    "{}\u00a0: le lac est tiré d’une autre base, car il a une autre révision {}\u00a0; "
                    "nommez-en un autre",
                    "{}: the lake is of another database, since it has another revision {}; name another one",
                    folder,
                    name,
                )
            )


def _check_place(folder: Path) -> None:
    """Raise UsageError for a folder that holds something which no export put there."""
    if not os.path.lexists(folder):
        return
    known = {table.name for table in held()}
    strange = folder if not folder.is_dir() else None
    if strange is None and not (folder / INDEX).exists():
        strange = next((one for one in sorted(folder.iterdir()) if not (one.name in known or _PART in one.name)), None)
    if strange is not None:
        raise UsageError(
            both(
                "{}\u00a0: ce n’est pas un lac, car {} y est\u00a0; choisissez un dossier neuf",
                "{} is no lake, since {} is there; choose a new folder",
                folder,
                strange,
            )
        )


@contextmanager
def alone(folder: Path, until: float) -> Iterator[None]:
    """Be the only one that exports into a folder; the lock is on the folder itself, and ends with this process."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        busy = both(
            "{} est occupé\u00a0: un autre export y écrit\u00a0; réessayez plus tard",
            "{} is busy: another export writes into it; try again later",
            folder,
        )
        if not wait_for_lock(handle, until, busy):
            raise OutputError(
                both(
                    "{} ne peut être verrouillé\u00a0: son système de fichiers ne connaît pas de verrous\u00a0; "
                    "exportez sur un disque local, et copiez le dossier",
                    "{} cannot be locked: its file system knows no locks; export to a local disk, and copy the folder",
                    folder,
                )
            )
        yield
    finally:
        os.close(handle)


def _remove_unnamed(folder: Path, index: Index | None) -> None:
    """Remove what an export that was killed left: files of ours that no index has ever named."""
    named = {*index.files(), *index.superseded} if index else set()
    for table in held():
        for path in (folder / table.name).rglob("*.parquet"):
            name = path.relative_to(folder).as_posix()
            if name not in named and _OURS.fullmatch(name):
                path.unlink()


@contextmanager
def _tidied(folder: Path) -> Iterator[None]:
    """Leave nothing of an export that fails: where the disk is full it would stay so."""
    try:
        yield
    except BaseException:
        with suppress(OSError, DatabaseError):  # what there is to say is why nothing was exported
            _remove_unnamed(folder, _index_of(folder))
        raise


def _keep(path: Path) -> None:
    """Have the system write down what is in a file or a folder, before anything relies on it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
