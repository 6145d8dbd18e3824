"""Classes as a table prints them, “1 à 3”, “more than 5”: whole numbers that two of them have, or none."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from jumelage.texts import LANGUAGES, Label, both, same, unaccented

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WORDS = {
    "fr": "zero|un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze",
    "en": "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve",
}
_NUMBERS = {
    "fr": rf"\d{{1,3}}(?: \d{{3}})+|\d+|{_WORDS['fr']}|une",
    "en": rf"\d{{1,3}}(?:[ ,]\d{{3}})+|\d+|{_WORDS['en']}",
}
# `a` and `b` are the ends; what follows says whether the upper end, or the lower one, is left out.
_FORMS = {
    "fr": (
        (r"(?:de |entre )?{a}{u}(?: a | ?- ?| et (?=\d)){b}{u}", 0, 0),
        (r"(?:de )?{a}{u} a moins de {b}{u}", 0, 1),
        (r"plus de {a}{u} a {b}{u}", 1, 0),
        (r"(?:plus de|au-dela de|>) ?{a}{u}", 1, None),
        (r"(?:au moins|a partir de|>=|≥) ?{a}{u}|{c}{u} (?:et|ou) (?:plus|davantage)(?: {u1})?|{d} ?\+{u}", 0, None),
        (r"(?:moins de|<) ?{b}{u}", None, 1),
        (r"(?:jusqu'a|au plus|<=|≤) ?{b}{u}|{c}{u} (?:et|ou) moins(?: {u1})?", None, 0),
    ),
    "en": (
        (r"(?:from |between )?{a}{u}(?: to | ?- ?| and (?=\d)){b}{u}", 0, 0),
        (r"(?:from )?{a}{u} to (?:under|below|less than|fewer than) {b}{u}", 0, 1),
        (r"(?:over|more than|above) {a}{u} to {b}{u}", 1, 0),
        (r"(?:over|more than|above|>) ?{a}{u}", 1, None),
        (r"(?:at least|from|>=|≥) ?{a}{u}|{c}{u} (?:and|or) (?:more|over|above)(?: {u1})?|{d} ?\+{u}", 0, None),
        (r"(?:under|less than|fewer than|below|<) ?{b}{u}", None, 1),
        (r"(?:up to|at most|<=|≤) ?{b}{u}|{c}{u} (?:and|or) (?:less|fewer|under|below)(?: {u1})?", None, 0),
    ),
}
_NONE = {"fr": r"aucune?(?: accords?)?|sans accords?", "en": r"none|no agreements?"}  # not “no data”
_UNIT = r"(?: (?P<{}>(?!a\b|et\b|ou\b|to\b|and\b|or\b)[a-z']+(?: [a-z']+)?))?"

# The first and the last whole number of a class, and of what; no last one if it is open.
Class = tuple[int, int | None, str]


def _compiled(lang: str) -> tuple[tuple[re.Pattern[str], int | None, int | None], ...]:
    found = []
    for form, low, high in _FORMS[lang]:
        text, numbered = form, 0
        for name in "abcd":
            text = text.replace(f"{{{name}}}", f"(?P<{name}>{_NUMBERS[lang]})")
        text = text.replace("{u1}", "[a-z' ]+")
        while "{u}" in text:
            numbered += 1
            text = text.replace("{u}", _UNIT.format(f"u{numbered}"), 1)
        found.append((re.compile(text), low, high))
    return tuple(found)


_ALL = {lang: _compiled(lang) for lang in LANGUAGES}
_SINGLE = {lang: re.compile(rf"(?P<a>{_NUMBERS[lang]}){_UNIT.format('u1')}") for lang in LANGUAGES}


def class_of(text: str, lang: str) -> Class | None:
    """Return the whole numbers that a class has, by what it is called; None if that is no class of them."""
    plain = re.sub(r"\s+", " ", unaccented(text).strip())
    plain = re.sub("[\u2010-\u2015\u2212]", "-", plain.replace("\u2019", "'"))
    for pattern, low, high in _ALL[lang]:
        if found := pattern.fullmatch(plain):
            given = found.groupdict()
            start = _number(given.get("a") or given.get("c") or given.get("d"), lang)
            end = _number(given.get("b") or given.get("c"), lang) if high is not None else None
            first = 0 if low is None else start + low
            last = None if high is None or end is None else end - high
            units = {one.rstrip("s") for name, one in given.items() if name.startswith("u") and one}
            if len(units) > 1 or (last is not None and first > last):
                return None
            return first, last, next(iter(units), "")
    if found := _SINGLE[lang].fullmatch(plain):
        number = _number(found["a"], lang)
        return number, number, (found["u1"] or "").rstrip("s")
    return (0, 0, "") if re.fullmatch(_NONE[lang], plain) else None


def _number(text: str | None, lang: str) -> int:
    if text is None:
        return 0
    if text[0].isdigit():
        return int(re.sub("[ ,]", "", text))
    return 1 if text == "une" else _WORDS[lang].split("|").index(text)


def faults_of(labels: Mapping[str, Label], *, closed: bool) -> dict[str, Label]:
    """Say of classes which of them have a whole number that another one has, and where none has one, if `closed`.

    They are told by what they are called, in French or else in English. Classes of different things are not compared.
    """
    read = {lang: {code: class_of(label.text(lang), lang) for code, label in labels.items()} for lang in LANGUAGES}
    ends = [{code: one and one[:2] for code, one in read[lang].items()} for lang in LANGUAGES]
    for lang in LANGUAGES:
        classes = {code: one for code, one in read[lang].items() if one is not None}
        if len({one[2] for one in classes.values()} - {""}) > 1 or all(one[0] == one[1] for one in classes.values()):
            continue
        ordered = sorted(classes, key=lambda code: classes[code][0])
        # As it is called in the language in which it is so, unless it is so in both.
        names = labels if ends[0] == ends[1] else {code: same(one.text(lang)) for code, one in labels.items()}
        found = dict(_overlaps(ordered, classes, names))
        if closed:
            for code, said in _gaps(ordered, classes, names):
                found.setdefault(code, said)
        if found:
            return found
    return {}


def _overlaps(
    ordered: Sequence[str], classes: Mapping[str, Class], names: Mapping[str, Label]
) -> Iterable[tuple[str, Label]]:
    for at, code in enumerate(ordered):
        for other in ordered[at + 1 :]:
            shared = classes[other][0]
            last = classes[code][1]
            if last is not None and shared > last:
                break
            said = both(
                "les classes «\u00a0{}\u00a0» et «\u00a0{}\u00a0» ont toutes deux le nombre {}",
                "the classes “{}” and “{}” both have the number {}",
                names[code],
                names[other],
                str(shared),
            )
            yield from ((code, said), (other, said))


def _gaps(
    ordered: Sequence[str], classes: Mapping[str, Class], names: Mapping[str, Label]
) -> Iterable[tuple[str, Label]]:
    reached: int | None = None
    for code, other in pairwise(ordered):
        last = classes[code][1]
        if last is None:
            return
        reached = last if reached is None else max(reached, last)
        first = classes[other][0]
        if first > reached + 1:
            missing = str(reached + 1) if first == reached + 2 else f"{reached + 1}–{first - 1}"
            said = both(
                "entre «\u00a0{}\u00a0» et «\u00a0{}\u00a0», aucune classe n’a {}",
                "between “{}” and “{}”, no class has {}",
                names[code],
                names[other],
                missing,
            )
            yield from ((code, said), (other, said))
