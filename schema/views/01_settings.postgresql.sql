-- What this session has chosen to see, and whether it is a single revision of a single wave. Written once per engine.
select
    nullif(replace(current_setting('jumelage.scope', true), ' ', ''), '') as scope,
    nullif(current_setting('jumelage.inferred', true), '') as inferred,
    cast(nullif(current_setting('jumelage.classified_on', true), '') as date) as classified_on,
    coalesce(current_setting('jumelage.scope', true) similar to ' *[^,@ ]+@[1-9][0-9]{0,8} *', false) as single,
    nullif(current_setting('jumelage.kind', true), '') as kind,
    has_column_privilege('survey.revisions'::regclass, 'loaded_by', 'select') as sees_who
