select
    row_number() over (order by t.population, t.sort_key, t.city) as position,
    t.city,
    t.population
from {{ ref('towns') }} t
order by position
