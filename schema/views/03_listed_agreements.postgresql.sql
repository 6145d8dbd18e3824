-- Agreements of the revisions in scope, ended ones included, inferred ones if they count. Written once per engine.
-- The scope is evaluated once, by subqueries that depend on no row: with a join, as long as there are no statistics,
-- a plan may compute it again for each row. One revision is asked for by its own values: the planner knows how few rows
-- it has, and goes by the primary key. Of several, in lists of a length that it cannot know, it takes half of the table
-- for chosen, by a truth said twice, which it knows nothing of: where it expects few, it joins them row by row, and takes
-- minutes. What bounds several from below is null of one. No town's kind is looked up unless one kind is chosen.
select p.*
from survey.partnerships p
where
    (
        (
            p.wave = (select min(s.wave) from scope s having count(*) = 1)
            and p.revision = (select min(s.revision) from scope s having count(*) = 1)
        )
        or (
            p.wave >= (select min(s.wave) from scope s having count(*) > 1)
            and p.revision = any (array(select s.revision from scope s))
            and (
                (select count(*) = 1 from scope s)
                or (select count(*) = 1 from scope s)
                or p.wave || '@' || cast(p.revision as varchar) = any (array(select s.wave || '@' || cast(s.revision as varchar) from scope s))
            )
        )
    )
    and ((select bool_and(s.with_inferred) from scope s) or not p.inferred)
    and (
        (select t.kind is null from settings t)
        or p.city in (select c.code from settings t inner join survey.cities c on c.kind = t.kind)
    )
