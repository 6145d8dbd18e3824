-- Reports for which the printed table is claimed complete.
select
    s.wave,
    t.report
from scope s
inner join survey.published_tables t on t.wave = s.wave and t.revision = s.revision
