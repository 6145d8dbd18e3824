"""The publication on paper: what the page says, in a tagged PDF."""

from __future__ import annotations

import hashlib
import re
from html import unescape
from pathlib import Path

import pypdfium2
import pytest
from sqlalchemy.engine import URL

from jumelage.document import parts_of
from jumelage.render import pdf
from tests.conftest import Result, WaveFolder, address, run
from tests.published import html_of


def publish(url: URL, out: Path, *more: str, formats: str = "site,pdf") -> Result:
    return run("publish", "--formats", formats, "--out", out, "--db", address(url), *more)


def pages(path: Path) -> list[str]:
    """The text of each page, with plain spaces and unbroken lines."""
    with pypdfium2.PdfDocument(path) as document:
        return [" ".join(page.get_textpage().get_text_range().replace("\ufffe", "").split()) for page in document]


def plain(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", html)).split())


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_cell_of_the_page_is_on_paper(published_2006: Path, lang: str) -> None:
    out = published_2006
    text = re.sub(r"\s", "", " ".join(pages(out / f"survey.{lang}.pdf")))
    cells = re.findall(r"<t[dh][ >][^>]*>?(.*?)</t[dh]>", html_of(out, lang), flags=re.DOTALL)
    assert len(cells) > 1500
    missing = [cell for cell in map(plain, cells) if re.sub(r"[\s‑-]", "", cell) not in re.sub(r"[‑-]", "", text)]
    assert missing == []  # hyphens aside: a word may be set over two lines
    for part in parts_of(compared=False)[:-1]:
        assert re.sub(r"\s", "", part.title.text(lang)) in text


def test_it_is_tagged_bookmarked_and_in_its_language(published_2006: Path) -> None:
    for lang in ("fr", "en"):
        path = published_2006 / f"survey.{lang}.pdf"
        data = path.read_bytes()
        assert b"pdfuaid" in data
        assert b"/StructTreeRoot" in data or b"/MarkInfo" in data
        assert f"/Lang({lang})".encode() in data.replace(b"/Lang (", b"/Lang(")
        with pypdfium2.PdfDocument(path) as document:
            titles = [mark.get_title() for mark in document.get_toc()]
            assert {part.title.text(lang) for part in parts_of(compared=False)[:-1]} <= set(titles)
            assert document.get_metadata_dict()["Title"].startswith({"fr": "Engagement", "en": "International"}[lang])


def test_the_same_wave_gives_the_same_bytes(wave_2006: URL, tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        assert publish(wave_2006, tmp_path / name, formats="pdf").code == 0
        digests.add(hashlib.sha256((tmp_path / name / "survey.fr.pdf").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_text_of_a_wave_is_no_markup(loaded: URL, folder_2006: WaveFolder, tmp_path: Path) -> None:
    text = (folder_2006.path / "wave.toml").read_text(encoding="utf-8")
    old = next(line for line in text.splitlines() if line.startswith("title.en"))
    hostile = "Towns #let *x* $y$ _z_ @a [b]"
    folder_2006.replace("wave.toml", old, f'title.en = "{hostile}"')
    assert run("load", folder_2006.path, "--db", address(loaded), "--reason", "a test").code == 0
    assert publish(loaded, tmp_path / "public").code == 0
    assert hostile in pages(tmp_path / "public" / "survey.en.pdf")[0]


def test_a_long_table_says_where_the_rest_is(wave_2006: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_MOST_ROWS", 20)
    assert publish(wave_2006, tmp_path / "public").code == 0
    text = " ".join(pages(tmp_path / "public" / "survey.en.pdf"))
    assert "20 of 29 rows are printed; all of them: data/cities_alphabetical.csv" in text
    assert text.count("rows are printed") < 6


def test_a_long_text_says_where_the_rest_is(wave_2006: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_LONGEST", 60)
    assert publish(wave_2006, tmp_path / "public").code == 0
    text = " ".join(pages(tmp_path / "public" / "survey.en.pdf"))
    assert re.search(r"Armentières, Arras, Béthune, [^…]{0,40}, \[…\]", text)
    assert text.count("are whole in data/agreements_by_country.csv") == 1
    assert "are whole in data/zones.csv" not in text


@pytest.mark.long
def test_several_waves_are_printed_too(shown: URL, tmp_path: Path) -> None:
    assert publish(shown, tmp_path / "public", "--wave", "2006,2012-demo").code == 0
    text = " ".join(pages(tmp_path / "public" / "survey.fr.pdf"))
    assert "Données synthétiques" in text
    assert parts_of(compared=True)[0].title.fr in text.replace("'", "’")
