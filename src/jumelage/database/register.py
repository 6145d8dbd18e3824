"""The register of authorities: what the project brings, put together in the workbench, and what a database has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from jumelage.database.people import readable
from jumelage.database.sql import query

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

SHIPPED = "shipped"
_SOURCE = "INSEE, code officiel géographique 2026; DGCL, EPCI 2026 and earlier lists (schema/codes)"
_AS_OF = date(2026, 1, 1)

# The towns that were asked, the communes of the region, and what is above them. A delegated commune that shares the
# code of the present one has one of its own. `list_NAME` are the files as they stand.
SHIPPED_REGISTER = f"""
    select code, kind, name, status, 'FR' as country, part_of, departement, population, valid_from, valid_to,
    '{SHIPPED}' as list
    from (
        select case when kind = 'delegated' and code = part_of then code || '-D' else code end as code,
        'commune' as kind, name, nullif(kind, 'commune') as status, coalesce(part_of, 'FR-' || departement) as part_of,
        departement, population
        from list_communes
        union all by name
        select * from list_authorities
        union all by name
        select code, kind, name from list_cities where code not in (select code from list_communes)
    )
"""


def asked_authorities(chosen: str) -> str:
    """Return the query for the authorities that revisions asked, with what they are part of or became part of.

    In any number of steps; `chosen` is the condition that rows of these revisions fulfil.
    """
    return f"""
with recursive kept(code) as (
    select r.city from survey.respondents r where {chosen}
    union
    select a.above
    from kept k
    inner join (
        select c.code, c.part_of as above from survey.cities c where c.part_of is not null
        union all
        select c.city, c.successor from survey.city_changes c
    ) a on a.code = k.code
)
select code from kept
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """What a list has put into the register of one kind: `added_at` is in UTC, and none for what migrate installs."""

    list: str
    kind: str
    authorities: int
    present: int
    as_of: date | None
    source: str
    added_at: datetime | None
    added_by: str | None


def installed(connection: Connection) -> list[Installed]:
    """Return what each list has put into the register, by kind; `present` are those that have no status."""
    by = readable(connection)("a", "registers.added_by")
    _, rows = query(
        connection,
        "select c.list, c.kind, count(*), count(*) - count(c.status), r.as_of, r.source, r.added_at, r.added_by "
        f"from survey.cities c left join (select list, as_of, source, added_at, {by} from survey.registers a) r "
        "on r.list = c.list "
        "group by c.list, c.kind, r.as_of, r.source, r.added_at, r.added_by order by c.list, c.kind",
    )
    found = [Installed(*row) for row in rows]
    return [
        Installed(SHIPPED, one.kind, one.authorities, one.present, _AS_OF, _SOURCE, None, None)
        if one.list == SHIPPED
        else one
        for one in sorted(found, key=lambda one: (one.list != SHIPPED, one.list, one.kind))
    ]
