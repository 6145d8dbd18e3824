-- Twinnings and cooperation agreements in force in the wave in scope, each once.
select
    s.wave,
    p.agreement,
    p.city,
    p.country,
    z.zone,
    p.partner,
    p.since_from,
    p.since_to,
    p.since_missing,
    p.inferred,
    p.source,
    p.partner_key
from scope s
inner join survey.partnerships p on p.wave = s.wave and p.revision = s.revision
left join country_zones z on z.wave = s.wave and z.country = p.country
where (s.with_inferred or not p.inferred) and p.until_from is null and p.apart is not true
