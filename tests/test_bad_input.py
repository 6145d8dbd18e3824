"""Bad input is told from a bug: every mistake is found, placed and explained, and nothing is written."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import starmap
from pathlib import Path
from typing import TypeAlias

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from jumelage import database
from tests.conftest import TINY, WAVE_2006, Databases, Result, WaveFolder, address, run
from tests.test_load import content

Spoil: TypeAlias = Callable[[WaveFolder], object]


def readable(result: Result) -> list[str]:
    """Return the lines of a command that failed as it should: told on stderr, in plain characters, no traceback."""
    assert result.out == ""
    assert "Traceback" not in result.err
    assert not [mark for mark in result.err if unicodedata.category(mark) in {"Cc", "Cf"} and mark != "\n"]
    assert max(len(line) for line in result.err.splitlines()) < 2000, "a line that nobody reads"
    return result.err.splitlines()


# --- how a test spoils a wave --------------------------------------------------------------------------------


def with_line(name: str, *lines: str) -> Spoil:
    return lambda wave: wave.append(name, "\n".join(lines))


def with_text(name: str, content_: str) -> Spoil:
    return lambda wave: wave.write(name, content_)


def with_bytes(name: str, data: bytes) -> Spoil:
    return lambda wave: (wave.path / name).write_bytes(data)


def without(name: str) -> Spoil:
    return lambda wave: (wave.path / name).unlink()


def with_folder(name: str) -> Spoil:
    def spoil(wave: WaveFolder) -> None:
        (wave.path / name).unlink(missing_ok=True)
        (wave.path / name).mkdir()

    return spoil


def replaced(name: str, old: str, new: str) -> Spoil:
    return lambda wave: wave.replace(name, old, new)


def toml(old: str, new: str) -> Spoil:
    return replaced("wave.toml", old, new)


def with_toml(*lines: str) -> Spoil:
    return with_line("wave.toml", *lines)


def zones(*lines: str) -> Spoil:
    return with_text("published/zones.csv", "\n".join(("zone,measure,printed,place", *lines, "")))


def claims(*lines: str) -> Spoil:
    header = "claim,place,printed,unit,statement_fr,statement_en,kind,offenders"
    return with_text("claims.csv", "\n".join((header, *lines, "")))


def explained(*changes: tuple[str, str]) -> Spoil:
    entry = {
        "report": '"zones"',
        "keys": '["eu"]',
        "measure": '"agreements"',
        "because": '{ fr = "Ainsi", en = "So" }',
    }
    entry |= dict(changes)
    return with_toml("[[explanations]]", *(f"{key} = {value}" for key, value in entry.items() if value))


# --- what is wrong, and what is said -------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A mistake, and how each line that tells of it begins."""

    name: str
    spoil: Spoil
    says: tuple[str, ...]

    def __init__(self, name: str, spoil: Spoil, *says: str) -> None:
        for field, value in (("name", name), ("spoil", spoil), ("says", says)):
            object.__setattr__(self, field, value)


FRAME, RESPONDENTS, PARTNERSHIPS = "frame.csv", "respondents.csv", "partnerships.csv"
NOT_A_COUNT = "must be a whole number from 1 to 999"
NOT_A_POPULATION = "must be a whole number of inhabitants, in digits"
NOT_A_DATE = (
    "must be YYYY, YYYY-MM, YYYY-MM-DD, a period (“before 1970”, “between 1970 and 1975”, “1970s”) or one of dont_know, "
    "refused, no_answer, not_asked, not_published"
)
OUTSIDE = "is outside the sampling frame; add it to the table frame if it was contacted"
ANSWER = "must be one of yes, no, dont_know, refused, no_answer, not_asked, not_applicable, not_published"
NO_COUNTS = ("-1", "0", "1000", "9" * 30, "two", "1.5", "1e2", "0x1", "²")
NO_POPULATIONS = {
    "Arras": "many",
    "Calais": "-5",
    "Cambrai": "20 00",
    "Croix": "1.5",
    "Dunkerque": "9" * 30,
}
NO_DATES = (
    "2006-13",
    "2006-00",
    "1999-02-29",
    "31/12/99",
    "vers 1970",
    "before",
    "70",
    "0000",
    "1970-1",
    "-1970",
    "not_applicable",
)
NO_FIGURES = ("beaucoup", "1.5.2", "12 34", "1e3", "NaN", "+1", "Lille", "")
UNREADABLE = "is neither a number nor a known name, nor one of the words in [printed.words] of wave.toml"

