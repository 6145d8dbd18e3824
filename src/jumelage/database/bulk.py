"""Rows by the million between workbench and target, and what PostgreSQL's foreign keys would have said."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from jumelage.database.engines import engine_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection


def append(workbench: Connection, sql: str, target: Connection, table: str, columns: Sequence[str]) -> int:
    """Append what a query of the workbench gives to a table of the target; return the number of rows."""
    return engine_of(target).append(workbench, sql, target, table, columns)


def fetch(source: Connection, sql: str, workbench: Connection, table: str, kinds: Mapping[str, str]) -> None:
    """Put what a query of the source gives into a new temporary table of the workbench: columns with their types.

    The reverse of `append`, by the same means.
    """
    engine_of(source).fetch(source, sql, workbench, table, kinds)


def spool(source: Connection, sql: str, columns: Sequence[str], file: BinaryIO) -> None:
    """Write what a query of the source gives to a file of CSV, to be read by `from_spool`."""
    engine_of(source).spool(source, sql, columns, file)


def fingerprint(connection: Connection, columns: Sequence[str]) -> str:
    """Return the expression of a whole number for what columns hold, to be compared within one query."""
    return engine_of(connection).fingerprint(columns)


def orphans(connection: Connection, tables: Collection[str] | None = None) -> list[str]:
    """Return a sentence for each foreign key of the models (of these tables alone) that rows of the database break."""
    return engine_of(connection).orphans(connection, tables)


def settle(connection: Connection, often: Sequence[str]) -> None:
    """Compute these views once, where the engine can, until the variables are set again."""
    engine_of(connection).settle(connection, often)


def variables(connection: Connection, values: Mapping[str, str], often: Sequence[str]) -> tuple[str, ...]:
    """Return the statements that set the variables that the views read, until set again or the transaction ends.

    What was worked out before of the views that are asked `often` is forgotten by them.
    """
    return engine_of(connection).variables(values, often)


def read_through(connection: Connection) -> None:
    """Read every value of every table of ours: what the engine cannot read, it says."""
    engine_of(connection).read_through(connection)


def superuser(connection: Connection) -> str | None:
    """Return the connected role if it is a superuser of the server."""
    return engine_of(connection).superuser(connection)


def analyze(connection: Connection, tables: Sequence[str]) -> None:
    """Let the planner know what is in tables that were just filled."""
    engine_of(connection).analyze(connection, tables)
