"""The normalized tables of schema `survey`; their comments become the data dictionary.

Nothing loaded is ever updated or deleted: a wave is loaded as a revision, a correction is a new revision.
Foreign keys exist on PostgreSQL only; on DuckDB they would block ALTER, so the loader and `check` look for
orphans instead (`foreign_keys` below is what they look at).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.schema import SchemaItem

SCHEMA = "survey"

ANSWERS = (
    "yes",
    "no",
    "dont_know",
    "refused",
    "no_answer",
    "not_asked",
    "not_applicable",
    "not_published",
)
RESPONSES = ("responded", "refused", "not_reached", "not_published")
NO_DATE = ("dont_know", "refused", "no_answer", "not_asked", "not_published")
KINDS = ("commune", "epci", "departement", "region")
COMMUNES = ("commune", "associated", "delegated", "former")
BASES = ("survey", "eu_membership", "un_m49")
CLAIM_KINDS = ("figure", "wording", "source", "consistency")
QUESTIONS = ("actions", "difficulties")

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s", "pk": "pk_%(table_name)s"},
)


def _text(
    name: str, comment: str, *, null: bool = False, default: str | None = None, derived: bool = False
) -> Column[str]:
    """Make a column of text; one with a default came later, one that is derived says nothing of its own."""
    return Column(
        name,
        Text,
        nullable=null or default is not None,
        server_default=default,
        comment=comment,
        info={"derived": derived},
    )


def _integer(name: str, comment: str, *, null: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=null, autoincrement=False, comment=comment)


def _date(name: str, comment: str, *, null: bool = False) -> Column[Any]:
    return Column(name, Date, nullable=null, comment=comment)


def _number(name: str, comment: str) -> Column[Any]:
    return Column(name, Numeric(18, 6), nullable=True, comment=comment)


def _question(name: str, asked: str, *, later: bool = False) -> Column[str]:
    """Make the column of a question that every town is asked, by which it is loaded, restored and checked.

    One that came `later`, by a migration, is at the end of its table: towns of earlier waves were not asked.
    """
    default = "not_asked" if later else None
    checks = () if later else (_in(name, ANSWERS),)  # DuckDB can add no check; the loader takes nothing but answers
    return Column(
        name, Text, *checks, nullable=False, server_default=default, comment=f"Answer: {asked}", info={"question": True}
    )


def _boolean(name: str, comment: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, comment=comment)


def _key(*columns: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*columns)


def _in(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=column)


def _refers(table: str, columns: tuple[str, ...], target: str, keys: tuple[str, ...]) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        columns,
        [f"{SCHEMA}.{target}.{key}" for key in keys],
        name=f"fk_{table}_{'_'.join(columns)}",
    ).ddl_if(dialect="postgresql")


def _table(name: str, comment: str, *items: SchemaItem) -> Table:
    return Table(name, metadata, *items, comment=comment)


def _of_revision(name: str, comment: str, *items: SchemaItem) -> Table:
    return _table(
        name,
        comment,
        _text("wave", "Wave that the row belongs to."),
        _integer("revision", "Revision of the wave."),
        *items,
        _refers(name, ("wave", "revision"), "revisions", ("wave", "revision")),
    )


def _code_list(name: str, comment: str, *items: SchemaItem, later: tuple[SchemaItem, ...] = ()) -> Table:
    """Make a code list; `later` are columns that a migration added behind the labels."""
    return _table(
        name,
        comment,
        _text("code", "Code, never reused."),
        *items,
        _text("label_fr", "Label in French."),
        _text("label_en", "Label in English."),
        *later,
        _key("code"),
    )


def _with_parents(name: str, comment: str) -> Table:
    return _code_list(
        name,
        comment,
        _text("parent_code", "Code that this one is a kind of: a yes to it is a yes to the parent.", null=True),
        _integer("position", "Order in lists and reports."),
        _refers(name, ("parent_code",), name, ("code",)),
    )


zones = _code_list("zones", "Geographic zones.", _integer("position", "Order in lists and reports."))

countries = _code_list(
    "countries",
    "Countries: ISO 3166-1 alpha-2, and XK.",
    _text("sort_key", "French alphabetical order: letters and digits of the French label."),
    later=(
        _date("state_since", "Day from which the state exists, where that is after 1900 and certain.", null=True),
        _text("part_of", "Country that it is part of, though it has a code of its own.", null=True),
        _refers("countries", ("part_of",), "countries", ("code",)),
    ),
)

country_zones = _table(
    "country_zones",
    "Zone of a country by date.",
    _text("country", "Country."),
    _date("valid_from", "First day of the period."),
    _date("valid_to", "First day after the period; null while it lasts.", null=True),
    _text("zone", "Zone."),
    _text("basis", "What places the country there: survey, eu_membership or un_m49."),
    _key("country", "valid_from"),
    CheckConstraint("valid_to is null or valid_to > valid_from", name="period"),
    _in("basis", BASES),
    _refers("country_zones", ("country",), "countries", ("code",)),
    _refers("country_zones", ("zone",), "zones", ("code",)),
)

actions = _with_parents("actions", "Kinds of action, with the survey's themes under their parents.")
difficulties = _with_parents("difficulties", "Difficulties met, with details under their parents.")

cities = _table(
    "cities",
    "Authorities that a survey may ask.",
    _text("code", "INSEE code for a commune; text, since it may begin with 0 or hold a letter."),
    _text("kind", "Kind of authority: commune, epci, departement or region."),
    _text("name", "Official name."),
    _text("sort_key", "French alphabetical order: letters and digits of the name."),
    _text("match_key", "Name without case, accents, hyphens, and with Saint for St; finds, never orders."),
    _key("code"),
    _in("kind", KINDS),
)

city_aliases = _table(
    "city_aliases",
    "Accepted spellings of a city beside its name.",
    _text("alias", "Spelling."),
    _text("city", "City."),
    _text("match_key", "As in cities."),
    _key("alias"),
    _refers("city_aliases", ("city",), "cities", ("code",)),
)

city_changes = _table(
    "city_changes",
    "Towns that became part of another one, with the day.",
    _text("city", "Town that ceased to be one of its own."),
    _date("changed_on", "First day on which it is part of the other."),
    _text("successor", "Town that it is part of since."),
    _key("city", "changed_on"),
    CheckConstraint("successor <> city", name="successor"),
    _refers("city_changes", ("city",), "cities", ("code",)),
    _refers("city_changes", ("successor",), "cities", ("code",)),
)

country_aliases = _table(
    "country_aliases",
    "Accepted spellings of a country beside its labels.",
    _text("alias", "Spelling."),
    _text("country", "Country."),
    _text("match_key", "As in cities."),
    _key("alias"),
    _refers("country_aliases", ("country",), "countries", ("code",)),
)

communes = _table(
    "communes",
    "Register of the communes of the region, present and former: tells another commune from an unknown name.",
    _text("code", "INSEE code."),
    _text("kind", "commune (present), associated, delegated, or former."),
    _text("name", "Name; null for a former code whose name the register does not know.", null=True),
    _text("departement", "Number of the departement."),
    _text("part_of", "Present commune that it belongs to; null for a present one.", null=True),
    _text("match_key", "As in cities.", null=True),
    _key("code", "kind"),
    _in("kind", COMMUNES),
)

answers = _table(
    "answers",
    "Answers of closed questions, with their labels.",
    _text("list", "answers, responses (outcome of the contact), no_date (why no date is known) or yes_no."),
    _text("code", "Code, never reused."),
    _integer("position", "Order in lists."),
    _text("label_fr", "Label in French."),
    _text("label_en", "Label in English."),
    _key("list", "code"),
)

installed = _table(
    "installed",
    "What migrate has put into this database besides tables.",
    _text("part", "code_lists or views."),
    _text("hash", "SHA-256 of its files."),
    _key("part"),
)

waves = _table(
    "waves",
    "Waves of the survey.",
    _text("wave", "Code of the wave, usually its year."),
    _boolean("synthetic", "Made up to show or to test; never a wave by default."),
    _key("wave"),
)

revisions = _table(
    "revisions",
    "One load of a wave; the current one is the highest that is not withdrawn.",
    _text("wave", "Wave."),
    _integer("revision", "Number, from 1."),
    _text("title_fr", "Title of the survey in French."),
    _text("title_en", "Title of the survey in English."),
    _date("reference_date", "Date that the answers are about; countries are classified on it by default."),
    _date("fieldwork_from", "First day of fieldwork."),
    _date("fieldwork_to", "Last day of fieldwork."),
    _text("mode", "Mode of data collection, such as telephone."),
    _text("frame_rule_fr", "Who is in the sampling frame, in French."),
    _text("frame_rule_en", "Who is in the sampling frame, in English."),
    _text("population_concept", "Census and concept of the population figures."),
    _text("source", "Where the wave was published."),
    _boolean("agreements_complete", "Claimed: a town without a listed agreement has none."),
    _text("several_mark", "How the publication marks several agreements, {n} for the number.", null=True),
    _text("content_hash", "Hash of the rows, whatever their order in the files."),
    _text("code_lists_hash", "Hash of the code lists that the names were resolved with."),
    Column(
        "loaded_at",
        DateTime,
        nullable=False,
        comment="When it was loaded, UTC; after everything that was recorded before it.",
    ),
    _text("loaded_by", "Who loaded it."),
    _text("reason", "Why it replaces the revision before it; null for the first.", null=True),
    _text("software", "Version of jumelage that loaded it."),
    _text("declared", "wave.toml as JSON; null for revisions loaded before it was kept.", null=True),
    _text("home_country", "Country of the towns: what is twinned within it is not international.", default="FR"),
    Column(
        "home_apart",
        Boolean,
        nullable=True,
        server_default="false",
        comment="Declared: agreements at home are kept, apart from all others.",
    ),
    _key("wave", "revision"),
    CheckConstraint("revision = 1 or reason is not null", name="reason"),
    _refers("revisions", ("wave",), "waves", ("wave",)),
)

withdrawals = _of_revision(
    "withdrawals",
    "Revisions that were withdrawn: kept, and no longer the current one.",
    Column(
        "withdrawn_at", DateTime, nullable=False, comment="When, UTC; after everything that was recorded before it."
    ),
    _text("withdrawn_by", "Who withdrew it."),
    _text("reason", "Why."),
    _text("software", "Version of jumelage that recorded it."),
    _key("wave", "revision"),
)

default_answers = _of_revision(
    "default_answers",
    "Answer of every respondent that has no row of its own, by question and item.",
    _text("question", "actions or difficulties."),
    _text("item", "Code of the action or difficulty; empty for all that are not named."),
    _text("answer", "Answer."),
    _text("source", "Published figures that the row was made from: a report, or report/key."),
    _key("wave", "revision", "question", "item"),
    _in("question", QUESTIONS),
    _in("answer", ANSWERS),
)

respondents = _of_revision(
    "respondents",
    "The sampling frame: every town contacted, with its response.",
    _text("city", "Town."),
    _integer("population", "Inhabitants, as printed in the frame."),
    _text("response", "Outcome of the contact."),
    _question("elected_delegate", "has the town an elected delegate for international relations?"),
    _question("twinning_committee", "has the town a twinning committee?"),
    _question("service", "has the town a service in charge?"),
    _text("source", "Published figures that the frame was made from: a report, or report/key."),
    _text("answers_source", "Published figures that the answers were made from: a report, or report/key."),
    _integer("declared_agreements", "Number of agreements that the town says it has.", null=True),
    Column(
        "declared_missing",
        Text,
        nullable=True,
        server_default="not_asked",
        comment="Why no number of agreements is declared; null where one is.",
    ),
    _key("wave", "revision", "city"),
    CheckConstraint("population >= 0", name="population"),
    _in("response", RESPONSES),
    _refers("respondents", ("city",), "cities", ("code",)),
)

# What every town is asked, and what of it earlier waves were not asked.
TOWN_QUESTIONS = tuple(column.name for column in respondents.columns if column.info.get("question"))
LATER_QUESTIONS = tuple(name for name in TOWN_QUESTIONS if respondents.columns[name].server_default is not None)

_PARTNER_KEY = "letters and digits alone, without case and accents, St for Saint; the same for all spellings"

partnerships = _of_revision(
    "partnerships",
    "Twinnings and cooperation agreements, each once.",
    _integer("agreement", "Number within the revision, in the order in which they were handed in."),
    _text("city", "Town; null where the source does not tell.", null=True),
    _text("country", "Country of the partner."),
    _text("partner", "Partner authority; null where the source does not tell.", null=True),
    _date("since_from", "Earliest day on which it can have begun.", null=True),
    _date("since_to", "Latest day on which it can have begun.", null=True),
    _text("since_missing", "Why no date is known; null where one is.", null=True),
    _boolean("inferred", "Needed by one published table and missing from another."),
    _text("source", "Published figures that the row was made from: a report, or report/key."),
    _date("until_from", "Earliest day on which it can have ended; null while it is in force.", null=True),
    _date("until_to", "Latest day on which it can have ended; null while it is in force.", null=True),
    _text("partner_key", f"Partner: {_PARTNER_KEY}; null where the source does not tell.", null=True, derived=True),
    Column(
        "apart",
        Boolean,
        nullable=True,
        server_default="false",
        comment="With a partner at home, in a wave that sets such agreements apart: in no international figure.",
        info={"derived": True},
    ),
    _key("wave", "revision", "agreement"),
    CheckConstraint("since_to >= since_from", name="since"),
    CheckConstraint("(since_from is null) = (since_to is null)", name="since_range"),
    CheckConstraint("(since_from is null) = (since_missing is not null)", name="since_answer"),
    _in("since_missing", NO_DATE),
    _refers("partnerships", ("wave", "revision", "city"), "respondents", ("wave", "revision", "city")),
    _refers("partnerships", ("country",), "countries", ("code",)),
)


def _answers(name: str, item: str, comment: str) -> Table:
    return _of_revision(
        name,
        comment,
        _text("city", "Town."),
        _text(item, f"Code of the {item}."),
        _text("answer", "Answer."),
        _text("source", "Published figures that the row was made from: a report, or report/key."),
        _key("wave", "revision", "city", item),
        _in("answer", ANSWERS),
        _refers(name, ("wave", "revision", "city"), "respondents", ("wave", "revision", "city")),
        _refers(name, (item,), {"action": "actions", "difficulty": "difficulties"}[item], ("code",)),
    )


city_actions = _answers("city_actions", "action", "Answers on actions that differ from the default.")
city_difficulties = _answers("city_difficulties", "difficulty", "Answers on difficulties that differ from the default.")

partner_pairs = _of_revision(
    "partner_pairs",
    "Partners of an earlier wave, each said to be the same as one of this wave, or not, by a person who knows.",
    _text("city", "Town, as it is in this wave."),
    _text("country", "Country of both partners."),
    _text("partner_before", "Partner as an earlier wave names it."),
    _text("partner", "Partner as this wave names it."),
    _boolean("same", "Whether they are the same."),
    _text("partner_before_key", "Key of the earlier one, as in partnerships.", derived=True),
    _text("partner_key", "Key of the later one, as in partnerships.", derived=True),
    _key("wave", "revision", "city", "country", "partner_before_key", "partner_key"),
    _refers("partner_pairs", ("wave", "revision", "city"), "respondents", ("wave", "revision", "city")),
    _refers("partner_pairs", ("country",), "countries", ("code",)),
)

published_tables = _of_revision(
    "published_tables",
    "Reports whose printed table is claimed complete: what it lacks was printed blank, zero.",
    _text("report", "Report."),
    _key("wave", "revision", "report"),
)

published_figures = _of_revision(
    "published_figures",
    "Every figure printed in the publication, each place where it is printed.",
    _text("report", "Report that the figure belongs to."),
    _text("key", "Key of the cell, its parts joined by /."),
    _text("measure", "Column of the report."),
    _text("place", "Where it is printed; figures of one place form one table."),
    _integer("position", "Order in the publication, by report."),
    _text("printed", "What is printed."),
    _number("value", "Number that it states; null for words and names."),
    _integer("decimals", "Decimals printed; null for words and names.", null=True),
    _text("code", "Code that a printed name stands for.", null=True),
    _number("at_least", "Least number that the words imply."),
    _number("more_than_share", "Share of the base that the words imply is exceeded."),
    _key("wave", "revision", "report", "key", "measure", "place"),
)

explanations = _of_revision(
    "explanations",
    "Why a printed figure disagrees with the rows.",
    _text("report", "Report."),
    _text("key", "Key of the cell, its parts joined by /."),
    _text("measure", "Column of the report."),
    _text("because_fr", "Reason in French."),
    _text("because_en", "Reason in English."),
    _text("evidence", "Query that returns a row for each thing that speaks against the reason.", null=True),
    _key("wave", "revision", "report", "key", "measure"),
)

claims = _of_revision(
    "claims",
    "Sentences of the publication that state something else than a figure of a report.",
    _text("claim", "Name of the claim."),
    _integer("position", "Order in the publication."),
    _text("place", "Where it stands."),
    _text("printed", "Its number or decisive words."),
    _text("unit", "What it is about: towns, agreements, partners and so on."),
    _text("statement_fr", "What it says, in French."),
    _text("statement_en", "What it says, in English."),
    _text(
        "kind",
        "figure; wording: nothing to compute; source: the wave was made from it; consistency: print against print.",
    ),
    _text("offenders", "Query that returns a row for each thing that contradicts it.", null=True),
    _key("wave", "revision", "claim", "place"),
    _in("kind", CLAIM_KINDS),
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
    "communes",
    "answers",
)
# The tables that a load fills, beside the revision itself: rows of towns, then what was published, then pairs.
PUBLICATION = ("published_tables", "published_figures", "explanations", "claims")
OF_A_LOAD = (
    "default_answers",
    "respondents",
    "partnerships",
    "city_actions",
    "city_difficulties",
    *PUBLICATION,
    "partner_pairs",
)
OF_A_REVISION = ("wave", "revision")  # the first columns of each of them
# Tables that came later: where they have no row the hash is what it always was.
LATER_TABLES = frozenset(["partner_pairs"])
# What is made of other columns, and so says nothing of its own about the content.
DERIVED = frozenset(
    column.name
    for name in OF_A_LOAD
    for column in metadata.tables[f"{SCHEMA}.{name}"].columns
    if column.info.get("derived")
)


def foreign_keys() -> Iterator[tuple[Table, ForeignKeyConstraint]]:
    """Yield every foreign key of the schema with the table that holds it."""
    for table in metadata.sorted_tables:
        for constraint in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
            yield table, constraint
