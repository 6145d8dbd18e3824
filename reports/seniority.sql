/*
title = { fr = "Ancienneté des échanges", en = "Length of engagement" }
source = { fr = "Ancienneté des échanges", en = "Section on how long exchanges have lasted" }
key = ["seniority"]
[columns]
seniority = { fr = "Ancienneté", en = "Engaged for" }
cities = { fr = "Villes", en = "Towns", high = "cities_high", base = "base" }
cities_high = { fr = "Villes au plus", en = "Towns at most" }
base = { fr = "Villes engagées", en = "Engaged towns" }
[labels.seniority]
more_than_10_years = { fr = "Plus de 10 ans", en = "More than 10 years" }
up_to_10_years = { fr = "10 ans ou moins", en = "Up to 10 years" }
no_data = { fr = "Sans données", en = "No data" }
*/
-- A town is as senior as its oldest agreement, in calendar years before the reference date. A town without any
-- date has no data; where dates exist but are not published, it may stand in any class they leave open.
with town as (
    select
        p.city,
        max(case when extract(year from s.reference_date) - extract(year from p.since_to) > 10 then 1 else 0 end)
            as surely_older,
        max(case when extract(year from s.reference_date) - extract(year from p.since_from) > 10 then 1 else 0 end)
            as maybe_older,
        max(case when p.since_to is not null then 1 else 0 end) as dated,
        max(case when p.since_missing = 'not_published' then 1 else 0 end) as unpublished,
        case when min(p.source) = max(p.source) then min(p.source) else 'several' end as source
    from partnerships p
    inner join scope s on s.wave = p.wave
    where p.city is not null
    group by p.city
),
detail as (
    select
        n.position,
        n.seniority,
        t.city,
        case
            when n.seniority = 'more_than_10_years' then t.surely_older
            when t.surely_older = 1 or t.maybe_older = 1 or t.unpublished = 1 then 0
            when n.seniority = 'up_to_10_years' then t.dated
            else 1 - t.dated
        end as cities,
        case
            when n.seniority = 'more_than_10_years'
                then case when t.maybe_older = 1 or t.unpublished = 1 then 1 else 0 end
            when t.surely_older = 1 then 0
            when n.seniority = 'up_to_10_years'
                then case when t.dated = 1 or t.unpublished = 1 then 1 else 0 end
            else 1 - t.dated
        end as cities_high,
        1 as base,
        t.source
    from town t
    cross join (
        select 1 as position, 'more_than_10_years' as seniority
        union all
        select 2, 'up_to_10_years'
        union all
        select 3, 'no_data'
    ) n
)
-- cells
select
    d.seniority as seniority,
    sum(d.cities) as cities,
    sum(d.cities_high) as cities_high,
    sum(d.base) as base
from detail d
group by d.seniority
order by min(d.position)
