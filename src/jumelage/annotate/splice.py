"""Changes to a part of a workbook, byte by byte: what is not changed stays as it was written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable, Iterator

_CHUNK = 1 << 20
_NOT_XML = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")


class Splices:
    """What is put into a part, and what it takes the place of."""

    def __init__(self) -> None:
        """Start with no change."""
        self._edits: list[tuple[int, int, bytes]] = []

    def put(self, at: int, new: bytes, end: int | None = None) -> None:
        """Put bytes in at a place; with `end`, for what stands from there up to it."""
        self._edits.append((at, at if end is None else end, new))

    def applied(self, data: bytes) -> bytes:
        """Return a small part with its changes."""
        out = BytesIO()
        self.write(data, out)
        return out.getvalue()

    def write(self, data: bytes | mmap.mmap, target: BinaryIO) -> None:
        """Write the part with its changes."""
        done = 0
        for start, end, new in sorted(self._edits, key=lambda edit: edit[0]):  # those at one place in their order
            _copy(data, done, start, target)
            target.write(new)
            done = end
        _copy(data, done, len(data), target)


def _copy(data: bytes | mmap.mmap, start: int, end: int, target: BinaryIO) -> None:
    target.writelines(data[at : min(at + _CHUNK, end)] for at in range(start, end, _CHUNK))


@dataclass(slots=True)
class Element:
    """An element of a part: its name without prefix, its attributes, and where it stands.

    From `start` to `inside` is its first tag, from `close` to `end` its last; both are one where it is empty. Known at
    first are its start and, once it has ended, the place where the parser was then: `measured` finds the others.
    """

    name: str
    attributes: dict[str, str]
    start: int
    depth: int
    prefix: str = ""
    inside: int = 0
    close: int = 0
    end: int = 0
    children: list[Element] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Tell whether it is one tag: <a/>."""
        return self.close == self.start


def tag_end(data: bytes | mmap.mmap, start: int) -> int:
    """Return where the tag that begins at a place is over."""
    at = start
    while True:
        end = data.find(b">", at)
        tag = data[start : end + 1]
        if end < 0 or (tag.count(b'"') % 2 == 0 and tag.count(b"'") % 2 == 0) or _whole(tag):
            return end + 1
        at = end + 1


_TAG = re.compile(rb"<[^\s/>]+(?:\s+[^\s=]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?>")


def _whole(tag: bytes) -> bool:
    return _TAG.fullmatch(tag) is not None


def walk(
    data: bytes | mmap.mmap,
    started: Callable[[Element], object],
    ended: Callable[[Element], object],
) -> None:
    """Go through a part and tell of each element as it begins and as it ends."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    stack: list[Element] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        prefix, _, local = name.rpartition(":")
        element = Element(local, attributes, parser.CurrentByteIndex, len(stack) + 1, f"{prefix}:" if prefix else "")
        stack.append(element)
        started(element)

    def end(_: str) -> None:
        element = stack.pop()
        element.close = parser.CurrentByteIndex
        ended(element)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    for at in range(0, len(data), _CHUNK):
        parser.Parse(data[at : at + _CHUNK], at + _CHUNK >= len(data))


def measured(data: bytes | mmap.mmap, element: Element) -> Element:
    """Return an element that has ended with the places of its tags."""
    element.inside = tag_end(data, element.start)
    if element.close == element.inside and data[element.inside - 2 : element.inside] == b"/>":
        element.close, element.end = element.start, element.inside
    else:
        element.end = tag_end(data, element.close)
    return element


def descendants(element: Element, name: str) -> Iterator[Element]:
    """Give all elements of a name within another, in order."""
    for child in element.children:
        if child.name == name:
            yield child
        yield from descendants(child, name)


def tree(data: bytes) -> Element:
    """Return the root of a small part with all that is in it."""
    stack: list[Element] = []
    roots: list[Element] = []

    def started(element: Element) -> None:
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    walk(data, started, lambda _: measured(data, stack.pop()))
    return roots[0]


def with_attribute(tag: bytes, name: str, value: str) -> bytes:
    """Return a tag with an attribute set."""
    text = f"{name}={quoteattr(value)}".encode()
    found = re.search(rb"(?<=\s)" + re.escape(name.encode()) + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')", tag)
    if found:
        return tag[: found.start()] + text + tag[found.end() :]
    head = re.match(rb"<[^\s/>]+", tag)
    at = head.end() if head else 0
    return tag[:at] + b" " + text + tag[at:]


def opened(tag: bytes) -> bytes:
    """Return the tag of an empty element as the first of two."""
    return tag[: tag.rindex(b"/")].rstrip() + b">"


def legal(text: str) -> str:
    """Return a text with what no XML holds replaced."""
    return _NOT_XML.sub("\ufffd", text)


def escaped(text: str) -> str:
    """Write a text for XML."""
    return escape(legal(text).replace("\r\n", "\n").replace("\r", "\n"))
