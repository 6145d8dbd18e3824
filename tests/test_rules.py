"""Every rule of loading has a file that breaks it and nothing else: it is found, placed, said in two languages."""

from __future__ import annotations

import json
import re
import string
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

import openpyxl
import pytest
from openpyxl.workbook.workbook import Workbook
from sqlalchemy.engine import URL

from jumelage.cli import showing
from jumelage.findings import Findings
from jumelage.reading.handed import TABLES
from jumelage.reading.headings import HEADINGS, meanings
from jumelage.reading.shapes import ALIASES, CLAIMS, SHAPES
from jumelage.reading.source import CsvSource
from jumelage.report_file import report, report_names
from jumelage.rules import ERROR, Finding, Rule, rules
from jumelage.rules import folder as rules_folder
from tests.conftest import TINY, Databases, WaveFolder, address, run
from tests.test_load import content
from tests.test_wave_reports import REPORT

# Spoils a wave's folder, or makes another file of it and returns that.
Spoil: TypeAlias = Callable[[WaveFolder], object]
BOOK, ARCHIVE = "tiny.xlsx", "tiny.zip"
FRAME, RESPONDENTS, PARTNERSHIPS = "frame.csv", "respondents.csv", "partnerships.csv"
PAIRS, _SAID = "partner_pairs.csv", "city,country,partner_before,partner,same"


@dataclass(frozen=True)
class Place:
    """Where a finding stands."""

    file: str
    row: int | None = None
    column: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Case:
    """How a wave is spoiled, where that is found, and which notices are given beside."""

    spoil: Spoil
    place: Place
    beside: frozenset[str] = frozenset()


def case(
    spoil: Spoil,
    file: str,
    row: int | None = None,
    column: str | None = None,
    *,
    sheet: str | None = None,
    beside: str | None = None,
) -> Case:
    return Case(spoil, Place(file, row, column, sheet), frozenset(filter(None, (beside,))))


# --- how a test spoils a wave --------------------------------------------------------------------------------


def line(name: str, text: str) -> Spoil:
    return lambda wave: wave.append(name, text)


def lines(name: str, *texts: str) -> Spoil:
    return lambda wave: wave.write(name, "\n".join((*texts, "")))


def data(name: str, content_: bytes) -> Spoil:
    return lambda wave: (wave.path / name).write_bytes(content_)


def swapped(name: str, old: str, new: str) -> Spoil:
    return lambda wave: wave.replace(name, old, new)


def toml(*texts: str) -> Spoil:
    return line("wave.toml", "\n".join(texts))


def both(*spoils: Spoil) -> Spoil:
    return lambda wave: [spoil(wave) for spoil in spoils] and None


def folder(name: str) -> Spoil:
    def spoil(wave: WaveFolder) -> None:
        (wave.path / name).unlink()
        (wave.path / name).mkdir()

    return spoil


def vanishing(_: WaveFolder) -> None:
    """Delete the first table that is read, once its header was."""

    def gone(source: CsvSource, way: int) -> None:
        patcher.stop()
        source.choose(way)
        source.path.unlink()

    patcher = patch.object(CsvSource, "choose", gone)
    patcher.start()


def published(report_: str, *rows: str) -> Spoil:
    return lines(f"published/{report_}.csv", f"{','.join(report(report_).key)},measure,printed,place", *rows)


def claims(*rows: str) -> Spoil:
    return lines("claims.csv", ",".join(CLAIMS.columns), *rows)


def ended(*rows: str) -> Spoil:
    """Write agreements with when they ended, from the second line on."""
    return lines(PARTNERSHIPS, "city,country,agreements,partner,since,until,inferred", *rows)


ITEMS_SAID = "question,item,label_fr,label_en,parent"


def asks(*rows: str) -> Spoil:
    """Ask questions of its own."""
    return lines("questions.csv", "question,kind,label_fr,label_en,list,least,most", *(_whole(row) for row in rows))


def _whole(row: str) -> str:
    return row + "," * (6 - row.count(","))


def answered(question: str, answer: str) -> Spoil:
    """Ask for a budget in this way, and let Lille answer it in a column of its own."""
    rows = lines(RESPONDENTS, "city,response,budget", f"Lille,responded,{answer}", "Douai,responded,")
    return both(asks(f"budget,{question}"), rows)


def aliases(row: str) -> Spoil:
    return lines("aliases.csv", ",".join(ALIASES.columns), row)


def explanation(*, measure: str = "agreements", evidence: str = "") -> Spoil:
    entry = ("report = 'zones'", "keys = ['eu']", f"measure = '{measure}'", "because = { fr = 'Ainsi', en = 'So' }")
    return toml("[[explanations]]", *entry, *([f"evidence = '{evidence}'"] if evidence else []))


def section(name: str, report: str) -> Spoil:
    texts = ("title = { fr = 'Un', en = 'One' }", "text = { fr = 'Un', en = 'One' }")
    return toml("[[publication]]", f"name = '{name}'", *texts, f"reports = ['{report}']")


def archived(change: Callable[[zipfile.ZipFile], object], damage: Callable[[bytes], bytes] = bytes) -> Spoil:
    """Hand in a zip of the wave, changed as a zip and then as bytes."""

    def spoil(wave: WaveFolder) -> Path:
        path = wave.path.parent / ARCHIVE
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for file in sorted(wave.path.iterdir()):
                made.write(file, file.name)
            change(made)
        path.write_bytes(damage(path.read_bytes()))
        return path

    return spoil


def encrypted(archive: bytes) -> bytes:
    """Say of the last member of a zip, in its directory, that it is encrypted."""
    at = archive.rindex(b"PK\x01\x02") + 8
    return archive[:at] + bytes([archive[at] | 1]) + archive[at + 1 :]


def book(change: Callable[[Workbook], object]) -> Spoil:
    """Hand in a workbook of the wave, changed."""

    def spoil(wave: WaveFolder) -> Path:
        path = wave.path.parent / BOOK
        made = workbook(wave)
        change(made)
        made.save(path)
        return path

    return spoil


