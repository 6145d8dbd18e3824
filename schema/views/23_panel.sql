-- Towns that answered two waves, with their agreements in both; those that merged are one town.
select
    t.wave_before,
    t.wave,
    t.city,
    t.towns_before,
    t.agreements_before,
    t.agreements
from (
    select
        f.wave_before,
        f.wave,
        f.followed_to as city,
        sum(case when f.later then 0 else 1 end) as towns_before,
        sum(case when f.later then 0 else f.agreements end) as agreements_before,
        sum(case when f.later then f.agreements else 0 end) as agreements,
        sum(case when f.later then 1 else 0 end) as towns,
        sum(case when f.answered = 'yes' then 0 else 1 end) as silent
    from followed_towns f
    group by f.wave_before, f.wave, f.followed_to
) t
where t.towns_before > 0 and t.towns > 0 and t.silent = 0
