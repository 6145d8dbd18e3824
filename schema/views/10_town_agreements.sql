-- Number of agreements in force of each town that has any. A single revision needs no grouping by wave.
select split_part(s.scope, '@', 1) as wave, n.city, n.agreements, c.kind
from (
    select p.city, count(*) as agreements
    from agreements_in_force p
    where p.city is not null
    group by p.city
) n
cross join settings s
left join survey.cities c on c.code = n.city
where s.single
union all
select n.wave, n.city, n.agreements, c.kind
from (
    select p.wave, p.city, count(*) as agreements
    from agreements_in_force p
    where p.city is not null
    group by p.wave, p.city
) n
cross join settings s
left join survey.cities c on c.code = n.city
where not s.single
