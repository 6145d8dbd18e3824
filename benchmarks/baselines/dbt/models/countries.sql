select
    case when grouping(a.zone) = 1 then 'total' else a.zone end as zone,
    case when grouping(a.country) = 1 then 'total' else a.country end as country,
    count(*) as agreements,
    count(*) filter (where a.inferred) as agreements_inferred,
    case when {{ var('complete') }} then count(*) end as agreements_high
from {{ ref('agreements') }} a
left join {{ ref('code_zones') }} z on z.code = a.zone
left join {{ ref('code_countries') }} c on c.code = a.country
group by rollup (a.zone, a.country)
order by grouping(a.zone), min(z.position), grouping(a.country), min({{ sort_key('c.label_fr') }})
