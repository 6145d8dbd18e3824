/*
table = "frame"
reads = ["frame"]
column = "city"
severity = "warning"
message = { fr = "fait aujourd’hui partie de {whole}, et le registre ne sait pas depuis quand", en = "is part of {whole} today, and the register does not know since when" }
remedy = { fr = "si cette ville n’était plus à part à la date de référence, retirez-la de la base de sondage", en = "if this town was no longer one of its own on the reference date, take it out of the frame" }
*/
select r.line, r.city as value, concat_ws(' ', w.name, w.code) as whole
from raw_frame r
inner join meant_frame_city m on m.text = r.city
inner join register g on g.code = m.code and g.status is not null and g.valid_to is null
inner join register w on w.code = g.part_of
order by r.line
