-- Agreements in force in the waves in scope, each once, as in the view partnerships, but without what is looked up for
-- each: its zone, and the kind of its town.
-- Those with partners at home that are set apart are in no international figure.
select p.*
from listed_agreements p
where p.until_from is null and p.apart is not true
