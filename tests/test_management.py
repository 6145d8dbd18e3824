"""The questions on management: asked of every wave without being declared, or declared as any other question."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from jumelage import database
from jumelage.database import migrate
from jumelage.database.models import MANAGEMENT
from jumelage.loading.recorded import check_rows
from tests.conftest import Databases, WaveFolder, address, run
from tests.test_handed import refused, select

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

HEAD = "question,kind,label_fr,label_en,asked_of,default_answer"
AS_EVER = [f"{name},yes_no,{fr},{en},engaged," for name, (fr, en) in MANAGEMENT.items()]
KEPT = "select city, elected_delegate, twinning_committee, service from respondents order by city"


def management(url: URL) -> dict[str, dict[str, str]]:
    """The cells of the report by arrangement."""
    done = run("report", "management", "--format", "csv", "--db", address(url))
    assert done.code == 0, done.err
    return {row.pop("arrangement"): row for row in csv.DictReader(done.out.splitlines())}


def write(wave: WaveFolder, *questions: str) -> None:
    """Declare questions, with no default elsewhere."""
    wave.write("questions.csv", "\n".join((HEAD, *questions, "")))
    toml = (wave.path / "wave.toml").read_text(encoding="utf-8").splitlines()
    wave.write("wave.toml", "\n".join(line for line in toml if not line.startswith(tuple(MANAGEMENT))) + "\n")


def test_declared_or_not_they_are_the_same_questions(databases: Databases, tiny_wave: WaveFolder) -> None:
    url = databases.migrated()
    for name, default in (("elected_delegate", "no"), ("twinning_committee", "dont_know"), ("service", "no")):
        tiny_wave.replace("wave.toml", f'{name} = "{default}"', f'{name} = "no_answer"')
    assert run("load", tiny_wave.path, "--db", address(url)).code == 0
    before = select(url, KEPT), management(url)
    write(tiny_wave, *AS_EVER)
    assert run("load", tiny_wave.path, "--db", address(url)).err == "wave tiny, revision 1: unchanged\n"
    write(tiny_wave)  # a table without a question declares none
    assert run("load", tiny_wave.path, "--db", address(url)).err == "wave tiny, revision 1: unchanged\n"
    assert (select(url, KEPT), management(url)) == before


def test_a_wave_asks_those_that_it_declares(databases: Databases, tiny_wave: WaveFolder) -> None:
    url = databases.migrated()
    write(tiny_wave, *AS_EVER)
    assert run("load", tiny_wave.path, "--db", address(url)).code == 0
    write(tiny_wave, AS_EVER[2])
    changed = ("load", tiny_wave.path, "--db", address(url), "--reason", "two were not asked", "--accept-loss")
    assert run(*changed).err.startswith("wave tiny, revision 2: loaded")  # although no answer differs
    found = management(url)
    assert (found["service"]["cities"], found["service"]["base"], found["service"]["not_asked"]) == ("1", "2", "0")
    for name in ("elected_delegate", "twinning_committee"):
        assert (found[name]["cities"], found[name]["base"], found[name]["not_asked"]) == ("", "", "2"), name
    assert {row[1:] for row in select(url, KEPT)} == {
        ("not_asked", "not_asked", "yes"),
        ("not_asked", "not_asked", "no_answer"),
    }
    tiny_wave.replace("respondents.csv", "city,response,service", "city,response,elected_delegate")
    assert ("column_unknown", "elected_delegate") in {(f["rule"], f["column"]) for f in refused(url, tiny_wave.path)}


def test_one_that_is_asked_otherwise_is_a_question_of_the_waves_own(
    databases: Databases, tiny_wave: WaveFolder
) -> None:
    url = databases.migrated()
    write(tiny_wave, "service,text,Nom du service,Name of the service,respondents,", *AS_EVER[:2])
    tiny_wave.replace("respondents.csv", "Lille,responded,yes", "Lille,responded,DREI")
    assert run("load", tiny_wave.path, "--db", address(url)).code == 0
    assert select(url, "select city, text from answers where question = 'service' and text is not null") == [
        ("59350", "DREI")
    ]
    assert management(url)["service"]["not_asked"] == "2"
    (counted,) = select(url, "select report from questions where question = 'service'")
    assert counted == (None,)
    with database.creating(url) as connection:
        migrate.migrate(connection, "0012")
        assert [(one.name, one.fits) for one in check_rows(connection)] == [("tiny@1", True)]
        migrate.migrate(connection)
        assert [(one.name, one.fits) for one in check_rows(connection)] == [("tiny@1", True)]
    assert run("load", tiny_wave.path, "--db", address(url)).err == "wave tiny, revision 1: unchanged\n"


def test_answers_move_into_columns_and_back(databases: Databases, tiny_wave: WaveFolder) -> None:
    url = databases.migrated()
    tiny_wave.write(
        "respondents.csv",
        "city,response,service,elected_delegate\nLille,responded,yes,refused\nDouai,responded,,yes\nLens,,dont_know,\n",
    )
    assert run("load", tiny_wave.path, "--db", address(url)).code == 0
    said = select(url, KEPT)
    assert said == [("59178", "yes", "dont_know", "no"), ("59350", "refused", "dont_know", "yes"),
                    ("62498", "no", "dont_know", "dont_know")]  # fmt: skip
    for _ in range(2):
        down = run("migrate", "--to", "0012", "--db", address(url))
        assert (down.code, "lost" in down.err) == (0, False), down.err
        assert select(url, KEPT.replace("from resp", "from survey.resp")) == said
        assert select(url, "select question from survey.questions union all select question from survey.answers") == []
        assert run("migrate", "--db", address(url)).code == 0
        assert select(url, KEPT) == said
        assert run("check", "--rows", "--db", address(url)).code == 0
        assert run("load", tiny_wave.path, "--db", address(url)).err == "wave tiny, revision 1: unchanged\n"


@pytest.mark.parametrize("heading", ["Comité de jumelage", "twinning committee", "Élu délégué / Elected delegate"])
def test_their_columns_are_headed_as_people_head_them(
    databases: Databases, tiny_wave: WaveFolder, heading: str
) -> None:
    url = databases.migrated()
    tiny_wave.write("respondents.csv", f"city,response,{heading}\nLille,responded,oui\nDouai,responded,\n")
    assert run("load", tiny_wave.path, "--db", address(url)).code == 0
    ((question,),) = select(url, "select question from survey.answers where code = 'yes'")
    assert question == ("elected_delegate" if "Elected" in heading else "twinning_committee")


def test_words_that_a_wave_declares_for_one_hold_for_it_alone(databases: Databases, tiny_wave: WaveFolder) -> None:
    url = databases.migrated()
    toml = (tiny_wave.path / "wave.toml").read_text(encoding="utf-8")
    tiny_wave.write("wave.toml", f'{toml}\n[missing]\nservice = {{ "x" = "refused" }}\n')
    tiny_wave.write(
        "respondents.csv", "city,response,service,elected_delegate\nLille,responded,X,\nDouai,responded,,x\n"
    )
    (found,) = refused(url, tiny_wave.path)
    assert (found["rule"], found["row"], found["column"], found["value"]) == ("choice", 3, "elected_delegate", "x")
    tiny_wave.replace("respondents.csv", "Douai,responded,,x", "Douai,responded,,")
    assert run("load", tiny_wave.path, "--db", address(url)).code == 0
    assert select(url, "select city, missing from survey.answers") == [("59350", "refused")]
