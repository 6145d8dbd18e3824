"""A published site as tests read it: its pages, and the part of one that a report has."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """Reads a page; fails on tags that do not nest, and collects text, links and ids."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in {"href", "src"}:
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def document(out: Path, lang: str) -> list[Path]:
    """The pages of the document in the order of its menu: the start, its parts, and the ledger if there is one."""
    start = out / f"{lang}.html"
    menu = re.findall(rf'href="({lang}/[a-z0-9_-]+\.html)"', start.read_text(encoding="utf-8").split("</nav>")[0])
    return [start, *(out / name for name in menu if not name.endswith(("az.html", "dictionary.html")))]


def html_of(out: Path, lang: str) -> str:
    """The whole document, page after page."""
    return "".join(path.read_text(encoding="utf-8") for path in document(out, lang))


def section(out: Path, lang: str, name: str) -> str:
    """What a report has on its page, without links."""
    (found,) = re.findall(rf'<section id="{name}" .*?</section>', html_of(out, lang), flags=re.DOTALL)
    return re.sub("</?a( [^>]*)?>", "", found)


def check_links(out: Path) -> int:
    """Fail where a page leads to a file or a place that is not there; return the number of pages."""
    pages = {path.resolve(): Page(path) for path in out.rglob("*.html")}
    for path, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), path
        for link in page.links:
            file, _, place = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.is_file(), (path, link)
            assert not place or place in pages[target].ids, (path, link)
    return len(pages)
