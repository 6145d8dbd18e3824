"""What a wave asks on its own: questions and their items in tables, answers in columns or one in a row."""

from __future__ import annotations

import csv
import io
import random
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from jumelage import content, database
from tests.conftest import Databases, WaveFolder, address, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from openpyxl import Workbook
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


# What a wave may ask so that a workbook has to mind how it says it.
ODD = """\
question,kind,label_fr,label_en,list,least,default_answer
budget,number,Budget annuel,Yearly budget,,0,
line,yes_no,Ligne budgétaire,Budget line,,,no
other_a,text,"Autre, précisez",Please specify,,,
other_b,text,"Autre, précisez",Please specify,,,
lead,choice,=Service,Service,,,
whom,choices,Avec qui / pour qui,With whom,,,
where,choice,Pays principal,Main country,countries,,
"""
ODD_ITEMS = """\
question,item,parent,label_fr,label_en
lead,always,,Oui,Yes
lead,partly,,En partie,Partly
lead,never,,Non,No
whom,schools,,Écoles,Schools
whom,clubs,,"Clubs; associations",Clubs
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


def report(url: URL, name: str, *more: str) -> list[dict[str, str]]:
    done = run("report", name, *more, "--db", address(url), "--format", "csv")
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


def test_a_template_asks_the_questions_and_loads_filled_in(databases: Databases, tmp_path: Path) -> None:
    url, path = databases.loaded(), tmp_path / "new.xlsx"
    (tmp_path / "questions.csv").write_text(ODD, encoding="utf-8")
    (tmp_path / "question_items.csv").write_text(ODD_ITEMS, encoding="utf-8")
    made = ("template", path, "--wave", "2014", "--from", "2006", "--questions", tmp_path / "questions.csv")
    assert run(*made, "--db", address(url)).code == 0
    book = load_workbook(path)
    sheet, columns = book["respondents"], {}
    for cell in sheet[1]:
        columns[cell.value] = cell.column
        assert cell.data_type == "s"
    asked = ["Budget annuel / Yearly budget", "Ligne budgétaire / Budget line"]
    # One is headed by its code alone: it is called as the question on the service in charge is.
    asked += ["Autre, précisez / Please specify / other_a", "Autre, précisez / Please specify / other_b"]
    asked += ["lead", "Avec qui / pour qui / With whom", "Pays principal / Main country"]
    assert list(columns)[-7:] == asked
    offered = {name: _offered(book, sheet.cell(2, columns[name]).coordinate) for name in asked}
    _, _, *reasons = answers = [label.fr for label in content.answers("answers").values()]
    assert offered[asked[1]] == answers
    assert offered[asked[4]] == ["Oui", "En partie", "Non", *reasons]
    assert offered[asked[6]][:3] == ["Afghanistan", "Afrique du Sud", "Albanie"]
    note = sheet.cell(1, columns[asked[5]]).comment.text
    assert "Écoles; clubs." in note  # the label of the other would be taken for two
    assert "Schools; Clubs." in note

    keys = {cells[0].value: cells[1] for cells in book["wave"].iter_rows(min_row=2)}
    given = {"reference_date": date(2014, 6, 30), "source": "x", "complete.agreements": "Non"}
    given |= {"fieldwork.from": date(2014, 3, 1), "fieldwork.to": date(2014, 6, 30)}
    for key, value in given.items():
        keys[key].value = value
    for place in range(10):
        row = [(place + 1) * 1000 if place < 9 else reasons[0], "Oui" if place < 4 else None, "a", "b"]
        row += [offered[asked[4]][place % 4], "Schools; Clubs" if place else "Non", offered[asked[6]][place]]
        sheet.cell(place + 2, 2).value = "responded"
        for name, value in zip(asked, row, strict=True):
            sheet.cell(place + 2, columns[name]).value = value
    book.save(path)
    done = run("load", path, "--db", address(url))
    assert done.code == 0, done.err
    numbers = {row["statistic"]: row["value"] for row in report(url, "numbers", "--wave", "2014")}
    assert (numbers["base"], numbers["missing_dont_know"], numbers["median"]) == ("10", "1", "5000")
    assert numbers["total"] == "45000"
    counts = {(row["question"], row["answer"]): row["cities"] for row in report(url, "answers", "--wave", "2014")}
    assert (counts["line", "yes"], counts["line", "no"]) == ("4", "6")
    assert (counts["lead", "always"], counts["lead", "partly"], counts["lead", "never"]) == ("3", "3", "2")
    assert (counts["whom", "schools"], counts["whom", "clubs"], counts["where", "AF"]) == ("9", "9", "1")
    assert "unchanged" in run("load", "waves/2006", "--db", address(url)).err

    # The wave after it asks the same unless it says otherwise.
    again = tmp_path / "again.xlsx"
    assert run("template", again, "--wave", "2020", "--from", "2014", "--db", address(url)).code == 0
    for name in ("questions", "question_items"):
        assert list(load_workbook(again)[name].values) == list(load_workbook(path)[name].values)
    assert [cell.value for cell in load_workbook(again)["respondents"][1]] == list(columns)


def _offered(book: Workbook, cell: str) -> list[str]:
    """What the drop-down of a cell of respondents offers."""
    found = (each for each in book["respondents"].data_validations.dataValidation if cell in each.sqref)
    formula = next((each.formula1 for each in found if each.type == "list"), None)
    return [row[0].value for row in book["lists"][formula.split("!")[1].replace("$", "")]] if formula else []


def test_a_template_is_not_written_of_questions_that_a_load_would_refuse(tmp_path: Path) -> None:
    questions, items, path = tmp_path / "q.csv", tmp_path / "i.csv", tmp_path / "new.xlsx"
    questions.write_text(QUESTIONS.replace("who,choice", "who,chose"), encoding="utf-8")
    items.write_text(ITEMS.replace("sport,clubs", "sport,club"), encoding="utf-8")
    done = run("template", path, "--wave", "2014", "--questions", questions, "--items", items)
    assert done.code == 1
    wrong, missing, outcome = done.err.splitlines()
    assert wrong.startswith("i.csv:6, column parent: 'club': is no other item of the same question; did you mean clubs")
    assert missing.startswith("q.csv:4, column kind: 'chose': must be")
    assert outcome == f"error: {questions}: 2 findings; nothing was written"
    assert not path.exists()
    done = run("template", path, "--wave", "2014", "--items", items)
    assert (done.code, done.err) == (2, "error: --items goes with --questions\n")
    many = "".join(f"q{number},text,Q {number},Question {number}\n" for number in range(200))
    questions.write_text(f"question,kind,label_fr,label_en\n{many}", encoding="utf-8")
    done = run("template", path, "--wave", "2014", "--questions", questions)
    assert done.code == 2
    assert "200 questions are too many for a sheet" in done.err


def test_an_item_that_is_called_like_a_reason_is_an_answer(databases: Databases, tiny_wave: WaveFolder) -> None:
    tiny_wave.write("questions.csv", "question,kind,label_fr,label_en\nend,choice,Fin,End\n")
    tiny_wave.write("question_items.csv", "question,item,label_fr,label_en\nend,refused,Rompu,Broken off\nend,b,B,B\n")
    tiny_wave.write("respondents.csv", "city,response,end\nLille,responded,Broken off\nDouai,responded,b\n")
    url = databases.migrated()
    loaded(tiny_wave, url)
    counts = {row["answer"]: (row["cities"], row["refused"], row["base"]) for row in report(url, "answers")}
    assert counts == {"refused": ("1", "0", "2"), "b": ("1", "0", "2")}


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
    told = run("diff", "tiny@1", "tiny", "--db", address(url), "--format", "csv").out
    assert "row,answers,59350/budget/,number,12000.5,7" in told.splitlines()


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
