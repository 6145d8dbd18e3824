/*
title = { fr = "Organisation des relations internationales", en = "Management of international relations" }
source = { fr = "Organisation de la gestion des relations internationales", en = "Section on the management of international relations" }
key = ["arrangement"]
[columns]
arrangement = { fr = "Organisation", en = "Arrangement" }
cities = { fr = "Villes", en = "Towns", high = "cities_high", base = "base" }
cities_high = { fr = "Villes au plus", en = "Towns at most" }
base = { fr = "Villes engagées", en = "Engaged towns" }
[labels.arrangement]
elected_delegate = { fr = "Élu délégué", en = "Elected delegate" }
twinning_committee = { fr = "Comité de jumelage", en = "Twinning committee" }
service = { fr = "Service chargé des relations internationales", en = "Service in charge of international relations" }
*/
with answer as (
    select 1 as position, 'elected_delegate' as arrangement, r.city, r.elected_delegate as answer, r.answers_source as source
    from respondents r
    where r.engaged = 'yes'
    union all
    select 2, 'twinning_committee', r.city, r.twinning_committee, r.answers_source
    from respondents r
    where r.engaged = 'yes'
    union all
    select 3, 'service', r.city, r.service, r.answers_source
    from respondents r
    where r.engaged = 'yes'
),
detail as (
    select
        a.position,
        a.arrangement,
        a.city,
        a.answer,
        case when a.answer = 'yes' then 1 else 0 end as cities,
        case when a.answer in ('yes', 'not_published') then 1 else 0 end as cities_high,
        1 as base,
        a.source
    from answer a
)
-- cells
select
    d.arrangement as arrangement,
    sum(d.cities) as cities,
    sum(d.cities_high) as cities_high,
    sum(d.base) as base
from detail d
group by d.arrangement
order by min(d.position)
