"""What loading costs in plain SQL, in one transaction.

python plain_load.py DATABASE CSV_FILE, or for all of France python plain_load.py DATABASE FOLDER codes|names
"""

import sys

import duckdb

# The frame writes a straight apostrophe where the list of towns has a curly one, and spells one town as its alias. In a
# frame of France a name of several bearers has the code of the département after it.
TOWNS = {
    "": """
select replace(name, '’', '''') as name, code from survey.cities
union all select alias, city from survey.city_aliases
""",
    "codes": "select code as name, code from survey.cities",
    "names": """
select name, code from survey.cities where kind = 'commune' and status is null
union all
select name || ' (' || departement || ')', code from survey.cities where kind = 'commune' and status is null
""",
}
FRAME = """
insert into survey.respondents
    (wave, revision, city, population, response, source, answers_source, declared_missing)
select 'made', 1, town.code, cast(f.population as integer), r.response, '', '', 'not_asked'
from read_csv(?, all_varchar = true) f
left join read_csv(?, all_varchar = true) r on r.city = f.city
left join ({towns}) town on town.name = f.city
"""
PARTNERSHIPS = """
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
left join ({towns}) town on town.name = p.city
left join (
    select label_fr as name, code from survey.countries union all select code, code from survey.countries
) state on state.name = p.country
"""

database, given, form = [*sys.argv[1:], ""][:3]
with duckdb.connect(database) as connection:
    connection.execute("begin")
    if form:
        connection.execute(FRAME.format(towns=TOWNS[form]), [f"{given}/frame.csv", f"{given}/respondents.csv"])
    file = f"{given}/partnerships.csv" if form else given
    connection.execute(PARTNERSHIPS.format(towns=TOWNS[form]), [file])
    connection.execute("commit")
