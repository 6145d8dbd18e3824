/*
title = { fr = "Accords par pays", en = "Agreements by country" }
source = { fr = "Répartition géographique, répartition par pays", en = "Section on geography, table by country" }
key = ["zone", "country"]
[columns]
zone = { fr = "Zone géographique", en = "Geographic zone", codes = "zones" }
country = { fr = "Pays", en = "Country", codes = "countries" }
agreements = { fr = "Accords", en = "Agreements" }
agreements_inferred = { fr = "dont déduits", en = "of which inferred" }
*/
with detail as (
    select
        coalesce(p.zone, 'unknown') as zone,
        p.country,
        p.agreement,
        p.city,
        p.partner,
        1 as agreements,
        case when p.inferred then 1 else 0 end as agreements_inferred,
        p.source
    from partnerships p
)
-- cells
select
    case when grouping(d.zone) = 1 then 'total' else d.zone end as zone,
    case when grouping(d.country) = 1 then 'total' else d.country end as country,
    coalesce(sum(d.agreements), 0) as agreements,
    coalesce(sum(d.agreements_inferred), 0) as agreements_inferred
from detail d
left join zones z on z.code = d.zone
left join countries c on c.code = d.country
group by rollup (d.zone, d.country)
order by grouping(d.zone), min(z.position) nulls last, grouping(d.country), min(c.sort_key)
