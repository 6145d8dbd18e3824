-- Agreements in force in the waves in scope, each once; what the view partnerships shows, without its zone. Not those with partners at home that are set apart.
select p.*
from listed_agreements p
where p.until_from is null and p.apart is not true
