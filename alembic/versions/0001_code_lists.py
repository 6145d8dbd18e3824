"""Code lists: zones, countries, actions, difficulties, cities and their spellings.

Revision: 0001, after None
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create schema survey")
    op.create_table(
        "actions",
        sa.Column("code", sa.Text(), nullable=False, comment="Code, never reused."),
        sa.Column(
            "parent_code",
            sa.Text(),
            nullable=True,
            comment="Code that this one is a kind of: a yes to it is a yes to the parent.",
        ),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Order in lists and reports.",
        ),
        sa.Column("label_fr", sa.Text(), nullable=False, comment="Label in French."),
        sa.Column("label_en", sa.Text(), nullable=False, comment="Label in English."),
        sa.ForeignKeyConstraint(["parent_code"], ["survey.actions.code"], name="fk_actions_parent_code").ddl_if(
            dialect="postgresql"
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_actions")),
        schema="survey",
        comment="Kinds of action, with the survey's themes under their parents.",
    )
    op.create_table(
        "cities",
        sa.Column(
            "code",
            sa.Text(),
            nullable=False,
            comment="INSEE code for a commune; text, since it may begin with 0 or hold a letter.",
        ),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="Kind of authority: commune, epci, departement or region.",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="Official name."),
        sa.Column(
            "sort_key",
            sa.Text(),
            nullable=False,
            comment="French alphabetical order: letters and digits of the name.",
        ),
        sa.Column(
            "match_key",
            sa.Text(),
            nullable=False,
            comment="Name without case, accents, hyphens, and with Saint for St; finds, never orders.",
        ),
        sa.CheckConstraint("kind in ('commune', 'epci', 'departement', 'region')", name=op.f("ck_cities_kind")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_cities")),
        schema="survey",
        comment="Authorities that a survey may ask.",
    )
    op.create_table(
        "countries",
        sa.Column("code", sa.Text(), nullable=False, comment="Code, never reused."),
        sa.Column(
            "sort_key",
            sa.Text(),
            nullable=False,
            comment="French alphabetical order: letters and digits of the French label.",
        ),
        sa.Column("label_fr", sa.Text(), nullable=False, comment="Label in French."),
        sa.Column("label_en", sa.Text(), nullable=False, comment="Label in English."),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_countries")),
        schema="survey",
        comment="Countries: ISO 3166-1 alpha-2, and XK.",
    )
    op.create_table(
        "difficulties",
        sa.Column("code", sa.Text(), nullable=False, comment="Code, never reused."),
        sa.Column(
            "parent_code",
            sa.Text(),
            nullable=True,
            comment="Code that this one is a kind of: a yes to it is a yes to the parent.",
        ),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Order in lists and reports.",
        ),
        sa.Column("label_fr", sa.Text(), nullable=False, comment="Label in French."),
        sa.Column("label_en", sa.Text(), nullable=False, comment="Label in English."),
        sa.ForeignKeyConstraint(
            ["parent_code"], ["survey.difficulties.code"], name="fk_difficulties_parent_code"
        ).ddl_if(dialect="postgresql"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_difficulties")),
        schema="survey",
        comment="Difficulties met, with details under their parents.",
    )
    op.create_table(
        "installed",
        sa.Column("part", sa.Text(), nullable=False, comment="code_lists or views."),
        sa.Column("hash", sa.Text(), nullable=False, comment="SHA-256 of its files."),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_installed")),
        schema="survey",
        comment="What migrate has put into this database besides tables.",
    )
    op.create_table(
        "zones",
        sa.Column("code", sa.Text(), nullable=False, comment="Code, never reused."),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Order in lists and reports.",
        ),
        sa.Column("label_fr", sa.Text(), nullable=False, comment="Label in French."),
        sa.Column("label_en", sa.Text(), nullable=False, comment="Label in English."),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_zones")),
        schema="survey",
        comment="Geographic zones.",
    )
    op.create_table(
        "city_aliases",
        sa.Column("alias", sa.Text(), nullable=False, comment="Spelling."),
        sa.Column("city", sa.Text(), nullable=False, comment="City."),
        sa.Column("match_key", sa.Text(), nullable=False, comment="As in cities."),
        sa.ForeignKeyConstraint(["city"], ["survey.cities.code"], name="fk_city_aliases_city").ddl_if(
            dialect="postgresql"
        ),
        sa.PrimaryKeyConstraint("alias", name=op.f("pk_city_aliases")),
        schema="survey",
        comment="Accepted spellings of a city beside its name.",
    )
    op.create_table(
        "country_aliases",
        sa.Column("alias", sa.Text(), nullable=False, comment="Spelling."),
        sa.Column("country", sa.Text(), nullable=False, comment="Country."),
        sa.Column("match_key", sa.Text(), nullable=False, comment="As in cities."),
        sa.ForeignKeyConstraint(["country"], ["survey.countries.code"], name="fk_country_aliases_country").ddl_if(
            dialect="postgresql"
        ),
        sa.PrimaryKeyConstraint("alias", name=op.f("pk_country_aliases")),
        schema="survey",
        comment="Accepted spellings of a country beside its labels.",
    )
    op.create_table(
        "country_zones",
        sa.Column("country", sa.Text(), nullable=False, comment="Country."),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="First day of the period."),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="First day after the period; null while it lasts."),
        sa.Column("zone", sa.Text(), nullable=False, comment="Zone."),
        sa.Column(
            "basis",
            sa.Text(),
            nullable=False,
            comment="What places the country there: survey, eu_membership or un_m49.",
        ),
        sa.CheckConstraint("basis in ('survey', 'eu_membership', 'un_m49')", name=op.f("ck_country_zones_basis")),
        sa.CheckConstraint("valid_to is null or valid_to > valid_from", name=op.f("ck_country_zones_period")),
        sa.ForeignKeyConstraint(["country"], ["survey.countries.code"], name="fk_country_zones_country").ddl_if(
            dialect="postgresql"
        ),
        sa.ForeignKeyConstraint(["zone"], ["survey.zones.code"], name="fk_country_zones_zone").ddl_if(
            dialect="postgresql"
        ),
        sa.PrimaryKeyConstraint("country", "valid_from", name=op.f("pk_country_zones")),
        schema="survey",
        comment="Zone of a country by date.",
    )


def downgrade() -> None:
    op.drop_table("country_zones", schema="survey")
    op.drop_table("country_aliases", schema="survey")
    op.drop_table("city_aliases", schema="survey")
    op.drop_table("zones", schema="survey")
    op.drop_table("installed", schema="survey")
    op.drop_table("difficulties", schema="survey")
    op.drop_table("countries", schema="survey")
    op.drop_table("cities", schema="survey")
    op.drop_table("actions", schema="survey")
    op.execute("drop schema survey")
