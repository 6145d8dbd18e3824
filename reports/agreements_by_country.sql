/*
title = { fr = "Accords de coopération, par pays", en = "Cooperation agreements, by country" }
source = { fr = "Annexe 2", en = "Annex 2" }
key = ["country", "city"]
[columns]
country = { fr = "Pays", en = "Country", codes = "countries" }
city = { fr = "Ville", en = "Town", codes = "cities" }
agreements = { fr = "Accords", en = "Agreements" }
agreements_inferred = { fr = "dont déduits", en = "of which inferred" }
[listing]
item = "city"
count = "agreements"
mark = { fr = "* Entre parenthèses : le nombre d’accords, quand une ville en a plusieurs avec le pays.", en = "* In parentheses: the number of agreements, where a town has several with the country." }
*/
with detail as (
    select
        p.country,
        coalesce(p.city, 'unknown') as city,
        p.agreement,
        p.partner,
        1 as agreements,
        case when p.inferred then 1 else 0 end as agreements_inferred,
        p.source
    from partnerships p
)
-- cells
select
    d.country as country,
    d.city as city,
    sum(d.agreements) as agreements,
    sum(d.agreements_inferred) as agreements_inferred
from detail d
inner join countries k on k.code = d.country
left join cities c on c.code = d.city
group by d.country, d.city
order by min(k.sort_key), d.country, min(c.sort_key) nulls last, d.city
