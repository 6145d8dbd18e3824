"""The names under which people head a column, in French and English."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Beside a column's own name. The same heading may stand for different columns in different tables.
HEADINGS = {
    "city": ("ville", "commune", "town", "nom de la commune", "name of the town"),
    "population": ("habitants", "nombre d'habitants", "inhabitants"),
    "response": ("réponse", "statut de réponse", "response status"),
    "elected_delegate": ("élu délégué",),
    "twinning_committee": ("comité de jumelage",),
    "service": ("service des relations internationales", "service in charge"),
    "country": ("pays",),
    "agreements": ("accords", "nombre d'accords", "number of agreements"),
    "partner": ("partenaire", "collectivité partenaire", "partner authority"),
    "since": ("depuis", "date", "année", "year"),
    "inferred": ("déduit",),
    "action": ("type d'action", "kind of action"),
    "difficulty": ("difficulté",),
    "answer": ("réponse", "response"),
    "measure": ("mesure",),
    "printed": ("imprimé",),
    "place": ("endroit",),
}


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


_COLUMNS: dict[str, list[str]] = {}
for _column, _names in HEADINGS.items():
    for _name in _names:
        _COLUMNS.setdefault(_folded(_name), []).append(_column)


def column_of(heading: str, columns: Sequence[str]) -> str | None:
    """Return which of these columns a heading names, whatever its case and accents; None if none, or two."""
    folded = _folded(heading)
    for column in columns:
        if folded == _folded(column):
            return column
    named = [column for column in _COLUMNS.get(folded, []) if column in columns]
    return named[0] if len(named) == 1 else None
