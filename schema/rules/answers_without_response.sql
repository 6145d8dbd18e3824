/*
table = "partnerships"
reads = ["frame", "respondents", "partnerships", "actions", "difficulties"]
column = "city"
message = { fr = "n’a pas de statut dans respondents, compte donc comme {response} par défaut, et a pourtant des réponses", en = "has no response in respondents, so counts as {response} by default, and yet has answers" }
remedy = { fr = "donnez son statut dans respondents, ou supprimez les réponses ; un accord connu d’ailleurs se marque inferred = yes", en = "give its response in respondents, or delete the answers; an agreement known from elsewhere is marked inferred = yes" }
*/
-- A rule of its own, since `answers_of_nonrespondent` does not have to wait for other rows of respondents.
with silent as (
    select f.city, d.default_response as response
    from resolved_frame f
    cross join declared d
    left join resolved_respondents x on x.city = f.city
    left join raw_respondents w on w.line = x.line
    where d.default_response in ('refused', 'not_reached') and w.response is null
)
select 'partnerships' as document, p.line, r.city as value, s.response
from resolved_partnerships p
inner join silent s on s.city = p.city
inner join raw_partnerships r on r.line = p.line
where p.inferred = 'no' or r.inferred is null
union all
select 'actions', a.line, r.city, s.response
from resolved_actions a
inner join silent s on s.city = a.city
inner join raw_actions r on r.line = a.line
union all
select 'difficulties', d.line, r.city, s.response
from resolved_difficulties d
inner join silent s on s.city = d.city
inner join raw_difficulties r on r.line = d.line
union all
select 'respondents', m.line, r.city, s.response
from resolved_respondents m
inner join silent s on s.city = m.city
inner join raw_respondents r on r.line = m.line
where m.declared_agreements is not null
order by document, line
