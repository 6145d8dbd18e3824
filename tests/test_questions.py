"""What a wave asks on its own: questions and their items in tables, answers in columns or one in a row."""

from __future__ import annotations

import csv
import io
import random
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from jumelage import database
from tests.conftest import Databases, WaveFolder, address, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import URL

QUESTIONS = """\
question,kind,label_fr,label_en,asked_of,list,unit,least,most,default_answer
budget,number,Budget annuel,Yearly budget,respondents,,EUR,0,100000,
line,yes_no,Ligne budgétaire,Budget line,engaged,,,,,no
who,choice,Qui s’en charge,Who is in charge,respondents,,,,,
whom,choices,Avec qui,With whom,respondents,,,,,
first,date,Premier contact,First contact,respondents,,,,,
remark,text,Remarque,Remark,respondents,,,,,
doing,choices,Actions,Actions,respondents,actions,,,,
"""
ITEMS = """\
question,item,parent,label_fr,label_en
who,mayor,,Le maire,The mayor
who,other,,Autre,Other
whom,schools,,Écoles,Schools
whom,clubs,,Associations,Clubs
whom,sport,clubs,Clubs sportifs,Sports clubs
"""
RESPONDENTS = """\
Ville,Réponse,Budget annuel / Yearly budget,line,Qui s’en charge,whom,first,remark
Lille,a répondu,"12 000,5",,Le maire,Écoles; Clubs sportifs,1995,très bien
Douai,a répondu,ne sait pas,oui,other,,avant 1970,
Lens,a refusé,,,,,,
"""


def asking(wave: WaveFolder) -> WaveFolder:
    wave.write("questions.csv", QUESTIONS)
    wave.write("question_items.csv", ITEMS)
    wave.write("respondents.csv", RESPONDENTS)
    wave.write("answers.csv", "city,question,item,answer\nDouai,Avec qui,Clubs,non\nLille,doing,,Agenda 21; interreg\n")
    return wave


def loaded(wave: WaveFolder, url: URL, *more: object) -> None:
    done = run("load", wave.path, "--db", address(url), *more)
    assert done.code == 0, done.err


def rows(url: URL, sql: str) -> list[tuple[object, ...]]:
    with database.reading(url) as connection:
        return [tuple(row) for row in database.query(connection, sql)[1]]


def report(url: URL, name: str) -> list[dict[str, str]]:
    done = run("report", name, "--db", address(url), "--format", "csv")
    assert done.code == 0, done.err
    return list(csv.DictReader(io.StringIO(done.out)))


def test_answers_are_stored_by_the_kind_of_their_question(databases: Databases, tiny_wave: WaveFolder) -> None:
    url = databases.migrated()
    loaded(asking(tiny_wave), url)
    assert rows(
        url,
        "select question, item, code, cast(number as varchar), cast(date_from as varchar), text, missing "
        "from survey.answers where city = '59350' and question <> 'doing' order by question, item",
    ) == [
        ("budget", "", None, "12000.500000", None, None, None),
        ("first", "", None, None, "1995-01-01", None, None),
        ("remark", "", None, None, None, "très bien", None),
        ("who", "", "mayor", None, None, None, None),
        ("whom", "clubs", "no", None, None, None, None),
        ("whom", "schools", "yes", None, None, None, None),
        ("whom", "sport", "yes", None, None, None, None),
    ]
    assert rows(url, "select question, missing from survey.answers where missing is not null") == [
        ("budget", "dont_know")
    ]
    done = run("load", tiny_wave.path, "--db", address(url))
    assert "unchanged" in done.err, done.err


def test_reports_count_them_and_keep_apart_who_gave_none(databases: Databases, tiny_wave: WaveFolder) -> None:
    url = databases.migrated()
    loaded(asking(tiny_wave), url)
    found = {(row["question"], row["answer"]): row for row in report(url, "answers")}
    counts = {key: (row["cities"], row["cities_high"], row["base"], row["no_answer"]) for key, row in found.items()}
    assert counts["line", "yes"] == ("1", "1", "2", "0")
    assert counts["line", "no"] == ("1", "1", "2", "0")  # a blank is a no: the wave says so
    assert counts["who", "mayor"] == counts["who", "other"] == ("1", "1", "2", "0")
    assert counts["whom", "clubs"] == ("1", "1", "2", "0")  # a sports club is a club
    assert counts["whom", "schools"] == ("1", "1", "2", "1")
    assert counts["doing", "agenda_21"] == counts["doing", "interreg"] == ("1", "1", "2", "1")
    assert counts["doing", "experience_exchange"] == ("1", "1", "2", "1")  # of which Agenda 21 is a kind
    statistics = {row["statistic"]: (row["value"], row["value_high"]) for row in report(url, "numbers")}
    assert statistics["base"] == ("2", "2")
    assert statistics["missing_dont_know"] == ("1", "1")
    assert statistics["total"] == statistics["median"] == ("12000.5", "12000.5")
    behind = run("explain", "numbers", "budget/total", "value", "--db", address(url), "--format", "csv")
    assert [row["city"] for row in csv.DictReader(io.StringIO(behind.out))] == ["59350"]


