with counted as (
    select
        count(*) as contacted,
        count(*) filter (where t.response = 'responded') as responded,
        count(*) filter (where t.response in ('responded', 'not_published')) as responded_high,
        count(*) filter (where t.agreements > 0) as engaged,
        (select count(*) from {{ ref('agreements') }}) as agreements
    from {{ ref('towns') }} t
)
select 'contacted' as indicator, contacted as value, contacted as value_high from counted
union all
select 'responded', responded, responded_high from counted
union all
select 'engaged', engaged, engaged from counted
union all
select 'agreements', agreements, agreements from counted
union all
select 'mean_agreements', round(agreements / responded_high, 1), round(agreements / responded, 1) from counted
