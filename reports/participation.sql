/*
title = { fr = "Participation et engagement", en = "Participation and engagement" }
source = { fr = "Approche quantitative de l’engagement international", en = "Section on international engagement in numbers" }
key = ["indicator"]
not_additive = ["mean_agreements"]
[finding]
fr = "Sur {value[contacted]} {units} contacté{e}s, {value[responded]|aucun{e} n’a répondu|un{e} a répondu|# ont répondu} et {value[engaged]|aucun{e} n’est engagé{e}|un{e} est engagé{e}|# sont engagé{e}s} à l’international, avec {value[agreements]|aucun accord|un accord|# accords}."
en = "Of {value[contacted]} {units} contacted, {value[responded]|none|one|#} responded and {value[engaged]|none is|one is|# are} engaged internationally, with {value[agreements]|no agreement|one agreement|# agreements}."
[table]
kind = "margin"
by = "indicator"
[table.counts]
contacted = "towns"
responded = "responded"
engaged = "engaged"
agreements = "agreements"
mean_agreements = "agreements / responded"
[columns]
indicator = { fr = "Indicateur", en = "Indicator" }
value = { fr = "Valeur", en = "Value", high = "value_high" }
value_high = { fr = "Valeur au plus", en = "Value at most" }
[labels.indicator]
contacted = { fr = "{Units} contacté{e}s", en = "{Units} contacted" }
responded = { fr = "{Units} ayant répondu", en = "{Units} that responded" }
engaged = { fr = "{Units} engagé{e}s à l’international", en = "{Units} engaged internationally" }
agreements = { fr = "Accords de coopération", en = "Cooperation agreements" }
mean_agreements = { fr = "Accords par {unit} répondant{e}, en moyenne", en = "Agreements per respondent, on average" }
apart = { fr = "À part : jumelages dans le pays même", en = "Apart: twinnings within the country itself" }
[note]
fr = "Ce que les {units} ont déclaré : là où la liste des accords est donnée pour complète, les {units} qui n’y sont pas comptent pour non engagé{e}s, même là où leur réponse n’est pas publiée. Le rapport {report:response} ne fait pas cette hypothèse : ses intervalles sont plus larges."
en = "What {units} declared: where the list of agreements is claimed complete, {units} that are not in it count as not engaged, even where their response is not published. The report {report:response} does not assume that: its ranges are wider."
*/
-- Where a town may have declared more than is listed, the difference adds to the upper end only; it may have no bound.
with town as (
    select
        r.city,
        r.source,
        case when r.response = 'responded' then 1 else 0 end as responded,
        case when r.response in ('responded', 'not_published') then 1 else 0 end as responded_high,
        case when r.engaged = 'yes' then 1 else 0 end as engaged,
        case when r.engaged in ('yes', 'not_published') then 1 else 0 end as engaged_high
    from respondents r
),
agreement as (
    select p.city, p.country, 1 as value, 1 as value_high, p.source
    from agreements_in_force p
    union all
    select r.city, null, 0, r.agreements_high - r.agreements, r.source
    from respondents r
    where r.agreements_high is null or r.agreements_high > r.agreements
),
detail as (
    select 1 as position, 'contacted' as indicator, t.city, null as country, 1 as value, 1 as value_high, t.source
    from town t
    union all
    select 2, 'responded', t.city, null, t.responded, t.responded_high, t.source
    from town t
    union all
    select 3, 'engaged', t.city, null, t.engaged, t.engaged_high, t.source
    from town t
    union all
    select 4, 'agreements', g.city, g.country, g.value, g.value_high, g.source
    from agreement g
    union all
    select 5, 'mean_agreements', g.city, g.country, g.value, g.value_high, g.source
    from agreement g
    union all
    select 6, 'apart', p.city, p.country, 1, 1, p.source
    from apart_partnerships p
    where p.until_from is null
)
-- cells
select
    i.indicator as indicator,
    case
        when i.indicator = 'mean_agreements'
            then round(cast(1.0 * i.value / nullif(r.responded_high, 0) as numeric(18, 8)), 1)
        else i.value
    end as value,
    case
        when i.indicator = 'mean_agreements'
            then round(cast(1.0 * i.value_high / nullif(r.responded, 0) as numeric(18, 8)), 1)
        else i.value_high
    end as value_high
from (
    select
        n.position,
        n.indicator,
        coalesce(sum(d.value), 0) as value,
        case when count(d.indicator) = count(d.value_high) then coalesce(sum(d.value_high), 0) end as value_high
    from (
        select 1 as position, 'contacted' as indicator
        union all
        select 2, 'responded'
        union all
        select 3, 'engaged'
        union all
        select 4, 'agreements'
        union all
        select 5, 'mean_agreements'
        union all
        select distinct 6, 'apart'
        from apart_partnerships p
        where p.until_from is null
    ) n
    left join detail d on d.indicator = n.indicator
    group by n.position, n.indicator
) i
cross join (
    select sum(t.responded) as responded, sum(t.responded_high) as responded_high
    from town t
) r
order by i.position
