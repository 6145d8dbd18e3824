"""Publishing without anybody looking: what is left alone, what is refused, what is said, and several waves at once."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from jumelage.publication import files
from tests.conftest import WaveFolder, address, run
from tests.published import Page, check_links

WRONG = ("published/zones.csv", "asia,agreements,1,", "asia,agreements,2,")


def publish(url: URL, out: Path, *more: str, formats: str = "site,csv", code: int = 0) -> str:
    done = run("publish", "--formats", formats, "--db", address(url), "--out", out, *more)
    assert done.code == code, done.err
    return done.err


def correct(url: URL, folder: WaveFolder, *change: str) -> None:
    folder.replace(*change)
    assert run("load", folder.path, "--db", address(url), "--reason", "a test").code == 0


def test_what_has_not_changed_is_left_as_it_is_and_that_is_said(
    loaded: URL, folder_2006: WaveFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "public"
    assert "published: " in publish(loaded, out)
    with monkeypatch.context() as made:
        made.setattr(files, "page_of", None)  # nothing is made
        said = publish(loaded, out)
    assert f"nothing has changed since the last publication, which stays: {out}/fr.html" in said
    assert "contradicted: 7" in said
    assert "published: " in publish(loaded, out, "--force")
    for formats in ("csv", "site,csv", "csv"):
        assert "published: " in publish(loaded, out, formats=formats)
    assert "publié\u00a0: " in publish(loaded, out, "--lang", "fr", formats="csv")
    assert "nothing has changed" not in publish(loaded, out)
    (out / "fr.html").write_text("spoiled")
    assert "nothing has changed" not in publish(loaded, out)
    correct(loaded, folder_2006, "wave.toml", 'mode = "telephone"', 'mode = "post"')
    assert "published: " in publish(loaded, out)


def test_a_check_that_finds_something_is_published_if_that_is_allowed_and_every_page_says_so(
    loaded: URL, folder_2006: WaveFolder, tmp_path: Path
) -> None:
    out = tmp_path / "public"
    correct(loaded, folder_2006, *WRONG)
    publish(loaded, out, code=1)
    assert not out.exists()
    said = publish(loaded, out, "--allow-findings")
    assert "published although the check found 2 problem(s)" in said
    assert "zones asia agreements: printed 2, computed 1" in said
    for path in (out / "en").rglob("*.html"):
        assert "the check found 2 problem(s)" in path.read_text(encoding="utf-8"), path
    assert len(json.loads((out / "manifest.json").read_bytes())["findings"]) == 2
    assert "2 problem(s)" in publish(loaded, out, "--allow-findings")  # nothing has changed, and it is said again


def test_a_program_gets_one_line_of_what_was_done(loaded: URL, tmp_path: Path) -> None:
    out = tmp_path / "public"
    command = ("publish", "--formats", "csv", "--format", "json", "--db", address(loaded), "--out", out)
    for published in (True, False):
        (line,) = run(*command).out.splitlines()
        told = json.loads(line)
        assert (told["waves"], told["published"], told["statuses"]["contradicted"]) == (["2006@1"], published, 7)


def test_changes_says_what_differs_from_the_publication_before(
    loaded: URL, folder_2006: WaveFolder, tmp_path: Path
) -> None:
    out = tmp_path / "public"
    publish(loaded, out)
    assert "Nothing was published here before." in (out / "CHANGES").read_text(encoding="utf-8")
    correct(loaded, folder_2006, *WRONG)
    publish(loaded, out, "--allow-findings")
    text = (out / "CHANGES").read_text(encoding="utf-8")
    assert "Wave 2006, from revision 1 to revision 2\n" in text
    assert "Vague 2006, de la révision 1 à la révision 2\n" in text
    assert "  figure zones asia agreements, printed 2 (répartition par zone): – → contradicted\n" in text
    zones, countries = ("".join(Page(out / "en" / "reports" / f"{name}.html").text) for name in ("zones", "countries"))
    assert "figure zones asia agreements, printed 2 (répartition par zone): – → contradicted" in zones
    assert "no cell of this table has changed" in countries
    publish(loaded, out, "--force", "--allow-findings", formats="csv")
    assert "Wave 2006, revision 2: the same rows." in (out / "CHANGES").read_text(encoding="utf-8")


@pytest.mark.long
def test_all_waves_stand_beside_each_other_and_lead_to_each_other(shown: URL, tmp_path: Path) -> None:
    out = tmp_path / "public"
    publish(shown, out, "--all", formats="site,rows,csv,duckdb")
    assert {"2006", "2012-demo", "waves", "fr.html", "en.html", "index.html", "assets"} <= {
        path.name for path in out.iterdir()
    }
    assert check_links(out) > 300
    assert {"2006/en.html", "2012-demo/en.html", "waves/en.html"} <= set(Page(out / "en.html").links)
    for place in ("2006/fr/geography.html", "2012-demo/fr/authorities/59350.html", "waves/fr/rows/bridge.html"):
        assert any(link.endswith("../fr.html") for link in Page(out / place).links)
    assert run("report", "zones", "--db", out / "published.duckdb", "--wave", "2012-demo").code == 0
    single = tmp_path / "single"
    publish(shown, single, "--wave", "2006", formats="site,rows,csv,duckdb")
    assert (single / "data" / "zones.csv").read_bytes() == (out / "2006" / "data" / "zones.csv").read_bytes()


def test_one_language_alone(wave_2006: URL, tmp_path: Path) -> None:
    out = tmp_path / "public"
    assert "publié\u00a0: " in publish(wave_2006, out, "--lang", "fr")
    assert (out / "fr.html").is_file()
    assert not (out / "en.html").exists()
    assert check_links(out) > 70
    assert "English" not in (out / "fr.html").read_text(encoding="utf-8")
    assert "--lang: 'de' is none" in publish(wave_2006, out, "--lang", "de", code=2)


@pytest.mark.parametrize("address_", ["javascript:x()", "example.org", "ftp://example.org"])
def test_a_base_that_is_no_web_address_is_refused(wave_2006: URL, tmp_path: Path, address_: str) -> None:
    assert "does not begin with https://" in publish(wave_2006, tmp_path / "p", "--base-url", address_, code=2)


def test_a_town_has_a_sheet_of_its_partners_and_a_country_of_its_towns(published_2006: Path) -> None:
    out = published_2006
    lille = unescape((out / "fr" / "authorities" / "59350.html").read_text(encoding="utf-8"))
    assert "12 accords" in lille
    countries = re.findall(r'href="../../fr/countries/([A-Z]{2}).html"', lille)
    assert sorted(countries) == sorted(["DE", "DE", "BE", "ES", "IL", "IT", "LU", "NL", "GB", "SN", "PS", "UA"])
    latvia = unescape((out / "en" / "countries" / "LV.html").read_text(encoding="utf-8"))
    assert "1 agreement<" in latvia
    assert "inferred" in latvia
    assert "not stated" in latvia  # the town
    names = "".join(Page(out / "en" / "az.html").text)
    assert names.index("Algeria") < names.index("Austria") < names.index("United States")
    assert "Algérie" in "".join(Page(out / "fr" / "az.html").text)


@pytest.mark.long
def test_a_wave_brings_a_document_of_its_own(loaded: URL, folder_2006: WaveFolder, tmp_path: Path) -> None:
    out = tmp_path / "public"
    text = (folder_2006.path / "wave.toml").read_text(encoding="utf-8")
    folder_2006.append(
        "wave.toml",
        "[[publication]]\nname = 'world'\ntitle = { fr = 'Le monde', en = 'The world' }\n"
        "text = { fr = 'Où.', en = 'Where.' }\nreports = ['countries', 'zones']",
    )
    done = run("load", folder_2006.path, "--db", address(loaded), "--reason", "a document of its own")
    assert done.code == 0, done.err
    publish(loaded, out)
    assert {"world.html", "ledger.html", "az.html", "dictionary.html"} == {
        path.name for path in (out / "fr").glob("*.html")
    }
    page = (out / "fr" / "world.html").read_text(encoding="utf-8")
    assert page.index('<section id="countries"') < page.index('<section id="zones"') < page.index('id="actions"')
    assert run("diff", "2006@1", "2006@2", "--db", address(loaded)).out.count("publication") == 1
    folder_2006.write("wave.toml", text)
    assert run("load", folder_2006.path, "--db", address(loaded), "--reason", "as before").code == 0
    publish(loaded, out)
    assert (out / "fr" / "geography.html").is_file()
