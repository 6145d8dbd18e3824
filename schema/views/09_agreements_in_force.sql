-- Agreements in force in the waves in scope, each once: the view partnerships without zones and the kinds of towns.
-- Agreements with partners at home that are set apart are left out, as they are of every international figure.
select p.*
from listed_agreements p
where p.until_from is null and p.apart is not true
