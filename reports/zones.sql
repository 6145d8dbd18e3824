/*
title = { fr = "Accords par zone géographique", en = "Agreements by geographic zone" }
source = { fr = "Répartition géographique, répartition par zone", en = "Section on geography, table by zone" }
key = ["zone"]
[columns]
zone = { fr = "Zone géographique", en = "Geographic zone", codes = "zones" }
agreements = { fr = "Accords", en = "Agreements" }
agreements_inferred = { fr = "dont déduits", en = "of which inferred" }
*/
with detail as (
    select
        coalesce(p.zone, 'unknown') as zone,
        p.agreement,
        p.city,
        p.country,
        p.partner,
        1 as agreements,
        case when p.inferred then 1 else 0 end as agreements_inferred,
        p.source
    from partnerships p
)
-- cells
select
    case when grouping(d.zone) = 1 then 'total' else d.zone end as zone,
    coalesce(sum(d.agreements), 0) as agreements,
    coalesce(sum(d.agreements_inferred), 0) as agreements_inferred
from detail d
left join zones z on z.code = d.zone
group by rollup (d.zone)
order by grouping(d.zone), min(z.position) nulls last
