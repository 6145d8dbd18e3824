"""What differs between engines, behind one protocol of few verbs: a URL or a connection in, its engine out.

A further engine is one file here and one line below. Nothing outside this folder asks which engine it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Literal

from sqlalchemy.engine import URL

from jumelage.database.sql import from_spool, query
from jumelage.errors import UsageError
from jumelage.temporary import temporary_folder
from jumelage.texts import Label, both

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy import Engine as Connections

    from jumelage.errors import BusyError, DatabaseError

# What a failed statement says: `statement`, that it is wrong itself; `failed`, that the database could not carry it
# out; `busy`, that somebody else is in the way.
Verdict = Literal["statement", "failed", "busy"]
# Each table and view by its kind and name, with privilege, role, and whether the role may grant it on.
Rights = dict[tuple[str, str], set[tuple[str, str, bool]]]
OURS = "jumelage: "  # how the comments on what jumelage makes in a schema of its users begin
WAIT = 5  # seconds for somebody else's lock, unless whoever writes is told otherwise
ROLES = ("reader", "loader", "owner")
AGAIN = Label("{}\u00a0; réessayez plus tard", "{}; try again later")
UNREADABLE_URL = Label("l’URL de la base de données est illisible\u00a0; {}", "the database URL cannot be read; {}")


@dataclass(frozen=True, slots=True)
class Step:
    """A statement, and what it does in words; none where it belongs to the one before it.

    `needs` is what whoever runs it must have: the kind of right, and the role that it is of.
    """

    sql: str
    said: Label
    needs: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Beside:
    """How a process of its own opens the same database by DuckDB: what runs once it is open, and what it may read."""

    database: str
    statements: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def read_only(self) -> bool:
        """Tell whether the database is a file."""
        return self.database != ":memory:"


class Engine(ABC):
    """One engine: how to connect with all settings pinned, and each thing that engines do differently."""

    name: ClassVar[str]
    dialect: ClassVar[str]  # which of the views that are written once per engine it reads
    schemes: ClassVar[tuple[str, ...]]  # what its URLs begin with, the colon and slashes after it included
    fitted: ClassVar[Label] = Label("lancez\u00a0: jumelage migrate", "run: jumelage migrate")  # to this version
    has_savepoints: ClassVar[bool] = True
    alembic_plugins: ClassVar[tuple[str, ...]] = ()  # what Alembic needs besides its own comparison with the models

    # --- connecting

    @abstractmethod
    def read_url(self, given: str) -> URL:
        """Understand a URL that begins with one of the schemes; UsageError, which must hold no secret."""

    @abstractmethod
    def shown(self, url: URL) -> str:
        """Return a URL as it may be printed, without any secret."""

    @abstractmethod
    def exists(self, url: URL) -> bool:
        """Tell whether there is a database; true where only its connection can tell."""

    def files(self, url: URL) -> tuple[Path, ...]:  # noqa: ARG002
        """Return the files that the database consists of, which no command may write over."""
        return ()

    def now(self, url: URL) -> URL:
        """Return the URL of what is there now, by which all that is opened is the same, whatever is put there since."""
        return url

    def beside(self, url: URL) -> Beside | None:  # noqa: ARG002
        """Return how a process of its own opens the database; None where a server answers."""
        return None

    @abstractmethod
    def check(self, url: URL) -> None:
        """Raise DatabaseError for what exists and is plainly no database of this engine."""

    @abstractmethod
    def connections(self, url: URL, *, read_only: bool) -> Connections:
        """Make a source of connections, without a pool, on which every setting that matters is set by us."""

    def connect(self, connections: Connections) -> None:  # noqa: B027
        """Let a source connect in the engine's own way, if it is not that of the dialect."""

    def created(self, url: URL, *, instead: bool = False) -> AbstractContextManager[tuple[URL, Callable[[], None]]]:
        """Give the URL under which a database that does not exist is made, and what puts it in its place then.

        With `instead` it may take the place of one that is there, and can only be read then.
        """
        raise NotImplementedError(self.shown(url))

    def copied(
        self, url: URL, to: URL, *, compact: bool
    ) -> AbstractContextManager[tuple[URL, Callable[[], Path | None]]]:
        """Give the URL of a whole copy of a database, and what puts it into its place `to`.

        A compact one is small, can only be read, and takes the place of what is there; any other one has that kept
        beside, and says where. BusyError if somebody has it open, or has changed it since this began.
        """
        raise NotImplementedError(self.shown(to))

    def check_copies(self, url: URL) -> None:  # noqa: B027
        """Raise UsageError where copies of a database are made by tools of its server."""

    def tidy(self, url: URL) -> None:  # noqa: B027
        """Remove what a process that is gone left beside a database."""

    @abstractmethod
    def lock(self, connection: Connection, url: URL, seconds: float) -> None:
        """Be the only one who changes the database until the transaction ends; BusyError if somebody else is.

        `seconds` is how long to wait later for what a reader holds.
        """

    @abstractmethod
    def only_read(self, connection: Connection) -> None:
        """Let the rest of a transaction only read, and no files."""

    @abstractmethod
    def errors(self) -> tuple[type[Exception], ...]:
        """Return what the driver raises, which comes bare where it is used without SQLAlchemy."""

    @abstractmethod
    def verdict(self, error: BaseException) -> Verdict:
        """Tell what an error of the driver means."""

    @abstractmethod
    def told(self, error: BaseException, url: URL, seconds: float = WAIT) -> BusyError | DatabaseError:
        """Turn an error of the driver into one of ours: whom we waited for so long, or what to do; no secret in it."""

    # --- the catalog

    @abstractmethod
    def version(self, connection: Connection) -> str | None:
        """Return the migration that the database is at; None before the first."""

    @abstractmethod
    def views(self, connection: Connection) -> list[str]:
        """Return the views that jumelage made."""

    @abstractmethod
    def view_columns(self, connection: Connection) -> list[tuple[str, str]]:
        """Return the columns of these views, each with its view, in their order."""

    @abstractmethod
    def drop_views(self, connection: Connection, names: Sequence[str]) -> None:
        """Drop views, whichever of them reads which."""

    @abstractmethod
    def columns(self, connection: Connection, schema: str) -> dict[str, list[str]]:
        """Return the columns of each table of a schema."""

    def rights(self, connection: Connection) -> Rights:  # noqa: ARG002
        """Return what others may do with our tables and views, those too that a way down took."""
        return {}

    def grant(self, connection: Connection, before: Rights) -> Rights:  # noqa: ARG002
        """Grant on what was made again what was granted on it, and on what is new what was on all of its kind.

        Return the rights on what is there no longer.
        """
        return {}

    def roles(self, connection: Connection, logins: Sequence[str], role: str) -> Iterator[Step]:  # noqa: ARG002
        """Give what is to be done so that reader, loader and owner are there and logins one of them, step by step.

        UsageError where an engine knows no roles, or there is no such login.
        """
        raise self.no_roles(connection.engine.url)

    def no_roles(self, url: URL) -> UsageError:
        """Return what is to be said where there are no roles."""
        return UsageError(
            both(
                "{}\u00a0: une base qui est un fichier n’a pas de rôles\u00a0; "
                "ses droits sont ceux du fichier (chmod, chown)",
                "{}: a database that is a file has no roles; its rights are those of the file (chmod, chown)",
                self.shown(url),
            )
        )

    def check_may_grant(self, connection: Connection, url: URL, steps: Sequence[Step]) -> None:  # noqa: B027
        """Raise DatabaseError for who may not take these steps."""

    def become(self, connection: Connection, role: str) -> bool:  # noqa: ARG002
        """Go on as the `owner` or the `reader`, until the transaction ends, where there is one; tell whether."""
        return False

    def unguarded(self, connection: Connection) -> str | None:  # noqa: ARG002
        """Return who asks queries with rights to write, since there is no reader's role to take instead."""
        return None

    def renew(self, connection: Connection) -> None:  # noqa: B027
        """Let the roles, where there are some, have their rights on what was made anew."""

    def hidden(self, connection: Connection) -> frozenset[str]:  # noqa: ARG002
        """Return the columns of who did something and why that the session may not read: `survey.table.column`."""
        return frozenset()

    def mark_version(self, connection: Connection, kept: Rights) -> None:  # noqa: B027
        """Mark the version table as ours, where there may be others of its name; keep rights there for a way up."""

    # --- rows

    def read_through(self, connection: Connection) -> None:
        """Read every value of every table of ours that the session may read, so that the engine says if it cannot."""
        unseen = self.hidden(connection)
        for table, columns in self.columns(connection, "survey").items():
            seen = [name for name in columns if f"survey.{table}.{name}" not in unseen]
            query(
                connection,
                f"select {', '.join(f'sum(length(cast({name} as text)))' for name in seen)} from survey.{table}",
            )

    @abstractmethod
    def workbench(self, connection: Connection) -> Connection | None:
        """Return the connection if it can be the workbench of a load itself."""

    @abstractmethod
    def append(self, workbench: Connection, sql: str, target: Connection, table: str, columns: Sequence[str]) -> int:
        """Append what a query of the workbench gives to a table of the target; return the number of rows."""

    def fetch(self, source: Connection, sql: str, workbench: Connection, table: str, kinds: Mapping[str, str]) -> None:
        """Put what a query of the source gives into a new temporary table of the workbench, through a spooled file."""
        with temporary_folder() as folder:
            spool = folder / "rows.csv"
            with spool.open("wb") as rows:
                self.spool(source, sql, tuple(kinds), rows)
            workbench.exec_driver_sql(f"create or replace temp table {table} as {from_spool(spool, kinds)}")

    @abstractmethod
    def spool(self, source: Connection, sql: str, columns: Sequence[str], file: BinaryIO) -> None:
        """Write what a query of the source gives to a file of CSV: every value quoted, and a null not."""

    @abstractmethod
    def fingerprint(self, columns: Sequence[str]) -> str:
        """Return the expression of a whole number of 64 bits for what these columns hold, nulls told from texts.

        It is compared within one query alone: another engine, or another version of it, gives other numbers.
        """

    @abstractmethod
    def orphans(self, connection: Connection, tables: Collection[str] | None) -> list[str]:
        """Return a sentence for each foreign key that rows break; none where the engine keeps the keys itself."""

    @abstractmethod
    def variables(self, values: Mapping[str, str], often: Sequence[str]) -> tuple[str, ...]:
        """Return the statements that set the variables of the views, until set again or the transaction ends.

        What was worked out before of the views that are asked `often` is forgotten by them.
        """

    def settle(self, connection: Connection, often: Sequence[str]) -> None:  # noqa: B027
        """Work these views out once, until the variables are set again, where a session can keep them."""

    def analyze(self, connection: Connection, tables: Sequence[str]) -> None:  # noqa: B027
        """Let the planner know what is in tables that were just filled."""

    def room(self, connection: Connection, scratch: Path) -> None:  # noqa: B027
        """Bound the memory of a connection; what does not fit goes to a folder."""

    def superuser(self, connection: Connection) -> str | None:  # noqa: ARG002
        """Return the role, if it may do anything on the server, which whoever loads is warned of."""
        return None


ENGINES = ("duckdb", "lake", "postgresql", "sparkconnect")


def engine_of(thing: URL | Connection) -> Engine:
    """Return the engine of a URL or of a connection."""
    return engine_named((thing if isinstance(thing, URL) else thing.engine.url).get_backend_name())


@cache
def engine_named(name: str) -> Engine:
    """Return an engine by its name, one of `ENGINES`."""
    # Imported here, so that a command on a file needs no driver of a server.
    if name == "postgresql":
        from jumelage.database.engines.postgresql import PostgreSQL

        return PostgreSQL()
    if name == "sparkconnect":
        from jumelage.database.engines.spark import Spark

        return Spark()
    if name == "lake":
        from jumelage.database.engines.lake import Lake

        return Lake()
    from jumelage.database.engines.duckdb import DuckDB

    return DuckDB()
