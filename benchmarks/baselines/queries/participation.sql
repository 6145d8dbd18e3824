with counted as (
    select p.city, count(*) as agreements
    from survey.partnerships p
    where p.wave = 'made' and p.revision = 1 and p.until_from is null and p.apart is not true
    group by p.city
),
town as (
    select
        count(*) as contacted,
        count(*) filter (where r.response = 'responded') as responded,
        count(*) filter (where r.response in ('responded', 'not_published')) as responded_high
    from survey.respondents r
    where r.wave = 'made' and r.revision = 1
),
fact as (
    select
        t.contacted, t.responded, t.responded_high, coalesce(sum(c.agreements), 0) as agreements,
        count(c.city) as engaged
    from town t
    left join counted c on true
    group by t.contacted, t.responded, t.responded_high
)
select 'contacted' as indicator, f.contacted as value, f.contacted as value_high from fact f
union all
select 'responded', f.responded, f.responded_high from fact f
union all
select 'engaged', f.engaged, f.engaged from fact f
union all
select 'agreements', f.agreements, f.agreements from fact f
union all
select
    'mean_agreements',
    round(f.agreements / nullif(f.responded_high, 0), 1),
    round(f.agreements / nullif(f.responded, 0), 1)
from fact f
