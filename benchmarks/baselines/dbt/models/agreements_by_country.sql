select
    a.country,
    coalesce(a.city, 'unknown') as city,
    count(*) as agreements,
    count(*) filter (where a.inferred) as agreements_inferred,
    case when {{ var('complete') }} then count(*) end as agreements_high
from {{ ref('agreements') }} a
inner join {{ ref('code_countries') }} k on k.code = a.country
left join {{ ref('code_cities') }} c on c.code = a.city
group by a.country, a.city
order by min({{ sort_key('k.label_fr') }}), min({{ sort_key('c.name') }}) nulls last
