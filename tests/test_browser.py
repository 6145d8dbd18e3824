"""Pages in a browser: for readers with little sight, with a keyboard alone, on a small screen, without scripts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.sites import pages, sample

DESKTOP, PHONE = 1280, 320
_WCAG = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
OF_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}

# A page repeats itself: rows of a table, sections of a chapter. Of what is alike, the first few stay.
_THIN = """most => { for (const parent of document.querySelectorAll("body, body *")) {
    const seen = {};
    for (const child of [...parent.children]) {
        const kind = child.tagName + child.className;
        seen[kind] = (seen[kind] || 0) + 1;
        if (seen[kind] > most) child.remove();
    } } }"""
_UNFOLD = "() => document.querySelectorAll('details').forEach(one => { one.open = true; })"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of the machine: Debian's Chromium, never one that Playwright would download."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium for the tests of pages: apt-get install chromium")
    with sync_playwright() as playwright, closing(playwright.chromium.launch(executable_path=path)) as started:
        yield started


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def broken_rules(page: Page, rules: dict[str, Any] = _WCAG) -> list[str]:
    """Say which rules of WCAG axe-core finds broken on a page, and by what."""
    page.evaluate(_axe())
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False, "iframes": False}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]


def _look(browser: Browser, root: Path, looked: list[Path], *, width: int, alike: int) -> list[str]:
    """Return what axe-core finds on pages, by day and by night: then only colours change, by which they are judged."""
    found = []
    with closing(browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)) as context:
        page = context.new_page()
        for file in looked:
            page.emulate_media(color_scheme="light")
            page.goto(file.as_uri())
            page.evaluate(_UNFOLD)
            page.evaluate(_THIN, alike)
            broken = broken_rules(page)
            page.emulate_media(color_scheme="dark")
            broken += [f"in the dark: {one}" for one in broken_rules(page, OF_COLOURS)]
            found += [f"{file.relative_to(root)}: {one}" for one in broken]
    return found


@pytest.mark.parametrize("width", [DESKTOP, pytest.param(PHONE, marks=pytest.mark.long)])
def test_no_page_breaks_a_rule_of_wcag(browser: Browser, published: Path, width: int) -> None:
    assert _look(browser, published, sample(published, 1), width=width, alike=2) == []


@pytest.mark.long
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_no_page_breaks_a_rule_of_wcag_in_any_row(browser: Browser, published: Path, width: int) -> None:
    assert _look(browser, published, sample(published, 40), width=width, alike=40) == []


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_dictionary_breaks_no_rule_of_wcag_and_fits_a_small_screen(
    browser: Browser, published: Path, width: int
) -> None:
    looked = [published / "one" / lang / "dictionary.html" for lang in ("fr", "en")]
    assert _look(browser, published, looked, width=width, alike=40) == []
    with closing(browser.new_page(viewport={"width": width, "height": 900}, bypass_csp=True)) as page:
        for file in looked:
            page.goto(file.as_uri())
            said, unreachable = page.evaluate(_SIDEWAYS)
            assert (said <= width, unreachable) == (True, []), file


_STYLE = "p { color: #333; } @media (prefers-color-scheme: dark) { body { background: #000; } } a { color: #ccc; }"


@pytest.mark.parametrize(
    ("rule", "scheme", "body"),
    [
        ("image-alt", "light", '<img src="a.png">'),
        ("link-name", "light", '<a href="a"></a>'),
        ("color-contrast", "light", '<a href="a">a link in pale grey</a>'),
        ("color-contrast", "dark", "<p>a text in dark grey</p>"),
        (
            "scrollable-region-focusable",
            "light",
            '<div style="overflow: auto; width: 9em"><pre>' + "a " * 99 + "</pre>",
        ),
    ],
    ids=("image", "link", "colour", "colour in the dark", "scrolling"),
)
def test_the_checker_of_rules_finds_what_is_wrong(browser: Browser, rule: str, scheme: str, body: str) -> None:
    with closing(browser.new_context(color_scheme="dark" if scheme == "dark" else "light")) as context:
        page = context.new_page()
        page.set_content(f'<!doctype html><html lang="en"><title>t</title><style>{_STYLE}</style><main>{body}</main>')
        assert any(one.startswith(rule) for one in broken_rules(page))


_SIDEWAYS = """() => {
    const wide = [...document.querySelectorAll("body *")].filter(one =>
        ["auto", "scroll"].includes(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth);
    const tables = [...document.querySelectorAll("table")].map(one => one.parentElement);
    const silent = one => !(one.tabIndex === 0 && one.getAttribute("role") === "region" &&
        (one.getAttribute("aria-label") || one.hasAttribute("aria-labelledby")));
    return [document.scrollingElement.scrollWidth,
        [...new Set([...wide, ...tables])].filter(silent).map(one => one.outerHTML.slice(0, 120))];
}"""


def test_on_a_small_screen_only_what_a_keyboard_reaches_scrolls_sideways(browser: Browser, published: Path) -> None:
    with closing(browser.new_context(viewport={"width": PHONE, "height": 640}, bypass_csp=True)) as context:
        page = context.new_page()
        for file in sample(published, 40):
            page.goto(file.as_uri())
            page.evaluate(_UNFOLD)
            width, unreachable = page.evaluate(_SIDEWAYS)
            assert width <= PHONE, f"{file.relative_to(published)} is {width} px wide"
            assert unreachable == [], file


_LEAST = 10  # px, of the letters of a picture
_LETTERS = """() => [...document.querySelectorAll("figure svg")].map(one => {
    const wide = one.getBoundingClientRect().width / one.viewBox.baseVal.width;
    return Math.min(...[...one.querySelectorAll("text")].map(text => wide * parseFloat(getComputedStyle(text).fontSize)));
})"""


def test_the_letters_of_a_picture_are_read_on_a_small_screen(browser: Browser, published: Path) -> None:
    with closing(browser.new_context(viewport={"width": PHONE, "height": 640}, bypass_csp=True)) as context:
        page = context.new_page()
        found = []
        for file in sample(published, 40):
            page.goto(file.as_uri())
            found += page.evaluate(_LETTERS)
    assert found
    assert min(found) >= _LEAST


_STOPS = """() => {
    window.stops = [...document.querySelectorAll("a[href], summary, button, input, select, textarea, [tabindex='0']")]
        .filter(one => one.checkVisibility());
    return stops.length;
}"""
_FOCUSED = """() => {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    return [stops.indexOf(one), style.outlineStyle === "auto" ||  // as the browser shows it
            (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2),
        box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0,
        one.outerHTML.slice(0, 120)];
}"""


def test_a_keyboard_reaches_everything_in_order_and_the_focus_is_seen(browser: Browser, published: Path) -> None:
    with closing(browser.new_context(viewport={"width": DESKTOP, "height": 900}, bypass_csp=True)) as context:
        page = context.new_page()
        for file in sample(published, 1):
            page.goto(file.as_uri())
            page.evaluate(_UNFOLD)
            page.evaluate(_THIN, 2)
            for number in range(page.evaluate(_STOPS)):
                page.keyboard.press("Tab")
                stop, outlined, in_sight, what = page.evaluate(_FOCUSED)
                assert (stop, outlined, in_sight) == (number, True, True), f"{file.relative_to(published)}: {what}"


def test_the_first_stop_of_a_page_with_a_header_skips_to_its_content(browser: Browser, published: Path) -> None:
    with closing(browser.new_context(bypass_csp=True)) as context:
        page = context.new_page()
        for file in sample(published, 1):
            page.goto(file.as_uri())
            if not page.locator("header, nav").count():
                continue
            page.keyboard.press("Tab")
            first = page.evaluate("document.activeElement.getAttribute('href')")
            assert first, f"{file}: the first stop is no link"
            assert page.locator(f"main{first}, main {first}").count() == 1, f"{file}: {first} is not in main"
            page.keyboard.press("Enter")
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.closest('main') !== null"), file


def test_a_page_asks_nobody_and_complains_of_nothing(browser: Browser, published: Path) -> None:
    asked: list[str] = []
    said: list[str] = []
    with closing(browser.new_context()) as context:
        context.on("request", lambda request: asked.append(request.url))
        context.on("console", lambda message: said.append(message.text))
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        looked = sample(published, 40)
        for file in looked:
            asked.clear()
            page.goto(file.as_uri())
            site = next(top.resolve() for top in published.iterdir() if file.is_relative_to(top.resolve()))
            elsewhere = [one for one in asked if not one.startswith(f"{site.as_uri()}/")]
            assert elsewhere == [], file
            assert said + errors == [], file


def test_a_page_reads_the_same_without_scripts(browser: Browser, published: Path) -> None:
    with closing(browser.new_context()) as able, closing(browser.new_context(java_script_enabled=False)) as unable:
        with_scripts, without = able.new_page(), unable.new_page()
        for file in sample(published, 1):
            with_scripts.goto(file.as_uri())
            without.goto(file.as_uri())
            read = without.locator("body").inner_text()
            assert read, file
            lines = set(with_scripts.locator("body").inner_text().splitlines())
            assert set(read.splitlines()) <= lines, file  # a script adds a search, and takes nothing away


def test_a_page_is_shown_in_its_style_which_its_policy_allows(browser: Browser, published: Path) -> None:
    with closing(browser.new_context()) as context:
        page = context.new_page()
        for file in sample(published, 1):
            page.goto(file.as_uri())
            assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink')"), file


def test_the_sample_holds_each_kind_of_page_in_both_languages(published: Path) -> None:
    few, many = sample(published, 1), sample(published, 40)
    assert {page.parent for page in few} == {page.parent for page in many} == {page.parent for page in pages(published)}
    assert len(few) <= len(many) <= 40


def _page_of(published: Path, name: str) -> Path:
    return next(page for page in pages(published) if page.as_posix().endswith(name) and page.parents[1].name != "waves")


def test_a_search_finds_a_town_whatever_its_accents(browser: Browser, published: Path) -> None:
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(_page_of(published, "/fr/az.html").as_uri())
        page.get_by_label("Chercher une ville ou un pays").fill("bethune")
        assert page.locator(".names li:visible a").all_inner_texts() == ["Béthune"]
        said = page.get_by_role("status")
        assert said.inner_text() == "1 résultat pour «\u00a0bethune\u00a0»"
        page.get_by_label("Chercher une ville ou un pays").fill("$& zzz")
        assert said.inner_text() == "aucun résultat pour «\u00a0$& zzz\u00a0»"
        page.get_by_label("Chercher une ville ou un pays").fill("")
        assert said.inner_text() == ""
        assert page.locator(".names li:visible").count() > 50


def test_the_ledger_shows_figures_of_one_status_without_a_script(browser: Browser, published: Path) -> None:
    with closing(browser.new_context(java_script_enabled=False)) as context:
        page = context.new_page()
        page.goto(_page_of(published, "/en/ledger.html").as_uri())
        rows = page.locator("table.ledger tr[class^=is-]")
        every = rows.count()
        assert page.locator(".chosen:visible").count() == 1
        assert rows.and_(page.locator(":visible")).count() == every
        page.goto(_page_of(published, "/en.html").as_uri())
        page.locator("a[href$='#only-contradicted']").click()
        assert page.locator(".chosen:visible").locator("..").get_attribute("id") == "only-contradicted"
        assert page.locator("table.ledger tr[class^=is-]:visible").count() == 7 < every
        assert set(rows.and_(page.locator(":visible")).locator("td:nth-child(4)").all_inner_texts()) == {
            "≠ contradicted"
        }
        page.get_by_role("link", name="bounded").click()
        shown = rows.and_(page.locator(":visible"))
        assert set(shown.locator("td:nth-child(4)").all_inner_texts()) == {"↔ bounded"}
        assert page.locator("table.ledger tbody:visible").count() < page.locator("table.ledger tbody").count()
        page.get_by_role("link", name="all (").click()
        assert rows.and_(page.locator(":visible")).count() == every
