"""The models of what a wave asks on its own: its questions, the items of their lists, and the answers."""

from __future__ import annotations

from sqlalchemy import CheckConstraint

from jumelage.database.model_parts import date, integer, key, number, of_revision, one_of, refers, text

# What a question may be: yes or no; one item of a list; any items of a list; a number; a day or a period; a text.
QUESTION_KINDS = ("yes_no", "choice", "choices", "number", "date", "text")
ASKED_OF = ("respondents", "engaged")
QUESTION_LISTS = ("actions", "difficulties", "countries", "zones")  # from which a question may take its items
# The questions that the report `management` counts, if a wave asks them as yes_no, while `answers` counts all others.
# A wave need not declare them; it then asks them of engaged towns by these labels, in French and English.
MANAGEMENT = {
    "elected_delegate": ("Élu délégué", "Elected delegate"),
    "twinning_committee": ("Comité de jumelage", "Twinning committee"),
    "service": ("Service chargé des relations internationales", "Service in charge of international relations"),
}
NO_ANSWER = ("dont_know", "refused", "no_answer", "not_asked", "not_applicable", "not_published")

AS_UNDECLARED = (
    "kind = 'yes_no' and asked_of = 'engaged' and ("
    + " or ".join(
        f"(question = '{question}' and label_fr = '{fr}' and label_en = '{en}')"
        for question, (fr, en) in MANAGEMENT.items()
    )
    + ")"
)  # rows of questions that a wave asks as if it did not declare them


questions = of_revision(
    "questions",
    "Questions that a wave asks beside its agreements, actions and difficulties.",
    text("question", "Code of the question."),
    text("kind", "yes_no, choice (one item), choices (any items), number, date or text."),
    text("label_fr", "The question in French."),
    text("label_en", "The question in English."),
    text("asked_of", "respondents, or engaged: those of them that have an agreement."),
    text("list", "Code list that its items are from; null where they are its own, or where it has none.", null=True),
    text("unit", "Unit of a number, such as EUR.", null=True),
    number("least", "Least number that may be answered; null where there is none."),
    number("most", "Greatest number that may be answered; null where there is none."),
    text("default_answer", "Answer of a respondent that gives none.", null=True),
    integer("position", "Order in lists and reports."),
    key("wave", "revision", "question"),
    one_of("kind", QUESTION_KINDS),
    one_of("asked_of", ASKED_OF),
)

question_items = of_revision(
    "question_items",
    "Items of the questions that a wave asks: those that it asked, also where they are from a code list.",
    text("question", "Question."),
    text("item", "Code of the item."),
    text("parent", "Item that this one is a kind of: a yes to it is a yes to the parent.", null=True),
    text("label_fr", "Label in French."),
    text("label_en", "Label in English."),
    integer("position", "Order in lists and reports."),
    key("wave", "revision", "question", "item"),
    refers("question_items", ("wave", "revision", "question"), "questions", ("wave", "revision", "question")),
)

answers = of_revision(
    "answers",
    "Answers to the questions that a wave asks, in the column of their kind.",
    text("city", "Authority."),
    text("question", "Question."),
    text("item", "Item of a question with any items; empty for all others."),
    text("code", "yes or no, or the item that was chosen.", null=True),
    number("number", "Number, in the unit of the question."),
    date("date_from", "First day of the period that was answered.", null=True),
    date("date_to", "Last day of the period that was answered.", null=True),
    text("text", "Text, as it was answered.", null=True),
    text("missing", "Why there is no answer; null where there is one.", null=True),
    text("source", "Published figures that the row was made from: a report, or report/key."),
    key("wave", "revision", "city", "question", "item"),
    one_of("missing", NO_ANSWER),
    CheckConstraint("(date_from is null) = (date_to is null)", name="period"),
    CheckConstraint(
        "1 = case when code is null then 0 else 1 end + case when number is null then 0 else 1 end "
        "+ case when date_from is null then 0 else 1 end + case when text is null then 0 else 1 end "
        "+ case when missing is null then 0 else 1 end",
        name="one_answer",
    ),
    refers("answers", ("wave", "revision", "city"), "respondents", ("wave", "revision", "city")),
    refers("answers", ("wave", "revision", "question"), "questions", ("wave", "revision", "question")),
)