NAMES = [
    Case(
        "a town with a typing error",
        with_line(FRAME, "Lile,1"),
        "frame.csv:5, column city: 'Lile': is not an accepted name or code of cities; did you mean Lille",
    ),
    Case(
        "a town that looks like no other",
        with_line(FRAME, "Xyzzy,1"),
        "frame.csv:5, column city: 'Xyzzy': is not an accepted name or code of cities; none is near",
    ),
    Case("a town without a name", with_line(FRAME, ",1"), "frame.csv:5, column city: is missing"),
    Case(
        "a country with a typing error",
        with_line(PARTNERSHIPS, "Lille,Alemagne,1,,,,"),
        "partnerships.csv:6, column country: 'Alemagne': is not an accepted name or code of countries; "
        "did you mean Allemagne",
    ),
    Case(
        "an agreement without a country",
        with_line(PARTNERSHIPS, "Lille,,1,,,,"),
        "partnerships.csv:6, column country: is missing",
    ),
    Case(
        "a town twice in the frame",
        with_line(FRAME, "Lens,36823"),
        "frame.csv:5, column city: 'Lens': the same city is already on line 3; keep one",
    ),
    Case(
        "a town twice under two spellings",
        with_line(FRAME, "Marcq en Baroeul,39000", "MARCQ-EN-BARŒUL,39000", "59378,39000"),
        "frame.csv:6, column city: 'MARCQ-EN-BARŒUL': the same city is already on line 5; keep one",
        "frame.csv:7, column city: '59378': the same city is already on line 5; keep one",
    ),
    Case(
        "an agreement of a town outside the frame",
        with_line(PARTNERSHIPS, "Arras,Pologne,1,,,,"),
        f"partnerships.csv:6, column city: 'Arras': {OUTSIDE}",
    ),
    Case(
        "a respondent outside the frame",
        with_line(RESPONDENTS, "Arras,responded,"),
        f"respondents.csv:4, column city: 'Arras': {OUTSIDE}",
    ),
    Case(
        "an action of a town outside the frame",
        with_line("actions.csv", "Arras,agenda_21,yes"),
        f"actions.csv:3, column city: 'Arras': {OUTSIDE}",
    ),
    Case(
        "the same agreement twice",
        with_line(PARTNERSHIPS, "lille,Allemagne,1,Köln,1960,,"),
        "partnerships.csv:6, column city: 'lille': the same agreement (town, country and partner) is already on line 2; "
        "write their number in agreements",
    ),
    Case(
        "the same respondent twice",
        with_line(RESPONDENTS, "LILLE,refused,"),
        "respondents.csv:4, column city: 'LILLE': the same city is already on line 2; keep one",
    ),
    Case(
        "the same answer twice",
        with_line("actions.csv", "Lille,Agenda 21,no"),
        "actions.csv:3, column city: 'Lille': the same city and action is already on line 2; keep one",
    ),
    Case(
        "SQL for a town",
        with_line(FRAME, "'; drop table survey.waves; --,1"),
        'frame.csv:5, column city: "\'; drop table survey.waves; --": is a text that was damaged before it was handed in',
    ),
    Case(
        "a placeholder for a town",
        with_line(FRAME, "%s,1", ":x,2", "{n},3"),
        "frame.csv:5, column city: '%s': is not an accepted name",
        "frame.csv:6, column city: ':x': is not an accepted name",
        "frame.csv:7, column city: '{n}': is not an accepted name",
    ),
    Case(
        "control characters in a town",
        with_line(FRAME, "\x1b[31mLille\x07,1"),
        "frame.csv:5, column city: '\\x1b[31mLille\\x07': holds the control character U+001B; remove it",
    ),
    Case(
        "a NUL in a partner",
        with_line(PARTNERSHIPS, "Lille,IT,1,To\0rino,,,"),
        "partnerships.csv:6: holds the byte 0x00, which belongs to no text; remove it",
    ),
    Case(
        "a name of 100,000 characters",
        with_line(FRAME, f"{'x' * 100_000},1"),
        "frame.csv:5, column city: 'xxxxx",
    ),
]

VALUES = [
    Case(
        "what is no number of agreements",
        with_line(PARTNERSHIPS, *(f"Lille,IT,{value},Partner {value},,," for value in NO_COUNTS)),
        *(
            f"partnerships.csv:{line}, column agreements: {NO_COUNTS[line - 6]!r}: {NOT_A_COUNT}"
            for line in range(6, 6 + len(NO_COUNTS))
        ),
    ),
    Case(
        "what is no population",
        with_line(FRAME, *(f"{town},{value}" for town, value in NO_POPULATIONS.items())),
        *(
            f"frame.csv:{line}, column population: {value!r}: {NOT_A_POPULATION}"
            for line, value in enumerate(NO_POPULATIONS.values(), 5)
        ),
    ),
    Case(
        "what is no date",
        with_line(PARTNERSHIPS, *(f"Lille,IT,1,Partner {value},{value},," for value in NO_DATES)),
        *(f"partnerships.csv:{line}, column since: {value!r}: {NOT_A_DATE}" for line, value in enumerate(NO_DATES, 6)),
    ),
    Case(
        "a period without a day",
        with_line(PARTNERSHIPS, "Lille,IT,1,A,before 1900,,", "Lille,IT,1,B,between 1980 and 1970,,"),
        "partnerships.csv:6, column since: 'before 1900': leaves no day between 1900 and the end of fieldwork",
        "partnerships.csv:7, column since: 'between 1980 and 1970': leaves no day between 1900 and the end of",
    ),
    Case(
        "an unknown answer on management",
        with_line(RESPONDENTS, "Lens,responded,maybe"),
        f"respondents.csv:4, column service: 'maybe': {ANSWER}",
    ),
    Case(
        "an unknown answer on an action",
        with_line("actions.csv", "Douai,agenda_21,ja"),
        f"actions.csv:3, column answer: 'ja': {ANSWER}",
    ),
    Case(
        "no answer on a difficulty",
        with_line("difficulties.csv", "Lille,languages,"),
        "difficulties.csv:3, column answer: is missing",
    ),
    Case(
        "an unknown response",
        with_line(RESPONDENTS, "Lens,answered,"),
        "respondents.csv:4, column response: 'answered': must be one of responded, refused, not_reached, not_published",
    ),
    Case(
        "an unknown action",
        with_line("actions.csv", "Lille,agenda_22,yes"),
        "actions.csv:3, column action: 'agenda_22': is not an accepted name or code of actions; did you mean",
    ),
    Case(
        "an unknown difficulty",
        with_line("difficulties.csv", "Lille,langages,yes"),
        "difficulties.csv:3, column difficulty: 'langages': is not an accepted name or code of difficulties; "
        "did you mean Languages",
    ),
    Case(
        "a wrong mark of inference",
        with_line(PARTNERSHIPS, "Lille,IT,1,,,true,"),
        "partnerships.csv:6, column inferred: 'true': must be one of yes, no",
    ),
    Case(
        "a source that is no report",
        with_line(PARTNERSHIPS, "Lille,IT,1,,,,zonez/eu"),
        "partnerships.csv:6, column source: 'zonez/eu': names no report; did you mean zones",
    ),
]