def test_a_list_that_grows_tomorrow_was_not_asked_today(databases: Databases, tiny_wave: WaveFolder) -> None:
    url = databases.migrated()
    loaded(asking(tiny_wave), url)
    asked = rows(url, "select count(*) from asked_items where question = 'doing'")
    assert asked == rows(url, "select count(*) from survey.actions")
    with database.writing(url, dry_run=False) as connection:
        connection.exec_driver_sql(
            "insert into survey.actions (code, position, label_fr, label_en) values ('new', 99, 'Nouveau', 'New')"
        )
    assert rows(url, "select count(*) from asked_items where question = 'doing'") == asked
    assert not [row for row in report(url, "answers") if row["answer"] == "new"]


def test_one_table_is_loaded_again_and_the_answers_stay(databases: Databases, tiny_wave: WaveFolder) -> None:
    url = databases.migrated()
    loaded(asking(tiny_wave), url)
    before = rows(url, "select city, question, item, code, number, text, missing from survey.answers order by 1, 2, 3")
    tiny_wave.write("new.csv", "city,country\nLille,Allemagne\nDouai,Pologne\nLille,GB\n")
    again = ("--table", "partnerships", "--wave", "tiny", "--reason", "x")
    done = run("load", tiny_wave.path / "new.csv", *again, "--db", address(url), "--accept-loss")
    assert done.code == 0, done.err
    kept = "select city, question, item, code, number, text, missing from survey.answers where revision = 2"
    assert rows(url, f"{kept} order by 1, 2, 3") == before
    tiny_wave.write("new.csv", RESPONDENTS.replace("12 000,5", "7"))
    again = ("--table", "respondents", "--wave", "tiny", "--reason", "x")
    done = run("load", tiny_wave.path / "new.csv", *again, "--db", address(url), "--accept-loss")
    assert done.code == 0, done.err
    assert rows(url, "select number from answers where question = 'budget' and city = '59350'") == [(7,)]
    # A column stands for all answers to its question, those that came one in a row too: what goes is told.
    assert rows(url, "select count(*) from survey.answers where revision = 3") == [(len(before) - 1,)]
    assert "answers: " in done.err


def test_published_figures_of_answers_are_held_against_them(databases: Databases, tiny_wave: WaveFolder) -> None:
    url = databases.migrated()
    asking(tiny_wave)
    tiny_wave.write(
        "published/answers.csv", "question,answer,measure,printed,place\nwho,mayor,cities,1,p\nwhom,clubs,cities,2,p\n"
    )
    tiny_wave.write(
        "published/numbers.csv",
        "question,statistic,measure,printed,place\nbudget,total,value,13000,p\nbudget,base,value,2,p\n",
    )
    loaded(tiny_wave, url)
    done = run("check", "--db", address(url), "--format", "csv")
    found = {(row["report"], row["key"]): row["status"] for row in csv.DictReader(io.StringIO(done.out))}
    assert found == {
        ("answers", "who/mayor"): "reproduced",
        ("answers", "whom/clubs"): "contradicted",
        ("numbers", "budget/total"): "contradicted",
        ("numbers", "budget/base"): "reproduced",
    }
    assert done.code == 1  # nobody has explained them


@pytest.mark.parametrize("seed", range(3))
def test_numbers_are_bounds_where_answers_are_not_published(
    databases: Databases, tiny_wave: WaveFolder, seed: int
) -> None:
    """Held against every way in which the answers that are not published may have been given."""
    rng = random.Random(seed)  # noqa: S311
    towns = ["Lille", "Douai", "Lens", "Arras", "Calais"]
    answers = [rng.choice(["non publié", "refus", *"0123456789"]) for _ in towns]
    tiny_wave.write("frame.csv", "city,population\n" + "".join(f"{town},1\n" for town in towns))
    tiny_wave.write("questions.csv", "question,kind,label_fr,label_en,least,most\nn,number,N,N,0,9\n")
    listed = "".join(f"{town},responded,{answer}\n" for town, answer in zip(towns, answers, strict=True))
    tiny_wave.write("respondents.csv", f"city,response,n\n{listed}")
    tiny_wave.write("difficulties.csv", "city,difficulty,answer\n")
    url = databases.migrated()
    loaded(tiny_wave, url)
    found = {row["statistic"]: (row["value"], row["value_high"]) for row in report(url, "numbers")}
    known = [int(answer) for answer in answers if answer.isdigit()]
    ways = [known + [end] * answers.count("non publié") for end in (0, 9)]
    for name, statistic in (
        ("total", sum),
        ("min", min),
        ("max", max),
        ("mean", _mean),
        ("q1", _quantile(1)),
        ("q3", _quantile(3)),
    ):
        if ways[0]:
            assert [Fraction(end) for end in found[name]] == [round(Fraction(statistic(way)), 2) for way in ways], name
    assert found["base"] == (str(len(towns)),) * 2


def _mean(values: list[int]) -> Fraction:
    return Fraction(sum(values), len(values))


def _quantile(quarter: int) -> Callable[[list[int]], Fraction]:
    def quantile(values: list[int]) -> Fraction:
        ordered, place = sorted(values), Fraction(quarter * (len(values) - 1), 4)
        below = int(place)
        above = min(below + 1, len(values) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    return quantile
