-- Authorities that a survey may ask.
select code, kind, name, sort_key, match_key
from survey.cities