FILES = [
    Case("no frame", without(FRAME), "frame.csv: is missing"),
    *(
        Case(f"no {name}", without(name), f"{name}: is missing")
        for name in (RESPONDENTS, PARTNERSHIPS, "actions.csv", "difficulties.csv")
    ),
    Case("no wave.toml", without("wave.toml"), "wave.toml: is missing"),
    Case(
        "a folder for wave.toml",
        with_folder("wave.toml"),
        "wave.toml: cannot be read",
    ),
    Case("a folder for a table", with_folder("actions.csv"), "actions.csv: cannot be read"),
    Case(
        "a missing column",
        with_text(RESPONDENTS, "city,service\nLille,yes\n"),
        "respondents.csv:1: column response is missing; columns are city,response,",
    ),
    Case(
        "an unknown column",
        with_text(RESPONDENTS, "city,response,servic\nLille,responded,yes\nDouai,responded,\n"),
        "respondents.csv:1, column servic: is an unknown column; did you mean service?",
    ),
    Case(
        "a column twice",
        with_text(RESPONDENTS, "city,response,response\nLille,responded,refused\n"),
        "respondents.csv:1, column response: appears twice in the header",
    ),
    Case(
        "a column with control characters",
        with_text(RESPONDENTS, "city,response,\x07bell\nLille,responded,yes\nDouai,responded,\n"),
        "respondents.csv:1: '\\x07bell': holds the control character U+0007; remove it",
    ),
    Case(
        "colons",
        with_text("actions.csv", "city:action:answer\nLille:agenda_21:yes\n"),
        "actions.csv:1: 'city:action:answer': names the columns, but separated by something other than a comma",
    ),
    Case(
        "an empty file",
        with_bytes(RESPONDENTS, b""),
        "respondents.csv: is empty; its header line must be city,response",
    ),
    Case(
        "a blank file",
        with_text(RESPONDENTS, " \n\n"),
        "respondents.csv: is empty; its header line must be city,response",
    ),
    Case(
        "a row with too many fields",
        with_line(RESPONDENTS, "Lens,responded,yes,no"),
        "respondents.csv:4: has 4 fields where the header has 3",
    ),
    Case(
        "a row with too few fields",
        with_line(RESPONDENTS, "Lens,responded"),
        "respondents.csv:4: has 2 fields where the header has 3",
    ),
    Case(
        "a row of the frame with too few fields",
        with_line(FRAME, "Arras"),
        "frame.csv:5: has 1 field where the header has 2",
    ),
    Case(
        "a wrong row after a cell of two lines",
        with_line(PARTNERSHIPS, 'Lille,IT,1,"Tu\nrin",,,\nLille,IT,none,Milan,,,'),
        f"partnerships.csv:8, column agreements: 'none': {NOT_A_COUNT}",
    ),
    Case(
        "a quote that is not closed",
        with_text(RESPONDENTS, 'city,response,service\n"Lille,responded,yes\nDouai,responded,\nLens,responded,\n'),
        "respondents.csv:2: is not CSV: ",
    ),
    Case(
        "a cell of a megabyte",
        with_line(PARTNERSHIPS, f"Lille,IT,1,{'x' * 1_000_000},,,"),
        "partnerships.csv:6: has a field of more than 131,072 characters",
    ),
    Case(
        "two encodings in one file",
        with_bytes(RESPONDENTS, "city,response\nLiévin,responded\n".encode() + "Béthune,responded\n".encode("cp1252")),
        "respondents.csv:3: is not UTF-8: byte 0xe9, though other parts of the file are; save it as UTF-8",
    ),
    Case(
        "an encoding that is neither",
        with_bytes(RESPONDENTS, b"city,response\r\nLille,responded\r\nB\x81thune,responded\r\n"),
        "respondents.csv:3: is neither UTF-8 nor cp1252: byte 0x81; save it as UTF-8",
    ),
    Case(
        "UTF-16 without its mark",
        with_bytes(RESPONDENTS, TINY[RESPONDENTS].encode("utf-16-le")),
        "respondents.csv: seems to be UTF-16, without the byte order mark that says so; save the file as UTF-8",
    ),
    Case(
        "half a character of UTF-16",
        with_bytes(RESPONDENTS, TINY[RESPONDENTS].encode("utf-16")[:-1]),
        "respondents.csv:3: is not UTF-16, which its first bytes announce",
    ),
    Case(
        "an unknown file",
        with_text("frames.csv", "city\n"),
        "frames.csv: is not a file of a wave, and would be lost; did you mean frame.csv",
    ),
    Case(
        "an unknown file among the published ones",
        with_text("published/zones.xlsx", "x"),
        "published/zones.xlsx: ",
    ),
    Case(
        "a file for the folder of published ones",
        with_text("published", "x"),
        "published: ",
    ),
]

