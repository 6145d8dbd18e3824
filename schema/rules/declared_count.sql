/*
table = "respondents"
reads = ["respondents", "partnerships"]
column = "declared_agreements"
row_by_row = true
message = { fr = "accords que la ville déclare : {declared} ; en vigueur et non déduits, dans la table partnerships : {listed}", en = "agreements that the town declares: {declared}; in force and not inferred, in partnerships: {listed}" }
remedy = { fr = "complétez la liste ou corrigez le nombre ; une liste incomplète se déclare : complete.agreements = false", en = "complete the list or correct the number; a list that is not complete is declared so: complete.agreements = false" }
*/
-- A list that is claimed complete has as many as declared; any other has no more. Agreements that have ended, and those
-- kept apart as within the country, do not count. Where rows are lost or not understood, those that are left can
-- already be too many, but cannot be said to be too few.
with told as (
    select
        p.city,
        coalesce(p.agreements, 1) as agreements,
        (r.agreements is not null and p.agreements is null)
        or (r.until is not null and p.until_from is null)
        or (r.inferred is not null and p.inferred is null)
        or (d.home_apart and p.country is null) as unread
    from resolved_partnerships p
    inner join raw_partnerships r on r.line = p.line
    cross join declared d
    where
        p.inferred is distinct from 'yes'
        and p.until_from is null
        and (
            d.home_apart is distinct from true
            or p.country is null
            or p.country not in (
                select c.code from list_countries c where c.code = d.home_country or c.part_of = d.home_country
            )
        )
),
listed as (
    select
        x.city,
        coalesce(sum(case when t.unread then 0 else t.agreements end), 0) as agreements,
        coalesce(bool_or(t.unread), false) as unread
    from (select distinct y.city from resolved_respondents y where y.declared_agreements is not null) x
    left join told t on t.city = x.city
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
where
    x.declared_agreements < l.agreements
    or (
        d.agreements_complete
        and x.declared_agreements > l.agreements
        and not l.unread
        and exists (select 1 from sound s where s.name = 'partnerships')
    )
order by x.line
