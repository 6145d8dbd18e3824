select
    case when grouping(t.agreements) = 1 then 'total' else cast(t.agreements as varchar) end as agreements,
    count(*) filter (where t.response = 'responded') as cities,
    count(*) as cities_high
from {{ ref('towns') }} t
where t.response in ('responded', 'not_published')
group by rollup (t.agreements)
order by grouping(t.agreements), t.agreements
