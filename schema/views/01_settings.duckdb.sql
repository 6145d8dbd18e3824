-- What this session has chosen to see; the one relation that is written once per engine.
select
    nullif(cast(getvariable('jumelage_scope') as varchar), '') as scope,
    nullif(cast(getvariable('jumelage_inferred') as varchar), '') as inferred,
    cast(nullif(cast(getvariable('jumelage_classified_on') as varchar), '') as date) as classified_on
