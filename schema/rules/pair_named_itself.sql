/*
table = "partner_pairs"
reads = ["partnerships", "partner_pairs"]
column = "partner_before"
message = { fr = "est aussi le nom d’un partenaire de {city} dans cette vague : c’est donc lui, et nul autre", en = "is also the name of a partner of {city} in this wave: it is that one and no other" }
remedy = { fr = "retirez la ligne", en = "remove the line" }
*/
-- Nor can a line say that two partners of the same name are not the same.
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
