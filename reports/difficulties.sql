/*
title = { fr = "Difficultés et freins", en = "Difficulties and obstacles" }
source = { fr = "Difficultés, freins rencontrés par les collectivités", en = "Section on difficulties and obstacles" }
key = ["difficulty"]
[columns]
difficulty = { fr = "Difficulté", en = "Difficulty", codes = "difficulties" }
cities = { fr = "Villes", en = "Towns", high = "cities_high", base = "base" }
cities_high = { fr = "Villes au plus", en = "Towns at most" }
base = { fr = "Villes engagées", en = "Engaged towns" }
*/
with detail as (
    select
        a.difficulty,
        a.city,
        a.answer,
        case when a.answer = 'yes' then 1 else 0 end as cities,
        case when a.answer in ('yes', 'not_published') then 1 else 0 end as cities_high,
        1 as base,
        a.source
    from respondents r
    inner join city_difficulties a on a.wave = r.wave and a.city = r.city
    where r.engaged = 'yes'
)
-- cells
select
    d.difficulty as difficulty,
    sum(d.cities) as cities,
    sum(d.cities_high) as cities_high,
    sum(d.base) as base
from detail d
inner join difficulties c on c.code = d.difficulty
group by d.difficulty
order by min(c.position)
