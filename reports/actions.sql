/*
title = { fr = "Types d’actions", en = "Kinds of action" }
source = { fr = "Type d’actions", en = "Section on kinds of action" }
key = ["action"]
[table]
kind = "margin"
counts = { cities = "answers", base = "asked" }
question = "actions"
items = "action"
[chart]
kind = "dots"
x = "cities"
y = "action"
sort = "value"
[columns]
action = { fr = "Action", en = "Action", codes = "actions" }
cities = { fr = "{Units}", en = "{Units}", high = "cities_high", base = "base", none = "not_asked" }
cities_high = { fr = "{Units} au plus", en = "{Units} at most" }
base = { fr = "{Units} engagé{e}s interrogé{e}s", en = "Engaged {units} asked", high = "base_high" }
base_high = { fr = "{Units} engagé{e}s interrogé{e}s, au plus", en = "Engaged {units} asked, at most" }
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
with detail as (
    select
        a.item as action,
        a.city,
        a.answer,
        a.cities,
        a.cities_high,
        a.base,
        a.base_high,
        a.not_asked,
        a.not_asked_high,
        a.dont_know,
        a.dont_know_high,
        a.refused,
        a.refused_high,
        a.no_answer,
        a.no_answer_high,
        a.not_applicable,
        a.not_applicable_high,
        a.source
    from engaged_answers a
    where a.question = 'actions'
)
-- cells
select
    n.item as action,
    n.cities as cities,
    n.cities_high as cities_high,
    n.base as base,
    n.base_high as base_high,
    n.not_asked as not_asked,
    n.not_asked_high as not_asked_high,
    n.dont_know as dont_know,
    n.dont_know_high as dont_know_high,
    n.refused as refused,
    n.refused_high as refused_high,
    n.no_answer as no_answer,
    n.no_answer_high as no_answer_high,
    n.not_applicable as not_applicable,
    n.not_applicable_high as not_applicable_high
from item_counts n
where n.question = 'actions'
order by n.position
