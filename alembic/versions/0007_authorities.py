"""The register of authorities: towns, what they are part of, and since when; communes is absorbed.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# The columns of before, which other rows refer to and which stay as they are.
_OF_BEFORE = "code, kind, name, sort_key, match_key"
# A former authority may have no name in the register.
_NAMES = ("name", "sort_key", "match_key")


def upgrade() -> None:
    if _on_postgresql():
        for column in _columns()[5:]:
            op.add_column("cities", column, schema="survey")
        op.drop_constraint(op.f("ck_cities_kind"), "cities", schema="survey", type_="check")
        for name in _NAMES:
            op.alter_column("cities", name, nullable=True, schema="survey")
        op.create_check_constraint(op.f("ck_cities_period"), "cities", _PERIOD, schema="survey")
        for column, target in _REFERS:
            op.create_foreign_key(
                f"fk_cities_{column}",
                "cities",
                target,
                [column],
                ["code"],
                source_schema="survey",
                referent_schema="survey",
            )
        for column in _columns():
            op.execute(f"comment on column survey.cities.{column.name} is '{column.comment}'")
        op.execute(f"comment on table survey.cities is '{_COMMENT}'")
    else:
        _rebuild(*_columns(), sa.CheckConstraint(_PERIOD, name=op.f("ck_cities_period")), comment=_COMMENT)
    # Until migrate finds them in its own list: whatever else was in use stays.
    op.execute("update survey.cities set list = 'before'")
    op.drop_table("communes", schema="survey")
    op.create_table(
        "registers",
        sa.Column("list", sa.Text(), nullable=False, comment="Name of the list, as in cities."),
        sa.Column("source", sa.Text(), nullable=False, comment="Where it is from."),
        sa.Column("as_of", sa.Date(), nullable=True, comment="Day on which it was true, where that is said."),
        sa.Column("added_at", sa.DateTime(), nullable=False, comment="When it was added, UTC."),
        sa.Column("added_by", sa.Text(), nullable=False, comment="Who added it."),
        sa.Column("software", sa.Text(), nullable=False, comment="Version of jumelage that added it."),
        sa.PrimaryKeyConstraint("list", name=op.f("pk_registers")),
        schema="survey",
        comment="Lists of authorities that were added to the register, each as it was added last.",
    )


def downgrade() -> None:
    op.drop_table("registers", schema="survey")
    _make_communes()
    if _on_postgresql():
        for column, _ in _REFERS:
            op.drop_constraint(f"fk_cities_{column}", "cities", schema="survey", type_="foreignkey")
    op.execute(
        f"delete from survey.cities where (list <> 'shipped' or name is null or code like '%-D' or not ({_KINDS})) "
        "and code not in (select city from survey.respondents)"
    )
    if _on_postgresql():
        op.drop_constraint(op.f("ck_cities_period"), "cities", schema="survey", type_="check")
        for column in reversed(_columns()[5:]):
            op.drop_column("cities", column.name, schema="survey")
        for name in _NAMES:
            op.alter_column("cities", name, nullable=False, schema="survey")
        op.create_check_constraint(op.f("ck_cities_kind"), "cities", _KINDS, schema="survey")
        for column in _columns_of_before():
            op.execute(f"comment on column survey.cities.{column.name} is '{column.comment}'")
        op.execute(f"comment on table survey.cities is '{_COMMENT_OF_BEFORE}'")
    else:
        _rebuild(
            *_columns_of_before(),
            sa.CheckConstraint(_KINDS, name=op.f("ck_cities_kind")),
            comment=_COMMENT_OF_BEFORE,
        )


def _on_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _rebuild(*items: sa.schema.SchemaItem, comment: str) -> None:
    """Make the table anew with its rows: DuckDB drops no constraint."""
    op.execute(f"create temp table kept_cities as select {_OF_BEFORE} from survey.cities")
    op.drop_table("cities", schema="survey")
    op.create_table(
        "cities",
        *items,
        sa.PrimaryKeyConstraint("code", name=op.f("pk_cities")),
        schema="survey",
        comment=comment,
    )
    op.execute(f"insert into survey.cities ({_OF_BEFORE}) select {_OF_BEFORE} from kept_cities")
    op.execute("drop table kept_cities")


def _make_communes() -> None:
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
    op.execute(
        "insert into survey.communes (code, kind, name, departement, part_of, match_key) "
        "select replace(code, '-D', ''), coalesce(status, 'commune'), name, departement, "
        "case when status is not null then part_of end, match_key "
        "from survey.cities where kind = 'commune' and departement is not null and list = 'shipped'"
    )


_PERIOD = "valid_to is null or valid_from is null or valid_to > valid_from"
_KINDS = "kind in ('commune', 'epci', 'departement', 'region')"
_REFERS = (("country", "countries"), ("part_of", "cities"))
_COMMENT = (
    "Register of authorities, present and former: those that a survey may ask, and those that tell another authority "
    "from an unknown name."
)
_COMMENT_OF_BEFORE = "Authorities that a survey may ask."


def _columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column(
            "code",
            sa.Text(),
            nullable=False,
            comment="INSEE code of a commune (with -D for a delegated one that shares the code of the present one), "
            "SIREN of an EPCI, ISO 3166-2 of a departement or region.",
        ),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="Kind of authority: commune, epci, departement, region, or what another country has.",
        ),
        sa.Column("name", sa.Text(), nullable=True, comment="Official name; null where the register does not know it."),
        sa.Column(
            "sort_key",
            sa.Text(),
            nullable=True,
            comment="French alphabetical order: letters and digits of the name.",
        ),
        sa.Column(
            "match_key",
            sa.Text(),
            nullable=True,
            comment="Name without case, accents, hyphens, and with Saint for St; finds, never orders.",
        ),
        sa.Column(
            "status", sa.Text(), nullable=True, comment="associated, delegated or former; null for a present authority."
        ),
        sa.Column("country", sa.Text(), server_default="FR", nullable=True, comment="Country that it is in."),
        sa.Column("part_of", sa.Text(), nullable=True, comment="Authority that it is part of."),
        sa.Column("departement", sa.Text(), nullable=True, comment="Number of the departement; null outside of any."),
        sa.Column(
            "population", sa.Integer(), autoincrement=False, nullable=True, comment="Population; null where unknown."
        ),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="First day on which it exists; null where unknown."),
        sa.Column(
            "valid_to",
            sa.Date(),
            nullable=True,
            comment="First day on which it no longer exists; null while it does, or where unknown.",
        ),
        sa.Column(
            "list", sa.Text(), server_default="shipped", nullable=True, comment="List that put it into the register."
        ),
    )


def _columns_of_before() -> tuple[sa.Column, ...]:
    return (
        sa.Column(
            "code",
            sa.Text(),
            nullable=False,
            comment="INSEE code for a commune; text, since it may begin with 0 or hold a letter.",
        ),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="Kind of authority: commune, epci, departement or region."
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
    )
