"""The header of a report that comes with a wave, held against what docs/reports.md says that it may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jumelage import content
from jumelage.database.models import QUESTION_KINDS
from jumelage.errors import UsageError
from jumelage.texts import LANGUAGES, Label, both, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_TEXT = Label("un texte", "a text")
_TEXTS = Label("une liste de textes, chacun une fois", "a list of texts, each once")
_TABLE = Label("une table", "a table")
_LABEL = Label("fr et en, deux textes", "fr and en, two texts")
_SWITCH = Label("true ou false", "true or false")
_NUMBER = Label("un nombre entier, 1 ou plus", "a whole number, 1 or more")


def check_header(header: dict[str, Any]) -> None:
    """Raise UsageError for the first value of a header that is not of its type, or names what it cannot mean."""
    try:
        _check(header)
    except UsageError as error:
        raise UsageError(both("en-tête\u00a0: {}", "header: {}", Label(error.text("fr"), error.text("en")))) from None


def _check(header: dict[str, Any]) -> None:
    for name in ("title", "source", "note", "finding"):
        if name in header:
            _be(_is_label(header[name]), name, _LABEL)
    key: Any = header.get("key")
    _be(_are_texts(key) and bool(key), "key", _TEXTS)
    columns: Any = header.get("columns")
    _be(isinstance(columns, dict), "columns", _TABLE)
    measures = [name for name in columns if name not in key]
    if not measures:
        raise UsageError(both("key\u00a0: il faut une colonne de plus", "key: there must be one more column"))
    for name, spec in columns.items():
        _check_column(name, spec, measures)
    waves = header.get("waves", 1)
    _be(isinstance(waves, int) and not isinstance(waves, bool) and waves >= 1, "waves", _NUMBER)
    for name in ("asks", "not_additive"):
        _be(_are_texts(header.get(name, [])), name, _TEXTS)
    _known("asks", header.get("asks", ()), QUESTION_KINDS)
    _check_labels(header.get("labels", {}))
    if "balance" in header:
        balance = _parts("balance", header["balance"], ("start", "parts", "end"))
        _be(_are_texts(balance["parts"]) and bool(balance["parts"]), "balance.parts", _TEXTS)
        for name in ("start", "end"):
            _be(isinstance(balance[name], str), f"balance.{name}", _TEXT)
        _known("balance", (balance["start"], *balance["parts"], balance["end"]), measures)
    if "listing" in header:
        listing = _parts("listing", header["listing"], ("item", "count", "mark"))
        _be(_is_label(listing["mark"]), "listing.mark", _LABEL)
        for name, known in (("item", columns), ("count", measures)):
            _be(isinstance(listing[name], str), f"listing.{name}", _TEXT)
            _known(f"listing.{name}", (listing[name],), known)


def _check_column(name: str, spec: object, measures: Collection[str]) -> None:
    where = f"columns.{name}"
    if not isinstance(spec, dict):
        raise UsageError(_must(where, _TABLE))
    _be(_is_label({lang: spec.get(lang) for lang in LANGUAGES}), where, _LABEL)
    for one in ("codes", "high", "base", "none"):
        _be(isinstance(spec.get(one, ""), str), f"{where}.{one}", _TEXT)
    _be(isinstance(spec.get("seldom", False), bool), f"{where}.seldom", _SWITCH)
    for one in ("high", "base"):
        if one in spec:
            _known(f"{where}.{one}", (spec[one],), [measure for measure in measures if measure != name])
    if "none" in spec:
        _known(f"{where}.none", (spec["none"],), content.answers("answers"))


def _check_labels(labels: object) -> None:
    if not isinstance(labels, dict):
        raise UsageError(_must("labels", _TABLE))
    for column, texts in labels.items():
        _be(isinstance(texts, dict), f"labels.{column}", _TABLE)
        for code, text in texts.items():
            _be(_is_label(text), f"labels.{column}.{code}", _LABEL)


def _parts(name: str, table: object, keys: tuple[str, ...]) -> dict[str, Any]:
    """Return a table that must have these keys and no others."""
    if not isinstance(table, dict) or set(table) != set(keys):
        listed = ", ".join(keys)
        raise UsageError(_must(name, both("une table avec {}", "a table with {}", listed)))
    return table


def _known(name: str, texts: Iterable[str], known: Collection[str]) -> None:
    for text in texts:
        if text not in known:
            raise UsageError(
                both(
                    "{}\u00a0: {!r} n’y convient pas\u00a0; {}",
                    "{}: it cannot be {!r}; {}",
                    name,
                    text,
                    nearest(text, known),
                )
            )


def _is_label(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != set(LANGUAGES):
        return False
    return all(isinstance(text, str) and text.strip() for text in value.values())


def _are_texts(value: object) -> bool:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        return False
    return len(set(value)) == len(value)


def _be(right: bool, name: str, what: Label) -> None:
    if not right:
        raise UsageError(_must(name, what))


def _must(name: str, what: Label) -> Label:
    return both("{} doit être {}", "{} must be {}", name, what)