WAVE = [
    Case("a wave.toml that is not TOML", toml("synthetic = false", "synthetic = nein"), "wave.toml: is not TOML: "),
    Case(
        "a wave.toml in another encoding",
        with_bytes("wave.toml", TINY["wave.toml"].encode("cp1252")),
        "wave.toml: is not UTF-8: byte ",
    ),
    Case("a missing key", toml('population = "RP2007"\n', ""), "wave.toml, key population: is missing"),
    Case("a missing key of a table", toml('mode = "post"\n', ""), "wave.toml, key fieldwork.mode: is missing"),
    Case("a missing language", toml('title.en = "Small survey"\n', ""), "wave.toml, key title: must give a text in fr"),
    Case(
        "an unknown key",
        toml("synthetic = false", 'synthetic = false\npopulatoin = "RP2007"'),
        "wave.toml, key populatoin: 'RP2007': is unknown; did you mean population or publication?",
    ),
    Case(
        "an unknown key of a table",
        toml('mode = "post"', 'mode = "post"\nmodes = "post"'),
        "wave.toml, key fieldwork.modes: 'post': is unknown; did you mean mode?",
    ),
    Case(
        "a text for a yes or no",
        toml("synthetic = false", 'synthetic = "no"'),
        "wave.toml, key synthetic: 'no': must be true or false",
    ),
    Case(
        "a text for a date",
        toml("reference_date = 2010-12-31", 'reference_date = "2010-12-31"'),
        "wave.toml, key reference_date: '2010-12-31': must be a date",
    ),
    Case(
        "a number for a text",
        toml('source = "tests"', "source = 5"),
        "wave.toml, key source: '5': must be a text",
    ),
    Case(
        "an unknown default answer",
        toml('elected_delegate = "no"', 'elected_delegate = "none"'),
        "wave.toml, key defaults.elected_delegate: 'none': is not an answer here; did you mean ",
    ),
    Case(
        "a date for a default",
        toml('since = "dont_know"', 'since = "1958"'),
        "wave.toml, key defaults.since: '1958': is not an answer here; known: ",
    ),
    Case(
        "an unknown default answer of an action",
        toml('actions = { "*" = "no" }', 'actions = { "*" = "nope" }'),
        "wave.toml, key defaults.actions.*: 'nope': is not an answer here; did you mean no",
    ),
    Case(
        "a default of an unknown action",
        toml('actions = { "*" = "no" }', 'actions = { "*" = "no", intereg = "yes" }'),
        "wave.toml, key defaults.actions: 'intereg': is not a code of actions; did you mean ",
    ),
    *(
        Case(
            f"{code} for the code of the wave",
            toml('wave = "tiny"', f'wave = "{code}"'),
            f"wave.toml, key wave: {code!r}: must consist of lower-case letters, digits and hyphens",
        )
        for code in ("", "Tiny", "a'b", "été", "x" * 41)
    ),
    Case(
        "a time for a date",
        toml("reference_date = 2010-12-31", "reference_date = 2010-12-31T10:00:00"),
        "wave.toml, key reference_date: '2010-12-31 10:00:00': must be a date",
    ),
    Case(
        "a fieldwork that ends before it begins",
        toml("to = 2010-12-31", "to = 2010-09-30"),
        "wave.toml, key fieldwork.to: '2010-09-30': is before fieldwork.from",
    ),
    Case(
        "no decimal mark",
        with_toml("[printed]", 'decimal = ""'),
        "wave.toml, key printed.decimal: '': is not an answer here; known: ,, .",
    ),
    Case(
        "an unknown complete table",
        toml("agreements = true", 'agreements = true\nprinted = ["zonez"]'),
        "wave.toml, key complete.printed: 'zonez': there is no such report; did you mean zones?",
    ),
    Case(
        "an unknown source of the frame",
        with_toml('frame = "nonsense"'),
        "wave.toml, key sources.frame: 'nonsense': ",
    ),
    Case(
        "an explanation of an unknown report",
        explained(("report", '"zonez"')),
        "wave.toml, key explanations.report: 'zonez': there is no such report; did you mean zones?",
    ),
    Case(
        "an explanation of an unknown measure",
        explained(("measure", '"agrements"')),
        "wave.toml, key explanations.measure: 'agrements': zones has no such measure; did you mean agreements",
    ),
    Case(
        "an explanation without a reason",
        explained(("because", "")),
        "wave.toml, key explanations.because: is missing",
    ),
    Case(
        "an explanation that is a text",
        lambda wave: wave.write("wave.toml", f'explanations = ["x"]\n{TINY["wave.toml"]}'),
        "wave.toml, key explanations",
    ),
    Case(
        "an explanation whose keys are lists",
        explained(("keys", '[["eu"]]')),
        "wave.toml, key explanations.keys",
    ),
    Case(
        "two explanations of one figure",
        lambda wave: [explained()(wave) for _ in range(2)],
        "wave.toml, key explanations",
    ),
    Case(
        "a mark of several agreements without its number",
        with_toml("[printed]", 'several_mark = "*"'),
        "wave.toml, key printed.several_mark: '*': must have {n} in place of the number, once",
    ),
    Case(
        "a word that stands for a word",
        with_toml("[printed.words]", 'Deux = { value = "2" }'),
        "wave.toml, key printed.words.Deux.value: '2': must be a number",
    ),
    Case(
        "a word that stands for no finite number",
        lambda wave: (
            with_toml("[printed.words]", "Deux = { value = inf }")(wave),
            zones("eu,agreements,Deux,p")(wave),
        ),
        "wave.toml, key printed.words.Deux.value: 'inf': ",
    ),
    Case(
        "a byte order mark and nothing wrong after it, but a wrong answer",
        lambda wave: (
            with_bytes("wave.toml", b"\xef\xbb\xbf" + TINY["wave.toml"].encode())(wave),
            with_line("actions.csv", "Douai,agenda_21,ja")(wave),
        ),
        "actions.csv:3, column answer: 'ja'",
    ),
    Case("a NUL in a title", toml("Small survey", r"Small\u0000 survey"), "wave.toml"),
]

