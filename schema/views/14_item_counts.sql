-- Towns by their answer on every item of a question, with the range left open, which published_figures may narrow.
-- Where there were towns to ask and none was asked, the only number is that of the towns not asked.
select
    s.wave,
    i.question,
    i.item,
    i.position,
    coalesce(sum(a.cities), case when count(a.city) = 0 then 0 end) as cities,
    coalesce(sum(a.cities_high), case when count(a.city) = 0 then 0 end) as cities_high,
    coalesce(sum(a.base), case when count(a.city) = 0 then 0 end) as base,
    coalesce(sum(a.base_high), case when count(a.city) = 0 then 0 end) as base_high,
    coalesce(sum(a.not_asked), case when count(a.city) = 0 then 0 end) as not_asked,
    coalesce(sum(a.not_asked_high), case when count(a.city) = 0 then 0 end) as not_asked_high,
    coalesce(sum(a.dont_know), case when count(a.city) = 0 then 0 end) as dont_know,
    coalesce(sum(a.dont_know_high), case when count(a.city) = 0 then 0 end) as dont_know_high,
    coalesce(sum(a.refused), case when count(a.city) = 0 then 0 end) as refused,
    coalesce(sum(a.refused_high), case when count(a.city) = 0 then 0 end) as refused_high,
    coalesce(sum(a.no_answer), case when count(a.city) = 0 then 0 end) as no_answer,
    coalesce(sum(a.no_answer_high), case when count(a.city) = 0 then 0 end) as no_answer_high,
    coalesce(sum(a.not_applicable), case when count(a.city) = 0 then 0 end) as not_applicable,
    coalesce(sum(a.not_applicable_high), case when count(a.city) = 0 then 0 end) as not_applicable_high
from scope s
cross join question_items i
left join engaged_answers a on a.wave = s.wave and a.question = i.question and a.item = i.item
group by s.wave, i.question, i.item, i.position
