/*
title = { fr = "Réponses chiffrées aux questions propres des vagues", en = "Numeric answers to the waves’ own questions, wave by wave" }
key = ["wave", "question", "statistic"]
waves = 2
asks = ["number"]
not_additive = ["value"]
[note]
fr = "Les statistiques sont celles des réponses données ; les quartiles interpolent entre deux réponses. Une réponse non publiée laisse une fourchette, selon les bornes de la question."
en = "Statistics are those of the answers given; quartiles interpolate between two answers. An answer that is not published leaves a range, by the bounds of the question."
[table]
kind = "share"
[columns]
wave = { fr = "Vague", en = "Wave", codes = "waves" }
question = { fr = "Question", en = "Question", codes = "questions" }
statistic = { fr = "Statistique", en = "Statistic" }
value = { fr = "Valeur", en = "Value", high = "value_high" }
value_high = { fr = "Valeur au plus", en = "Value at most" }
[labels.statistic]
base = { fr = "Interrogé{e}s", en = "Asked" }
missing_dont_know = { fr = "Ne savent pas", en = "Don’t know" }
missing_refused = { fr = "Refusent de répondre", en = "Refused to answer" }
missing_no_answer = { fr = "Sans réponse", en = "No answer" }
missing_not_asked = { fr = "Non interrogé{e}s", en = "Not asked" }
missing_not_applicable = { fr = "Sans objet", en = "Not applicable" }
missing_not_published = { fr = "Réponse non publiée", en = "Answer not published" }
min = { fr = "Minimum", en = "Minimum" }
q1 = { fr = "Premier quartile", en = "First quartile" }
median = { fr = "Médiane", en = "Median" }
q3 = { fr = "Troisième quartile", en = "Third quartile" }
max = { fr = "Maximum", en = "Maximum" }
mean = { fr = "Moyenne", en = "Mean" }
total = { fr = "Total", en = "Total" }
*/
-- An answer that is not published, or of a town that may not have been asked, leaves a range: from what it is at least
-- to what it is at most, by the bounds of the question; where it has none, neither has the range.
with detail as (
    select
        a.wave,
        a.question,
        t.statistic,
        a.city,
        a.number,
        a.missing,
        a.unit,
        a.base,
        q.least,
        q.most,
        t.place,
        a.position,
        s.reference_date,
        a.kind,
        a.source
    from answers a
    inner join questions q on q.wave = a.wave and q.question = a.question
    inner join scope s on s.wave = a.wave
    cross join (
        select 'base' as statistic, 1 as place
        union all
        select 'missing_dont_know', 2
        union all
        select 'missing_refused', 3
        union all
        select 'missing_no_answer', 4
        union all
        select 'missing_not_asked', 5
        union all
        select 'missing_not_applicable', 6
        union all
        select 'missing_not_published', 7
        union all
        select 'min', 8
        union all
        select 'q1', 9
        union all
        select 'median', 10
        union all
        select 'q3', 11
        union all
        select 'max', 12
        union all
        select 'mean', 13
        union all
        select 'total', 14
    ) t
    where a.question_kind = 'number' and a.base <> 'no'
        and (t.statistic = 'base' or (a.missing is null or a.missing = 'not_published') and t.place > 7
            or t.statistic = 'missing_' || a.missing or (a.missing = 'not_published' and t.place between 2 and 6))
)
-- cells
select
    x.wave as wave,
    x.question as question,
    x.statistic as statistic,
    case x.statistic
        when 'base' then x.surely
        when 'min' then case when x.open = 0 then x.lowest else x.least end
        when 'q1' then x.q1_low
        when 'median' then x.median_low
        when 'q3' then x.q3_low
        when 'max' then x.highest
        when 'mean' then x.mean_low
        when 'total' then x.total_low
        else x.surely_missing
    end as value,
    case x.statistic
        when 'base' then x.answers
        when 'min' then x.lowest
        when 'q1' then x.q1_high
        when 'median' then x.median_high
        when 'q3' then x.q3_high
        when 'max' then case when x.open = 0 then x.highest else x.most end
        when 'mean' then x.mean_high
        when 'total' then x.total_high
        else x.answers
    end as value_high
from (
    select
        d.wave,
        d.question,
        d.statistic,
        min(d.place) as place,
        min(d.position) as position,
        min(d.reference_date) as reference_date,
        min(d.least) as least,
        max(d.most) as most,
        count(*) as answers,
        sum(case when d.base = 'yes' then 1 else 0 end) as surely,
        sum(case when d.base = 'yes' and 'missing_' || d.missing = d.statistic then 1 else 0 end) as surely_missing,
        sum(case when d.missing is not null then 1 else 0 end) as open,
        min(d.number) as lowest,
        max(d.number) as highest,
        case
            when count(*) = count(d.low)
                then round(cast(percentile_cont(0.25) within group (order by cast(d.low as double precision)) as numeric(18, 8)), 6)
        end as q1_low,
        case
            when count(*) = count(d.high)
                then round(cast(percentile_cont(0.25) within group (order by cast(d.high as double precision)) as numeric(18, 8)), 6)
        end as q1_high,
        case
            when count(*) = count(d.low)
                then round(cast(percentile_cont(0.5) within group (order by cast(d.low as double precision)) as numeric(18, 8)), 6)
        end as median_low,
        case
            when count(*) = count(d.high)
                then round(cast(percentile_cont(0.5) within group (order by cast(d.high as double precision)) as numeric(18, 8)), 6)
        end as median_high,
        case
            when count(*) = count(d.low)
                then round(cast(percentile_cont(0.75) within group (order by cast(d.low as double precision)) as numeric(18, 8)), 6)
        end as q3_low,
        case
            when count(*) = count(d.high)
                then round(cast(percentile_cont(0.75) within group (order by cast(d.high as double precision)) as numeric(18, 8)), 6)
        end as q3_high,
        case
            when count(*) = count(d.low)
                then round(cast(least(1.0 * sum(d.number) / nullif(count(d.number), 0),
                    1.0 * sum(d.low) / count(*)) as numeric(18, 8)), 2)
        end as mean_low,
        case
            when count(*) = count(d.low)
                then sum(coalesce(d.number, case when d.base = 'yes' then d.least else least(0, d.least) end))
        end as total_low,
        case
            when count(*) = count(d.high)
                then round(cast(greatest(1.0 * sum(d.number) / nullif(count(d.number), 0),
                    1.0 * sum(d.high) / count(*)) as numeric(18, 8)), 2)
        end as mean_high,
        case
            when count(*) = count(d.high)
                then sum(coalesce(d.number, case when d.base = 'yes' then d.most else greatest(0, d.most) end))
        end as total_high
    from (
        select n.*, coalesce(n.number, n.least) as low, coalesce(n.number, n.most) as high
        from detail n
    ) d
    group by d.wave, d.question, d.statistic
) x
order by x.reference_date, x.wave, x.position, x.question, x.place
