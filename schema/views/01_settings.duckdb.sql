-- What this session has chosen to see, and whether it is a single revision of a single wave. Written once per engine.
select
    nullif(replace(cast(getvariable('jumelage_scope') as varchar), ' ', ''), '') as scope,
    nullif(cast(getvariable('jumelage_inferred') as varchar), '') as inferred,
    cast(nullif(cast(getvariable('jumelage_classified_on') as varchar), '') as date) as classified_on,
    coalesce(cast(getvariable('jumelage_scope') as varchar) similar to ' *[^,@ ]+@[1-9][0-9]{0,8} *', false) as single,
    nullif(cast(getvariable('jumelage_kind') as varchar), '') as kind,
    true as sees_who