def pairs(*rows: str) -> Spoil:
    """Hand pairs of partners in with a wave whose partners are Köln and Kiel."""
    partners = line(PARTNERSHIPS, "Lille,DE,1,Kiel,1970,,")
    return both(partners, lines(PAIRS, _SAID, *rows))


def workbook(wave: WaveFolder) -> Workbook:
    """Make a workbook with a sheet per table of a wave, and the sheet `wave` of its wave.toml."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    sheet = made.create_sheet("wave")
    declared = tomllib.loads((wave.path / "wave.toml").read_text(encoding="utf-8"))
    for row in (("key", "value"), *_dotted(declared, "")):
        sheet.append(row)
    for name in (name for name in TABLES if (wave.path / f"{name}.csv").exists()):
        sheet = made.create_sheet(name)
        for text in (wave.path / f"{name}.csv").read_text(encoding="utf-8").splitlines():
            sheet.append([int(field) if field.isdigit() else field or None for field in text.split(",")])
    return made


def _dotted(table: dict[str, Any], before: str) -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", "yes" if value is True else "no" if value is False else value


def cell(sheet: str, name: str, value: object) -> Spoil:
    def change(made: Workbook) -> None:
        made[sheet][name] = value

    return book(change)


def time_of_day(made: Workbook) -> None:
    made["frame"]["B3"] = 0.5
    made["frame"]["B3"].number_format = "hh:mm"


def formatted(sheet: str, name: str, value: object, form: str) -> Callable[[Workbook], None]:
    def change(made: Workbook) -> None:
        made[sheet][name] = value
        made[sheet][name].number_format = form

    return change


def hidden(made: Workbook) -> None:
    made["actions"].sheet_state = "hidden"


def hidden_row(made: Workbook) -> None:
    made["frame"].row_dimensions[3].hidden = True


def hidden_column(made: Workbook) -> None:
    made["respondents"].column_dimensions["C"].hidden = True


# --- a file for every rule -----------------------------------------------------------------------------------

FILES = {
    "file_missing": case(lambda wave: (wave.path / FRAME).unlink(), FRAME),
    "file_unreadable": case(folder("actions.csv"), "actions.csv"),
    "file_unknown": case(lines("frames.csv", "city"), "frames.csv"),
    "report_unknown": case(lines("published/zonez.csv", "zone"), "published/zonez.csv"),
    "published_no_folder": case(lines("published", "zone"), "published"),
    "file_empty": case(data(RESPONDENTS, b""), RESPONDENTS),
    "too_large": case(archived(lambda made: made.writestr("claims.csv", bytes(11 << 20))), ARCHIVE),
    "zero_byte": case(line(PARTNERSHIPS, "Lille,IT,1,To\0rino,,,"), PARTNERSHIPS, 6),
    "utf16_without_mark": case(data(FRAME, TINY[FRAME].encode("utf-16-le")), FRAME),
    "file_changed": case(vanishing, FRAME),
    "not_utf16": case(data(RESPONDENTS, TINY[RESPONDENTS].encode("utf-16")[:-1]), RESPONDENTS, 3),
    "mixed_encodings": case(
        data(RESPONDENTS, "city,response\nLiévin,\n".encode() + "Béthune,\n".encode("cp1252")), RESPONDENTS, 3
    ),
    "undecodable": case(data(RESPONDENTS, b"city,response\nLille,responded\nB\x81thune,\n"), RESPONDENTS, 3),
    "read_as_cp1252": case(data(PARTNERSHIPS, TINY[PARTNERSHIPS].encode("cp1252")), PARTNERSHIPS),
    "not_csv": case(lines(RESPONDENTS, "city,response", "Lille,responded", '"Douai,responded'), RESPONDENTS, 3),
    "field_too_long": case(line(PARTNERSHIPS, f"Lille,IT,1,{'x' * 200_000},,,"), PARTNERSHIPS, 6),
    "wrong_number_of_fields": case(line(FRAME, "Arras,40535,59"), FRAME, 5),
    "delimiter_unknown": case(lines(FRAME, "city:population", "Lille:225784", "Lens:35830"), FRAME, 1),
    "header_missing": case(lines(FRAME, "Lille,225784", "Lens,35830", "Douai,42461"), FRAME, 1),
    "column_missing": case(lines("actions.csv", "city,action", "Lille,agenda_21"), "actions.csv", 1),
    "column_unknown": case(
        lines(RESPONDENTS, "city,response,servic", "Lille,responded,yes", "Douai,responded,"), RESPONDENTS, 1, "servic"
    ),
    "column_twice": case(
        lines(RESPONDENTS, "city,response,réponse", "Lille,responded,refused"), RESPONDENTS, 1, "response"
    ),
    "too_many_columns": case(lines(FRAME, "city,population" + "," * 200, "Lille,1" + "," * 200), FRAME, 1),
    "field_without_heading": case(
        lines(FRAME, "city,population,", "Lille,225784,", "Lens,35830,59", "Douai,42461,"), FRAME, 3
    ),
    "rows_above_header": case(
        lines("actions.csv", "Table 4,,", "", "city,action,answer", "Lille,agenda_21,yes"), "actions.csv", 1
    ),
    "control_character": case(line(PARTNERSHIPS, "Lille,IT,1,To\x07rino,,,"), PARTNERSHIPS, 6, "partner"),
    "not_an_archive": case(archived(lambda _: None, lambda made: made[: len(made) // 2]), ARCHIVE),
    "archive_encrypted": case(archived(lambda _: None, encrypted), ARCHIVE),
    "archive_name_twice": case(archived(lambda made: made.writestr("Frame.csv", "city\n")), ARCHIVE),
    "not_a_workbook": case(lambda wave: (wave.path / FRAME).rename(wave.path.parent / BOOK), BOOK),
    "sheet_unknown": case(book(lambda made: made.create_sheet("frames").append(["city"])), BOOK, sheet="frames"),
    "sheet_twice": case(
        book(lambda made: made.create_sheet("Fra me").append(["city", "population"])), BOOK, sheet="Fra me"
    ),
    "sheet_missing": case(book(lambda made: made.remove(made["difficulties"])), BOOK),
    "sheet_hidden": case(book(hidden), BOOK, sheet="actions"),
    "rows_hidden": case(book(hidden_row), BOOK, 3, sheet="frame"),
    "column_hidden": case(book(hidden_column), BOOK, 1, "service", sheet="respondents"),
    "cells_merged": case(
        book(lambda made: made["partnerships"].merge_cells("D4:D5")), BOOK, 4, "partner", sheet="partnerships"
    ),
    "formula_without_value": case(cell("frame", "B4", "=6*7"), BOOK, 4, "population", sheet="frame"),
    "cell_error": case(cell("partnerships", "B3", "#N/A"), BOOK, 3, "country", sheet="partnerships"),
    "number_as_date": case(book(formatted("partnerships", "E3", 1958, "yyyy")), BOOK, 3, "since", sheet="partnerships"),
    "date_in_part": case(
        book(formatted("partnerships", "E3", date(1958, 5, 1), "mmm-yy")), BOOK, 3, "since", sheet="partnerships"
    ),
    "shown_otherwise": case(book(formatted("frame", "B3", 35830, '#,##0,"k"')), BOOK, 3, "population", sheet="frame"),
    "time_of_day": case(book(time_of_day), BOOK, 3, "population", sheet="frame"),
}

WAVE = {
    "not_toml": case(swapped("wave.toml", "synthetic = false", "synthetic = nein"), "wave.toml"),
    "wave_not_utf8": case(data("wave.toml", TINY["wave.toml"].encode("cp1252")), "wave.toml"),
    "key_missing": case(swapped("wave.toml", 'mode = "post"\n', ""), "wave.toml", None, "fieldwork.mode"),
    "key_twice": case(book(lambda made: made["wave"].append(["population", "RP2006"])), BOOK, 22, "key", sheet="wave"),
    "key_unknown": case(swapped("wave.toml", "mode =", "modes = 'x'\nmode ="), "wave.toml", None, "fieldwork.modes"),
    "key_type": case(cell("wave", "B5", "soon"), BOOK, 5, "reference_date", sheet="wave"),
    "label_languages": case(swapped("wave.toml", 'title.en = "Small survey"\n', ""), "wave.toml", None, "title"),
    "wave_code": case(swapped("wave.toml", '"tiny"', '"Tiny"'), "wave.toml", None, "wave"),
    "number_range": case(
        toml("[printed.words]", "Deux = { value = -2 }"), "wave.toml", None, "printed.words.Deux.value"
    ),
    "fieldwork_order": case(
        swapped("wave.toml", "to = 2010-12-31", "to = 2010-09-30"), "wave.toml", None, "fieldwork.to"
    ),
    "answer_unknown": case(
        swapped("wave.toml", 'service = "no"', 'service = "none"'), "wave.toml", None, "defaults.service"
    ),
    "item_unknown": case(
        swapped("wave.toml", 'actions = { "*"', 'actions = { intereg = "yes", "*"'),
        "wave.toml",
        None,
        "defaults.actions",
    ),
    "item_left_out": case(toml("[asked]", 'actions = ["interreg"]'), "actions.csv", 2, "action"),
    "wave_missing": case(lambda wave: (wave.path / "wave.toml").unlink(), "wave.toml"),
    "missing_is_answer": case(toml("[missing.answer]", 'Oui = "no"'), "wave.toml", None, "missing.answer.Oui"),
    "key_too_deep": case(toml("[a.a.a.a.a.a.a.a.a.a]", "b = 1"), "wave.toml", None, "a"),
    "territory_unknown": case(
        lambda wave: wave.write("wave.toml", f"territory = ['FR-59', 'FR-62', 'FR-0']\n{TINY['wave.toml']}"),
        "wave.toml",
        None,
        "territory",
    ),
    "missing_column_unknown": case(toml("[missing]", "citi = { x = 'dont_know' }"), "wave.toml", None, "missing.citi"),
    "several_mark_form": case(toml("[printed]", 'several_mark = "*"'), "wave.toml", None, "printed.several_mark"),
    "report_of_wave_unknown": case(
        swapped("wave.toml", "agreements = true", "agreements = true\nprinted = ['zonez']"),
        "wave.toml",
        None,
        "complete.printed",
    ),
    "measure_unknown": case(published("zones", "eu,agrements,1,p"), "published/zones.csv", 2, "measure"),
    "complete_without_figures": case(
        swapped("wave.toml", "agreements = true", "agreements = true\nprinted = ['zones']"),
        "wave.toml",
        None,
        "complete.printed",
    ),
    "explanations_form": case(
        lambda wave: wave.write("wave.toml", f"explanations = ['x']\n{TINY['wave.toml']}"),
        "wave.toml",
        None,
        "explanations",
    ),
    "explained_twice": case(both(explanation(), explanation()), "wave.toml", None, "explanations.keys"),
    "section_name": case(section("ledger", "zones"), "wave.toml", None, "publication.name"),
    "report_shown_twice": case(
        both(section("one", "zones"), section("two", "zones")), "wave.toml", None, "publication.reports"
    ),
    "query_uses": case(explanation(evidence="select pg_sleep(9)"), "wave.toml", None, "explanations.evidence"),
    "not_a_query": case(explanation(evidence="delete from claims"), "wave.toml", None, "explanations.evidence"),
    "source_unpublished": case(
        both(published("zones", "eu,agreements,1,p"), line(PARTNERSHIPS, "Lille,IT,1,,,,zones/other")),
        PARTNERSHIPS,
        6,
        "source",
    ),
    "key_part_unknown": case(published("seniority", "old,cities,1,p"), "published/seniority.csv", 2, "seniority"),
    "key_part_number": case(
        published("distribution", "many,cities,1,p"), "published/distribution.csv", 2, "agreements"
    ),
    "place_missing": case(published("zones", "eu,agreements,1,"), "published/zones.csv", 2, "place"),
    "figure_twice": case(
        published("zones", "eu,agreements,1,p", "eu,agreements,2,p"), "published/zones.csv", 3, "place"
    ),
    "figure_not_understood": case(published("zones", "eu,agreements,plenty,p"), "published/zones.csv", 2, "printed"),
    "figure_ambiguous": case(published("zones", "eu,agreements,1.234,p"), "published/zones.csv", 2, "printed"),
    "figure_out_of_range": case(
        published("zones", "eu,agreements,9999999999999,p"), "published/zones.csv", 2, "printed"
    ),
    "claim_twice": case(claims(*(["c,p,1,towns,Ainsi,So,wording,"] * 2)), "claims.csv", 3, "claim"),
    "claim_kind": case(claims("c,p,1,towns,Ainsi,So,guess,"), "claims.csv", 2, "kind"),
}

VALUES = {
    "value_missing": case(line(FRAME, ",40535"), FRAME, 5, "city"),
    "name_unknown": case(line(PARTNERSHIPS, "Lille,Alemagne,1,,,,"), PARTNERSHIPS, 6, "country"),
    "name_marked": case(line(PARTNERSHIPS, "Lille ?,IT,1,,,,"), PARTNERSHIPS, 6, "city"),
    "name_too_long": case(line(PARTNERSHIPS, f"Lille,{'x' * 501},1,,,,"), PARTNERSHIPS, 6, "country"),
    "name_of_several": case(line(FRAME, "Saint-Aubin,1000"), FRAME, 5, "city"),
    "name_shared": case(line(PARTNERSHIPS, "Lille,Congo,1,,,,"), PARTNERSHIPS, 6, "country"),
    "outside_territory": case(
        both(
            lambda wave: wave.write("wave.toml", f"territory = ['59350', '59178', '62498']\n{TINY['wave.toml']}"),
            line(FRAME, "Croix,20000"),
        ),
        FRAME,
        5,
        "city",
    ),
    "code_without_zero": case(line(FRAME, "2285,400"), FRAME, 5, "city"),
    "code_unknown": case(aliases("cities,Lile,59999"), "aliases.csv", 2, "code"),
    "code_contradicts_name": case(
        lines(FRAME, "city,city_code,population", "Lille,59350,200000", "Lens,59350,30000", "Douai,,40000"),
        FRAME,
        3,
        "city_code",
    ),
    "outside_frame": case(line("actions.csv", "Arras,agenda_21,yes"), "actions.csv", 3, "city"),
    "outside_frame_merged": case(line("actions.csv", "St-Pol-s/-Mer,agenda_21,yes"), "actions.csv", 3, "city"),
    "frame_empty": case(lines(FRAME, "city,population"), FRAME),
    "choice": case(line("actions.csv", "Douai,agenda_21,ja"), "actions.csv", 3, "answer"),
    "not_a_count": case(line(PARTNERSHIPS, "Lille,IT,two,,,,"), PARTNERSHIPS, 6, "agreements"),
    "not_a_population": case(line(FRAME, "Arras,many"), FRAME, 5, "population"),
    "number_ambiguous": case(line(FRAME, "Arras,40.535"), FRAME, 5, "population"),
    "not_a_date": case(line(PARTNERSHIPS, "Lille,IT,1,,2006-13,,"), PARTNERSHIPS, 6, "since"),
    "no_such_period": case(line(PARTNERSHIPS, "Lille,IT,1,,before 1900,,"), PARTNERSHIPS, 6, "since"),
    "date_ambiguous": case(line(PARTNERSHIPS, "Lille,IT,1,,03/05/1968,,"), PARTNERSHIPS, 6, "since"),
    "sentinel_undeclared": case(line(PARTNERSHIPS, "Lille,IT,99,,,,"), PARTNERSHIPS, 6, "agreements"),
    "source_unknown": case(line(PARTNERSHIPS, "Lille,IT,1,,,,zonez/eu"), PARTNERSHIPS, 6, "source"),
    "row_twice": case(line("actions.csv", "59350,Agenda 21,no"), "actions.csv", 3, "city"),
    "several_mark_undeclared": case(line(PARTNERSHIPS, "Lille,Italie (2),,,,,"), PARTNERSHIPS, 6, "country"),
    "mark_or_departement": case(
        both(toml("[printed]", 'several_mark = "({n})"'), line(PARTNERSHIPS, "Lille,IT,,Meaux (77),,,")),
        PARTNERSHIPS,
        6,
        "partner",
    ),
    "several_mark_differs": case(
        both(toml("[printed]", 'several_mark = "({n})"'), line(PARTNERSHIPS, "Lille,Italie (3),2,,,,")),
        PARTNERSHIPS,
        6,
        "country",
    ),
    "line_not_loaded": case(line(FRAME, "Total,304075"), FRAME, 5),
    "total_differs": case(line(FRAME, "Total,304076"), FRAME, 5, "population", beside="line_not_loaded"),
    "subtotal_untold": case(
        line(PARTNERSHIPS, "Sous-total Nord-Ouest,,4,,,,\nLille,IT,1,,,,\nTotal,,6,,,,"),
        PARTNERSHIPS,
        6,
        "agreements",
        beside="line_not_loaded",
    ),
    "text_damaged": case(line(PARTNERSHIPS, "Lille,IT,1,K&ouml;ln,,,"), PARTNERSHIPS, 6, "partner"),
    "alias_list": case(aliases("towns,Lile,59350"), "aliases.csv", 2, "list"),
    "alias_contradicts": case(aliases("cities,Lens,59350"), "aliases.csv", 2, "spelling"),
}

MEANING = {
    "agreement_twice": case(line(PARTNERSHIPS, "Lille,DE,1,koln,1970,,"), PARTNERSHIPS, 6, "city"),
    "answers_of_nonrespondent": case(line(RESPONDENTS, "Lens,refused,yes"), RESPONDENTS, 4, "service"),
    "answers_without_response": case(line("difficulties.csv", "Lens,languages,yes"), "difficulties.csv", 3, "city"),
    "declared_count": case(
        lines(RESPONDENTS, "city,response,declared_agreements", "Lille,responded,4", "Douai,responded,2"),
        RESPONDENTS,
        3,
        "declared_agreements",
    ),
    "pair_before_unknown": case(pairs("Lille,DE,Cologne,Köln,yes"), PAIRS, 2, "partner_before"),
    "pair_contradicts": case(pairs("Lille,DE,Bonn,Köln,yes", "Lille,DE,Bonn,Kiel,yes"), PAIRS, 3, "same"),
    "pair_named_itself": case(pairs("Lille,DE,KÖLN,Köln,no"), PAIRS, 2, "partner_before"),
    "pair_partner_unknown": case(pairs("Lille,DE,Cologne,Bonn,yes"), PAIRS, 2, "partner"),
    "pair_too_many": case(
        both(
            lines(PARTNERSHIPS, "city,country,partner", *(f"Lille,DE,{name}" for name in "ABCDEFGHIJKLMNOPQ")),
            lines(PAIRS, _SAID, *(f"Lille,DE,{name}{name},{name},no" for name in "ABCDEFGHIJKLMNOPQ")),
        ),
        PAIRS,
        18,
        "partner",
    ),
    "since_after_fieldwork": case(line(PARTNERSHIPS, "Lille,IT,1,,2011,,"), PARTNERSHIPS, 6, "since"),
    "since_too_early": case(line(PARTNERSHIPS, "Lille,IT,1,,1899,,"), PARTNERSHIPS, 6, "since"),
    "state_younger": case(line(PARTNERSHIPS, "Lille,Tchéquie,1,Brno,1992,,"), PARTNERSHIPS, 6, "since"),
    "another_kind": case(line(FRAME, "Nord,2600000"), FRAME, 5, "city"),
    "another_size": case(line(FRAME, "Arras,214376"), FRAME, 5, "population"),
    "part_of_another": case(line(FRAME, "Lomme,28000"), FRAME, 5, "city"),
    "town_merged": case(line(FRAME, "Saint-Pol-sur-Mer,23000"), FRAME, 5, "city"),
    "twinning_at_home": case(line(PARTNERSHIPS, "Lille,La Réunion,1,Saint-Denis,,,"), PARTNERSHIPS, 6, "country"),
    "until_after_fieldwork": case(ended("Lille,IT,1,,,2011,"), PARTNERSHIPS, 2, "until"),
    "until_before_since": case(ended("Lille,IT,1,,1980,before 1980,"), PARTNERSHIPS, 2, "until"),
    "until_too_early": case(ended("Lille,IT,1,,,1899,"), PARTNERSHIPS, 2, "until"),
}

ASKED = {
    "default_twice": case(
        lines("questions.csv", "question,kind,label_fr,label_en,default_answer", "service,yes_no,S,S,yes"),
        "wave.toml",
        None,
        "defaults.service",
    ),
    "question_code": case(asks("Budget!,yes_no,B,B"), "questions.csv", 2, "question"),
    "question_unknown": case(
        both(asks("budget,yes_no,B,B"), lines("answers.csv", "city,question,answer", "Lille,buget,yes")),
        "answers.csv",
        2,
        "question",
    ),
    "question_without_items": case(asks("budget,choice,B,B"), "questions.csv", 2, "question"),
    "question_without_list": case(asks("budget,number,B,B,actions"), "questions.csv", 2, "list"),
    "item_of_no_question": case(
        both(asks("budget,number,B,B"), lines("question_items.csv", ITEMS_SAID, "budget,a,A,A,")),
        "question_items.csv",
        2,
        "question",
    ),
    "item_parent_unknown": case(
        both(asks("who,choices,B,B"), lines("question_items.csv", ITEMS_SAID, "who,a,A,A,b")),
        "question_items.csv",
        2,
        "parent",
    ),
    "item_not_asked": case(answered("choices,B,B,actions", "agenda_21; clubs"), RESPONDENTS, 2, "budget"),
    "not_a_number": case(answered("number,B,B", "some"), RESPONDENTS, 2, "budget"),
    "answer_sentinel": case(answered("number,B,B", "98"), RESPONDENTS, 2, "budget"),
    "number_out_of_bounds": case(answered("number,B,B,,1,9", "9.5"), RESPONDENTS, 2, "budget"),
    "bounds_order": case(asks("budget,number,B,B,,9,1"), "questions.csv", 2, "most"),
    "answer_of_unengaged": case(
        both(
            lines("questions.csv", "question,kind,label_fr,label_en,asked_of", "budget,yes_no,B,B,engaged"),
            lines(RESPONDENTS, "city,response,budget", "Lille,responded,yes", "Douai,responded,", "Lens,responded,no"),
        ),
        RESPONDENTS,
        4,
        "budget",
    ),
    "answer_twice": case(
        both(answered("number,B,B", "3"), lines("answers.csv", "city,question,answer", "Lille,budget,3")),
        RESPONDENTS,
        2,
        "budget",
    ),
}
REPORTS = {
    "reports_no_folder": case(lines("reports", "large.sql"), "reports"),
    "report_name": case(lines("reports/Large.sql", REPORT), "reports/Large.sql"),
    "report_taken": case(lines("reports/zones.sql", REPORT), "reports/zones.sql"),
    "report_too_long": case(lines("reports/a.sql", REPORT, "-" * 100_000), "reports/a.sql"),
    "report_unreadable": case(lines("reports/a.sql", REPORT.replace("title", "titel")), "reports/a.sql"),
    "report_fails": case(lines("reports/a.sql", REPORT.replace("r.city,", "r.town,")), "reports/a.sql"),
    "report_columns": case(lines("reports/a.sql", REPORT.replace("d.people,", "")), "reports/a.sql"),
    "report_detail": case(lines("reports/a.sql", REPORT.replace(", r.source", "")), "reports/a.sql"),
}
CASES = FILES | WAVE | VALUES | MEANING | ASKED | REPORTS
SEVERITIES = {
    "read_as_cp1252": "notice",
    "rows_above_header": "notice",
    "line_not_loaded": "notice",
    "rows_not_chosen": "notice",
    "map_pattern_unused": "warning",
    "answer_of_unengaged": "warning",
    "pair_before_unknown": "warning",
    "state_younger": "warning",
    "another_kind": "warning",
    "another_size": "warning",
    "part_of_another": "warning",
    "town_merged": "warning",
    "subtotal_untold": "warning",
}

# The same rules, where they are found in another place.
ELSEWHERE = [
    ("sheet_missing", case(book(lambda made: made.remove(made["wave"])), BOOK)),
    ("control_character", case(line(FRAME, "Arras,40\x07535"), FRAME, 5, "population")),
    ("control_character", case(line(PARTNERSHIPS, "Lille,IT,1,To\u061crino,,,"), PARTNERSHIPS, 6, "partner")),
    ("control_character", case(toml('"a\\u001bb" = 1'), "wave.toml", None, "sources.a\x1bb")),
    (
        "control_character",
        case(swapped("wave.toml", "Small survey", "Small\uffffsurvey"), "wave.toml", None, "title.en"),
    ),
    ("another_size", case(line(FRAME, "Arras,8574"), FRAME, 5, "population")),
    ("cell_error", case(line(PARTNERSHIPS, "Lille,IT,1,#NOM ?,,,"), PARTNERSHIPS, 6, "partner")),
    ("wrong_number_of_fields", case(line(FRAME, "Arras"), FRAME, 5)),
    ("several_mark_undeclared", case(line(PARTNERSHIPS, "Lille,IT,,Turin (2),,,"), PARTNERSHIPS, 6, "partner")),
    (
        "mark_or_departement",
        case(
            both(toml("[printed]", 'several_mark = "({n})"'), line(PARTNERSHIPS, "Lille (59),IT,,,,,")),
            PARTNERSHIPS,
            6,
            "city",
        ),
    ),
    ("mark_or_departement", case(line(PARTNERSHIPS, "Lille,IT,1,Meaux (77),,,"), PARTNERSHIPS, 6, "partner")),
    *(
        ("text_damaged", case(line(PARTNERSHIPS, f"Lille,IT,1,{text},,,"), PARTNERSHIPS, 6, "partner"))
        for text in ("K\ufffdln", "KÃ¶ln", "K√∂ln", '"=""Turin"""', "'Turin", "K%C3%B6ln", "Turin<br>", "ÅÃ³dÅº")
    ),
    ("text_damaged", case(line(PARTNERSHIPS, "Lille,Alg&eacute;rie,1,,,,"), PARTNERSHIPS, 6, "country")),
    ("text_damaged", case(claims("c,p,1,towns,L’enquÃªte,So,wording,"), "claims.csv", 2, "statement_fr")),
    ("text_damaged", case(aliases("cities,L&icirc;le,59350"), "aliases.csv", 2, "spelling")),
    (
        "text_damaged",
        case(swapped("wave.toml", "Trois villes", "Trois\ufffdvilles"), "wave.toml", None, "frame_rule.fr"),
    ),
    *(
        ("name_marked", case(line(PARTNERSHIPS, f"Lille,IT,1,{text},,,"), PARTNERSHIPS, 6, "partner"))
        for text in ("Turin ?", "Turin*", "T?rin")
    ),
    ("number_ambiguous", case(line(FRAME, "Total,303.000"), FRAME, 5, "population", beside="line_not_loaded")),
    (
        "total_differs",
        case(line(PARTNERSHIPS, "Sous-total UE,,4,,,,"), PARTNERSHIPS, 6, "agreements", beside="line_not_loaded"),
    ),
    ("name_shared", case(line(PARTNERSHIPS, "Lille,Corée,1,,,,"), PARTNERSHIPS, 6, "country")),
    ("name_shared", case(line(PARTNERSHIPS, "Lille,St Martin,1,,,,"), PARTNERSHIPS, 6, "country")),
    ("answers_without_response", case(line(PARTNERSHIPS, "Lens,PL,,,,,"), PARTNERSHIPS, 6, "city")),
    ("since_after_fieldwork", case(line(PARTNERSHIPS, "Lille,IT,1,,entre 2010 et 2012,,"), PARTNERSHIPS, 6, "since")),
    ("several_mark_undeclared", case(line(PARTNERSHIPS, "Lille,IT,1,Turin [2],,,"), PARTNERSHIPS, 6, "partner")),
    ("sentinel_undeclared", case(line(PARTNERSHIPS, "Lille,IT,1,,NSP,,"), PARTNERSHIPS, 6, "since")),
    ("not_a_date", case(line(PARTNERSHIPS, f"Lille,IT,1,,{'9' * 501},,"), PARTNERSHIPS, 6, "since")),
    ("not_a_date", case(ended("Lille,IT,1,,,2006-13,"), PARTNERSHIPS, 2, "until")),
    ("not_a_date", case(ended(f"Lille,IT,1,,,{'9' * 501},"), PARTNERSHIPS, 2, "until")),
    ("not_a_date", case(ended("Lille,IT,1,,,Ne sait pas,"), PARTNERSHIPS, 2, "until")),
    (
        "not_a_date",
        case(both(toml('[missing."*"]', 'NSP = "dont_know"'), ended("Lille,IT,1,,NSP,NSP,")), PARTNERSHIPS, 2, "until"),
    ),
    ("missing_column_unknown", case(toml("[missing.until]", "x = 'dont_know'"), "wave.toml", None, "missing.until")),
    ("no_such_period", case(ended("Lille,IT,1,,,before 1900,"), PARTNERSHIPS, 2, "until")),
    ("date_ambiguous", case(ended("Lille,IT,1,,,03/05/1968,"), PARTNERSHIPS, 2, "until")),
    ("until_after_fieldwork", case(ended("Lille,IT,1,,,entre 2010 et 2012,"), PARTNERSHIPS, 2, "until")),
    (
        "agreement_twice",
        case(ended("Lille,IT,1,Turin,1958,1990,", "Lille,IT,1,turin,1959,1990,"), PARTNERSHIPS, 3, "city"),
    ),
    (
        "answers_of_nonrespondent",
        case(both(line(RESPONDENTS, "Lens,refused,"), ended("Lens,IT,1,,,1990,")), PARTNERSHIPS, 2, "city"),
    ),
    ("answers_without_response", case(ended("Lens,IT,1,,,1990,"), PARTNERSHIPS, 2, "city")),
    # What has ended does not count; that its end cannot be read is told once.
    (
        "declared_count",
        case(
            both(
                lines(RESPONDENTS, "city,response,declared_agreements", "Lille,responded,2", "Douai,responded,"),
                ended("Lille,IT,1,Turin,,,", "Lille,IT,1,Milan,,1990,"),
            ),
            RESPONDENTS,
            2,
            "declared_agreements",
        ),
    ),
    (
        "not_a_date",
        case(
            both(
                lines(RESPONDENTS, "city,response,declared_agreements", "Lille,responded,1", "Douai,responded,"),
                ended("Lille,IT,1,Turin,,,", "Lille,IT,1,Milan,,soon,"),
            ),
            PARTNERSHIPS,
            3,
            "until",
        ),
    ),
    (
        "total_differs",
        case(
            ended("Lille,IT,1,Turin,,,", "Lille,IT,1,Milan,,1990,", "Total,,2,,,,"),
            PARTNERSHIPS,
            4,
            "agreements",
            beside="line_not_loaded",
        ),
    ),
    ("line_not_loaded", case(ended("Lille,IT,1,Turin,,,", "Lille,IT,3,,,1990,", "Total,,1,,,,"), PARTNERSHIPS, 4)),
    # Five agreements are above; three of them with Germany. All are with countries of the Union.
    ("line_not_loaded", case(line(PARTNERSHIPS, "Sous-total Allemagne,,3,,,,"), PARTNERSHIPS, 6)),
    ("line_not_loaded", case(line(PARTNERSHIPS, "Total Douai,,1,,,,"), PARTNERSHIPS, 6)),
    ("sentinel_undeclared", case(line(PARTNERSHIPS, "Lille,IT,1,–,,,"), PARTNERSHIPS, 6, "partner")),
    ("name_unknown", case(line(PARTNERSHIPS, "Ensemble Lille,IT,1,Turin,,,"), PARTNERSHIPS, 6, "city")),
    ("control_character", case(line(PARTNERSHIPS, "Lille,IT,1,To\x85rino,,,"), PARTNERSHIPS, 6, "partner")),
    ("answers_without_response", case(line("actions.csv", "Lens,agenda_21,yes"), "actions.csv", 3, "city")),
    ("answers_without_response", case(line(RESPONDENTS, "Lens,,yes"), RESPONDENTS, 4, "service")),
    (
        "name_unknown",
        case(
            lines(FRAME, "city,city_code,population", "Lille,99999,200000", "Lens,,30000", "Douai,,40000"),
            FRAME,
            2,
            "city_code",
        ),
    ),
    (
        "source_unpublished",
        case(
            both(published("zones", "eu,agreements,1,p"), toml('frame = "zones/other"')),
            "wave.toml",
            None,
            "sources.frame",
        ),
    ),
    ("item_unknown", case(toml("[asked]", 'actions = ["agenda_21", "agenda"]'), "wave.toml", None, "asked.actions")),
    (
        "item_left_out",
        case(
            both(
                swapped("wave.toml", 'actions = { "*"', 'actions = { interreg = "yes", "*"'),
                toml("[asked]", 'actions = ["agenda_21"]'),
            ),
            "wave.toml",
            None,
            "defaults.actions.interreg",
        ),
    ),
    (
        "item_unknown",
        case(
            book(lambda made: made["wave"].append(["defaults.actions.intereg", "yes"])),
            BOOK,
            22,
            "defaults.actions",
            sheet="wave",
        ),
    ),
    (
        "complete_without_figures",
        case(
            book(lambda made: made["wave"].append(["complete.printed", "zones"])),
            BOOK,
            22,
            "complete.printed",
            sheet="wave",
        ),
    ),
]

