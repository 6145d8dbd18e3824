-- Answers of closed questions, with their labels.
select list, code, position, label_fr, label_en
from survey.answer_codes
