/*
table = "partnerships"
reads = ["partnerships"]
column = "since"
message = { fr = "commence avant 1900, avant tout jumelage connu", en = "begins before 1900, earlier than any known twinning" }
remedy = { fr = "corrigez la date, ou laissez-la vide", en = "correct the date, or leave it blank" }
*/
-- Poix-du-Nord and Keighley, in 1920, are held to be the first twinning; 1900 leaves room.
select r.line, r.since as value
from raw_partnerships r
inner join meant_partnerships_since m on m.text = r.since
where m.since_from < date '1900-01-01'
order by r.line
