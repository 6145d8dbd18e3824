-- Agreements of the revisions in scope, ended ones included, inferred ones if they count. Written once per engine.
-- The scope is a few rows that the session holds: a join with it tells which folders of the lake are read.
select p.*
from scope s
inner join survey.partnerships p on p.wave = s.wave and p.revision = s.revision
where (s.with_inferred or not p.inferred)
    and (s.kind is null or p.city in (select c.code from survey.cities c inner join scope k on k.kind = c.kind))
