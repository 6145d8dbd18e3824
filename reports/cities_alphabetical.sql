/*
title = { fr = "{Units} contacté{e}s, par ordre alphabétique", en = "{Units} contacted, in alphabetical order" }
source = { fr = "Annexe 1, par ordre alphabétique", en = "Annex 1, in alphabetical order" }
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
        row_number() over (order by c.sort_key, r.city) as position,
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
