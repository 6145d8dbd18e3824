/*
table = "partnerships"
column = "since"
message = { fr = "commence après la fin du terrain ({fieldwork_to})", en = "begins after the end of fieldwork ({fieldwork_to})" }
remedy = { fr = "corrigez la date, ou fieldwork.to de la vague", en = "mend the date, or fieldwork.to of the wave" }
*/
select r.line, r.since as value, d.fieldwork_to
from raw_partnerships r
inner join meant_partnerships_since m on m.text = r.since
cross join declared d
where m.since_from > d.fieldwork_to
order by r.line
