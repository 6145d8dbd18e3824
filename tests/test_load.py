"""Loading as the data manager sees it: what becomes a revision, what changes nothing, and what the rows then say."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from jumelage import __version__, database
from jumelage.database.models import metadata
from tests.conftest import WAVE_2006, WaveFolder, address, run


def select(url: URL, sql: str) -> list[tuple[Any, ...]]:
    """Run a query on a database."""
    with database.opened(url, read_only=True) as connection:
        return database.query(connection, sql)[1]


def content(url: URL) -> dict[str, int]:
    """Count the rows of every table of the survey, with the highest revision."""
    parts = [f"select '{name}' as name, count(*) as number from {name}" for name in metadata.tables]
    parts.append("select 'highest revision', coalesce(max(revision), 0) from survey.revisions")
    return dict(select(url, " union all ".join(parts)))


def of_revision(url: URL, revision: int) -> dict[str, list[tuple[Any, ...]]]:
    """Read all rows of a revision, table by table."""
    tables = [name for name, table in metadata.tables.items() if "revision" in table.columns]
    where = f"where revision = {revision} order by"
    return {
        name: select(url, f"select * from {name} {where} {', '.join(metadata.tables[name].columns.keys())}")
        for name in tables
    }


def rewrite(folder: WaveFolder, change: Callable[[list[str], list[list[str]]], list[list[str]]]) -> None:
    """Write every CSV of a wave again, of its header and its records made anew."""
    for path in sorted(folder.path.rglob("*.csv")):
        header, *records = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(change(header, records))
        folder.write(str(path.relative_to(folder.path)), text.getvalue())


def shuffle_rows(folder: WaveFolder) -> None:
    rewrite(folder, lambda header, records: [header, *records[1::2], *records[0::2]])


def reverse_columns(folder: WaveFolder) -> None:
    rewrite(folder, lambda header, records: [row[::-1] for row in (header, *records)])


def write_codes(folder: WaveFolder) -> None:
    folder.replace("frame.csv", "Lammersart,", "59328,")
    folder.replace("respondents.csv", "Villeneuve d'Ascq,", "59009,")
    folder.replace("partnerships.csv", "Lille,Territoires Palestiniens,", "59350,PS,")
    folder.replace("actions.csv", "Valenciennes,interreg", "59606,Projets Interreg")


def save_as_windows_does(folder: WaveFolder) -> None:
    for path in folder.path.rglob("*.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))


def reorder_wave_toml(folder: WaveFolder) -> None:
    line = 'population = "RP1999, population sans doubles comptes (INSEE)"\n'
    folder.replace("wave.toml", line, "")
    folder.write("wave.toml", f"# moved\n{line}{(folder.path / 'wave.toml').read_text(encoding='utf-8')}")


def say_where_names_are_looked_up(folder: WaveFolder) -> None:
    said = (folder.path / "wave.toml").read_text(encoding="utf-8")
    folder.write("wave.toml", f'territory = ["FR-59", "FR-62"]\n{said}')


def code_beside_the_name(folder: WaveFolder) -> None:
    folder.replace("frame.csv", "city,population\nArmentières,", "city,code,population\nArmentières (59),59017,")
    header, first, *rest = (folder.path / "frame.csv").read_text(encoding="utf-8").splitlines()
    folder.write("frame.csv", "\n".join((header, first, *(row.replace(",", ",,") for row in rest), "")))


def blank_lines(folder: WaveFolder) -> None:
    for line in ("", " , ", ",", ",,"):
        folder.append("frame.csv", line)


def one_more_agreement(folder: WaveFolder) -> None:
    folder.append("partnerships.csv", "Lille,Italie,1,Turin,1958,,agreements_by_country")


def another_population(folder: WaveFolder) -> None:
    folder.replace("frame.csv", "Lens,36206", "Lens,36207")


def another_title(folder: WaveFolder) -> None:
    folder.replace("wave.toml", 'title.en = "International', 'title.en = "The international')


def another_printed_figure(folder: WaveFolder) -> None:
    folder.replace("published/zones.csv", "eu,agreements,78,", "eu,agreements,79,")


def another_claim(folder: WaveFolder) -> None:
    folder.replace("claims.csv", 'fin",1er semestre 2006,', 'fin",2e semestre 2006,')


def another_default(folder: WaveFolder) -> None:
    folder.replace("wave.toml", 'interreg = "no"', 'interreg = "dont_know"')


def test_the_2006_wave_loads_as_revision_1_with_29_respondents_and_100_agreements(migrated: URL) -> None:
    result = run("load", WAVE_2006, "--db", address(migrated), "--by", "Anaïs")
    assert result.code == 0
    assert result.out == ""
    assert result.err.startswith("wave 2006, revision 1: loaded: ")
    assert "29 respondents" in result.err
    assert "100 partnerships" in result.err
    found = content(migrated)
    assert (found["survey.respondents"], found["survey.partnerships"], found["survey.revisions"]) == (29, 100, 1)
    sql = "select wave, revision, loaded_by, reason, software from survey.revisions"
    assert select(migrated, sql) == [("2006", 1, "Anaïs", None, __version__)]
    assert select(migrated, "select kind, count(*) from respondents group by kind") == [("commune", 29)]


@pytest.mark.on_duckdb
@pytest.mark.parametrize(
    "disguise",
    [
        shuffle_rows,
        reverse_columns,
        write_codes,
        save_as_windows_does,
        reorder_wave_toml,
        blank_lines,
        say_where_names_are_looked_up,
        code_beside_the_name,
    ],
)
def test_the_same_content_in_another_form_changes_nothing(
    loaded: URL, folder_2006: WaveFolder, disguise: Callable[[WaveFolder], None]
) -> None:
    before = content(loaded)
    disguise(folder_2006)
    result = run("load", folder_2006.path, "--db", address(loaded))
    assert (result.code, result.err) == (0, "wave 2006, revision 1: unchanged\n")
    assert content(loaded) == before


@pytest.mark.parametrize("reason", [(), ("--reason", "again")], ids=["without reason", "with reason"])
def test_the_same_content_again_changes_nothing_even_with_a_reason(loaded: URL, reason: tuple[str, ...]) -> None:
    before = content(loaded)
    result = run("load", WAVE_2006, "--db", address(loaded), *reason)
    assert (result.code, result.err) == (0, "wave 2006, revision 1: unchanged\n")
    assert content(loaded) == before


CHANGES = [
    one_more_agreement,
    another_population,
    another_title,
    another_printed_figure,
    another_claim,
    another_default,
]


@pytest.mark.on_duckdb
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        *(pytest.param(change, (), marks=() if change is another_title else pytest.mark.long) for change in CHANGES),
        (one_more_agreement, ("--reason", " ")),
    ],
)
def test_changed_content_without_a_reason_is_refused(
    loaded: URL, folder_2006: WaveFolder, change: Callable[[WaveFolder], None], reason: tuple[str, ...]
) -> None:
    before = content(loaded)
    change(folder_2006)
    result = run("load", folder_2006.path, "--db", address(loaded), *reason)
    assert result.code == 2
    assert "wave 2006 is loaded as revision 1 and this differs from it" in result.err
    assert "--reason" in result.err
    assert content(loaded) == before


@pytest.mark.parametrize(
    "change", [*CHANGES[:1], *(pytest.param(change, marks=pytest.mark.on_duckdb) for change in CHANGES[1:])]
)
def test_changed_content_with_a_reason_becomes_a_revision_beside_the_first(
    loaded: URL, folder_2006: WaveFolder, change: Callable[[WaveFolder], None]
) -> None:
    first = of_revision(loaded, 1)
    change(folder_2006)
    result = run("load", folder_2006.path, "--db", address(loaded), "--reason", "l’annexe relue", "--by", "B")
    assert result.code == 0
    assert result.err.startswith("wave 2006, revision 2: loaded: ")
    assert of_revision(loaded, 1) == first
    assert of_revision(loaded, 2) != first
    sql = "select revision, reason, loaded_by from survey.revisions where revision > 1"
    assert select(loaded, sql) == [(2, "l’annexe relue", "B")]


def test_reports_show_the_new_revision(loaded: URL, folder_2006: WaveFolder) -> None:
    asked = ("report", "participation", "--format", "csv", "--db", address(loaded))
    assert "agreements,100" in run(*asked).out
    one_more_agreement(folder_2006)
    assert run("load", folder_2006.path, "--db", address(loaded), "--reason", "found one").code == 0
    assert "agreements,101" in run(*asked).out


def test_going_back_to_earlier_content_is_a_change_too(loaded: URL, folder_2006: WaveFolder) -> None:
    one_more_agreement(folder_2006)
    assert run("load", folder_2006.path, "--db", address(loaded), "--reason", "found one").code == 0
    assert run("load", WAVE_2006, "--db", address(loaded)).code == 2
    result = run("load", WAVE_2006, "--db", address(loaded), "--reason", "it was none")
    assert result.err.startswith("wave 2006, revision 3: loaded: ")
    first, third = of_revision(loaded, 1), of_revision(loaded, 3)
    assert [row[2:] for row in third["survey.partnerships"]] == [row[2:] for row in first["survey.partnerships"]]


def test_a_dry_run_says_what_it_would_load_and_writes_nothing(migrated: URL) -> None:
    before = content(migrated)
    result = run("load", WAVE_2006, "--db", address(migrated), "--dry-run")
    assert result.code == 0
    assert result.err.startswith("wave 2006, revision 1: would be loaded: ")
    assert "100 partnerships" in result.err
    assert content(migrated) == before


def test_a_dry_run_of_a_change_writes_nothing(loaded: URL, folder_2006: WaveFolder) -> None:
    before = content(loaded)
    one_more_agreement(folder_2006)
    result = run("load", folder_2006.path, "--db", address(loaded), "--dry-run", "--reason", "found one")
    assert result.code == 0
    assert result.err.startswith("wave 2006, revision 2: would be loaded: ")
    assert content(loaded) == before


def test_both_engines_hold_the_same_rows_under_the_same_hash(both: dict[str, URL]) -> None:
    duckdb, postgresql = (of_revision(both[engine], 1) for engine in ("duckdb", "postgresql"))
    loaded_at = metadata.tables["survey.revisions"].columns.keys().index("loaded_at")
    for revision in (duckdb["survey.revisions"], postgresql["survey.revisions"]):
        revision[0] = (*revision[0][:loaded_at], *revision[0][loaded_at + 1 :])
    assert duckdb == postgresql


def test_a_count_of_two_makes_two_agreements(migrated: URL, tiny_wave: WaveFolder) -> None:
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    sql = "select agreement, city, country, partner from survey.partnerships order by agreement"
    assert select(migrated, sql) == [
        (1, "59350", "DE", "Köln"),
        (2, "59350", "GB", "Leeds"),
        (3, "59350", "DE", None),
        (4, "59350", "DE", None),
        (5, "59178", "PL", None),
    ]


def test_who_has_no_answer_gets_the_default_of_the_wave(migrated: URL, tiny_wave: WaveFolder) -> None:
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    sql = "select city, response, elected_delegate, twinning_committee, service from respondents"
    assert sorted(select(migrated, sql)) == [
        ("59178", "responded", "no", "dont_know", "no"),
        ("59350", "responded", "no", "dont_know", "yes"),
        ("62498", "not_reached", "no", "dont_know", "no"),
    ]
    assert select(migrated, "select question, default_answer from survey.questions order by position") == [
        ("elected_delegate", "no"),
        ("twinning_committee", "dont_know"),
        ("service", "no"),
    ]
    assert select(migrated, "select city, question, code from survey.answers") == [("59350", "service", "yes")]
    assert select(migrated, "select question, item, answer from survey.default_answers order by question") == [
        ("actions", "", "no"),
        ("difficulties", "", "no_answer"),
    ]


TOWNS = {
    "Lille": "59350",
    "LILLE": "59350",
    "  lille ": "59350",
    "59350": "59350",
    "Lammersart": "59328",
    "Lambersart": "59328",
    "Marcq en Baroeul": "59378",
    "Marcq-en-Barœul": "59378",
    "marcq-en-baroeul": "59378",
    "Villeneuve d'Ascq": "59009",
    "Villeneuve-d’Ascq": "59009",
    "Boulogne sur Mer": "62160",
    "Boulogne-sur-Mer": "62160",
    "Boulogne s/ Mer": "62160",
    "Boulogne s/Mer": "62160",
    "Boulogne/Mer": "62160",
    "HENIN BEAUMONT": "62427",
}

COUNTRIES = {
    "Pays Bas": "NL",
    "Pays-Bas": "NL",
    "Pays  bas": "NL",
    "NL": "NL",
    "nl": "NL",
    "Netherlands": "NL",
    "Grande Bretagne": "GB",
    "Grande-Bretagne": "GB",
    "Royaume-Uni": "GB",
    "United Kingdom": "GB",
    "Territoires Palestiniens": "PS",
    "Etats-Unis": "US",
    "États-Unis": "US",
    "Macédoine": "MK",
    "Russie": "RU",
    "Slovaquie": "SK",
    "Israel": "IL",
    "RFA": "DE",
    "ex-République yougoslave de Macédoine": "MK",
    "Congo (CD)": "CD",
    "République du Congo": "CG",
    "Congo-Kinshasa": "CD",
    "Corée (République de)": "KR",
    "Guinée": "GN",
    "Niger": "NE",
    "Samoa": "WS",
    "Côte d'Ivoire": "CI",
}


def loaded_rows(url: URL, folder: WaveFolder, lines: list[str], columns: str) -> dict[str, tuple[Any, ...]]:
    """Load the wave with these agreements and no others; return columns of each by its partner."""
    header = "city,country,agreements,partner,since,inferred,source"
    folder.write("partnerships.csv", "\n".join((header, *lines, "")))
    result = run("load", folder.path, "--db", address(url))
    assert result.code == 0, result.err
    return {row[0]: row[1:] for row in select(url, f"select partner, {columns} from survey.partnerships")}


def test_towns_are_found_by_name_code_and_accepted_spelling(migrated: URL, folder_2006: WaveFolder) -> None:
    lines = [f"{spelling},DE,1,Partner {number}.,,,zones" for number, spelling in enumerate(TOWNS)]
    found = loaded_rows(migrated, folder_2006, lines, "city")
    assert found == {f"Partner {number}.": (code,) for number, code in enumerate(TOWNS.values())}


def test_countries_are_found_by_name_code_and_accepted_spelling(migrated: URL, tiny_wave: WaveFolder) -> None:
    lines = [f"Lille,{spelling},1,Partner {number},,," for number, spelling in enumerate(COUNTRIES)]
    found = loaded_rows(migrated, tiny_wave, lines, "country")
    assert found == {f"Partner {number}": (code,) for number, code in enumerate(COUNTRIES.values())}


def test_a_code_tells_which_town_of_a_shared_name_is_meant(migrated: URL, tiny_wave: WaveFolder) -> None:
    frame = "city,city_code,population\nLille,59350,1\nLens,,2\nDouai,,3\nSaint-Aubin,{},4\n"
    tiny_wave.write("frame.csv", frame.format(""))
    assert "several communes" in run("load", tiny_wave.path, "--db", address(migrated)).err
    tiny_wave.write("frame.csv", frame.format("59529"))
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    asked = select(migrated, "select city from survey.respondents where population = 4")
    assert asked == [("59529",)]


SINCE = {
    "1958": (date(1958, 1, 1), date(1958, 12, 31), None),
    "1968-05": (date(1968, 5, 1), date(1968, 5, 31), None),
    "2004-02": (date(2004, 2, 1), date(2004, 2, 29), None),
    "1900-02": (date(1900, 2, 1), date(1900, 2, 28), None),
    "2009-12": (date(2009, 12, 1), date(2009, 12, 31), None),
    "1968-05-03": (date(1968, 5, 3), date(1968, 5, 3), None),
    "2004-02-29": (date(2004, 2, 29), date(2004, 2, 29), None),
    "": (None, None, "dont_know"),
    "dont_know": (None, None, "dont_know"),
    "refused": (None, None, "refused"),
    "no_answer": (None, None, "no_answer"),
    "not_asked": (None, None, "not_asked"),
    "not_published": (None, None, "not_published"),
}


def test_a_date_spans_what_is_known_of_it_and_an_answer_says_why_there_is_none(
    migrated: URL, tiny_wave: WaveFolder
) -> None:
    lines = [f"Lille,DE,1,since {since},{since},," for since in SINCE]
    found = loaded_rows(migrated, tiny_wave, lines, "since_from, since_to, since_missing")
    assert found == {f"since {since}".strip(): extent for since, extent in SINCE.items()}


UNTIL = {
    # since, until: first and last day on which it can have ended
    ("", ""): (None, None),
    ("1958", ""): (None, None),
    ("", "2001"): (date(2001, 1, 1), date(2001, 12, 31)),
    ("1958", "2001-02"): (date(2001, 2, 1), date(2001, 2, 28)),
    ("1958", "02/13/2001"): (date(2001, 2, 13), date(2001, 2, 13)),
    ("1958", "after 2001"): (date(2002, 1, 1), date(2010, 12, 31)),
    ("", "avant 2009"): (date(1900, 1, 1), date(2008, 12, 31)),
    ("dont_know", "before 2009"): (date(1900, 1, 1), date(2008, 12, 31)),
    ("1958-05", "before 2009"): (date(1958, 5, 1), date(2008, 12, 31)),
    ("between 1970 and 1975", "1970s"): (date(1970, 1, 1), date(1979, 12, 31)),
    ("1958-05-03", "1958"): (date(1958, 5, 3), date(1958, 12, 31)),
}


def write_ended(folder: WaveFolder) -> None:
    """Write an agreement for each start and end."""
    rows = [f"Lille,DE,1,Town {number},{since},{until}" for number, (since, until) in enumerate(UNTIL)]
    folder.write("partnerships.csv", "\n".join(("city,country,agreements,partner,since,until", *rows, "")))


def test_an_agreement_that_ended_is_kept_with_when_and_is_not_shown_as_one_in_force(
    migrated: URL, tiny_wave: WaveFolder
) -> None:
    write_ended(tiny_wave)
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    dated = {f"Town {number}": ends for number, ends in enumerate(UNTIL.values())}
    found = select(migrated, "select partner, until_from, until_to from survey.partnerships")
    assert {partner: (first, last) for partner, first, last in found} == dated
    shown = select(migrated, "select partner from partnerships")
    assert {partner for (partner,) in shown} == {partner for partner, (first, _) in dated.items() if first is None}
    ended = select(migrated, "select partner, until_from, until_to from ended_partnerships")
    assert {partner: (first, last) for partner, first, last in ended} == {
        partner: ends for partner, ends in dated.items() if ends[0] is not None
    }


def test_another_table_alone_leaves_the_ends_of_agreements_as_they_were(migrated: URL, tiny_wave: WaveFolder) -> None:
    write_ended(tiny_wave)
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    given = ("--table", "actions", "--wave", "tiny", "--db", address(migrated))
    same = run("load", tiny_wave.path / "actions.csv", *given)
    assert (same.code, same.err) == (0, "wave tiny, revision 1: unchanged\n")
    tiny_wave.append("actions.csv", "Douai,agenda_21,yes")
    assert run("load", tiny_wave.path / "actions.csv", *given, "--reason", "a letter").code == 0
    first, second = (of_revision(migrated, number)["survey.partnerships"] for number in (1, 2))
    assert [row[2:] for row in second] == [row[2:] for row in first]
    assert len(first) == len(UNTIL)


def test_an_end_that_is_added_moved_or_taken_back_is_a_change(migrated: URL, tiny_wave: WaveFolder) -> None:
    for number, until in enumerate(("", "2001", "2002", ""), 1):
        tiny_wave.write("partnerships.csv", f"city,country,partner,until\nLille,DE,Köln,{until}\n")
        done = run("load", tiny_wave.path, "--db", address(migrated), "--reason", "known now", "--accept-loss")
        assert f"wave tiny, revision {number}: loaded" in done.err


def test_no_column_of_ends_or_a_blank_one_leaves_the_hash_what_it_always_was(
    loaded: URL, folder_2006: WaveFolder
) -> None:
    # As it was before there was such a column; it changes with the wave itself alone.
    always = "45606a55adbec4b55a48fa7e7363d56fffa1237a270672a0065ba8c7f5faac8e"
    assert select(loaded, "select content_hash from survey.revisions") == [(always,)]
    header, *rows = (folder_2006.path / "partnerships.csv").read_text(encoding="utf-8").splitlines()
    folder_2006.write("partnerships.csv", "\n".join((f"{header},jusqu’à", *(f"{row}," for row in rows), "")))
    assert run("load", folder_2006.path, "--db", address(loaded)).err == "wave 2006, revision 1: unchanged\n"


TEXTS = [
    "x'; drop table survey.waves; --",
    "%s",
    "%(name)s",
    ":x",
    "{k}",
    r"\N",
    "two\n\\.\nlines",
    r"C:\Temp",
    '"Zum Löwen", Bad Säckingen',
    "more\nlines",
    "null and void",
    "東京 🎌",
    "x" * 100_000,
]


def test_a_text_is_loaded_as_it_stands_whatever_it_looks_like(migrated: URL, tiny_wave: WaveFolder) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(["Lille", "DE", 1, partner, "", "", ""] for partner in TEXTS)
    found = loaded_rows(migrated, tiny_wave, [text.getvalue()], "country")
    assert sorted(found) == sorted(TEXTS)


def test_a_column_that_may_be_missing_may_be_missing(migrated: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.write("respondents.csv", "city,response\nLille,responded\nDouai,responded\n")
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    assert select(migrated, "select distinct service from respondents") == [("no",)]


@pytest.mark.parametrize(("before", "after"), [("true", "false"), ("false", "true")])
def test_a_wave_stays_synthetic_or_real(migrated: URL, tiny_wave: WaveFolder, before: str, after: str) -> None:
    text = (tiny_wave.path / "wave.toml").read_text(encoding="utf-8")
    tiny_wave.write("wave.toml", text.replace("synthetic = false", f"synthetic = {before}"))
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    loaded = content(migrated)
    tiny_wave.write("wave.toml", text.replace("synthetic = false", f"synthetic = {after}"))
    result = run("load", tiny_wave.path, "--db", address(migrated), "--reason", "it is")
    assert result.code == 2
    assert "wave tiny cannot change between synthetic and real" in result.err
    assert content(migrated) == loaded


def test_a_synthetic_wave_is_never_shown_unasked(loaded: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.replace("wave.toml", "synthetic = false", "synthetic = true")
    assert run("load", tiny_wave.path, "--db", address(loaded)).code == 0
    asked = ("report", "participation", "--format", "csv", "--db", address(loaded))
    assert "agreements,100" in run(*asked).out
    assert "agreements,5" in run(*asked, "--wave", "tiny").out


def test_the_code_may_stand_in_a_folder_of_any_name(migrated: URL, tiny_wave: WaveFolder, tmp_path: Path) -> None:
    odd = tmp_path / "l'enquête 100 %"
    tiny_wave.path.rename(odd)
    assert run("load", odd, "--db", address(migrated)).code == 0


# --- a correction that loses rows ----------------------------------------------------------------------------


def alone(folder: WaveFolder, table: str, *rows: str) -> tuple[object, ...]:
    """Write a table of the 2006 wave anew, its header and these rows, and return how it is loaded alone."""
    header = (folder.path / f"{table}.csv").read_text(encoding="utf-8").splitlines()[0]
    folder.write(f"{table}.csv", "\n".join((header, *rows, "")))
    return ("load", folder.path / f"{table}.csv", "--table", table, "--wave", "2006", "--reason", "mended")


def test_a_table_that_loses_all_its_rows_is_refused_until_the_loss_is_accepted(
    loaded: URL, folder_2006: WaveFolder
) -> None:
    before = content(loaded)
    correct = (*alone(folder_2006, "partnerships"), "--db", address(loaded))
    refused = run(*correct)
    assert refused.code == 2
    assert "partnerships: 100 before, 0 after, 100 gone (such as " in refused.err
    assert "--accept-loss" in refused.err
    assert content(loaded) == before
    tried = run(*correct, "--dry-run")
    assert tried.code == 0, tried.err
    assert "lost: partnerships: 100 before, 0 after, 100 gone" in tried.err
    assert content(loaded) == before
    accepted = run(*correct, "--accept-loss", "--lang", "fr")
    assert accepted.code == 0, accepted.err
    assert "perdu\u00a0: partnerships\u00a0: 100 avant, 0 après, 100 de perdus" in accepted.err


def test_a_loss_of_a_tenth_is_said_and_loaded(loaded: URL, folder_2006: WaveFolder) -> None:
    lines = (folder_2006.path / "partnerships.csv").read_text(encoding="utf-8").splitlines()[1:]
    ones = [line for line in lines if line.split(",")[2] == "1"]
    kept = [line for line in lines if line not in ones[:10]]
    less = run(*alone(folder_2006, "partnerships", *kept), "--db", address(loaded))
    assert less.code == 0, less.err
    assert "lost: partnerships: 100 before, 90 after, 10 gone (such as " in less.err
    refused = run(*alone(folder_2006, "partnerships", *kept[10:]), "--db", address(loaded))
    assert refused.code == 2, refused.err


def test_answers_that_go_while_their_towns_stay_are_a_loss(migrated: URL, tiny_wave: WaveFolder) -> None:
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    tiny_wave.write("respondents.csv", "city,response\nDouai,responded\n")
    tiny_wave.replace("partnerships.csv", "Lille,GB,1,Leeds,1968-05-03,,\n", "Lille,GB,1,,,,\n")
    tiny_wave.replace("partnerships.csv", "Lille,Allemagne,1,Köln,1958,,\nLille,GB,1,,,,\nLille,DE,2,,,,\n", "")
    tiny_wave.write("actions.csv", "city,action,answer\n")
    refused = run("load", tiny_wave.path, "--db", address(migrated), "--reason", "mended")
    assert refused.code == 2, refused.err
    for said in (
        "respondents: responded: 2 before, 1 after, 1 gone (such as Lille)",
        "partnerships: 5 before, 1 after, 4 gone (such as Lille, DE; Lille, GB)",
        "partnerships: partner: 2 before, 0 after, 2 gone",
        "partnerships: since: 3 before, 1 after, 2 gone",
        "city_actions: 1 before, 0 after, 1 gone (such as Lille, agenda_21)",
    ):
        assert said in refused.err


def test_a_partner_that_is_called_otherwise_is_no_loss(migrated: URL, tiny_wave: WaveFolder) -> None:
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    tiny_wave.replace("partnerships.csv", "Köln", "Cologne")
    tiny_wave.replace("partnerships.csv", "Leeds", "Leeds (Yorkshire)")
    changed = run("load", tiny_wave.path, "--db", address(migrated), "--reason", "mended")
    assert changed.code == 0, changed.err
    assert "lost" not in changed.err


# --- all that is wrong, in one pass and in the words of the file ---------------------------------------------


def test_rows_whose_dates_cannot_be_read_are_not_called_duplicates(migrated: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.append("partnerships.csv", "Lille,IT,1,,03/05/1968,,\nLille,IT,1,,04/05/1968,,")
    said = run("load", tiny_wave.path, "--db", address(migrated)).err
    assert said.count("day/month") >= 2
    assert "already" not in said


def test_the_key_by_which_agreements_are_the_same_is_named(migrated: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.append("partnerships.csv", "Lille,DE,1,,,,\nLille,DE,1,koln,1970,,")
    said = run("load", tiny_wave.path, "--db", address(migrated)).err
    assert "the same agreement (town, country and beginning, without a partner) is already on line 4" in said
    assert "the same agreement (town, country and partner) is already on line 2" in said


def test_contradicting_counts_are_told_beside_other_errors_and_columns_as_the_file_heads_them(
    migrated: URL, tiny_wave: WaveFolder
) -> None:
    tiny_wave.write("respondents.csv", "Ville,Réponse,Accords déclarés\nLille,responded,2\nDouai,responded,7\n")
    tiny_wave.append("partnerships.csv", "Lile,IT,1,,,,")
    said = run("load", tiny_wave.path, "--db", address(migrated), "--lang", "fr").err
    assert "partnerships.csv:6, colonne city\u00a0: 'Lile'" in said
    assert "respondents.csv:2, colonne Accords déclarés\u00a0: '2'" in said  # Lille lists four at least
    assert "respondents.csv:3" not in said  # that of row 6 may be with Douai


@pytest.mark.long
@pytest.mark.on_duckdb
def test_a_file_larger_than_the_memory_of_a_load_is_loaded(migrated: URL, tiny_wave: WaveFolder) -> None:
    """What is read at once is bounded, whatever the size of the file: it is read in parts."""
    rows, megabytes = 800_000, 350
    path = tiny_wave.path / "partnerships.csv"
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"Lille,Allemagne,1,{number:0>450},1990,,\n" for number in range(rows))
    assert path.stat().st_size > megabytes * 1_000_000
    done = run("load", tiny_wave.path, "--db", address(migrated))
    assert done.code == 0, done.err
    assert select(migrated, "select count(*) from survey.partnerships where length(partner) = 450") == [(rows,)]
