select row_number() over (order by r.population, c.sort_key, r.city) as position, r.city, r.population
from survey.respondents r
inner join survey.cities c on c.code = r.city
where r.wave = 'made' and r.revision = 1
order by position
