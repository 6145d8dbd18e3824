"""Exports of survey tools, read by a map: the same content as the same answers typed by hand, and what is wrong said."""

from __future__ import annotations

import csv
import json
import shutil
import tomllib
from typing import TYPE_CHECKING

import pytest
from openpyxl import Workbook, load_workbook

from jumelage import database
from jumelage.rules import folder as rules_folder
from tests.conftest import Databases, WaveFolder, address, run
from tests.pages import carry_out

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL

QUESTIONS = """\
question,kind,label_fr,label_en,asked_of,list,unit,least,most,default_answer
budget,number,Budget annuel,Yearly budget,respondents,,EUR,0,100000,
line,yes_no,Ligne budgétaire,Budget line,respondents,,,,,
who,choice,Qui s’en charge,Who is in charge,respondents,,,,,
whom,choices,Avec qui,With whom,respondents,,,,,
first,date,Premier contact,First contact,respondents,,,,,
remark,text,Remarque,Remark,respondents,,,,,
"""
ITEMS = """\
question,item,parent,label_fr,label_en
who,mayor,,Le maire,The mayor
who,other,,Autre,Other
whom,schools,,Écoles,Schools
whom,clubs,,Associations,Clubs
whom,sport,clubs,Clubs sportifs,Sports clubs
"""
BY_HAND = {
    "respondents.csv": """\
city,response,service,budget,line,who,whom,first,remark
Lille,responded,yes,"12000,5",dont_know,mayor,schools; sport,1995,"très bien; merci"
Douai,responded,no,refused,yes,other,,,
""",
    "actions.csv": """\
city,action,answer
Lille,agenda_21,yes
Lille,interreg,no
Douai,agenda_21,no
Douai,interreg,no
""",
    "difficulties.csv": "city,difficulty,answer\nLille,languages,yes\nLille,fatigue,no\n",
}

