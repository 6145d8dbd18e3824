"""The rows of a table of a load with what their texts stand for, once each column is understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.checking.columns import LISTS, NUMBERS, PARTNERS, list_of
from jumelage.reading.shapes import SHAPES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jumelage.reading.source import Document


def resolve_rows(bench: Connection, document: Document) -> None:
    """Make `resolved_TABLE` of `raw_TABLE`, whose columns are understood."""
    table = document.name
    joins, columns = [], []
    for column in SHAPES[table].columns:
        meant = f"meant_{table}_{column}"
        if column in {"city_code", "likeness"}:
            continue
        if column == "since":
            joins.append(f"left join {meant} m_since on m_since.text = r.since")
            columns += ["m_since.since_from", "m_since.since_to", "m_since.missing as since_missing"]
        elif column == "until" and column not in document.columns:
            columns += ["cast(null as date) as until_from", "cast(null as date) as until_to"]
        elif column == "until":
            joins.append(f"left join {meant} m_until on m_until.text = r.until")
            # It cannot have ended before it began.
            later = (
                "case when m_until.until_from < m_since.since_from then m_since.since_from else m_until.until_from end"
            )
            columns += [f"{later} as until_from", "m_until.until_to"]
        elif list_of(table, column) or column in NUMBERS:
            value = "code" if column in LISTS else "number"
            joins.append(f"left join {meant} m_{column} on m_{column}.text = r.{column}")
            columns.append(f"m_{column}.{value} as {column}")
            if column == "declared_agreements":
                columns.append(f"m_{column}.missing as declared_missing")
        else:
            columns.append(f"r.{column}")
        if column in PARTNERS:
            key = f"partner_key(r.{column})" if column in document.columns else "cast(null as varchar)"
            columns.append(f"{key} as {column}_key")
    bench.exec_driver_sql(
        f"create or replace temp table resolved_{table} as "
        f"select r.line, {', '.join(columns)} from raw_{table} r {' '.join(joins)}"
    )
