-- The revisions that all other views show: those chosen, else the current revision of the latest real wave.
-- Of several revisions of a wave only the highest is taken: otherwise rows would count twice.
-- kind: the one kind of authority that they show, null for all. Of one kind the list of agreements is not complete where
-- some agreements tell no town, since these are in no kind.
select
    r.wave,
    r.revision,
    r.reference_date,
    coalesce(r.classified_on, r.reference_date) as classified_on,
    coalesce(r.inferred, 'yes') <> 'no' as with_inferred,
    r.agreements_complete
    and not exists (
        select 1
        from survey.partnerships p
        where r.kind is not null and p.city is null and p.wave = r.wave and p.revision = r.revision
    ) as agreements_complete,
    r.kind
from (
    select
        c.*,
        row_number() over (order by c.synthetic, c.reference_date desc, c.wave desc) as place
    from (
        select
            o.wave,
            o.revision,
            o.reference_date,
            o.agreements_complete,
            w.synthetic,
            s.scope,
            s.inferred,
            s.classified_on,
            s.kind,
            row_number() over (partition by o.wave order by o.revision desc) as age
        from survey.revisions o
        inner join survey.waves w on w.wave = o.wave
        cross join settings s
        left join survey.withdrawals x on x.wave = o.wave and x.revision = o.revision
        where
            case
                when s.scope is null then x.wave is null
                else position(',' || o.wave || '@' || cast(o.revision as varchar) || ',' in ',' || s.scope || ',') > 0
            end
    ) c
    where c.age = 1
) r
where r.scope is not null or (r.place = 1 and not r.synthetic)
