/*
title = { fr = "Accords de coopération, par pays", en = "Cooperation agreements, by country" }
source = { fr = "Annexe 2", en = "Annex 2" }
key = ["country", "city"]
[table]
kind = "list"
counts = { agreements = "agreements" }
[columns]
country = { fr = "Pays", en = "Country", codes = "countries" }
city = { fr = "{Unit}", en = "{Unit}", codes = "cities" }
agreements = { fr = "Accords", en = "Agreements", high = "agreements_high" }
agreements_inferred = { fr = "dont déduits", en = "of which inferred" }
agreements_high = { fr = "Accords au plus", en = "Agreements at most" }
[listing]
item = "city"
count = "agreements"
mark = { fr = "* Entre parenthèses : le nombre d’accords, quand un{e} {unit} en a plusieurs avec le pays.", en = "* In parentheses: the number of agreements, where one {unit} has several with the country." }
*/
with detail as (
    select
        p.country,
        coalesce(p.city, 'unknown') as city,
        p.agreement,
        p.partner,
        1 as agreements,
        case when p.inferred then 1 else 0 end as agreements_inferred,
        case when s.agreements_complete then 1 end as agreements_high,
        p.source
    from agreements_in_force p
    inner join scope s on s.wave = p.wave
)
-- cells
-- Counted first; the names, which order the rows, are looked up afterwards.
select
    n.country as country,
    coalesce(n.city, 'unknown') as city,
    n.agreements as agreements,
    n.agreements_inferred as agreements_inferred,
    case when (select s.agreements_complete from scope s) then n.agreements end as agreements_high
from (
    select p.country, p.city, count(*) as agreements, count(*) filter (where p.inferred) as agreements_inferred
    from agreements_in_force p
    group by p.country, p.city
) n
inner join countries k on k.code = n.country
left join cities c on c.code = n.city
order by k.sort_key, n.country, c.sort_key nulls last, n.city
