-- The town that each merged town belongs to on the wave's reference date: by its own last change, then its successor's.
with recursive changes as (
    select c.city, c.successor, c.changed_on from survey.city_changes c
    union
    select a.code, a.part_of, a.valid_to from survey.cities a
    where a.valid_to is not null and a.status is not null and a.part_of is not null
),
latest as (
    select
        s.wave,
        c.city,
        c.successor,
        c.changed_on,
        row_number() over (partition by s.wave, c.city order by c.changed_on desc) as place
    from scope s
    inner join changes c on c.changed_on <= s.reference_date
),
paths as (
    select l.wave, l.city, l.successor, l.changed_on, 1 as steps
    from latest l
    where l.place = 1
    union all
    select p.wave, p.city, l.successor, l.changed_on, p.steps + 1
    from paths p
    inner join latest l on l.wave = p.wave and l.city = p.successor and l.place = 1 and l.changed_on >= p.changed_on
    where p.steps < 100
)
select
    n.wave,
    n.city,
    n.successor,
    n.changed_on,
    c.kind
from (
    select
        p.wave,
        p.city,
        p.successor,
        p.changed_on,
        row_number() over (partition by p.wave, p.city order by p.steps desc) as place
    from paths p
) n
left join survey.cities c on c.code = n.city
where n.place = 1
