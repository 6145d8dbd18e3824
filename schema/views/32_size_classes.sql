-- Classes of authorities of a kind by the number of their inhabitants: from `least`, below `below`.
select code, kind, least, below, position, label_fr, label_en
from survey.size_classes
