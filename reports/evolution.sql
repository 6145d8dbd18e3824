/*
title = { fr = "Évolution, par vague et zone géographique", en = "Evolution, by wave and geographic zone" }
key = ["wave", "zone"]
waves = 2
[table]
kind = "margin"
[chart]
kind = "slope"
x = "wave"
y = "agreements"
[columns]
wave = { fr = "Vague", en = "Wave", codes = "waves" }
zone = { fr = "Zone géographique", en = "Geographic zone", codes = "zones" }
contacted = { fr = "{Units} contacté{e}s", en = "{Units} contacted" }
responded = { fr = "{Units} ayant répondu", en = "{Units} that responded", high = "responded_high", base = "contacted" }
responded_high = { fr = "{Units} ayant répondu, au plus", en = "{Units} that responded, at most" }
engaged = { fr = "{Units} engagé{e}s", en = "{Units} engaged", high = "engaged_high", base = "contacted" }
engaged_high = { fr = "{Units} engagé{e}s, au plus", en = "{Units} engaged, at most" }
agreements = { fr = "Accords", en = "Agreements", high = "agreements_high" }
agreements_high = { fr = "Accords au plus", en = "Agreements at most" }
agreements_inferred = { fr = "dont déduits", en = "of which inferred" }
[note]
fr = "Ce que chaque vague a déclaré. Une ville engagée dans plusieurs zones compte dans chacune ; « Ensemble » la compte une fois. Un accord dont la ville n’est pas dite ne compte pour aucune ville. Un intervalle borne ce que la publication laisse ouvert, « ≥ » ce que rien ne borne. Le rapport {report:response} montre ce que change la non-réponse, {report:bridge} ce qui explique une différence."
en = "What each wave declared. A town that is engaged in several zones counts in each; “All” counts it once. An agreement whose town is not stated counts for no town. A range bounds what the publication leaves open, “≥” what nothing bounds. The report {report:response} shows what non-response changes, {report:bridge} what explains a difference."
*/
-- One row per town and zone, and one per town for all zones together; agreements without a town add no town.
with place as (
    select z.code as zone, z.position
    from zones z
    union all
    select 'unknown', 98
    union all
    select 'all', 99
),
declared as (
    select p.wave, coalesce(p.city, 'unknown') as city, coalesce(z.zone, 'unknown') as zone, p.inferred, p.source
    from agreements_in_force p
    left join country_zones z on z.wave = p.wave and z.country = p.country
),
counted as (
    select
        d.wave,
        d.city,
        case when grouping(d.zone) = 1 then 'all' else d.zone end as zone,
        count(*) as agreements,
        sum(case when d.inferred then 1 else 0 end) as agreements_inferred,
        case when min(d.source) = max(d.source) then min(d.source) else 'several' end as source
    from declared d
    group by grouping sets ((d.wave, d.city, d.zone), (d.wave, d.city))
),
detail as (
    select
        r.wave,
        n.zone,
        n.position,
        s.reference_date,
        r.city,
        1 as contacted,
        case when r.response = 'responded' then 1 else 0 end as responded,
        case when r.response in ('responded', 'not_published') then 1 else 0 end as responded_high,
        case when c.agreements > 0 or (n.zone = 'all' and r.engaged = 'yes') then 1 else 0 end as engaged,
        case
            when c.agreements > 0 or (n.zone = 'all' and r.engaged = 'yes') then 1
            when r.agreements_high = r.agreements then 0
            else 1
        end as engaged_high,
        coalesce(c.agreements, 0) as agreements,
        coalesce(c.agreements, 0) + r.agreements_high - r.agreements as agreements_high,
        coalesce(c.agreements_inferred, 0) as agreements_inferred,
        coalesce(c.source, r.source) as source
    from respondents r
    inner join scope s on s.wave = r.wave
    cross join place n
    left join counted c on c.wave = r.wave and c.city = r.city and c.zone = n.zone
    union all
    select
        c.wave,
        c.zone,
        n.position,
        s.reference_date,
        c.city,
        0,
        0,
        0,
        0,
        0,
        c.agreements,
        case when s.agreements_complete then c.agreements end,
        c.agreements_inferred,
        c.source
    from counted c
    inner join place n on n.zone = c.zone
    inner join scope s on s.wave = c.wave
    where c.city = 'unknown'
)
-- cells
select
    d.wave as wave,
    d.zone as zone,
    sum(d.contacted) as contacted,
    sum(d.responded) as responded,
    sum(d.responded_high) as responded_high,
    sum(d.engaged) as engaged,
    sum(d.engaged_high) as engaged_high,
    sum(d.agreements) as agreements,
    case when count(*) = count(d.agreements_high) then sum(d.agreements_high) end as agreements_high,
    sum(d.agreements_inferred) as agreements_inferred
from detail d
group by d.wave, d.zone, d.position, d.reference_date
having d.zone <> 'unknown' or sum(d.agreements) > 0
order by d.reference_date, d.wave, d.position
