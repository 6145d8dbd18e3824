"""DuckDB for Alembic: transactional DDL, and a comparison with the models without reflection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.ddl.impl import DefaultImpl
from alembic.operations.ops import ExecuteSQLOp
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult
from sqlalchemy import text
from sqlalchemy.schema import CreateIndex, CreateTable, SetColumnComment, SetTableComment

from jumelage.database.connection import in_memory
from jumelage.database.engines.duckdb import PLUGIN
from jumelage.database.models import SCHEMA, metadata
from jumelage.database.sql import query

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import UpgradeOps
    from sqlalchemy import Table
    from sqlalchemy.schema import DDLElement


class DuckDBImpl(DefaultImpl):
    """Alembic's DDL on DuckDB, where it is transactional."""

    __dialect__ = "duckdb"
    transactional_ddl = True

    def create_table(self, table: Table, **kw: Any) -> None:  # noqa: ANN401
        """Make a table with all comments by one text: sent one by one, they take longer than the table."""
        if self.as_sql:
            super().create_table(table, **kw)
            return
        parts: list[DDLElement] = [CreateTable(table, **kw)]
        parts += [CreateIndex(index) for index in table.indexes]
        parts += [SetTableComment(table)] if table.comment is not None else []
        parts += [SetColumnComment(column) for column in table.columns if column.comment is not None]
        self._exec(text(";\n".join(str(part.compile(dialect=self.dialect)).replace(":", "\\:") for part in parts)))


# DuckDB's tables as text: duckdb-engine cannot reflect columns, so `alembic check` compares these.
_DUCKDB_TABLES = f"""
select concat_ws(' ', 'table', table_name, comment) from duckdb_tables()
where database_name = current_database() and schema_name = '{SCHEMA}'
union all
select concat_ws(' ', 'column', table_name, column_index, column_name, data_type, is_nullable, column_default, comment)
from duckdb_columns() where database_name = current_database() and schema_name = '{SCHEMA}'
union all
select concat_ws(' ', 'constraint', table_name, constraint_text) from duckdb_constraints()
where database_name = current_database() and schema_name = '{SCHEMA}'
"""


class _Difference(ExecuteSQLOp):
    """A line of the catalog that is on one side only; what to do about it is for whoever writes the migration."""

    def reverse(self) -> _Difference:
        return self

    def to_diff_tuple(self) -> tuple[str, str]:
        return "difference", str(self.sqltext)


def _compare_duckdb(context: AutogenContext, upgrade: UpgradeOps) -> PriorityDispatchResult:
    """Compare the database with one made of the models; each difference is one operation of a new migration."""
    if context.connection is None:
        return PriorityDispatchResult.CONTINUE
    found = {row[0] for row in query(context.connection, _DUCKDB_TABLES)[1]}
    with in_memory().begin() as made:
        made.exec_driver_sql(f"create schema {SCHEMA}")
        metadata.create_all(made)
        wanted = {row[0] for row in query(made, _DUCKDB_TABLES)[1]}
    upgrade.ops += [_Difference(f"-- missing: {line}") for line in sorted(wanted - found)]
    upgrade.ops += [_Difference(f"-- not in the models: {line}") for line in sorted(found - wanted)]
    return PriorityDispatchResult.STOP


Plugin(PLUGIN).add_autogenerate_comparator(_compare_duckdb, "autogenerate", qualifier="duckdb")
