-- Answers of the towns that are or may be engaged: what each adds to the counts of its item.
-- A town that was not asked adds to not_asked alone. Where engagement or the answer is open, it adds to the high only.
select
    a.wave,
    a.question,
    a.item,
    a.city,
    a.answer,
    case when a.asked = 1 then a.surely * a.yes end as cities,
    case when a.asked = 1 then greatest(a.yes, a.open) end as cities_high,
    case when a.asked = 1 then a.surely end as base,
    case when a.asked = 1 then 1 end as base_high,
    a.surely * (1 - a.asked) as not_asked,
    1 - a.asked as not_asked_high,
    case when a.asked = 1 then a.surely * a.dont_know end as dont_know,
    case when a.asked = 1 then greatest(a.dont_know, a.open) end as dont_know_high,
    case when a.asked = 1 then a.surely * a.refused end as refused,
    case when a.asked = 1 then greatest(a.refused, a.open) end as refused_high,
    case when a.asked = 1 then a.surely * a.no_answer end as no_answer,
    case when a.asked = 1 then greatest(a.no_answer, a.open) end as no_answer_high,
    case when a.asked = 1 then a.surely * a.not_applicable end as not_applicable,
    case when a.asked = 1 then greatest(a.not_applicable, a.open) end as not_applicable_high,
    a.source,
    a.kind
from (
    select
        c.*,
        case when r.engaged = 'yes' then 1 else 0 end as surely,
        case when c.answer = 'not_asked' then 0 else 1 end as asked,
        case when c.answer = 'not_published' then 1 else 0 end as open,
        case when c.answer = 'yes' then 1 else 0 end as yes,
        case when c.answer = 'dont_know' then 1 else 0 end as dont_know,
        case when c.answer = 'refused' then 1 else 0 end as refused,
        case when c.answer = 'no_answer' then 1 else 0 end as no_answer,
        case when c.answer = 'not_applicable' then 1 else 0 end as not_applicable
    from respondents r
    inner join city_answers c on c.wave = r.wave and c.city = r.city
    where r.engaged in ('yes', 'not_published')
) a
