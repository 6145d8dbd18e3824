/*
table = "partner_pairs"
reads = ["partnerships", "partner_pairs"]
column = "partner_before"
message = { fr = "est aussi le nom d’un partenaire de {city} dans cette vague : c’est lui, et nul autre", en = "is the name of a partner of {city} in this wave too: it is that one, and no other" }
remedy = { fr = "retirez la ligne", en = "remove the line" }
*/
-- That two partners of one name are not the same cannot be said either.
select p.line, r.partner_before as value, r.city
from resolved_partner_pairs p
inner join raw_partner_pairs r on r.line = p.line
where
    (p.same = 'no' and p.partner_before_key = p.partner_key)
    or (
        p.same = 'yes' and p.partner_before_key <> p.partner_key
        and exists (
            select 1
            from resolved_partnerships a
            where a.city = p.city and a.country = p.country and a.partner_key = p.partner_before_key
        )
    )
order by p.line
