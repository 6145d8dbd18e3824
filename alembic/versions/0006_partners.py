"""Partners have a key and may be said to be the same; agreements at home; territories that are part of a country.

Revision: 0006, after 0005
"""

import json

import sqlalchemy as sa
from alembic import op

from jumelage import database
from jumelage.database.workbench import read_code_lists, workbench
from jumelage.reading.wave_fields import Origin
from jumelage.reading.wave_toml import wave_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "partner_pairs",
        sa.Column("wave", sa.Text(), nullable=False, comment="Wave that the row belongs to."),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False, comment="Revision of the wave."),
        sa.Column("city", sa.Text(), nullable=False, comment="Town, as it is in this wave."),
        sa.Column("country", sa.Text(), nullable=False, comment="Country of both partners."),
        sa.Column("partner_before", sa.Text(), nullable=False, comment="Partner as an earlier wave names it."),
        sa.Column("partner", sa.Text(), nullable=False, comment="Partner as this wave names it."),
        sa.Column("same", sa.Boolean(), nullable=False, comment="Whether they are the same."),
        sa.Column(
            "partner_before_key", sa.Text(), nullable=False, comment="Key of the earlier one, as in partnerships."
        ),
        sa.Column("partner_key", sa.Text(), nullable=False, comment="Key of the later one, as in partnerships."),
        sa.ForeignKeyConstraint(["country"], ["survey.countries.code"], name="fk_partner_pairs_country").ddl_if(
            dialect="postgresql"
        ),
        sa.ForeignKeyConstraint(
            ["wave", "revision", "city"],
            ["survey.respondents.wave", "survey.respondents.revision", "survey.respondents.city"],
            name="fk_partner_pairs_wave_revision_city",
        ).ddl_if(dialect="postgresql"),
        sa.ForeignKeyConstraint(
            ["wave", "revision"],
            ["survey.revisions.wave", "survey.revisions.revision"],
            name="fk_partner_pairs_wave_revision",
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint(
            "wave",
            "revision",
            "city",
            "country",
            "partner_before_key",
            "partner_key",
            name=op.f("pk_partner_pairs"),
        ),
        schema="survey",
        comment="Partners of an earlier wave, each said to be the same as one of this wave, or not, "
        "by a person who knows.",
    )
    for table, column in _COLUMNS:
        op.add_column(table, column, schema="survey")
    if _on_postgresql():
        op.create_foreign_key(
            "fk_countries_part_of",
            "countries",
            "countries",
            ["part_of"],
            ["code"],
            source_schema="survey",
            referent_schema="survey",
        )
    if not op.get_context().as_sql:
        _make_keys()
        _set_apart()


def _make_keys() -> None:
    """Give the partners of every revision their key, each spelling once."""
    connection = op.get_bind()
    with workbench(connection) as bench:
        spelled = "select distinct partner from survey.partnerships where partner is not null"
        database.fetch(connection, spelled, bench, "spelled", {"partner": "varchar"})
        connection.exec_driver_sql("create temp table keyed (partner varchar, partner_key varchar)")
        made = "select partner, partner_key(partner) from spelled"
        database.append(bench, made, connection, "keyed", ("partner", "partner_key"))
    connection.exec_driver_sql(
        "update survey.partnerships set partner_key = k.partner_key from keyed k "
        "where k.partner = survey.partnerships.partner"
    )
    connection.exec_driver_sql("drop table keyed")


def _set_apart() -> None:
    """Set apart again what a kept wave.toml declares so: this database has been at this migration before."""
    connection = op.get_bind()
    kept = "select wave, revision, declared from survey.revisions where declared like '%\"home\"%'"
    for wave, revision, declared in database.query(connection, kept)[1]:
        said = wave_of(json.loads(declared), Origin(texts=True), [])
        where = f"where wave = '{wave}' and revision = {revision}"
        connection.exec_driver_sql(
            f"update survey.revisions set home_country = '{said.home_country}', "
            f"home_apart = {str(said.home_apart).lower()} {where}"
        )
        if said.home_apart:
            with workbench(connection) as bench:
                read_code_lists(bench)
                listed = bench.exec_driver_sql(
                    f"select code from list_countries where '{said.home_country}' in (code, part_of)"
                ).fetchall()
            home = ", ".join(f"'{code}'" for (code,) in listed)
            connection.exec_driver_sql(f"update survey.partnerships set apart = true {where} and country in ({home})")


def _on_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def downgrade() -> None:
    if _on_postgresql():
        op.drop_constraint("fk_countries_part_of", "countries", schema="survey", type_="foreignkey")
    for table, column in reversed(_COLUMNS):
        op.drop_column(table, column.name, schema="survey")
    op.drop_table("partner_pairs", schema="survey")


_COLUMNS = (
    (
        "countries",
        sa.Column(
            "part_of",
            sa.Text(),
            nullable=True,
            comment="Country that it is part of, though it has a code of its own.",
        ),
    ),
    (
        "revisions",
        sa.Column(
            "home_country",
            sa.Text(),
            server_default="FR",
            nullable=True,
            comment="Country of the towns: what is twinned within it is not international.",
        ),
    ),
    (
        "revisions",
        sa.Column(
            "home_apart",
            sa.Boolean(),
            server_default="false",
            nullable=True,
            comment="Declared: agreements at home are kept, apart from all others.",
        ),
    ),
    (
        "partnerships",
        sa.Column(
            "partner_key",
            sa.Text(),
            nullable=True,
            comment="Partner: letters and digits alone, without case and accents, St for Saint; the same for all "
            "spellings; null where the source does not tell.",
        ),
    ),
    (
        "partnerships",
        sa.Column(
            "apart",
            sa.Boolean(),
            server_default="false",
            nullable=True,
            comment="With a partner at home, in a wave that sets such agreements apart: in no international figure.",
        ),
    ),
)