# KoboToolbox: semicolons, every text in quotes, groups before the questions; of several items both one column of them
# all, set apart by blanks, and one column each.
KOBO = """\
"start";"end";"town";"int/service";"int/budget";"int/line";"int/who";"int/whom";"int/whom/schools";"int/whom/clubs";\
"int/whom/sport";"int/first";"int/remark";"acts";"acts/agenda_21";"acts/interreg";"diff";"_id";"_uuid";\
"_submission_time";"_validation_status";"__version__";"_index"
"2011-01-05T10:11:12.123+01:00";"2011-01-05T10:31:00.001+01:00";"lille";"1";"12000.5";"98";"mayor";"schools sport";"1";\
"0";"1";"1995";"très bien; merci";"agenda_21";"1";"0";"languages";"101";"a-b-c";"2011-01-05T09:31:10";"";"vAb12";"1"
"2011-01-06T10:11:12.123+01:00";"2011-01-06T10:31:00.001+01:00";"douai";"0";"-99";"1";"other";"";"";"";"";"";"";"none";\
"0";"0";"";"102";"a-b-d";"2011-01-06T09:31:10";"";"vAb12";"2"
"""
KOBO_MAP = """\
# What our form at KoboToolbox calls what the survey asks
ignore = ["start", "end", "_*", "int/whom", "acts"]

[columns]
"town" = "city"
"int/*" = "*"
"acts/*" = "actions/*"
"diff" = "difficulties"

[constants]
response = "responded"

[values."*"]
1 = "yes"
0 = "no"
98 = "dont_know"

[values.budget]
-99 = "refused"

[values.difficulties]
languages = "languages"
fatigue = "fatigue"

[separators]
difficulties = " "
"""
# LimeSurvey: codes as headings, items in brackets, Y where ticked, and N or nothing where not.
LIME = """\
"id","submitdate","lastpage","startlanguage","seed","Q00","Q01","Q02","Q03","Q04","Q05[SQ001]","Q05[SQ002]",\
"Q05[SQ003]","Q05[other]","Q06","Q07","ACT[A1]","ACT[A2]","DIF[D1]","DIF[D2]"
"7","2011-01-05 10:31:00","3","fr","1234567","59350","Y","12000.5","DK","A1","Y","N","Y","","1995-01-01",\
"très bien; merci","Y","","Y","N"
"8","","1","fr","1234568","","","","","","","","","","","","","","",""
"9","2011-01-06 10:31:00","3","fr","1234569","59178","N","RF","Y","A2","","","","","","","N","N","",""
"""
LIME_MAP = """\
file = "results-survey123456.csv"
ignore = ["id", "submitdate", "lastpage", "startlanguage", "seed", "Q05[other]"]
columns = { Q00 = "city_code", Q01 = "service", Q02 = "budget", Q03 = "line", Q04 = "who", Q06 = "first", Q07 = "remark",\
 "Q05[SQ001]" = "whom/schools", "Q05[SQ002]" = "whom/clubs", "Q05[SQ003]" = "whom/Clubs sportifs",\
 "ACT[A1]" = "actions/agenda_21", "ACT[A2]" = "actions/interreg",\
 "DIF[D1]" = "difficulties/languages", "DIF[D2]" = "difficulties/fatigue" }
constants.response = "responded"
[only]
lastpage = "3"
[values."*"]
Y = "yes"
N = "no"
DK = "dont_know"
[values.actions]
Y = "yes"
N = "no"
"" = "no"
[values.difficulties]
Y = "yes"
N = "no"
"" = "no"
[values.budget]
RF = "refused"
[values.first]
"1995-01-01" = "1995"
[values.who]
A1 = "mayor"
A2 = "Autre"
"""
# REDCap: raw codes, a checkbox of three underlines and its code, a row per event, a column that says a form is complete.
REDCAP = """\
record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,town,service,budget,line,who,whom___1,\
whom___2,whom___3,first,remark,acts___1,acts___2,diff___1,diff___2,survey_complete
1,baseline_arm_1,,,Lille,1,12000.5,9,1,1,0,1,1995,très bien; merci,1,0,1,0,2
1,follow_up_arm_1,,,,,,,,0,0,0,,,0,0,0,0,0
2,baseline_arm_1,,,Douai,0,-99,1,2,,,,,,0,0,,,2
"""
REDCAP_MAP = """\
file = "Jumelages_DATA_2011-01-31.csv"
ignore = ["record_id", "redcap_*", "*_complete"]
[columns]
town = "city"
whom___1 = "whom/schools"
whom___2 = "whom/clubs"
whom___3 = "whom/sport"
acts___1 = "actions/agenda_21"
acts___2 = "actions/interreg"
diff___1 = "difficulties/languages"
diff___2 = "difficulties/fatigue"
[constants]
response = "responded"
[only]
redcap_event_name = ["baseline_arm_1"]
[values."*"]
1 = "yes"
0 = "no"
9 = "dont_know"
[values.who]
1 = "mayor"
2 = "other"
[values.budget]
"-99" = "refused"
"""
TOOLS = {
    "kobo": ("export.csv", KOBO, KOBO_MAP),
    "limesurvey": ("results-survey123456.csv", LIME, LIME_MAP),
    "redcap": ("Jumelages_DATA_2011-01-31.csv", REDCAP, REDCAP_MAP),
}


def asking(wave: WaveFolder) -> WaveFolder:
    """A wave that asks, and whose answers are still to come."""
    wave.write("questions.csv", QUESTIONS)
    wave.write("question_items.csv", ITEMS)
    for name in BY_HAND:
        (wave.path / name).unlink(missing_ok=True)
    return wave


def by_hand(wave: WaveFolder) -> WaveFolder:
    asking(wave)
    for name, text in BY_HAND.items():
        wave.write(name, text)
    return wave


def exported(wave: WaveFolder, name: str, text: str, said: str) -> WaveFolder:
    asking(wave)
    wave.write(name, text)
    wave.write("map.toml", said)
    return wave


def kobo(wave: WaveFolder, text: str = KOBO, said: str = KOBO_MAP) -> WaveFolder:
    return exported(wave, "export.csv", text, said)


def rows(url: URL, sql: str) -> list[tuple[object, ...]]:
    with database.reading(url) as connection:
        return [tuple(row) for row in database.query(connection, sql)[1]]


def found(wave: WaveFolder, url: URL, *more: object) -> list[tuple[object, ...]]:
    """What a load finds: file, row, column, value and rule of each."""
    done = run("load", wave.path, "--db", address(url), "--format", "json", *more)
    assert "Traceback" not in done.err, done.err
    return [tuple(one[name] for name in ("file", "row", "column", "value", "rule")) for one in json.loads(done.out)]


@pytest.mark.parametrize("tool", TOOLS)
def test_an_export_says_what_the_same_answers_typed_by_hand_say(
    databases: Databases, tiny_wave: WaveFolder, tool: str
) -> None:
    url = databases.migrated()
    done = run("load", by_hand(tiny_wave).path, "--db", address(url))
    assert done.code == 0, done.err
    exported(tiny_wave, *TOOLS[tool])
    done = run("load", tiny_wave.path, "--db", address(url))
    assert done.code == 0, done.err
    assert "unchanged" in done.err, done.err


