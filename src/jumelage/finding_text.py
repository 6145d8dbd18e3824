"""A finding: a sentence whose numbers are cells of a report, such as `{agreements[eu]} of {agreements[total]}`.

Where grammar asks, a cell has forms for none, one and several, with # for the number:
`{agreements[eu]|no agreement is|one agreement is|# agreements are}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CELL = re.compile(r"\{(?P<measure>[a-z][a-z0-9_]*)\[(?P<key>[^\]{}]+)\](?:\|(?P<forms>[^{}]*))?\}")
_FORMS = 3
NONE, ONE, SEVERAL = range(_FORMS)


@dataclass(frozen=True, slots=True)
class Place:
    """A cell that a sentence names, by measure and key, and the forms around its number."""

    measure: str
    key: str
    forms: tuple[str, ...]


def places(sentence: str) -> Iterator[Place]:
    """Yield the cells that a sentence names; ValueError, with the place, for what is no cell or has not three forms."""
    rest = _CELL.sub("", sentence)
    if "{" in rest or "}" in rest:
        raise ValueError(rest[max(rest.find("{"), 0) :].strip())
    for found in _CELL.finditer(sentence):
        yield _place(found)


def written(sentence: str, number_of: Callable[[str, str], tuple[int, str] | None]) -> str | None:
    """Return a sentence with its numbers; None where one of them has no value, so that nothing can be said.

    `number_of` returns, for a measure and a key, which form to take and the number as people read it.
    """
    missing = False

    def fill(found: re.Match[str]) -> str:
        nonlocal missing
        place = _place(found)
        if (number := number_of(place.measure, place.key)) is None:
            missing = True
            return ""
        form, text = number
        return place.forms[form].replace("#", text) if place.forms else text

    said = _CELL.sub(fill, sentence)
    return None if missing else said


def _place(found: re.Match[str]) -> Place:
    forms = tuple(found["forms"].split("|")) if found["forms"] is not None else ()
    if forms and len(forms) != _FORMS:
        raise ValueError(found[0])
    return Place(found["measure"], found["key"], forms)
