"""The dictionary as a page of a site: every column of every view, in both languages, with ways to it and from it."""

from __future__ import annotations

import re
import tomllib
from html import unescape
from pathlib import Path

import pytest

from jumelage import content
from jumelage.database import bilingual
from jumelage.database.dictionary import relations
from jumelage.errors import UsageError
from jumelage.render.dictionary_page import views_read
from tests.test_html import checked

_MOST = 300_000  # bytes of a page


def page_of(published: Path, lang: str, name: str = "one") -> Path:
    return published / name / lang / "dictionary.html"


def columns_of(page: str, view: str) -> dict[str, tuple[str, str]]:
    """Return the columns that the page tells of a view: the type of each, and what is said of it, without tags."""
    (part,) = re.findall(rf'<section id="{view}" .*?</section>', page, flags=re.DOTALL)
    found = re.findall(r'<dt><code>(\w+)</code> <span class="printed">(.*?)</span></dt>\n<dd>(.*?)</dd>', part)
    return {name: (kind, unescape(re.sub("<[^>]+>", "\n", text))) for name, kind, text in found}


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("name", ["one", "several"])
def test_every_column_of_every_view_is_there_with_all_that_is_known(published: Path, name: str, lang: str) -> None:
    path = page_of(published, lang, name)
    page = path.read_text(encoding="utf-8")
    assert path.stat().st_size < _MOST
    colon = "\u00a0:" if lang == "fr" else ":"
    views = [one for one in bilingual.described(lang) if one.view]
    assert [one.name for one in views] == list(content.views("duckdb"))
    for view in views:
        told = columns_of(page, view.name)
        assert list(told) == [field.name for field in view.fields]
        for field in view.fields:
            kind, text = told[field.name]
            assert kind == field.type
            assert text.split("\n")[0] == field.words.meaning
            for fact in (field.words.unit, field.words.codes, field.words.question, field.words.since):
                assert fact is None or fact in text
            assert (f"Migration{colon}" in text) == (field.words.since is not None)
        assert view.meaning in unescape(page)
        assert view.example in unescape(page)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_codes_have_their_labels_and_tables_what_they_refer_to(published: Path, lang: str) -> None:
    page = unescape(page_of(published, lang).read_text(encoding="utf-8"))
    for name in ("actions", "difficulties", "zones", "countries"):
        for row in content.code_list(name):
            assert f"<li><code>{row['code']}</code> {row[f'label_{lang}']}</li>" in page
    for name in ("answers", "responses", "no_date"):
        assert f'id="codes-answer_codes.{name}"' in page
    for one in bilingual.described(lang):
        assert one.view or f'<th scope="row"><code>{one.name}</code></th><td>{one.meaning}</td>' in page
    title = {"fr": "Les tables, et ce à quoi elles renvoient", "en": "Tables and what refers to what"}[lang]
    assert re.search(rf'<svg [^>]*role="img">\n<title>{title}</title>\n<desc>', page)


def test_a_report_leads_to_the_views_that_it_reads_and_they_lead_back(published: Path) -> None:
    report = (published / "one/fr/reports/zones.html").read_text(encoding="utf-8")
    names = re.findall(r'href="../../fr/dictionary\.html#(\w+)"', report)
    assert "agreements_in_force" in names
    page = page_of(published, "fr").read_text(encoding="utf-8")
    for name in names:
        (part,) = re.findall(rf'<section id="{name}" .*?</section>', page, flags=re.DOTALL)
        assert 'href="../fr/reports/zones.html"' in part
    assert 'aria-current="page">Dictionnaire</a>' in page


def test_what_a_query_calls_itself_is_no_view() -> None:
    views = [one for one in relations().values() if one.view]
    sql = "with answers as (select * from respondents) select * from answers inner join zones z on true"
    assert views_read(sql, views) == ["zones", "respondents"]
    assert views_read("with scope as not materialized (select 1) select * from scope", views) == []


def test_every_view_that_a_report_of_the_project_reads_is_found() -> None:
    views = [one for one in relations().values() if one.view]
    for path in sorted((content.root() / "reports").glob("*.sql")):
        assert views_read(content.read_text(path), views), path


def test_the_french_is_of_texts_that_there_are_and_in_its_typography() -> None:
    groups = tomllib.loads((content.root() / "schema" / "dictionary.fr.toml").read_text(encoding="utf-8"))
    assert bilingual.without_use() == []
    assert sum(map(len, groups.values())) == len({english for texts in groups.values() for english in texts})
    for texts in groups.values():
        for english, french in texts.items():
            assert not re.search("[\"'“”]| [:;?!»]|« ", french), french
            assert french.count("«\u00a0") == french.count("\u00a0»") == french.count("«")
            ends = [text[-1] if text[-1] in ".?" else "" for text in (english, french)]
            assert ends[0] == ends[1], french


def test_a_text_without_french_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known = dict(bilingual.french())
    del known["Kinds of action, themes under their parents."]
    monkeypatch.setattr(bilingual, "french", lambda: known)
    bilingual.described.cache_clear()
    with pytest.raises(UsageError, match=r"has no French for actions \(Kinds of action"):
        bilingual.described("fr")
    assert bilingual.described("en") == tuple(relations().values())
    bilingual.described.cache_clear()


def test_it_is_valid_html(published: Path) -> None:
    assert checked([page_of(published, lang) for lang in ("fr", "en")]) == []
