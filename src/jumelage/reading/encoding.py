"""The text of a file in the encoding that it certainly has: UTF-8, UTF-16 with its mark, or pure cp1252.

A file is gone through once, block by block; only what is not plain UTF-8 with plain line ends is written out again.
"""

from __future__ import annotations

import codecs
import mmap
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from jumelage.errors import UnreadableError
from jumelage.texts import CONTROLS, Label, readable_count, readable_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MOST_BYTES = 4 << 30
MOST_LINES = 20_000_000
_BLOCK = 4 << 20
_HEAD = 16
_SPLIT = Label("répartissez ses lignes sur plusieurs vagues", "spread its rows over several waves")
_OF_CSV = Label("d’un fichier CSV", "of a CSV file")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# A character of two bytes or more in UTF-8. Windows texts hold such pairs of letters only where UTF-8 was mixed in.
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_PLAIN_CONTROLS = bytes(code for first, last in CONTROLS for code in range(first, min(last, 0x7F) + 1))


def _beyond_ascii(ranges: Iterable[tuple[int, int]]) -> re.Pattern[bytes]:
    """Return the pattern of the characters of these ranges that take several bytes in UTF-8."""
    lasts: dict[bytes, bytes] = {}
    for first, last in ranges:
        for code in range(max(first, 0x80), last + 1):
            *before, end = chr(code).encode()
            lasts[bytes(before)] = lasts.get(bytes(before), b"") + re.escape(bytes([end]))
    return re.compile(b"|".join(re.escape(before) + b"[" + ends + b"]" for before, ends in lasts.items()))


_WIDE_CONTROLS = _beyond_ascii(CONTROLS)
_WIDE_SPACES = re.compile(
    rb"\xc2\xa0|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80|\xef\xbb\xbf"
)
_MARKS = (b")", b"]", b"*")
_DOUBTS = (
    *(sign.encode() for sign in ("?", "*", "&", "<", "%", "\\", "=", "\ufffd", "†", "√", "Ã", "Â", "Ä", "Å", "â€")),
    *(b"\xe2\x94", b"\xe2\x95", b"\xe2\x96"),  # lines and blocks: U+2500 to U+25BF
)
# A byte alone is found twenty times as fast as several, so each sign has one that few texts hold: of a letter the last,
# since the first is that of an é.
_DOUBTS_BY_BYTE = ((b"_", b"_x"), *((sign[-1:], sign) for sign in _DOUBTS))
# Where a field may begin with it; names hold many others.
_APOSTROPHE = re.compile(rb"'(?<=[,;\t\n\r\" ]')")
_APART = re.compile(rb'" +(?:"|\Z)')  # the other may be in the next block
_CURLY = "’".encode()
# The first bytes of both: one alone is found fast.
_LEADS = tuple({b"\xc2", b"\xe1", b"\xe2", b"\xe3", b"\xef"} | {chr(last).encode()[:1] for _, last in CONTROLS[3:]})


@dataclass(slots=True)
class Features:
    """What the text of a file holds: quotes, control characters, spaces other than U+0020, ends of marks, lines.

    `apart` tells that blanks alone may stand between two quotes, `doubts` that it holds some sign without which no text
    is damaged or marked as doubtful.
    And signs of what spreadsheets write for errors (#), and accents that are characters of their own.
    """

    quotes: int = 0
    apart: bool = False
    controls: bool = False
    spaces: bool = False
    marks: bool = False
    doubts: bool = False
    errors: bool = False
    accents: bool = False
    lines: int = 1

    def look(self, block: bytes) -> None:
        """Look at a block of UTF-8."""
        self.spaces = self.spaces or b"\t" in block
        self.errors = self.errors or b"#" in block
        self.apart = self.apart or (b'" ' in block and _APART.search(block) is not None)
        self.marks = self.marks or any(end in block for end in _MARKS)
        self.doubts = self.doubts or _APOSTROPHE.search(block) is not None
        self.doubts = self.doubts or any(byte in block and sign in block for byte, sign in _DOUBTS_BY_BYTE)
        self.controls = self.controls or len(block.translate(None, _PLAIN_CONTROLS)) != len(block)
        self.accents = self.accents or b"\xcc" in block or b"\xcd" in block
        if not block.isascii() and any(lead in block for lead in _LEADS) and not _curly_alone(block):
            self.controls = self.controls or _WIDE_CONTROLS.search(block) is not None
            self.spaces = self.spaces or _WIDE_SPACES.search(block) is not None


