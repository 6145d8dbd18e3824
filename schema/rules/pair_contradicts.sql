/*
table = "partner_pairs"
reads = ["partner_pairs"]
column = "same"
message = { fr = "contredit la ligne {first} : le même partenaire y est dit être {other}", en = "contradicts line {first}, which says that the partner is {other}" }
remedy = { fr = "ne gardez que l’une des deux lignes : un partenaire d’une vague antérieure ne peut en être qu’un seul de cette vague", en = "keep one of the two lines: an earlier partner can be only one partner of this wave" }
*/
select x.line, r.same as value, min(f.line) as first, min_by(o.partner, f.line) as other
from resolved_partner_pairs x
inner join raw_partner_pairs r on r.line = x.line
inner join resolved_partner_pairs f
    on f.city = x.city and f.country = x.country and f.partner_before_key = x.partner_before_key
    and f.partner_key <> x.partner_key and f.line < x.line and f.same = 'yes'
inner join raw_partner_pairs o on o.line = f.line
where x.same = 'yes'
group by x.line, r.same
order by x.line
