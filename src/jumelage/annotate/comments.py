"""The comments of a sheet of an .xlsx: its own, above which findings are said, and new ones with their shapes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

from jumelage.annotate.splice import Splices, descendants, escaped, opened, tree
from jumelage.annotate.words import EARLIER, LONGEST_COMMENT, OWN, SIGNED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jumelage.annotate.splice import Element
    from jumelage.annotate.words import Note

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_NONE = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<comments xmlns="{_MAIN}"><authors></authors><commentList></commentList></comments>""".encode()
_NO_SHAPES = b"""<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" \
xmlns:x="urn:schemas-microsoft-com:office:excel">
</xml>"""
_TYPE = b"""<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">\
<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>"""
_SHAPE = """<v:shape id="_x0000_s{id}" type="#_x0000_t202" \
style="position:absolute;margin-left:60pt;margin-top:2pt;width:240pt;height:{height}pt;z-index:1;visibility:hidden" \
fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>\
<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>\
<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:AutoFill>False</x:AutoFill>\
<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"""
_SHAPES = re.compile(rb"<v:shape\b(?:(?!</v:shape>).)*</v:shape>", re.DOTALL)
_LEAST_ROOM = 400  # characters; with less, a cell is marked by its fill alone


class Comments:
    """The comments of one sheet."""

    def __init__(self, data: bytes | None, shapes: bytes | None, lang: str) -> None:
        """Read the comments and their shapes; None where the sheet has none."""
        self._data, self._shapes, self._lang = data or _NONE, shapes or _NO_SHAPES, lang
        self._root = tree(self._data)
        self._p = self._root.prefix
        self._known = {_place(comment.attributes.get("ref", "")): comment for comment in self._all()}
        self._bare = set(self._known) if shapes is None else set()
        self.own = {place for place, comment in self._known.items() if self._text(comment).startswith(SIGNED)}

    def _all(self) -> list[Element]:
        return list(descendants(self._root, "comment"))

    def _text(self, comment: Element) -> str:
        return "".join(
            _unescaped(self._data[text.inside : text.close]) for text in descendants(comment, "t") if not text.empty
        )

    def written(self, notes: Mapping[tuple[int, int], Note]) -> tuple[bytes, bytes]:
        """Return comments and shapes with what is to be said; what an earlier annotation said goes."""
        splices = Splices()
        authors = next(descendants(self._root, "authors"))
        author = len(authors.children)
        self._append(splices, authors, f"<{self._p}author>{OWN}</{self._p}author>")
        removed, added = set[tuple[int, int]](), dict[tuple[int, int], str]()
        for place, comment in self._known.items():
            runs = self._earlier(comment, own=place in self.own)
            note = notes.get(place)
            if note is None and place not in self.own:
                continue
            if note is None and not runs:
                splices.put(comment.start, b"", comment.end)
                removed.add(place)
                continue
            text = next(descendants(comment, "text"))
            whole = self._said(note, runs) + runs if note else runs
            splices.put(text.start, f"<{self._p}text>{whole}</{self._p}text>".encode(), text.end)
        made = []
        for place, note in sorted(notes.items()):
            if place not in self._known:
                said = self._said(note, "")
                made.append(
                    f'<{self._p}comment ref="{_name(place)}" authorId="{author}">'
                    f"<{self._p}text>{said}</{self._p}text></{self._p}comment>"
                )
                added[place] = said
        self._append(splices, next(descendants(self._root, "commentList")), "".join(made))
        return splices.applied(self._data), self._drawn(removed, added | dict.fromkeys(self._bare - removed, ""))

    def _append(self, splices: Splices, element: Element, xml: str) -> None:
        if element.empty:
            tag = opened(self._data[element.start : element.end])
            splices.put(element.start, tag + xml.encode() + f"</{self._p}{element.name}>".encode(), element.end)
        else:
            splices.put(element.close, xml.encode())

    def _earlier(self, comment: Element, *, own: bool) -> str:
        """Return what somebody else said in a comment, as runs of text."""
        text = next(descendants(comment, "text"))
        runs = "".join(
            self._data[part.start : part.end].decode() if part.name == "r" else self._run_of(part)
            for part in text.children
            if part.name in {"r", "t"}
        )
        if not own:
            return runs
        first = text.children[0]
        if first.name == "r" and (said := self._data[first.start : first.end].decode()).count(EARLIER):
            head = _unescaped(re.sub(r"<[^>]+>", "", said).encode())
            if head.rstrip("\n").endswith(EARLIER):
                return runs.replace(said, "", 1)
        before = self._text(comment).partition(f"{EARLIER}\n")[2]
        return self._run(before) if before else ""

    def _run_of(self, part: Element) -> str:
        return f"<{self._p}r>{self._data[part.start : part.end].decode()}</{self._p}r>"

    def _said(self, note: Note, earlier: str) -> str:
        length = len(re.sub(r"<[^>]+>", "", earlier))
        room = LONGEST_COMMENT - length - len(SIGNED) - len(EARLIER) - 5
        if room < _LEAST_ROOM:
            return ""
        end = f"\n\n{EARLIER}\n" if earlier else ""
        return self._run(f"{SIGNED}\n{note.said(self._lang, room)}{end}")

    def _run(self, text: str) -> str:
        return f'<{self._p}r><{self._p}t xml:space="preserve">{escaped(text)}</{self._p}t></{self._p}r>'

    def _drawn(self, removed: set[tuple[int, int]], added: Mapping[tuple[int, int], str]) -> bytes:
        """Return the shapes without those of removed comments, and with those of new ones."""

        def keep(found: re.Match[bytes]) -> bytes:
            row, column = (re.search(rb"<x:%s>\s*(\d+)" % name, found[0]) for name in (b"Row", b"Column"))
            gone = row and column and (int(row[1]) + 1, int(column[1]) + 1) in removed
            return b"" if gone else found[0]

        shapes = _SHAPES.sub(keep, self._shapes) if removed else self._shapes
        last = max((int(number) for number in re.findall(rb"_x0000_s(\d+)", shapes)), default=1024)
        made = [_TYPE.decode()] if added and b'id="_x0000_t202"' not in shapes else []
        for number, ((row, column), said) in enumerate(sorted(added.items()), last + 1):
            lines = sum(1 + len(line) // 45 for line in said.split("\n"))
            made.append(_SHAPE.format(id=number, height=min(20 + 14 * lines, 380), row=row - 1, column=column - 1))
        end = shapes.rindex(b"</")
        return shapes[:end] + "".join(made).encode() + shapes[end:]


def _unescaped(data: bytes) -> str:
    from xml.sax.saxutils import unescape

    return unescape(data.decode(), {"&quot;": '"', "&apos;": "'", "&#10;": "\n", "&#xA;": "\n", "&#13;": "\r"})


def _place(reference: str) -> tuple[int, int]:
    """Return row and column of a cell."""
    letters, row = coordinate_from_string(reference)
    return row, column_index_from_string(letters)


def _name(place: tuple[int, int]) -> str:
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(place[1])}{place[0]}"
