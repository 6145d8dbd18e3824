"""Loading all of France in plain SQL, one transaction: python plain_france.py DATABASE FOLDER codes|names."""

import sys

import duckdb

# Where a name has several bearers, the file writes the code of the département after it.
TOWN = {
    "codes": "select code as name, code from survey.cities",
    "names": """
select name, code from survey.cities where kind = 'commune' and status is null
union all
select name || ' (' || departement || ')', code from survey.cities where kind = 'commune' and status is null
""",
}
FRAME = """
insert into survey.respondents
    (wave, revision, city, population, response, elected_delegate, twinning_committee, service, source, answers_source,
    declared_missing)
select 'made', 1, town.code, cast(f.population as integer), r.response, 'no', 'no', 'no', '', '', 'not_asked'
from read_csv(?, all_varchar = true) f
left join read_csv(?, all_varchar = true) r on r.city = f.city
left join ({town}) town on town.name = f.city
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
left join ({town}) town on town.name = p.city
left join (
    select label_fr as name, code from survey.countries union all select code, code from survey.countries
) state on state.name = p.country
"""

database, folder, form = sys.argv[1:]
with duckdb.connect(database) as connection:
    connection.execute("begin")
    connection.execute(FRAME.format(town=TOWN[form]), [f"{folder}/frame.csv", f"{folder}/respondents.csv"])
    connection.execute(PARTNERSHIPS.format(town=TOWN[form]), [f"{folder}/partnerships.csv"])
    connection.execute("commit")
