-- Geographic zones.
select code, position, label_fr, label_en
from survey.zones
