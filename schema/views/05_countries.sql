-- Countries, with both names.
select code, label_fr, label_en, sort_key, state_since
from survey.countries
