"""The questions on management are questions of the waves that ask them, and their answers are rows of answers.

Every revision asked all three, and has an answer of each respondent; what its wave.toml gives as default stays default.

Revision: 0013, after 0012
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_QUESTIONS = {
    "elected_delegate": (
        "Élu délégué",
        "Elected delegate",
        "Answer: has the town an elected delegate for international relations?",
    ),
    "twinning_committee": ("Comité de jumelage", "Twinning committee", "Answer: has the town a twinning committee?"),
    "service": (
        "Service chargé des relations internationales",
        "Service in charge of international relations",
        "Answer: has the town a service in charge?",
    ),
}
_CODES = ", ".join(f"'{question}'" for question in _QUESTIONS)
# As they were asked before: any other is a question of the wave's own, and stays one.
_AS_BEFORE = (
    "q.kind = 'yes_no' and q.asked_of = 'engaged' and ("
    + " or ".join(
        f"(q.question = '{question}' and q.label_fr = '{fr}' and q.label_en = '{en}')"
        for question, (fr, en, _) in _QUESTIONS.items()
    )
    + ")"
)
_ANSWERS = "('yes', 'no', 'dont_know', 'refused', 'no_answer', 'not_asked', 'not_applicable', 'not_published')"
_KEPT = "wave, revision, city, population, response, source, answers_source, declared_agreements, declared_missing"


def upgrade() -> None:
    for wave, number, declared in _revisions():
        defaults = (json.loads(declared) if declared else {}).get("defaults", {})
        for place, (question, (fr, en, _)) in enumerate(_QUESTIONS.items(), 1):
            _ask(wave, number, question, (fr, en), defaults.get(question), place)
    if _on_postgresql():
        for question in _QUESTIONS:
            op.drop_column("respondents", question, schema="survey")
    else:
        op.execute(f"create temp table kept_respondents as select {_KEPT} from survey.respondents")
        _rebuild()
        op.execute("drop table kept_respondents")
    op.execute(
        "comment on table survey.questions is 'Questions that a wave asks beside its agreements, actions and "
        "difficulties.'"
    )


def _ask(wave: str, number: int, question: str, labels: tuple[str, str], default: str | None, place: int) -> None:
    """Let a revision ask a question, and move the answers that are not its default."""
    of = f"wave = '{wave}' and revision = {number}"
    default = default or "no_answer"
    fr, en = labels
    op.execute(
        "insert into survey.questions (wave, revision, question, kind, label_fr, label_en, asked_of, default_answer, "
        f"position) select '{wave}', {number}, '{question}', 'yes_no', '{fr}', '{en}', 'engaged', '{default}', "
        f"(select count(*) from survey.questions where {of} and question not in ({_CODES})) + {place} "
        # Else this database has been at this migration before, and the wave asked it in its own way.
        f"where not exists (select 1 from survey.questions where {of} and question = '{question}')"
    )
    op.execute(
        "insert into survey.answers (wave, revision, city, question, item, code, missing, source) "
        f"select wave, revision, city, '{question}', '', case when {question} in ('yes', 'no') then {question} end, "
        f"case when {question} not in ('yes', 'no') then {question} end, answers_source "
        f"from survey.respondents where {of} and {question} <> '{default}' and exists (select 1 from survey.questions "
        f"where {of} and question = '{question}' and default_answer = '{default}')"
    )


def _say_defaults() -> None:
    """Let the kept wave.toml say the defaults of the questions, where their rows did: nothing else keeps them."""
    said: dict[tuple[str, int], dict[str, str]] = {}
    chosen = "wave, revision, question, coalesce(default_answer, 'no_answer')"
    sql = f"select {chosen} from survey.questions q where {_AS_BEFORE}"
    for wave, number, question, default in op.get_bind().exec_driver_sql(sql):
        said.setdefault((wave, number), {})[question] = default
    for wave, number, declared in _revisions():
        if declared and (defaults := said.get((wave, number))):
            table = json.loads(declared)
            table["defaults"] = {**defaults, **table.get("defaults", {})}
            kept = json.dumps(table, ensure_ascii=False, sort_keys=True)
            moved = sa.text("update survey.revisions set declared = :kept where wave = :wave and revision = :number")
            op.get_bind().execute(moved, {"kept": kept, "wave": wave, "number": number})


def _revisions() -> list[tuple[str, int, str | None]]:
    sql = "select wave, revision, declared from survey.revisions order by wave, revision"
    return [tuple(row) for row in op.get_bind().exec_driver_sql(sql)]


def _on_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _rebuild(*questions: str) -> None:
    """Make the table of respondents anew, of what is kept of it: DuckDB drops no column that has a check."""
    op.drop_table("respondents", schema="survey")
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
        *(sa.Column(name, sa.Text(), nullable=False, comment=_QUESTIONS[name][2]) for name in questions),
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
        sa.Column(
            "declared_agreements",
            sa.Integer(),
            autoincrement=False,
            nullable=True,
            comment="Number of agreements that the town says it has.",
        ),
        sa.Column(
            "declared_missing",
            sa.Text(),
            server_default="not_asked",
            nullable=True,
            comment="Why no number of agreements is declared; null where one is.",
        ),
        *(sa.CheckConstraint(f"{name} in {_ANSWERS}", name=op.f(f"ck_respondents_{name}")) for name in questions),
        sa.CheckConstraint("population >= 0", name=op.f("ck_respondents_population")),
        sa.CheckConstraint(
            "response in ('responded', 'refused', 'not_reached', 'not_published')",
            name=op.f("ck_respondents_response"),
        ),
        sa.PrimaryKeyConstraint("wave", "revision", "city", name=op.f("pk_respondents")),
        schema="survey",
        comment="The sampling frame: every town contacted, with its response.",
    )
    columns = ", ".join([_KEPT, *questions])
    op.execute(f"insert into survey.respondents ({columns}) select {columns} from kept_respondents")


def downgrade() -> None:
    _say_defaults()
    said = ", ".join(
        "coalesce((select coalesce(a.code, a.missing, q.default_answer) from survey.questions q "
        "left join survey.answers a on a.wave = q.wave and a.revision = q.revision and a.question = q.question "
        "and a.city = r.city "
        f"where q.wave = r.wave and q.revision = r.revision and q.question = '{question}' and {_AS_BEFORE}), "
        f"'no_answer') as {question}"
        for question in _QUESTIONS
    )
    op.execute(f"create temp table kept_respondents as select {_KEPT}, {said} from survey.respondents r")
    op.execute(
        "delete from survey.answers where exists (select 1 from survey.questions q where q.wave = answers.wave "
        f"and q.revision = answers.revision and q.question = answers.question and {_AS_BEFORE})"
    )
    op.execute(f"delete from survey.questions q where {_AS_BEFORE}")
    if _on_postgresql():
        for question, (_, _, comment) in _QUESTIONS.items():
            column = sa.Column(question, sa.Text(), server_default="no_answer", nullable=False, comment=comment)
            op.add_column("respondents", column, schema="survey")
            op.alter_column("respondents", question, server_default=None, schema="survey")
            op.create_check_constraint(
                op.f(f"ck_respondents_{question}"), "respondents", f"{question} in {_ANSWERS}", schema="survey"
            )
        moved = ", ".join(f"{question} = k.{question}" for question in _QUESTIONS)
        op.execute(
            f"update survey.respondents r set {moved} from kept_respondents k "
            "where k.wave = r.wave and k.revision = r.revision and k.city = r.city"
        )
    else:
        _rebuild(*_QUESTIONS)
    op.execute("drop table kept_respondents")
    op.execute("comment on table survey.questions is 'Questions that a wave asks beside those of every wave.'")
