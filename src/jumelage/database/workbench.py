"""The DuckDB in which rows are read and checked before they go anywhere, whatever the target.

On a DuckDB target it is the target's own connection, with temporary tables; on PostgreSQL a database in memory.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from jumelage import content
from jumelage.database.connection import in_memory
from jumelage.database.engines import engine_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

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
_MACROS = (
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
        try:
            bench.exec_driver_sql(
                f"create or replace temp table list_{name} as select * from read_csv(?, all_varchar = true, "
                "header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '')",
                (str(path),),
            )
        except DBAPIError:
            content.read_text(path)  # says so if it is not UTF-8
            raise
