/*
title = { fr = "D’une vague à l’autre : ce qui fait la différence du nombre d’accords", en = "From one wave to the next: what makes the difference in agreements" }
key = ["wave_before", "wave", "zone"]
waves = 2
[columns]
wave_before = { fr = "De la vague", en = "From wave", codes = "waves" }
wave = { fr = "à la vague", en = "to wave", codes = "waves" }
zone = { fr = "Zone géographique", en = "Geographic zone", codes = "zones" }
agreements_before = { fr = "Avant", en = "Before" }
frame_left = { fr = "De villes sorties", en = "Of towns that left" }
frame_entered = { fr = "De villes entrées", en = "Of towns that entered" }
mergers = { fr = "Fusions", en = "Mergers" }
silent = { fr = "Ville ne répondant plus", en = "Town no longer answers" }
heard = { fr = "Ville répondant désormais", en = "Town answers now" }
undetermined = { fr = "Indéterminés", en = "Cannot be told" }
ended = { fr = "Terminés", en = "Ended" }
disappeared = { fr = "Plus déclarés", en = "No longer declared" }
begun = { fr = "Commencés", en = "Begun" }
appeared = { fr = "Déclarés désormais", en = "Newly declared" }
reclassified = { fr = "Reclassés", en = "Reclassified" }
agreements = { fr = "Après", en = "After" }
[balance]
start = "agreements_before"
parts = ["frame_left", "frame_entered", "mergers", "silent", "heard", "undetermined", "ended", "disappeared", "begun", "appeared", "reclassified"]
end = "agreements"
[note]
fr = "Chaque accord compte dans la première part qui lui convient : la base de sondage (ville sortie, entrée), les fusions (un accord que deux villes réunies déclaraient), les dates (« terminés », « commencés » seulement si une date le dit), la réponse de la ville, enfin la déclaration. Tous les nombres sont des nombres d’accords. « Indéterminés » : la ville n’est pas dite, l’on ne sait si elle avait répondu, ou sa liste n’est pas donnée pour complète. « Reclassés » : le pays a changé de zone entre les deux dates. Une ville qui en a rejoint une autre est suivie."
en = "Each agreement counts in the first part that fits: the frame (town left, entered), mergers (an agreement that two towns now united both declared), dates (“ended” and “begun” only where a date says so), the response of the town, and last the declaration. All figures are numbers of agreements. “Cannot be told”: the town is not stated, it is not known whether it had answered, or its list is not claimed complete. “Reclassified”: the country changed zones between the two dates. A town that became part of another is followed."
*/
-- What two waves say of a town, a country and a partner. `old` is in force in the later wave and not dated as begun
-- since the earlier one; `begun` is; `ended` is listed as ended since.
with said as (
    select
        w.wave_before,
        w.wave,
        case
            when p.wave = w.wave_before then 'before'
            when p.since_from > w.reference_date_before then 'begun'
            else 'old'
        end as kind,
        p.city,
        p.country,
        coalesce(p.partner_key, '') as partner,
        p.source
    from wave_pairs w
    inner join partnerships p on p.wave in (w.wave_before, w.wave)
    union all
    select w.wave_before, w.wave, 'ended', e.city, e.country, coalesce(e.partner_key, ''), e.source
    from wave_pairs w
    inner join ended_partnerships e on e.wave = w.wave and e.until_to > w.reference_date_before
),
by_city as (
    select
        s.wave_before,
        s.wave,
        coalesce(f.followed_to, 'unknown') as town,
        s.country,
        s.partner,
        s.city,
        sum(case when s.kind = 'before' then 1 else 0 end) as earlier,
        sum(case when s.kind = 'old' then 1 else 0 end) as old,
        sum(case when s.kind = 'begun' then 1 else 0 end) as begun,
        sum(case when s.kind = 'ended' then 1 else 0 end) as ended,
        min(s.source) as source,
        max(s.source) as last_source
    from said s
    left join followed_towns f
        on f.wave = s.wave and f.city = s.city and f.later = (s.kind <> 'before')
    group by s.wave_before, s.wave, coalesce(f.followed_to, 'unknown'), s.country, s.partner, s.city, s.kind
),
-- An agreement with a named partner that several towns declared before they merged is one: `once`.
by_partner as (
    select
        c.wave_before,
        c.wave,
        c.town,
        c.country,
        c.partner,
        sum(c.earlier) as earlier,
        case when c.partner = '' then sum(c.earlier) else max(c.earlier) end as once,
        sum(c.old) as old,
        sum(c.begun) as begun,
        sum(c.ended) as ended,
        min(c.source) as source,
        max(c.last_source) as last_source
    from by_city c
    group by c.wave_before, c.wave, c.town, c.country, c.partner
),
-- Agreements are the same if their partners are; one whose partner is not stated may be any of its town and country.
by_country as (
    select
        p.wave_before,
        p.wave,
        p.town,
        p.country,
        sum(p.earlier) as earlier,
        sum(p.once) as once,
        sum(p.old) as old,
        sum(p.begun) as begun,
        sum(p.ended) as ended,
        sum(case when p.partner = '' then p.once else 0 end) as once_unnamed,
        sum(case when p.partner = '' then p.old else 0 end) as old_unnamed,
        sum(case when p.partner = '' then p.ended else 0 end) as ended_unnamed,
        sum(case when p.partner = '' then 0 else least(p.once, p.old) end) as same,
        sum(case when p.partner = '' then 0 else least(p.once, p.old + p.ended) end) as same_or_ended,
        case when min(p.source) = max(p.last_source) then min(p.source) else 'several' end as source
    from by_partner p
    group by p.wave_before, p.wave, p.town, p.country
),
kept as (
    select
        c.*,
        c.same + least(c.once - c.same, c.old - c.same, c.once_unnamed + c.old_unnamed) as still
    from by_country c
),
-- As many as are the same as any that the later wave lists, less those that are in force: none is used twice.
told as (
    select
        k.*,
        k.same_or_ended
        + least(
            k.once - k.same_or_ended,
            k.old + k.ended - k.same_or_ended,
            k.once_unnamed + k.old_unnamed + k.ended_unnamed
        )
        - k.still as gone_by_date
    from kept k
),
part as (
    select
        t.wave_before,
        t.wave,
        t.town,
        t.country,
        t.source,
        coalesce(b.zone, 'unknown') as zone_before,
        coalesce(a.zone, 'unknown') as zone,
        t.earlier,
        t.old + t.begun as later,
        case when n.towns = 0 then -t.earlier else 0 end as frame_left,
        case when n.towns_before = 0 then t.old + t.begun else 0 end as frame_entered,
        case when n.towns > 0 and n.towns_before > 0 then t.once - t.earlier else 0 end as mergers,
        case when n.towns > 0 and n.towns_before > 0 then -t.gone_by_date else 0 end as ended,
        case
            when n.city is null then -t.earlier
            when n.towns > 0 and n.towns_before > 0 then t.still + t.gone_by_date - t.once
            else 0
        end as gone,
        case
            when n.city is null then t.old
            when n.towns > 0 and n.towns_before > 0 then t.old - t.still
            else 0
        end as come,
        case when n.city is null or n.towns > 0 and n.towns_before > 0 then t.begun else 0 end as begun,
        coalesce(n.had_told, 'unknown') as had_answered,
        coalesce(n.has_told, 'unknown') as has_answered
    from told t
    left join paired_towns n on n.wave = t.wave and n.city = t.town
    left join country_zones b on b.wave = t.wave_before and b.country = t.country
    left join country_zones a on a.wave = t.wave and a.country = t.country
),
detail as (
    select
        p.wave_before,
        p.wave,
        p.zone_before as zone,
        p.town as city,
        p.country,
        p.earlier as agreements_before,
        0 as frame_left,
        0 as frame_entered,
        0 as mergers,
        0 as silent,
        0 as heard,
        0 as undetermined,
        0 as ended,
        0 as disappeared,
        0 as begun,
        0 as appeared,
        case when p.zone = p.zone_before then 0 else -p.earlier end as reclassified,
        0 as agreements,
        p.source
    from part p
    where p.earlier > 0
    union all
    select
        p.wave_before,
        p.wave,
        p.zone,
        p.town,
        p.country,
        0,
        p.frame_left,
        p.frame_entered,
        p.mergers,
        case when p.has_answered = 'no' then p.gone else 0 end,
        case when p.had_answered = 'no' then p.come else 0 end,
        case when p.has_answered = 'unknown' then p.gone else 0 end
        + case when p.had_answered = 'unknown' then p.come else 0 end,
        p.ended,
        case when p.has_answered = 'yes' then p.gone else 0 end,
        p.begun,
        case when p.had_answered = 'yes' then p.come else 0 end,
        case when p.zone = p.zone_before then 0 else p.earlier end,
        p.later,
        p.source
    from part p
    where p.earlier > 0 or p.later > 0
)
-- cells
select
    d.wave_before as wave_before,
    d.wave as wave,
    case when grouping(d.zone) = 1 then 'total' else d.zone end as zone,
    sum(d.agreements_before) as agreements_before,
    sum(d.frame_left) as frame_left,
    sum(d.frame_entered) as frame_entered,
    sum(d.mergers) as mergers,
    sum(d.silent) as silent,
    sum(d.heard) as heard,
    sum(d.undetermined) as undetermined,
    sum(d.ended) as ended,
    sum(d.disappeared) as disappeared,
    sum(d.begun) as begun,
    sum(d.appeared) as appeared,
    sum(d.reclassified) as reclassified,
    sum(d.agreements) as agreements
from detail d
inner join wave_pairs w on w.wave = d.wave
left join zones z on z.code = d.zone
group by d.wave_before, d.wave, w.reference_date, rollup (d.zone)
order by w.reference_date, d.wave, grouping(d.zone), min(z.position) nulls last
