"""Withdrawn revisions, towns that became part of others, and when agreements ended.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column(
            "withdrawn_at",
            sa.DateTime(),
            nullable=False,
            comment="When, UTC; after everything that was recorded before it.",
        ),
        sa.Column("withdrawn_by", sa.Text(), nullable=False, comment="Who withdrew it."),
        sa.Column("reason", sa.Text(), nullable=False, comment="Why."),
        sa.Column("software", sa.Text(), nullable=False, comment="Version of jumelage that recorded it."),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_withdrawals_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", name=op.f("pk_withdrawals")),
        schema="survey",
        comment="Revisions that were withdrawn: kept, and no longer the current one.",
    )
    op.create_table(
        "city_changes",
        sa.Column("city", sa.Text(), nullable=False, comment="Town that ceased to be one of its own."),
        sa.Column("changed_on", sa.Date(), nullable=False, comment="First day on which it is part of the other."),
        sa.Column("successor", sa.Text(), nullable=False, comment="Town that it is part of since."),
        sa.CheckConstraint("successor <> city", name=op.f("ck_city_changes_successor")),
        sa.ForeignKeyConstraint(["city"], ["survey.cities.code"], name="fk_city_changes_city").ddl_if(
            dialect="postgresql"
        ),
        sa.ForeignKeyConstraint(["successor"], ["survey.cities.code"], name="fk_city_changes_successor").ddl_if(
            dialect="postgresql"
        ),
        sa.PrimaryKeyConstraint("city", "changed_on", name=op.f("pk_city_changes")),
        schema="survey",
        comment="Towns that became part of another one, with the day.",
    )
    for name, what in _COLUMNS.items():
        comment = f"{what} day on which it can have ended; null while it is in force."
        op.add_column("partnerships", sa.Column(name, sa.Date(), nullable=True, comment=comment), schema="survey")
    for column, comment in _COMMENTS.items():
        op.execute(f"comment on {column} is '{comment[0]}'")


def downgrade() -> None:
    for column, comment in _COMMENTS.items():
        op.execute(f"comment on {column} is '{comment[1]}'")
    for name in reversed(_COLUMNS):
        op.drop_column("partnerships", name, schema="survey")
    op.drop_table("city_changes", schema="survey")
    op.drop_table("withdrawals", schema="survey")


_COLUMNS = {"until_from": "Earliest", "until_to": "Latest"}
_COMMENTS = {
    "table survey.revisions": (
        "One load of a wave; the current one is the highest that is not withdrawn.",
        "One load of a wave; the current one is the highest.",
    ),
    "column survey.revisions.loaded_at": (
        "When it was loaded, UTC; after everything that was recorded before it.",
        "When it was loaded, UTC.",
    ),
}