# What is changed in the export or the map of KoboToolbox (file, old, new), and all that is then found.
MAP, EXPORT = "map.toml", "export.csv"
CASES: dict[str, tuple[list[tuple[str, str, str]], list[tuple[object, ...]]]] = {
    "export_column_unknown": (
        [(MAP, '"int/*" = "*"\n', ""), (MAP, ', "int/whom"', "")],
        [
            (EXPORT, 1, f"int/{name}", None, "export_column_unknown")
            for name in ("service", "budget", "line", "who", "whom", "whom/schools", "whom/clubs", "whom/sport")
        ]
        + [(EXPORT, 1, f"int/{name}", None, "export_column_unknown") for name in ("first", "remark")]
        + [(MAP, None, "values.budget", None, "map_values_unused")],
    ),
    "map_target_unknown": (
        [
            (MAP, '"town" = "city"', '"town" = "city"\n"int/who" = "whoo"\n"int/whom/sport" = "whom/spor"'),
            (MAP, "[values.budget]", "[values.budgt]"),
            (MAP, "[constants]", "[constants]\nanswered = 'yes'"),
            (MAP, "[separators]", "[separators]\nactons = ','"),
        ],
        [
            (MAP, None, "columns.int/who", "whoo", "map_target_unknown"),
            (MAP, None, "columns.int/whom/sport", "whom/spor", "map_target_unknown"),
            (MAP, None, "constants.answered", "yes", "map_target_unknown"),
            (MAP, None, "separators.actons", ",", "map_target_unknown"),
            (MAP, None, "values.budgt", None, "map_target_unknown"),
            (EXPORT, 3, "int/budget", "-99", "number_out_of_bounds"),
        ],
    ),
    "map_column_missing": (
        [
            (MAP, '"town" = "city"', '"town" = "city"\n"int/wo" = "who"'),
            (MAP, "[separators]", '[only]\n_ids = "1"\n[separators]'),
        ],
        [
            (MAP, None, "columns.int/wo", "who", "map_column_missing"),
            (MAP, None, "only._ids", None, "map_column_missing"),
        ],
    ),
    "map_column_doubled": (
        [(EXPORT, '"start";"end"', '"start";"start"'), (MAP, "[separators]", '[only]\nstart = ""\n[separators]')],
        [(MAP, None, "only.start", None, "map_column_doubled")],
    ),
    "map_pattern_unused": (
        [(MAP, '"town" = "city"', '"town" = "city"\n"other/*" = "*"')],
        [(MAP, None, "columns.other/*", "*", "map_pattern_unused")],
    ),
    "map_ignored_too": (
        [(MAP, '"town" = "city"', '"town" = "city"\n"end" = "first"'), (EXPORT, '"int/first"', '"_first"')],
        [
            (EXPORT, 2, "end", "2011-01-05T10:31:00.001+01:00", "not_a_date"),
            (EXPORT, 3, "end", "2011-01-06T10:31:00.001+01:00", "not_a_date"),
            (MAP, None, "columns.end", "first", "map_ignored_too"),
        ],
    ),
    "map_target_twice": (
        [
            (MAP, ', "int/whom"', ""),
            (MAP, '"town" = "city"', '"town" = "city"\n"start" = "remark"'),
            (MAP, '"start", ', ""),
            (MAP, "[values.budget]", '[values.whom]\nx = "schools"\n[values.budget]'),
        ],
        [
            (EXPORT, 1, "int/remark", None, "map_target_twice"),
            (EXPORT, 1, "int/whom/clubs", None, "map_target_twice"),
            (EXPORT, 1, "int/whom/schools", None, "map_target_twice"),
            (EXPORT, 1, "int/whom/sport", None, "map_target_twice"),
        ],
    ),
    "map_constant_twice": (
        [(MAP, "[constants]", "[constants]\nline = 'yes'")],
        [(MAP, None, "constants.line", "yes", "map_constant_twice")],
    ),
    "map_without_city": (
        [(MAP, '"town" = "city"', ""), (MAP, '"start", ', '"start", "town", ')],
        [(MAP, None, "columns", None, "map_without_city")],
    ),
    "map_without_response": (
        [(MAP, 'response = "responded"', "")],
        [(MAP, None, "constants", None, "map_without_response")],
    ),
    "map_value_unknown": (
        [
            (MAP, "[values.budget]", '[values.who]\nm = "mayr"\nmayor = "mayor"\nother = ""\n[values.budget]'),
            (MAP, 'response = "responded"', 'response = "answered"'),
            (MAP, '98 = "dont_know"', '98 = "dont_now"'),
        ],
        [
            (EXPORT, 2, "int/line", "98", "value_not_recoded"),
            (MAP, None, "constants.response", "answered", "map_value_unknown"),
            (MAP, None, "values.*.98", "dont_now", "map_value_unknown"),
            (MAP, None, "values.who.m", "mayr", "map_value_unknown"),
        ],
    ),
    "map_values_unused": (
        [(MAP, "[values.budget]", "[values.declared_agreements]\nx = '1'\n[values.budget]")],
        [(MAP, None, "values.declared_agreements", None, "map_values_unused")],
    ),
    "map_separator": (
        [(MAP, "[separators]", "[separators]\nwho = ','\nwhom = ','")],
        [(MAP, None, "separators.who", ",", "map_separator"), (MAP, None, "separators.whom", ",", "map_separator")],
    ),
    "value_not_recoded": (
        [
            (EXPORT, '"98";"mayor";"schools sport";"1"', '"97";"mayor";"schools sport";"Y"'),
            (EXPORT, '"languages";"101"', '"languages tired";"101"'),
            (EXPORT, '"-99";"1";"other"', '"-99";"1";"mayor"'),
            (MAP, "[values.budget]", '[values.who]\n1 = "mayor"\nother = "other"\n[values.budget]'),
        ],
        [
            (EXPORT, 2, "diff", "tired", "value_not_recoded"),
            (EXPORT, 2, "int/line", "97", "value_not_recoded"),
            (EXPORT, 2, "int/who", "mayor", "value_not_recoded"),
            (EXPORT, 2, "int/whom/schools", "Y", "value_not_recoded"),
            (EXPORT, 3, "int/who", "mayor", "value_not_recoded"),
        ],
    ),
    "map_file": (
        [(MAP, "ignore =", 'file = "../export.csv"\nignore =')],
        [(MAP, None, "file", "../export.csv", "map_file")],
    ),
    "rows_not_chosen": (
        [
            (MAP, "[separators]", '[only]\n_index = ["1", "2"]\n[separators]'),
            (EXPORT, '"vAb12";"2"\n', '"vAb12";"2"\n' + '"";' * 22 + '"3"\n'),
        ],
        [(MAP, None, "only._index", "1, 2", "rows_not_chosen")],
    ),
    "export_and_table": (
        [("difficulties.csv", "", "city,difficulty,answer\n")],
        [("difficulties.csv", None, None, None, "export_and_table")],
    ),
    "not_toml": (
        [(MAP, "[columns]", "[columns")],
        [(MAP, None, None, None, "not_toml")],
    ),
    "key_unknown": (
        [(MAP, "[columns]", "ignored = ['x']\n[columns]")],
        [(MAP, None, "ignored", "['x']", "key_unknown")],
    ),
    "key_type": (
        [(MAP, '"start", ', '"start", 1, '), (MAP, "[separators]", "[separators]\nwhom = 1")],
        [(MAP, None, "ignore", "1", "key_type"), (MAP, None, "separators.whom", "1", "key_type")],
    ),
    # What is found in the tables of the wave stands where the export has it.
    "item_not_asked": (
        [(EXPORT, '"mayor"', '"boss"')],
        [(EXPORT, 2, "int/who", "boss", "item_not_asked")],
    ),
    "row_twice": (
        [(EXPORT, '"douai";', '"lille";')],
        [
            (EXPORT, 3, "town", "lille", "row_twice"),
            (EXPORT, 3, "int/budget", "-99", "answer_twice"),
            (EXPORT, 3, "int/line", "1", "answer_twice"),
            (EXPORT, 3, "int/service", "0", "answer_twice"),
            (EXPORT, 3, "int/who", "other", "answer_twice"),
            (EXPORT, 3, "town", "lille", "row_twice"),
        ],
    ),
    "name_unknown": (
        [(EXPORT, '"douai";', '"douay";')],
        [
            (EXPORT, 3, "town", "douay", "name_unknown"),
        ],
    ),
    "answers_of_nonrespondent": (
        [
            (MAP, 'response = "responded"', ""),
            (MAP, '"start", ', ""),
            (MAP, "[columns]", '[columns]\n"start" = "response"'),
            (MAP, '98 = "dont_know"', '98 = "dont_know"\nsent = "responded"\n"refused it" = "refused"'),
            (EXPORT, '"2011-01-05T10:11:12.123+01:00"', '"refused it"'),
            (EXPORT, '"2011-01-06T10:11:12.123+01:00"', '"sent"'),
        ],
        [
            *[
                (EXPORT, 2, f"int/{name}", value, "answers_of_nonrespondent")
                for name, value in {
                    "budget": "12000.5",
                    "first": "1995",
                    "remark": "très bien; merci",
                    "service": "1",
                    "who": "mayor",
                    "whom/clubs": "0",
                    "whom/schools": "1",
                    "whom/sport": "1",
                }.items()
            ],
            (EXPORT, 2, "town", "lille", "answers_of_nonrespondent"),
            *[("partnerships.csv", row, "city", "Lille", "answers_of_nonrespondent") for row in (2, 3, 4)],
        ],
    ),
}
WITHOUT_CASE = {"export_without_map", "export_sheet"}  # have tests of their own


