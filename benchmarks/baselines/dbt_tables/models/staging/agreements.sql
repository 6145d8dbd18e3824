select p.city, p.country, z.zone, p.inferred
from raw.survey.partnerships p
left join raw.survey.country_zones z
    on z.country = p.country
    and z.valid_from <= date '{{ var("reference_date") }}'
    and (z.valid_to is null or z.valid_to > date '{{ var("reference_date") }}')
where p.until_from is null and p.apart is not true
