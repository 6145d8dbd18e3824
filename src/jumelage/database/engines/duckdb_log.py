"""The log beside a DuckDB file, looked through for what DuckDB would pass over without a word.

DuckDB computes the checksum of each entry, but not of the number of bytes before it, nor of the head of the log. Where
one of these is damaged it takes the rest for what a process was writing when it was killed: what was committed there is
not read, and is lost with the next write. Behind a write that was cut off no whole entry comes; behind damage one does.
"""

from __future__ import annotations

import re

# A kind, the form 2, sixteen numbers that say of which file it is, and how often that was written down.
_FORM, _AT = 2, 5
_NUMBER = rb"[\x80-\xff]*[\x00-\x7f]"
_HEAD = re.compile(
    rb"\x64\x00\x62\x65\x00\x02\x66\x00\x10(?:" + _NUMBER + rb"){16}\x67\x00" + _NUMBER + rb"\xff\xff", re.DOTALL
)
_BEFORE = 16  # bytes of an entry before its own: how many these are, and their checksum
_FAR = 1 << 20  # bytes behind damage in which the next whole entry is looked for


def passes_over(log: bytes) -> bool:
    """Tell whether a log holds whole entries that DuckDB would not come to."""
    if len(log) <= _AT or log[_AT] != _FORM:  # another form: DuckDB says so, or knows it better
        return False
    head = _HEAD.match(log)
    end = _follow(log, head.end()) if head else 0
    if end == len(log):
        return False
    return any(_follow(log, at) == len(log) for at in range(end + 1, min(end + _FAR, len(log) - _BEFORE)))


def _follow(log: bytes, at: int) -> int:
    """Return where entries end that follow one another from a place."""
    while at + _BEFORE < len(log):
        size = int.from_bytes(log[at : at + 8], "little")
        if not 0 < size <= len(log) - at - _BEFORE:
            break
        at += _BEFORE + size
    return at
