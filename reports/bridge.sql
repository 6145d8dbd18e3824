/*
title = { fr = "D’une vague à l’autre : ce qui explique la différence du nombre d’accords", en = "From one wave to the next: what explains the difference in agreements" }
key = ["wave_before", "wave", "zone"]
waves = 2
not_additive = ["agreements_before_high", "agreements_high"]
[table]
kind = "margin"
[chart]
kind = "waterfall"
row = "total"
[columns]
wave_before = { fr = "De la vague", en = "From wave", codes = "waves" }
wave = { fr = "À la vague", en = "To wave", codes = "waves" }
zone = { fr = "Zone géographique", en = "Geographic zone", codes = "zones" }
agreements_before = { fr = "Avant", en = "Before", high = "agreements_before_high" }
frame_left = { fr = "{Units} sorti{e}s de la base", en = "{Units} that left the frame" }
frame_entered = { fr = "{Units} entré{e}s dans la base", en = "{Units} that entered the frame" }
mergers = { fr = "Fusions", en = "Mergers" }
silent = { fr = "{Units} ne répondant plus", en = "{Units} no longer answering" }
heard = { fr = "{Units} répondant désormais", en = "{Units} now answering" }
undetermined = { fr = "Indéterminés", en = "Undetermined" }
ended = { fr = "Terminés", en = "Ended" }
disappeared = { fr = "Plus déclarés", en = "No longer declared" }
begun = { fr = "Commencés", en = "Begun" }
appeared = { fr = "Déclarés désormais", en = "Newly declared" }
reclassified = { fr = "Reclassés", en = "Reclassified" }
agreements = { fr = "Après", en = "After", high = "agreements_high" }
may_be_same = { fr = "dont peut-être d’avant, sous un autre nom", en = "of which possibly earlier ones under another name" }
agreements_before_high = { fr = "Avant, au plus", en = "Before, at most" }
agreements_high = { fr = "Après, au plus", en = "After, at most" }
[balance]
start = "agreements_before"
parts = ["frame_left", "frame_entered", "mergers", "silent", "heard", "undetermined", "ended", "disappeared", "begun", "appeared", "reclassified"]
end = "agreements"
[note]
fr = "Chaque accord compte dans la première part qui lui convient : la base de sondage (ville sortie, entrée), les fusions (un accord que deux villes, depuis réunies, déclaraient toutes deux), les dates (« terminés », « commencés » seulement si une date le dit), la réponse de la ville, enfin la déclaration. Tous les nombres sont des nombres d’accords. « Indéterminés » : la ville n’est pas dite, on ne sait pas si elle avait répondu, sa liste n’est pas donnée pour complète, ou l’accord peut être, sous un autre nom, l’un de ceux de l’autre vague (il compte alors −1 et +1, et dans la dernière colonne). « Reclassés » : le pays a changé de zone entre les deux dates. Une ville qui en a rejoint une autre est suivie. Là où une liste n’est pas complète (« ≥ », ou un intervalle), les parts comptent ce qui est listé."
en = "Each agreement counts in the first part that fits: the frame (town left, entered), mergers (an agreement that two towns now united both declared), dates (“ended” and “begun” only where a date says so), the response of the town, and last the declaration. All figures are numbers of agreements. “Undetermined”: the town is not stated, it is not known whether it had answered, its list is not claimed complete, or the agreement may be one of the other wave’s under another name (it then counts −1 and +1, and in the last column). “Reclassified”: the country changed zones between the two dates. A town that became part of another is followed. Where a list is not complete (“≥”, or a range), the parts count what is listed."
*/
-- Partners are the same if their keys are, or if a person said so. An agreement whose partner is not stated may be any
-- of its town and country; named ones left without a match may be one under two spellings, unless a person denied it.
with recursive by_partner as (
    select
        p.*,
        least(p.once, p.old) as same,
        least(p.once, p.old + p.ended) as same_or_ended
    from paired_partners p
),
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
        sum(case when p.partner_key = '' then p.once else 0 end) as once_unnamed,
        sum(case when p.partner_key = '' then p.old else 0 end) as old_unnamed,
        sum(case when p.partner_key = '' then p.ended else 0 end) as ended_unnamed,
        sum(case when p.partner_key = '' then 0 else p.same end) as same,
        sum(case when p.partner_key = '' then 0 else p.same_or_ended end) as same_or_ended,
        case when min(p.source) = max(p.last_source) then min(p.source) else 'several' end as source
    from by_partner p
    group by p.wave_before, p.wave, p.town, p.country
),
-- Pairs of unmatched partners that a person said are not the same, with a bit for each later one of a town and country.
denied as (
    select
        d.wave,
        d.town,
        d.country,
        d.partner_before_key,
        d.partner_key,
        d.left_before,
        d.left_old,
        d.left_later,
        cast(1 as bigint) << cast(
            dense_rank() over (partition by d.wave, d.town, d.country order by d.partner_key) - 1 as integer
        ) as bit
    from (
        select distinct
            n.wave,
            n.city as town,
            n.country,
            b.partner_key as partner_before_key,
            n.partner_key,
            b.once - b.same_or_ended as left_before,
            l.old - l.same as left_old,
            l.old + l.ended - l.same_or_ended as left_later
        from partner_pairs n
        left join partner_pairs c
            on c.wave = n.wave and c.city = n.city and c.country = n.country
            and c.partner_before_key = n.partner_before_key and c.same
        inner join by_partner b
            on b.wave = n.wave and b.town = n.city and b.country = n.country
            and b.partner_key = coalesce(c.partner_key, n.partner_before_key) and b.once > b.same_or_ended
        inner join by_partner l
            on l.wave = n.wave and l.town = n.city and l.country = n.country
            and l.partner_key = n.partner_key and l.old + l.ended > l.same_or_ended
        where not n.same
    ) d
),
refused as (
    select
        d.wave,
        d.town,
        d.country,
        d.partner_before_key,
        d.left_before,
        bit_or(d.bit) as bits
    from denied d
    group by d.wave, d.town, d.country, d.partner_before_key, d.left_before
),
-- Every set of later partners of which a person said that certain earlier ones are none of them.
apart_found as (
    select r.wave, r.town, r.country, r.bits
    from refused r
    union all
    select distinct a.wave, a.town, a.country, a.bits & r.bits
    from apart_found a
    inner join refused r on r.wave = a.wave and r.town = a.town and r.country = a.country
    where (a.bits & r.bits) <> 0 and (a.bits & r.bits) <> a.bits
),
apart as (
    select distinct f.wave, f.town, f.country, f.bits
    from apart_found f
),
-- As many can be the same as there are, less the largest group denied throughout on both sides (König’s theorem).
most_apart as (
    select
        a.wave,
        a.town,
        a.country,
        max(b.number + l.number_old) as old,
        max(b.number + l.number_later) as later
    from apart a
    inner join (
        select a.wave, a.town, a.country, a.bits, sum(r.left_before) as number
        from apart a
        inner join refused r
            on r.wave = a.wave and r.town = a.town and r.country = a.country and (r.bits & a.bits) = a.bits
        group by a.wave, a.town, a.country, a.bits
    ) b on b.wave = a.wave and b.town = a.town and b.country = a.country and b.bits = a.bits
    inner join (
        select a.wave, a.town, a.country, a.bits, sum(d.left_old) as number_old, sum(d.left_later) as number_later
        from apart a
        inner join (
            select distinct d.wave, d.town, d.country, d.bit, d.left_old, d.left_later
            from denied d
        ) d on d.wave = a.wave and d.town = a.town and d.country = a.country and (d.bit & a.bits) <> 0
        group by a.wave, a.town, a.country, a.bits
    ) l on l.wave = a.wave and l.town = a.town and l.country = a.country and l.bits = a.bits
    group by a.wave, a.town, a.country
),
-- still: how many match one in force, by name or as one that is not named. told: or one that has ended.
kept as (
    select
        c.*,
        c.same + least(c.once - c.same, c.old - c.same, c.once_unnamed + c.old_unnamed) as still,
        c.same_or_ended
        + least(
            c.once - c.same_or_ended,
            c.old + c.ended - c.same_or_ended,
            c.once_unnamed + c.old_unnamed + c.ended_unnamed
        ) as told,
        coalesce(m.old, 0) as apart_old,
        coalesce(m.later, 0) as apart_later
    from by_country c
    left join most_apart m on m.wave = c.wave and m.town = c.town and m.country = c.country
),
-- may_be_old, may_be_told: how many do, or could under another spelling that nobody denied.
likened as (
    select
        k.*,
        k.once + k.old
        - greatest(
            k.once,
            k.old,
            k.same_or_ended + greatest(k.old - k.old_unnamed - k.same, k.apart_old)
        ) as may_be_old,
        k.once + k.old + k.ended
        - greatest(
            k.once,
            k.old + k.ended,
            k.same_or_ended + k.apart_later
        ) as may_be_told
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
        case when n.towns > 0 and n.towns_before > 0 then t.still else 0 end as still,
        case when n.towns > 0 and n.towns_before > 0 then t.still - t.told else 0 end as ended,
        case
            when n.city is null then -t.earlier
            when n.towns > 0 and n.towns_before > 0 then t.told - t.once
            else 0
        end as gone,
        case
            when n.city is null then t.old
            when n.towns > 0 and n.towns_before > 0 then t.old - t.still
            else 0
        end as come,
        t.told - t.may_be_told as gone_unless_same,
        case
            when n.towns > 0 and n.towns_before > 0 then least(t.may_be_old - t.still, t.once - t.told)
            else 0
        end as come_unless_same,
        case when n.city is null or n.towns > 0 and n.towns_before > 0 then t.begun else 0 end as begun,
        coalesce(n.had_told, 'unknown') as had_answered,
        coalesce(n.has_told, 'unknown') as has_answered
    from likened t
    left join paired_towns n on n.wave = t.wave and n.city = t.town
    left join country_zones b on b.wave = t.wave_before and b.country = t.country
    left join country_zones a on a.wave = t.wave and a.country = t.country
),
-- What is lost counts in the zone of its country on the earlier date, what is new in that of the later date.
detail as (
    select
        p.wave_before,
        p.wave,
        p.zone_before as zone,
        p.town as city,
        p.country,
        p.earlier as agreements_before,
        p.frame_left,
        0 as frame_entered,
        p.mergers,
        case when p.has_answered = 'no' then p.gone else 0 end as silent,
        0 as heard,
        case p.has_answered when 'unknown' then p.gone when 'yes' then p.gone_unless_same else 0 end as undetermined,
        p.ended,
        case when p.has_answered = 'yes' then p.gone - p.gone_unless_same else 0 end as disappeared,
        0 as begun,
        0 as appeared,
        case when p.zone = p.zone_before then 0 else -p.still end as reclassified,
        0 as agreements,
        0 as may_be_same,
        case when p.town <> 'unknown' or s.agreements_complete then p.earlier end as agreements_before_high,
        0 as agreements_high,
        p.source
    from part p
    inner join scope s on s.wave = p.wave_before
    where p.earlier > 0
    union all
    select
        p.wave_before,
        p.wave,
        p.zone,
        p.town,
        p.country,
        0,
        0,
        p.frame_entered,
        0,
        0,
        case when p.had_answered = 'no' then p.come else 0 end,
        case p.had_answered when 'unknown' then p.come when 'yes' then p.come_unless_same else 0 end,
        0,
        0,
        p.begun,
        case when p.had_answered = 'yes' then p.come - p.come_unless_same else 0 end,
        case when p.zone = p.zone_before then 0 else p.still end,
        p.later,
        p.come_unless_same,
        0,
        case when p.town <> 'unknown' or s.agreements_complete then p.later end,
        p.source
    from part p
    inner join scope s on s.wave = p.wave
    where p.later > 0
),
-- What the towns of a wave may have beyond what they list, in whichever zone: null where nothing bounds it.
unlisted as (
    select
        s.wave,
        case
            when count(r.city) = count(r.agreements_high) then coalesce(sum(r.agreements_high - r.agreements), 0)
        end as agreements
    from scope s
    left join respondents r on r.wave = s.wave
    group by s.wave
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
    sum(d.agreements) as agreements,
    sum(d.may_be_same) as may_be_same,
    case
        when count(*) = count(d.agreements_before_high) then sum(d.agreements_before_high) + min(b.agreements)
    end as agreements_before_high,
    case
        when count(*) = count(d.agreements_high) then sum(d.agreements_high) + min(u.agreements)
    end as agreements_high
from detail d
inner join wave_pairs w on w.wave = d.wave
inner join unlisted b on b.wave = d.wave_before
inner join unlisted u on u.wave = d.wave
left join zones z on z.code = d.zone
group by d.wave_before, d.wave, w.reference_date, rollup (d.zone)
order by w.reference_date, d.wave, grouping(d.zone), min(z.position) nulls last