# Rows that just do not break the rules on meaning.
JUST_RIGHT = {
    FRAME: "city,population\nLille,225784\nLens,164600\nDouai,8050\n",
    RESPONDENTS: "city,response,service,declared_agreements\nLille,responded,yes,10\nDouai,responded,,1\nLens,refused,,\n",
    PARTNERSHIPS: (
        "city,country,agreements,partner,since,until,inferred\n"
        "Lille,Allemagne,1,Köln,1900,,\n"
        "Lille,Allemagne,1,Köln,1900,1900,\n"
        "Lille,Allemagne,1,Köln,,1901,\n"
        "Lille,Allemagne,3,,1958,2010-12-31,\n"
        "Lille,Autriche,1,Köln,1958,,\n"
        "Lille,Autriche,1,Wien,1958-05-03,1958-05-03,\n"
        "Lille,Allemagne,1,,1958,,\n"
        "Lille,Allemagne,1,,1959,,\n"
        "Lille,Italie,1,Turin,2010-12-31,,\n"
        "Lille,Italie,1,Milan,entre 2009 et 2010,,\n"
        "Lille,Tchéquie,1,Brno,1993,,\n"
        "Lille,Tchéquie,1,Prague,entre 1990 et 1995,,\n"
        "Lille,Pologne,2,,,,\n"
        "Douai,Pologne,1,,,,\n"
        "Douai,Allemagne,1,,,,yes\n"
        "Lens,Pologne,1,,,,yes\n"
        "Lens,Pologne,1,Lublin,,2001,yes\n"
    ),
}