def changed(wave: WaveFolder, changes: list[tuple[str, str, str]]) -> WaveFolder:
    kobo(wave)
    for name, old, new in changes:
        if old:
            wave.replace(name, old, new)
        else:
            wave.write(name, new)
    return wave


@pytest.mark.on_duckdb
@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found_where_the_map_or_the_export_has_it(
    databases: Databases, tiny_wave: WaveFolder, name: str
) -> None:
    changes, expected = CASES[name]
    url = databases.migrated()
    assert sorted(found(changed(tiny_wave, changes), url), key=str) == sorted(expected, key=str)


def test_every_rule_of_maps_has_its_case() -> None:
    of_maps = set(tomllib.loads((rules_folder() / "5_maps.toml").read_text(encoding="utf-8")))
    assert of_maps == set(CASES) & of_maps | WITHOUT_CASE


def test_the_map_is_kept_with_the_wave_and_a_correction_of_one_table_keeps_it(
    databases: Databases, tiny_wave: WaveFolder
) -> None:
    url = databases.migrated()
    assert run("load", kobo(tiny_wave).path, "--db", address(url)).code == 0
    ((declared,),) = rows(url, "select declared from survey.revisions")
    assert json.loads(str(declared))["map"]["columns"]["int/*"] == "*"
    tiny_wave.write("difficulties.csv", "city,difficulty,answer\nLille,languages,no\nLille,fatigue,no\n")
    correction = ("--table", "difficulties", "--wave", "tiny", "--reason", "it said no", "--db", address(url))
    done = run("load", tiny_wave.path / "difficulties.csv", *correction)
    assert done.code == 0, done.err
    kept = rows(url, "select revision, declared from survey.revisions order by revision")
    assert [revision for revision, _ in kept] == [1, 2]
    assert kept[0][1] == kept[1][1]
    assert rows(url, "select count(*) from survey.answers where revision = 2") == rows(
        url, "select count(*) from survey.answers where revision = 1"
    )
    assert run("check", "--rows", "--db", address(url)).code == 0

    # The same content read by another map is a revision only where a reason says so; `diff` names what the map says.
    (tiny_wave.path / "difficulties.csv").unlink()
    tiny_wave.write("map.toml", KOBO_MAP.replace('"end"', '"end", "today*"'))
    done = run("load", tiny_wave.path, "--db", address(url), "--reason", "the map of the second form")
    assert done.code == 0, done.err
    said = run("diff", "tiny@1", "tiny@3", "--db", address(url)).out
    assert "map.ignore" in said, said


