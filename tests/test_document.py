"""The document that a publication is: sections and findings that stand in files."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from jumelage import content, database, document, report_file
from jumelage.document import parts_of
from jumelage.errors import ReportError, UsageError
from jumelage.finding_text import places, written
from jumelage.render.sentences import finding_of
from jumelage.reporting.run import run as run_report
from jumelage.revisions.scope import find_scope, set_scope
from tests.conftest import ROOT, WaveFolder, address, run
from tests.made_waves import put, scope_of, sheet_of, wave
from tests.published import html_of

SENTENCE = "{agreements[eu]|no agreement is|one agreement is|# agreements are} of {agreements[total]}"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's content in a folder that may be changed."""
    for name in ("reports", "schema", "alembic"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for module in (content, document, report_file):
        monkeypatch.setattr(module, "root", lambda: tmp_path)
    return tmp_path


def test_every_report_stands_in_one_section() -> None:
    of_a_wave = {report for part in parts_of(compared=False) for report in part.reports}
    compared = {report for part in parts_of(compared=True) for report in part.reports}
    assert of_a_wave == set(report_file.reports_of_a_wave())
    assert compared == {name for name in report_file.shipped() if report_file.report(name).by_wave}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            '"zones", "countries"',
            '"zone", "countries"',
            "'zone' is no report, or stands there twice; did you mean zones",
        ),
        ('"zones", "countries"', '"zones", "zones"', "'zones' is no report, or stands there twice"),
        ('name = "geography"', 'name = "geography"\nchart = "map"', "geography: chart: name, title, text, reports"),
        ('name = "geography"\n', "", "'name'"),
        ("[[wave]]", "[[waves]]", "waves: wave, compared"),
        ('en = "With which countries"', 'de = "Mit welchen Ländern"', "title must give fr and en"),
        ("[[compared]]", "[[compared]", "Expected"),
    ],
)
def test_what_is_wrong_with_the_document_is_said(elsewhere: Path, old: str, new: str, why: str) -> None:
    path = elsewhere / "reports" / "publication.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(why)) as caught:
        parts_of(compared=False)
    assert "reports/publication.toml" in str(caught.value)


def test_the_page_has_the_sections_in_order_and_the_findings_first(published_2006: Path) -> None:
    for lang, eu in (
        ("fr", "78 accords sur 100 sont avec un pays de l’Union européenne."),
        ("en", "78 agreements of 100 are with a country of the European Union."),
    ):
        page = unescape(html_of(published_2006, lang))
        assert page.count(eu) == 2  # first of all, and above its table
        order = [page.index(f"<h1>{part.title.text(lang)}</h1>") for part in parts_of(compared=False)[:-1]]
        assert [page.index(eu), *order] == sorted([page.index(eu), *order])
        shown = re.findall(r'<section id="([a-z_]+)" ', page)
        wanted = [name for part in parts_of(compared=False)[:-1] for name in part.reports]
        assert shown == wanted
        assert f"<h1>{parts_of(compared=False)[-1].title.text(lang)}</h1>" not in page  # nothing stands in it


def test_a_sheet_of_any_kind_has_a_name_that_is_fit_for_a_file(migrated: URL) -> None:
    made = wave("made", "2006-03-31", "responded: Lille", "Lille DE -")
    with database.make_engine(migrated).begin() as connection:
        put(connection, made)
        sheet = sheet_of(connection, "zones", scope_of(made))
    names = {replace(sheet, kind=kind).name for kind in ("epci", "Kreis / Stadt", "kreis / stadt", "../../etc", "…")}
    assert len(names) == 5
    assert "zones-epci" in names
    assert all(re.fullmatch("zones-[a-z0-9_-]+", name) for name in names)


_MORE = ("csv", "json", "site", "xlsx", "site,rows", " csv , csv ")


@pytest.mark.parametrize(
    "formats", ["pdf", "site,csv,json", *(pytest.param(one, marks=pytest.mark.long) for one in _MORE)]
)
def test_what_is_asked_for_is_published_and_nothing_else(wave_2006: URL, tmp_path: Path, formats: str) -> None:
    out, db = tmp_path / "public", ("--db", address(wave_2006))
    assert run("publish", "--formats", "site,csv", "--out", out, *db).code == 0
    assert run("publish", "--formats", formats, "--out", out, *db).code == 0
    beside = {"manifest.json", "CHANGES"}
    written = [path.relative_to(out) for path in out.rglob("*") if path.is_file() and path.name not in beside]
    found = {path.suffix.removeprefix(".") for path in written if path.parts[0] != "assets"}
    assert found == {"html" if name.strip() in {"site", "rows"} else name.strip() for name in formats.split(",")}
    for name in {"csv", "json"} & found:
        for report in ("zones", "distribution"):
            told = run("report", report, "--printed", "--format", name, *db).out
            assert (out / "data" / f"{report}.{name}").read_text(encoding="utf-8") == told
        assert (out / f"ledger.{name}").read_text(encoding="utf-8") == run("check", "--format", name, *db).out


