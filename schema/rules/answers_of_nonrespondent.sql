/*
table = "partnerships"
reads = ["respondents", "partnerships", "actions", "difficulties"]
column = "city"
row_by_row = true
message = { fr = "n’a pas répondu ({response}), et a pourtant des réponses", en = "has not responded ({response}), and yet has answers" }
remedy = { fr = "corrigez response, ou supprimez les réponses ; un accord connu d’ailleurs se marque inferred = yes", en = "correct response, or delete the answers; an agreement known from elsewhere is marked inferred = yes" }
*/
-- For a town whose own row says that it did not respond: that row is enough. `answers_without_response`, for a town
-- without a row, must wait until all rows of respondents are understood, since any of them may be its own.
with silent as (
    select r.city, min(r.response) as response
    from resolved_respondents r
    group by r.city
    having count(*) = 1 and min(r.response) in ('refused', 'not_reached')
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
