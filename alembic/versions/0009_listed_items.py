"""A revision records which items of the lists of actions and difficulties it asked.

Those that are there asked the lists as they stand now: nothing is known of a line that came before.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "listed_items",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("question", sa.Text(), nullable=False, comment="actions or difficulties."),
        sa.Column("item", sa.Text(), nullable=False, comment="Code of the action or difficulty."),
        sa.CheckConstraint("question in ('actions', 'difficulties')", name=op.f("ck_listed_items_question")),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_listed_items_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "question", "item", name=op.f("pk_listed_items")),
        schema="survey",
        comment="Items of the lists actions and difficulties that a revision asked, whatever the lists are today.",
    )
    op.execute(
        "insert into survey.listed_items (wave, revision, question, item) "
        "select r.wave, r.revision, i.question, i.item from survey.revisions r cross join ("
        "select 'actions' as question, code as item from survey.actions "
        "union all select 'difficulties', code from survey.difficulties) i"
    )


def downgrade() -> None:
    op.drop_table("listed_items", schema="survey")
