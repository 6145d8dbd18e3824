"""What was printed of a wave, and why it may disagree with the rows.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claims",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("claim", sa.Text(), nullable=False, comment="Name of the claim."),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="Order in the publication."),
        sa.Column("place", sa.Text(), nullable=False, comment="Where it stands."),
        sa.Column("printed", sa.Text(), nullable=False, comment="Its number or decisive words."),
        sa.Column(
            "unit",
            sa.Text(),
            nullable=False,
            comment="What it is about: towns, agreements, partners and so on.",
        ),
        sa.Column("statement_fr", sa.Text(), nullable=False, comment="What it says, in French."),
        sa.Column("statement_en", sa.Text(), nullable=False, comment="What it says, in English."),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="figure; wording: nothing to compute; source: the wave was made from it; "
            "consistency: print against print.",
        ),
        sa.Column(
            "offenders",
            sa.Text(),
            nullable=True,
            comment="Query that returns a row for each thing that contradicts it.",
        ),
        sa.CheckConstraint("kind in ('figure', 'wording', 'source', 'consistency')", name=op.f("ck_claims_kind")),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_claims_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "claim", "place", name=op.f("pk_claims")),
        schema="survey",
        comment="Sentences of the publication that state something else than a figure of a report.",
    )
    op.create_table(
        "explanations",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("report", sa.Text(), nullable=False, comment="Report."),
        sa.Column("key", sa.Text(), nullable=False, comment="Key of the cell, its parts joined by /."),
        sa.Column("measure", sa.Text(), nullable=False, comment="Column of the report."),
        sa.Column("because_fr", sa.Text(), nullable=False, comment="Reason in French."),
        sa.Column("because_en", sa.Text(), nullable=False, comment="Reason in English."),
        sa.Column(
            "evidence",
            sa.Text(),
            nullable=True,
            comment="Query that returns a row for each thing that speaks against the reason.",
        ),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_explanations_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "report", "key", "measure", name=op.f("pk_explanations")),
        schema="survey",
        comment="Why a printed figure disagrees with the rows.",
    )
    op.create_table(
        "published_figures",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("report", sa.Text(), nullable=False, comment="Report that the figure belongs to."),
        sa.Column("key", sa.Text(), nullable=False, comment="Key of the cell, its parts joined by /."),
        sa.Column("measure", sa.Text(), nullable=False, comment="Column of the report."),
        sa.Column(
            "place",
            sa.Text(),
            nullable=False,
            comment="Where it is printed; figures of one place form one table.",
        ),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Order in the publication, by report.",
        ),
        sa.Column("printed", sa.Text(), nullable=False, comment="What is printed."),
        sa.Column(
            "value",
            sa.Numeric(precision=18, scale=6),
            nullable=True,
            comment="Number that it states; null for words and names.",
        ),
        sa.Column(
            "decimals",
            sa.Integer(),
            autoincrement=False,
            nullable=True,
            comment="Decimals printed; null for words and names.",
        ),
        sa.Column("code", sa.Text(), nullable=True, comment="Code that a printed name stands for."),
        sa.Column(
            "at_least",
            sa.Numeric(precision=18, scale=6),
            nullable=True,
            comment="Least number that the words imply.",
        ),
        sa.Column(
            "more_than_share",
            sa.Numeric(precision=18, scale=6),
            nullable=True,
            comment="Share of the base that the words imply is exceeded.",
        ),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_published_figures_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint(
            "wave", "revision", "report", "key", "measure", "place", name=op.f("pk_published_figures")
        ),
        schema="survey",
        comment="Every figure printed in the publication, each place where it is printed.",
    )
    op.create_table(
        "published_tables",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("report", sa.Text(), nullable=False, comment="Report."),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_published_tables_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "report", name=op.f("pk_published_tables")),
        schema="survey",
        comment="Reports whose printed table is claimed complete: what it lacks was printed blank, zero.",
    )


def downgrade() -> None:
    op.drop_table("published_tables", schema="survey")
    op.drop_table("published_figures", schema="survey")
    op.drop_table("explanations", schema="survey")
    op.drop_table("claims", schema="survey")
