"""The headings that people give to a column, in French and English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

from jumelage.texts import folded

# Beside a column's own name. The same heading may stand for different columns in different tables.
HEADINGS = {
    "city": ("ville", "commune", "town", "nom de la commune", "name of the town"),
    "city_code": ("code INSEE", "INSEE code", "code"),
    "population": ("habitants", "nombre d'habitants", "inhabitants"),
    "response": ("réponse", "statut de réponse", "response status"),
    "elected_delegate": ("élu délégué",),
    "twinning_committee": ("comité de jumelage",),
    "service": ("service des relations internationales", "service in charge"),
    "declared_agreements": ("accords déclarés", "declared agreements"),
    "country": ("pays",),
    "agreements": ("accords", "nombre d'accords", "number of agreements"),
    "partner": ("partenaire", "collectivité partenaire", "partner authority"),
    "partner_before": ("partenaire avant", "partenaire d'avant", "earlier partner"),
    "question": ("question",),
    "item": ("modalité", "élément"),
    "parent": ("élément parent", "parent item"),
    "list": ("liste",),
    "label_fr": ("libellé français", "libellé", "French label"),
    "label_en": ("libellé anglais", "English label"),
    "asked_of": ("posée à", "asked of"),
    "unit": ("unité",),
    "least": ("minimum", "au moins"),
    "most": ("maximum", "au plus"),
    "default_answer": ("réponse par défaut", "default answer"),
    "same": ("même", "identique", "le même"),
    "likeness": ("ressemblance",),
    "since": ("depuis", "date", "année", "year"),
    "until": ("jusqu'à", "fin", "date de fin", "end", "end date"),
    "inferred": ("déduit",),
    "action": ("type d'action", "kind of action"),
    "difficulty": ("difficulté",),
    "answer": ("réponse", "response"),
    "measure": ("mesure",),
    "printed": ("imprimé",),
    "place": ("endroit",),
    "key": ("clé",),
    "kind": ("genre", "nature", "type"),
    "name": ("nom",),
    "status": ("statut",),
    "part_of": ("fait partie de", "part of"),
    "valid_from": ("valide du", "valid from"),
    "valid_to": ("valide jusqu'au", "valid to"),
    "value": ("valeur",),
}

# What sets two names of one column apart in one heading: "Ville / Town".
_BETWEEN = re.compile(r" / |\n")

_COLUMNS: dict[str, list[str]] = {}


for _column, _names in HEADINGS.items():
    for _name in _names:
        _COLUMNS.setdefault(folded(_name), []).append(_column)


def meanings(heading: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns among these that a heading may stand for, whatever its case and accents.

    A heading may be several names of one column, set apart by " / " or a line break.
    """
    whole = _meanings(heading, columns)
    plain = "\n".join(" ".join(line.split()) for line in heading.strip().splitlines())
    parts = _BETWEEN.split(plain)
    if whole or len(parts) == 1:
        return whole
    found = [_meanings(part, columns) for part in parts]
    return tuple(column for column in columns if all(column in part for part in found))


def _meanings(name: str, columns: Sequence[str]) -> tuple[str, ...]:
    key = folded(name)
    own = tuple(column for column in columns if folded(column) == key)
    return own or tuple(column for column in columns if column in _COLUMNS.get(key, ()))


def column_of(heading: str, columns: Sequence[str], own: Mapping[str, Sequence[str]] | None = None) -> str | None:
    """Return which of these columns a heading names; None if none, or two.

    `own` are more columns, with their names, of which the first is the surest: several may share the others.
    """
    named = meanings(heading, columns)
    if not named and own:
        said = {folded(part) for part in (heading, *_BETWEEN.split(heading.strip()))}
        named = tuple(column for column, names in own.items() if folded(names[0]) in said) or tuple(
            column for column, names in own.items() if said & {folded(name) for name in names}
        )
    return named[0] if len(named) == 1 else None
