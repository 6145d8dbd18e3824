"""A draft of explanations for wave.toml, made of a repair: a proposal, marked as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jumelage.render.repairs import edit_text
from jumelage.texts import LANGUAGES, Label, filled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Story = dict[str, Any]
_MARK = (
    "# PROPOSITION / PROPOSAL: repair {0} of {1}, of the smallest size, {2}. Nothing tells that it is the right one.\n"
    "# Whoever takes it over says why, takes this mark out, and leaves no explanation of what agrees.\n"
)
_BECAUSE = Label(
    "PROPOSITION\u00a0: ce qui est imprimé s’accorderait avec {0} correction{0:s}, par exemple\u00a0: {1}. "
    "C’est l’une de {2} façon{2:s} de cette taille.",
    "PROPOSAL: what is printed would agree with {0} correction{0:s}, for example: {1}. "
    "It is one of {2} way{2:s} of that size.",
)
_SEMICOLON = {"fr": "\u00a0; ", "en": "; "}


def proposal(story: Story, place: int, cells: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Yield the text of a draft: the repair of this place, from 1, as the explanation of these cells."""
    repair = story["repairs"][place - 1]
    yield _MARK.format(place, len(story["repairs"]), repair["cost"])
    tables: dict[tuple[str, str], list[str]] = {}
    for report, key, measure in cells:
        tables.setdefault((report, measure), []).append(key)
    for (report, measure), keys in tables.items():
        listed = ", ".join(_quoted(key) for key in dict.fromkeys(keys))
        yield f"\n[[explanations]]\nreport = {_quoted(report)}\nkeys = [{listed}]\nmeasure = {_quoted(measure)}\n"
        for lang in LANGUAGES:
            said = _SEMICOLON[lang].join(edit_text(story, edit, lang) for edit in repair["edits"])
            text = filled(_BECAUSE, repair["cost"], said, story["solutions"]).text(lang)
            yield f"because.{lang} = {_quoted(text)}\n"


def _quoted(text: str) -> str:
    """Write a text as a string of TOML."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
