"""What a report's header says of its table: which kind it is, and what its printed cells count."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jumelage.errors import UsageError
from jumelage.texts import Label, both, nearest

if TYPE_CHECKING:
    from collections.abc import Collection

MARGIN, DISTRIBUTION, LIST, SHARE = "margin", "distribution", "list", "share"
KINDS = (MARGIN, DISTRIBUTION, LIST, SHARE)
TOWNS, RESPONDED, ENGAGED, AGREEMENTS, ANSWERS, ASKED = (
    *("towns", "responded", "engaged", "agreements", "answers", "asked"),
)
COUNTED = (TOWNS, RESPONDED, ENGAGED, AGREEMENTS, ANSWERS, ASKED)
_OF_QUESTIONS = {ANSWERS, ASKED}
_SHARE = re.compile(r"(?P<part>\w+) / (?P<whole>\w+)(?P<percent> %)?")
_KEYS = {"kind", "counts", "quotients", "by", "question", "items", "classes"}


@dataclass(frozen=True, slots=True)
class Share:
    """A quotient of two counts, times `scale`: 100 where it is a percentage."""

    part: str
    whole: str
    scale: int = 1


@dataclass(frozen=True, slots=True)
class TableSpec:
    """What a table is: `counts` says what each measure counts, one of COUNTED or a Share of two of them.

    A margin adds up the rows that its key describes; a list shows the rows themselves; a distribution puts each unit
    into exactly one class, by the number in the column `classes` of the key where it is named; a table of shares has
    quotients alone. Where `by` names a column of the key, its values are looked up in `counts` instead of the
    measures. `question` and the column `items` say whose answers are counted. A measure that `counts` does not name
    is printed, and not expressed. `quotients` are those of two measures of the table itself, which count whole things.
    """

    kind: str
    counts: dict[str, str | Share]
    by: str = ""
    question: str = ""
    items: str = ""
    classes: str = ""
    quotients: dict[str, Share] = field(default_factory=dict)


def counted(table: TableSpec | None) -> set[str]:
    """Return all that the measures of a table count, of quotients both parts."""
    found = () if table is None else table.counts.values()
    return {word for what in found for word in ((what.part, what.whole) if isinstance(what, Share) else (what,))}


def table_spec(table: object, key: Collection[str], measures: Collection[str], name: str) -> TableSpec:
    """Return what a [table] says; UsageError names the report and what is wrong."""
    if not isinstance(table, dict):
        raise _wrong(name, both("il faut une table", "it must be a table"))
    for given in table:
        if given not in _KEYS:
            raise _wrong(
                name, both("clé inconnue {!r}\u00a0; {}", "unknown key {!r}; {}", given, nearest(given, _KEYS))
            )
    kind = table.get("kind")
    if kind not in KINDS:
        why = nearest(str(kind), KINDS)
        raise _wrong(name, both("kind {!r} n’est pas une sorte\u00a0; {}", "kind {!r} is no kind; {}", str(kind), why))
    columns = _columns(table, key, name)
    counts, quotients = table.get("counts", {}), table.get("quotients", {})
    for word, given in (("counts", counts), ("quotients", quotients)):
        if not isinstance(given, dict):
            raise _wrong(name, both("{} doit être une table", "{} must be a table", word))
    made = {measure: _counted(text, kind, name) for measure, text in counts.items()}
    for measure in made if not columns["by"] else ():
        if measure not in measures:
            known = nearest(measure, measures)
            raise _wrong(name, both("mesure inconnue {!r}\u00a0; {}", "unknown measure {!r}; {}", measure, known))
    question = table.get("question", "")
    if (not question or not columns["items"]) and any(what in _OF_QUESTIONS for what in made.values()):
        raise _wrong(
            name,
            both(
                'qui compte des réponses dit de quoi\u00a0: question = "actions", items = "action"',
                'what counts answers says of what: question = "actions", items = "action"',
            ),
        )
    own = {measure: _own_quotient(measure, text, made, measures, name) for measure, text in quotients.items()}
    return TableSpec(kind, made, columns["by"], str(question), columns["items"], columns["classes"], own)


def _columns(table: dict[str, Any], key: Collection[str], name: str) -> dict[str, str]:
    """Return the columns of the key that a table names; UsageError as for `table_spec`."""
    columns = {word: table.get(word, "") for word in ("by", "items", "classes")}
    for word, column in columns.items():
        if column and column not in key:
            known = nearest(str(column), key)
            raise _wrong(
                name,
                both(
                    "{} {!r} n’est pas une colonne de la clé\u00a0; {}",
                    "{} {!r} is no column of the key; {}",
                    word,
                    str(column),
                    known,
                ),
            )
    return columns


def _counted(text: Any, kind: str, name: str) -> str | Share:  # noqa: ANN401
    """Return what a text such as `agreements` or `agreements / responded` counts; UsageError as for `table_spec`."""
    share = _SHARE.fullmatch(str(text))
    for word in (share["part"], share["whole"]) if share else (str(text),):
        if word not in COUNTED:
            known = nearest(word, COUNTED)
            raise _wrong(name, both("on ne peut compter {!r}\u00a0; {}", "{!r} cannot be counted; {}", word, known))
    if share:
        return _share(share)
    if kind == SHARE:
        raise _wrong(
            name,
            both(
                'un tableau de parts n’a que des quotients, tels que "agreements / responded"',
                'a table of shares has quotients alone, such as "agreements / responded"',
            ),
        )
    return str(text)


def _own_quotient(
    measure: str,
    text: Any,  # noqa: ANN401
    counts: Collection[str],
    measures: Collection[str],
    name: str,
) -> Share:
    """Return a quotient of two measures of the table, such as `members / associations`; UsageError as above."""
    share = _SHARE.fullmatch(str(text))
    if share is None:
        why = both("{!r} n’est pas un quotient de deux mesures", "{!r} is no quotient of two measures", str(text))
        raise _wrong(name, why)
    for word in (measure, share["part"], share["whole"]):
        if word not in measures:
            known = nearest(word, measures)
            raise _wrong(name, both("mesure inconnue {!r}\u00a0; {}", "unknown measure {!r}; {}", word, known))
    if measure in counts:
        why = both("{} est dans counts et dans quotients", "{} is in counts and in quotients", measure)
        raise _wrong(name, why)
    return _share(share)


def _share(found: re.Match[str]) -> Share:
    return Share(found["part"], found["whole"], 100 if found["percent"] else 1)


def _wrong(name: str, why: Label) -> UsageError:
    return UsageError(both("{}.sql\u00a0: en-tête\u00a0: [table]\u00a0: {}", "{}.sql: header: [table]: {}", name, why))
