"""What people call the authorities of a kind: texts of reports leave a place for it, such as `{units} contacté{e}s`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from jumelage import content
from jumelage.texts import Label, label

USUAL, OTHER = "commune", "other"
_PLACE = re.compile(r"\{((?:de_)?units?|Units?|De_units|e)\}")


@dataclass(frozen=True, slots=True)
class KindWords:
    """What one authority of a kind is called, several, and what a title appends; `feminine` as the French word is."""

    unit: Label
    units: Label
    asked: Label
    feminine: bool

    def fill(self, text: Label) -> Label:
        """Return a text of a report with these words in its places.

        `{unit}` and `{units}` stand for one and for several, with a capital where they have one; in French `{de_unit}`
        and `{de_units}` for them after « de », and `{e}` for the ending of what agrees with them.
        """
        return Label(self._fill(text.fr, "fr"), self._fill(text.en, "en"))

    def _fill(self, text: str, lang: str) -> str:
        return _PLACE.sub(lambda place: self._word(place[1], lang), text) if "{" in text else text

    def _word(self, place: str, lang: str) -> str:
        if place == "e":
            return "e" if self.feminine else ""
        word = (self.units if place.endswith("s") else self.unit).text(lang)
        if place.lower().startswith("de_"):
            word = f"d’{word}" if word[0] in "aeéiou" else f"de {word}"
        return word[0].upper() + word[1:] if place[0].isupper() else word


@cache
def kind_words(kind: str) -> KindWords:
    """Return the words of a kind; those of `other` for one that schema/kinds.toml does not have."""
    known = _known()
    return known.get(kind, known[OTHER])


def asked(kind: str) -> Label:
    """Return what a title appends where several kinds were asked: the code of a kind that nobody has a word for."""
    return kind_words(kind).asked if kind in _known() else Label(kind, kind)


@cache
def _known() -> dict[str, KindWords]:
    entries = tomllib.loads(content.read_text(content.root() / "schema" / "kinds.toml"))
    return {
        kind: KindWords(
            unit=label(entry["unit"], kind),
            units=label(entry["units"], kind),
            asked=label(entry["asked"], kind),
            feminine=entry["feminine"],
        )
        for kind, entry in entries.items()
    }
