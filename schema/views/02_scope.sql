-- The revisions that all other views show: those chosen, else the current one of the latest real wave.
select
    r.wave,
    r.revision,
    r.reference_date,
    coalesce(r.classified_on, r.reference_date) as classified_on,
    coalesce(r.inferred, 'yes') <> 'no' as with_inferred,
    r.agreements_complete
from (
    select
        v.wave,
        v.revision,
        v.reference_date,
        v.agreements_complete,
        s.scope,
        s.inferred,
        s.classified_on,
        v.age,
        row_number() over (order by w.synthetic, v.age, v.reference_date desc, v.wave desc) as place,
        w.synthetic
    from (
        select
            o.wave,
            o.revision,
            o.reference_date,
            o.agreements_complete,
            row_number() over (partition by o.wave order by o.revision desc) as age
        from survey.revisions o
    ) v
    inner join survey.waves w on w.wave = v.wave
    cross join settings s
) r
where
    case
        when r.scope is not null
            then position(',' || r.wave || '@' || cast(r.revision as varchar) || ',' in ',' || r.scope || ',') > 0
        else r.place = 1 and not r.synthetic
    end