PUBLISHED = [
    Case(
        "figures of an unknown report",
        with_text("published/zonez.csv", "zone,measure,printed,place\n"),
        "published/zonez.csv: there is no report 'zonez'; did you mean zones.csv ",
    ),
    Case(
        "a figure without the columns of its key",
        with_text("published/zones.csv", "country,measure,printed,place\nDE,agreements,1,p\n"),
        "published/zones.csv:1: column zone is missing; columns are zone,measure,printed,place",
        "published/zones.csv:1, column country: is an unknown column; known: measure, place, printed, zone",
    ),
    Case(
        "a figure of an unknown measure",
        zones("eu,agrements,1,p"),
        "published/zones.csv:2, column measure: 'agrements': zones has no such measure; did you mean agreements",
    ),
    Case(
        "a figure of an unknown code",
        zones("eux,agreements,1,p"),
        "published/zones.csv:2, column zone: 'eux': is not an accepted name or code of zones; ",
    ),
    Case("a figure without a key", zones(",agreements,1,p"), "published/zones.csv:2, column zone: is missing"),
    Case(
        "a figure with an unknown label in its key",
        with_text("published/seniority.csv", "seniority,measure,printed,place\nold,cities,1,p\n"),
        "published/seniority.csv:2, column seniority: 'old': is not a known seniority; ",
    ),
    Case(
        "what is no figure",
        zones(*(f"eu,agreements,{printed},p" for printed in NO_FIGURES)),
        *(
            f"published/zones.csv:{line}, column printed: {printed!r}: {UNREADABLE}"
            for line, printed in enumerate(NO_FIGURES[:-1], 2)
        ),
        f"published/zones.csv:9, column printed: {UNREADABLE}",
    ),
    Case(
        "a figure too big to keep",
        zones("eu,agreements,9999999999999,p"),
        "published/zones.csv:2, column printed: '9999999999999': ",
    ),
    Case(
        "a figure without its place",
        zones("eu,agreements,1,"),
        "published/zones.csv:2, column place: is missing; say where it is printed",
    ),
    Case(
        "the same figure of the same place twice",
        zones("eu,agreements,1,p", "eu,agreements,1,q", "eu,agreements,2,p"),
        "published/zones.csv:4, column place: 'p': the same figure from the same place is already on line 2",
    ),
    Case(
        "a claim of an unknown kind",
        claims("c,p,1,towns,Ainsi,So,guess,"),
        "claims.csv:2, column kind: 'guess': must be one of figure, wording, source",
    ),
    Case(
        "a claim without its place",
        claims("c,,1,towns,Ainsi,So,wording,"),
        "claims.csv:2, column place: is missing",
    ),
    Case(
        "a claim twice in a place",
        claims("c,p,1,towns,Ainsi,So,wording,", "c,q,1,towns,Ainsi,So,wording,", "c,p,1,towns,Ainsi,So,wording,"),
        "claims.csv:4, column claim: 'c': the same claim from the same place is already on line 2",
    ),
]


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> URL:
    """A database with the 2006 wave that every test of this module leaves as it was.

    On DuckDB: whatever the target, a wave is read and checked there, and tests/test_rules.py looks at both.
    """
    return Databases("duckdb", tmp_path_factory.mktemp("bad"), None).loaded()


def _named(number: int, case: Case) -> object:
    """Every fourth shows how a mistake is told: tests/test_rules.py breaks every rule."""
    return pytest.param(case, id=case.name[:60], marks=pytest.mark.long if number % 4 else ())


