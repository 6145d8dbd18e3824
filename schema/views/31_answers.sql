-- Answer of every respondent to every question that its wave asks on its own, one row per item where several may be given.
-- base: yes where the question was put to it, no where it was not, unknown where that is left open.
-- answer: yes, no, or the item that was chosen; of numbers, dates and texts null. missing: why there is none.
-- A yes to a detail is a yes to its parent.
with asked as (
    select
        r.wave,
        s.revision,
        r.city,
        r.kind,
        q.question,
        q.kind as question_kind,
        q.unit,
        q.position,
        coalesce(i.item, '') as item,
        i.parent,
        i.position as item_position,
        case
            when r.response in ('refused', 'not_reached') then 'no'
            when q.asked_of = 'engaged' and r.engaged = 'no' then 'no'
            when r.response = 'not_published' and r.agreements = 0 then 'unknown'
            when q.asked_of = 'engaged' and r.engaged <> 'yes' then 'unknown'
            else 'yes'
        end as base,
        case
            when r.response = 'refused' then 'refused'
            when r.response = 'not_reached' then 'not_asked'
            when q.asked_of = 'engaged' and r.engaged = 'no' then 'not_applicable'
            when q.default_answer is not null then q.default_answer
            when r.response = 'not_published' and r.agreements = 0 then 'not_published'
            else 'no_answer'
        end as otherwise
    from respondents r
    inner join scope s on s.wave = r.wave
    inner join questions q on q.wave = r.wave
    left join asked_items i on i.wave = q.wave and i.question = q.question and q.kind = 'choices'
),
given as (
    select
        a.*,
        x.code,
        x.number,
        x.date_from,
        x.date_to,
        x.text,
        case
            when x.city is null and a.otherwise not in ('yes', 'no') then a.otherwise
            else x.missing
        end as missing,
        case when x.city is null and a.otherwise in ('yes', 'no') then a.otherwise else x.code end as said,
        coalesce(x.source, '') as source
    from asked a
    left join survey.answers x
        on x.wave = a.wave and x.revision = a.revision and x.city = a.city and x.question = a.question and x.item = a.item
)
select
    g.wave,
    g.city,
    g.question,
    g.item,
    case when d.city is not null then 'yes' else g.said end as answer,
    case
        when g.item <> '' then i.label_fr
        else coalesce(c.label_fr, l.label_fr)
    end as label_fr,
    case
        when g.item <> '' then i.label_en
        else coalesce(c.label_en, l.label_en)
    end as label_en,
    g.number,
    g.unit,
    g.date_from,
    g.date_to,
    g.text,
    case when d.city is null then g.missing end as missing,
    g.base,
    g.question_kind,
    g.position,
    g.item_position,
    g.source,
    g.kind
from given g
left join (
    select distinct y.wave, y.city, y.question, y.parent
    from given y
    where y.said = 'yes' and y.parent is not null
) d on d.wave = g.wave and d.city = g.city and d.question = g.question and d.parent = g.item
left join asked_items i on i.wave = g.wave and i.question = g.question and i.item = g.item
left join asked_items c on c.wave = g.wave and c.question = g.question and c.item = g.said
left join survey.answer_codes l on l.list = 'answers' and l.code = g.said
