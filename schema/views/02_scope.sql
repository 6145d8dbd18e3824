-- The revisions that all other views show: those chosen, else the current one of the latest real wave.
select
    r.wave,
    r.revision,
    r.reference_date,
    coalesce(s.classified_on, r.reference_date) as classified_on,
    coalesce(s.inferred, 'yes') <> 'no' as with_inferred
from survey.revisions r
cross join settings s
where
    case
        when s.scope is not null
            then position(',' || r.wave || '@' || cast(r.revision as varchar) || ',' in ',' || s.scope || ',') > 0
        else
            r.revision = (select max(o.revision) from survey.revisions o where o.wave = r.wave)
            and r.wave = (
                select o.wave
                from survey.revisions o
                inner join survey.waves w on w.wave = o.wave
                where not w.synthetic
                order by o.reference_date desc, o.wave desc, o.revision desc
                limit 1
            )
    end
