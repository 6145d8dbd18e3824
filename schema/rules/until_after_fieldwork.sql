/*
table = "partnerships"
reads = ["partnerships"]
column = "until"
message = { fr = "va au-delà de la fin du terrain ({fieldwork_to})", en = "goes beyond the end of fieldwork ({fieldwork_to})" }
remedy = { fr = "corrigez la date, ou laissez-la vide si l’accord était encore en vigueur", en = "correct the date, or leave it blank if the agreement was still in force" }
*/
select r.line, r.until as value, d.fieldwork_to
from raw_partnerships r
inner join meant_partnerships_until m on m.text = r.until
cross join declared d
where m.until_from > d.fieldwork_to or extract(year from m.until_to) > extract(year from d.fieldwork_to)
order by r.line