def test_an_export_may_be_a_workbook_in_the_folder_or_a_sheet_of_the_wave(
    databases: Databases, tiny_wave: WaveFolder, tmp_path: Path
) -> None:
    url = databases.migrated()
    assert run("load", by_hand(tiny_wave).path, "--db", address(url)).code == 0
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Form"
    for record in csv.reader(KOBO.splitlines(), delimiter=";"):
        sheet.append([int(text) if text.lstrip("-").isdigit() else text or None for text in record])
    asking(tiny_wave).write("map.toml", KOBO_MAP)
    book.save(tiny_wave.path / "export.xlsx")
    done = run("load", tiny_wave.path, "--db", address(url))
    assert "unchanged" in done.err, done.err

    other = book.create_sheet("repeat")
    other.append(["_parent", "partner"])
    book.save(tiny_wave.path / "export.xlsx")
    assert found(tiny_wave, url) == [("export.xlsx", None, None, None, "export_sheet")]
    tiny_wave.write("map.toml", 'sheet = "Form"\n' + KOBO_MAP)
    assert "unchanged" in run("load", tiny_wave.path, "--db", address(url)).err

    book.remove(other)
    for name in ("frame", "partnerships", "questions", "question_items"):
        table = book.create_sheet(name)
        for row in csv.reader((tiny_wave.path / f"{name}.csv").read_text(encoding="utf-8").splitlines()):
            table.append(row)
    sheet = book.create_sheet("wave")
    sheet.append(["key", "value"])
    for key, value in dotted(tomllib.loads((tiny_wave.path / "wave.toml").read_text(encoding="utf-8"))):
        sheet.append([key, value])
    book.save(tmp_path / "tiny.xlsx")
    (tmp_path / "kobo.toml").write_text('sheet = "Form"\n' + KOBO_MAP, encoding="utf-8")
    done = run("load", tmp_path / "tiny.xlsx", "--map", tmp_path / "kobo.toml", "--db", address(url))
    assert "unchanged" in done.err, done.err
    book["Form"]["F2"] = 7
    book.save(tmp_path / "tiny.xlsx")
    out = tmp_path / "copy.xlsx"
    done = run(
        *("load", tmp_path / "tiny.xlsx", "--map", tmp_path / "kobo.toml", "--db", address(url), "--annotate", out)
    )
    assert done.code == 1
    assert "int/line: is neither recoded" in load_workbook(out)["Form"]["F2"].comment.text


