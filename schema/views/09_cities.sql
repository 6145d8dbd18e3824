-- Authorities that a survey may ask.
select code, kind, coalesce(name, code) as name, coalesce(sort_key, lower(code)) as sort_key, match_key
from survey.cities
