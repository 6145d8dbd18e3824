/*
title = { fr = "{Units} selon le nombre d’accords", en = "{Units} by number of agreements" }
source = { fr = "Approche quantitative de l’engagement international, tableau", en = "Section on international engagement in numbers, table" }
key = ["agreements"]
not_additive = ["total"]
[finding]
fr = "{cities[0]|Aucun{e} {unit} n’est|Un{e} {unit} est|# {units} sont} sans accord ; {cities[1]|aucun{e} n’en a|un{e} en a|# en ont} un seul."
en = "{cities[0]|No {unit} is|One {unit} is|# {units} are} without an agreement; {cities[1]|none has|one has|# have} a single one."
[table]
kind = "distribution"
counts = { cities = "responded" }
classes = "agreements"
[chart]
kind = "bars"
x = "cities"
y = "agreements"
[columns]
agreements = { fr = "Nombre d’accords", en = "Agreements" }
cities = { fr = "{Units}", en = "{Units}", high = "cities_high" }
cities_high = { fr = "{Units} au plus", en = "{Units} at most" }
*/
-- The number that a town says it has counts, whatever is listed; where it says none, those listed are the least.
with town as (
    select
        r.city,
        greatest(r.agreements, coalesce(r.declared_agreements, 0)) as least,
        r.agreements_high as most,
        case when r.response = 'responded' then 1 else 0 end as cities,
        r.source
    from respondents r
    where r.response in ('responded', 'not_published')
),
class as (
    select t.least as agreements
    from town t
    union
    select t.least + 1
    from town t
    where t.most is null or t.most > t.least
),
detail as (
    select
        cast(c.agreements as varchar) as agreements,
        c.agreements as position,
        t.city,
        case when t.most = t.least then t.cities else 0 end as cities,
        1 as cities_high,
        t.source
    from town t
    inner join class c on c.agreements >= t.least and c.agreements <= coalesce(t.most, c.agreements)
)
-- cells
select
    case when grouping(d.agreements) = 1 then 'total' else d.agreements end as agreements,
    case
        when grouping(d.agreements) = 1 then (select coalesce(sum(t.cities), 0) from town t)
        else sum(d.cities)
    end as cities,
    case when grouping(d.agreements) = 1 then (select count(*) from town t) else sum(d.cities_high) end as cities_high
from detail d
group by rollup (d.agreements)
order by grouping(d.agreements), min(d.position)