@pytest.mark.parametrize("case", list(starmap(_named, enumerate((*NAMES, *VALUES, *FILES, *WAVE, *PUBLISHED)))))
def test_a_mistake_is_placed_and_explained_and_nothing_is_loaded(
    unharmed: URL, tiny_wave: WaveFolder, case: Case
) -> None:
    before = content(unharmed)
    case.spoil(tiny_wave)
    result = run("load", tiny_wave.path, "--db", address(unharmed))
    lines = readable(result)
    number = len(case.says)
    total = f"error: {tiny_wave.path}: {number} finding{'s' if number > 1 else ''}; nothing was loaded"
    assert [line[: len(said)] for line, said in zip(lines, (*case.says, total), strict=True)] == [*case.says, total]
    assert result.code == 1
    assert content(unharmed) == before


def test_all_mistakes_of_all_files_come_at_once_sorted_by_file_and_row(unharmed: URL, folder_2006: WaveFolder) -> None:
    folder_2006.append("actions.csv", "Lille,interreg,ja")
    folder_2006.append("claims.csv", "c,p,1,towns,Ainsi,So,guess,")
    folder_2006.append("difficulties.csv", "Arras,nothing,yes")
    folder_2006.replace("frame.csv", "Croix,20638", "Croisx,none")
    folder_2006.append("frame.csv", "Lille,212597")
    folder_2006.append("partnerships.csv", "Roubaix,Alemagne,0,,12/11/1999,perhaps,zonez")
    folder_2006.append("partnerships.csv", "Rubaix,DE,-1,,,,zones")
    folder_2006.append("published/zones.csv", "eu,agreements,plenty,p")
    folder_2006.append("published/countries.csv", "eu,Allemagne,agreements,78,")
    folder_2006.append("respondents.csv", "Lens,answered")
    folder_2006.write("notes.txt", "see you")
    before = content(unharmed)
    result = run("load", folder_2006.path, "--db", address(unharmed), "--reason", "x")
    lines = readable(result)
    found = [line.split(": ", 1)[0] for line in lines[:-1]]
    assert found == [
        "actions.csv:4, column answer",
        f"claims.csv:{_lines(folder_2006, 'claims.csv')}, column kind",
        "difficulties.csv:2, column difficulty",
        "frame.csv:10, column city",
        "frame.csv:10, column population",
        "frame.csv:31, column city",
        "notes.txt",
        "partnerships.csv:96, column agreements",
        "partnerships.csv:96, column country",
        "partnerships.csv:96, column inferred",
        "partnerships.csv:96, column since",
        "partnerships.csv:96, column source",
        "partnerships.csv:97, column agreements",
        "partnerships.csv:97, column city",
        f"published/countries.csv:{_lines(folder_2006, 'published/countries.csv')}, column place",
        f"published/zones.csv:{_lines(folder_2006, 'published/zones.csv')}, column printed",
        "respondents.csv:23, column city",
        "respondents.csv:23, column response",
    ]
    assert lines[-1] == f"error: {folder_2006.path}: {len(found)} findings; nothing was loaded"
    assert result.code == 1
    assert content(unharmed) == before


def _lines(folder: WaveFolder, name: str) -> int:
    return (folder.path / name).read_text(encoding="utf-8").count("\n")


def test_a_mistake_in_wave_toml_does_not_hide_those_of_the_publication(unharmed: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.replace("wave.toml", 'mode = "post"\n', "")
    zones("eu,agrements,1,p")(tiny_wave)
    lines = readable(run("load", tiny_wave.path, "--db", address(unharmed)))
    assert [line.split(",")[0] for line in lines[:-1]] == ["published/zones.csv:2", "wave.toml"]


def test_two_agreements_with_unnamed_partners_may_have_two_dates(unharmed: URL, tiny_wave: WaveFolder) -> None:
    tiny_wave.append("partnerships.csv", "Douai,Pologne,1,,1999,,")
    assert run("load", tiny_wave.path, "--db", address(unharmed), "--dry-run").code == 0


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("nowhere", 1, "there is no such file or folder; a wave is a folder with a wave.toml, or a workbook"),
        ("tiny/frame.csv", 2, "is one file; say which table it is: --table frame|respondents|"),
    ],
)
def test_a_wave_is_a_folder_or_a_workbook(
    unharmed: URL, tiny_wave: WaveFolder, name: str, code: int, said: str
) -> None:
    before = content(unharmed)
    folder = tiny_wave.path.parent / name
    result = run("load", folder, "--db", address(unharmed))
    assert result.code == code
    (line,) = readable(result)
    assert line.startswith(f"error: {folder}")
    assert said in line
    assert content(unharmed) == before


def test_an_empty_folder_lacks_every_file(unharmed: URL, tmp_path: Path) -> None:
    result = run("load", tmp_path, "--db", address(unharmed))
    assert result.code == 1
    assert [line.split(":")[0] for line in readable(result)[:-1]] == [
        "actions.csv",
        "difficulties.csv",
        "frame.csv",
        "partnerships.csv",
        "respondents.csv",
        "wave.toml",
    ]


def test_a_wrong_row_is_found_among_a_hundred_thousand(unharmed: URL, tiny_wave: WaveFolder) -> None:
    header = "city,country,agreements,partner,since,inferred,source"
    rows = (f"Lille,DE,{'none' if i % 33_333 == 5 else 1},Partner {i},,," for i in range(99_000))
    tiny_wave.write("partnerships.csv", "\n".join((header, *rows, "")))
    lines = readable(run("load", tiny_wave.path, "--db", address(unharmed)))
    assert [line.split(",")[0] for line in lines[:-1]] == [
        "partnerships.csv:7",
        "partnerships.csv:33340",
        "partnerships.csv:66673",
    ]


