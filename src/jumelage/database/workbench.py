"""The DuckDB in which rows are read and checked before they go anywhere, whatever the target.

On a DuckDB target it is the target's own connection, with temporary tables; on PostgreSQL a database in memory.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from jumelage import content
from jumelage.database.connection import in_memory
from jumelage.database.engines import engine_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

# match_key finds names and never orders; sort_key orders as French lists do, without any collation. same_key tells
# whether two free texts are spellings of one: cheaper, since it is made for every row of a wave.
_SIGNS = (" ", "-", ".", ",", "''")
_WIDE_SIGNS = ("’", "‐", "‑", "–")


def _bare(text: str, signs: tuple[str, ...]) -> str:
    """Return the expression of a text without what spellings of one name differ in."""
    for old, new in (*((sign, "") for sign in signs), ("œ", "oe"), ("saint", "st")):
        text = f"replace({text}, '{old}', '{new}')"
    return text


_MACROS = (
    """create or replace temp macro folded(x) as
       replace(replace(replace(lower(strip_accents(x)), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss')""",
    # Invisible characters go, signs and look-alikes of hyphens and apostrophes become spaces, St and Ste are written
    # out, and an article that lists put last comes first again: Bassée (La).
    r"""create or replace temp macro match_key(x) as
        nullif(regexp_replace(trim(regexp_replace(regexp_replace(
            ' ' || regexp_replace(folded(regexp_replace(x, '[\p{Cf}]', '', 'g')), '[^\p{Ll}\p{Lo}\p{N}]+', ' ', 'g')
            || ' ', ' st ', ' saint ', 'g'), ' ste ', ' sainte ', 'g')), '^(.+) (le|la|les|l)$', '\2 \1'), '')""",
    "create or replace temp macro sort_key(x) as regexp_replace(folded(x), '[^a-z0-9]', '', 'g')",
    # Nested replacements: ten times as fast here as one regular expression or translate().
    f"""create or replace temp macro same_key(x) as case when strlen(x) = length(x)
        then {_bare("lower(x)", _SIGNS)} else {_bare("lower(strip_accents(x))", _SIGNS + _WIDE_SIGNS)} end""",
)


@contextmanager
def workbench(target: Connection, scratch: Path | None = None) -> Iterator[Connection]:
    """Open the workbench for a target; what does not fit into memory goes to the folder `scratch`."""
    if (bench := engine_of(target).workbench(target)) is not None:
        _prepare(bench, scratch)
        yield bench
        return
    with in_memory().begin() as bench:
        _prepare(bench, scratch)
        yield bench


def _prepare(bench: Connection, scratch: Path | None) -> None:
    if scratch is not None:
        engine_of(bench).room(bench, scratch)
    for macro in _MACROS:
        bench.exec_driver_sql(macro)


def put(bench: Connection, table: str, kinds: dict[str, str], columns: Sequence[Sequence[object]]) -> None:
    """Put columns of values into a new temporary table: `kinds` are the columns' names with their types."""
    unnested = ", ".join(f"unnest(cast(? as {kind}[])) as {name}" for name, kind in kinds.items())
    bench.exec_driver_sql(f"create or replace temp table {table} as select {unnested}", tuple(columns))


def read_code_lists(bench: Connection) -> None:
    """Read every code list of the project, all columns as text, into a temporary table `list_NAME`."""
    for name, path in content.code_lists().items():
        bench.exec_driver_sql(
            f"create or replace temp table list_{name} as select * from read_csv(?, all_varchar = true, "
            "header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '')",
            (str(path),),
        )
