-- The revisions that all other views show: those chosen, else the current one of the latest real wave.
-- Of several revisions of a wave only the highest: rows would count twice.
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
        v.scope,
        v.inferred,
        v.classified_on,
        v.shown,
        v.age,
        w.synthetic,
        row_number() over (order by w.synthetic, not v.shown, v.age, v.reference_date desc, v.wave desc) as place
    from (
        select
            c.*,
            row_number() over (partition by c.wave, c.shown order by c.revision desc) as age
        from (
            select
                o.wave,
                o.revision,
                o.reference_date,
                o.agreements_complete,
                s.scope,
                s.inferred,
                s.classified_on,
                case
                    when s.scope is null then x.wave is null
                    else position(
                        ',' || o.wave || '@' || cast(o.revision as varchar) || ','
                        in ',' || replace(s.scope, ' ', '') || ','
                    ) > 0
                end as shown
            from survey.revisions o
            cross join settings s
            left join survey.withdrawals x on x.wave = o.wave and x.revision = o.revision
        ) c
    ) v
    inner join survey.waves w on w.wave = v.wave
) r
where r.shown and r.age = 1 and (r.scope is not null or (r.place = 1 and not r.synthetic))
