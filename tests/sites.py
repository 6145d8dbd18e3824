"""What a publication holds for readers: its pages, whatever they are called, and a sample of each kind of them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
_LANG = re.compile(rb"<html[^>]* lang=\"?([\w-]+)")


def pages(root: Path) -> list[Path]:
    """All pages in a folder of publications, also behind the links that publications are."""
    found = {
        page.resolve() for top in (root, *root.iterdir()) if top.is_dir() for page in top.resolve().rglob("*.html")
    }
    assert found, f"no page in {root}"
    return sorted(found)


def sample(root: Path, most: int) -> list[Path]:
    """Some pages of each kind, in each language: the middling one, or small, middling and large ones.

    A kind is the folder where they lie, and whether they hold tables and pictures.
    """
    kinds: dict[tuple[Path, bytes, bool, bool], list[Path]] = defaultdict(list)
    for page in pages(root):
        written = page.read_bytes()
        lang = _LANG.search(written)
        assert lang, f"{page}: no language"
        kinds[page.parent, lang[1], b"<table" in written, b"<figure" in written].append(page)
    each = max(1, most // len(kinds))
    chosen = []
    for group in kinds.values():
        by_size = sorted(group, key=lambda page: (page.stat().st_size, page.name))
        step = max(1.0, len(by_size) / each)
        chosen += [by_size[int((number + 0.5) * step)] for number in range(min(each, len(by_size)))]
    return sorted(chosen)


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page: where to, the language that it says it leads to, and what there is to read of it."""

    href: str
    hreflang: str | None
    text: str


@dataclass(slots=True)
class _Element:
    tag: str
    lang: str
    href: str | None = None
    hreflang: str | None = None
    text: list[str] = field(default_factory=list)


class Read(HTMLParser):
    """A page as it is written: its language, its anchors, its links, and each text with the language that it is in."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[Link] = []
        self.texts: list[tuple[str, str]] = []
        self.langs: set[str] = set()
        self._open = [_Element("", "")]
        self.feed(page.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go into an element."""
        said = dict(attrs)
        if "id" in said:
            self.ids.add(said["id"] or "")
        if "lang" in said:
            self.langs.add(said["lang"] or "")
        if tag not in VOID:
            lang = said.get("lang") or self._open[-1].lang
            self._open.append(_Element(tag, lang, said.get("href") if tag == "a" else None, said.get("hreflang")))

    def handle_data(self, data: str) -> None:
        """Keep what there is to read, for the element and for those around it that are links."""
        for element in self._open:
            if element.href is not None or element is self._open[-1]:
                element.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Come out of an element."""
        if tag in VOID:
            return
        element = self._open.pop()
        assert element.tag == tag, f"{tag} ends where {element.tag} is open"
        text = "".join(element.text)
        if element.href is not None:
            self.links.append(Link(element.href, element.hreflang, text.strip()))
        if element.tag not in {"style", "code"}:
            self.texts.append((element.lang, text))
