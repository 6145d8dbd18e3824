select
    row_number() over () as agreement, p.city, p.country, p.partner,
    case length(p.since)
        when 4 then make_date(cast(p.since as integer), 1, 1)
        when 7 then cast(p.since || '-01' as date)
        when 10 then cast(p.since as date)
    end as since_from,
    case length(p.since)
        when 4 then make_date(cast(p.since as integer), 12, 31)
        when 7 then last_day(cast(p.since || '-01' as date))
        when 10 then cast(p.since as date)
    end as since_to,
    case when p.since is null then 'dont_know' end as since_missing,
    coalesce(p.inferred, 'no') = 'yes' as inferred,
    coalesce(p.source, '') as source
from read_csv('wave/partnerships.csv', all_varchar = true) p
