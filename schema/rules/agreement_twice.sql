/*
table = "partnerships"
reads = ["partnerships"]
column = "city"
message = { fr = "le même accord ({key_fr}) est déjà à la ligne {first}", en = "the same agreement ({key_en}) is already on line {first}" }
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
    inner join raw_partnerships r on r.line = p.line
    where
        -- What is told apart by a date that could not be read may well be two.
        (p.partner_key is not null or r.since is null or p.since_from is not null or p.since_missing is not null)
        and (r.until is null or p.until_from is not null)
        and p.line in (
            select k.line from keyed k where k.key in (select key from keyed group by key having count(*) > 1)
        )
),
twice as (
    select
        t.line,
        t.partner_key is null as nobody,
        t.until_from is not null as ended,
        min(t.line) over (
            partition by t.city, t.country, t.partner_key, t.since_from, t.since_to, t.until_from, t.until_to
        ) as first
    from told t
)
select
    t.line,
    r.city as value,
    t.first,
    case when t.nobody then 'ville, pays et début, sans partenaire' else 'ville, pays et partenaire' end
    || case when t.ended then ', avec la même fin' else '' end as key_fr,
    case when t.nobody then 'town, country and beginning, without a partner' else 'town, country and partner' end
    || case when t.ended then ', with the same end' else '' end as key_en
from twice t
inner join raw_partnerships r on r.line = t.line
where t.line > t.first
order by t.line
