"""The normalized tables of schema `survey`: here those that a load fills, the others in `models_of_lists`.

Their comments become the data dictionary.
Nothing loaded is ever updated or deleted: a wave is loaded as a revision, a correction is a new revision.
Foreign keys exist on PostgreSQL only; on DuckDB they would block ALTER, so the loader and `check` look for
orphans instead (`foreign_keys` below is what they look at).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, ForeignKeyConstraint, Integer, Table, Text

from jumelage.database.model_parts import (
    SCHEMA,
    boolean,
    date,
    integer,
    key,
    metadata,
    number,
    of_revision,
    one_of,
    refers,
    table,
    text,
)
from jumelage.database.models_of_lists import CODE_LISTS
from jumelage.database.models_of_questions import (
    AS_UNDECLARED,
    ASKED_OF,
    MANAGEMENT,
    NO_ANSWER,
    QUESTION_KINDS,
    QUESTION_LISTS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "ANSWERS",
    "ASKED",
    "ASKED_OF",
    "AS_UNDECLARED",
    "CLAIM_KINDS",
    "CODE_LISTS",
    "DERIVED",
    "LATER_TABLES",
    "LISTED",
    "MANAGEMENT",
    "NO_ANSWER",
    "NO_DATE",
    "OF_A_LOAD",
    "OF_A_REVISION",
    "PUBLICATION",
    "QUESTIONS",
    "QUESTION_KINDS",
    "QUESTION_LISTS",
    "RESPONSES",
    "SCHEMA",
    "columns_of",
    "foreign_keys",
    "metadata",
]

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
CLAIM_KINDS = ("figure", "wording", "source", "consistency")
QUESTIONS = ("actions", "difficulties")


waves = table(
    "waves",
    "Waves of the survey.",
    text("wave", "Code of the wave, usually its year."),
    boolean("synthetic", "Made up to show or to test; never a wave by default."),
    key("wave"),
)

revisions = table(
    "revisions",
    "One load of a wave; the current one is the highest that is not withdrawn.",
    text("wave", "Wave."),
    integer("revision", "Number, from 1."),
    text("title_fr", "Title of the survey in French."),
    text("title_en", "Title of the survey in English."),
    date("reference_date", "Date that the answers are about; countries are classified on it by default."),
    date("fieldwork_from", "First day of fieldwork."),
    date("fieldwork_to", "Last day of fieldwork."),
    text("mode", "Mode of data collection, such as telephone."),
    text("frame_rule_fr", "Who is in the sampling frame, in French."),
    text("frame_rule_en", "Who is in the sampling frame, in English."),
    text("population_concept", "Census and concept of the population figures."),
    text("source", "Where the wave was published."),
    boolean("agreements_complete", "Claimed: a town without a listed agreement has none."),
    text("several_mark", "How the publication marks several agreements, {n} for the number.", null=True),
    text("content_hash", "Hash of the rows, whatever their order in the files."),
    text("code_lists_hash", "Hash of the code lists that the names were resolved with."),
    Column(
        "loaded_at",
        DateTime,
        nullable=False,
        comment="When it was loaded, UTC; after everything that was recorded before it.",
    ),
    text("loaded_by", "Who loaded it.", private=True),
    text("reason", "Why it replaces the revision before it; null for the first.", null=True, private=True),
    text("software", "Version of jumelage that loaded it."),
    text("declared", "wave.toml as JSON; null for revisions loaded before it was kept.", null=True),
    text("home_country", "Country of the towns: what is twinned within it is not international.", default="FR"),
    Column(
        "home_apart",
        Boolean,
        nullable=True,
        server_default="false",
        comment="Declared: agreements at home are kept, apart from all others.",
    ),
    Column(
        "hash_version",
        Integer,
        nullable=True,
        server_default="1",
        autoincrement=False,
        comment="How content_hash was made: a load compares in the version of the revision that it is compared with.",
    ),
    key("wave", "revision"),
    CheckConstraint("revision = 1 or reason is not null", name="reason"),
    refers("revisions", ("wave",), "waves", ("wave",)),
)

withdrawals = of_revision(
    "withdrawals",
    "Revisions that were withdrawn: kept, and no longer the current one.",
    Column(
        "withdrawn_at", DateTime, nullable=False, comment="When, UTC; after everything that was recorded before it."
    ),
    text("withdrawn_by", "Who withdrew it.", private=True),
    text("reason", "Why.", private=True),
    text("software", "Version of jumelage that recorded it."),
    key("wave", "revision"),
)

default_answers = of_revision(
    "default_answers",
    "Answer of every respondent that has no row of its own, by question and item.",
    text("question", "actions or difficulties."),
    text("item", "Code of the action or difficulty; empty for all that are not named."),
    text("answer", "Answer."),
    text("source", "Published figures that the row was made from: a report, or report/key."),
    key("wave", "revision", "question", "item"),
    one_of("question", QUESTIONS),
    one_of("answer", ANSWERS),
)

listed_items = of_revision(
    "listed_items",
    "Items of the lists actions and difficulties that a revision asked, whatever the lists are today.",
    text("question", "actions or difficulties."),
    text("item", "Code of the action or difficulty."),
    key("wave", "revision", "question", "item"),
    one_of("question", QUESTIONS),
)

respondents = of_revision(
    "respondents",
    "The sampling frame: every town contacted, with its response.",
    text("city", "Town."),
    integer("population", "Inhabitants, as printed in the frame."),
    text("response", "Outcome of the contact."),
    text("source", "Published figures that the frame was made from: a report, or report/key."),
    text("answers_source", "Published figures that the answers were made from: a report, or report/key."),
    integer("declared_agreements", "Number of agreements that the town says it has.", null=True),
    Column(
        "declared_missing",
        Text,
        nullable=True,
        server_default="not_asked",
        comment="Why no number of agreements is declared; null where one is.",
    ),
    key("wave", "revision", "city"),
    CheckConstraint("population >= 0", name="population"),
    one_of("response", RESPONSES),
    refers("respondents", ("city",), "cities", ("code",)),
)

_PARTNER_KEY = "letters and digits alone, without case and accents, St for Saint; the same for all spellings"

partnerships = of_revision(
    "partnerships",
    "Twinnings and cooperation agreements, each once.",
    integer("agreement", "Number within the revision, in the order in which they were handed in."),
    text("city", "Town; null where the source does not tell.", null=True),
    text("country", "Country of the partner."),
    text("partner", "Partner authority; null where the source does not tell.", null=True),
    date("since_from", "Earliest day on which it can have begun.", null=True),
    date("since_to", "Latest day on which it can have begun.", null=True),
    text("since_missing", "Why no date is known; null where one is.", null=True),
    boolean("inferred", "Needed by one published table and missing from another."),
    text("source", "Published figures that the row was made from: a report, or report/key."),
    date("until_from", "Earliest day on which it can have ended; null while it is in force.", null=True),
    date("until_to", "Latest day on which it can have ended; null while it is in force.", null=True),
    text("partner_key", f"Partner: {_PARTNER_KEY}; null where the source does not tell.", null=True, derived=True),
    Column(
        "apart",
        Boolean,
        nullable=True,
        server_default="false",
        comment="With a partner at home, in a wave that sets such agreements apart: in no international figure.",
        info={"derived": True},
    ),
    key("wave", "revision", "agreement"),
    CheckConstraint("since_to >= since_from", name="since"),
    CheckConstraint("(since_from is null) = (since_to is null)", name="since_range"),
    CheckConstraint("(since_from is null) = (since_missing is not null)", name="since_answer"),
    one_of("since_missing", NO_DATE),
    refers("partnerships", ("wave", "revision", "city"), "respondents", ("wave", "revision", "city")),
    refers("partnerships", ("country",), "countries", ("code",)),
)


def _answers(name: str, item: str, comment: str) -> Table:
    return of_revision(
        name,
        comment,
        text("city", "Town."),
        text(item, f"Code of the {item}."),
        text("answer", "Answer."),
        text("source", "Published figures that the row was made from: a report, or report/key."),
        key("wave", "revision", "city", item),
        one_of("answer", ANSWERS),
        refers(name, ("wave", "revision", "city"), "respondents", ("wave", "revision", "city")),
        refers(name, (item,), {"action": "actions", "difficulty": "difficulties"}[item], ("code",)),
    )


city_actions = _answers("city_actions", "action", "Answers on actions that differ from the default.")
city_difficulties = _answers("city_difficulties", "difficulty", "Answers on difficulties that differ from the default.")

partner_pairs = of_revision(
    "partner_pairs",
    "Partners of an earlier wave, each said to be the same as one of this wave, or not, by a person who knows.",
    text("city", "Town, as it is in this wave."),
    text("country", "Country of both partners."),
    text("partner_before", "Partner as an earlier wave names it."),
    text("partner", "Partner as this wave names it."),
    boolean("same", "Whether they are the same."),
    text("partner_before_key", "Key of the earlier one, as in partnerships.", derived=True),
    text("partner_key", "Key of the later one, as in partnerships.", derived=True),
    key("wave", "revision", "city", "country", "partner_before_key", "partner_key"),
    refers("partner_pairs", ("wave", "revision", "city"), "respondents", ("wave", "revision", "city")),
    refers("partner_pairs", ("country",), "countries", ("code",)),
)

published_tables = of_revision(
    "published_tables",
    "Reports whose printed table is claimed complete: what it lacks was printed blank, zero.",
    text("report", "Report."),
    key("wave", "revision", "report"),
)

published_figures = of_revision(
    "published_figures",
    "Every figure printed in the publication, each place where it is printed.",
    text("report", "Report that the figure belongs to."),
    text("key", "Key of the cell, its parts joined by /."),
    text("measure", "Column of the report."),
    text("place", "Where it is printed; figures of one place form one table."),
    integer("position", "Order in the publication, by report."),
    text("printed", "What is printed."),
    number("value", "Number that it states; null for words and names."),
    integer("decimals", "Decimals printed; null for words and names.", null=True),
    text("code", "Code that a printed name stands for.", null=True),
    number("at_least", "Least number that the words imply."),
    number("more_than_share", "Share of the base that the words imply is exceeded."),
    key("wave", "revision", "report", "key", "measure", "place"),
)

explanations = of_revision(
    "explanations",
    "Why a printed figure disagrees with the rows.",
    text("report", "Report."),
    text("key", "Key of the cell, its parts joined by /."),
    text("measure", "Column of the report."),
    text("because_fr", "Reason in French."),
    text("because_en", "Reason in English."),
    text("evidence", "Query that returns a row for each thing that speaks against the reason.", null=True),
    key("wave", "revision", "report", "key", "measure"),
)

claims = of_revision(
    "claims",
    "Sentences of the publication that state something else than a figure of a report.",
    text("claim", "Name of the claim."),
    integer("position", "Order in the publication."),
    text("place", "Where it stands."),
    text("printed", "Its number or decisive words."),
    text("unit", "What it is about: towns, agreements, partners and so on."),
    text("statement_fr", "What it says, in French."),
    text("statement_en", "What it says, in English."),
    text(
        "kind",
        "figure; wording: nothing to compute; source: the wave was made from it; consistency: print against print.",
    ),
    text("offenders", "Query that returns a row for each thing that contradicts it.", null=True),
    key("wave", "revision", "claim", "place"),
    one_of("kind", CLAIM_KINDS),
)

wave_reports = of_revision(
    "wave_reports",
    "Reports that come with the wave, beside those of the project.",
    text("report", "Name of the report."),
    text("file", "The report file as it was handed in: its words, and its query."),
    key("wave", "revision", "report"),
)

# What a wave asks on its own, each table after those that it refers to.
ASKED = ("questions", "question_items", "answers")
# The tables that a load fills, beside the revision itself: rows of towns, the publication, what came later.
PUBLICATION = ("wave_reports", "published_tables", "published_figures", "explanations", "claims")
OF_A_LOAD = (
    "default_answers",
    "respondents",
    "partnerships",
    "city_actions",
    "city_difficulties",
    *PUBLICATION,
    "partner_pairs",
    *ASKED,
)
# What a load records beside them, since it is in no file.
LISTED = "listed_items"
OF_A_REVISION = ("wave", "revision")  # the first columns of each of them
# Tables that came later: where they have no row the hash is what it always was.
LATER_TABLES = frozenset(["partner_pairs", "wave_reports", *ASKED])
# What is made of other columns, and so says nothing of its own about the content.
DERIVED = frozenset(
    column.name
    for name in OF_A_LOAD
    for column in metadata.tables[f"{SCHEMA}.{name}"].columns
    if column.info.get("derived")
)


def columns_of(name: str) -> dict[str, str]:
    """Return the columns of a table that a load fills, with their types, but for wave and revision."""
    columns = metadata.tables[f"{SCHEMA}.{name}"].columns
    return {column.name: str(column.type) for column in columns if column.name not in OF_A_REVISION}


def foreign_keys() -> Iterator[tuple[Table, ForeignKeyConstraint]]:
    """Yield every foreign key of the schema with the table that holds it."""
    for holder in metadata.sorted_tables:
        for constraint in sorted(holder.foreign_key_constraints, key=lambda found: str(found.name)):
            yield holder, constraint
