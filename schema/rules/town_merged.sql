/*
table = "frame"
reads = ["frame"]
column = "city"
severity = "warning"
message = { fr = "fait partie de {successor} depuis le {changed_on}, avant la date de référence ({reference_date})", en = "has been part of {successor} since {changed_on}, before the reference date ({reference_date})" }
remedy = { fr = "vérifiez la base de sondage : cette ville y compte pour elle-même, et non avec celle dont elle fait partie", en = "check the frame: this town counts there on its own, not with the one that it is part of" }
*/
select r.line, r.city as value, g.name as successor, g.changed_on, d.reference_date
from raw_frame r
inner join meant_frame_city m on m.text = r.city
inner join merged g on g.code = m.code
cross join declared d
order by r.line
