"""Keys by which names are found, partners are the same and lists are ordered, whatever case, accents and signs."""

from __future__ import annotations

# Letters that a keyboard lacks and no accent can be taken off from.
_LETTERS = {
    "œ": "oe",
    "æ": "ae",
    "ß": "ss",
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ħ": "h",
    "ı": "i",
    "ς": "σ",
}


def _spelled_out(text: str) -> str:
    for letter, plain in _LETTERS.items():
        text = f"replace({text}, '{letter}', '{plain}')"
    return text


# match_key finds names and never orders; sort_key orders as French lists do, without any collation. partner_key tells
# whether two free texts are spellings of one: it is made for every row of a wave, so it is cheap where it can be.
KEYS = (
    f"create or replace temp macro folded(x) as {_spelled_out('lower(strip_accents(x))')}",
    # Invisible characters go, signs and look-alikes of hyphens and apostrophes become spaces, St and Ste are written
    # out, and an article that lists put last comes first again: Bassée (La).
    r"""create or replace temp macro match_key(x) as
        nullif(regexp_replace(trim(regexp_replace(regexp_replace(
            ' ' || regexp_replace(folded(regexp_replace(x, '[\p{Cf}]', '', 'g')), '[^\p{Ll}\p{Lo}\p{N}]+', ' ', 'g')
            || ' ', ' st ', ' saint ', 'g'), ' ste ', ' sainte ', 'g')), '^(.+) (le|la|les|l)$', '\2 \1'), '')""",
    "create or replace temp macro sort_key(x) as regexp_replace(folded(x), '[^a-z0-9]', '', 'g')",
    # Letters and digits alone, without case and accents, with Saint as St; a text of signs alone is its own key. Most
    # texts need no more than two replacements, which are ten times as fast as the second branch; both say the same.
    r"""create or replace temp macro partner_key(x) as coalesce(nullif(replace(
        case when not regexp_matches(x, '[^A-Za-z0-9 -]') then lower(replace(replace(x, ' ', ''), '-', ''))
        else regexp_replace(folded(x), '[^\p{Ll}\p{Lo}\p{N}]+', '', 'g') end, 'saint', 'st'), ''), x)""",
)
