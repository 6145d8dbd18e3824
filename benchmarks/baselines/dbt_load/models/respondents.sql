select f.city, cast(f.population as integer) as population, r.response
from read_csv('wave/frame.csv', all_varchar = true) f
left join read_csv('wave/respondents.csv', all_varchar = true) r on r.city = f.city
