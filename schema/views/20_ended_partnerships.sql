-- Agreements that a wave lists as ended, with the days between which they did; counted in no report of that wave.
select
    s.wave,
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
    p.partner_key
from scope s
inner join survey.partnerships p on p.wave = s.wave and p.revision = s.revision
where (s.with_inferred or not p.inferred) and p.until_from is not null and p.apart is not true
