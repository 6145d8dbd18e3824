/*
table = "frame"
reads = ["frame"]
column = "population"
severity = "warning"
message = { fr = "n’est pas entre un cinquième et 5 fois la population que le registre donne à {authority} : {people} habitants", en = "is not between a fifth and 5 times the population that the register gives for {authority}: {people} inhabitants" }
remedy = { fr = "si une autre autorité de ce nom est visée, écrivez son code ; sinon, vérifiez le nombre", en = "if another authority of that name is meant, write its code; if not, check the number" }
*/
select r.line, r.population as value, concat_ws(' ', g.name, g.code) as authority, g.population as people
from resolved_frame f
inner join register g on g.code = f.city and (f.population > 5.0 * g.population or 5.0 * f.population < g.population)
inner join raw_frame r on r.line = f.line
order by r.line
