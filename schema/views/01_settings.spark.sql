-- What this session has chosen to see, and whether it is a single revision of a single wave. Written once per engine.
select
    nullif(replace(jumelage_scope, ' ', ''), '') as scope,
    nullif(jumelage_inferred, '') as inferred,
    cast(nullif(jumelage_classified_on, '') as date) as classified_on,
    coalesce(jumelage_scope like '%@%' and jumelage_scope not like '%,%', false) as single,
    nullif(jumelage_kind, '') as kind,
    true as sees_who
