/*
table = "partnerships"
column = "city"
message = { fr = "le même accord (ville, pays, partenaire) est déjà à la ligne {first}", en = "the same city, country and partner is already on line {first}" }
remedy = { fr = "écrivez leur nombre dans agreements s’ils sont plusieurs, et gardez une seule ligne", en = "write their number in agreements if they are several, and keep one row" }
*/
-- Whatever the spelling of the partner. Agreements with partners that nobody named are told apart by their dates, and
-- any by when they ended: one that ended and one in force with the same partner are two.
with keyed as materialized (
    select p.line, hash(p.city, p.country, p.partner_key, case when p.partner is null then p.since_from end) as key
    from resolved_partnerships p
    where p.city is not null and p.country is not null
),
told as materialized (
    select
        p.line,
        p.city,
        p.country,
        p.partner_key,
        case when p.partner is null then p.since_from end as since_from,
        case when p.partner is null then p.since_to end as since_to,
        p.until_from,
        p.until_to
    from resolved_partnerships p
    where
        p.line in (
            select k.line from keyed k where k.key in (select key from keyed group by key having count(*) > 1)
        )
),
twice as (
    select
        t.line,
        min(t.line) over (
            partition by t.city, t.country, t.partner_key, t.since_from, t.since_to, t.until_from, t.until_to
        ) as first
    from told t
)
select t.line, r.city as value, t.first
from twice t
inner join raw_partnerships r on r.line = t.line
where t.line > t.first
order by t.line
