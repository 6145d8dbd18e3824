/*
table = "partnerships"
reads = ["partnerships"]
column = "since"
severity = "warning"
message = { fr = "commence avant la naissance de cet État : {label_fr} ({state_since})", en = "begins before {label_en} became a state ({state_since})" }
remedy = { fr = "vérifiez le pays et la date : peut-être l’accord a-t-il été conclu avec un autre État", en = "check the country and the date: perhaps the agreement was made with another state" }
*/
-- Only where no day of the period is possible.
select r.line, r.since as value, c.label_fr, c.label_en, c.state_since
from raw_partnerships r
inner join meant_partnerships_since m on m.text = r.since
inner join meant_partnerships_country n on n.text = r.country
inner join list_countries c on c.code = n.code
where m.since_to < cast(c.state_since as date)
order by r.line
