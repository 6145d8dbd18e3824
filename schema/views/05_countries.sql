-- Countries, with both names.
select code, label_fr, label_en, sort_key
from survey.countries
