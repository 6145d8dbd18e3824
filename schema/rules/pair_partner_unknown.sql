/*
table = "partner_pairs"
reads = ["partnerships", "partner_pairs"]
column = "partner"
message = { fr = "n’est partenaire de {city} ({country}) dans aucune ligne de la table partnerships", en = "is a partner of {city} ({country}) in no row of partnerships" }
remedy = { fr = "écrivez le nom que donne cette vague dans partner, celui de la vague antérieure dans partner_before", en = "write under partner the name that this wave gives, and under partner_before that of the earlier wave" }
*/
select p.line, r.partner as value, r.city, r.country
from resolved_partner_pairs p
inner join raw_partner_pairs r on r.line = p.line
where
    p.city is not null and p.country is not null and p.partner_key is not null
    and not exists (
        select 1
        from resolved_partnerships a
        where a.city = p.city and a.country = p.country and a.partner_key = p.partner_key
    )
order by p.line
