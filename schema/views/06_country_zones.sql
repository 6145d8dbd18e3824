-- Zone of each country on the date by which the wave is classified.
select s.wave, z.country, z.zone, z.basis
from scope s
inner join survey.country_zones z
    on z.valid_from <= s.classified_on
    and (z.valid_to is null or z.valid_to > s.classified_on)