@pytest.mark.parametrize("formats", ["docx", "site,,csv", " "])
def test_a_format_that_there_is_not_is_refused(wave_2006: URL, tmp_path: Path, formats: str) -> None:
    done = run("publish", "--formats", formats, "--out", tmp_path / "public", "--db", address(wave_2006))
    assert (done.code, "--formats: " in done.err) == (2, True), done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("agreements", "fr", "en"),
    [
        ("", "Aucun accord sur 0 n’est avec", "No agreement of 0 is with"),
        ("Lille DE Köln", "Un accord sur 1 est avec", "One agreement of 1 is with"),
        ("Lille DE Köln\nLille ML -", "Un accord sur 2 est avec", "One agreement of 2 is with"),
        ("Lille DE Köln\nLille PL -", "2 accords sur 2 sont avec", "2 agreements of 2 are with"),
    ],
)
def test_a_finding_agrees_with_its_numbers(migrated: URL, agreements: str, fr: str, en: str) -> None:
    made = wave("made", "2006-03-31", "responded: Lille Lens", agreements)
    with database.make_engine(migrated).begin() as connection:
        put(connection, made)
        sheet = sheet_of(connection, "zones", scope_of(made))
        assert (finding_of(sheet, "fr") or "").startswith(fr)
        assert (finding_of(sheet, "en") or "").startswith(en)


def test_a_range_is_written_as_one(wave_2006: URL) -> None:
    with database.reading(wave_2006) as connection:
        scope = find_scope(connection, "2006")
        set_scope(connection, scope)
        sheet = run_report(connection, report_file.report("distribution"), scope)
    assert finding_of(sheet, "en") == "0–8 towns are without an agreement; 3 have a single one."
    assert finding_of(sheet, "fr") == "0–8 villes sont sans accord\u00a0; 3 en ont un seul."


def test_a_number_that_has_no_value_leaves_the_sentence_out() -> None:
    assert written(SENTENCE, lambda _, key: (2, "5") if key == "total" else None) is None
    assert written(SENTENCE, lambda _, key: (2, "5") if key == "total" else (0, "0")) == "no agreement is of 5"


@pytest.mark.parametrize("sentence", ["{agreements}", "{agreements[eu]|none|one}", "{agreements[eu]", "eu]}", "{}"])
def test_what_is_no_cell_is_refused(sentence: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        list(places(sentence))


FINDING = """\
/*
title = {{ fr = "T", en = "T" }}
key = ["zone"]
finding = {{ fr = "{0}", en = "{0}" }}
[columns]
zone = {{ fr = "Z", en = "Z", codes = "zones" }}
agreements = {{ fr = "A", en = "A" }}
*/
with detail as (select 'eu' as zone, 1 as agreements, '' as source)
-- cells
select d.zone, d.agreements from detail d
"""


@pytest.mark.parametrize("sentence", ["{cities[eu]}", "{agreements[eu/DE]}", "{agreements[eu]|a|b}"])
def test_a_finding_that_names_no_cell_is_refused_with_its_report(
    wave_2006: URL, folder_2006: WaveFolder, sentence: str
) -> None:
    (folder_2006.path / "reports").mkdir()
    folder_2006.write("reports/mine.sql", FINDING.format(sentence))
    done = run("load", folder_2006.path, "--reason", "a report", "--db", address(wave_2006))
    assert done.code == 1
    assert "mine.sql" in done.err
    assert "finding" in done.err


def test_a_finding_of_a_key_that_no_row_can_have_fails_the_check(loaded: URL, folder_2006: WaveFolder) -> None:
    (folder_2006.path / "reports").mkdir()
    for code, status in (("asia", 0), ("atlantis", 1)):
        folder_2006.write("reports/mine.sql", FINDING.format(f"{{agreements[{code}]}}"))
        assert run("load", folder_2006.path, "--reason", "a report", "--db", address(loaded)).code == 0
        done = run("check", "--db", address(loaded))
        assert done.code == status, done.err
    assert "mine.sql: finding: no row can have the key atlantis" in done.err
    made = report_file.parse_report("mine", FINDING.format("{agreements[atlantis]}"))
    with database.reading(loaded) as connection:
        scope = find_scope(connection, "2006")
        set_scope(connection, scope)
        with pytest.raises(ReportError, match="atlantis"):
            run_report(connection, made, scope)
