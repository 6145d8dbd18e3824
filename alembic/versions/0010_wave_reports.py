"""A wave may bring reports of its own.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wave_reports",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("report", sa.Text(), nullable=False, comment="Name of the report."),
        sa.Column(
            "file", sa.Text(), nullable=False, comment="The report file as it was handed in: its words, and its query."
        ),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_wave_reports_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "report", name=op.f("pk_wave_reports")),
        schema="survey",
        comment="Reports that come with the wave, beside those of the project.",
    )


def downgrade() -> None:
    op.drop_table("wave_reports", schema="survey")
