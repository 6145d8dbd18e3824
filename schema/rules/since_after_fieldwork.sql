/*
table = "partnerships"
reads = ["partnerships"]
column = "since"
message = { fr = "va au-delà de la fin du terrain ({fieldwork_to})", en = "goes beyond the end of fieldwork ({fieldwork_to})" }
remedy = { fr = "corrigez la date, ou fieldwork.to de la vague", en = "correct the date, or the fieldwork.to of the wave" }
*/
select r.line, r.since as value, d.fieldwork_to
from raw_partnerships r
inner join meant_partnerships_since m on m.text = r.since
cross join declared d
where m.since_from > d.fieldwork_to or extract(year from m.since_to) > extract(year from d.fieldwork_to)
order by r.line
