"""Partners of two waves that may be one: held against the earlier waves, and suggested to a person who knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.database.workbench import workbench
from jumelage.errors import UsageError
from jumelage.revisions.scope import current, find_scope, recorded, set_scope
from jumelage.rules import errors_in
from jumelage.texts import both

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from jumelage.findings import Findings
    from jumelage.reading.source import Document
    from jumelage.reading.wave_toml import Wave
    from jumelage.rules import Finding


@dataclass(frozen=True, slots=True)
class Pair:
    """Two partners of a town that are left over in the waves that name them; `likeness` is 0 to 100, and only ranks."""

    city: str
    country: str
    partner_before: str
    partner: str
    likeness: int


def unknown_before(
    connection: Connection, bench: Connection, wave: Wave, document: Document, findings: Findings
) -> list[Finding]:
    """Find earlier partners that no earlier wave of the database names, for the town or one that it was.

    Nothing is reported if errors have already been found in the pairs.
    """
    told = (one for one in findings if (one.file, one.sheet) == (document.file, document.sheet))
    if errors_in(told) or not bench.exec_driver_sql("select count(*) from resolved_partner_pairs").scalar():
        return []
    earlier = [
        f"(p.wave = '{one.wave}' and p.revision = {one.revision})"
        for one in current(recorded(connection)).values()
        if one.wave != wave.code and one.reference_date < wave.reference_date
    ]
    named = (
        "select distinct p.city, p.country, p.partner_key from survey.partnerships p "
        f"where p.city is not null and p.partner_key is not null and ({' or '.join(earlier) or 'false'})"
    )
    kinds = dict.fromkeys(("city", "country", "partner_key"), "varchar")
    database.fetch(connection, named, bench, "named_before", kinds)
    rows = bench.exec_driver_sql(
        "with recursive became as (select code as city, code as successor from register union "
        "select b.city, r.part_of from became b join register r on r.code = b.successor "
        "where r.valid_to is not null and r.status is not null and r.part_of is not null) "
        "select p.line, r.partner_before, r.city, r.country from resolved_partner_pairs p "
        "join raw_partner_pairs r on r.line = p.line "
        "where p.city is not null and p.country is not null and p.partner_before_key is not null "
        "and not exists (select 1 from named_before n join became b on b.city = n.city "
        "where b.successor = p.city and n.country = p.country and n.partner_key = p.partner_before_key) order by p.line"
    )
    return [
        document.finding("pair_before_unknown", line, "partner_before", value, city=city, country=country)
        for line, value, city, country in rows
    ]


def suggest_pairs(url: URL, between: str, lang: str) -> tuple[Pair, ...]:
    """List the named partners of two waves that find none of their own, by town and country, most alike first.

    Countries are named in `lang`. What a person has confirmed or denied is not listed again. UsageError unless two
    waves are named.
    """
    from rapidfuzz import fuzz

    with database.reading(url) as connection:
        scope = find_scope(connection, between)
        if len(scope.revisions) != 2:  # noqa: PLR2004
            raise UsageError(
                both(
                    "--between {}\u00a0: nommez deux vagues, comme 2006,2012",
                    "--between {}: name two waves, such as 2006,2012",
                    between,
                )
            )
        set_scope(connection, scope)
        rows = database.query(connection, _LEFT_OVER.format(label=f"label_{lang}"))[1]
    with database.in_memory().begin() as bench, workbench(bench) as ready:
        plain = ready.exec_driver_sql(
            "select text, match_key(text) from (select distinct unnest(cast(? as varchar[])) as text)",
            ([text for row in rows for text in row[2:4]],),
        )
        words = {text: key or text for text, key in plain}
    pairs = [
        Pair(city, country, one, other, round(fuzz.WRatio(words[one], words[other])))
        for city, country, one, other in rows
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.likeness, pair.city, pair.country, pair.partner_before)))


_LEFT_OVER = """
select c.name, s.{label}, b.partner_before, a.partner
from paired_partners b
join paired_partners a on a.wave = b.wave and a.town = b.town and a.country = b.country
join cities c on c.code = b.town
join countries s on s.code = b.country
left join partner_pairs d
    on d.wave = a.wave and d.city = a.town and d.country = a.country
    and d.partner_before_key = b.partner_key and d.partner_key = a.partner_key
where b.partner_key <> '' and a.partner_key <> '' and d.wave is null
    and b.once > b.old + b.ended and a.old + a.ended > a.once
"""
