"""Names resolved to codes: through codes, labels and accepted spellings, never by likeness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.errors import nearest
from jumelage.workbench import read_code_lists

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

# For each code list, where a code's spellings stand: table, column of the spelling, column of the code.
_SPELLINGS = {
    "zones": [("zones", "code", "code"), ("zones", "label_fr", "code"), ("zones", "label_en", "code")],
    "countries": [
        ("countries", "code", "code"),
        ("countries", "label_fr", "code"),
        ("countries", "label_en", "code"),
        ("country_aliases", "alias", "country"),
    ],
    "actions": [
        ("actions", "code", "code"),
        ("actions", "label_fr", "code"),
        ("actions", "label_en", "code"),
    ],
    "difficulties": [
        ("difficulties", "code", "code"),
        ("difficulties", "label_fr", "code"),
        ("difficulties", "label_en", "code"),
    ],
    "cities": [("cities", "code", "code"), ("cities", "name", "code"), ("city_aliases", "alias", "city")],
}


def index_names(bench: Connection) -> None:
    """Read the code lists into the workbench, and index all spellings by match key in table `names`.

    A key that stands for two codes resolves to neither.
    """
    read_code_lists(bench)
    spellings = " union all ".join(
        f"select '{name}' as list, {spelling} as spelling, {code} as code from list_{table}"
        for name, sources in _SPELLINGS.items()
        for table, spelling, code in sources
    )
    bench.exec_driver_sql(
        # Materialized, or the macro would be expanded into every branch of the union and planned as often.
        f"create or replace temp table names as with spelled as materialized ({spellings}), "
        "keyed as materialized (select list, match_key(spelling) as key, code, spelling from spelled) "
        "select list, key, min(code) as code, min(spelling) as spelling from keyed where key is not null "
        "group by all having count(distinct code) = 1"
    )


class Names:
    """The spellings known to the workbench."""

    def __init__(self, bench: Connection) -> None:
        """Look names up in the workbench's table `names`."""
        self._bench = bench
        self._known: dict[str, list[str]] = {}

    def resolve(self, code_list: str, values: Iterable[str]) -> dict[str, str]:
        """Return the codes of those values that are known, all looked up in one query."""
        rows = self._bench.exec_driver_sql(
            "select v.value, n.code from (select unnest(cast(? as varchar[])) as value) v "
            "join names n on n.list = ? and n.key = match_key(v.value)",
            (sorted(set(values)), code_list),
        )
        return {value: code for value, code in rows}  # noqa: C416

    def nearest(self, code_list: str, value: str) -> str:
        """Say which known names are near a value."""
        if code_list not in self._known:
            rows = self._bench.exec_driver_sql("select spelling from names where list = ?", (code_list,))
            self._known[code_list] = [spelling for (spelling,) in rows]
        return nearest(value, self._known[code_list])
