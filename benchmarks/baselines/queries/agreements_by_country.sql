with counted as (
    select p.country, p.city, count(*) as agreements, count(*) filter (where p.inferred) as inferred
    from survey.partnerships p
    where p.wave = 'made' and p.revision = 1 and p.until_from is null and p.apart is not true
    group by p.country, p.city
)
select c.country, c.city, c.agreements, c.inferred as agreements_inferred, c.agreements as agreements_high
from counted c
inner join survey.countries k on k.code = c.country
inner join survey.cities t on t.code = c.city
order by k.sort_key, t.sort_key
