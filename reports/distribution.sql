/*
title = { fr = "Villes selon le nombre d’accords", en = "Towns by number of agreements" }
source = { fr = "Approche quantitative de l’engagement international, tableau", en = "Section on the quantity of international engagement, table" }
key = ["agreements"]
[columns]
agreements = { fr = "Nombre d’accords", en = "Agreements" }
cities = { fr = "Villes", en = "Towns", high = "cities_high" }
cities_high = { fr = "Villes au plus", en = "Towns at most" }
*/
with detail as (
    select
        cast(r.agreements as varchar) as agreements,
        r.agreements as position,
        r.city,
        case when r.response = 'responded' and r.engaged in ('yes', 'no') then 1 else 0 end as cities,
        1 as cities_high,
        r.source
    from respondents r
    where r.response in ('responded', 'not_published')
)
-- cells
select
    case when grouping(d.agreements) = 1 then 'total' else d.agreements end as agreements,
    coalesce(sum(d.cities), 0) as cities,
    coalesce(sum(d.cities_high), 0) as cities_high
from detail d
group by rollup (d.agreements)
order by grouping(d.agreements), min(d.position)
