/*
title = { fr = "Ancienneté des échanges", en = "Length of engagement" }
source = { fr = "Ancienneté des échanges", en = "Section on how long exchanges have lasted" }
key = ["seniority"]
[table]
kind = "distribution"
counts = { cities = "engaged", base = "engaged" }
[chart]
kind = "dots"
x = "cities"
y = "seniority"
[columns]
seniority = { fr = "Ancienneté", en = "Engaged for" }
cities = { fr = "{Units}", en = "{Units}", high = "cities_high", base = "base", none = "not_asked" }
cities_high = { fr = "{Units} au plus", en = "{Units} at most" }
base = { fr = "{Units} engagé{e}s interrogé{e}s", en = "Engaged {units} asked", high = "base_high" }
base_high = { fr = "{Units} engagé{e}s interrogé{e}s, au plus", en = "Engaged {units} asked, at most" }
not_asked = { fr = "Non interrogé{e}s", en = "Not asked", high = "not_asked_high", seldom = true }
not_asked_high = { fr = "Non interrogé{e}s au plus", en = "Not asked at most" }
[labels.seniority]
more_than_10_years = { fr = "Plus de 10 ans", en = "More than 10 years" }
up_to_10_years = { fr = "10 ans ou moins", en = "Up to 10 years" }
no_data = { fr = "Sans données", en = "No data" }
*/
-- A town is as senior as its oldest agreement, in calendar years before the reference date. A town without any
-- date has no data; where dates exist but are not published, or it may have more agreements than are listed, it may be
-- in any class that this leaves open. A town that was asked no date leaves the base.
with listed as (
    select
        p.city,
        max(case when extract(year from s.reference_date) - extract(year from p.since_to) > 10 then 1 else 0 end)
            as surely_older,
        max(case when extract(year from s.reference_date) - extract(year from p.since_from) > 10 then 1 else 0 end)
            as maybe_older,
        max(case when p.since_to is not null then 1 else 0 end) as dated,
        max(case when p.since_missing = 'not_published' then 1 else 0 end) as unpublished,
        max(case when p.since_missing = 'not_asked' then 0 else 1 end) as asked,
        case when min(p.source) = max(p.source) then min(p.source) else 'several' end as source
    from agreements_in_force p
    inner join scope s on s.wave = p.wave
    group by p.city
),
town as (
    select
        r.city,
        case when r.engaged = 'yes' then 1 else 0 end as engaged,
        coalesce(l.asked, (select max(o.asked) from listed o), 1) as asked,
        coalesce(l.surely_older, 0) as surely_older,
        coalesce(l.dated, 0) as dated,
        case when l.unpublished = 1 or r.agreements_high is null or r.agreements_high > r.agreements then 1 else 0 end
            as open,
        coalesce(l.maybe_older, 0) as maybe_older,
        coalesce(l.source, r.source) as source
    from respondents r
    left join listed l on l.city = r.city
    where r.engaged in ('yes', 'not_published')
),
class as (
    select 1 as position, 'more_than_10_years' as seniority
    union all
    select 2, 'up_to_10_years'
    union all
    select 3, 'no_data'
),
placed as (
    select
        c.position,
        c.seniority,
        t.*,
        case
            when c.seniority = 'more_than_10_years' then t.surely_older
            when t.surely_older = 1 or t.maybe_older = 1 or t.open = 1 then 0
            when c.seniority = 'up_to_10_years' then t.dated
            else 1 - t.dated
        end as low,
        case
            when c.seniority = 'more_than_10_years' then greatest(t.maybe_older, t.open)
            when t.surely_older = 1 then 0
            when c.seniority = 'up_to_10_years' then greatest(t.dated, t.open)
            else 1 - t.dated
        end as high
    from town t
    cross join class c
),
detail as (
    select
        p.position,
        p.seniority,
        p.city,
        case when p.asked = 1 then p.low * p.engaged end as cities,
        case when p.asked = 1 then p.high end as cities_high,
        case when p.asked = 1 then p.engaged end as base,
        case when p.asked = 1 then 1 end as base_high,
        p.engaged * (1 - p.asked) as not_asked,
        1 - p.asked as not_asked_high,
        p.source
    from placed p
)
-- cells
select
    c.seniority as seniority,
    coalesce(sum(d.cities), case when count(d.city) = 0 then 0 end) as cities,
    coalesce(sum(d.cities_high), case when count(d.city) = 0 then 0 end) as cities_high,
    coalesce(sum(d.base), case when count(d.city) = 0 then 0 end) as base,
    coalesce(sum(d.base_high), case when count(d.city) = 0 then 0 end) as base_high,
    coalesce(sum(d.not_asked), 0) as not_asked,
    coalesce(sum(d.not_asked_high), 0) as not_asked_high
from class c
left join detail d on d.seniority = c.seniority
group by c.position, c.seniority
order by c.position
