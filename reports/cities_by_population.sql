/*
title = { fr = "{Units} contacté{e}s, par nombre d’habitants", en = "{Units} contacted, by population" }
source = { fr = "Annexe 1, par nombre d’habitants", en = "Annex 1, by population" }
key = ["position"]
[table]
kind = "list"
[columns]
position = { fr = "Rang", en = "Position" }
city = { fr = "{Unit}", en = "{Unit}", codes = "cities" }
population = { fr = "Population", en = "Population" }
*/
with detail as (
    select
        row_number() over (order by r.population, c.sort_key, r.city) as position,
        r.city,
        r.population,
        r.source
    from respondents r
    inner join cities c on c.code = r.city
)
-- cells
select d.position as position, d.city as city, d.population as population
from detail d
order by d.position
