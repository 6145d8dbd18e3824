"""Which authority a text names: in the wave's own frame first, then in its territory, on its reference date.

A code, and a name with its departement, its country or its code, mean what they say wherever that is. The rest of the
register only serves to suggest what else may have been meant.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from jumelage.checking.numbers import number
from jumelage.checking.register import code_key
from jumelage.database.workbench import put
from jumelage.reading.wave_toml import HOME, TERRITORY
from jumelage.texts import composed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlalchemy import Connection

TIMES_APART = 5  # a population so many times that of the register, or such a part of it, is of another town
_MOST_WORDS = 5  # of what tells homonyms apart: the name of a departement or a country
_MOST_TOLD = 5  # authorities of one name that are listed
_MAY_NAME = re.compile(r"[^\W\d_]|\d{4}")  # a letter, or the digits of a code
_ELSEWHERE = 3
WITHIN_IT = (
    "("
    + " or ".join(
        f"coalesce({code} in (select code from territory), false)"
        for code in ("r.country", "r.code", "r.part_of", "'FR-' || r.departement")
    )
    + ")"
)
_FULL = (  # Croix 59163; Fives 59350 (Lille), which is part of it
    "coalesce({0}.name || ' ', '') || {0}.code "
    "|| coalesce(case when {0}.status is not null then ' (' || {1}.name || ')' end, '')"
)


class Authority(NamedTuple):
    """An authority that a text may name: in which way it names it, and what the register knows of it.

    `told` is what tells it apart beside its name; empty where a code stands alone.
    """

    told: str | None
    spelled: str | None
    within: bool
    code: str
    kind: str
    status: str | None
    country: str
    name: str | None
    part_of: str | None
    whole: str | None
    departement: str | None
    population: int | None
    valid_from: date | None
    valid_to: date | None

    @property
    def sureness(self) -> int:
        """How surely a text means it, 0 being surest: only those named most surely may be meant, the last never."""
        return 0 if self.told == "" else 1 if self.told is None and self.within else 2 if self.told else _ELSEWHERE

    def past(self, day: date | None) -> bool:
        """Tell whether it is certain that it was not there on a day."""
        return day is not None and (
            (self.valid_to is not None and self.valid_to <= day)
            or (self.valid_from is not None and self.valid_from > day)
        )

    def misfit(self, printed: int | None) -> bool:
        """Tell whether a printed population cannot be that of this authority."""
        return (
            printed is not None
            and self.population is not None
            and not self.population <= TIMES_APART * printed <= TIMES_APART**2 * self.population
        )

    @property
    def shown(self) -> str:
        """Its name and code, and what it is or was a part of."""
        part = f" ({self.whole})" if self.whole and (self.status or self.valid_to) else ""
        return f"{self.name or ''} {self.code}".strip() + part

    @property
    def example(self) -> str:
        """What to write so that no other can be meant."""
        place = self.departement if self.country == HOME else self.country
        return f"{self.name} ({place})" if self.name and place else self.code


class Places:
    """The authorities that texts may name; each text is looked up once."""

    def __init__(self, bench: Connection) -> None:
        """Look authorities up in the workbench's register."""
        self._bench = bench
        self._named: dict[str, list[Authority]] = {}
        self._framed: set[str] = set()
        self._day: date | None = None
        self._printed: dict[str, int | None] = {}
        self.declare(TERRITORY, None)

    def declare(self, territory: Iterable[str], day: date | None) -> None:
        """Look names up in this territory, countries and codes of authorities, as of a day."""
        self._named, self._day = {}, day
        put(self._bench, "territory", {"code": "varchar"}, [list(territory)])
        self._bench.exec_driver_sql(  # what lies in a country lies in its regions, and so on
            "create or replace temp table territory as with recursive t as (select code from territory union "
            "select r.code from register r join t on t.code in (r.part_of, r.country) where r.kind <> 'commune') "
            "select code from t"
        )

    def nowhere(self, territory: Iterable[str]) -> list[str]:
        """Return the parts of a territory that are neither an authority of the register nor a country."""
        rows = self._bench.exec_driver_sql(
            "select t.code from (select unnest(cast(? as varchar[])) as code) t where t.code not in "
            "(select code from register union all select code from list_countries) order by 1",
            (list(territory),),
        )
        return [code for (code,) in rows]

    def prefer(self, codes: Iterable[str]) -> None:
        """Let names mean the authorities of a frame before any other."""
        self._framed = set(codes)

    def read_populations(self) -> None:
        """Keep the populations that the frame gives, by the text that names a town."""
        rows = self._bench.exec_driver_sql(
            f"select city, {number('population')} from raw_frame where city is not null and population is not null"
        )
        self._printed = {text: printed for text, printed in rows}  # noqa: C416  # rows are not tuples

    def look_up(self, texts: str) -> None:
        """Find the authorities that the texts of a query (text, key) may name."""
        rows = self._bench.exec_driver_sql(f"select distinct text from ({texts}) where key is not null")
        unseen = [text for (text,) in rows if text not in self._named and _MAY_NAME.search(text)]
        if not unseen:
            return
        self._named |= {text: [] for text in unseen}
        for text, *facts in self._bench.exec_driver_sql(_NAMED.format(texts=texts)):
            self._named[text].append(Authority(*facts))

    def named(self, text: str) -> list[Authority]:
        """Return the authorities that a text names more surely than any other."""
        found = self._named.get(text, [])
        if framed := [one for one in found if one.code in self._framed]:
            return _best(text, framed)
        surest = min((one.sureness for one in found), default=_ELSEWHERE)
        return _best(text, [one for one in found if one.sureness == surest])

    def code(self, text: str) -> str | None:
        """Return the code of the one authority that a text means; None if that is uncertain.

        An authority that existed on the day is preferred to one that did not, unless the population fits neither.
        """
        found = self.named(text)
        if not found or (found[0].sureness == _ELSEWHERE and found[0].code not in self._framed):
            return None
        present = [one for one in found if not one.past(self._day)]
        if len(found) > 1 and (len(present) != 1 or present[0].misfit(self._printed.get(text))):
            return None
        return (present or found)[0].code

    def tell(self, texts: list[str]) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return, for texts without a code, the rule that each breaks, with details; none of which nothing is known."""
        put(self._bench, "untold", {"text": "varchar"}, [texts])
        self.look_up("select text, match_key(text) as key from untold")
        found: dict[str, tuple[str, dict[str, Any]]] = {}
        for text in texts:
            if named := self.named(text):
                listed = ", ".join(sorted(one.shown for one in named)[:_MOST_TOLD])
                listed += " …" if len(named) > _MOST_TOLD else ""
                details = {"commune": listed, "several": listed, "example": min(one.example for one in named)}
                elsewhere = named[0].sureness == _ELSEWHERE
                found[text] = ("outside_territory" if elsewhere else "name_of_several", details)
        lost = self._bench.exec_driver_sql(
            "select t.text, r.code from untold t join register r on r.code = '0' || t.text"
        )
        return {text: ("code_without_zero", {"code": code}) for text, code in lost} | found

    def tell_apart(self, table: str) -> None:
        """Write the code in place of a name, in rows of a `raw_` table with both, where the name may mean others."""
        self._bench.exec_driver_sql(
            "create or replace temp table coded as select *, match_key(text) as key from ("
            f"select distinct city as text, city_code as code from {table} where city <> city_code)"
        )
        self.look_up("select text, key from coded")
        rows = self._bench.exec_driver_sql(
            "select distinct c.text, c.code from coded c join register_names n on n.key = c.key and n.code = c.code"
        )
        pairs = [(text, code) for text, code in rows if self.code(text) != code]
        put(self._bench, "coded", {"text": "varchar", "code": "varchar"}, list(zip(*pairs, strict=True)) or [[], []])
        self._bench.exec_driver_sql(
            f"update {table} set city = city_code from coded c "
            f"where {table}.city = c.text and {table}.city_code = c.code"
        )


# For the texts of a query (text, key): the authorities of that name, of its first words with what tells homonyms
# apart, or of that code.
_NAMED = (
    "with asked as materialized (select distinct text, key from ({texts}) where key is not null), "
    "parts as (select text, key as name, cast(null as varchar) as told from asked union all "
    "select text, array_to_string(words[1:len(words) - n], ' '), "
    "array_to_string(words[len(words) - n + 1:len(words)], ' ') "
    "from (select text, string_split(key, ' ') as words from asked where contains(key, ' ')), "
    f"range(1, {_MOST_WORDS + 1}) r(n) where n < len(words)), "
    "named as (select p.text, p.told, n.code, n.name as spelled from parts p "
    "join register_names n on n.key = p.name union all select a.text, '', r.code, r.name "
    f"from asked a join register r on {code_key('r.code')} = a.key) "
    f"select n.text, n.told, n.spelled, {WITHIN_IT}, r.code, r.kind, r.status, r.country, r.name, r.part_of, w.name, "
    "r.departement, r.population, r.valid_from, r.valid_to from named n join register r on r.code = n.code "
    "left join register w on w.code = r.part_of left join register d on d.code = 'FR-' || r.departement "
    "left join names c on c.list = 'countries' and c.key = n.told "
    f"where n.told is null or n.told in ('', lower(r.departement), {code_key('r.code')}, d.match_key) "
    "or c.code = r.country order by n.text, r.code, n.spelled"
)


def _best(text: str, authorities: list[Authority]) -> list[Authority]:
    """Leave out those of several that a text does not mean."""
    if len({one.code for one in authorities}) <= 1:
        return authorities[:1]
    # A name alone is that of a commune, if one has it; a part of a town that bears the same name is that town.
    found = [one for one in authorities if one.kind == "commune"] or authorities
    codes = {one.code for one in found}
    found = [one for one in found if one.part_of not in codes - {one.code}]
    # Accents count where names differ by nothing else, unless all is in capitals, which often have none.
    if text != text.upper():
        found = [one for one in found if _accents(one.spelled or "") == _accents(text)] or found
    return list({one.code: one for one in found}.values())


def _accents(text: str) -> str:
    """Return the letters with accents that a text has, in their order."""
    if text.isascii():
        return ""
    return "".join(letter for letter in composed(text.lower()) if unicodedata.decomposition(letter))


def near_ones() -> str:
    """Return the query (key, what is shown, code) of the names near which a misspelt one may be: of the territory."""
    full = _FULL.format("r", "w")
    return (
        f"select r.match_key, min({full}), min(r.code) "
        "from register r left join register w on w.code = r.part_of where r.match_key is not null "
        f"and {WITHIN_IT} group by r.match_key order by 1"
    )
