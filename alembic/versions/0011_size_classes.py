"""Size classes are a code list, with the kind of authority that they are of and their bounds.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "size_classes",
        sa.Column("code", sa.Text(), nullable=False, comment="Code, never reused."),
        sa.Column("kind", sa.Text(), nullable=False, comment="Kind of authority, as in cities."),
        sa.Column("least", sa.Integer(), autoincrement=False, nullable=False, comment="Least number of inhabitants."),
        sa.Column(
            "below",
            sa.Integer(),
            nullable=True,
            comment="Number of inhabitants below which it ends; null where it has no end.",
        ),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="Order in lists and reports."),
        sa.Column("label_fr", sa.Text(), nullable=False, comment="Label in French."),
        sa.Column("label_en", sa.Text(), nullable=False, comment="Label in English."),
        sa.CheckConstraint("below > least", name=op.f("ck_size_classes_bounds")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_size_classes")),
        schema="survey",
        comment="Classes of authorities of a kind by the number of their inhabitants.",
    )


def downgrade() -> None:
    op.drop_table("size_classes", schema="survey")
