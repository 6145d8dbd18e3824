"""The parts of an .xlsx: how they refer to each other, and those of them that are changed or new."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, BinaryIO

from jumelage.annotate.splice import Element, Splices, descendants, opened, tree, with_attribute
from jumelage.annotate.words import LIST
from jumelage.annotate.zipped import rewrite, unpacked

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator
    from mmap import mmap
    from pathlib import Path

    from jumelage.annotate.zipped import Change

WORKBOOK, _TYPES = "xl/workbook.xml", "[Content_Types].xml"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_NO_RELATIONS = f'<?xml version="1.0" encoding="UTF-8"?>\n<Relationships xmlns="{_RELATIONS}"></Relationships>'


class Package:
    """The parts of a workbook, and those of them that are changed or new."""

    def __init__(self, source: zipfile.ZipFile) -> None:
        """Read the parts of an open archive."""
        self._source = source
        self._members = {name.casefold(): name for name in source.namelist()}
        self.changed: dict[str, Change] = {}
        kind = next(relation.attributes["Type"] for relation in self.relations(WORKBOOK).values()
                    if relation.attributes.get("Type", "").endswith("/worksheet"))  # fmt: skip
        self.prefix_of_relations = kind.removesuffix("/worksheet")

    def name(self, part: str) -> str:
        """Return the name of a part as the archive spells it."""
        return self._members.get(part.casefold(), part)

    def read(self, part: str) -> bytes | None:
        """Return a part as it now is; None if there is none."""
        name = self.name(part)
        if isinstance(changed := self.changed.get(name), bytes):
            return changed
        return self._source.read(name) if name in self._source.NameToInfo else None

    def opened(self, part: str) -> mmap:
        """Return a part that may be large."""
        return unpacked(self._source, self.name(part))

    def sheets(self) -> Iterator[tuple[str, str]]:
        """Give the sheets of cells with their parts."""
        known = self.relations(WORKBOOK)
        for sheet in descendants(tree(self.read(WORKBOOK) or b""), "sheet"):
            found = known.get(_id_of(sheet) or "")
            if found is not None and found.attributes["Type"].endswith("/worksheet"):
                yield sheet.attributes["name"], self.target(WORKBOOK, found)

    def relations(self, part: str) -> dict[str, Element]:
        """Return what a part refers to, by identifier."""
        data = self.read(_relations_of(part))
        return {one.attributes["Id"]: one for one in descendants(tree(data), "Relationship")} if data else {}

    def target(self, part: str, relation: Element) -> str:
        """Return the part that is referred to."""
        target = relation.attributes["Target"].replace("\\", "/")
        if target.startswith(("/", "xl/")):
            return self.name(target.removeprefix("/"))
        return self.name(posixpath.normpath(posixpath.join(posixpath.dirname(part), target)))

    def related(self, part: str, kind: str, identifier: str | None = None) -> str | None:
        """Return the part of a kind that is referred to; None if there is none."""
        for known, relation in self.relations(part).items():
            if relation.attributes.get("Type", "").endswith(f"/{kind}") and identifier in {None, known}:
                return self.target(part, relation)
        return None

    def relate(self, part: str, kind: str, target: str) -> str:
        """Refer to a new part, and return the identifier."""
        name = self.name(_relations_of(part))
        known = self.relations(part)
        new = next(f"rId{number}" for number in range(1, 1 << 20) if f"rId{number}" not in known)
        xml = f'Relationship Id="{new}" Type="{self.prefix_of_relations}/{kind}" Target="{target}"/>'
        self.changed[name] = _appended(self.read(name) or _NO_RELATIONS.encode(), xml)
        return new

    def declare(self, part: str, kind: str) -> None:
        """Say of what kind a new part is."""
        self._declare(f'Override PartName="/{part}" ContentType="{kind}"/>')

    def declare_ending(self, ending: str, kind: str) -> None:
        """Say of what kind parts of an ending are."""
        if not re.search(
            rb"Extension\s*=\s*[\"']" + ending.encode() + rb"[\"']", self.read(_TYPES) or b"", re.IGNORECASE
        ):
            self._declare(f'Default Extension="{ending}" ContentType="{kind}"/>')

    def _declare(self, xml: str) -> None:
        self.changed[self.name(_TYPES)] = _appended(self.read(_TYPES) or b"", xml)

    def new_name(self, before: str, after: str) -> str:
        """Return the name of a part that is not there yet."""
        names = (f"{before}{number}{after}" for number in range(1, 1 << 20))
        return next(name for name in names if name.casefold() not in self._members and name not in self.changed)

    def add_list(self, content: BinaryIO) -> None:
        """Make the list the first sheet, in the place of one of an earlier copy."""
        for name, part in self.sheets():
            if name.casefold() == LIST:
                for relation in self.relations(part).values():
                    if relation.attributes.get("TargetMode") != "External":
                        self._drop(self.target(part, relation))
                self._drop(_relations_of(part))
                self.changed[part] = content
                return
        part = self.new_name("xl/worksheets/findings", ".xml")
        identifier = self.relate(WORKBOOK, "worksheet", part.removeprefix("xl/"))
        self.declare(part, _SHEET_TYPE)
        self.changed[part] = content
        book = self.read(WORKBOOK) or b""
        self.changed[self.name(WORKBOOK)] = _with_first_sheet(book, identifier, self.prefix_of_relations)

    def _drop(self, part: str) -> None:
        name = self.name(part)
        self.changed[name] = None
        types = self.read(_TYPES) or b""
        declared = rb"<(?:\w+:)?Override\b[^>]*PartName\s*=\s*[\"']/" + re.escape(name.encode()) + rb"[\"'][^>]*/>"
        self.changed[self.name(_TYPES)] = re.sub(declared, b"", types)

    def write(self, made: Path) -> None:
        """Write the package."""
        rewrite(self._source, made, self.changed)


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def _id_of(element: Element) -> str | None:
    """Return the identifier of the relation that an element names."""
    return next((value for key, value in element.attributes.items() if key.rpartition(":")[2] == "id"), None)


def _appended(data: bytes, xml: str) -> bytes:
    """Add a last element within the root of a part; `xml` begins with its name."""
    root = tree(data)
    new = f"<{root.prefix}{xml}".encode()
    if root.empty:
        tag = data[root.start : root.end]
        name = re.match(rb"<([^\s/>]+)", tag)
        return data[: root.start] + opened(tag) + new + b"</" + (name[1] if name else b"") + b">" + data[root.end :]
    return data[: root.close] + new + data[root.close :]


def _with_first_sheet(book: bytes, identifier: str, relations: str) -> bytes:
    """Put the list before the sheets of a workbook; what counts sheets counts one more."""
    root = tree(book)
    splices = Splices()
    sheets = next(descendants(root, "sheets"))
    number = max((int(sheet.attributes.get("sheetId", "0")) for sheet in sheets.children), default=0) + 1
    p = root.prefix
    new = f'<{p}sheet xmlns:r="{relations}" name="{LIST}" sheetId="{number}" r:id="{identifier}"/>'
    views = list(descendants(root, "workbookView"))
    if not views:
        shown = f'<{p}bookViews><{p}workbookView activeTab="1"/></{p}bookViews>'
        splices.put(sheets.start, shown.encode())
    splices.put(sheets.inside, new.encode())
    for view in views:
        tag = book[view.start : view.inside]
        active = int(view.attributes.get("activeTab", "0")) + 1
        splices.put(view.start, with_attribute(tag, "activeTab", str(active)), view.inside)
    for name in descendants(root, "definedName"):
        if (local := name.attributes.get("localSheetId")) is not None:
            tag = book[name.start : name.inside]
            splices.put(name.start, with_attribute(tag, "localSheetId", str(int(local) + 1)), name.inside)
    return splices.applied(book)
