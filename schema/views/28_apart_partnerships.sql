-- Agreements with a partner at home, in a wave that sets them apart: in no other view and in no international figure.
select
    p.wave,
    p.agreement,
    p.city,
    p.country,
    p.partner,
    p.since_from,
    p.since_to,
    p.since_missing,
    p.until_from,
    p.until_to,
    p.inferred,
    p.source,
    p.partner_key,
    c.kind
from listed_agreements p
left join survey.cities c on c.code = p.city
where p.apart
