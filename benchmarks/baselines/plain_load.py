"""What loading costs in plain SQL, one statement in one transaction: python plain_load.py DATABASE CSV_FILE."""

import sys

import duckdb

# The frame writes a straight apostrophe where the list of towns has a curly one, and spells one town as its alias.
INSERT = """
insert into survey.partnerships
    (wave, revision, agreement, city, country, partner, since_from, since_to, since_missing, inferred, source)
select
    'made', 1, row_number() over (), town.code, state.code, p.partner,
    case length(p.since)
        when 4 then make_date(cast(p.since as integer), 1, 1)
        when 7 then cast(p.since || '-01' as date)
        when 10 then cast(p.since as date)
    end,
    case length(p.since)
        when 4 then make_date(cast(p.since as integer), 12, 31)
        when 7 then last_day(cast(p.since || '-01' as date))
        when 10 then cast(p.since as date)
    end,
    case when p.since is null then 'dont_know' end,
    coalesce(p.inferred, 'no') = 'yes',
    coalesce(p.source, '')
from read_csv(?, all_varchar = true) p
left join (
    select replace(name, '’', '''') as name, code from survey.cities
    union all select alias, city from survey.city_aliases
) town on town.name = p.city
left join (
    select label_fr as name, code from survey.countries union all select code, code from survey.countries
) state on state.name = p.country
"""

database, file = sys.argv[1:]
with duckdb.connect(database) as connection:
    connection.execute("begin")
    connection.execute(INSERT, [file])
    connection.execute("commit")
