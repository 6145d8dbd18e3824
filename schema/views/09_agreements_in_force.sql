-- Agreements in force in the waves in scope, each once; what the view partnerships shows, without its zone.
select p.*
from listed_agreements p
where p.until_from is null and p.apart is not true
