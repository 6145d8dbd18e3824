/*
title = { fr = "Accords par pays", en = "Agreements by country" }
source = { fr = "Répartition géographique, répartition par pays", en = "Section on geography, table by country" }
key = ["zone", "country"]
[table]
kind = "margin"
counts = { agreements = "agreements" }
[chart]
kind = "map"
x = "agreements"
y = "country"
inferred = "agreements_inferred"
[columns]
zone = { fr = "Zone géographique", en = "Geographic zone", codes = "zones" }
country = { fr = "Pays", en = "Country", codes = "countries" }
agreements = { fr = "Accords", en = "Agreements", high = "agreements_high" }
agreements_inferred = { fr = "dont déduits", en = "of which inferred" }
agreements_high = { fr = "Accords au plus", en = "Agreements at most" }
*/
with detail as (
    select
        coalesce(z.zone, 'unknown') as zone,
        p.country,
        p.agreement,
        p.city,
        p.partner,
        1 as agreements,
        case when p.inferred then 1 else 0 end as agreements_inferred,
        case when s.agreements_complete then 1 end as agreements_high,
        p.source
    from agreements_in_force p
    inner join scope s on s.wave = p.wave
    left join country_zones z on z.wave = p.wave and z.country = p.country
)
-- cells
-- Counted by country first, so that a zone is looked up once per country and not once per agreement.
select
    case when grouping(n.zone) = 1 then 'total' else n.zone end as zone,
    case when grouping(n.country) = 1 then 'total' else n.country end as country,
    coalesce(sum(n.agreements), 0) as agreements,
    coalesce(sum(n.agreements_inferred), 0) as agreements_inferred,
    case when (select s.agreements_complete from scope s) then coalesce(sum(n.agreements), 0) end as agreements_high
from (
    select
        coalesce(z.zone, 'unknown') as zone,
        c.country,
        c.agreements,
        c.agreements_inferred
    from (
        select p.country, count(*) as agreements, count(*) filter (where p.inferred) as agreements_inferred
        from agreements_in_force p
        group by p.country
    ) c
    left join country_zones z on z.wave = (select s.wave from scope s) and z.country = c.country
) n
left join zones o on o.code = n.zone
left join countries k on k.code = n.country
group by rollup (n.zone, n.country)
order by grouping(n.zone), min(o.position) nulls last, grouping(n.country), min(k.sort_key)
