-- Sentences of the publication that state something other than a figure of a report.
select
    s.wave,
    t.claim,
    t.position,
    t.place,
    t.printed,
    t.unit,
    t.statement_fr,
    t.statement_en,
    t.kind,
    t.offenders
from scope s
inner join survey.claims t on t.wave = s.wave and t.revision = s.revision
