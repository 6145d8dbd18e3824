-- Answer of every town of the frame on every difficulty.
select a.wave, a.city, a.item as difficulty, a.answer, a.source, a.kind
from city_answers a
where a.question = 'difficulties'