def test_what_just_keeps_to_the_rules_is_loaded(databases: Databases, tiny_wave: WaveFolder) -> None:
    for name, text in JUST_RIGHT.items():
        tiny_wave.write(name, text)
    assert load(tiny_wave.path, databases.migrated()) == (0, [], [])


def test_what_is_no_error_is_agreed_on() -> None:
    assert {rule.name: rule.severity for rule in rules().values() if rule.severity != ERROR} == SEVERITIES


def test_every_rule_has_its_case() -> None:
    elsewhere = ("4_registers.toml", "5_maps.toml")  # test_registers, test_exports
    tried = {name for file in elsewhere for name in tomllib.loads((rules_folder() / file).read_text(encoding="utf-8"))}
    assert set(CASES) == set(rules()) - tried


@pytest.fixture(scope="module")
def unharmed(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> tuple[URL, dict[str, int]]:
    """A database with the tiny wave that every test of this module leaves as it was, and what is in it."""
    wave = WaveFolder(tmp_path_factory.mktemp("unharmed") / "tiny")
    for name, text in TINY.items():
        wave.write(name, text)
    url = databases.migrated()
    assert run("load", wave.path, "--db", address(url)).code == 0
    return url, content(url)


def load(handed: Path, url: URL) -> tuple[int, list[dict[str, Any]], list[Finding]]:
    """Load; return the exit code, the findings as they are shown, and the findings themselves."""
    with patch.object(showing, "show_findings", wraps=showing.show_findings) as shown:
        result = run("load", handed, "--db", address(url), "--format", "json")
    assert "Traceback" not in result.err
    return result.code, json.loads(result.out), list(shown.call_args.args[0])


# Whatever the target, a load is checked on DuckDB: some cases are enough to see that PostgreSQL gets nothing, and those
# that ask the target.
_SEEN_BY_BOTH = {"name_unknown", "town_merged", "agreement_twice", *(name for name in CASES if "pair" in name)}


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [] if name in _SEEN_BY_BOTH else [pytest.mark.on_duckdb]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(pytest.param(name, expected, id=name, marks=_marks(name)) for name, expected in CASES.items()),
        # The same rules, broken elsewhere.
        *(
            pytest.param(name, expected, id=name, marks=[*_marks(name), pytest.mark.long])
            for name, expected in ELSEWHERE
        ),
    ],
)
def test_what_breaks_a_rule_is_found_where_it_stands_and_breaks_no_other(
    databases: Databases, unharmed: tuple[URL, dict[str, int]], tiny_wave: WaveFolder, name: str, expected: Case
) -> None:
    rule = rules()[name]
    handed = expected.spoil(tiny_wave)
    url, before = unharmed if rule.severity == ERROR else (databases.migrated(), {})
    code, findings, made = load(handed if isinstance(handed, Path) else tiny_wave.path, url)
    beside = [finding for finding in findings if finding["rule"] in expected.beside]
    assert {finding["rule"] for finding in beside} == expected.beside
    assert [
        (finding["rule"], Place(*(finding[part] for part in ("file", "row", "column", "sheet"))))
        for finding in findings
        if finding not in beside
    ] == [(name, expected.place)]
    assert code == (1 if rule.severity == ERROR else 0)
    assert content(url) == before if rule.severity == ERROR else content(url)["highest revision"] == 1
    for finding, told in zip(made, findings, strict=True):
        assert finding.message("en") == told["message"] != finding.message("fr")
        assert finding.remedy("en") == (told["suggestion"] or "")
        assert finding.message("fr") in finding.text("fr")
        assert finding.remedy("fr") in finding.text("fr")


