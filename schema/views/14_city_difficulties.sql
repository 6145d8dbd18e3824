-- Answer of every town of the frame on every difficulty.
select a.wave, a.city, a.item as difficulty, a.answer, a.source
from city_answers a
where a.question = 'difficulties'
