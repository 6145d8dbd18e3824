"""The models that `migrate` fills and no wave: the code lists, which say what schema/codes says, and `installed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Column, DateTime

from jumelage.database.model_parts import date, integer, key, one_of, refers, table, text

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.schema import SchemaItem

BASES = ("survey", "eu_membership", "un_m49")


def _code_list(name: str, comment: str, *items: SchemaItem, later: tuple[SchemaItem, ...] = ()) -> Table:
    """Make a code list; `later` are columns that a migration added behind the labels."""
    return table(
        name,
        comment,
        text("code", "Code, never reused."),
        *items,
        text("label_fr", "Label in French."),
        text("label_en", "Label in English."),
        *later,
        key("code"),
    )


def _with_parents(name: str, comment: str) -> Table:
    return _code_list(
        name,
        comment,
        text("parent_code", "Code that this one is a kind of: a yes to it is a yes to the parent.", null=True),
        integer("position", "Order in lists and reports."),
        refers(name, ("parent_code",), name, ("code",)),
    )


zones = _code_list("zones", "Geographic zones.", integer("position", "Order in lists and reports."))

countries = _code_list(
    "countries",
    "Countries: ISO 3166-1 alpha-2, and XK.",
    text("sort_key", "French alphabetical order: letters and digits of the French label."),
    later=(
        date("state_since", "Day from which the state exists, where that is after 1900 and certain.", null=True),
        text("part_of", "Country that it is part of, though it has a code of its own.", null=True),
        refers("countries", ("part_of",), "countries", ("code",)),
    ),
)

country_zones = table(
    "country_zones",
    "Zone of a country by date.",
    text("country", "Country."),
    date("valid_from", "First day of the period."),
    date("valid_to", "First day after the period; null while it lasts.", null=True),
    text("zone", "Zone."),
    text("basis", "What places the country there: survey, eu_membership or un_m49."),
    key("country", "valid_from"),
    CheckConstraint("valid_to is null or valid_to > valid_from", name="period"),
    one_of("basis", BASES),
    refers("country_zones", ("country",), "countries", ("code",)),
    refers("country_zones", ("zone",), "zones", ("code",)),
)

actions = _with_parents("actions", "Kinds of action, with the survey's themes under their parents.")
difficulties = _with_parents("difficulties", "Difficulties met, with details under their parents.")

size_classes = _code_list(
    "size_classes",
    "Classes of authorities of a kind by the number of their inhabitants.",
    text("kind", "Kind of authority, as in cities."),
    integer("least", "Least number of inhabitants."),
    integer("below", "Number of inhabitants below which it ends; null where it has no end.", null=True),
    integer("position", "Order in lists and reports."),
    CheckConstraint("below > least", name="bounds"),
)

cities = table(
    "cities",
    "Register of authorities, present and former: those that a survey may ask, and those that tell another authority "
    "from an unknown name.",
    text(
        "code",
        "INSEE code of a commune (with -D for a delegated one that shares the code of the present one), "
        "SIREN of an EPCI, ISO 3166-2 of a departement or region.",
    ),
    text("kind", "Kind of authority: commune, epci, departement, region, or what another country has."),
    text("name", "Official name; null where the register does not know it.", null=True),
    text("sort_key", "French alphabetical order: letters and digits of the name.", null=True),
    text("match_key", "Name without case, accents, hyphens, and with Saint for St; finds, never orders.", null=True),
    text("status", "associated, delegated or former; null for a present authority.", null=True),
    text("country", "Country that it is in.", default="FR"),
    text("part_of", "Authority that it is part of.", null=True),
    text("departement", "Number of the departement; null outside of any.", null=True),
    integer("population", "Population; null where unknown.", null=True),
    date("valid_from", "First day on which it exists; null where unknown.", null=True),
    date("valid_to", "First day on which it no longer exists; null while it does, or where unknown.", null=True),
    text("list", "List that put it into the register.", default="shipped"),
    key("code"),
    CheckConstraint("valid_to is null or valid_from is null or valid_to > valid_from", name="period"),
    refers("cities", ("country",), "countries", ("code",)),
    refers("cities", ("part_of",), "cities", ("code",)),
)

city_aliases = table(
    "city_aliases",
    "Accepted spellings of a city beside its name.",
    text("alias", "Spelling."),
    text("city", "City."),
    text("match_key", "As in cities."),
    key("alias"),
    refers("city_aliases", ("city",), "cities", ("code",)),
)

city_changes = table(
    "city_changes",
    "Towns that became part of another one, with the day.",
    text("city", "Town that ceased to be one of its own."),
    date("changed_on", "First day on which it is part of the other."),
    text("successor", "Town that it is part of since."),
    key("city", "changed_on"),
    CheckConstraint("successor <> city", name="successor"),
    refers("city_changes", ("city",), "cities", ("code",)),
    refers("city_changes", ("successor",), "cities", ("code",)),
)

country_aliases = table(
    "country_aliases",
    "Accepted spellings of a country beside its labels.",
    text("alias", "Spelling."),
    text("country", "Country."),
    text("match_key", "As in cities."),
    key("alias"),
    refers("country_aliases", ("country",), "countries", ("code",)),
)

answer_codes = table(
    "answer_codes",
    "Answers of closed questions, with their labels.",
    text("list", "answers, responses (outcome of the contact), no_date (why no date is known) or yes_no."),
    text("code", "Code, never reused."),
    integer("position", "Order in lists."),
    text("label_fr", "Label in French."),
    text("label_en", "Label in English."),
    key("list", "code"),
)

registers = table(
    "registers",
    "Lists of authorities that were added to the register, each as it was added last.",
    text("list", "Name of the list, as in cities."),
    text("source", "Where it is from."),
    date("as_of", "Day on which it was true, where that is said.", null=True),
    Column("added_at", DateTime, nullable=False, comment="When it was added, UTC."),
    text("added_by", "Who added it.", private=True),
    text("software", "Version of jumelage that added it."),
    key("list"),
)

installed = table(
    "installed",
    "What migrate has put into this database besides tables.",
    text("part", "code_lists or views."),
    text("hash", "SHA-256 of its files."),
    key("part"),
)

# The code lists that migrate fills, each after those that it refers to.
CODE_LISTS = (
    "zones",
    "countries",
    "country_zones",
    "country_aliases",
    "actions",
    "difficulties",
    "cities",
    "city_aliases",
    "city_changes",
    "answer_codes",
    "size_classes",
)
