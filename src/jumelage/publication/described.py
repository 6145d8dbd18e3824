"""What the dictionary says, for its page: views and tables, the code lists that their columns name, and the picture."""

from __future__ import annotations

from functools import cache

from jumelage import content
from jumelage.database.bilingual import described
from jumelage.render.dictionary_page import Described

_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'  # within a page it goes without saying
_ANSWERS = "answer_codes"  # the one list that holds several


@cache
def said(lang: str) -> Described:
    """Return what the dictionary says in a language."""
    relations = described(lang)
    named = {field.words.codes for one in relations if one.view for field in one.fields if field.words.codes}
    codes = {name: found for name in sorted(named) if (found := _labels(name, lang))}
    drawn = "erd.svg" if lang == "en" else f"erd.{lang}.svg"
    picture = content.read_text(content.root() / "schema" / drawn).replace(_NAMESPACE, "", 1)
    return Described(relations, codes, picture)


def _labels(name: str, lang: str) -> tuple[tuple[str, str], ...]:
    """Return the codes of a list with their labels; none of authorities, which have names alone."""
    whole, _, part = name.partition(".")
    if whole == _ANSWERS:
        return tuple((code, label.text(lang)) for code, label in content.answers(part).items())
    rows = content.code_list(whole)
    return tuple((row["code"], row[f"label_{lang}"]) for row in rows if f"label_{lang}" in row)
