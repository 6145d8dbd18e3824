/*
table = "partnerships"
column = "since"
severity = "warning"
message = { fr = "commence avant que {label_fr} existe comme État ({state_since})", en = "begins before {label_en} exists as a state ({state_since})" }
remedy = { fr = "vérifiez le pays et la date : l’accord a été conclu dans un autre État", en = "check the country and the date: the agreement was made in another state" }
*/
-- Only where no day of the period is possible.
select r.line, r.since as value, c.label_fr, c.label_en, c.state_since
from raw_partnerships r
inner join meant_partnerships_since m on m.text = r.since
inner join meant_partnerships_country n on n.text = r.country
inner join list_countries c on c.code = n.code
where m.since_to < cast(c.state_since as date)
order by r.line
