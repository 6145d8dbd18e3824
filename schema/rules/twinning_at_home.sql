/*
table = "partnerships"
reads = ["partnerships"]
column = "country"
message = { fr = "n’est pas à l’international : {city} – {partner}, dans le pays des villes ({home})", en = "is not international: {city} – {partner} is within the towns’ own country ({home})" }
remedy = { fr = "corrigez le pays ; sinon retirez la ligne, ou écrivez apart = true sous [home] dans wave.toml : ces lignes sont alors tenues à part, et ne comptent dans aucun nombre", en = "correct the country; otherwise remove the row, or write apart = true under [home] in wave.toml: such rows are then kept apart, and count in no figure" }
*/
-- A territory that has a code of its own and is part of the country is at home too.
select
    r.line,
    r.country as value,
    coalesce(r.city, '?') as city,
    coalesce(r.partner, '?') as partner,
    d.home_country as home
from raw_partnerships r
inner join meant_partnerships_country m on m.text = r.country
inner join list_countries c on c.code = m.code
cross join declared d
where not d.home_apart and (c.code = d.home_country or c.part_of = d.home_country)
order by r.line
