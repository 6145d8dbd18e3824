-- The items that every town answers one by one: kinds of action, difficulties, and how it manages relations.
select 'actions' as question, a.code as item, a.parent_code, a.position
from survey.actions a
union all
select 'difficulties', d.code, d.parent_code, d.position
from survey.difficulties d
union all
select 'management', 'elected_delegate', null, 1
union all
select 'management', 'twinning_committee', null, 2
union all
select 'management', 'service', null, 3
