-- Questions that the waves in scope ask, beside their agreements, actions and difficulties.
-- report: the report that counts their answers, null where none does.
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
    q.position,
    case
        when i.item is not null and q.kind = 'yes_no' then 'management'
        when q.kind in ('yes_no', 'choice', 'choices') then 'answers'
        when q.kind = 'number' then 'numbers'
    end as report
from scope s
inner join survey.questions q on q.wave = s.wave and q.revision = s.revision
left join question_items i on i.question = 'management' and i.item = q.question
