"""The text of a file, in whatever encoding it surely is: UTF-8, UTF-16 with its mark, or pure cp1252."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# A character of two bytes or more in UTF-8. Windows texts hold such pairs of letters only where UTF-8 was mixed in.
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and what its reader should know of how it was read."""

    text: str
    notice: str | None = None


class UndecodableError(Exception):
    """A file that is surely no text in an accepted encoding: the first bad line, and what is wrong there."""

    def __init__(self, line: int, message: str) -> None:
        """Keep the line, from 1."""
        super().__init__(message)
        self.line = line


def decode(data: bytes) -> Text:
    """Decode a file without a guess; UndecodableError names the first bad line and byte.

    Bytes that are not UTF-8 are read as cp1252, with a notice, only if all are defined there and none of the file is
    UTF-8 beyond ASCII: a file of two encodings is refused.
    """
    if data.startswith(_UTF16):
        try:
            return Text(data.decode("utf-16"))
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-16", errors="ignore")
            raise UndecodableError(before.count("\n") + 1, "is not UTF-16, which its first bytes announce") from None
    if (zero := data.find(b"\0")) >= 0:
        message = "holds the byte 0x00; save the file as UTF-8, or as UTF-16 with a byte order mark"
        raise UndecodableError(_line(data, zero), message)
    try:
        return Text(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        bad = error.start + (3 if data.startswith(codecs.BOM_UTF8) else 0)
    what = f"is not UTF-8: byte {data[bad]:#04x}"
    if data.startswith(codecs.BOM_UTF8) or _MULTIBYTE.search(data):
        raise UndecodableError(_line(data, bad), f"{what}, though other parts of the file are; save it as UTF-8")
    if undefined := _UNDEFINED.search(data):
        byte = data[undefined.start()]
        message = f"is neither UTF-8 nor cp1252: byte {byte:#04x}; save it as UTF-8"
        raise UndecodableError(_line(data, undefined.start()), message)
    return Text(data.decode("cp1252"), f"read as cp1252 (Windows), since it {what}")


def _line(data: bytes, position: int) -> int:
    """Return the line of a byte, whatever ends the lines."""
    before = data[:position]
    return 1 + before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")
