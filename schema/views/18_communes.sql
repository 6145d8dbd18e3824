-- Register of the communes of the region, present and former.
select code, kind, name, departement, part_of
from survey.communes
