"""A wave declares what it asks: questions, their items, and answers; the list of answers is called answer_codes.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("answers", schema="survey")
    op.create_table(
        "answer_codes",
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
        sa.PrimaryKeyConstraint("list", "code", name=op.f("pk_answer_codes")),
        schema="survey",
        comment="Answers of closed questions, with their labels.",
    )
    op.create_table(
        "questions",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("question", sa.Text(), nullable=False, comment="Code of the question."),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="yes_no, choice (one item), choices (any items), number, date or text.",
        ),
        sa.Column("label_fr", sa.Text(), nullable=False, comment="The question in French."),
        sa.Column("label_en", sa.Text(), nullable=False, comment="The question in English."),
        sa.Column(
            "asked_of",
            sa.Text(),
            nullable=False,
            comment="respondents, or engaged: those of them that have an agreement.",
        ),
        sa.Column(
            "list",
            sa.Text(),
            nullable=True,
            comment="Code list that its items are from; null where they are its own, or where it has none.",
        ),
        sa.Column("unit", sa.Text(), nullable=True, comment="Unit of a number, such as EUR."),
        sa.Column(
            "least",
            sa.Numeric(precision=18, scale=6),
            nullable=True,
            comment="Least number that may be answered; null where there is none.",
        ),
        sa.Column(
            "most",
            sa.Numeric(precision=18, scale=6),
            nullable=True,
            comment="Greatest number that may be answered; null where there is none.",
        ),
        sa.Column("default_answer", sa.Text(), nullable=True, comment="Answer of a respondent that gives none."),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="Order in lists and reports."),
        sa.CheckConstraint("asked_of in ('respondents', 'engaged')", name=op.f("ck_questions_asked_of")),
        sa.CheckConstraint(
            "kind in ('yes_no', 'choice', 'choices', 'number', 'date', 'text')", name=op.f("ck_questions_kind")
        ),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_questions_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "question", name=op.f("pk_questions")),
        schema="survey",
        comment="Questions that a wave asks beside those of every wave.",
    )
    op.create_table(
        "question_items",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("question", sa.Text(), nullable=False, comment="Question."),
        sa.Column("item", sa.Text(), nullable=False, comment="Code of the item."),
        sa.Column(
            "parent",
            sa.Text(),
            nullable=True,
            comment="Item that this one is a kind of: a yes to it is a yes to the parent.",
        ),
        sa.Column("label_fr", sa.Text(), nullable=False, comment="Label in French."),
        sa.Column("label_en", sa.Text(), nullable=False, comment="Label in English."),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="Order in lists and reports."),
        sa.ForeignKeyConstraint(
            ["wave", "revision", "question"],
            ["survey.questions.wave", "survey.questions.revision", "survey.questions.question"],
            name="fk_question_items_wave_revision_question",
        ).ddl_if(dialect="postgresql"),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_question_items_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "question", "item", name=op.f("pk_question_items")),
        schema="survey",
        comment="Items of the questions that a wave asks: those that it asked, also where they are from a code list.",
    )
    op.create_table(
        "answers",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("city", sa.Text(), nullable=False, comment="Authority."),
        sa.Column("question", sa.Text(), nullable=False, comment="Question."),
        sa.Column(
            "item", sa.Text(), nullable=False, comment="Item of a question with any items; empty for all others."
        ),
        sa.Column("code", sa.Text(), nullable=True, comment="yes or no, or the item that was chosen."),
        sa.Column(
            "number", sa.Numeric(precision=18, scale=6), nullable=True, comment="Number, in the unit of the question."
        ),
        sa.Column("date_from", sa.Date(), nullable=True, comment="First day of the period that was answered."),
        sa.Column("date_to", sa.Date(), nullable=True, comment="Last day of the period that was answered."),
        sa.Column("text", sa.Text(), nullable=True, comment="Text, as it was answered."),
        sa.Column("missing", sa.Text(), nullable=True, comment="Why there is no answer; null where there is one."),
        sa.Column(
            "source",
            sa.Text(),
            nullable=False,
            comment="Published figures that the row was made from: a report, or report/key.",
        ),
        sa.CheckConstraint(
            "missing in ('dont_know', 'refused', 'no_answer', 'not_asked', 'not_applicable', 'not_published')",
            name=op.f("ck_answers_missing"),
        ),
        sa.CheckConstraint("(date_from is null) = (date_to is null)", name=op.f("ck_answers_period")),
        sa.CheckConstraint(
            "1 = case when code is null then 0 else 1 end + case when number is null then 0 else 1 end "
            "+ case when date_from is null then 0 else 1 end + case when text is null then 0 else 1 end "
            "+ case when missing is null then 0 else 1 end",
            name=op.f("ck_answers_one_answer"),
        ),
        sa.ForeignKeyConstraint(
            ["wave", "revision", "city"],
            ["survey.respondents.wave", "survey.respondents.revision", "survey.respondents.city"],
            name="fk_answers_wave_revision_city",
        ).ddl_if(dialect="postgresql"),
        sa.ForeignKeyConstraint(
            ["wave", "revision", "question"],
            ["survey.questions.wave", "survey.questions.revision", "survey.questions.question"],
            name="fk_answers_wave_revision_question",
        ).ddl_if(dialect="postgresql"),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_answers_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("wave", "revision", "city", "question", "item", name=op.f("pk_answers")),
        schema="survey",
        comment="Answers to the questions that a wave asks, in the column of their kind.",
    )


def downgrade() -> None:
    for name in ("answers", "question_items", "questions", "answer_codes"):
        op.drop_table(name, schema="survey")
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
        sa.PrimaryKeyConstraint("list", "code", name="pk_answers"),
        schema="survey",
        comment="Answers of closed questions, with their labels.",
    )
