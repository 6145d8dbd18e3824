/*
table = "partnerships"
reads = ["partnerships"]
column = "until"
message = { fr = "l’accord aurait pris fin avant d’avoir commencé ({since})", en = "the agreement would have ended before it began ({since})" }
remedy = { fr = "corrigez l’une des deux dates", en = "correct one of the two dates" }
*/
-- Only where no day of the period is possible.
select r.line, r.until as value, r.since
from resolved_partnerships p
inner join raw_partnerships r on r.line = p.line
where p.until_to < p.since_from
order by r.line
