with counted as (
    select p.country, count(*) as agreements, count(*) filter (where p.inferred) as inferred
    from survey.partnerships p
    where p.wave = 'made' and p.revision = 1 and p.until_from is null and p.apart is not true
    group by p.country
)
select
    case when grouping(z.zone) = 1 then 'total' else z.zone end as zone,
    case when grouping(c.country) = 1 then 'total' else c.country end as country,
    sum(c.agreements) as agreements,
    sum(c.inferred) as agreements_inferred,
    sum(c.agreements) as agreements_high
from counted c
inner join survey.country_zones z
    on z.country = c.country
    and z.valid_from <= date '2006-03-31'
    and (z.valid_to is null or z.valid_to > date '2006-03-31')
inner join survey.zones o on o.code = z.zone
inner join survey.countries k on k.code = c.country
group by rollup (z.zone, c.country)
order by grouping(z.zone), min(o.position), grouping(c.country), min(k.sort_key)
