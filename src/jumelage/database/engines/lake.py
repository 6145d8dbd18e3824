"""A lake that is read by DuckDB: views in memory over the Parquet files that its index names, and nothing written."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from jumelage import content
from jumelage.database.engines import Beside
from jumelage.database.engines.duckdb import SETTINGS, DuckDB
from jumelage.database.lake import by_revision, check_files, read_index
from jumelage.database.models import SCHEMA, metadata
from jumelage.database.sql import literal
from jumelage.errors import UsageError
from jumelage.temporary import temporary_folder
from jumelage.texts import Label, both

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb_engine import ConnectionWrapper
    from sqlalchemy import Connection
    from sqlalchemy import Engine as Connections
    from sqlalchemy.pool import ConnectionPoolEntry

    from jumelage.database.lake import Index

_SCHEME = "lake:"
_MEMORY = ":memory:"
_MEANING = "*?[="  # characters that have one in a path, to who reads many files at once
_CHOSEN = "chosen"  # the schema of those rows of a table that are of revisions in scope
_SCRATCH = "jumelage_scratch"  # in the `info` of a connection
_KEPT = 8  # indexes that are remembered


class Lake(DuckDB):
    """A folder that `jumelage export --lake` wrote; many may read it at once, from wherever it can be reached."""

    name: ClassVar[str] = "lake"
    schemes: ClassVar[tuple[str, ...]] = (_SCHEME,)
    fitted: ClassVar[Label] = Label(
        "avec ce jumelage, dans la base dont le lac est tiré\u00a0: jumelage migrate, puis jumelage export --lake",
        "with this jumelage, in the database that the lake is of: jumelage migrate, then jumelage export --lake",
    )

    def __init__(self) -> None:
        """Remember the indexes that were read: what reads beside a connection reads by the same one."""
        self._indexes: dict[str, Index] = {}

    def read_url(self, given: str) -> URL:
        """Understand lake:folder; UsageError for what names no folder, or one that DuckDB would read as a pattern."""
        folder = given[len(_SCHEME) :].removeprefix("///")  # as other URLs have it
        if not folder or folder.startswith("//"):
            raise UsageError(
                both(
                    "l’adresse d’un lac est lake: et un dossier\u00a0: lake:/données/lac",
                    "the address of a lake is lake: and a folder: lake:/data/lake",
                )
            )
        if any(sign in str(Path(folder).absolute()) for sign in _MEANING):
            raise UsageError(
                both(
                    "{}\u00a0: le chemin d’un lac ne peut contenir {}\u00a0; donnez un autre nom au dossier",
                    "{}: the path of a lake may hold none of {}; give the folder another name",
                    folder,
                    " ".join(_MEANING),
                )
            )
        return URL.create(self.name, database=folder)

    def shown(self, url: URL) -> str:
        """Return the address as it was given."""
        return f"{_SCHEME}{url.database}"

    def exists(self, url: URL) -> bool:  # noqa: ARG002
        """Return true: the index tells, when it is read."""
        return True

    def files(self, url: URL) -> tuple[Path, ...]:
        """Return the folder."""
        return (_folder(url),)

    def now(self, url: URL) -> URL:
        """Return the address with the folder that a link leads to, and the index that is there."""
        found = url.set(database=str(_folder(url).resolve()))
        return found.set(query={"index": self.index(found).digest})

    def beside(self, url: URL) -> Beside:
        """Return what makes the same views in another process, which may read the same files and no other."""
        folder, index = _folder(url), self.index(url)
        return Beside(_MEMORY, _statements(folder, index), _paths(folder, index))

    def check(self, url: URL) -> None:
        """Raise DatabaseError for a folder without an index, or if a file is missing or of another size."""
        check_files(_folder(url), self.index(url))

    def connections(self, url: URL, *, read_only: bool) -> Connections:  # noqa: ARG002
        """Make a source of connections that can read the files of the index, and no other."""
        index = self.index(url)
        made = create_engine(
            "duckdb:///:memory:",
            poolclass=NullPool,
            connect_args={"folder": _folder(url), "index": index},
            execution_options={"no_parameters": True},
        )
        made.url = url.set(query={"index": index.digest})
        return made

    def connect(self, connections: Connections) -> None:
        """Connect to a database in memory, and make its views."""
        event.listen(connections, "do_connect", _connect)
        event.listen(connections, "close", _close)

    def tidy(self, url: URL) -> None:
        """Do nothing: whoever exports removes what was left."""

    def lock(self, connection: Connection, url: URL, seconds: float) -> None:
        """Refuse: nothing is written by this way."""
        del connection, seconds
        raise UsageError(
            both(
                "{} ne se lit que\u00a0; changez la base dont le lac est tiré, puis\u00a0: jumelage export --lake {}",
                "{} is only read; change the database that the lake is of, then: jumelage export --lake {}",
                self.shown(url),
                str(url.database),
            )
        )

    def check_copies(self, url: URL) -> None:
        """Refuse: the files of a lake stay as they are, and any tool copies them."""
        raise UsageError(
            both(
                "{} est un lac\u00a0; sauvegardez la base dont il est tiré, ou copiez ses fichiers, l’index en dernier",
                "{} is a lake; back up the database that it is of, or copy its files, index.json last",
                self.shown(url),
            )
        )

    def variables(self, values: Mapping[str, str], often: Sequence[str]) -> tuple[str, ...]:
        """Return the statements of DuckDB, and one that says which folders are read, before any file is opened."""
        return (
            f"set variable jumelage_{_CHOSEN} = null",
            *super().variables(values, often),
            f"set variable jumelage_{_CHOSEN} = (select list({_revision('s')}) from scope s)",
        )

    def index(self, url: URL) -> Index:
        """Return the index that a URL names, or else the one that is there."""
        known = self._indexes.get(str(url.query.get("index")))
        if known is None:
            known = read_index(_folder(url))
            self._indexes[known.digest] = known
            while len(self._indexes) > _KEPT:
                del self._indexes[next(iter(self._indexes))]
        return known


def _folder(url: URL) -> Path:
    return Path(str(url.database)).absolute()


def _paths(folder: Path, index: Index) -> tuple[str, ...]:
    return tuple(str(folder / name) for name in index.files())


def _revision(of: str) -> str:
    return f"{of}.wave || '@' || cast({of}.revision as varchar)"


def _statements(folder: Path, index: Index) -> tuple[str, ...]:
    """Return what makes tables and views of a database in memory: those of a migrated one, to whoever reads.

    The project's views are bound to empty tables, and these replaced by views of files: to bind view upon view to files
    takes a second, and five times as long as this.
    """
    tables = metadata.sorted_tables
    made = [f"create schema {SCHEMA}", f"create schema {_CHOSEN}"]
    for table in tables:
        columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
        made.append(f"create table {table.fullname} ({columns})")
    # A condition on what stands in paths, with nothing else in it than values that are known when a query is planned,
    # lets DuckDB open no other file.
    here = f"coalesce(list_contains(getvariable('jumelage_{_CHOSEN}'), {_revision('t')}), true)"
    made += [
        f"create view {_CHOSEN}.{name} as select t.* from {SCHEMA}.{name} t where {here}"
        for name in sorted(by_revision())
    ]
    ours = re.compile(rf"\b{SCHEMA}\.({'|'.join(by_revision())})\b")
    for name, text in content.views(Lake.dialect).items():
        # The view `scope` says what is in scope; all others show nothing but what is.
        of_chosen = text if name == "scope" else ours.sub(rf"{_CHOSEN}.\1", text)
        made.append(f"create view {name} as\n{of_chosen}")
    for table in tables:
        if files := [str(folder / file.path) for file in index.tables.get(table.name, ())]:
            in_path = table.name in by_revision()
            how = "true, hive_types = {wave: varchar, revision: integer}" if in_path else "false"
            columns = ", ".join(column.name for column in table.columns)
            rows = f"read_parquet([{', '.join(map(literal, files))}], hive_partitioning = {how})"
            made += [
                f"drop table {table.fullname}",
                f"create view {table.fullname} as select {columns} from {rows}",
            ]
    hashes = {"code_lists": index.code_lists, "views": content.hash_of("views", Lake.dialect)}
    made += [f"insert into {SCHEMA}.installed values ({literal(part)}, '{found}')" for part, found in hashes.items()]
    made.append(f"create table alembic_version as select {literal(index.migration)} as version_num")
    return ("begin", *made, "commit")


def _connect(
    _dialect: object, record: ConnectionPoolEntry, _given: object, options: dict[str, Any]
) -> ConnectionWrapper:
    """Open a database in memory, make its views, and then let it read their files alone."""
    import duckdb
    from duckdb_engine import ConnectionWrapper

    folder, index = options["folder"], options["index"]
    found = duckdb.connect(_MEMORY, config={**SETTINGS})
    kept = record.info[_SCRATCH] = ExitStack()
    found.execute(f"set temp_directory = {literal(kept.enter_context(temporary_folder()))}")
    for statement in _statements(folder, index):
        found.execute(statement)
    found.execute(f"set allowed_paths = [{', '.join(map(literal, _paths(folder, index)))}]")
    found.execute("set enable_external_access = false")
    return ConnectionWrapper(found)


def _close(_connection: object, record: ConnectionPoolEntry) -> None:
    """Remove what did not fit into memory."""
    record.info.pop(_SCRATCH).close()
