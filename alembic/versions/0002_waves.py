"""Waves, revisions and what respondents said.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ANSWERS = "('yes', 'no', 'dont_know', 'refused', 'no_answer', 'not_asked', 'not_applicable', 'not_published')"


def upgrade() -> None:
    op.create_table(
        "waves",
        sa.Column("wave", sa.Text(), nullable=False, comment="Code of the wave, usually its year."),
        sa.Column(
            "synthetic",
            sa.Boolean(),
            nullable=False,
            comment="Made up to show or to test; never a wave by default.",
        ),
        sa.PrimaryKeyConstraint("wave", name=op.f("pk_waves")),
        schema="survey",
        comment="Waves of the survey.",
    )
    op.create_table(
        "revisions",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Number, from 1."),
        sa.Column("title_fr", sa.Text(), nullable=False, comment="Title of the survey in French."),
        sa.Column("title_en", sa.Text(), nullable=False, comment="Title of the survey in English."),
        sa.Column(
            "reference_date",
            sa.Date(),
            nullable=False,
            comment="Date that the answers are about; countries are classified on it by default.",
        ),
        sa.Column("fieldwork_from", sa.Date(), nullable=False, comment="First day of fieldwork."),
        sa.Column("fieldwork_to", sa.Date(), nullable=False, comment="Last day of fieldwork."),
        sa.Column("mode", sa.Text(), nullable=False, comment="Mode of data collection, such as telephone."),
        sa.Column("frame_rule_fr", sa.Text(), nullable=False, comment="Who is in the sampling frame, in French."),
        sa.Column("frame_rule_en", sa.Text(), nullable=False, comment="Who is in the sampling frame, in English."),
        sa.Column(
            "population_concept",
            sa.Text(),
            nullable=False,
            comment="Census and concept of the population figures.",
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="Where the wave was published."),
        sa.Column(
            "agreements_complete",
            sa.Boolean(),
            nullable=False,
            comment="Claimed: a town without a listed agreement has none.",
        ),
        sa.Column(
            "several_mark",
            sa.Text(),
            nullable=True,
            comment="How the publication marks several agreements, {n} for the number.",
        ),
        sa.Column(
            "content_hash",
            sa.Text(),
            nullable=False,
            comment="Hash of the rows, whatever their order in the files.",
        ),
        sa.Column(
            "code_lists_hash",
            sa.Text(),
            nullable=False,
            comment="Hash of the code lists that the names were resolved with.",
        ),
        sa.Column("loaded_at", sa.DateTime(), nullable=False, comment="When it was loaded, UTC."),
        sa.Column("loaded_by", sa.Text(), nullable=False, comment="Who loaded it."),
        sa.Column(
            "reason",
            sa.Text(),
            nullable=True,
            comment="Why it replaces the revision before it; null for the first.",
        ),
        sa.Column("software", sa.Text(), nullable=False, comment="Version of jumelage that loaded it."),
        sa.CheckConstraint("revision = 1 or reason is not null", name=op.f("ck_revisions_reason")),
        sa.ForeignKeyConstraint(["wave"], ["survey.waves.wave"], name="fk_revisions_wave").ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", name=op.f("pk_revisions")),
        schema="survey",
        comment="One load of a wave; the current one is the highest.",
    )
    op.create_table(
        "default_answers",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("question", sa.Text(), nullable=False, comment="actions or difficulties."),
        sa.Column(
            "item",
            sa.Text(),
            nullable=False,
            comment="Code of the action or difficulty; empty for all that are not named.",
        ),
        sa.Column("answer", sa.Text(), nullable=False, comment="Answer."),
        sa.Column(
            "source",
            sa.Text(),
            nullable=False,
            comment="Published figures that the row was made from: a report, or report/key.",
        ),
        sa.CheckConstraint(
            f"answer in {ANSWERS}",
            name=op.f("ck_default_answers_answer"),
        ),
        sa.CheckConstraint("question in ('actions', 'difficulties')", name=op.f("ck_default_answers_question")),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_default_answers_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "question", "item", name=op.f("pk_default_answers")),
        schema="survey",
        comment="Answer of every respondent that has no row of its own, by question and item.",
    )
    op.create_table(
        "respondents",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("city", sa.Text(), nullable=False, comment="Town."),
        sa.Column(
            "population",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Inhabitants, as printed in the frame.",
        ),
        sa.Column("response", sa.Text(), nullable=False, comment="Outcome of the contact."),
        sa.Column(
            "elected_delegate",
            sa.Text(),
            nullable=False,
            comment="Answer: has the town an elected delegate for international relations?",
        ),
        sa.Column(
            "twinning_committee",
            sa.Text(),
            nullable=False,
            comment="Answer: has the town a twinning committee?",
        ),
        sa.Column("service", sa.Text(), nullable=False, comment="Answer: has the town a service in charge?"),
        sa.Column(
            "source",
            sa.Text(),
            nullable=False,
            comment="Published figures that the frame was made from: a report, or report/key.",
        ),
        sa.Column(
            "answers_source",
            sa.Text(),
            nullable=False,
            comment="Published figures that the answers were made from: a report, or report/key.",
        ),
        sa.CheckConstraint(
            f"elected_delegate in {ANSWERS}",
            name=op.f("ck_respondents_elected_delegate"),
        ),
        sa.CheckConstraint(
            "response in ('responded', 'refused', 'not_reached', 'not_published')",
            name=op.f("ck_respondents_response"),
        ),
        sa.CheckConstraint(
            f"service in {ANSWERS}",
            name=op.f("ck_respondents_service"),
        ),
        sa.CheckConstraint(
            f"twinning_committee in {ANSWERS}",
            name=op.f("ck_respondents_twinning_committee"),
        ),
        sa.CheckConstraint("population >= 0", name=op.f("ck_respondents_population")),
        sa.ForeignKeyConstraint(["city"], ["survey.cities.code"], name="fk_respondents_city").ddl_if(
            dialect="postgresql"
        ),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_respondents_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "city", name=op.f("pk_respondents")),
        schema="survey",
        comment="The sampling frame: every town contacted, with its response.",
    )
    op.create_table(
        "city_actions",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("city", sa.Text(), nullable=False, comment="Town."),
        sa.Column("action", sa.Text(), nullable=False, comment="Code of the action."),
        sa.Column("answer", sa.Text(), nullable=False, comment="Answer."),
        sa.Column(
            "source",
            sa.Text(),
            nullable=False,
            comment="Published figures that the row was made from: a report, or report/key.",
        ),
        sa.CheckConstraint(
            f"answer in {ANSWERS}",
            name=op.f("ck_city_actions_answer"),
        ),
        sa.ForeignKeyConstraint(["action"], ["survey.actions.code"], name="fk_city_actions_action").ddl_if(
            dialect="postgresql"
        ),
        sa.ForeignKeyConstraint(
            ["wave", "revision", "city"],
            ["survey.respondents.wave", "survey.respondents.revision", "survey.respondents.city"],
            name="fk_city_actions_wave_revision_city",
        ).ddl_if(dialect="postgresql"),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_city_actions_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "city", "action", name=op.f("pk_city_actions")),
        schema="survey",
        comment="Answers on actions that differ from the default.",
    )
    op.create_table(
        "city_difficulties",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("city", sa.Text(), nullable=False, comment="Town."),
        sa.Column("difficulty", sa.Text(), nullable=False, comment="Code of the difficulty."),
        sa.Column("answer", sa.Text(), nullable=False, comment="Answer."),
        sa.Column(
            "source",
            sa.Text(),
            nullable=False,
            comment="Published figures that the row was made from: a report, or report/key.",
        ),
        sa.CheckConstraint(
            f"answer in {ANSWERS}",
            name=op.f("ck_city_difficulties_answer"),
        ),
        sa.ForeignKeyConstraint(
            ["difficulty"], ["survey.difficulties.code"], name="fk_city_difficulties_difficulty"
        ).ddl_if(dialect="postgresql"),
        sa.ForeignKeyConstraint(
            ["wave", "revision", "city"],
            ["survey.respondents.wave", "survey.respondents.revision", "survey.respondents.city"],
            name="fk_city_difficulties_wave_revision_city",
        ).ddl_if(dialect="postgresql"),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_city_difficulties_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "city", "difficulty", name=op.f("pk_city_difficulties")),
        schema="survey",
        comment="Answers on difficulties that differ from the default.",
    )
    op.create_table(
        "partnerships",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column(
            "agreement",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Number within the revision, in the order of country, city and partner.",
        ),
        sa.Column("city", sa.Text(), nullable=True, comment="Town; null where the source does not tell."),
        sa.Column("country", sa.Text(), nullable=False, comment="Country of the partner."),
        sa.Column(
            "partner",
            sa.Text(),
            nullable=True,
            comment="Partner authority; null where the source does not tell.",
        ),
        sa.Column("since_from", sa.Date(), nullable=True, comment="Earliest day on which it can have begun."),
        sa.Column("since_to", sa.Date(), nullable=True, comment="Latest day on which it can have begun."),
        sa.Column("since_missing", sa.Text(), nullable=True, comment="Why no date is known; null where one is."),
        sa.Column(
            "inferred",
            sa.Boolean(),
            nullable=False,
            comment="Needed by one published table and missing from another.",
        ),
        sa.Column(
            "source",
            sa.Text(),
            nullable=False,
            comment="Published figures that the row was made from: a report, or report/key.",
        ),
        sa.CheckConstraint(
            "since_missing in ('dont_know', 'refused', 'no_answer', 'not_asked', 'not_published')",
            name=op.f("ck_partnerships_since_missing"),
        ),
        sa.CheckConstraint(
            "(since_from is null) = (since_missing is not null)", name=op.f("ck_partnerships_since_answer")
        ),
        sa.CheckConstraint("(since_from is null) = (since_to is null)", name=op.f("ck_partnerships_since_range")),
        sa.CheckConstraint("since_to >= since_from", name=op.f("ck_partnerships_since")),
        sa.ForeignKeyConstraint(["country"], ["survey.countries.code"], name="fk_partnerships_country").ddl_if(
            dialect="postgresql"
        ),
        sa.ForeignKeyConstraint(
            ["wave", "revision", "city"],
            ["survey.respondents.wave", "survey.respondents.revision", "survey.respondents.city"],
            name="fk_partnerships_wave_revision_city",
        ).ddl_if(dialect="postgresql"),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_partnerships_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "agreement", name=op.f("pk_partnerships")),
        schema="survey",
        comment="Twinnings and cooperation agreements, each once.",
    )


def downgrade() -> None:
    op.drop_table("partnerships", schema="survey")
    op.drop_table("city_difficulties", schema="survey")
    op.drop_table("city_actions", schema="survey")
    op.drop_table("respondents", schema="survey")
    op.drop_table("default_answers", schema="survey")
    op.drop_table("revisions", schema="survey")
    op.drop_table("waves", schema="survey")
