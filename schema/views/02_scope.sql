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
        row_number() over (order by w.synthetic, v.withdrawn, v.age, v.reference_date desc, v.wave desc) as place,
        w.synthetic or v.withdrawn as never
    from (
        select
            o.wave,
            o.revision,
            o.reference_date,
            o.agreements_complete,
            x.wave is not null as withdrawn,
            row_number() over (partition by o.wave, x.wave is null order by o.revision desc) as age
        from survey.revisions o
        left join survey.withdrawals x on x.wave = o.wave and x.revision = o.revision
    ) v
    inner join survey.waves w on w.wave = v.wave
    cross join settings s
) r
where
    case
        when r.scope is not null
            then position(',' || r.wave || '@' || cast(r.revision as varchar) || ',' in ',' || replace(r.scope, ' ', '') || ',') > 0
        else r.place = 1 and not r.never
    end