def dotted(table: dict[str, object], name: str = "") -> list[tuple[str, object]]:
    """The keys of a TOML table as a sheet has them."""
    found = []
    for key, value in table.items():
        place = f"{name}{key}"
        found += dotted(value, f"{place}.") if isinstance(value, dict) else [(place, value)]
    return found


@pytest.mark.on_duckdb
@pytest.mark.long  # tests/test_reading.py has them for every file
def test_encodings_and_delimiters_are_those_of_every_file(databases: Databases, tiny_wave: WaveFolder) -> None:
    url = databases.migrated()
    assert run("load", by_hand(tiny_wave).path, "--db", address(url)).code == 0
    kobo(tiny_wave)
    for data in (
        KOBO.replace("\n", "\r\n").encode("utf-8-sig"),
        KOBO.replace(";", "\t").replace("bien\t", "bien;").encode("utf-16"),
        KOBO.encode("cp1252"),
    ):
        (tiny_wave.path / "export.csv").write_bytes(data)
        done = run("load", tiny_wave.path, "--db", address(url))
        assert "unchanged" in done.err, done.err


@pytest.mark.on_duckdb
def test_labels_separators_and_a_frame_may_come_with_the_export(databases: Databases, tiny_wave: WaveFolder) -> None:
    url = databases.migrated()
    by_hand(tiny_wave).write("answers.csv", "city,question,item,answer\nLens,whom,clubs,oui\nLens,whom,sport,refused\n")
    tiny_wave.append("respondents.csv", "Lens,responded,,,,refused,,,")
    tiny_wave.append("actions.csv", "Lens,agenda_21,dont_know\nLens,interreg,dont_know")
    done = run("load", tiny_wave.path, "--db", address(url))
    assert done.code == 0, done.err
    export = """\
Votre ville\tHab.\tService des relations internationales\tBudget annuel\tBudget line\tQui s’en charge\tAvec qui\t\
Associations\tSport\tPremier contact\tRemark\tActions\tLangues\tFatigue
Lille\t225784\tOui\t12000.5\tNe sait pas\tThe mayor\tÉcoles, Clubs sportifs\t\t\t1995\ttrès bien; merci\tAgenda 21\tx\tn/a
Douai\t42461\tNon\trefused\tYes\tAutre\t\t\t\t\t\taucune\t\t
Lens\t35830\t\t\t\t\t\t1\tR\t\t\t?\t\t
"""
    said = """\
file = "export.tsv"
[columns]
"Votre ville" = "city"
"Hab." = "population"
"Associations" = "whom/clubs"
"Sport" = "whom/sport"
"Langues" = "Difficulties/languages"
"Fatigue" = "difficulties/fatigue"
[constants]
response = "a répondu"
[separators]
"avec qui" = ","
[values.who]
"The mayor" = "mayor"
"Autre" = "other"
"" = "refused"
[values.actions]
"aucune" = "no"
"?" = "dont_know"
"Agenda 21" = "agenda_21"
"Interreg" = "interreg"
[values.difficulties]
x = "yes"
"n/a" = ""
"" = "no"
[values."difficulties/fatigue"]
"n/a" = "no"
"""
    exported(tiny_wave, "export.tsv", export, said)
    (tiny_wave.path / "answers.csv").unlink()
    (tiny_wave.path / "frame.csv").unlink()
    # A question in both forms is told; so the items get a form of their own, and the list one row less.
    twice = [("export.tsv", 1, name, None, "map_target_twice") for name in ("Associations", "Sport")]
    assert found(tiny_wave, url) == twice
    items = "Écoles\tAssociations\tSport"
    export = export.replace("Avec qui\tAssociations\tSport", items).replace("Écoles, Clubs sportifs\t\t", "1\t0\t1")
    tiny_wave.write("export.tsv", export)
    tiny_wave.write(
        "map.toml",
        said.replace('"avec qui" = ","', "").replace('"Sport" =', '"Écoles" = "whom/Écoles"\n"Sport" =')
        + '[values."*"]\n1 = "yes"\n0 = "no"\nx = "dont_know"\n[values."whom/sport"]\nR = "refused"\n',
    )
    done = run("load", tiny_wave.path, "--db", address(url))
    assert "unchanged" in done.err, done.err


