"""Which authority a text names: in the wave's own frame first, then in its territory, on its reference date.

A code, and a name with its departement, its country or its code, mean what they say wherever that is. The rest of the
register only serves to suggest what else may have been meant.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from jumelage.checking.numbers import number
from jumelage.checking.register import code_key, index_register
from jumelage.database.workbench import put
from jumelage.reading.wave_toml import HOME, TERRITORY
from jumelage.texts import composed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from sqlalchemy import Connection

TIMES_APART = 5  # a population so many times that of the register, or such a part of it, is of another town
_MOST_WORDS = 5  # of what tells homonyms apart: the name of a departement or a country
_MOST_TOLD = 5  # authorities of one name that are listed
_MAY_NAME = r"\p{L}|[0-9]{4}"  # a letter, or the digits of a code
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

    `sureness` is how surely it is meant, 0 being surest, and never where it is the last; `printed` the population that
    the frame gives beside the text.
    """

    spelled: str | None
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
    sureness: int
    is_framed: bool
    printed: int | None

    def past(self, day: date | None) -> bool:
        """Tell whether it is certain that it was not there on a day."""
        return day is not None and (
            (self.valid_to is not None and self.valid_to <= day)
            or (self.valid_from is not None and self.valid_from > day)
        )

    @property
    def misfit(self) -> bool:
        """Tell whether the printed population cannot be that of this authority."""
        return (
            self.printed is not None
            and self.population is not None
            and not self.population <= TIMES_APART * self.printed <= TIMES_APART**2 * self.population
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
    """The authorities that texts may name, in the workbench; each text is looked up once.

    `candidates` has a row for each authority that a text may name, `looked_for` the texts, `framed` the frame's codes.
    """

    def __init__(self, bench: Connection) -> None:
        """Look authorities up in the workbench's register."""
        self._bench = bench
        self._day: date | None = None
        self.declare(TERRITORY, None)

    def declare(self, territory: Iterable[str], day: date | None) -> None:
        """Look names up in this territory, countries and codes of authorities, as of a day."""
        self._day = day
        put(self._bench, "territory", {"code": "varchar"}, [list(territory)])
        self._bench.exec_driver_sql(  # what lies in a country lies in its regions, and so on
            "create or replace temp table territory as with recursive t as (select code from territory union "
            "select r.code from register r join t on t.code in (r.part_of, r.country) where r.kind <> 'commune') "
            "select code from t"
        )
        self._bench.exec_driver_sql(f"create or replace temp table candidates ({_CANDIDATES})")
        self._bench.exec_driver_sql("create or replace temp table looked_for (text varchar)")
        self._bench.exec_driver_sql("create or replace temp table framed (code varchar)")
        self._bench.exec_driver_sql(
            "create or replace temp view printed_people as select '' as text, 0 as population where false"
        )

    def nowhere(self, territory: Iterable[str]) -> list[str]:
        """Return the parts of a territory that are neither an authority of the register nor a country."""
        rows = self._bench.exec_driver_sql(
            "select t.code from (select unnest(cast(? as varchar[])) as code) t where t.code not in "
            "(select code from register union all select code from list_countries) order by 1",
            (list(territory),),
        )
        return [code for (code,) in rows]

    def prefer(self, codes: str) -> None:
        """Let names mean the authorities of a frame before any other: the codes that a query gives."""
        self._bench.exec_driver_sql(f"create or replace temp table framed as select distinct code from ({codes})")

    def read_populations(self) -> None:
        """Keep the populations that the frame gives, by the text that names a town."""
        self._bench.exec_driver_sql(
            "create or replace temp view printed_people as "
            f"select city as text, min({number('population')}) as population from raw_frame "
            "where city is not null and population is not null group by city"
        )

    def understand(self, texts: str, table: str) -> None:
        """Make a table (text, code) of the texts of a query (text, key), each with the authority that it means.

        Each text comes once; the code is null, or the text is missing, where none is certain. An authority that
        existed on the day is preferred to one that did not, unless the population fits neither.
        """
        self._look_up(texts)
        # What only one authority can be meant by is told here; of others each is looked at by itself.
        self._bench.exec_driver_sql(
            f"create or replace temp table {table} as select c.text, count(*) as authorities, "
            f"case when count(*) = 1 and (min(c.sureness) < {_ELSEWHERE} or bool_or(f.code is not null)) "
            "then min(c.code) end as code from candidates c left join framed f on f.code = c.code "
            f"where c.text in (select text from ({texts})) group by c.text"
        )
        several = self._named(f"select text from {table} where authorities > 1")
        codes = {text: code for text, found in several.items() if (code := self._one_of(found))}
        if codes:
            put(self._bench, "told_apart", {"text": "varchar", "code": "varchar"}, [list(codes), list(codes.values())])
            self._bench.exec_driver_sql(
                f"update {table} set code = a.code from told_apart a where a.text = {table}.text"
            )

    def _look_up(self, texts: str) -> None:
        """Find the authorities that the texts of a query (text, key) may name, each once."""
        self._bench.exec_driver_sql(
            f"create or replace temp table unseen as select text, key from ({texts}) where key is not null "
            f"and regexp_matches(text, '{_MAY_NAME}') and text not in (select text from looked_for)"
        )
        self._bench.exec_driver_sql("insert into looked_for select text from unseen")
        index_register(self._bench)
        self._bench.exec_driver_sql(f"insert into candidates {_NAMED}")

    def _named(self, texts: str) -> dict[str, list[Authority]]:
        """Return, for texts of a query, the authorities that each names more surely than any other."""
        rows = self._bench.exec_driver_sql(f"select * from ({_MEANT.format(texts=texts)}) order by text, code, spelled")
        named: dict[str, list[Authority]] = {}
        for text, *facts in rows:
            named.setdefault(text, []).append(Authority(*facts))
        return {text: _best(text, found) for text, found in named.items()}

    def _one_of(self, found: list[Authority]) -> str | None:
        """Return the code of the one that is meant; None if that is uncertain."""
        if found[0].sureness == _ELSEWHERE and not found[0].is_framed:
            return None
        present = [one for one in found if not one.past(self._day)]
        if len(found) > 1 and (len(present) != 1 or present[0].misfit):
            return None
        return (present or found)[0].code

    def tell(self, texts: list[str]) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return, for texts without a code, the rule that each breaks, with details; none of which nothing is known."""
        put(self._bench, "untold", {"text": "varchar"}, [texts])
        self._look_up("select text, match_key(text) as key from (select distinct text from untold)")
        every = self._named("select text from untold")
        found: dict[str, tuple[str, dict[str, Any]]] = {}
        for text in texts:
            if named := every.get(text):
                listed = ", ".join(sorted(one.shown for one in named)[:_MOST_TOLD])
                listed += " …" if len(named) > _MOST_TOLD else ""
                details = {"commune": listed, "several": listed, "example": min(one.example for one in named)}
                elsewhere = named[0].sureness == _ELSEWHERE
                found[text] = ("outside_territory" if elsewhere else "name_of_several", details)
        lost = self._bench.exec_driver_sql(
            "select t.text, r.code from untold t join register r on r.code = '0' || t.text"
        )
        return {text: ("code_without_zero", {"code": code}) for text, code in lost} | found

    def tell_apart(self, tables: Sequence[str]) -> None:
        """Write the code in place of a name, in rows of tables with both, where the name may mean others."""
        if not tables:
            return
        pairs = " union ".join(f"select city as text, city_code as code from {table}" for table in tables)
        self._bench.exec_driver_sql(
            f"create or replace temp table coded as select *, match_key(text) as key from ({pairs}) where text <> code"
        )
        self.understand("select distinct text, key from coded", "coded_names")
        self._bench.exec_driver_sql(
            "create or replace temp table coded as select distinct c.text, c.code from coded c "
            "join register_names n on n.key = c.key and n.code = c.code left join coded_names m on m.text = c.text "
            "where m.code is distinct from c.code"
        )
        for table in tables:
            self._bench.exec_driver_sql(
                f"update {table} set city = city_code from coded c "
                f"where {table}.city = c.text and {table}.city_code = c.code"
            )


# The authorities that the texts `unseen` may name: those of that name or code; where none of them is in the territory,
# also those of the text's first words, told apart from their homonyms by the last: Marly (57).
_NAMED = (
    f"with named as materialized (select u.text, n.name, r.code, case when {WITHIN_IT} then 1 else {_ELSEWHERE} end "
    "as sureness from unseen u join register_names n on n.key = u.key join register r on r.code = n.code "
    f"union all select u.text, r.name, r.code, 0 from unseen u join register r on {code_key('r.code')} = u.key), "
    "parts as (select text, array_to_string(words[1:len(words) - n], ' ') as name, "
    "array_to_string(words[len(words) - n + 1:len(words)], ' ') as told from ("
    "select text, string_split(key, ' ') as words from unseen where contains(key, ' ') "
    f"and text not in (select text from named where sureness < {_ELSEWHERE})), "
    f"range(1, {_MOST_WORDS + 1}) r(n) where n < len(words)) "
    "from named union all select p.text, n.name, r.code, 2 from parts p "
    "join register_names n on n.key = p.name join register r on r.code = n.code "
    "left join register d on d.code = 'FR-' || r.departement "
    "left join names c on c.list = 'countries' and c.key = p.told "
    f"where p.told in (lower(r.departement), {code_key('r.code')}, d.match_key) or c.code = r.country"
)


_CANDIDATES = "text varchar, spelled varchar, code varchar, sureness integer"
# The authorities that a text names more surely than any other: those of the frame, if it names one.
_MEANT = (
    "select c.text, c.spelled, r.code, r.kind, r.status, r.country, r.name, r.part_of, w.name as whole, r.departement, "
    "r.population, r.valid_from, r.valid_to, c.sureness, f.code is not null as is_framed, p.population as printed "
    "from candidates c join register r on r.code = c.code left join register w on w.code = r.part_of "
    "left join framed f on f.code = c.code left join printed_people p on p.text = c.text "
    "where c.text in (select text from ({texts})) "
    "window same as (partition by c.text) "
    "qualify f.code is not null "
    "or (not bool_or(f.code is not null) over same and c.sureness = min(c.sureness) over same)"
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
