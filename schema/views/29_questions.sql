-- Questions that the waves in scope ask on their own, beside those of every wave.
select
    q.wave,
    q.question,
    q.kind,
    q.label_fr,
    q.label_en,
    q.asked_of,
    q.list,
    q.unit,
    q.least,
    q.most,
    q.default_answer,
    q.position
from scope s
inner join survey.questions q on q.wave = s.wave and q.revision = s.revision
