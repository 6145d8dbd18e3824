-- The wave in scope: its title, dates, frame and source; who loaded it and why for those who may know.
select
    r.wave,
    r.revision,
    w.synthetic,
    r.title_fr,
    r.title_en,
    r.reference_date,
    r.fieldwork_from,
    r.fieldwork_to,
    r.mode,
    r.frame_rule_fr,
    r.frame_rule_en,
    r.population_concept,
    r.source,
    r.agreements_complete,
    r.several_mark,
    r.content_hash,
    r.code_lists_hash,
    r.loaded_at,
    case when (select t.sees_who from settings t) then r.loaded_by end as loaded_by,
    case when (select t.sees_who from settings t) then r.reason end as reason,
    r.software
from scope s
inner join survey.revisions r on r.wave = s.wave and r.revision = s.revision
inner join survey.waves w on w.wave = r.wave
