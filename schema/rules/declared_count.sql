/*
table = "respondents"
column = "declared_agreements"
message = { fr = "la ville déclare {declared} accords, et la table partnerships en liste {listed} en vigueur", en = "the town declares {declared} agreements, and partnerships lists {listed} in force" }
remedy = { fr = "complétez la liste ou corrigez le nombre ; une liste incomplète se déclare : complete.agreements = false", en = "complete the list or correct the number; a list that is not complete is declared so: complete.agreements = false" }
*/
-- A list that is claimed complete has as many as declared; any other has no more. What has ended, and what is kept
-- apart as within the country, does not count.
with listed as (
    select x.city, coalesce(sum(case when p.city is not null then coalesce(p.agreements, 1) end), 0) as agreements
    from (select distinct y.city from resolved_respondents y where y.declared_agreements is not null) x
    left join resolved_partnerships p
        on p.city = x.city and p.inferred is distinct from 'yes' and p.until_from is null
        and (
            not (select d.home_apart from declared d)
            or p.country not in (
                select c.code
                from list_countries c
                cross join declared d
                where c.code = d.home_country or c.part_of = d.home_country
            )
        )
    group by x.city
)
select
    x.line,
    r.declared_agreements as value,
    x.declared_agreements as declared,
    cast(l.agreements as integer) as listed
from resolved_respondents x
inner join raw_respondents r on r.line = x.line
inner join listed l on l.city = x.city
cross join declared d
where x.declared_agreements < l.agreements or (d.agreements_complete and x.declared_agreements <> l.agreements)
order by x.line