def _curly_alone(block: bytes) -> bool:
    """Tell whether none of the first bytes of controls and spaces is there but that of an apostrophe, as in L’Haÿ."""
    others = (lead in block for lead in _LEADS if lead != _CURLY[:1])
    return block.count(_CURLY[:1]) == block.count(_CURLY) and not any(others)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file whose text stands in `path` as UTF-8, its lines ended by LF.

    Without quotes none of them is empty: what is blank holds a blank.

    `cp1252` is the first byte that is not UTF-8, as `0xe9`, where the file was read as cp1252.
    """

    path: Path
    features: Features
    cp1252: str | None = None


def open_text(path: Path, spool: Path) -> TextFile:
    """Find out how a file is to be read, writing its text to `spool` where it has to be put in form.

    UnreadableError names the rule and the first bad line and byte; OSError is the caller's. Bytes that are not UTF-8
    are read as cp1252 only if all are defined there and none of the file is UTF-8 beyond ASCII.
    """
    if (size := path.stat().st_size) > MOST_BYTES:
        raise _too_large(readable_size(size), readable_size(MOST_BYTES))
    found = _open(path, spool)
    if (lines := found.features.lines) > MOST_LINES:
        raise _too_large(readable_count(lines, "lignes", "lines"), readable_count(MOST_LINES, "lignes", "lines"))
    return found


def _too_large(size: Label, most: Label) -> UnreadableError:
    return UnreadableError("too_large", size=size, limit=_OF_CSV, most=most, advice=_SPLIT)


def _open(path: Path, spool: Path) -> TextFile:
    with path.open("rb") as file:
        if file.read(2) in _UTF16:
            file.seek(0)
            quoted = any(b'"' in block for block in _blocks(file))
            file.seek(0)
            return TextFile(spool, _put_in_form(_decoded(file, "utf-16"), spool, quoted=quoted))
        features = Features()
        file.seek(0)
        plain = _look(file, features)
        file.seek(0)
        if plain is None:
            byte, quoted = _pure_cp1252(path)
            return TextFile(spool, _put_in_form(_decoded(file, "cp1252"), spool, quoted=quoted), byte)
        if plain:
            return TextFile(path, features)
        return TextFile(spool, _put_in_form(_blocks(file), spool, quoted=features.quotes > 0))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _look(file: BinaryIO, features: Features) -> bool | None:
    """Go through a file: tell whether it is in form as it stands; None if it is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    plain, before = True, b"\n"
    try:
        for block in _blocks(file):
            if not block.isascii() or decoder.getstate()[0]:
                decoder.decode(block)
            if (zero := block.find(b"\0")) >= 0:
                raise _zero_byte(block, features.lines + _ends(block[:zero]))
            seam = before[-2:] + block  # a character or a line end may be cut where two blocks meet
            features.look(seam)
            features.quotes += block.count(b'"')
            plain = plain and b"\r" not in block and b"\n\n" not in seam and not block.startswith(codecs.BOM_UTF8)
            features.lines += _ends(block)
            before = block
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return plain


def _zero_byte(start: bytes, row: int) -> UnreadableError:
    """Return the error of a zero byte; every other byte is one where UTF-16 has no mark."""
    head = start[:_HEAD]
    if len(head) == _HEAD and 3 * head.count(0) > _HEAD:
        return UnreadableError("utf16_without_mark")
    return UnreadableError("zero_byte", row=row)


def _ends(block: bytes) -> int:
    """Count the line ends of a block, whatever they are."""
    found = block.count(b"\n")
    return found + block.count(b"\r") - block.count(b"\r\n") if b"\r" in block else found


def _decoded(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    """Yield the blocks of a file as UTF-8; UnreadableError where it is not what its first bytes announce."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    block = b""
    try:
        for block in _blocks(file):
            text = decoder.decode(block).encode("utf-8")
            line += _ends(text)
            yield text
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        good = bytes(error.object[: error.start]).decode(encoding, errors="ignore")
        raise UnreadableError("not_utf16", row=line + _ends(good.encode())) from None


def _put_in_form(blocks: Iterator[bytes], spool: Path, *, quoted: bool) -> Features:
    """Write a text without its mark, its lines ended by LF, and a blank in each line that is empty.

    Where there may be quotes, an empty line may be part of a field, and stays.
    """
    features = Features()
    before = b"\n"
    with spool.open("wb") as out:
        for number, read in enumerate(_whole_ends(blocks)):
            block = read.removeprefix(codecs.BOM_UTF8) if number == 0 else read
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            if (zero := block.find(b"\0")) >= 0:
                raise UnreadableError("zero_byte", row=features.lines + block[:zero].count(b"\n"))
            features.look(before[-2:] + block)
            features.quotes += block.count(b'"')
            features.lines += block.count(b"\n")
            seam = before[-1:] + block
            while not quoted and b"\n\n" in seam:
                seam = seam.replace(b"\n\n", b"\n \n")
            out.write(seam[1:])
            before = block or before
    features.quotes = max(features.quotes, int(quoted))
    return features


def _whole_ends(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield blocks of which none ends between the CR and the LF of one line end."""
    kept = b""
    for block in blocks:
        whole = kept + block
        kept = whole[-1:] if whole.endswith(b"\r") else b""
        yield whole[: len(whole) - len(kept)]
    yield kept


def _pure_cp1252(path: Path) -> tuple[str, bool]:
    """Return the first byte that is not UTF-8 of a file that surely is cp1252, and whether it holds a quote.

    UnreadableError for any other file.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        bad = _first_bad(data)
        byte = f"{data[bad]:#04x}"
        if (zero := data.find(b"\0")) >= 0:
            raise _zero_byte(data[:_HEAD], _line(data, zero))
        if data[:3] == codecs.BOM_UTF8 or _MULTIBYTE.search(data):
            raise UnreadableError("mixed_encodings", row=_line(data, bad), byte=byte)
        if undefined := _UNDEFINED.search(data):
            where = undefined.start()
            raise UnreadableError("undecodable", row=_line(data, where), byte=f"{data[where]:#04x}")
        return byte, data.find(b'"') >= 0


def _first_bad(data: mmap.mmap) -> int:
    """Return where a text stops being UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), _BLOCK):
        pending = len(decoder.getstate()[0])
        block = data[start : start + _BLOCK]
        try:
            decoder.decode(block, final=start + _BLOCK >= len(data))
        except UnicodeDecodeError as error:
            return start - pending + error.start
    return 0


def _line(data: mmap.mmap, position: int) -> int:
    """Return the line of a byte, whatever ends the lines."""
    line = 1
    for start in range(0, position, _BLOCK):
        end = min(start + _BLOCK, position)
        line += _ends(data[start:end])
        if data[end - 1 : end + 1] == b"\r\n":
            line -= 1
    return line
