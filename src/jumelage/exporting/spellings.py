"""The spellings that a publication needs to be read again: of names printed as no list has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage import report_file
from jumelage.checking.names import Names
from jumelage.checking.printed import without_mark
from jumelage.checking.spellings import LISTED
from jumelage.content import TOTAL, UNKNOWN
from jumelage.database.workbench import put
from jumelage.reading.shapes import ALIASES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from jumelage.reading.wave_toml import Wave


def stage_spellings(connection: Connection, bench: Connection, wave: Wave) -> None:
    """Put what a wave's own list of spellings has to hold into table `raw_aliases` of the workbench.

    A revision keeps what was understood and not the spellings themselves: rows have codes, and need none; what is
    printed stands as it is.
    """
    printed = dict.fromkeys(_printed(bench, wave))
    known: dict[str, dict[str, str]] = {}
    if printed:
        names = Names(bench, connection)
        names.declare(wave.territory, wave.reference_date)
        names.places.prefer("select city as code from raw_frame")
        known = names.resolve_all({of: {name for other, name, _ in printed if other == of} for of, _, _ in printed})
    unknown = [one for one in printed if one[1] not in known[one[0]]]
    columns = [[one[i] for one in unknown] for i in range(len(ALIASES.columns))]
    put(bench, "raw_aliases", dict.fromkeys(ALIASES.columns, "varchar"), columns)


def _printed(bench: Connection, wave: Wave) -> Iterator[tuple[str, str, str]]:
    """Yield what is printed as a name: its list, the name, the code that it was taken for."""
    figures = bench.exec_driver_sql(
        "select report, key, measure, printed, code from staged_published_figures "
        r"where printed not similar to '[-0-9,.\s]*' order by report, position"
    ).fetchall()
    for name, key, measure, text, code in figures:
        report = report_file.report(name)
        if code is not None:
            yield from _named(report.column(measure).codes, text, code)
        elif report.listing and text.casefold() not in wave.words:
            item = report.listing.item
            part = key.split("/")[report.key.index(item)]
            if part not in {TOTAL, UNKNOWN}:
                yield from _named(report.column(item).codes, without_mark(text, wave)[0], part)


def _named(code_list: str | None, name: str, code: str) -> Iterator[tuple[str, str, str]]:
    if code_list in LISTED:
        yield code_list, name, code
