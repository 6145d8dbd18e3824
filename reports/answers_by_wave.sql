/*
title = { fr = "Réponses aux questions propres des vagues", en = "Answers to the waves’ own questions, wave by wave" }
key = ["wave", "question", "answer"]
waves = 2
asks = ["yes_no", "choice", "choices"]
[note]
fr = "Une ligne compte toutes les collectivités qui l’ont répondue ; là où plusieurs réponses sont possibles, les lignes ne font donc pas le total. Une réponse non publiée laisse une fourchette."
en = "A row counts every authority that gave it, so that rows do not add up to the base where several may be given. An answer that is not published leaves a range."
[table]
kind = "margin"
[chart]
kind = "dots"
x = "cities"
y = "answer"
[columns]
wave = { fr = "Vague", en = "Wave", codes = "waves" }
question = { fr = "Question", en = "Question", codes = "questions" }
answer = { fr = "Réponse", en = "Answer", codes = "asked_items" }
cities = { fr = "Collectivités", en = "Authorities", high = "cities_high", base = "base" }
cities_high = { fr = "Collectivités au plus", en = "Authorities at most" }
base = { fr = "Interrogé{e}s", en = "Asked", high = "base_high" }
base_high = { fr = "Interrogé{e}s au plus", en = "Asked at most" }
not_asked = { fr = "Non interrogé{e}s", en = "Not asked", high = "not_asked_high", seldom = true }
not_asked_high = { fr = "Non interrogé{e}s au plus", en = "Not asked at most" }
dont_know = { fr = "Ne savent pas", en = "Don’t know", high = "dont_know_high", base = "base", seldom = true }
dont_know_high = { fr = "Ne savent pas, au plus", en = "Don’t know, at most" }
refused = { fr = "Refusent de répondre", en = "Refused to answer", high = "refused_high", base = "base", seldom = true }
refused_high = { fr = "Refusent de répondre, au plus", en = "Refused to answer, at most" }
no_answer = { fr = "Sans réponse", en = "No answer", high = "no_answer_high", base = "base", seldom = true }
no_answer_high = { fr = "Sans réponse, au plus", en = "No answer, at most" }
not_applicable = { fr = "Sans objet", en = "Not applicable", high = "not_applicable_high", base = "base", seldom = true }
not_applicable_high = { fr = "Sans objet, au plus", en = "Not applicable, at most" }
*/
-- Who was not asked adds to not_asked alone. A count is low where the base or the answer is left open, and high then.
with offered as (
    select q.wave, q.question, 'yes' as answer, 1 as position
    from questions q
    where q.kind = 'yes_no' and q.report = 'answers'
    union all
    select q.wave, q.question, 'no', 2
    from questions q
    where q.kind = 'yes_no' and q.report = 'answers'
    union all
    select i.wave, i.question, i.item, i.position
    from asked_items i
),
put as (
    select
        o.wave,
        o.question,
        o.answer,
        o.position,
        a.city,
        a.kind,
        a.source,
        a.position as place,
        coalesce(a.answer, a.missing) as answered,
        case when a.base = 'yes' then 1 else 0 end as surely,
        case when a.missing = 'not_asked' then 0 else 1 end as asked,
        case when a.missing = 'not_published' then 1 else 0 end as open,
        case when a.missing = 'dont_know' then 1 else 0 end as dont_know,
        case when a.missing = 'refused' then 1 else 0 end as refused,
        case when a.missing = 'no_answer' then 1 else 0 end as no_answer,
        case when a.missing = 'not_applicable' then 1 else 0 end as not_applicable,
        case
            when a.question_kind = 'choices' and a.answer = 'yes' then 1
            when a.question_kind <> 'choices' and a.answer = o.answer then 1
            else 0
        end as chosen
    from offered o
    inner join answers a
        on a.wave = o.wave and a.question = o.question and (a.item = '' or a.item = o.answer)
    where a.base <> 'no'
),
detail as (
    select
        p.wave,
        p.question,
        p.answer,
        p.city,
        p.answered,
        case when p.asked = 1 then p.surely * p.chosen end as cities,
        case when p.asked = 1 then greatest(p.chosen, p.open) end as cities_high,
        case when p.asked = 1 then p.surely end as base,
        case when p.asked = 1 then 1 end as base_high,
        p.surely * (1 - p.asked) as not_asked,
        1 - p.asked as not_asked_high,
        case when p.asked = 1 then p.surely * p.dont_know end as dont_know,
        case when p.asked = 1 then greatest(p.dont_know, p.open) end as dont_know_high,
        case when p.asked = 1 then p.surely * p.refused end as refused,
        case when p.asked = 1 then greatest(p.refused, p.open) end as refused_high,
        case when p.asked = 1 then p.surely * p.no_answer end as no_answer,
        case when p.asked = 1 then greatest(p.no_answer, p.open) end as no_answer_high,
        case when p.asked = 1 then p.surely * p.not_applicable end as not_applicable,
        case when p.asked = 1 then greatest(p.not_applicable, p.open) end as not_applicable_high,
        p.position,
        p.place,
        s.reference_date,
        p.kind,
        p.source
    from put p
    inner join scope s on s.wave = p.wave
)
-- cells
select
    d.wave as wave,
    d.question as question,
    d.answer as answer,
    sum(d.cities) as cities,
    sum(d.cities_high) as cities_high,
    sum(d.base) as base,
    sum(d.base_high) as base_high,
    sum(d.not_asked) as not_asked,
    sum(d.not_asked_high) as not_asked_high,
    sum(d.dont_know) as dont_know,
    sum(d.dont_know_high) as dont_know_high,
    sum(d.refused) as refused,
    sum(d.refused_high) as refused_high,
    sum(d.no_answer) as no_answer,
    sum(d.no_answer_high) as no_answer_high,
    sum(d.not_applicable) as not_applicable,
    sum(d.not_applicable_high) as not_applicable_high
from detail d
group by d.wave, d.question, d.answer
order by min(d.reference_date), d.wave, min(d.place), d.question, min(d.position), d.answer
