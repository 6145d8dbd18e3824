/*
title = { fr = "Réponse, par vague et taille {de_unit}", en = "Response, by wave and size of {unit}" }
key = ["wave", "size_class"]
not_additive = ["response_rate", "response_rate_high"]
[table]
kind = "margin"
[table.counts]
contacted = "towns"
responded = "responded"
response_rate = "responded / towns %"
agreements = "agreements"
[chart]
kind = "stacked"
x = ["responded", "refused", "not_reached", "not_published"]
y = "size_class"
[columns]
wave = { fr = "Vague", en = "Wave", codes = "waves" }
size_class = { fr = "Habitants", en = "Inhabitants", codes = "size_classes" }
contacted = { fr = "{Units} contacté{e}s", en = "{Units} contacted" }
responded = { fr = "{Units} ayant répondu", en = "{Units} that responded", high = "responded_high", base = "contacted" }
responded_high = { fr = "{Units} ayant répondu, au plus", en = "{Units} that responded, at most" }
response_rate = { fr = "Taux de réponse, %", en = "Response rate, %", high = "response_rate_high", base = "contacted" }
response_rate_high = { fr = "Taux de réponse au plus, %", en = "Response rate at most, %" }
refused = { fr = "Refus", en = "Refused" }
not_reached = { fr = "Non joint{e}s", en = "Not reached" }
not_published = { fr = "Réponse non publiée", en = "Response not published" }
engaged = { fr = "Engagé{e}s, répondant{e}s ou non", en = "Engaged, whether or not they answered", high = "engaged_high", base = "contacted" }
engaged_high = { fr = "Engagé{e}s, répondant{e}s ou non, au plus", en = "Engaged, whether or not they answered, at most" }
agreements = { fr = "Accords", en = "Agreements", high = "agreements_high" }
agreements_high = { fr = "Accords au plus", en = "Agreements at most" }
[labels.size_class]
unknown = { fr = "{unit} non précisé{e}", en = "{unit} not stated" }
any = { fr = "toutes tailles", en = "any size" }
[note]
fr = "Aucune estimation. Les bornes sont celles du pire cas, sans hypothèse sur celles qui n’ont pas répondu (Manski, 1989) : une telle ville peut être engagée ou non, et rien ne borne le nombre de ses accords (« ≥ »). Un accord dont la ville n’est pas dite a sa propre ligne et ne compte dans aucune autre. Le taux rapporte les villes ayant répondu aux villes contactées. Engagements et accords sont donc ici des intervalles là où le rapport {report:participation} donne un nombre, celui de ce qui a été déclaré."
en = "No estimate is made. The bounds are those of the worst case, without any assumption about the towns that did not answer (Manski, 1989): such a town may be engaged or not, and nothing bounds the number of its agreements (“≥”). An agreement whose town is not stated has a row of its own and counts for no other. The rate is the share of the towns contacted that responded. So engagement and agreements are ranges here where the report {report:participation} gives a number, that of what was declared."
*/
with detail as (
    select
        r.wave,
        s.reference_date,
        coalesce(c.code, 'any') as size_class,
        r.population as position,
        r.city,
        1 as contacted,
        case when r.response = 'responded' then 1 else 0 end as responded,
        case when r.response in ('responded', 'not_published') then 1 else 0 end as responded_high,
        case when r.response = 'refused' then 1 else 0 end as refused,
        case when r.response = 'not_reached' then 1 else 0 end as not_reached,
        case when r.response = 'not_published' then 1 else 0 end as not_published,
        case when r.engaged = 'yes' then 1 else 0 end as engaged,
        case when r.engaged = 'yes' or r.response <> 'responded' or r.engaged = 'not_published' then 1 else 0 end
            as engaged_high,
        r.agreements,
        case when r.response = 'responded' or r.agreements > 0 then r.agreements_high end as agreements_high,
        r.source
    from respondents r
    inner join scope s on s.wave = r.wave
    left join size_classes c
        on c.kind = r.kind and r.population >= c.least and (c.below is null or r.population < c.below)
    union all
    select
        p.wave,
        s.reference_date,
        'unknown',
        null,
        null,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        1,
        case when s.agreements_complete then 1 end,
        p.source
    from agreements_in_force p
    inner join scope s on s.wave = p.wave
    where p.city is null
)
-- cells
select
    d.wave as wave,
    case when grouping(d.size_class) = 1 then 'total' else d.size_class end as size_class,
    sum(d.contacted) as contacted,
    sum(d.responded) as responded,
    sum(d.responded_high) as responded_high,
    round(cast(100.0 * sum(d.responded) / nullif(sum(d.contacted), 0) as numeric(18, 8)), 1) as response_rate,
    round(cast(100.0 * sum(d.responded_high) / nullif(sum(d.contacted), 0) as numeric(18, 8)), 1)
        as response_rate_high,
    sum(d.refused) as refused,
    sum(d.not_reached) as not_reached,
    sum(d.not_published) as not_published,
    sum(d.engaged) as engaged,
    sum(d.engaged_high) as engaged_high,
    sum(d.agreements) as agreements,
    case when count(*) = count(d.agreements_high) then sum(d.agreements_high) end as agreements_high
from detail d
group by d.wave, d.reference_date, rollup (d.size_class)
order by d.reference_date, d.wave, grouping(d.size_class), min(d.position) nulls last
