-- Communes of the register, present and former, by their INSEE codes.
select
    replace(code, '-D', '') as code,
    coalesce(status, 'commune') as kind,
    name,
    departement,
    case when status is not null then part_of end as part_of
from survey.cities
where kind = 'commune'
