-- Difficulties, details under their parents.
select code, parent_code, position, label_fr, label_en
from survey.difficulties
