-- Every town of the sampling frame: its response, its agreements and its answers on management.
-- agreements: those listed; agreements_high: the most that it may have declared, null where there is no bound. A list
-- that is not claimed complete sets no bound, unless the town itself gives its number, which may be zero.
-- kind: what the authority is, such as commune or departement; numbers of different kinds must not be added up.
-- elected_delegate, twinning_committee, service: its answers on management, in columns as they were kept once.
-- engaged: yes if it has declared an agreement, no if it has not, not_published where that is left open.
select
    t.wave,
    t.city,
    t.population,
    t.response,
    t.agreements,
    case
        when t.agreements > 0 or t.declared_agreements > 0 then 'yes'
        when t.agreements_high = 0 and t.response in ('responded', 'not_published') then 'no'
        when t.response in ('responded', 'not_published') then 'not_published'
        when t.response = 'refused' then 'refused'
        else 'not_asked'
    end as engaged,
    coalesce(m.elected_delegate, d.elected_delegate, 'not_asked') as elected_delegate,
    coalesce(m.twinning_committee, d.twinning_committee, 'not_asked') as twinning_committee,
    coalesce(m.service, d.service, 'not_asked') as service,
    t.declared_agreements,
    t.declared_missing,
    t.source,
    t.answers_source,
    t.agreements_high,
    t.kind
from (
    select
        r.*,
        c.kind,
        coalesce(a.agreements, 0) as agreements,
        case
            when r.declared_agreements is not null then greatest(coalesce(a.agreements, 0), r.declared_agreements)
            when s.agreements_complete or (a.city is null and r.response in ('refused', 'not_reached'))
                then coalesce(a.agreements, 0)
        end as agreements_high
    from scope s
    inner join survey.respondents r on r.wave = s.wave and r.revision = s.revision
    left join survey.cities c on c.code = r.city
    left join town_agreements a on a.wave = r.wave and a.city = r.city
    where s.kind is null or c.kind = s.kind
) t
left join (
    select
        a.wave,
        a.revision,
        a.city,
        max(case when a.question = 'elected_delegate' then coalesce(a.code, a.missing) end) as elected_delegate,
        max(case when a.question = 'twinning_committee' then coalesce(a.code, a.missing) end) as twinning_committee,
        max(case when a.question = 'service' then coalesce(a.code, a.missing) end) as service
    from survey.answers a
    inner join survey.questions q on q.wave = a.wave and q.revision = a.revision and q.question = a.question
    where q.kind = 'yes_no'
    group by a.wave, a.revision, a.city
) m on m.wave = t.wave and m.revision = t.revision and m.city = t.city
left join (
    select
        q.wave,
        q.revision,
        max(case when q.question = 'elected_delegate' then coalesce(q.default_answer, 'no_answer') end)
            as elected_delegate,
        max(case when q.question = 'twinning_committee' then coalesce(q.default_answer, 'no_answer') end)
            as twinning_committee,
        max(case when q.question = 'service' then coalesce(q.default_answer, 'no_answer') end) as service
    from survey.questions q
    where q.kind = 'yes_no'
    group by q.wave, q.revision
) d on d.wave = t.wave and d.revision = t.revision
