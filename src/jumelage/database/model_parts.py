"""What the models are put together from: columns of each kind, keys, and tables with their comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
)

if TYPE_CHECKING:
    from sqlalchemy.schema import SchemaItem

SCHEMA = "survey"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s", "pk": "pk_%(table_name)s"},
)


def text(
    name: str,
    comment: str,
    *,
    null: bool = False,
    default: str | None = None,
    derived: bool = False,
    private: bool = False,
) -> Column[str]:
    """Make a column of text; one with a default came later, one that is derived says nothing of its own.

    One that is private says who did something and why, which is for those who work with the database alone.
    """
    return Column(
        name,
        Text,
        nullable=null or default is not None,
        server_default=default,
        comment=comment,
        info={"derived": derived, "private": private},
    )


def integer(name: str, comment: str, *, null: bool = False) -> Column[int]:
    """Make a column of whole numbers, which the engine never fills by itself."""
    return Column(name, Integer, nullable=null, autoincrement=False, comment=comment)


def date(name: str, comment: str, *, null: bool = False) -> Column[Any]:
    """Make a column of days."""
    return Column(name, Date, nullable=null, comment=comment)


def number(name: str, comment: str) -> Column[Any]:
    """Make a column of numbers with up to six decimals, which may be null."""
    return Column(name, Numeric(18, 6), nullable=True, comment=comment)


def boolean(name: str, comment: str) -> Column[bool]:
    """Make a column of yes or no."""
    return Column(name, Boolean, nullable=False, comment=comment)


def key(*columns: str) -> PrimaryKeyConstraint:
    """Make the key of a table."""
    return PrimaryKeyConstraint(*columns)


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """Allow a column these values and no other."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=column)


def refers(table: str, columns: tuple[str, ...], target: str, keys: tuple[str, ...]) -> ForeignKeyConstraint:
    """Make the foreign key of a table, which exists on PostgreSQL only."""
    return ForeignKeyConstraint(
        columns,
        [f"{SCHEMA}.{target}.{key}" for key in keys],
        name=f"fk_{table}_{'_'.join(columns)}",
    ).ddl_if(dialect="postgresql")


def table(name: str, comment: str, *items: SchemaItem) -> Table:
    """Make a table."""
    return Table(name, metadata, *items, comment=comment)


def of_revision(name: str, comment: str, *items: SchemaItem) -> Table:
    """Make a table whose rows belong to one revision of a wave."""
    return table(
        name,
        comment,
        text("wave", "Wave that the row belongs to."),
        integer("revision", "Revision of the wave."),
        *items,
        refers(name, ("wave", "revision"), "revisions", ("wave", "revision")),
    )
