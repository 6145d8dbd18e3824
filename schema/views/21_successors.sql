-- The town that each merged town is part of on the wave's reference date.
with recursive paths as (
    select c.city, c.successor, c.changed_on, 1 as steps
    from survey.city_changes c
    union
    select p.city, c.successor, c.changed_on, p.steps + 1
    from paths p
    inner join survey.city_changes c on c.city = p.successor and c.changed_on >= p.changed_on
    where p.steps < 100
)
select
    n.wave,
    n.city,
    n.successor,
    n.changed_on
from (
    select
        s.wave,
        p.city,
        p.successor,
        p.changed_on,
        row_number() over (partition by s.wave, p.city order by p.changed_on desc, p.steps desc) as place
    from scope s
    inner join paths p on p.changed_on <= s.reference_date
) n
where n.place = 1
