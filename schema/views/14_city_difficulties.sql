-- Answer of every town of the frame on every difficulty; where it is not_published, published_figures may know more.
select a.wave, a.city, a.item as difficulty, a.answer, a.source, a.kind
from city_answers a
where a.question = 'difficulties'
