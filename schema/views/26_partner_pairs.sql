-- Partners of an earlier wave, each said to be the same as one of the wave in scope, or not, by a person who knows.
select
    s.wave,
    p.city,
    p.country,
    p.partner_before,
    p.partner,
    p.same,
    p.partner_before_key,
    p.partner_key,
    c.kind
from scope s
inner join survey.partner_pairs p on p.wave = s.wave and p.revision = s.revision
left join survey.cities c on c.code = p.city
where s.kind is null or c.kind = s.kind
