-- Why printed figures disagree with the rows.
select
    s.wave,
    t.report,
    t.key,
    t.measure,
    t.because_fr,
    t.because_en,
    t.evidence
from scope s
inner join survey.explanations t on t.wave = s.wave and t.revision = s.revision
