-- Agreements of the revisions in scope, ended ones included, inferred ones if they count. Written once per engine.
-- DuckDB sees a single chosen revision as a constant only where the rows themselves are compared with it: a join with
-- scope, or even a scalar subquery, would look at the wave of each of ten million rows. One of the branches is empty
-- before it is planned; a town's kind is looked up in the second alone.
select p.*
from survey.partnerships p
where coalesce(cast(getvariable('jumelage_scope') as varchar) similar to ' *[^,@ ]+@[1-9][0-9]{0,8} *', false)
    and coalesce(cast(getvariable('jumelage_kind') as varchar), '') = ''
    and p.wave = split_part(trim(cast(getvariable('jumelage_scope') as varchar)), '@', 1)
    and p.revision = try_cast(split_part(trim(cast(getvariable('jumelage_scope') as varchar)), '@', 2) as integer)
    and (not p.inferred or coalesce(cast(getvariable('jumelage_inferred') as varchar), 'yes') <> 'no')
union all
select p.*
from settings t
cross join scope s
inner join survey.partnerships p on p.wave = s.wave and p.revision = s.revision
where not (t.single and t.kind is null)
    and (s.with_inferred or not p.inferred)
    and (
        t.kind is null
        or p.city in (select c.code from survey.cities c where c.kind = cast(getvariable('jumelage_kind') as varchar))
    )