# --- databases, waves, reports and cells that are not there --------------------------------------------------

COMMANDS = [
    ("load", WAVE_2006),
    ("load", WAVE_2006, "--dry-run"),
    ("report", "zones"),
    ("explain", "zones", "eu", "agreements"),
    ("check",),
    ("publish", "--out", "public"),
]
COMMAND_NAMES = ["load", "load --dry-run", "report", "explain", "check", "publish"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def refused(url: URL | str, command: tuple[object, ...], code: int) -> str:
    """Run a command that must be refused with one message; return it."""
    result = run(*command, "--db", url if isinstance(url, str) else address(url))
    lines = readable(result)
    assert result.code == code, lines
    assert lines[0].startswith("error: ")
    return "\n".join(lines)


def set_migration(url: URL, revision: str) -> None:
    with database.make_engine(url).begin() as connection:
        connection.execute(text(f"update alembic_version set version_num = '{revision}'"))


@pytest.mark.parametrize("command", COMMANDS, ids=COMMAND_NAMES)
def test_a_command_does_not_create_a_database_that_is_missing(
    databases: Databases, here: Path, command: tuple[object, ...]
) -> None:
    if databases.server is not None:
        message = refused(databases.server.set(database="nowhere"), command, 3)
        assert 'database "nowhere" does not exist' in message
    else:
        message = refused(str(here / "nowhere.duckdb"), command, 3)
        assert "there is no database at" in message
        assert "jumelage migrate" in message
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS, ids=COMMAND_NAMES)
def test_a_command_says_that_a_database_has_no_tables_yet(
    databases: Databases, here: Path, command: tuple[object, ...]
) -> None:
    url = databases.missing()
    with database.make_engine(url).begin() as connection:
        connection.execute(text("create table mine (x integer)"))
    assert "has no tables of jumelage yet; run: jumelage migrate" in refused(url, command, 3)
    assert list(here.iterdir()) == []


def test_every_command_refuses_a_database_at_another_migration(migrated: URL, here: Path) -> None:
    set_migration(migrated, "ffff")
    for command in (*COMMANDS, ("migrate",)):
        assert "is at migration ffff, newer than this jumelage; upgrade jumelage" in refused(migrated, command, 3)
    set_migration(migrated, database.head())
    assert run("migrate", "--to", "0002", "--db", address(migrated)).code == 0
    for command in COMMANDS:
        message = refused(migrated, command, 3)
        assert f"is at migration 0002, older than {database.head()}; run: jumelage migrate" in message
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS[2:], ids=COMMAND_NAMES[2:])
def test_a_command_says_that_no_wave_is_loaded_yet(migrated: URL, here: Path, command: tuple[object, ...]) -> None:
    assert "no wave is loaded yet; load one with: jumelage load waves/2006" in refused(migrated, command, 2)
    assert "no wave is loaded yet" in refused(migrated, (*command, "--wave", "2006"), 2)
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS[2:], ids=COMMAND_NAMES[2:])
@pytest.mark.parametrize("wave", ["1999", "", "'; drop table survey.waves; --", "2006x"])
def test_an_unknown_wave_names_the_known_ones(
    wave_2006: URL, here: Path, command: tuple[object, ...], wave: str
) -> None:
    message = refused(wave_2006, (*command, "--wave", wave), 2)
    assert message.startswith(f"error: there is no wave {wave!r}; ")
    assert "2006" in message.split(";")[-1]
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", ["zonez", "../zones", "reports/zones.sql", ""])
def test_an_unknown_report_names_the_near_ones(wave_2006: URL, name: str) -> None:
    for command in (("report", name), ("explain", name, "eu", "agreements")):
        message = refused(wave_2006, command, 2)
        assert message.startswith(f"error: there is no report {name!r}; ")
        assert "zones" in message


@pytest.mark.parametrize(
    ("key", "measure", "said"),
    [
        ("eu", "agrements", "zones has no measure 'agrements'; did you mean agreements"),
        ("eux", "agreements", "zones has no cell 'eux'; "),
        ("eu/DE", "agreements", "a key of zones is written zone; this is 'eu/DE'"),
        ("", "agreements", "zones has no cell ''; "),
        ("' or true --", "agreements", 'zones has no cell "\' or true --"; '),
        ("eu", "zone", "zones has no measure 'zone'; "),
    ],
)
def test_an_unknown_cell_names_the_near_ones(wave_2006: URL, key: str, measure: str, said: str) -> None:
    assert refused(wave_2006, ("explain", "zones", key, measure), 2).startswith(f"error: {said}")


def test_an_unknown_migration_names_the_known_ones(migrated: URL) -> None:
    message = refused(migrated, ("migrate", "--to", "9999"), 2)
    assert message.startswith("error: there is no migration '9999'; ")
    assert database.head() in message


