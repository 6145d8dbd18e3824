/*
table = "partner_pairs"
reads = ["partner_pairs"]
column = "partner"
message = { fr = "est le {number}e partenaire de {city} ({country}) qui est dit ne pas être un autre ; au plus {most}", en = "is number {number} of the partners of {city} ({country}) said not to be another one; at most {most} are possible" }
remedy = { fr = "confirmez plutôt les paires qui désignent le même partenaire, et retirez les autres", en = "confirm the pairs that are the same instead, and remove the others" }
*/
-- The most that the report bridge can go through.
select d.line, r.partner as value, d.number, r.city, r.country, 16 as most
from (
    select
        p.line,
        dense_rank() over (partition by p.city, p.country order by p.partner_key) as number
    from resolved_partner_pairs p
    where p.same = 'no' and p.city is not null and p.country is not null and p.partner_key is not null
) d
inner join raw_partner_pairs r on r.line = d.line
where d.number > 16
order by d.line
