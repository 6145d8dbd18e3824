"""Numbers as people write them, read by one set of SQL expressions, in rows and in total lines alike."""

from __future__ import annotations

# Thousands are set apart by a space of any width or an apostrophe, or by the same sign twice; a decimal part is zero.
_PLAIN = r"^[0-9]+([,.]0+)?$|^[0-9]{1,3}([ \x{00A0}\x{2007}\x{2009}\x{202F}''’][0-9]{3})+([,.]0+)?$"
_TWICE = r"^[0-9]{1,3}(\.[0-9]{3}){2,}$|^[0-9]{1,3}(,[0-9]{3}){2,}$"
# Where both signs stand, the first is that of thousands.
_BOTH = r"^[0-9]{1,3}(\.[0-9]{3})+,0+$|^[0-9]{1,3}(,[0-9]{3})+\.0+$"
_AMBIGUOUS = r"^[0-9]{1,3}[.,][0-9]{3}$"


def ambiguous(text: str) -> str:
    """Return the condition that a text may be read as thousands or as decimals."""
    return f"regexp_matches({text}, '{_AMBIGUOUS}')"


def number(text: str) -> str:
    """Return the expression of the number that a text stands for; null if it is not a number, or may be read as two."""
    digits = "try_cast(regexp_replace({0}, '[^0-9]', '', 'g') as bigint)"
    whole = f"regexp_replace({text}, '[,.]0+$', '')"
    return (
        f"case when {ambiguous(text)} then null "
        f"when regexp_matches({text}, '{_PLAIN}') or regexp_matches({text}, '{_BOTH}') "
        f"then {digits.format(whole)} "
        f"when regexp_matches({text}, '{_TWICE}') then {digits.format(text)} end"
    )


_SPACES = r"[ \x{00A0}\x{2007}\x{2009}\x{202F}''’]"
_DECIMAL = rf"^[-−]?([0-9]+|[0-9]{{1,3}}({_SPACES}[0-9]{{3}})+)([.,][0-9]{{1,6}})?$"


def decimal(text: str) -> str:
    """Return the expression of the number with decimals that a text stands for; null if it is none, or may be two."""
    plain = f"replace(replace(regexp_replace({text}, '{_SPACES}', '', 'g'), ',', '.'), '−', '-')"
    return (
        f"case when {ambiguous(text)} and not regexp_matches({text}, '^0[.,]') then null "
        f"when regexp_matches({text}, '{_DECIMAL}') then try_cast({plain} as decimal(18,6)) "
        f"else try_cast({number(text)} as decimal(18,6)) end"
    )


def two_readings(text: str) -> dict[str, str]:
    """Return both readings of an ambiguous text: the whole number, and the decimal one."""
    return {"one": text.replace(".", "").replace(",", ""), "other": text.replace(",", ".")}
