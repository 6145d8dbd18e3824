"""A lake: folders of Parquet files, and an index that says which of them count.

A table whose rows belong to a revision has a file per revision, `TABLE/wave=W/revision=R/MIGRATION.parquet`, without
the columns wave and revision, which are in its path. Any other table is one file that is named by what it holds. A file
is never written again; the index is replaced as a whole, by one rename, after all files that it names are there.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from jumelage.database.models import OF_A_REVISION, metadata
from jumelage.errors import DatabaseError
from jumelage.texts import NOT_READ, Label, both, filled

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Table

INDEX = "index.json"
FORMAT = 1
# Few rows each, however many revisions there are: they are written whole.
_WHOLE = ("revisions", "withdrawals")
_AGAIN = Label(
    "refaites le lac dans un dossier neuf\u00a0: jumelage export --lake DOSSIER",
    "make the lake again in a new folder: jumelage export --lake FOLDER",
)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a lake: its path in the folder, its rows, its size, its SHA-256, and the revision that it is of."""

    path: str
    rows: int
    bytes: int
    sha256: str
    wave: str | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """What a lake holds: the files of each table, the content hash of each revision, as `2006@1`, and where it is from.

    `superseded` are files of an earlier index, with the time at which they may go: somebody may still read them.
    `digest` is the SHA-256 of the index itself.
    """

    migration: str
    code_lists: str
    software: str
    written_at: str
    revisions: dict[str, str]
    tables: dict[str, tuple[File, ...]]
    superseded: dict[str, str]
    digest: str = field(default="", compare=False)

    def files(self) -> dict[str, File]:
        """Return every file by its path."""
        return {file.path: file for files in self.tables.values() for file in files}

    def text(self) -> str:
        """Return the index as it is written."""
        found = {name: value for name, value in asdict(self).items() if name != "digest"}
        found["tables"] = {
            table: [{name: value for name, value in asdict(file).items() if value is not None} for file in files]
            for table, files in self.tables.items()
        }
        return json.dumps({"format": FORMAT, **found}, ensure_ascii=False, indent=1) + "\n"


@cache
def held() -> tuple[Table, ...]:
    """Return the tables that a lake holds: all but that which says what `migrate` put into a database."""
    return tuple(table for table in metadata.sorted_tables if table.name != "installed")


@cache
def by_revision() -> frozenset[str]:
    """Return the tables that have a file per revision."""
    return frozenset(table.name for table in held() if _is_by_revision(table))


def _is_by_revision(table: Table) -> bool:
    first = tuple(column.name for column in table.columns)[:2]
    return first == OF_A_REVISION and table.name not in _WHOLE


def read_index(folder: Path) -> Index:
    """Return the index of a lake; DatabaseError if there is none, or none that can be understood."""
    path = folder / INDEX
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise DatabaseError(
            both(
                "{}\u00a0: ce n’est pas un lac, {} n’y est pas\u00a0; faites-en un\u00a0: jumelage export --lake {}",
                "{} is no lake: there is no {} in it; make one: jumelage export --lake {}",
                folder,
                INDEX,
                folder,
            )
        ) from None
    except OSError as error:
        raise DatabaseError(filled(NOT_READ, path, error.strerror)) from error
    try:
        found = json.loads(data)
        if found["format"] != FORMAT:
            raise DatabaseError(
                both(
                    "{}\u00a0: le lac est du format {}, et ce jumelage lit le format {}\u00a0; {}",
                    "{}: the lake is of format {}, and this jumelage reads format {}; {}",
                    path,
                    found["format"],
                    FORMAT,
                    _AGAIN,
                )
            )
        return _understood(found, hashlib.sha256(data).hexdigest())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatabaseError(
            both(
                "{} est abîmé\u00a0: {}\u00a0; {}",
                "{} is damaged: {}; {}",
                path,
                f"{type(error).__name__}: {error}",
                _AGAIN,
            )
        ) from error


def _understood(found: dict[str, Any], digest: str) -> Index:
    known = {table.name for table in held()}
    tables = {name: tuple(File(**file) for file in files) for name, files in found["tables"].items() if name in known}
    for name, files in tables.items():
        for file in files:
            # Nothing outside of the folder is read, whoever wrote the index.
            if not file.path.startswith(f"{name}/") or ".." in file.path.split("/") or "'" in file.path:
                raise ValueError(file.path)
            if name in by_revision() and f"{file.wave}@{file.revision}" not in found["revisions"]:
                raise ValueError(file.path)
    plain = {name: str(found[name]) for name in ("migration", "code_lists", "software", "written_at")}
    return Index(
        **plain, revisions=dict(found["revisions"]), tables=tables, superseded=dict(found["superseded"]), digest=digest
    )


def check_files(folder: Path, index: Index) -> None:
    """Raise DatabaseError unless every file that an index names is there, in its size."""
    for name, file in index.files().items():
        path = folder / name
        try:
            size = path.stat().st_size
        except OSError as error:
            raise DatabaseError(
                both(
                    "{}\u00a0: l’index du lac le nomme, et il ne peut être lu\u00a0: {}\u00a0; remettez-le, ou {}",
                    "{}: the index of the lake names it, and it cannot be read: {}; put it back, or {}",
                    path,
                    error.strerror,
                    _AGAIN,
                )
            ) from error
        if size != file.bytes:
            raise DatabaseError(
                both(
                    "{}\u00a0: l’index du lac dit {} octets, et il en a {}\u00a0; remettez-le, ou {}",
                    "{}: the index of the lake says {} bytes, and it has {}; put it back, or {}",
                    path,
                    file.bytes,
                    size,
                    _AGAIN,
                )
            )
