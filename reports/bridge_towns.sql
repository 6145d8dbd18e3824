/*
title = { fr = "D’une vague à l’autre : ce qui explique la différence du nombre {de_units}", en = "From one wave to the next: what explains the difference in {units}" }
key = ["wave_before", "wave", "indicator"]
waves = 2
[table]
kind = "margin"
[chart]
kind = "waterfall"
row = "engaged"
[columns]
wave_before = { fr = "De la vague", en = "From wave", codes = "waves" }
wave = { fr = "À la vague", en = "To wave", codes = "waves" }
indicator = { fr = "{Units}", en = "{Units}" }
towns_before = { fr = "Avant", en = "Before", high = "towns_before_high" }
frame_left = { fr = "Sorti{e}s", en = "Left" }
frame_entered = { fr = "Entré{e}s", en = "Entered" }
mergers = { fr = "Fusions", en = "Mergers" }
silent = { fr = "Ne répondent plus", en = "No longer answer" }
heard = { fr = "Répondent désormais", en = "Now answer" }
undetermined = { fr = "Indéterminé{e}s", en = "Undetermined" }
ceased = { fr = "Ne déclarent plus d’accord", en = "No longer declare any" }
started = { fr = "Déclarent désormais un accord", en = "Now declare one" }
towns = { fr = "Après", en = "After", high = "towns_high" }
towns_before_high = { fr = "Avant, au plus", en = "Before, at most" }
towns_high = { fr = "Après, au plus", en = "After, at most" }
[labels.indicator]
contacted = { fr = "contacté{e}s", en = "contacted" }
engaged = { fr = "déclarant un accord", en = "declaring an agreement" }
[balance]
start = "towns_before"
parts = ["frame_left", "frame_entered", "mergers", "silent", "heard", "undetermined", "ceased", "started"]
end = "towns"
[note]
fr = "Une ville qui en a rejoint une autre est suivie, et compte une fois. « Indéterminées » : on ne sait pas si la ville avait répondu, ou sa liste n’est pas donnée pour complète. Une ville qui dit combien d’accords elle a les déclare, même si aucun n’est listé. Là où un intervalle est donné, les parts comptent les villes dont on sait qu’elles déclarent un accord."
en = "A town that became part of another is followed, and counted once. “Undetermined”: it is not known whether the town had answered, or its list is not claimed complete. A town that says how many agreements it has declares them, even if none is listed. Where a range is given, the parts count the towns known to declare an agreement."
*/
with counted as (
    select
        1 as position,
        'contacted' as indicator,
        t.wave_before,
        t.wave,
        t.city,
        t.towns_before,
        t.towns,
        t.towns_before as earlier,
        t.towns as later,
        t.had_told as had_answered,
        t.has_told as has_answered,
        t.towns_before as earlier_high,
        t.towns as later_high
    from paired_towns t
    union all
    select
        2,
        'engaged',
        t.wave_before,
        t.wave,
        t.city,
        t.towns_before,
        t.towns,
        t.engaged_before,
        t.engaged,
        t.had_told,
        t.has_told,
        t.engaged_before_high,
        t.engaged_high
    from paired_towns t
),
change as (
    select
        c.*,
        case when c.towns_before > 0 and c.towns > 0 then c.later - least(c.earlier, 1) else 0 end as moved
    from counted c
),
detail as (
    select
        c.wave_before,
        c.wave,
        c.position,
        c.indicator,
        c.city,
        c.earlier as towns_before,
        case when c.towns = 0 then -c.earlier else 0 end as frame_left,
        case when c.towns_before = 0 then c.later else 0 end as frame_entered,
        case when c.towns_before > 0 and c.towns > 0 then least(c.earlier, 1) - c.earlier else 0 end as mergers,
        case when c.moved < 0 and c.has_answered = 'no' then -1 else 0 end as silent,
        case when c.moved > 0 and c.had_answered = 'no' then 1 else 0 end as heard,
        case
            when c.moved < 0 and c.has_answered = 'unknown' then -1
            when c.moved > 0 and c.had_answered = 'unknown' then 1
            else 0
        end as undetermined,
        case when c.moved < 0 and c.has_answered = 'yes' then -1 else 0 end as ceased,
        case when c.moved > 0 and c.had_answered = 'yes' then 1 else 0 end as started,
        c.later as towns,
        c.earlier_high as towns_before_high,
        c.later_high as towns_high,
        r.source
    from change c
    left join respondents r on r.wave = case when c.towns > 0 then c.wave else c.wave_before end and r.city = c.city
)
-- cells
select
    d.wave_before as wave_before,
    d.wave as wave,
    d.indicator as indicator,
    sum(d.towns_before) as towns_before,
    sum(d.frame_left) as frame_left,
    sum(d.frame_entered) as frame_entered,
    sum(d.mergers) as mergers,
    sum(d.silent) as silent,
    sum(d.heard) as heard,
    sum(d.undetermined) as undetermined,
    sum(d.ceased) as ceased,
    sum(d.started) as started,
    sum(d.towns) as towns,
    sum(d.towns_before_high) as towns_before_high,
    sum(d.towns_high) as towns_high
from detail d
inner join wave_pairs w on w.wave = d.wave
group by d.wave_before, d.wave, w.reference_date, d.indicator
order by w.reference_date, d.wave, min(d.position)
