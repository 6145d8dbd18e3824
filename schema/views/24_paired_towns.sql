-- Each town of two waves once, as it is in the later one: towns of each frame, whether it answered, its agreements.
-- engaged_high, agreements_high and those before: at most so many, as in respondents; null where there is no bound.
-- had_answered, had_told: unknown where only some of the towns that merged had; null where none was in the frame.
select
    f.wave_before,
    f.wave,
    f.followed_to as city,
    sum(case when f.later then 0 else 1 end) as towns_before,
    sum(case when f.later then 1 else 0 end) as towns,
    sum(case when not f.later and f.engaged = 'yes' then 1 else 0 end) as engaged_before,
    sum(case when f.later and f.engaged = 'yes' then 1 else 0 end) as engaged,
    sum(case when f.later then 0 else f.agreements end) as agreements_before,
    sum(case when f.later then f.agreements else 0 end) as agreements,
    case
        when count(distinct case when f.later then null else f.answered end) > 1 then 'unknown'
        else max(case when f.later then null else f.answered end)
    end as had_answered,
    max(case when f.later then f.answered end) as has_answered,
    case
        when count(distinct case when f.later then null else f.told end) > 1 then 'unknown'
        else max(case when f.later then null else f.told end)
    end as had_told,
    max(case when f.later then f.told end) as has_told,
    sum(case when not f.later and f.engaged in ('yes', 'not_published') then 1 else 0 end) as engaged_before_high,
    sum(case when f.later and f.engaged in ('yes', 'not_published') then 1 else 0 end) as engaged_high,
    case
        when count(*) = count(case when f.later then 0 else f.agreements_high end)
            then sum(case when f.later then 0 else f.agreements_high end)
    end as agreements_before_high,
    case
        when count(*) = count(case when f.later then f.agreements_high else 0 end)
            then sum(case when f.later then f.agreements_high else 0 end)
    end as agreements_high,
    min(f.kind) as kind
from followed_towns f
group by f.wave_before, f.wave, f.followed_to
