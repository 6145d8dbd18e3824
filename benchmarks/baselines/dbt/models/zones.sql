select
    case when grouping(a.zone) = 1 then 'total' else a.zone end as zone,
    count(*) as agreements,
    count(*) filter (where a.inferred) as agreements_inferred,
    case when {{ var('complete') }} then count(*) end as agreements_high
from {{ ref('agreements') }} a
left join {{ ref('code_zones') }} z on z.code = a.zone
group by rollup (a.zone)
order by grouping(a.zone), min(z.position)
