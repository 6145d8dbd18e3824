"""Publishing: whole or not at all, readable, and nothing on it that is not so."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from html import unescape
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.engine import URL

from jumelage import database, report_file
from jumelage.render.words import with_titles
from tests.conftest import WaveFolder, address, run
from tests.published import Page, check_links, html_of, section


def publish(url: URL, out: Path, formats: str = "site,csv") -> None:
    done = run("publish", "--formats", formats, "--db", address(url), "--out", out)
    assert done.code == 0, done.err


def test_pages_of_several_waves_hold_the_reports_that_compare_them(shown: URL, tmp_path: Path) -> None:
    done = run(
        "publish",
        "--formats",
        "site,csv",
        "--wave",
        "2006,2012-demo",
        "--db",
        address(shown),
        "--out",
        tmp_path / "waves",
    )
    assert done.code == 0, done.err
    out = tmp_path / "waves"
    reports = map(report_file.report, report_file.report_names())
    compared = {report.name for report in reports if report.by_wave and not report.asks}
    assert {"evolution", "bridge", "bridge_towns", "panel", "response"} <= compared
    for lang, made_up, title in (
        ("fr", "Données synthétiques", "D’une vague à l’autre\u00a0: 2006, 2012-demo (synthétique)"),
        ("en", "Synthetic data", "From wave to wave: 2006, 2012-demo (synthetic)"),
    ):
        text = unescape(html_of(out, lang))
        assert set(re.findall(r'<section id="([a-z_]+)" ', text)) == compared
        assert made_up in text
        assert title in text
        for name in compared:
            report = report_file.report(name)
            assert report.note is not None
            assert report.title.text(lang) in text
            assert report.sql.strip() in "".join(Page(out / lang / "reports" / f"{name}.html").text)
            note = with_titles(report.note.text(lang), None, lang)
            assert re.sub("</?a( [^>]*)?>", "", text).count(note) == 1
            assert "{" not in note
        assert "\u2212" in text  # a minus, not a hyphen
    assert check_links(out) == 2 * (1 + 1 + 1 + len(compared)) + 1  # start, part, dictionary and reports, and the index
    assert "(synthétique)" in (out / "index.html").read_text(encoding="utf-8")
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    waves = [(one["wave"], one["revision"]) for one in manifest["inputs"]["waves"]]
    assert waves == [("2006", 1), ("2012-demo", 1)]


def test_a_page_printed_under_other_code_lists_than_those_of_the_load_says_so(loaded: URL, tmp_path: Path) -> None:
    with database.writing(loaded) as connection:
        connection.exec_driver_sql("update survey.revisions set code_lists_hash = 'of another day'")
    publish(loaded, tmp_path / "public")
    said = "".join(Page(tmp_path / "public/fr.html").text)
    assert "listes de codes ont changé depuis le chargement de 2006@1" in said
    assert "listes des pays et de leurs zones" in said
    assert "code lists have changed since the load of 2006@1" in "".join(Page(tmp_path / "public/en.html").text)


def test_the_pages_hold_every_report_its_query_and_the_ledger(published_2006: Path) -> None:
    out = published_2006
    for lang in ("fr", "en"):
        text = unescape(html_of(out, lang))
        shown = [name for name in report_file.reports_of_a_wave() if not report_file.report(name).asks]
        assert set(re.findall(r'<section id="([a-z_]+)" ', text)) == set(shown)
        for name in shown:
            report = report_file.report(name)
            assert report.title.text(lang) in text
            assert report.sql.strip() in "".join(Page(out / lang / "reports" / f"{name}.html").text)
    assert check_links(out) > 150
    for path in out.rglob("*.html"):
        assert not re.search(r"https?://", path.read_text(encoding="utf-8"))
    assert "(imprimé\u00a0: 1)" in html_of(out, "fr")
    assert "(printed: 1)" in html_of(out, "en")


def test_a_printed_row_without_a_computed_one_is_shown_as_zero_in_its_place(published_2006: Path) -> None:
    found = section(published_2006, "en", "distribution")
    rows = re.findall(r'<th scope="row" class="n">(\d+|Total)</th>\s*<td class="n">([\d–]+)', found)
    assert [key for key, _ in rows] == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "12", "Total"]
    assert dict(rows)["7"] == "0"
    assert dict(rows)["1"] == "3"


def test_a_printed_value_leads_where_the_rows_cannot_tell(published_2006: Path) -> None:
    for lang, towns in (("en", "(rows: 0–8)"), ("fr", "(lignes\u00a0: 0–8)")):
        found = section(published_2006, lang, "distribution")
        (cell,) = re.findall(r'<th scope="row" class="n">0</th>\s*<td class="n">(.*)</td>', found)
        assert re.sub("<[^>]*>", "", cell) == f"4 ↔ {towns}"
        found = section(published_2006, lang, "actions")
        solidarity = "Actions de solidarité" if lang == "fr" else "Solidarity actions"
        (cell,) = re.findall(rf"{solidarity}</th>\s*<td class=\"n\">(.*)</td>", found)
        assert re.sub("<[^>]*>", "", cell) == f"5 ○ {towns.replace('8', '21')}"


def test_the_same_wave_is_published_byte_for_byte_the_same_on_both_engines(
    both: dict[str, URL], tmp_path: Path
) -> None:
    for engine, url in both.items():
        publish(url, tmp_path / engine)
    first, second = (tmp_path / engine for engine in both)
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(names) > 150
    assert names == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_the_manifest_names_every_file_with_its_hash(published_2006: Path) -> None:
    out = published_2006
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    written = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert manifest["changing"] == ["CHANGES"]
    assert written == {*manifest["files"], "CHANGES", "manifest.json"}
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert [(one["wave"], one["revision"]) for one in manifest["inputs"]["waves"]] == [("2006", 1)]


def test_a_publication_is_swapped_in_whole_and_the_last_three_stay(
    migrated: URL, tiny_wave: WaveFolder, tmp_path: Path
) -> None:
    loaded, out = migrated, tmp_path / "site" / "public"
    assert run("load", tiny_wave.path, "--db", address(loaded)).code == 0
    out.parent.mkdir()
    publish(loaded, out, "csv")
    first = out.resolve()
    publish(loaded, out, "csv")
    assert out.resolve() == first
    made = [first]
    for before, after in pairwise(("post", "telephone", "web", "visit", "fax")):
        tiny_wave.replace("wave.toml", f'mode = "{before}"', f'mode = "{after}"')
        assert run("load", tiny_wave.path, "--db", address(loaded), "--reason", "mode corrected").code == 0
        publish(loaded, out, "csv")
        assert out.is_symlink()
        made.append(out.resolve())
    assert len(set(made)) == 5
    assert {path.resolve() for path in out.parent.iterdir()} == set(made[-3:])
    for earlier in (made[3], made[2]):
        done = run("publish", "--rollback", "--out", out, "--db", address(loaded))
        assert (done.code, done.err) == (0, f"published again: {earlier}\n")
        assert out.resolve() == earlier
    done = run("publish", "--rollback", "--out", out, "--db", address(loaded))
    assert (done.code, "no earlier publication is kept whole" in done.err) == (2, True)
    publish(loaded, out, "csv")
    assert out.resolve() == made[4]
    (made[3] / "data" / "zones.csv").write_text("spoiled")  # nobody goes back to that
    assert run("publish", "--rollback", "--out", out, "--db", address(loaded)).err == f"published again: {made[2]}\n"


def test_nothing_is_published_and_the_old_stays_while_the_check_fails(
    loaded: URL, folder_2006: WaveFolder, tmp_path: Path
) -> None:
    out = tmp_path / "public"
    publish(loaded, out)
    before = (out / "fr.html").read_bytes()
    folder_2006.replace("published/zones.csv", "asia,agreements,1,", "asia,agreements,2,")
    assert run("load", folder_2006.path, "--db", address(loaded), "--reason", "a test").code == 0
    done = run("publish", "--formats", "site,csv", "--db", address(loaded), "--out", out)
    assert done.code == 1
    assert "zones asia agreements: printed 2, computed 1" in done.err
    assert (out / "fr.html").read_bytes() == before


def test_a_folder_that_is_no_publication_is_left_alone(wave_2006: URL, tmp_path: Path) -> None:
    out = tmp_path / "public"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    done = run("publish", "--formats", "site,csv", "--db", address(wave_2006), "--out", out)
    assert done.code == 2
    assert "is not a publication of jumelage" in done.err
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


@pytest.mark.long
def test_publications_side_by_side_leave_each_other_alone(loaded: URL, folder_2006: WaveFolder, tmp_path: Path) -> None:
    mine, other = tmp_path / "site", tmp_path / "site-2"
    publish(loaded, other, "csv")
    publish(loaded, mine, "csv")
    folder_2006.replace("wave.toml", 'mode = "telephone"', 'mode = "post"')
    assert run("load", folder_2006.path, "--db", address(loaded), "--reason", "mode corrected").code == 0
    publish(loaded, mine, "csv")
    assert (other / "ledger.csv").is_file()
    assert (mine / "ledger.csv").is_file()


def test_a_damaged_publication_is_made_again(wave_2006: URL, tmp_path: Path) -> None:
    out = tmp_path / "public"
    publish(wave_2006, out)
    (out / "fr.html").unlink()
    publish(wave_2006, out)
    assert (out / "fr.html").is_file()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.long
def test_files_that_others_put_there_are_carried_over(loaded: URL, folder_2006: WaveFolder, tmp_path: Path) -> None:
    out = tmp_path / "site" / "public"
    publish(loaded, out, "csv")
    (out / "CNAME").write_text("example.org")
    (out / "assets").mkdir()
    (out / "assets" / "logo.svg").write_text("<svg/>")
    (out / "data" / "notes.txt").write_text("mine")
    for before, after in pairwise(("telephone", "post", "web", "visit", "fax")):
        folder_2006.replace("wave.toml", f'mode = "{before}"', f'mode = "{after}"')
        assert run("load", folder_2006.path, "--db", address(loaded), "--reason", "mode corrected").code == 0
        done = run("publish", "--formats", "csv", "--db", address(loaded), "--out", out)
        assert done.code == 0, done.err
        assert "note: carried over from before: CNAME, assets, data/notes.txt\n" in done.err
        assert (out / "CNAME").read_text() == "example.org"
        assert (out / "assets" / "logo.svg").read_text() == "<svg/>"
        assert (out / "data" / "notes.txt").read_text() == "mine"
    assert len(list(out.parent.iterdir())) == 4  # they stand in the current one, so that the first may go


def test_a_file_of_somebody_that_has_the_name_of_one_to_be_published_is_not_replaced(
    wave_2006: URL, tmp_path: Path
) -> None:
    out, db = tmp_path / "public", ("--db", address(wave_2006))
    assert run("publish", "--formats", "site", "--out", out, *db).code == 0
    (out / "ledger.csv").write_text("mine")
    done = run("publish", "--formats", "site,csv", "--out", out, *db)
    assert done.code == 2
    assert f"{out} holds ledger.csv, which the publication writes too" in done.err
    assert (out / "ledger.csv").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 2


def test_files_of_a_publication_that_were_changed_are_kept(
    loaded: URL, folder_2006: WaveFolder, tmp_path: Path
) -> None:
    out = tmp_path / "public"
    publish(loaded, out, "csv")
    before = out.resolve()
    (out / "CNAME").write_text("example.org")
    (out / "ledger.csv").write_text("corrected by hand")
    folder_2006.replace("wave.toml", 'mode = "telephone"', 'mode = "post"')
    assert run("load", folder_2006.path, "--db", address(loaded), "--reason", "mode corrected").code == 0
    done = run("publish", "--formats", "csv", "--db", address(loaded), "--out", out)
    assert done.code == 0, done.err
    assert f"note: {before} is kept: files that publish made there have been changed" in done.err
    assert (before / "CNAME").read_text() == "example.org"
    assert (before / "ledger.csv").read_text() == "corrected by hand"
    assert out.resolve() != before


def test_what_a_killed_publication_leaves_is_removed_by_the_next(wave_2006: URL, tmp_path: Path) -> None:
    out, half = tmp_path / "public", tmp_path / ".public-building-abcd_123"
    half.mkdir()
    (half / "fr.html").write_text("half")
    (tmp_path / ".public-link-123").symlink_to("nowhere")
    mine = tmp_path / ".public-building-notes"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    publish(wave_2006, out)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((out.name, out.resolve().name, mine.name))


def test_what_a_publication_still_builds_is_left_alone(wave_2006: URL, tmp_path: Path) -> None:
    other = tmp_path / ".public-building-abcd_123"
    other.mkdir()
    for locked in (tmp_path, other):
        handle = os.open(locked, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        command = ("publish", "--formats", "csv", "--db", address(wave_2006), "--wait", "0.2")
        try:
            done = run(*command, "--out", tmp_path / "public")
        finally:
            os.close(handle)
        assert done.code == 4
        assert "another process is publishing there" in done.err
        assert [path.name for path in tmp_path.iterdir()] == [other.name]
    assert run(*command, "--out", tmp_path / "public").code == 0
    assert not other.exists()


@pytest.mark.long
def test_a_kill_at_any_moment_leaves_a_whole_publication(loaded: URL, tmp_path: Path) -> None:
    out = tmp_path / "site" / "public"
    command = [sys.executable, "-m", "jumelage", "publish", "--db", address(loaded), "--out", str(out), "--formats"]
    begun = time.monotonic()
    subprocess.run([*command, "site,csv"], check=True, capture_output=True)
    took = time.monotonic() - begun
    draw = Random(2006)  # noqa: S311 — moments, nothing secret
    for formats in ("site", "csv", "site,csv", "json", "site,json") * 3:
        with subprocess.Popen([*command, formats], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(draw.uniform(took / 2, took))
            process.kill()
        manifest = json.loads((out / "manifest.json").read_bytes())
        for name, digest in manifest["files"].items():
            assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest, name
    subprocess.run([*command, "site,csv"], check=True, capture_output=True)
    assert len(list(out.parent.iterdir())) <= 4  # the link and the last three: nothing piles up


def test_a_link_to_somewhere_else_is_left_alone(wave_2006: URL, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    out = tmp_path / "public"
    out.symlink_to("mine")
    assert run("publish", "--formats", "site,csv", "--db", address(wave_2006), "--out", out).code == 2
    assert out.readlink() == Path("mine")


def test_a_failure_half_way_leaves_the_old_publication_and_no_litter(
    wave_2006: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "public"
    publish(wave_2006, out)
    before = sorted(path.name for path in tmp_path.iterdir())
    real = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "index.html":
            raise OSError(28, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    done = run("publish", "--formats", "site,csv", "--force", "--db", address(wave_2006), "--out", out)
    assert done.code == 3
    assert "No space left on device" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_hostile_text_of_a_wave_is_shown_and_not_run(loaded: URL, folder_2006: WaveFolder, tmp_path: Path) -> None:
    folder_2006.replace("wave.toml", 'title.en = "International', 'title.en = "<script src=x & International')
    assert run("load", folder_2006.path, "--db", address(loaded), "--reason", "a test").code == 0
    publish(loaded, tmp_path / "public")
    text = (tmp_path / "public/en.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script src=x &amp; International" in text


def test_a_page_runs_nothing_and_asks_nobody(published_2006: Path) -> None:
    for path in published_2006.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
        allowed = unescape(policy).split("; ")
        closed = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "style-src 'self' file:"]
        scripts = re.findall(r"<script(.*?)</script>", text, flags=re.DOTALL)
        assert scripts == ([' src="../assets/find.js">'] if path.name == "az.html" else [])
        assert allowed == [*closed, *(["script-src 'self' file:"] if scripts else [])]
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|@import|url\(", text)


def test_a_synthetic_wave_says_so_on_every_page(migrated: URL, tiny_wave: WaveFolder, tmp_path: Path) -> None:
    tiny_wave.replace("wave.toml", "synthetic = false", "synthetic = true")
    assert run("load", tiny_wave.path, "--db", address(migrated)).code == 0
    assert (
        run(
            "publish",
            "--formats",
            "site,csv",
            "--db",
            address(migrated),
            "--wave",
            "tiny",
            "--out",
            tmp_path / "public",
        ).code
        == 0
    )
    assert "Données synthétiques" in (tmp_path / "public/fr.html").read_text(encoding="utf-8")
    assert "Synthetic data" in (tmp_path / "public/en.html").read_text(encoding="utf-8")
