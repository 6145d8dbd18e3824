-- Every town of the sampling frame: its response, its agreements and its answers on management.
-- engaged: yes if it has declared an agreement, no if it has not, not_published where the source leaves that open.
select
    s.wave,
    r.city,
    r.population,
    r.response,
    coalesce(a.agreements, 0) as agreements,
    case
        when a.agreements > 0 then 'yes'
        when s.agreements_complete and r.response in ('responded', 'not_published') then 'no'
        when r.response in ('responded', 'not_published') then 'not_published'
        when r.response = 'refused' then 'refused'
        else 'not_asked'
    end as engaged,
    r.elected_delegate,
    r.twinning_committee,
    r.service,
    r.declared_agreements,
    r.declared_missing,
    r.source,
    r.answers_source
from scope s
inner join survey.respondents r on r.wave = s.wave and r.revision = s.revision
left join (
    select p.wave, p.city, count(*) as agreements
    from partnerships p
    group by p.wave, p.city
) a on a.wave = r.wave and a.city = r.city
