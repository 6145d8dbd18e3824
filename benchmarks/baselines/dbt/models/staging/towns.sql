with spelled as (
    select {{ match_key('name') }} as spelling, code from {{ ref('code_cities') }}
    union
    select {{ match_key('alias') }} as spelling, city as code from {{ ref('code_city_aliases') }}
)
select
    s.code as city,
    {{ sort_key('c.name') }} as sort_key,
    f.population,
    coalesce(r.response, '{{ var("response") }}') as response,
    count(a.country) as agreements
from {{ ref('wave_frame') }} f
left join spelled s on s.spelling = {{ match_key('f.city') }}
left join {{ ref('code_cities') }} c on c.code = s.code
left join (
    select o.code, i.response
    from {{ ref('wave_respondents') }} i
    inner join spelled o on o.spelling = {{ match_key('i.city') }}
) r on r.code = s.code
left join {{ ref('agreements') }} a on a.city = s.code
group by all