@pytest.mark.parametrize("command", COMMANDS, ids=COMMAND_NAMES)
def test_a_file_that_is_no_duckdb_database_is_refused_and_left_alone(here: Path, command: tuple[object, ...]) -> None:
    file = here.parent / "notes.duckdb"
    file.write_text("minutes of the meeting\n" * 1000)
    assert str(file) in refused(str(file), command, 3)
    assert refused(str(file), ("migrate",), 3)
    assert file.read_text() == "minutes of the meeting\n" * 1000
    assert list(here.iterdir()) == []


def test_a_refusal_is_not_busy_because_of_the_name_of_the_file(here: Path) -> None:
    file = here / "conflicts.duckdb"
    file.write_text("minutes of the meeting\n" * 1000)
    assert "is busy" not in refused(str(file), ("report", "zones"), 3)


def test_a_folder_is_no_database(here: Path) -> None:
    (here / "data.duckdb").mkdir()
    assert "data.duckdb" in refused(str(here / "data.duckdb"), ("report", "zones"), 3)
    assert "data.duckdb" in refused(str(here / "data.duckdb"), ("migrate",), 3)


def test_migrate_makes_no_folders(here: Path) -> None:
    assert "its folder does not exist" in refused(str(here / "a" / "b.duckdb"), ("migrate",), 3)
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("survey.duckdb", "survey.duckdb: a DuckDB file of that name hides a schema; choose another name"),
        ("duckdb:///Survey.db", "Survey.db: a DuckDB file of that name hides a schema; choose another name"),
        ("mysql://me:s3cret@host/db", "mysql databases are not supported; use duckdb:///file or postgresql://"),
        ("sqlite:///x.db", "sqlite databases are not supported; use duckdb:///file or postgresql://"),
        ("nonsense://me:s3cret@host/db", "nonsense databases are not supported; "),
        ("://me:s3cret@host/db", "the database URL cannot be read; write engine://user@host/name"),
        ("postgresql://me@host:s3cret/db", "the database URL cannot be read: its port is not a number"),
        ("postgresql://me@host/db?port=s3cret", "the database URL cannot be read: its port is not a number"),
        ("postgresql://me@host/db?connect_timeout=s3cret", "the database URL cannot be read: its connect_timeout is"),
        ("postgresql://me@host/db?nonsense=s3cret", "the database URL cannot be read; write postgresql://user@host"),
        ("postgresql://me:a@s3cret@host/db", "the database URL cannot be read: it has an @ too many; write"),
        ("postgresql://me:a/b@s3cret@host/db", "the database URL cannot be read: it has an @ too many; write"),
        ("postgresql://me:a/s3cret@host/db", "the database URL cannot be read: it has an @ too many; write"),
        ("postgresql://me:a@b/s3cret@host:1/db", "the database URL cannot be read: it has an @ too many; write"),
        ("postgresql://me:a#b@s3cret@host:1/db", "the database URL cannot be read: it has an @ too many; write"),
        ("me:s3cret@host/db", "the database URL cannot be read; write engine://user@host/name"),
        ("//me:s3cret@host/db", "the database URL cannot be read; write engine://user@host/name"),
        ("host=h user=me password = s3cret", "the database URL cannot be read; write engine://user@host/name"),
        ("duckdb:///x.duckdb?key=s3cret", "a DuckDB URL is a file alone, without a host or parameters"),
        ("duckdb://", "a DuckDB database needs a file: duckdb:///jumelage.duckdb"),
        ("duckdb:///:memory:", "a DuckDB database needs a file: duckdb:///jumelage.duckdb"),
        (":memory:", "a DuckDB database needs a file: duckdb:///jumelage.duckdb"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_secret(here: Path, url: str, said: str) -> None:
    message = refused(url, ("migrate",), 2)
    assert message.startswith(f"error: {said}")
    assert "s3cret" not in message
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@127.0.0.1:1/db",
        "postgres://me:s3cret@127.0.0.1:1/db",
        "postgresql+psycopg://me:s3cret@127.0.0.1:1/db",
        "postgresql://me@127.0.0.1:1/db?password=s3cret",
        "postgresql://me:s3cret%40%2F%25@127.0.0.1:1/db",
        "postgresql://me:s3cret@nowhere.invalid/db",
        "postgresql://me:s3cret@127.0.0.1:1/db?sslmode=s3cret",
    ],
)
@pytest.mark.parametrize(
    ("command", "given"),
    [(("migrate",), "environment"), (("report", "zones"), "option"), (("load", WAVE_2006), "option")],
    ids=["migrate", "report", "load"],
)
def test_a_server_out_of_reach_is_named_without_its_password(
    here: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[object, ...], url: str, given: str
) -> None:
    if given == "environment":
        monkeypatch.setenv(database.ENVIRONMENT, url)
        result = run(*command)
    else:
        result = run(*command, "--db", url)
    assert result.code == 3
    assert "s3cret" not in "".join(readable(result))
    assert result.err.startswith("error: postgresql://me")
    assert list(here.iterdir()) == []


def test_a_server_that_refuses_a_user_is_named_without_the_password(postgres: URL) -> None:
    hidden = "s3cret"
    url = postgres.set(username="nobody-here", password=hidden)
    for command in (("migrate",), ("report", "zones"), ("load", WAVE_2006)):
        message = refused(url, command, 3)
        assert "nobody-here" in message
        assert hidden not in message
