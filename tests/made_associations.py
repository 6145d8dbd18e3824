"""A made-up survey of 200 associations, by formulas: another kind of authority, questions and reports of its own."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST = 200
ACTIVITIES = ("sport", "culture", "school", "charity")
PARTNERS = ("town_hall", "club", "abroad")
REGISTER = "code,kind,name,status,part_of,population,valid_from,valid_to,country\n"
WAVE = """\
wave = "associations"
title.fr = "Associations et jumelages"
title.en = "Associations and twinning"
reference_date = 2015-12-31
synthetic = true
frame_rule.fr = "200 associations inventées"
frame_rule.en = "200 made-up associations"
population = "adhérents déclarés / declared members"
source = "tests"
territory = ["FR"]
[fieldwork]
from = 2015-10-01
to = 2015-12-31
mode = "online"
[complete]
agreements = true
[defaults]
response = "not_reached"
elected_delegate = "not_applicable"
twinning_committee = "not_applicable"
service = "not_applicable"
since = "dont_know"
actions = { "*" = "not_applicable" }
difficulties = { "*" = "not_applicable" }
[sources]
"""
QUESTIONS = """\
question,kind,label_fr,label_en,asked_of,unit,least,most,default_answer
members,number,Adhérents,Members,respondents,persons,1,500,
activity,choice,Activité,Activity,respondents,,,,
partners,choices,Partenaires,Partners,respondents,,,,no
"""
ITEMS = "question,item,parent,label_fr,label_en\n" + "".join(
    f"{question},{item},,{item.replace('_', ' ').capitalize()},{item.replace('_', ' ').capitalize()}\n"
    for question, items in (("activity", ACTIVITIES), ("partners", PARTNERS))
    for item in items
)
MEMBERS_BY_ACTIVITY = """\
/*
title = { fr = "Adhérents selon l’activité", en = "Members by activity" }
key = ["activity"]
[columns]
activity = { fr = "Activité", en = "Activity", codes = "asked_items" }
associations = { fr = "Associations", en = "Associations" }
members = { fr = "Adhérents", en = "Members" }
*/
with detail as (
    select a.answer as activity, a.city, 1 as associations, coalesce(m.number, 0) as members, '' as source
    from answers a
    left join answers m on m.wave = a.wave and m.city = a.city and m.question = 'members'
    where a.question = 'activity' and a.answer is not null
)
-- cells
select
    case when grouping(d.activity) = 1 then 'total' else d.activity end as activity,
    sum(d.associations) as associations,
    cast(sum(d.members) as integer) as members
from detail d
group by rollup (d.activity)
order by grouping(d.activity), activity
"""
PARTNERS_BY_ACTIVITY = """\
/*
title = { fr = "Partenaires selon l’activité", en = "Partners by activity" }
key = ["activity", "partner"]
[columns]
activity = { fr = "Activité", en = "Activity", codes = "asked_items" }
partner = { fr = "Partenaire", en = "Partner", codes = "asked_items" }
associations = { fr = "Associations", en = "Associations" }
*/
with detail as (
    select a.answer as activity, p.item as partner, a.city, 1 as associations, '' as source
    from answers a
    inner join answers p on p.wave = a.wave and p.city = a.city and p.question = 'partners' and p.answer = 'yes'
    where a.question = 'activity' and a.answer is not null
)
-- cells
select d.activity, d.partner, sum(d.associations) as associations
from detail d
group by d.activity, d.partner
order by d.activity, d.partner
"""


def responded(number: int) -> bool:
    """Tell whether an association responded: of 25 one refused, and another was not reached."""
    return number % 25 not in {7, 19}


def members(number: int) -> int | None:
    """Return how many members an association says that it has; None if it does not know."""
    return None if number % 11 == 0 else 10 + number * 37 % 400


def activity(number: int) -> str:
    """Return what an association does."""
    return ACTIVITIES[number * 7 % 13 % 4]


def partners(number: int) -> list[str]:
    """Return with whom an association works."""
    return [partner for i, partner in enumerate(PARTNERS) if number % (i + 2) == 0]


RESPONDED = [number for number in range(1, MOST + 1) if responded(number)]


def published() -> dict[str, list[tuple[str, ...]]]:
    """Return ten figures as they would be printed, by report: counted here and not by a query, two of them wrong."""
    known = [count for number in RESPONDED if (count := members(number)) is not None]
    by_activity = Counter(map(activity, RESPONDED))
    of_sport = sum(members(number) or 0 for number in RESPONDED if activity(number) == "sport")
    abroad = Counter(activity(number) for number in RESPONDED if "abroad" in partners(number))
    clubs = sum("club" in partners(number) for number in RESPONDED)
    return {
        "members_by_activity": [
            ("sport", "associations", str(by_activity["sport"])),
            ("culture", "associations", str(by_activity["culture"])),
            ("charity", "associations", str(by_activity["charity"] + 1)),  # wrong
            ("total", "associations", str(len(RESPONDED))),
            ("sport", "members", str(of_sport)),
        ],
        "partners_by_activity": [("school/abroad", "associations", str(abroad["school"] - 2))],  # wrong
        "answers": [
            ("activity/sport", "cities", str(by_activity["sport"])),
            ("partners/club", "cities", str(clubs)),
        ],
        "numbers": [("members/total", "value", str(sum(known))), ("members/median", "value", f"{median(known):g}")],
    }


def write(folder: Path) -> Path:
    """Write the wave into a folder, and the list of the associations beside it; return the list."""
    names = {number: f"Association {number:03}" for number in range(1, MOST + 1)}
    files = {
        "wave.toml": WAVE,
        "questions.csv": QUESTIONS,
        "question_items.csv": ITEMS,
        "frame.csv": "city,population\n" + "".join(f"{name},{10 + n}\n" for n, name in names.items()),
        "respondents.csv": "city,response,Members,Activity,Partners\n" + "".join(map(_row, names)),
        "partnerships.csv": "city,country\n",
        "actions.csv": "city,action,answer\n",
        "difficulties.csv": "city,difficulty,answer\n",
        "reports/members_by_activity.sql": MEMBERS_BY_ACTIVITY,
        "reports/partners_by_activity.sql": PARTNERS_BY_ACTIVITY,
    }
    keys = {"partners_by_activity": "activity,partner", "answers": "question,answer", "numbers": "question,statistic"}
    for report, figures in published().items():
        lines = "".join(f"{key.replace('/', ',')},{measure},{value},p. 3\n" for key, measure, value in figures)
        files[f"published/{report}.csv"] = f"{keys.get(report, 'activity')},measure,printed,place\n{lines}"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    register = folder.with_name("associations.csv")
    listed = "".join(f"ASSO:{n:03},association,{name},,,,,,FR\n" for n, name in names.items())
    register.write_text(REGISTER + listed, encoding="utf-8")
    return register


def _row(number: int) -> str:
    if not responded(number):
        return f"Association {number:03},{'refused' if number % 25 == 7 else 'not_reached'},,,\n"
    told = members(number)
    with_whom = "; ".join(partners(number))
    return f"Association {number:03},responded,{told or 'dont_know'},{activity(number)},{with_whom}\n"
