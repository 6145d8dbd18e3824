"""What people and programs put for an answer that is missing: 99, nsp, ---. A wave says which it means by `missing`."""

from __future__ import annotations

import re

from jumelage.texts import folded

# Numbers, as SQL lists them.
SENTINELS = "'88', '98', '99', '888', '998', '999', '9998', '9999'"
_ABBREVIATIONS = frozenset([
    "x", "xx", "xxx", "nsp", "nr", "nc", "nd", "ns", "na", "sr", "so", "inconnu", "inconnue", "unknown",
    "none", "neant", "aucun", "aucune", "null", "nil", "dk",
])  # fmt: skip
NOT_ANSWERED = _ABBREVIATIONS | frozenset(re.findall(r"[0-9]+", SENTINELS))


def says_nothing(text: str) -> bool:
    """Tell whether a text is made of signs alone, or is an abbreviation or a number for an answer that is missing."""
    letters = folded(text)
    return not letters or (letters in NOT_ANSWERED and re.fullmatch(r"[\w.\s/]+", text) is not None)
