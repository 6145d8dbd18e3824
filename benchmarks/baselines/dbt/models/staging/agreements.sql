with spelled_city as (
    select {{ match_key('name') }} as spelling, code from {{ ref('code_cities') }}
    union
    select {{ match_key('alias') }} as spelling, city as code from {{ ref('code_city_aliases') }}
),
spelled_country as (
    select {{ match_key('label_fr') }} as spelling, code from {{ ref('code_countries') }}
    union
    select {{ match_key('alias') }} as spelling, country as code from {{ ref('code_country_aliases') }}
)
select
    t.code as city,
    k.code as country,
    z.zone,
    coalesce(p.inferred, 'no') = 'yes' as inferred
from {{ ref('wave_partnerships') }} p
cross join range(cast(p.agreements as integer)) n
left join spelled_city t on t.spelling = {{ match_key('p.city') }}
left join spelled_country k on k.spelling = {{ match_key('p.country') }}
left join {{ ref('code_country_zones') }} z
    on z.country = k.code
    and z.valid_from <= date '{{ var("reference_date") }}'
    and (z.valid_to is null or z.valid_to > date '{{ var("reference_date") }}')
