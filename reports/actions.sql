/*
title = { fr = "Types d’actions", en = "Kinds of action" }
source = { fr = "Type d’actions", en = "Section on kinds of action" }
key = ["action"]
[columns]
action = { fr = "Action", en = "Action", codes = "actions" }
cities = { fr = "Villes", en = "Towns", high = "cities_high", base = "base" }
cities_high = { fr = "Villes au plus", en = "Towns at most" }
base = { fr = "Villes engagées", en = "Engaged towns" }
*/
with detail as (
    select
        a.action,
        a.city,
        a.answer,
        case when a.answer = 'yes' then 1 else 0 end as cities,
        case when a.answer in ('yes', 'not_published') then 1 else 0 end as cities_high,
        1 as base,
        a.source
    from respondents r
    inner join city_actions a on a.wave = r.wave and a.city = r.city
    where r.engaged = 'yes'
)
-- cells
select
    d.action as action,
    sum(d.cities) as cities,
    sum(d.cities_high) as cities_high,
    sum(d.base) as base
from detail d
inner join actions c on c.code = d.action
group by d.action
order by min(c.position)
