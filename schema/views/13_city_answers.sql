-- Answer of every town of the frame on every item of a question.
-- A yes to a detail is a yes to its parent; where the parent is answered no, an unpublished detail is no too.
-- What its revision did not ask, such as a line that came to a list later, is not_asked, whatever is said of others.
-- Every town by every item is much to hold: it is worked out where it is read, and of parents only those that are no.
with said as (
    select a.wave, a.revision, a.city, 'actions' as question, a.action as item, a.answer, a.source
    from survey.city_actions a
    union all
    select d.wave, d.revision, d.city, 'difficulties', d.difficulty, d.answer, d.source
    from survey.city_difficulties d
    union all
    select g.wave, g.revision, g.city, 'management', g.question, coalesce(g.code, g.missing), g.source
    from survey.answers g
    where g.item = ''
),
given as not materialized (
    select
        s.wave,
        r.city,
        c.question,
        c.item,
        c.parent_code,
        coalesce(
            x.answer, i.answer, q.answer, m.default_answer, case when m.wave is null then 'not_asked' else 'no_answer' end
        ) as answer,
        coalesce(x.source, i.source, q.source, case when m.wave is not null then r.answers_source end, '') as source,
        k.item is not null or m.wave is not null as asked,
        l.kind
    from scope s
    inner join survey.respondents r on r.wave = s.wave and r.revision = s.revision
    left join survey.cities l on l.code = r.city
    cross join question_items c
    left join said x
        on x.wave = s.wave and x.revision = s.revision and x.city = r.city and x.question = c.question and x.item = c.item
    left join survey.listed_items k
        on k.wave = s.wave and k.revision = s.revision and k.question = c.question and k.item = c.item
    left join survey.default_answers i
        on i.wave = s.wave and i.revision = s.revision and i.question = c.question and i.item = k.item
    left join survey.default_answers q
        on q.wave = s.wave and q.revision = s.revision and q.question = k.question and q.item = ''
    left join survey.questions m
        on m.wave = s.wave
        and m.revision = s.revision
        and m.question = c.item
        and m.kind = 'yes_no'
        and c.question = 'management'
    where s.kind is null or l.kind = s.kind
)
select
    g.wave,
    g.city,
    g.question,
    g.item,
    case
        when d.city is not null and g.asked then 'yes'
        when p.city is not null and g.answer = 'not_published' then 'no'
        else g.answer
    end as answer,
    g.source,
    g.kind
from given g
left join (
    select distinct y.wave, y.city, y.question, y.parent_code
    from given y
    where y.answer = 'yes' and y.parent_code is not null
) d on d.wave = g.wave and d.city = g.city and d.question = g.question and d.parent_code = g.item
left join (
    select n.wave, n.city, n.question, n.item
    from given n
    where n.answer = 'no' and n.item in (select i.parent_code from question_items i where i.parent_code is not null)
) p on p.wave = g.wave and p.city = g.city and p.question = g.question and p.item = g.parent_code
