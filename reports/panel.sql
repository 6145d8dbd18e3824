/*
title = { fr = "Panel : {units} ayant répondu aux deux vagues", en = "Panel: {units} that answered both waves" }
key = ["wave_before", "wave", "city"]
waves = 2
[table]
kind = "list"
[columns]
wave_before = { fr = "De la vague", en = "From wave", codes = "waves" }
wave = { fr = "À la vague", en = "To wave", codes = "waves" }
city = { fr = "{Unit}", en = "{Unit}", codes = "cities" }
towns_before = { fr = "{Units} avant", en = "{Units} before" }
agreements_before = { fr = "Accords avant", en = "Agreements before", high = "agreements_before_high" }
difference = { fr = "Différence", en = "Difference" }
agreements = { fr = "Accords après", en = "Agreements after", high = "agreements_high" }
agreements_before_high = { fr = "Accords avant, au plus", en = "Agreements before, at most" }
agreements_high = { fr = "Accords après, au plus", en = "Agreements after, at most" }
[balance]
start = "agreements_before"
parts = ["difference"]
end = "agreements"
[note]
fr = "Une ville qui en a rejoint une autre compte avec elle : la différence comprend ce que le rapport {report:bridge} compte comme fusions. Une ville dont la réponse n’est pas publiée n’y est que si elle déclare des accords, ou dit n’en avoir aucun. Les accords dont la ville n’est pas dite n’y sont pas. Là où une liste n’est pas complète (« ≥ »), la différence est celle des listes, non des accords."
en = "A town that became part of another counts with it: the difference includes what {report:bridge} counts as mergers. A town whose response is not published is there only if it declares agreements, or says that it has none. Agreements whose town is not stated are left out. Where a list is not complete (“≥”), the difference is that of the lists, not of the agreements."
*/
with detail as (
    select
        p.wave_before,
        p.wave,
        w.reference_date,
        p.city,
        c.sort_key,
        p.towns_before,
        p.agreements_before,
        p.agreements - p.agreements_before as difference,
        p.agreements,
        p.agreements_before_high,
        p.agreements_high,
        r.source
    from panel p
    inner join respondents r on r.wave = p.wave and r.city = p.city
    inner join cities c on c.code = p.city
    inner join wave_pairs w on w.wave = p.wave
)
-- cells
select
    d.wave_before as wave_before,
    d.wave as wave,
    case when grouping(d.city) = 1 then 'total' else d.city end as city,
    sum(d.towns_before) as towns_before,
    sum(d.agreements_before) as agreements_before,
    sum(d.difference) as difference,
    sum(d.agreements) as agreements,
    case when count(*) = count(d.agreements_before_high) then sum(d.agreements_before_high) end as agreements_before_high,
    case when count(*) = count(d.agreements_high) then sum(d.agreements_high) end as agreements_high
from detail d
group by d.wave_before, d.wave, d.reference_date, rollup (d.city)
order by d.reference_date, d.wave, grouping(d.city), min(d.sort_key)
