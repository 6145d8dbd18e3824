-- Rows of partnerships of the revisions in scope, ended ones too; inferred ones if they count. Written once per engine.
-- What is in scope is evaluated once, by subqueries that depend on no row: of a join, a plan may compute scope again for
-- each row, as it does before it has statistics. No town's kind is looked up unless one kind is chosen.
select p.*
from survey.partnerships p
where p.wave = any (array(select s.wave from scope s))
    and p.revision = any (array(select s.revision from scope s))
    and (
        (select count(*) = 1 from scope s)
        or p.wave || '@' || cast(p.revision as varchar) = any (array(select s.wave || '@' || cast(s.revision as varchar) from scope s))
    )
    and ((select bool_and(s.with_inferred) from scope s) or not p.inferred)
    and (
        (select t.kind is null from settings t)
        or p.city in (select c.code from settings t inner join survey.cities c on c.kind = t.kind)
    )