# --- the words -----------------------------------------------------------------------------------------------


def texts(rule: Rule, lang: str) -> list[str]:
    return [label.text(lang) for label in (rule.message, rule.remedy) if label is not None]


def placeholders(rule: Rule, lang: str) -> set[str]:
    """Return the details that a rule's words ask for; `label_fr` and `label_en` are one."""
    names = {name for text in texts(rule, lang) for _, name, _, _ in string.Formatter().parse(text) if name}
    return {name.removesuffix(f"_{lang}") for name in names}


def offending(lang: str, is_wrong: Callable[[str], object]) -> list[str]:
    """Return the texts of all rules that something is wrong with, each with the name of its rule."""
    return [f"{name}: {text}" for name, rule in rules().items() for text in texts(rule, lang) if is_wrong(text)]


def words(text: str) -> str:
    """Return a text without the code in it, between backticks, and without the plural endings to be filled in."""
    assert text.count("`") % 2 == 0, text
    return re.sub(r"`[^`]*`|\{\w+:s\}", "", text)


def test_both_languages_tell_the_same_details() -> None:
    assert [one.name for one in rules().values() if placeholders(one, "fr") != placeholders(one, "en")] == []


def test_french_is_set_as_french_is() -> None:
    wrong = re.compile(r"(?<!\u00a0)[:;?!»]|«(?!\u00a0)|['\"“”]")
    assert offending("fr", lambda text: wrong.search(words(text))) == []


