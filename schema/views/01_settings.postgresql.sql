-- What this session has chosen to see; the one relation that is written once per engine.
select
    nullif(current_setting('jumelage.scope', true), '') as scope,
    nullif(current_setting('jumelage.inferred', true), '') as inferred,
    cast(nullif(current_setting('jumelage.classified_on', true), '') as date) as classified_on
