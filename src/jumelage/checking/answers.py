"""Answers to what a wave asks on its own, each understood by the kind of its question and staged.

They come one in a row (`answers`), or as columns of `respondents` that are named like the question. Both become rows of
`given`: where it stands, of which city, question and item, and the text. Distinct texts are understood once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.checking.columns import choices_of, missing_words
from jumelage.checking.no_answer import SENTINELS
from jumelage.checking.numbers import ambiguous, decimal, two_readings
from jumelage.checking.periods import Period, understand
from jumelage.checking.questions import CLOSED, stage_questions
from jumelage.database.models import MANAGEMENT, NO_ANSWER, columns_of
from jumelage.database.sql import literal
from jumelage.database.workbench import put
from jumelage.rules import near
from jumelage.texts import bounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from jumelage.checking.names import Names
    from jumelage.checking.questions import Question
    from jumelage.findings import Findings
    from jumelage.reading.package import Package
    from jumelage.reading.source import Document
    from jumelage.reading.wave_toml import Wave
    from jumelage.rules import Finding

_SEPARATED = r"\s*[;|\n]\s*"  # between the items of an answer with several; a comma may be part of a label


def stage_asked(bench: Connection, package: Package, names: Names, findings: Findings) -> None:
    """Stage what a wave asks on its own, with the answers; add what cannot be understood to the findings."""
    questions = stage_questions(bench, package.questions, package.items, findings)
    wide = {f"q_{question.code}" for question in questions} & set(package.documents["respondents"].columns)
    answered = bool(wide or package.documents["answers"].columns)
    # Printed figures may name questions, but those of the report on management, which has labels of its own.
    if answered or any(q.code not in MANAGEMENT or q.kind != "yes_no" for q in questions):
        _name(bench, questions)
    if answered:
        findings += _stage_answers(bench, package.tables, questions, names, package.wave)
        # Who is engaged can be told where all agreements are understood.
        if package.wave is not None and package.wave.agreements_complete and not findings.errors:
            findings += _of_unengaged(bench, package.tables, questions)
    else:
        none = columns_of("answers")
        put(bench, "staged_answers", none, [[] for _ in none])


def _stage_answers(
    bench: Connection, documents: Mapping[str, Document], questions: Sequence[Question], names: Names, wave: Wave | None
) -> Iterator[Finding]:
    _gather(bench, documents, questions, wave)
    yield from _unknown_questions(bench, documents, questions)
    yield from _understand(bench, documents, questions, names, wave)
    yield from _twice(bench, documents)
    yield from _of_silent(bench, documents, wave)


def _gather(
    bench: Connection, documents: Mapping[str, Document], questions: Sequence[Question], wave: Wave | None
) -> None:
    """Make `given`."""
    own = [q.code for q in questions if f"q_{q.code}" in documents["respondents"].columns]
    wide = "".join(
        f" union all select 'respondents', r.line, 'q_{code}', m.code, '{code}', '{code}', null, {_said(code, wave)} "
        "from raw_respondents r left join meant_respondents_city m on m.text = r.city "
        f"where r.q_{code} is not null"
        for code in own
    )
    bench.exec_driver_sql(
        "create or replace temp table given as "
        "select 'answers' as document, r.line, 'answer' as in_column, m.code as city, r.question as asked, "
        "n.question, r.item, r.answer as text from raw_answers r "
        "left join meant_answers_city m on m.text = r.city left join asked_names n on n.key = match_key(r.question) "
        f"where r.answer is not null and r.question is not null{wide}"
    )


def _said(code: str, wave: Wave | None) -> str:
    """Return the expression for the texts of a column, with those that the wave declares for it replaced."""
    words = {} if wave is None else wave.missing.get(code, {})
    whens = "".join(f" when {literal(text)} then {literal(answer)}" for text, answer in words.items())
    return f"case lower(r.q_{code}){whens} else r.q_{code} end" if words else f"r.q_{code}"


def _name(bench: Connection, questions: Sequence[Question]) -> None:
    """Make the spellings of questions and of their items, and let printed figures be called by them."""
    put(
        bench,
        "asked",
        {"question": "varchar", "kind": "varchar", "fr": "varchar", "en": "varchar"},
        [
            [q.code for q in questions],
            [q.kind for q in questions],
            [q.label.fr for q in questions],
            [q.label.en for q in questions],
        ],
    )
    bench.exec_driver_sql(
        "create or replace temp table asked_names as select key, min(question) as question from ("
        "select question, match_key(unnest([question, fr, en])) as key from asked) "
        "group by key having count(distinct question) = 1"
    )
    bench.exec_driver_sql(
        "create or replace temp table item_names as select question, key, min(item) as item from ("
        "select question, item, match_key(unnest([item, label_fr, label_en])) as key from staged_question_items) "
        "group by all having count(distinct item) = 1"
    )
    bench.exec_driver_sql(
        "insert into names select 'questions', key, question, question from asked_names "
        "union all select 'asked_items', key, min(item), min(item) from item_names "
        "group by key having count(distinct item) = 1 "
        "union all select 'asked_items', key, code, spelling from names where list = 'yes_no'"
    )


def _unknown_questions(
    bench: Connection, documents: Mapping[str, Document], questions: Sequence[Question]
) -> Iterator[Finding]:
    known = [question.code for question in questions]
    rows = bench.exec_driver_sql("select line, asked from given where question is null order by line")
    for line, text in rows:
        yield documents["answers"].finding("question_unknown", line, "question", text, near=near(text, known))


def _understand(
    bench: Connection,
    documents: Mapping[str, Document],
    questions: Sequence[Question],
    names: Names,
    wave: Wave | None,
) -> Iterator[Finding]:
    """Make `staged_answers`, each text by the kind of its question."""
    texts = [text for (text,) in bench.exec_driver_sql("select distinct text from given order by text")]
    said = names.resolve("answers", texts)
    words = missing_words(wave, "answer")
    said |= {text: words[text.casefold()] for text in texts if text.casefold() in words}
    put(bench, "said", {"text": "varchar", "code": "varchar"}, [list(said), list(said.values())])
    _periods(bench, wave)
    missing = ", ".join(f"'{answer}'" for answer in NO_ANSWER)
    # A list of several items is one row for each item of the question: those named are yes, all others no.
    bench.exec_driver_sql(
        "create or replace temp table parts as select g.document, g.line, g.in_column, g.city, g.question, "
        f"unnest(string_split_regex(trim(g.text), '{_SEPARATED}')) as part from given g "
        "join asked a on a.question = g.question and a.kind = 'choices' left join said s on s.text = g.text "
        "where g.item is null and s.code is null"
    )
    bench.exec_driver_sql(
        "create or replace temp table understood as "
        "select g.document, g.line, g.in_column, g.text as given_text, g.city, g.question, a.kind, "
        "case when a.kind = 'choices' then coalesce(n.item, i.item) else '' end as item, "
        "case when a.kind = 'yes_no' and s.code in ('yes', 'no') then s.code "
        "when a.kind = 'choice' and (s.code is null or s.code in ('yes', 'no')) then c.item "
        "when a.kind = 'choices' and g.item is not null and s.code in ('yes', 'no') then s.code "
        "when a.kind = 'choices' and g.item is null and s.code = 'no' then 'no' "
        "when a.kind = 'choices' and g.item is null and s.code is null then case when p.item is null then 'no' "
        "else 'yes' end end as code, "
        f"case when a.kind = 'number' and s.code is null then {decimal('g.text')} end as number, "
        "case when a.kind = 'date' then d.first end as date_from, "
        "case when a.kind = 'date' then d.last end as date_to, "
        "case when a.kind = 'text' and s.code is null then g.text end as text, "
        f"case when s.code in ({missing}) then s.code end as missing "
        "from given g join asked a on a.question = g.question left join said s on s.text = g.text "
        "left join item_names c on a.kind = 'choice' and c.question = g.question and c.key = match_key(g.text) "
        "left join item_names n on a.kind = 'choices' and n.question = g.question and n.key = match_key(g.item) "
        "left join staged_question_items i on a.kind = 'choices' and g.item is null and i.question = g.question "
        "left join (select distinct p.document, p.line, p.question, n.item from parts p "
        "join item_names n on n.question = p.question and n.key = match_key(p.part)) p "
        "on p.document = g.document and p.line = g.line and p.question = g.question and p.item = i.item "
        "left join period d on d.text = g.text"
    )
    yield from _misunderstood(bench, documents, questions)
    source = literal(wave.sources["respondents"] if wave is not None else "")
    bench.exec_driver_sql(
        "create or replace temp table staged_answers as select distinct city, question, item, code, number, date_from, "
        f"date_to, text, missing, {source} as source from understood "
        "where city is not null and item is not null"
    )


def _periods(bench: Connection, wave: Wave | None) -> None:
    """Make `period`, what the texts of dates stand for; the others are found as misunderstood."""
    latest = wave.fieldwork_to if wave is not None else None
    rows = bench.exec_driver_sql(
        "select distinct g.text from given g join asked a on a.question = g.question and a.kind = 'date' "
        "left join said s on s.text = g.text where s.code is null"
    )
    read = {text: understand(text, latest, day_first=wave is not None and wave.day_first) for (text,) in rows}
    found = {text: period for text, period in read.items() if isinstance(period, Period)}
    columns = [list(found), [period.first for period in found.values()], [period.last for period in found.values()]]
    put(bench, "period", {"text": "varchar", "first": "date", "last": "date"}, columns)


def _misunderstood(
    bench: Connection, documents: Mapping[str, Document], questions: Sequence[Question]
) -> Iterator[Finding]:
    """Yield a finding for each answer that its question cannot have."""
    asked = {question.code: question for question in questions}
    items: dict[str, list[str]] = {}
    for code, item in bench.exec_driver_sql("select question, item from staged_question_items order by position"):
        items.setdefault(code, []).append(item)
    bounds = " or ".join(
        f"(u.question = '{q.code}' and (u.number < {q.least if q.least is not None else 'null'} "
        f"or u.number > {q.most if q.most is not None else 'null'}))"
        for q in questions
        if q.kind == "number"
    )
    # Where a question says which numbers can be true, 98 is one of them or out of bounds.
    sure = [code for code, q in asked.items() if q.least is not None and q.most is not None]
    suspect = (
        f"(u.kind in ('number', 'date') and u.given_text in ({SENTINELS}) "
        f"and u.question not in ({', '.join(map(literal, ['', *sure]))}))"
    )
    nothing = "coalesce(u.code, cast(u.number as varchar), cast(u.date_from as varchar), u.text, u.missing) is null"
    rows = bench.exec_driver_sql(
        f"select distinct u.document, u.line, u.in_column, u.given_text, u.question, "
        f"case when {suspect} then 'sentinel' when {nothing} and u.kind = 'number' and {ambiguous('u.given_text')} "
        f"then 'ambiguous' when {nothing} then 'nothing' when u.kind = 'choices' and u.item is null then 'item' "
        f"else 'bounds' end, g.item from understood u join given g using (document, line, question) "
        f"where {suspect} or {nothing} or (u.kind = 'choices' and u.item is null) or {bounds or 'false'} "
        "union all select p.document, p.line, p.in_column, p.part, p.question, 'part', null from parts p "
        "left join item_names n on n.question = p.question and n.key = match_key(p.part) where n.item is null "
        "order by 1, 2, 3"
    )
    for name, line, column, text, code, what, item in rows:
        question, document = asked[code], documents[name]
        if what == "sentinel":
            yield document.finding("answer_sentinel", line, column, text)
        elif what == "ambiguous":
            yield document.finding("number_ambiguous", line, column, text, **two_readings(text))
        elif what == "bounds":
            said = bounded(question.least, question.most, question.unit)
            yield document.finding("number_out_of_bounds", line, column, text, bounds=said)
        elif what == "item" or (what == "nothing" and item is not None and question.kind == "choices" and not text):
            yield document.finding("item_not_asked", line, "item", item, near=near(item or "", items.get(code, [])))
        elif what == "part" or question.kind == "choice":
            yield document.finding("item_not_asked", line, column, text, near=near(text, items.get(code, [])))
        elif question.kind in CLOSED:
            yield document.finding("choice", line, column, text, choices=choices_of("answers"))
        elif question.kind == "date":
            yield document.finding("not_a_date", line, column, text, choices=", ".join(NO_ANSWER))
        else:
            yield document.finding("not_a_number", line, column, text)


def _offenders(
    bench: Connection, documents: Mapping[str, Document], rule: str, sql: str, *values: object
) -> Iterator[Finding]:
    """Yield a finding for each row of a query: document, line, in_column and text, and what else is told by name."""
    result = bench.exec_driver_sql(sql, values)
    names = list(result.keys())[4:]
    for name, line, column, text, *told in result:
        yield documents[name].finding(rule, line, column, text, **dict(zip(names, told, strict=True)))


def _twice(bench: Connection, documents: Mapping[str, Document]) -> Iterator[Finding]:
    """Find answers that stand in two places, be they the same or not."""
    return _offenders(
        bench,
        documents,
        "answer_twice",
        "with placed as (select document, line, in_column, given_text, row_number() over (partition by city, question, "
        "item order by document, line) as place, first_value(document || ' ' || line) over (partition by city, "
        "question, item order by document, line) as first from understood where city is not null and item is not null) "
        "select distinct document, line, in_column, given_text, first from placed where place > 1 order by 1, 2",
    )


def _of_silent(bench: Connection, documents: Mapping[str, Document], wave: Wave | None) -> Iterator[Finding]:
    """Find answers of towns that have not responded: as they say themselves, or by default since they do not say."""
    yield from _offenders(
        bench,
        documents,
        "answers_of_nonrespondent",
        "select distinct u.document, u.line, u.in_column, u.given_text, s.response from understood u join ("
        "select city, min(response) as response from resolved_respondents group by city "
        "having count(*) = 1 and min(response) in ('refused', 'not_reached')) s on s.city = u.city "
        "where u.missing is null order by 1, 2",
    )
    if wave is not None and wave.defaults["response"] in {"refused", "not_reached"}:
        yield from _offenders(
            bench,
            documents,
            "answers_without_response",
            "select distinct u.document, u.line, u.in_column, u.given_text, cast(? as varchar) as response "
            "from understood u join resolved_frame f on f.city = u.city "
            "left join (select r.city, w.response from resolved_respondents r "
            "join raw_respondents w on w.line = r.line) s on s.city = u.city "
            "where s.response is null and u.missing is null "
            "order by 1, 2",
            wave.defaults["response"],
        )


def _of_unengaged(
    bench: Connection, documents: Mapping[str, Document], questions: Sequence[Question]
) -> Iterator[Finding]:
    """Find answers to questions asked of engaged towns, of towns that have no agreement: they count nowhere."""
    return _offenders(
        bench,
        documents,
        "answer_of_unengaged",
        "select distinct u.document, u.line, u.in_column, u.given_text from understood u "
        "where u.question in (select unnest(cast(? as varchar[]))) and u.missing is null and u.city is not null "
        "and u.city not in (select city from resolved_partnerships where city is not null and until_from is null) "
        "and u.city not in (select city from resolved_respondents where city is not null and declared_agreements > 0) "
        "order by 1, 2",
        [question.code for question in questions if question.asked_of == "engaged"],
    )
