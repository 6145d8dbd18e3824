-- Every town of the sampling frame: its response, its agreements and its answers on management.
-- agreements: those listed; agreements_high: the most that it may have declared, null where there is no bound. A list
-- that is not claimed complete sets no bound, unless the town itself gives its number, which may be zero.
-- kind: what the authority is, such as commune or departement; numbers of different kinds must not be added up.
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
    t.elected_delegate,
    t.twinning_committee,
    t.service,
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
