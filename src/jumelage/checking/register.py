"""The register of authorities as a load sees it, in the workbench: which there are, and by which names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.database.bulk import fetch
from jumelage.database.register import SHIPPED_REGISTER

if TYPE_CHECKING:
    from sqlalchemy import Connection

_COLUMNS = {
    **dict.fromkeys(("code", "kind", "status", "country", "name", "part_of", "departement"), "varchar"),
    "population": "integer",
    "valid_from": "date",
    "valid_to": "date",
    "match_key": "varchar",
}

# How the little word in the name of a town is written besides: Boulogne s/ Mer, Boulogne/Mer, Noyelles s/s Lens.
_SHORTENED = (
    (" sur ", " s "),
    (" sur ", " "),
    (" sous ", " s "),
    (" sous ", " s s "),
    (" sous ", " ss "),
    (" lez ", " les "),
    (" les ", " lez "),
)
# How the legal form in the name of an EPCI is written, by match key; each is understood for the others of its line.
_FORMS = (
    ("cc", "c c", "communaute de communes"),
    ("ca", "c a", "communaute d agglomeration"),
    ("cu", "c u", "communaute urbaine"),
)
_INDEXED = "register_names"  # whether a connection has them
_ARTICLE = "^(de la|de l|du|des|de|d) "


def code_key(code: str) -> str:
    """Return the expression of the key under which a code is found: as `match_key` makes it of a text."""
    return f"lower(translate({code}, '-:', '  '))"


def read_register(bench: Connection, target: Connection | None) -> None:
    """Make `register`, a row per authority of the target, or of the project where there is none.

    The code lists have been read. `index_register` makes its names findable, once some are looked for.
    """
    installed = "survey.cities" if target is bench else "installed"
    if target is None:
        typed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in _COLUMNS.items())
        shipped = f"select *, match_key(name) as match_key from ({SHIPPED_REGISTER})"
        bench.exec_driver_sql(f"create or replace temp table installed as select {typed} from ({shipped})")
    elif target is not bench:
        fetch(target, f"select {', '.join(_COLUMNS)} from survey.cities", bench, "installed", _COLUMNS)
    columns = ", ".join(f"i.{name}" for name in _COLUMNS if name not in {"part_of", "valid_to"})
    bench.exec_driver_sql(
        f"create or replace temp view register as select {columns}, coalesce(g.successor, i.part_of) as part_of, "
        "coalesce(i.valid_to, cast(g.changed_on as date)) as valid_to "
        f"from {installed} i left join list_city_changes g on g.city = i.code"
    )
    bench.info.pop(_INDEXED, None)


def index_register(bench: Connection) -> None:
    """Make `register_names`, if it is not there: the names and accepted spellings of the register by match key.

    A frame of codes needs none of it. Short forms are among them; an EPCI is known by its legal form spelled out or
    short, and by its name without it where nobody else bears that.
    """
    if bench.info.get(_INDEXED):
        return
    bench.info[_INDEXED] = True
    forms = ", ".join(f"({line}, '{written}')" for line, forms in enumerate(_FORMS) for written in forms)
    shortened = ", ".join(f"('{word}', '{short}')" for word, short in _SHORTENED)
    bench.exec_driver_sql(
        f"create or replace temp table register_names as with forms(line, written) as (values {forms}), official as ("
        "select match_key as key, code, name from register where match_key is not null "
        "union all select match_key(alias), city, alias from list_city_aliases), "
        "epci as (select f.line, substr(r.match_key, length(f.written) + 2) as rest, r.code, r.name "
        "from register r join forms f on r.kind = 'epci' and starts_with(r.match_key, f.written || ' ')), "
        f"bare as (select regexp_replace(rest, '{_ARTICLE}', '') as key, code, name from epci), "
        "named as (from official union select f.written || ' ' || e.rest, e.code, e.name from epci e "
        "join forms f on f.line = e.line union select b.key, b.code, b.name from bare b "
        "where not exists (from official o where o.key = b.key and o.code <> b.code)) "
        "select key, code, name from named union all select replace(n.key, s.word, s.short), n.code, n.name "
        f"from (from named where contains(key, ' s') or contains(key, ' le')) n, (values {shortened}) s(word, short) "
        "where contains(n.key, s.word)"
    )


def follow_mergers(bench: Connection) -> None:
    """Make `merged`: the authorities that had ceased on the day of the wave, with what each was part of then.

    `declared` has the day; on a day that nobody said, none had.
    """
    bench.exec_driver_sql(
        "create or replace temp table merged as with recursive gone as ("
        "select r.code, r.part_of as successor, r.valid_to as changed_on from register r, declared d "
        "where r.valid_to <= d.reference_date and r.status is not null and r.part_of is not null), "
        "m as (select * from gone union select m.code, g.successor, g.changed_on from m join gone g "
        "on g.code = m.successor where g.changed_on >= m.changed_on) "
        "select m.code, max_by(m.successor, m.changed_on) as successor, max_by(r.name, m.changed_on) as name, "
        "max(m.changed_on) as changed_on from m join register r on r.code = m.successor group by m.code"
    )
