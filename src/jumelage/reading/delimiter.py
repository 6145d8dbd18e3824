"""The delimiter of a CSV file: of those that there are, the one by which the header is understood best.

`source` reads the first records with each of them, and `read_header` chooses; the table's `Document` keeps the choice,
by which `raw_tables` reads all records and `annotate` writes them again.
"""

from __future__ import annotations

from jumelage.texts import Label

DELIMITERS = (",", ";", "\t")
_TOO_MANY = Label(
    "mettez entre guillemets un champ qui contient le séparateur",
    "put a field that holds the delimiter in quotes",
)
_TOO_FEW = Label(
    "écrivez un séparateur pour chaque champ, même vide\u00a0; si la ligne est coupée en deux, rejoignez-la",
    "write a delimiter for every field, blank ones too; if the line was broken in two, join it",
)


def advice(found: int, wanted: int) -> Label:
    """Return what to do about a record with so many fields instead of those wanted."""
    return _TOO_MANY if found > wanted else _TOO_FEW
