-- Agreements that a wave lists as ended, with the earliest and latest day of their end; in no report of that wave.
select
    p.wave,
    p.agreement,
    p.city,
    p.country,
    p.partner,
    p.since_from,
    p.since_to,
    p.until_from,
    p.until_to,
    p.inferred,
    p.source,
    p.partner_key,
    c.kind
from listed_agreements p
left join survey.cities c on c.code = p.city
where p.until_from is not null and p.apart is not true
