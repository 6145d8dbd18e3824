-- Answer of every town of the frame on every action.
-- A yes to a detail is a yes to its parent; an unpublished detail of a parent that got no is no.
with given as (
    select
        s.wave,
        r.city,
        c.code as action,
        c.parent_code,
        coalesce(x.answer, i.answer, q.answer, 'not_asked') as answer,
        coalesce(x.source, i.source, q.source, '') as source
    from scope s
    inner join survey.respondents r on r.wave = s.wave and r.revision = s.revision
    cross join survey.actions c
    left join survey.city_actions x
        on x.wave = s.wave and x.revision = s.revision and x.city = r.city and x.action = c.code
    left join survey.default_answers i
        on i.wave = s.wave and i.revision = s.revision and i.question = 'actions' and i.item = c.code
    left join survey.default_answers q
        on q.wave = s.wave and q.revision = s.revision and q.question = 'actions' and q.item = ''
)
select
    g.wave,
    g.city,
    g.action,
    case
        when d.city is not null then 'yes'
        when p.answer = 'no' and g.answer = 'not_published' then 'no'
        else g.answer
    end as answer,
    g.source
from given g
left join (
    select distinct y.wave, y.city, y.parent_code
    from given y
    where y.answer = 'yes' and y.parent_code is not null
) d on d.wave = g.wave and d.city = g.city and d.parent_code = g.action
left join given p on p.wave = g.wave and p.city = g.city and p.action = g.parent_code
