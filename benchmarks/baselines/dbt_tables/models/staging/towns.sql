with counted as (
    select a.city, count(*) as agreements
    from {{ ref('agreements') }} a
    group by a.city
)
select r.city, c.sort_key, r.population, r.response, coalesce(n.agreements, 0) as agreements
from raw.survey.respondents r
inner join raw.survey.cities c on c.code = r.city
left join counted n on n.city = r.city
