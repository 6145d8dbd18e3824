-- Each wave in scope with the one before it, by reference date.
select
    p.wave_before,
    p.wave,
    p.reference_date_before,
    p.reference_date
from (
    select
        lag(s.wave) over (order by s.reference_date, s.wave) as wave_before,
        s.wave,
        lag(s.reference_date) over (order by s.reference_date, s.wave) as reference_date_before,
        s.reference_date
    from scope s
) p
where p.wave_before is not null
