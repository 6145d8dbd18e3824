/*
table = "partnerships"
reads = ["partnerships"]
column = "until"
message = { fr = "est avant 1900, avant tout jumelage connu", en = "is before 1900, earlier than any known twinning" }
remedy = { fr = "corrigez la date", en = "correct the date" }
*/
select r.line, r.until as value
from raw_partnerships r
inner join meant_partnerships_until m on m.text = r.until
where m.until_from < date '1900-01-01'
order by r.line
