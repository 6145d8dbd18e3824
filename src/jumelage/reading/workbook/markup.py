"""The XML within workbooks, as a stream: nothing is expanded, and little is held at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

from jumelage.errors import UnreadableError
from jumelage.reading.workbook.unseen import not_a_workbook
from jumelage.reading.zips import reading
from jumelage.texts import Label

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Callable

MOST_DEPTH = 200  # of elements within elements
MOST_TOKEN = 8 << 20  # bytes of one tag or comment
_CHUNK = 1 << 18
_ENCODINGS = {None, "utf-8", "utf8", "us-ascii", "ascii"}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BAD_XML = Label("{} n’est pas du XML correct", "{} is not well-formed XML")
_DTD = Label("{} déclare un DTD, ce que nul tableur n’écrit", "{} declares a DTD, which no spreadsheet program writes")
_DEEP = Label("{} est trop imbriqué", "{} is nested too deeply")
_LONG = Label("{} a une balise démesurée", "{} has an excessive tag")
_ENCODED = Label("{} n’est pas en UTF-8", "{} is not in UTF-8")
_CDATA = Label("{} contient une section CDATA", "{} holds a CDATA section")


class Part:
    """A reader of one part of a workbook; this one sees to the nesting alone."""

    def __init__(self) -> None:
        """Start outside any element."""
        self.depth = 0
        self.parser: expat.XMLParserType

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002
        """Take the start of an element."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise too_deep()

    def end(self, name: str) -> None:  # noqa: ARG002
        """Take the end of an element."""
        self.depth -= 1


def too_deep() -> UnreadableError:
    """Return the error of elements within elements without end; `scan` names the part."""
    return not_a_workbook(_DEEP)


def scan(archive: zipfile.ZipFile, member: str, part: Part) -> None:
    """Read a member of the archive through a part; UnreadableError if it is not plain XML in UTF-8."""
    parser = part.parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = part.start
    parser.EndElementHandler = part.end
    parser.StartDoctypeDeclHandler = _refuse(_DTD, member)
    parser.StartCdataSectionHandler = _refuse(_CDATA, member)  # calamine passes it over
    parser.XmlDeclHandler = lambda _version, encoding, _standalone: _check_encoding(encoding, member)
    try:
        with reading():
            _feed(archive, member, parser)
    except UnreadableError as error:
        if error.details.get("why") is _DEEP:
            raise not_a_workbook(_DEEP, member) from None
        raise


def _feed(archive: zipfile.ZipFile, member: str, parser: expat.XMLParserType) -> None:
    fed = 0
    with archive.open(member) as file:
        while chunk := file.read(_CHUNK):
            if not fed and (chunk.startswith(_UTF16) or b"\0" in chunk[:4]):
                raise not_a_workbook(_ENCODED, member)
            fed += len(chunk)
            _parse(parser, chunk, member, last=False)
            if fed - parser.CurrentByteIndex > MOST_TOKEN:  # else each chunk is looked at from its start again
                raise not_a_workbook(_LONG, member)
    _parse(parser, b"", member, last=True)


def _parse(parser: expat.XMLParserType, chunk: bytes, member: str, *, last: bool) -> None:
    try:
        parser.Parse(chunk, last)
    except expat.ExpatError:
        raise not_a_workbook(_BAD_XML, member) from None


def _refuse(why: Label, member: str) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise not_a_workbook(why, member)

    return refuse


def _check_encoding(encoding: str | None, member: str) -> None:
    if (encoding and encoding.lower()) not in _ENCODINGS:
        raise not_a_workbook(_ENCODED, member)
