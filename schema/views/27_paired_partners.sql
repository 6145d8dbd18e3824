-- Each partner of two waves once, by the town it is twinned with as that is in the later wave: agreements in each wave.
-- partner_key: that of the later wave, where a person said that it is the same; empty where no partner is named.
-- once: earlier agreements, counted once where towns now united both declared them. old: later ones, unless a date says
-- that they began since the earlier wave; begun: those. ended: listed by the later wave as ended since the earlier one.
with said as (
    select
        w.wave_before,
        w.wave,
        case
            when p.wave = w.wave_before then 'before'
            when p.since_from > w.reference_date_before then 'begun'
            else 'old'
        end as kind,
        p.city,
        p.country,
        p.partner,
        coalesce(p.partner_key, '') as partner_key,
        p.source
    from wave_pairs w
    inner join agreements_in_force p on p.wave in (w.wave_before, w.wave)
    union all
    select w.wave_before, w.wave, 'ended', e.city, e.country, e.partner, coalesce(e.partner_key, ''), e.source
    from wave_pairs w
    inner join ended_partnerships e on e.wave = w.wave and e.until_to > w.reference_date_before
),
by_city as (
    select
        s.wave_before,
        s.wave,
        coalesce(f.followed_to, 'unknown') as town,
        s.country,
        coalesce(c.partner_key, s.partner_key) as partner_key,
        s.city,
        min(case when s.kind = 'before' then s.partner end) as partner_before,
        min(case when s.kind <> 'before' then s.partner end) as partner,
        sum(case when s.kind = 'before' then 1 else 0 end) as earlier,
        sum(case when s.kind = 'old' then 1 else 0 end) as old,
        sum(case when s.kind = 'begun' then 1 else 0 end) as begun,
        sum(case when s.kind = 'ended' then 1 else 0 end) as ended,
        min(s.source) as source,
        max(s.source) as last_source,
        min(f.kind) as kind
    from said s
    left join followed_towns f
        on f.wave = s.wave and f.city = s.city and f.later = (s.kind <> 'before')
    left join partner_pairs c
        on c.wave = s.wave and c.city = f.followed_to and c.country = s.country
        and c.partner_before_key = s.partner_key and c.same and s.kind = 'before'
    group by
        s.wave_before,
        s.wave,
        coalesce(f.followed_to, 'unknown'),
        s.country,
        coalesce(c.partner_key, s.partner_key),
        s.city,
        s.kind
)
select
    c.wave_before,
    c.wave,
    c.town,
    c.country,
    c.partner_key,
    min(c.partner_before) as partner_before,
    min(c.partner) as partner,
    sum(c.earlier) as earlier,
    case when c.partner_key = '' then sum(c.earlier) else max(c.earlier) end as once,
    sum(c.old) as old,
    sum(c.begun) as begun,
    sum(c.ended) as ended,
    min(c.source) as source,
    max(c.last_source) as last_source,
    min(c.kind) as kind
from by_city c
group by c.wave_before, c.wave, c.town, c.country, c.partner_key
