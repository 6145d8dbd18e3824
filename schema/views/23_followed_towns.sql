-- Towns of two waves; each of the earlier one is followed to the town that it is, or is part of, in the later one.
-- answered: unknown where the response is not published; but a town that lists agreements, ended or not, has answered,
-- and so has one that gives their number, even zero.
-- told: the same as answered, but unknown where the list of a town that answered may lack agreements.
select
    t.wave_before,
    t.wave,
    t.later,
    t.city,
    t.followed_to,
    t.answered,
    case when t.answered = 'yes' and not t.told_all then 'unknown' else t.answered end as told,
    t.engaged,
    t.agreements,
    t.agreements_high,
    t.kind
from (
    select
        p.wave_before,
        p.wave,
        r.wave = p.wave as later,
        r.city,
        case when r.wave = p.wave then r.city else coalesce(l.city, s.successor, r.city) end as followed_to,
        case
            when r.response = 'responded' or r.agreements > 0 or r.declared_agreements is not null then 'yes'
            when r.response = 'not_published' and e.city is not null then 'yes'
            when r.response = 'not_published' then 'unknown'
            else 'no'
        end as answered,
        r.engaged,
        r.agreements,
        r.agreements_high,
        coalesce(r.agreements_high = r.agreements, false) as told_all,
        r.kind
    from wave_pairs p
    inner join respondents r on r.wave in (p.wave_before, p.wave)
    left join (
        select w.wave, x.city
        from scope w
        inner join survey.respondents x on x.wave = w.wave and x.revision = w.revision
    ) l on l.wave = p.wave and l.city = r.city
    left join successors s on s.wave = p.wave and s.city = r.city
    left join (
        select distinct x.wave, x.city
        from ended_partnerships x
    ) e on e.wave = r.wave and e.city = r.city
) t
