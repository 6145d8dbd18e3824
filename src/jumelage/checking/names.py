"""Names resolved to codes: through codes, labels and accepted spellings, never by likeness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jumelage.checking.places import Places, near_ones
from jumelage.checking.register import read_register
from jumelage.database.workbench import read_code_lists
from jumelage.rules import Near
from jumelage.texts import Label, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date

    from sqlalchemy import Connection

Broken = dict[str, tuple[str, dict[str, Any]]]  # by text: the rule that it breaks, with its details
# For each code list, where a code's spellings stand: table, column of the spelling, column of the code.
_SPELLINGS = {
    "countries": [("country_aliases", "alias", "country")],
    **{
        name: [(name, column, "code") for column in ("code", "label_fr", "label_en")]
        for name in ("zones", "actions", "difficulties", "size_classes")
    },
}
_SPELLINGS["countries"] += [("countries", column, "code") for column in ("code", "label_fr", "label_en")]
# Names that several countries share in use, though each list may give them to one: which is meant nobody can tell.
_SHARED = {
    ("Congo",): ("CD", "CG"),
    ("Corée", "Korea"): ("KP", "KR"),
    ("Saint-Martin",): ("MF", "SX"),
    ("Îles Vierges", "Virgin Islands"): ("VG", "VI"),
    ("Antilles néerlandaises", "Netherlands Antilles"): ("BQ", "CW", "SX"),
    ("Tchécoslovaquie", "Czechoslovakia"): ("CZ", "SK"),
    ("Serbie-et-Monténégro", "Serbia and Montenegro"): ("ME", "RS"),
    ("Yougoslavie", "Yugoslavia"): ("BA", "HR", "ME", "MK", "RS", "SI", "XK"),
}
_MOST_SUGGESTED = 1000  # distinct names for which near ones are looked for: more are no typing errors
_ALIKE = 75  # of 100, by rapidfuzz's ratio


def _index(bench: Connection, target: Connection | None) -> None:
    """Read the code lists and the register into the workbench, and index all spellings by match key.

    Table `names` has list, key, code, spelling: a key that stands for two codes is in it for neither, and with its
    codes in table `shared`. Of cities it has the spellings that a wave brings; `places` knows the others.
    """
    read_code_lists(bench)
    read_register(bench, target)
    spellings = " union all ".join(
        f"select '{name}' as list, {spelling} as spelling, {code} as code from list_{table}"
        for name, sources in _SPELLINGS.items()
        for table, spelling, code in sources
    )
    spellings += " union all select 'countries', unnest([label_fr, label_en]) || ' ' || code, code from list_countries"
    shared = ", ".join(
        f"('countries', '{spelling}', '{code}')"
        for names, codes in _SHARED.items()
        for name in names
        for code in codes
        for spelling in (name, f"{name} {code}")
    )
    spellings += f" union all from (values {shared})"
    closed = "select list, unnest([code, label_fr, label_en]) as spelling, code from list_answer_codes"
    bench.exec_driver_sql(
        f"create or replace temp table spelled as with every as materialized ({spellings} union all {closed}) "
        "select list, match_key(spelling) as key, code, spelling from every"
    )
    bench.exec_driver_sql(
        "create or replace temp table shared as select list, key, list(distinct code order by code) as codes "
        "from spelled group by all having count(distinct code) > 1"
    )
    bench.exec_driver_sql(
        "create or replace temp table names as "
        "select list, key, min(code) as code, min(spelling) as spelling from spelled where key is not null "
        "group by all having count(distinct code) = 1"
    )


class Names:
    """The spellings known to the workbench."""

    def __init__(self, bench: Connection, target: Connection | None = None) -> None:
        """Read the code lists and the target's register into the workbench, or what the project brings of it.

        Names are looked up in table `names`.
        """
        self._bench = bench
        _index(bench, target)
        self.places = Places(bench)
        self._known: dict[str, dict[str, tuple[str, str]]] = {}

    def codes(self, code_list: str) -> set[str]:
        """Return the codes of a list."""
        return {code for (code,) in self._bench.exec_driver_sql(f"select code from list_{code_list}")}

    def declare(self, territory: Iterable[str], day: date | None) -> None:
        """Look names of authorities up in this territory, as of a day."""
        self._known.clear()
        self.places.declare(territory, day)

    def resolve(self, code_list: str, values: Iterable[str]) -> dict[str, str]:
        """Return the codes of those values that are known, all looked up in one query."""
        return self.resolve_all({code_list: set(values)})[code_list]

    def resolve_all(self, values: Mapping[str, Collection[str]]) -> dict[str, dict[str, str]]:
        """Return, for each code list, the codes of those values that are known, all looked up in one query."""
        wanted = sorted((code_list, value) for code_list, of_list in values.items() for value in set(of_list))
        known: dict[str, dict[str, str]] = {code_list: {} for code_list in values}
        if wanted:
            lists, texts = zip(*wanted, strict=True)
            query = "select l, l, t from (select unnest(cast(? as varchar[])) as l, unnest(cast(? as varchar[])) as t)"
            self.look_up(query, "found_names", list(lists), list(texts))
            for code_list, value, code in self._bench.exec_driver_sql(
                "select list, text, code from found_names where code is not null"
            ):
                known[code_list][value] = code
        return known

    def look_up(self, query: str, table: str, *parameters: object, frame: str = "") -> None:
        """Make a table (list, text, code): the texts of a query (list, place, text), each with the code that it means.

        The texts at the place `frame` are the wave's own frame: the others name its towns before any other, and a text
        that is in it means the same everywhere. The rows of the query stay in `looked_up`.
        """
        self._bench.exec_driver_sql(
            f"create or replace temp table looked_up as with v(list, place, text) as ({query}) from v", parameters
        )
        self._bench.exec_driver_sql(
            # A code of the register, or a name as it has it, needs no key made; the macro is expanded but once.
            "create or replace temp table texts as with t as materialized ("
            f"select list, text, bool_or(place = '{frame}') as framed from looked_up group by list, text), "
            "r as materialized (select name, any_value(match_key) as key "
            "from register where name in (select text from t) group by name), "
            "k as materialized (select t.*, c.code, case when c.code is null then coalesce(r.key, match_key(t.text)) "
            "end as key from t left join register c on t.list = 'cities' and c.code = t.text "
            "left join r on r.name = t.text) "
            "select k.* replace (coalesce(k.code, n.code) as code) "
            "from k left join names n on n.list = k.list and n.key = k.key"
        )
        told, meant = ["t.code"], "texts t"
        if frame and self._understand("framed", "frame_meanings"):
            told.append("f.code")
            meant += " left join frame_meanings f on f.text = t.text and t.list = 'cities'"
        if frame:
            framed = f"select coalesce({', '.join(told)}) as code from {meant} where t.framed"
            self.places.prefer(f"select code from ({framed}) where code is not null")
        if self._understand("not framed", "other_meanings"):
            told.append("o.code")
            meant += " left join other_meanings o on o.text = t.text and t.list = 'cities'"
        self._bench.exec_driver_sql(
            f"create or replace temp table {table} as "
            f"select t.list, t.text, coalesce({', '.join(told)}) as code from {meant}"
        )

    def _understand(self, which: str, table: str) -> bool:
        """Make a table of the authorities that texts mean which no list knows; tell if there are any."""
        towns = f"texts where list = 'cities' and {which} and code is null"
        if not self._bench.exec_driver_sql(f"select exists (from {towns})").scalar():
            return False
        self.places.understand(f"select text, key from {towns}", table)
        return True

    def near(self, code_list: str, value: str) -> Near:
        """Find the known names that are near a value, best first."""
        return self.near_all(code_list, [value])[value]

    def near_all(self, code_list: str, values: Iterable[str]) -> dict[str, Near]:
        """Find, for each value, the known names that are near it, best first; all of them where they are few.

        A town that is in no code list is shown with its code. Past a thousand values none is looked for.
        """
        few = tuple(sorted(shown for shown, _ in self._spellings(code_list).values()))
        known = few if len(few) <= 12 else ()  # noqa: PLR2004
        scored = self.scored(code_list, values)
        return {value: Near(tuple(dict.fromkeys(name for _, name, _ in near)), known) for value, near in scored.items()}

    def scored(self, code_list: str, values: Iterable[str]) -> dict[str, list[tuple[str, str, int]]]:
        """Return, for each value, up to three codes with a name near it, what is shown of them, and a score of 100."""
        from rapidfuzz import fuzz, process

        wanted = sorted(set(values))
        if len(wanted) > _MOST_SUGGESTED:
            return {value: [] for value in wanted}
        known = self._spellings(code_list)
        rows = self._bench.exec_driver_sql(
            "select value, coalesce(match_key(value), '') from (select unnest(cast(? as varchar[])) as value)",
            (wanted,),
        )
        found: dict[str, list[tuple[str, str, int]]] = {}
        for value, key in rows:
            near: dict[str, tuple[str, str, int]] = {}
            for match, score, _ in process.extract(key, list(known), scorer=fuzz.ratio, limit=6, score_cutoff=_ALIKE):
                shown, code = known[match]
                near.setdefault(code, (code, shown, round(score)))
            found[value] = list(near.values())[:3]
        return found

    def unknown(self, code_list: str, unknown: list[str]) -> Broken:
        """Tell for each name that stands for no code of a list which rule it breaks, with the details."""
        if not unknown:
            return {}
        alike = self.near_all(code_list, unknown)
        found: Broken = {text: ("name_unknown", {"list": code_list, "near": alike[text]}) for text in unknown}
        if code_list != "cities":
            return found | self._shared(code_list, unknown)
        for text, (broken, details) in self.places.tell(unknown).items():
            near = Near(tuple(name for name in alike[text].near if name != details.get("commune")), alike[text].known)
            found[text] = (broken, {**details, "near": near})
        return found

    def _shared(self, code_list: str, unknown: list[str]) -> Broken:
        """Return those names that stand for several codes of a list, with the codes."""
        rows = self._bench.exec_driver_sql(
            "select v.text, s.codes from (select unnest(cast(? as varchar[])) as text) v "
            "join shared s on s.list = ? and s.key = match_key(v.text)",
            (unknown, code_list),
        ).fetchall()
        labels = {
            code: Label(f"{fr} ({code})", f"{en} ({code})")
            for code, fr, en in self._bench.exec_driver_sql(f"select code, label_fr, label_en from list_{code_list}")
            if any(code in codes for _, codes in rows)
        }
        return {
            text: (
                "name_shared",
                {
                    "several": listed(labels[code] for code in codes),
                    "example": f"{text} ({codes[0]})",
                },
            )
            for text, codes in rows
        }

    def _spellings(self, code_list: str) -> dict[str, tuple[str, str]]:
        """Return what is shown of each key of a list, with its code."""
        if code_list not in self._known:
            sql = (
                near_ones()
                if code_list == "cities"
                else f"select key, spelling, code from names where list = '{code_list}' order by key"
            )
            rows = self._bench.exec_driver_sql(sql)
            self._known[code_list] = {key: (shown, code) for key, shown, code in rows}
        return self._known[code_list]