@pytest.mark.on_duckdb
def test_items_in_one_column_are_set_apart_as_the_map_says(databases: Databases, tiny_wave: WaveFolder) -> None:
    url = databases.migrated()
    assert run("load", by_hand(tiny_wave).path, "--db", address(url)).code == 0
    for between in (", ", ";", " "):
        text = KOBO.replace('"schools sport"', f'"1{between}3"')
        said = KOBO_MAP.replace('"int/whom", "acts"', '"int/whom/*", "acts"')
        said += f'whom = "{between}"\n[values.whom]\n1 = "schools"\n2 = "clubs"\n3 = "Sports clubs"\n'
        said = said.replace("[columns]", '[columns]\n"int/whom" = "whom"')
        assert "unchanged" in run("load", kobo(tiny_wave, text, said).path, "--db", address(url)).err, between
    tiny_wave.replace("export.csv", '"1 3"', '"1 4"')
    assert found(tiny_wave, url) == [("export.csv", 2, "int/whom", "4", "value_not_recoded")]


@pytest.mark.on_duckdb
def test_an_export_or_its_map_alone_is_not_passed_over(
    databases: Databases, tiny_wave: WaveFolder, tmp_path: Path
) -> None:
    url = databases.migrated()
    said = kobo(tiny_wave).path / "map.toml"
    said.rename(tmp_path / "kobo.toml")
    assert found(tiny_wave, url) == [("export.csv", None, None, None, "export_without_map")]
    assert run("load", tiny_wave.path, "--map", tmp_path / "kobo.toml", "--db", address(url)).code == 0
    assert found(tiny_wave, url, "--map", tmp_path / "none.toml") == [
        ("none.toml", None, None, None, "file_unreadable")
    ]
    (tiny_wave.path / "export.csv").rename(tmp_path / "export.csv")
    assert found(tiny_wave, url, "--map", tmp_path / "kobo.toml") == [("export.csv", None, None, None, "file_missing")]
    table = ("--table", "frame", "--wave", "tiny", "--map", tmp_path / "kobo.toml")
    assert run("load", tiny_wave.path / "frame.csv", *table, "--db", address(url)).code == 2
    (tmp_path / "export.csv").rename(tiny_wave.path / "export.csv")
    tiny_wave.replace("questions.csv", "budget,number", "budget,numbr")
    assert found(tiny_wave, url, "--map", tmp_path / "kobo.toml") == [("questions.csv", 2, "kind", "numbr", "choice")]
    tiny_wave.replace("questions.csv", "kind", "sort")
    assert found(tiny_wave, url, "--map", tmp_path / "kobo.toml") == [
        ("questions.csv", 1, None, None, "column_missing"),
        ("questions.csv", 1, "sort", None, "column_unknown"),
    ]
    book = Workbook()
    book.save(tmp_path / "book.xlsx")
    done = run(
        "load", tmp_path / "book.xlsx", "--map", tmp_path / "kobo.toml", "--db", address(url), "--format", "json"
    )
    assert "has no sheet export" in [one["message"] for one in json.loads(done.out)]


