-- Towns that answered both of two waves, with their agreements in each; towns that merged count as one.
select
    t.wave_before,
    t.wave,
    t.city,
    t.towns_before,
    t.agreements_before,
    t.agreements,
    t.agreements_before_high,
    t.agreements_high,
    t.kind
from paired_towns t
where t.towns_before > 0 and t.towns > 0 and t.had_answered = 'yes' and t.has_answered = 'yes'
