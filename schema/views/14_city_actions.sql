-- Answer of every town of the frame on every action.
select a.wave, a.city, a.item as action, a.answer, a.source, a.kind
from city_answers a
where a.question = 'actions'
