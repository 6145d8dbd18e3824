"""The register of communes, labels of answers, since when states exist, declared numbers, wave.toml as it was.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "communes",
        sa.Column("code", sa.Text(), nullable=False, comment="INSEE code."),
        sa.Column("kind", sa.Text(), nullable=False, comment="commune (present), associated, delegated, or former."),
        sa.Column(
            "name",
            sa.Text(),
            nullable=True,
            comment="Name; null for a former code whose name the register does not know.",
        ),
        sa.Column("departement", sa.Text(), nullable=False, comment="Number of the departement."),
        sa.Column(
            "part_of",
            sa.Text(),
            nullable=True,
            comment="Present commune that it belongs to; null for a present one.",
        ),
        sa.Column("match_key", sa.Text(), nullable=True, comment="As in cities."),
        sa.CheckConstraint("kind in ('commune', 'associated', 'delegated', 'former')", name=op.f("ck_communes_kind")),
        sa.PrimaryKeyConstraint("code", "kind", name=op.f("pk_communes")),
        schema="survey",
        comment="Register of the communes of the region, present and former: "
        "tells another commune from an unknown name.",
    )
    op.create_table(
        "answers",
        sa.Column(
            "list",
            sa.Text(),
            nullable=False,
            comment="answers, responses (outcome of the contact), no_date (why no date is known) or yes_no.",
        ),
        sa.Column("code", sa.Text(), nullable=False, comment="Code, never reused."),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="Order in lists."),
        sa.Column("label_fr", sa.Text(), nullable=False, comment="Label in French."),
        sa.Column("label_en", sa.Text(), nullable=False, comment="Label in English."),
        sa.PrimaryKeyConstraint("list", "code", name=op.f("pk_answers")),
        schema="survey",
        comment="Answers of closed questions, with their labels.",
    )
    for table, column in _COLUMNS:
        op.add_column(table, column, schema="survey")
    op.execute(_AGREEMENT.format("in the order in which they were handed in"))


def downgrade() -> None:
    op.execute(_AGREEMENT.format("in the order of country, city and partner"))
    for table, column in reversed(_COLUMNS):
        op.drop_column(table, column.name, schema="survey")
    op.drop_table("answers", schema="survey")
    op.drop_table("communes", schema="survey")


_AGREEMENT = "comment on column survey.partnerships.agreement is 'Number within the revision, {}.'"
_COLUMNS = (
    (
        "countries",
        sa.Column(
            "state_since",
            sa.Date(),
            nullable=True,
            comment="Day from which the state exists, where that is after 1900 and certain.",
        ),
    ),
    (
        "revisions",
        sa.Column(
            "declared",
            sa.Text(),
            nullable=True,
            comment="wave.toml as JSON; null for revisions loaded before it was kept.",
        ),
    ),
    (
        "respondents",
        sa.Column(
            "declared_agreements",
            sa.Integer(),
            nullable=True,
            comment="Number of agreements that the town says it has.",
        ),
    ),
    (
        "respondents",
        sa.Column(
            "declared_missing",
            sa.Text(),
            server_default="not_asked",
            nullable=True,
            comment="Why no number of agreements is declared; null where one is.",
        ),
    ),
)
