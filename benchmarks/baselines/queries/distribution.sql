with counted as (
    select p.city, count(*) as agreements
    from survey.partnerships p
    where p.wave = 'made' and p.revision = 1 and p.until_from is null and p.apart is not true
    group by p.city
),
town as (
    select coalesce(c.agreements, 0) as agreements, case when r.response = 'responded' then 1 else 0 end as responded
    from survey.respondents r
    left join counted c on c.city = r.city
    where r.wave = 'made' and r.revision = 1 and r.response in ('responded', 'not_published')
)
select
    case when grouping(t.agreements) = 1 then 'total' else cast(t.agreements as varchar) end as key,
    sum(t.responded) as cities,
    count(*) as cities_high
from town t
group by rollup (t.agreements)
order by grouping(t.agreements), t.agreements
