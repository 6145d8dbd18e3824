-- Twinnings and cooperation agreements in force in the wave in scope, each once.
select
    p.wave,
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
    p.partner_key,
    c.kind
from agreements_in_force p
left join country_zones z on z.wave = p.wave and z.country = p.country
left join survey.cities c on c.code = p.city
