"""What is implied of cells as people and programs read it: a table of its own, and a column of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.render.grid import Grid, Shown
from jumelage.render.lines import span
from jumelage.repairing.implications import ALL_NO, ALL_YES
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jumelage.repairing.implications import Implications, Implied
    from jumelage.reporting.sheet import Value

IMPLIED = (
    *("report", "key", "measure", "printed", "rows_low", "rows_high", "implied_low", "implied_high"),
    *("others_low", "others_high", "fixed", "open_answers"),
)
COLUMNS = ("implied_low", "implied_high", "fixed", "open_answers")  # of the ledger
NUMBERS = frozenset(name for name in IMPLIED if name.endswith(("_low", "_high")))
HEADING = Label("Ce que laissent ensemble les chiffres imprimés", "What the printed figures together leave")
_HEADINGS = {
    "fr": ("Rapport", "Clé", "Mesure", "Imprimé", "Des lignes", HEADING.fr, "Des autres chiffres", ""),
    "en": ("Report", "Key", "Measure", "Printed", "By the rows", HEADING.en, "By the other figures", ""),
}
FIXED = Label("fixé par les autres", "fixed by the others")
_TOLD = {
    ALL_YES: Label("les réponses ouvertes sont toutes oui", "open answers are all yes"),
    ALL_NO: Label("les réponses ouvertes sont toutes non", "open answers are all no"),
}
_NO_FACT = Label(
    "Ce qui est déduit de ce qui est imprimé n’est le fait d’aucune ligne.",
    "What is implied by what is printed is no fact of a row.",
)
_LEAD = Label(
    "«\u00a0{0}\u00a0»\u00a0: les valeurs qu’un chiffre peut encore avoir si l’on tient compte de tout ce qui est "
    "imprimé à la fois, et non des seules lignes. «\u00a0{1}\u00a0»\u00a0: les lignes laissent plusieurs valeurs, mais "
    "les autres chiffres imprimés, sans celui-ci, n’en laissent qu’une. C’est une déduction\u00a0: elle n’est le fait "
    "d’aucune ligne, et ne compte dans aucun tableau. Une case vide\u00a0: rien n’a pu être déduit de ce chiffre.",
    "“{0}”: the values that a figure may still have when all that is printed is taken together, and not the rows "
    "alone. “{1}”: the rows leave several values, but the other printed figures, without this one, leave only one. "
    "This is a conclusion: it is no fact of a row, and counts in no table. An empty cell: nothing could be concluded "
    "about this figure.",
)
_CONTRADICTED = Label(
    "Tout ce qui est imprimé ne peut être juste à la fois\u00a0: il faut {0} correction{0:s} au moins, de lignes ou de "
    "chiffres. La colonne dit ce qui reste quand on en fait aussi peu que possible, de toutes les façons possibles"
    "\u00a0; un chiffre imprimé peut donc s’en écarter.",
    "Not all that is printed can be right at once: {0} correction{0:s} at least are needed, of rows or of figures. The "
    "column says what is left when as few as possible are made, in every possible way; so a printed figure may "
    "disagree with it.",
)
_PARTIAL = Label(
    "Cela n’a été cherché que pour un tableau, «\u00a0{0}\u00a0»\u00a0; ailleurs, la colonne est vide.",
    "This was looked for in one table alone, “{0}”; elsewhere the column is empty.",
)


def of_implied(found: Iterable[Implied], lang: str) -> Grid:
    """Make the grid of what is implied: a row per cell."""
    rows, texts = [], []
    for one in found:
        low, high = one.others or (None, None)
        rows.append((*one.cell, one.printed, *one.rows, one.low, one.high, low, high, *_marks(one)))
        ranges = (span(*one.rows, lang), span(one.low, one.high, lang), span(low, high, lang))
        texts.append((*one.cell, one.printed, *ranges, mark(one, lang)))
    numeric = (False, False, False, True, True, True, True, False)
    shown = Shown("", _HEADINGS[lang], tuple(texts), numeric, notes=(_NO_FACT.text(lang),))
    return Grid(IMPLIED, tuple(rows), lambda: shown, numbers=NUMBERS)


def _marks(one: Implied) -> tuple[str, str]:
    return "yes" if one.fixed else "", one.told


def mark(one: Implied | None, lang: str) -> str:
    """Say that a figure is fixed by the others, and what can be told of open answers."""
    if one is None:
        return ""
    said = ([FIXED] if one.fixed else []) + ([_TOLD[one.told]] if one.told else [])
    return ", ".join(text.text(lang) for text in said)


def values(one: Implied | None) -> tuple[Value, ...]:
    """Return what a row of the ledger has in COLUMNS; nothing where nothing is implied of its cell."""
    return (None, None, "", "") if one is None else (one.low, one.high, *_marks(one))


def range_of(one: Implied | None, lang: str) -> str:
    """Write the range that all printed figures leave together."""
    return "" if one is None else span(one.low, one.high, lang)


def explained(found: Implications, lang: str, table: str) -> Iterator[str]:
    """Say what the column is, for readers who know nothing of it; `table` is what its report is called, if of one."""
    yield filled(_LEAD, HEADING, FIXED).text(lang)
    if found.minimum:
        yield filled(_CONTRADICTED, found.minimum).text(lang)
    if found.report is not None:
        yield filled(_PARTIAL, table).text(lang)