@pytest.mark.on_duckdb
def test_an_annotated_copy_has_the_findings_in_the_export_and_loads_once_corrected(
    databases: Databases, tiny_wave: WaveFolder, tmp_path: Path
) -> None:
    url = databases.migrated()
    changed(tiny_wave, [("export.csv", '"98";"mayor"', '"97";"mayor"')])
    assert run("load", tiny_wave.path, "--db", address(url), "--annotate", tmp_path / "copy").code == 1
    copy = WaveFolder(tmp_path / "copy")
    first, second, third = (copy.path / "export.csv").read_text(encoding="utf-8").splitlines()
    assert first.endswith(";findings")
    assert "int/line" in second
    assert third.endswith(";")
    copy.replace("export.csv", '"97";"mayor"', '"98";"mayor"')
    done = run("load", copy.path, "--db", address(url))
    assert done.code == 0, done.err
    shutil.make_archive(str(tmp_path / "wave"), "zip", kobo(tiny_wave).path)
    assert "unchanged" in run("load", tmp_path / "wave.zip", "--db", address(url)).err


@pytest.mark.parametrize("tool", TOOLS)
def test_a_draft_names_what_is_sure_and_leaves_the_rest_to_be_written(
    databases: Databases, tiny_wave: WaveFolder, tool: str
) -> None:
    name, text, _ = TOOLS[tool]
    asking(tiny_wave).write(name, text)
    done = run("map", tiny_wave.path / name, "-o", tiny_wave.path / "map.toml")
    assert done.code == 0, done.err
    said = tomllib.loads((tiny_wave.path / "map.toml").read_text(encoding="utf-8"))
    assert said["file"] == name
    sure = {"kobo": "int/budget", "redcap": "budget", "limesurvey": None}[tool]
    assert said["columns"].get(sure) == ("budget" if sure else None)
    assert not any(heading.startswith(("Q", "int", "whom")) for heading in set(said["ignore"]) - {"int/whom"})
    # What is not sure is asked for by the load: nothing is lost by a draft that nobody completed.
    headings = next(csv.reader(text.splitlines(), delimiter=";" if tool == "kobo" else ","))
    unknown = [one[2] for one in found(tiny_wave, databases.migrated()) if one[4] == "export_column_unknown"]
    assert sorted([*unknown, *said["ignore"], *said["columns"]]) == sorted(headings)


@pytest.mark.on_duckdb
def test_what_cannot_be_drafted_is_said(tiny_wave: WaveFolder) -> None:
    tiny_wave.write("empty.csv", "")
    for name in ("empty.csv", "none.csv"):
        done = run("map", tiny_wave.path / name, "--lang", "fr")
        assert done.code == 1
        assert "aucune ébauche" in done.err, done.err


def test_the_page_on_exports_is_true(loaded: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUMELAGE_DATABASE_URL", address(loaded))
    assert carry_out("exports.md", tmp_path) == []
    assert rows(
        loaded,
        "select city, question, item, code, cast(number as varchar), missing from survey.answers "
        "where wave = '2014-online' order by 1, 2, 3",
    ) == [
        ("59350", "budget", "", None, "120000.500000", None),
        ("59350", "staff", "", "yes", None, None),
        ("59350", "who", "", "mayor", None, None),
        ("59350", "works_with", "clubs", "yes", None, None),
        ("59350", "works_with", "schools", "yes", None, None),
        ("62498", "budget", "", None, None, "refused"),
        ("62498", "staff", "", None, None, "dont_know"),
        ("62498", "who", "", "delegate", None, None),
        ("62498", "works_with", "clubs", "no", None, None),
        ("62498", "works_with", "schools", "yes", None, None),
    ]
    assert rows(
        loaded,
        "select city, difficulty, answer from survey.city_difficulties where wave = '2014-online' order by 1, 2",
    ) == [
        ("59350", "fatigue", "yes"),
        ("59350", "languages", "yes"),
        ("62498", "fatigue", "no"),
        ("62498", "languages", "no"),
    ]


def test_a_draft_is_toml_whatever_the_headings_and_values_hold(tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    export.write_text('town;a\x7fb;"x""y";intl/\\q;service\nLille;1;2;3;"a\x7f"\n', encoding="utf-8")
    drafted = run("map", export)
    assert drafted.code == 0, drafted.err
    written = "\n".join(line.removeprefix("# ") if line.startswith('# "') else line for line in drafted.out.split("\n"))
    assert set(tomllib.loads(written)["columns"]) == {"town", "a\x7fb", 'x"y', "intl/\\q", "service"}
