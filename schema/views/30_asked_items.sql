-- Items of the questions that the waves in scope ask on their own: those that they asked, whatever a code list is today.
select i.wave, i.question, i.item, i.parent, i.label_fr, i.label_en, i.position
from scope s
inner join survey.question_items i on i.wave = s.wave and i.revision = s.revision