def test_english_is_set_as_english_is() -> None:
    wrong = re.compile(r"['\"«»\u00a0]|\s[:;?!]")
    assert offending("en", lambda text: wrong.search(words(text))) == []


def test_words_continue_a_line_that_names_the_place() -> None:
    def ends_or_begins(text: str) -> bool:
        return text != text.strip() or text.endswith(".") or (text[0] not in "{`" and text[0].isupper())

    assert offending("fr", ends_or_begins) + offending("en", ends_or_begins) == []


def test_no_heading_stands_for_two_columns_of_a_table() -> None:
    tables = [shape.columns for shape in (*SHAPES.values(), ALIASES, CLAIMS)]
    tables += [(*report(name).key, "measure", "printed", "place") for name in report_names()]
    for columns in tables:
        for heading in (*columns, *(name for names in HEADINGS.values() for name in names)):
            assert len(meanings(heading, columns)) <= 1, (heading, columns)


def test_a_rule_names_the_tables_that_its_query_looks_at() -> None:
    for rule_ in rules().values():
        looked_at = {name for name in TABLES if re.search(rf"\b(?:raw|resolved|meant)_{name}(?:_[a-z]+)?\b", rule_.sql)}
        assert set(rule_.reads) == looked_at, rule_.name


def test_findings_come_in_order_however_many_and_without_what_follows_from_others() -> None:
    found = Findings()
    with patch("jumelage.findings._IN_MEMORY", 7):
        for row in range(100, 0, -1):
            found.append(Finding(rules()["name_unknown"], "b.csv", row, "city"))
            found.append(Finding(rules()["file_empty"], "a.csv"))
        found.append(Finding(rules()["cell_error"], "b.csv", 3, "city"))
        kept = found.in_order()
    assert (len(found), found.errors) == (201, 201)
    assert (len(kept), kept.errors) == (200, 200)
    assert [finding.file for finding in kept] == ["a.csv"] * 100 + ["b.csv"] * 100
    assert [finding.row for finding in kept][100:] == list(range(1, 101))
    assert [finding.rule.name for finding in kept if finding.row == 3] == ["cell_error"]
